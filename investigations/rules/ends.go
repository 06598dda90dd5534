package rules

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

var startKillRE = regexp.MustCompile(`(?i)OOM-killed|memory limit too low`)

// startFailure finds runc's message that its init process was OOM-killed, in the container's state or in an
// event: the limit is too small for the container even to start.
func (s *scene) startFailure() (text, source string, at time.Time) {
	if s.kill != nil && s.death != nil && s.death.term.Reason != "StartError" && s.death.term.Reason != "ContainerCannotRun" {
		return "", "", time.Time{}
	}
	for _, p := range s.targetPods() {
		for _, c := range p.Containers {
			if t := s.req.Target.Container; t != "" && c.Name != t {
				continue
			}
			for _, st := range []investigations.ContainerState{c.State, c.LastState} {
				if t := st.Terminated; t != nil && startKillRE.MatchString(t.Message) && !s.past(t.FinishedAt) {
					s.adoptStart(p, c.Name)
					return t.Message, p.Source, t.FinishedAt
				}
				if startKillRE.MatchString(st.WaitingMessage) {
					s.adoptStart(p, c.Name)
					return st.WaitingMessage, p.Source, time.Time{}
				}
			}
		}
		for _, e := range s.ev.Pods.Events {
			if e.Kind == "Pod" && e.Name == p.Name && e.Namespace == p.Namespace && startKillRE.MatchString(e.Message) &&
				(e.Reason == "FailedCreatePodSandBox" || e.Reason == "Failed" || e.Reason == "BackOff") && !s.past(e.Last) {
				s.adoptStart(p, s.container)
				return e.Message, e.Source, e.Last
			}
		}
	}
	return "", "", time.Time{}
}

func (s *scene) past(t time.Time) bool {
	return !t.IsZero() && (t.Before(s.req.At.Add(-reach)) || t.After(s.req.At.Add(10*time.Minute)))
}

func (s *scene) adoptStart(p *investigations.Pod, container string) {
	s.container = container
	s.adoptPod(p)
	if s.container == "" && len(p.Containers) > 0 {
		s.container = p.Containers[0].Name
	}
	s.target.Container = s.container
}

// eviction is what is known of the kubelet's eviction of the pod.
type eviction struct {
	message string
	memory  bool
	at      time.Time
	facts   []string
}

// byEviction: the kubelet evicted the pod because the node ran low.
func (s *scene) byEviction() bool {
	e := s.findEviction()
	if e == nil {
		return false
	}
	s.evicted = e
	s.mechanism = investigations.KubeletEviction
	if !e.at.IsZero() && s.death == nil {
		s.at = e.at
	}
	if s.death != nil {
		e.facts = append(e.facts, s.sayDeath(s.death))
	}
	if !e.memory {
		s.reason = &otherReason{what: e.words(), facts: e.facts, sure: 0.9}
	}
	return true
}

func (s *scene) findEviction() *eviction {
	pods := s.targetPods()
	if s.pod != nil {
		pods = append([]*investigations.Pod{s.pod}, pods...)
	}
	for _, p := range pods {
		e := s.evictionOf(p)
		if e != nil && !s.past(e.at) {
			if p != s.pod {
				s.adoptPod(p)
			}
			return e
		}
	}
	return nil
}

func (s *scene) evictionOf(p *investigations.Pod) *eviction {
	e := &eviction{}
	add := func(msg string, at time.Time, id string) {
		e.facts = append(e.facts, id)
		if e.message == "" || strings.Contains(strings.ToLower(msg), "memory") {
			e.message = msg
		}
		if e.at.IsZero() {
			e.at = at
		}
	}
	for _, c := range p.Conditions {
		low := strings.ToLower(c.Message)
		if c.Type == "DisruptionTarget" && c.Reason == "TerminationByKubelet" && c.Status != "False" && !strings.Contains(low, "shutdown") {
			add(c.Message, c.At, s.fact("condition/evicted/"+p.Name, investigations.ToolPods, c.At, p.Source, nil,
				"Pod %s has the condition DisruptionTarget with reason TerminationByKubelet: %s.", p.Name, investigations.Quote(c.Message, 240)))
		}
	}
	for i := range s.ev.Pods.Events {
		v := &s.ev.Pods.Events[i]
		if v.Kind == "Pod" && v.Name == p.Name && v.Namespace == p.Namespace && v.Reason == "Evicted" && !s.past(v.Last) {
			add(v.Message, v.Last, s.sayEvent("evicted/"+p.Name, v))
		}
	}
	if p.Reason == "Evicted" {
		at := time.Time{}
		for _, c := range p.Containers {
			for _, t := range []*investigations.Termination{c.State.Terminated, c.LastState.Terminated} {
				if t != nil && t.FinishedAt.After(at) {
					at = t.FinishedAt
				}
			}
		}
		add(p.Message, at, s.fact("pods/evicted/"+p.Name, investigations.ToolPods, at, p.Source, nil,
			"Pod %s has status reason Evicted: %s.", p.Name, investigations.Quote(p.Message, 240)))
	}
	if len(e.facts) == 0 {
		return nil
	}
	r := e.resource()
	e.memory = r == "memory" || r == "" && !emptyDirRE.MatchString(e.message) && strings.Contains(strings.ToLower(e.message), "memory")
	return e
}

// byUserSpaceKiller: systemd-oomd or earlyoom logged that it killed the container's cgroup or process.
func (s *scene) byUserSpaceKiller() bool {
	for i := range s.ev.Kernel.Logs {
		l := &s.ev.Kernel.Logs[i]
		for j := range l.UserKills {
			u := &l.UserKills[j]
			if u.Killer != investigations.UserKillSystemdOOMD && u.Killer != investigations.UserKillEarlyOOM {
				continue
			}
			if !s.hitBy(l, u) {
				continue
			}
			s.userKill = u
			s.mechanism = investigations.SystemdOOMD
			if s.death == nil && !u.At.IsZero() {
				s.at = s.logTime(l, u.At)
			}
			s.fact("kernel/userkill", investigations.ToolKernlog, s.logTime(l, u.At), fmt.Sprintf("%s:%d", l.Source, u.Line), nil,
				"%s, a killer in user space, logged: %s.", u.Killer, investigations.Quote(u.Text, 300))
			if s.death != nil {
				s.sayDeath(s.death)
			}
			return true
		}
	}
	return false
}

func (s *scene) hitBy(l *investigations.KernelLog, u *investigations.UserKill) bool {
	at := s.at
	if s.death == nil {
		at = s.req.At
	}
	gap := absDur(s.logTime(l, u.At).Sub(at))
	inTime := u.At.IsZero() || gap <= 2*time.Minute || s.death == nil && gap <= 15*time.Minute
	switch {
	case !inTime:
		return false
	case u.PodUID != "":
		if s.pod == nil {
			return len(s.ev.Pods.Pods) == 0
		}
		return u.PodUID == s.pod.UID || u.PodUID == s.pod.Annotations["kubernetes.io/config.hash"]
	case s.req.Target.Node != "" && s.req.Target.Pod == "":
		return l.Node == s.req.Target.Node
	}
	c := containerSpec(s.pod, s.container)
	return s.death != nil && looksKilled(s.death.term) && (s.node == "" || l.Node == s.node) &&
		(u.Comm == "" && strings.Contains(u.Path, "kubepods") || c != nil && nameAffinity(*c, u.Comm) > 0)
}

// byReason: no kernel report, but the runtime's reason OOMKilled. The boundary is another question.
func (s *scene) byReason() bool {
	if s.death == nil || s.death.term.Reason != "OOMKilled" {
		return false
	}
	if s.byStaleLabel() {
		return true
	}
	s.mechanism = investigations.MemcgOOMKill
	s.sayDeath(s.death)
	if s.covers && s.death.term.ExitCode == 137 {
		s.unreported = true
		s.fact("kernel/none", investigations.ToolKernlog, s.at, s.nodeLogSource(), nil,
			"The kernel log, which covers that moment, has no OOM report for this pod, though the runtime's reason is OOMKilled.")
	}
	if s.systemOOM() || s.nodeShort() && !s.nearLimit() {
		s.mechanism = investigations.GlobalOOMKill
	}
	return true
}

// systemOOM says whether the kubelet reported, within a minute, that the whole node ran out of memory.
func (s *scene) systemOOM() bool {
	for i := range s.ev.Pods.Events {
		e := &s.ev.Pods.Events[i]
		if e.Reason == "SystemOOM" && e.Kind == "Node" && e.Name == s.node && absDur(e.Last.Sub(s.at)) <= time.Minute {
			s.sayEvent("systemoom", e)
			return true
		}
	}
	return false
}

// byCounter: the counter of OOM kills rose, though nothing ended: a child was killed.
func (s *scene) byCounter() bool {
	if s.death != nil {
		return false
	}
	for _, sr := range s.ev.Metrics.Queries[investigations.QueryOOMEvents].Series {
		if sr.Namespace != s.target.Namespace || sr.Pod != s.target.Pod || s.container != "" && sr.Container != s.container {
			continue
		}
		for i := 1; i < len(sr.T); i++ {
			at := time.UnixMilli(sr.T[i]).UTC()
			if sr.V[i] > sr.V[i-1] && s.near(at) {
				s.silent = true
				s.mechanism = investigations.MemcgOOMKill
				s.at = at
				s.fact("metrics/oomevents", investigations.ToolMetrics, at, s.ev.Metrics.Queries[investigations.QueryOOMEvents].Source,
					map[string]float64{"before": sr.V[i-1], "after": sr.V[i]},
					"The counter of OOM kills of container %s rose from %.0f to %.0f at %s, though the container did not end.",
					sr.Container, sr.V[i-1], sr.V[i], stamp(at))
				return true
			}
		}
	}
	return false
}

// byUnexplained137: SIGKILL, and neither the kernel's log nor anything else says why.
func (s *scene) byUnexplained137() bool {
	if s.death == nil {
		return false
	}
	id := s.sayDeath(s.death)
	if s.covers {
		none, doubtful := s.sayNone()
		if doubtful && s.nearLimit() {
			return true // that kill may well be of it
		}
		s.mechanism = investigations.SigkillNotOOM
		s.reason = &otherReason{
			what: "a SIGKILL that no source explains (someone's kill -9, or a killer that left no trace)", unexplained: true, sure: 0.5,
			facts: []string{id, s.led.ID("rules/kernel/covers"), none},
		}
		if doubtful {
			s.reason.sure = 0.35
		}
		return true
	}
	// With cgroup v1 a global kill shows as Error/137 (kubernetes#53669).
	if s.systemOOM() || s.nodeShort() && !s.nearLimit() {
		s.mechanism = investigations.GlobalOOMKill
	}
	return true
}

// byNothing: nothing ended. Where the sources that would show it were read, that is an answer.
func (s *scene) byNothing() bool {
	if s.death != nil || s.pod == nil {
		return false
	}
	id := s.fact("pods/alive", investigations.ToolPods, s.req.At, s.pod.Source, nil,
		"No container of pod %s ended within %s before %s, and no kernel report names it.", s.pod.Name, durationOf(reach), stamp(s.req.At))
	if !s.covers && s.curve(investigations.QueryOOMEvents, s.target.Pod, s.container).len() == 0 {
		// A killed child would show in the kernel's log or the counter only, and neither could be read.
		return false
	}
	s.mechanism = investigations.NotKilled
	s.reason = &otherReason{what: "no kill at all", facts: []string{id}, sure: 0.6}
	if why, id := s.waitsFor(); why != "" {
		s.reason.what, s.reason.waits = "no kill at all: it can't run ("+why+")", why
		s.reason.facts = append([]string{id}, s.reason.facts...)
	}
	if s.covers {
		s.reason.sure = 0.85
		s.reason.facts = append(s.reason.facts, s.led.ID("rules/kernel/covers"))
	}
	return true
}
