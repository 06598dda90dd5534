package rules

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// otherReason is why a container ended, where it was no kernel OOM kill.
type otherReason struct {
	what  string
	facts []string
	// sure is how certain the reason is, 0 to 1.
	sure float64
	// probe says that a failing probe ended it.
	probe bool
	// unexplained says that no source explains the SIGKILL.
	unexplained bool
	// own says that it ended by itself: what is the code that it left.
	own bool
	// waits is why it does not run, where nothing was killed: ImagePullBackOff and the like.
	waits string
}

// byOtherExit: the container ended without SIGKILL, and no kernel report belongs to its end. A reason
// OOMKilled does not change that: the counter behind it is cumulative.
func (s *scene) byOtherExit() bool {
	if s.death == nil || s.kill != nil || s.death.term.ExitCode == 137 || s.death.term.Signal == 9 {
		return false
	}
	t := s.death.term
	early := s.earlierKill()
	if t.Reason == "OOMKilled" && early == nil && !s.covers && t.ExitCode != 143 && t.ExitCode != 0 {
		// A child may have been killed and the parent have given up with a code of its own.
		return false
	}
	id := s.sayDeath(s.death)
	r := &otherReason{what: fmt.Sprintf("exit code %d%s", t.ExitCode, exitWords(t.ExitCode)), own: true, facts: []string{id}, sure: 0.85}
	if early != nil {
		r.facts = append(r.facts, s.sayKill(early, "kernel/earlier"))
		r.facts = append(r.facts, s.fact("pods/stale", investigations.ToolPods, t.FinishedAt, s.death.pod.Source,
			map[string]float64{"gap_seconds": t.FinishedAt.Sub(early.at).Seconds()},
			"The kernel's only kill in this container was %s before its end: the reason OOMKilled comes from that counter, which never goes back.",
			durationOf(t.FinishedAt.Sub(early.at))))
		r.sure = 0.9
	}
	s.mechanism = investigations.OtherExit
	if runtimeCode(t.ExitCode) && !s.hasLogOf(s.container) && early == nil {
		r.sure = 0.55
		s.blindSpot(investigations.ToolLogs, "whether the program's own runtime ran out of memory", "no log of container %s is there, and exit code %d is also what runtimes end with when their memory runs out", s.container, t.ExitCode)
	}
	if e := s.stopReason(); e != nil {
		r.what += ", after " + e.what
		r.facts = append(r.facts, e.facts...)
		r.probe = e.probe
	}
	s.reason = r
	return true
}

// runtimeCode says whether runtimes use an exit code when their own memory runs out.
func runtimeCode(code int32) bool { return code == 1 || code == 2 || code == 3 || code == 134 }

func (s *scene) hasLogOf(container string) bool {
	for _, l := range s.ev.Logs.Logs {
		if l.Namespace == s.target.Namespace && l.Pod == s.target.Pod && l.Container == container {
			return true
		}
	}
	return false
}

// earlierKill returns the last kernel kill in the dead container's life, longer ago than its end allows.
func (s *scene) earlierKill() *kill {
	var last *kill
	for _, k := range s.kills {
		if k.pod == s.death.pod && (k.container == s.death.container || k.container == "") && !k.at.IsZero() &&
			k.at.Before(s.death.at().Add(-together)) && k.at.After(s.death.term.StartedAt.Add(-time.Second)) {
			last = k
		}
	}
	return last
}

func exitWords(code int32) string {
	switch {
	case code == 0:
		return " (it finished by itself)"
	case code == 143:
		return " (SIGTERM)"
	case code == 139:
		return " (SIGSEGV)"
	case code == 134:
		return " (SIGABRT)"
	case code > 128 && code < 160:
		return fmt.Sprintf(" (signal %d)", code-128)
	}
	return ""
}

// byOtherKiller: SIGKILL, and something other than memory explains it.
func (s *scene) byOtherKiller() bool {
	if s.death == nil || s.kill != nil || s.death.term.Reason == "OOMKilled" && s.earlierKill() == nil {
		return false
	}
	r := s.stopReason()
	if r == nil {
		return false
	}
	s.mechanism = investigations.SigkillNotOOM
	r.facts = append([]string{s.sayDeath(s.death)}, r.facts...)
	if s.covers {
		none, _ := s.sayNone()
		r.facts = append(r.facts, s.led.ID("rules/kernel/covers"), none)
	}
	s.reason = r
	return true
}

func (s *scene) nodeLogSource() string {
	for i := range s.ev.Kernel.Logs {
		if l := &s.ev.Kernel.Logs[i]; l.Node == s.node || s.node == "" {
			return l.Source
		}
	}
	if r := s.followedBy(); r != nil {
		return r.Source
	}
	return "kernel/"
}

// stopReason looks for who stopped the container: a probe, a preemption, a shutdown, a deadline, a drain, a rollout.
func (s *scene) stopReason() *otherReason {
	for _, find := range []func() *otherReason{s.preempted, s.deadline, s.nodeShutdown, s.probeFailed, s.disrupted, s.stopped} {
		if r := find(); r != nil {
			return r
		}
	}
	return nil
}

// podEvents returns the events of the pod in the time before its end.
func (s *scene) podEvents(match func(investigations.Event) bool) *investigations.Event {
	if s.pod == nil {
		return nil
	}
	grace := 30 * time.Second
	if s.pod.TerminationGraceS != nil {
		grace = time.Duration(*s.pod.TerminationGraceS) * time.Second
	}
	var found *investigations.Event
	for i := range s.ev.Pods.Events {
		e := &s.ev.Pods.Events[i]
		if e.Kind != "Pod" || e.Name != s.pod.Name || e.Namespace != s.pod.Namespace && e.Namespace != "" {
			continue
		}
		if e.UID != "" && s.pod.UID != "" && e.UID != s.pod.UID {
			continue
		}
		if e.Last.Before(s.at.Add(-grace-10*time.Minute)) || e.Last.After(s.at.Add(ahead)) && e.First.After(s.at.Add(ahead)) {
			continue
		}
		if match(*e) && (found == nil || e.Last.After(found.Last)) {
			found = e
		}
	}
	return found
}

func (s *scene) sayEvent(key string, e *investigations.Event) string {
	n := ""
	if e.Count > 1 {
		n = fmt.Sprintf(" (%d times)", e.Count)
	}
	return s.fact("event/"+key, investigations.ToolPods, e.Last, e.Source, nil,
		"Event %s%s at %s: %s.", e.Reason, n, stamp(e.Last), investigations.Quote(e.Message, 240))
}

func (s *scene) sayCondition(key string, c investigations.Condition) string {
	return s.fact("condition/"+key, investigations.ToolPods, c.At, s.pod.Source, nil,
		"The pod's condition %s has reason %s: %s.", c.Type, c.Reason, investigations.Quote(c.Message, 240))
}

var probeKillRE = regexp.MustCompile(`(?i)failed (liveness|startup) probe`)

// probeFailed: the kubelet killed the container because a probe failed, and its grace period ran out.
func (s *scene) probeFailed() *otherReason {
	unhealthy := s.podEvents(func(e investigations.Event) bool {
		m := strings.ToLower(e.Message)
		return e.Reason == "Unhealthy" && (strings.HasPrefix(m, "liveness probe") || strings.HasPrefix(m, "startup probe")) && s.aboutContainer(e)
	})
	killing := s.podEvents(func(e investigations.Event) bool {
		return e.Reason == "Killing" && probeKillRE.MatchString(e.Message) && s.aboutContainer(e)
	})
	if killing == nil && unhealthy != nil && unhealthy.FieldPath == "" && s.probesAnother(unhealthy.Message) {
		unhealthy = nil
	}
	if killing == nil && unhealthy == nil {
		return nil
	}
	kind := "liveness"
	r := &otherReason{sure: 0.95, probe: true}
	if unhealthy != nil {
		if strings.HasPrefix(strings.ToLower(unhealthy.Message), "startup") {
			kind = "startup"
		}
		r.facts = append(r.facts, s.sayEvent("unhealthy", unhealthy))
	}
	if killing != nil {
		if m := probeKillRE.FindStringSubmatch(killing.Message); m != nil {
			kind = strings.ToLower(m[1])
		}
		r.facts = append(r.facts, s.sayEvent("killing", killing))
	} else {
		r.sure = 0.75
	}
	r.what = "a failed " + kind + " probe"
	if s.death != nil && s.death.term.ExitCode == 137 {
		r.what += " whose grace period ran out"
	}
	return r
}

// probesAnother says whether an event about a failed probe that names no container is another container's: only
// others have such a probe, or the kubelet's event that it kills for a failed probe names one of them.
func (s *scene) probesAnother(message string) bool {
	startup := strings.HasPrefix(strings.ToLower(message), "startup")
	own, others := false, false
	for _, c := range s.pod.Containers {
		if has := startup && c.HasStartup || !startup && c.HasLiveness; has && c.Name == s.container {
			own = true
		} else if has {
			others = true
		}
	}
	if others && !own {
		return true
	}
	return s.podEvents(func(e investigations.Event) bool {
		return e.Reason == "Killing" && probeKillRE.MatchString(e.Message) && !s.aboutContainer(e)
	}) != nil
}

var eventContainerRE = regexp.MustCompile(`(?i)^container (\S+) failed|stopping container (\S+)`)

// aboutContainer says whether an event may concern the container that ended.
func (s *scene) aboutContainer(e investigations.Event) bool {
	if m := eventContainerRE.FindStringSubmatch(e.Message); m != nil {
		return strings.Trim(m[1]+m[2], `"',.`) == s.container
	}
	if i := strings.IndexByte(e.FieldPath, '{'); i > 0 {
		return strings.TrimSuffix(e.FieldPath[i+1:], "}") == s.container
	}
	return true
}

func (s *scene) condition(typ string, match func(investigations.Condition) bool) *investigations.Condition {
	if s.pod == nil {
		return nil
	}
	for i := range s.pod.Conditions {
		if c := &s.pod.Conditions[i]; c.Type == typ && c.Status != "False" && match(*c) {
			return c
		}
	}
	return nil
}

func (s *scene) preempted() *otherReason {
	r := &otherReason{what: "preemption by a pod of higher priority", sure: 0.95}
	if c := s.condition("DisruptionTarget", func(c investigations.Condition) bool { return strings.HasPrefix(c.Reason, "PreemptionBy") }); c != nil {
		r.facts = append(r.facts, s.sayCondition("preempted", *c))
	}
	if e := s.podEvents(func(e investigations.Event) bool { return e.Reason == "Preempted" || e.Reason == "Preempting" }); e != nil {
		r.facts = append(r.facts, s.sayEvent("preempted", e))
	}
	if len(r.facts) == 0 {
		return nil
	}
	return r
}

func (s *scene) nodeShutdown() *otherReason {
	r := &otherReason{what: "a shutdown of the node", sure: 0.9}
	if s.pod != nil && (s.pod.Reason == "NodeShutdown" || s.pod.Reason == "Shutdown" || strings.Contains(s.pod.Message, "node shutdown")) {
		r.facts = append(r.facts, s.fact("pods/shutdown", investigations.ToolPods, s.at, s.pod.Source, nil,
			"The pod's status says %s: %s.", s.pod.Reason, investigations.Quote(s.pod.Message, 200)))
	}
	if c := s.condition("DisruptionTarget", func(c investigations.Condition) bool {
		return c.Reason == "TerminationByKubelet" && strings.Contains(strings.ToLower(c.Message), "shutdown")
	}); c != nil {
		r.facts = append(r.facts, s.sayCondition("shutdown", *c))
	}
	for i := range s.ev.Pods.Events {
		e := &s.ev.Pods.Events[i]
		if e.Kind == "Node" && e.Name == s.node && (e.Reason == "NodeShutdown" || e.Reason == "Shutdown" || e.Reason == "Rebooted") &&
			absDur(e.Last.Sub(s.at)) <= 10*time.Minute {
			r.facts = append(r.facts, s.sayEvent("shutdown", e))
		}
	}
	if len(r.facts) == 0 {
		return nil
	}
	return r
}

// disrupted: the API asked for the pod's end: a drain, a taint, garbage collection.
func (s *scene) disrupted() *otherReason {
	c := s.condition("DisruptionTarget", func(c investigations.Condition) bool {
		return strings.HasPrefix(c.Reason, "Eviction") || strings.HasPrefix(c.Reason, "Deletion")
	})
	if c == nil {
		return nil
	}
	what := "a drain or an eviction through the API"
	if strings.HasPrefix(c.Reason, "Deletion") {
		what = "a deletion of the pod (" + c.Reason + ")"
	}
	return &otherReason{what: what + s.graceWords(), facts: []string{s.sayCondition("disrupted", *c)}, sure: 0.9}
}

// stopped: the kubelet stopped the container on request (deletion, rollout, scale-down), and it did not end
// in time.
func (s *scene) stopped() *otherReason {
	killing := s.podEvents(func(e investigations.Event) bool {
		return e.Reason == "Killing" && !probeKillRE.MatchString(e.Message) && s.aboutContainer(e)
	})
	r := &otherReason{what: "a termination" + s.graceWords(), sure: 0.85}
	grace := int64(30)
	if s.pod != nil && s.pod.TerminationGraceS != nil {
		grace = *s.pod.TerminationGraceS
	}
	if killing != nil {
		r.facts = append(r.facts, s.sayEvent("killing", killing))
		if wait := s.at.Sub(killing.First); wait >= time.Duration(grace-3)*time.Second {
			r.facts = append(r.facts, s.fact("pods/grace", investigations.ToolPods, s.at, s.pod.Source,
				map[string]float64{"grace_seconds": float64(grace), "waited_seconds": wait.Seconds()},
				"Between the stop and the end lay %s; the grace period is %d s.", durationOf(wait), grace))
			r.sure = 0.9
		}
	}
	if s.pod != nil && !s.pod.Deleted.IsZero() {
		r.facts = append(r.facts, s.fact("pods/deleted", investigations.ToolPods, s.pod.Deleted, s.pod.Source, nil,
			"The pod was being deleted: its deletionTimestamp, which includes the grace period, is %s.", stamp(s.pod.Deleted)))
		if gap := absDur(s.pod.Deleted.Sub(s.at)); gap > 10*time.Minute && killing == nil {
			return nil
		}
	}
	if len(r.facts) == 0 {
		return nil
	}
	if s.pod != nil && !s.pod.Deleted.IsZero() {
		r.what = "a deletion of the pod" + s.graceWords()
	}
	if why, facts := s.stoppedFor(); why != "" {
		r.what = why + s.graceWords()
		r.facts = append(r.facts, facts...)
	}
	return r
}
