package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// death is how a container ended.
type death struct {
	pod       *investigations.Pod
	container string
	term      *investigations.Termination
	kind      string
	restarts  int32
}

func (d *death) at() time.Time { return d.term.FinishedAt }

// ending is a kernel report, a kill that only a cgroup's counter tells of, an end of a container, or one of the former
// and the latter where they belong together.
type ending struct {
	at      time.Time
	kill    *kill
	counted *counted
	death   *death
}

const (
	// together is how far the kernel's time and finishedAt may be apart for one end: finishedAt has whole
	// seconds, and a container may take some seconds to notice that its child died.
	together = 90 * time.Second
	// reach is how long before the alert the end may lie.
	reach = time.Hour
	// ahead is how far clocks may put the end behind the alert.
	ahead = 2 * time.Minute
	// tick is how far two clocks that are kept in time by NTP may differ, with what a runtime takes to notice.
	tick = 10 * time.Second
)

// findMechanism answers how the victim ended. The end that the alert is about is the latest one before it;
// then each explanation is tried, the best proven first.
func (s *scene) findMechanism() {
	e, ok := s.pickEnding()
	if ok {
		s.kill, s.counted, s.death = e.kill, e.counted, e.death
		if !e.at.IsZero() {
			s.at = e.at
		}
	}
	s.adoptVictim()
	s.readCoverage()
	s.missLog()
	for _, try := range []func() bool{
		s.byStartKill, s.byManualKill, s.byKernelReport, s.byEviction, s.byUserSpaceKiller, s.byRuntimeError, s.byCounted,
		s.byLostSight, s.byOtherExit, s.byOtherKiller, s.byReason, s.byCounter, s.byUnexplained137, s.byNothing, s.byQuietNode,
	} {
		if try() {
			return
		}
	}
	s.mechanism = investigations.MechanismUnknown
}

// pickEnding chooses the end of a container, or of a process in it, that the request is about.
func (s *scene) pickEnding() (ending, bool) {
	all := s.endings()
	if c := s.req.Target.Container; c != "" && slices.ContainsFunc(all, func(e ending) bool { return e.container() == c && s.near(e.at) }) {
		all = slices.DeleteFunc(all, func(e ending) bool { return e.container() != c })
	}
	var best ending
	found := false
	for _, e := range all {
		if !s.near(e.at) && !e.at.IsZero() {
			continue
		}
		if !found || s.distance(e) < s.distance(best) {
			best, found = e, true
		}
	}
	return best, found
}

func (e ending) container() string {
	switch {
	case e.death != nil:
		return e.death.container
	case e.counted != nil:
		return e.counted.container
	}
	return e.kill.container
}

func (s *scene) near(t time.Time) bool {
	return !t.Before(s.req.At.Add(-reach)) && !t.After(s.req.At.Add(ahead))
}

// distance ranks ends: the nearest before the alert first; one that a kernel report proves wins over a bare
// end of the same minute.
func (s *scene) distance(e ending) time.Duration {
	if e.at.IsZero() {
		return reach
	}
	d := absDur(s.req.At.Sub(e.at))
	if e.kill == nil {
		d += 20 * time.Second
	}
	if e.at.After(s.req.At.Add(tick)) {
		// An alert tells of what has happened, up to some minutes ago; the next kill of a crash loop is not it.
		d += 15 * time.Minute
	}
	return d
}

// endings pairs kernel reports with ends of containers among the pods that the target may mean.
func (s *scene) endings() []ending {
	var out []ending
	used := map[*kill]bool{}
	pods := s.targetPods()
	for _, p := range pods {
		for i := range p.Containers {
			c := &p.Containers[i]
			for _, t := range []*investigations.Termination{c.State.Terminated, c.LastState.Terminated} {
				if t == nil {
					continue
				}
				d := &death{pod: p, container: c.Name, term: t, kind: c.Kind, restarts: c.Restarts}
				e := ending{at: t.FinishedAt, death: d}
				if k := s.killOf(d, used); k != nil {
					used[k] = true
					e.kill = k
					if !k.at.IsZero() {
						e.at = k.at
					}
				} else {
					e.counted = s.countedOf(d)
				}
				out = append(out, e)
			}
		}
	}
	for _, k := range s.kills {
		if !used[k] && s.concerns(k, pods) {
			out = append(out, ending{at: k.at, kill: k})
		}
	}
	return append(out, s.countedEndings(out, pods)...)
}

// killOf returns the kernel report of a container's end: by container id, by pod and time, or, for reports
// that name no cgroup, by time and name.
func (s *scene) killOf(d *death, used map[*kill]bool) *kill {
	var best *kill
	rank := 0
	for _, k := range s.kills {
		if used[k] {
			continue
		}
		r := 0
		gap := s.apart(k.at, d)
		known := !k.at.IsZero()
		switch {
		case k.report.ContainerID != "" && k.report.ContainerID == d.term.ContainerID:
			// A child's death long before the container's own end is another story.
			if !known || gap <= together {
				r = 5
			}
		case k.pod == d.pod && k.container == d.container && known && gap <= 10*time.Second:
			r = 4
		case k.pod == d.pod && k.container == "" && known && gap <= 10*time.Second:
			r = 3
		case known && s.onNode(k, d.pod.Node) && looksKilled(d.term):
			r = s.bareMatch(k, d, gap)
		}
		if r > rank || (r == rank && r > 0 && gap < s.apart(best.at, d)) {
			best, rank = k, r
		}
	}
	if best != nil && rank <= 2 {
		best.byTime = true
		best.pod, best.container = d.pod, d.container
	}
	return best
}

func looksKilled(t *investigations.Termination) bool {
	return t.ExitCode == 137 || t.Signal == 9 || t.Reason == "OOMKilled"
}

// concerns says whether a report that no container's end belongs to may be what the target is about.
func (s *scene) concerns(k *kill, pods []*investigations.Pod) bool {
	t := s.req.Target
	if t.Node != "" && t.Pod == "" && t.Workload == "" {
		return k.ofNode(t.Node)
	}
	if k.pod != nil {
		return slices.Contains(pods, k.pod)
	}
	if _, _, gone := s.gonePod(k); gone {
		return true
	}
	if s.recordedOther(k) {
		return false
	}
	if s.pod != nil || len(pods) > 0 {
		return false
	}
	// The pod is unknown to us: a report close to the alert whose cgroup is a pod that we don't know either.
	return !k.at.IsZero() && (k.report.PodUID != "" || k.report.TaskMemcg == "") && absDur(k.at.Sub(s.req.At)) <= 10*time.Minute
}

// adoptVictim takes over what the chosen end tells of pod, container and node.
func (s *scene) adoptVictim() {
	switch {
	case s.death != nil:
		s.container = s.death.container
		s.adoptPod(s.death.pod)
	case s.kill != nil && s.kill.pod != nil:
		if s.kill.container != "" {
			s.container = s.kill.container
		}
		s.adoptPod(s.kill.pod)
	case s.kill != nil:
		// A target that is a node means its log's kills; which pod they hit is no part of the question.
		s.kill.byTime = s.req.Target.Node == "" || s.req.Target.Pod != ""
		s.node = s.kill.log.Node
		s.adoptPod(nil)
		s.adoptGonePod()
		s.adoptRecorded()
	case s.counted != nil:
		s.container = s.counted.container
		s.adoptPod(s.counted.pod)
	default:
		if s.pod == nil {
			if pods := s.targetPods(); len(pods) > 0 && s.req.Target.Node == "" {
				s.adoptPod(pods[0])
			}
		}
		s.adoptPod(s.pod)
	}
	if s.container == "" && s.pod != nil {
		for _, c := range s.pod.Containers {
			if c.Kind == investigations.ContainerApp {
				s.container = c.Name
				break
			}
		}
	}
	if s.container == "" {
		s.container = s.req.Target.Container
	}
	if s.req.Target.Node == "" || s.pod != nil {
		s.target.Container = s.container
	}
}

// byStartKill: the limit is too small even for the runtime's init process, so nothing ever ran.
func (s *scene) byStartKill() bool {
	text, src, at := s.startFailure()
	if text == "" {
		return false
	}
	s.startKill = true
	s.mechanism = investigations.MemcgOOMKill
	if !at.IsZero() {
		s.at = at
	}
	s.fact("startkill", investigations.ToolPods, s.at, src, nil,
		"The container was killed before its program started: %s.", investigations.Quote(text, 200))
	return true
}

// byManualKill: order −1 is someone's sysrq-f.
func (s *scene) byManualKill() bool {
	if s.kill == nil || s.kill.report.Kind != investigations.KernelManual {
		return false
	}
	s.mechanism = investigations.SigkillNotOOM
	id := s.fact("kernel/manual", investigations.ToolKernlog, s.at, s.kill.source(), map[string]float64{"order": -1},
		"The kernel's report has order -1: someone asked for a kill by sysrq-f; memory was not short.")
	s.reason = &otherReason{what: "a manual OOM kill (sysrq-f)", facts: []string{id}, sure: 0.9}
	return true
}

// byKernelReport: the kernel says that it killed for want of memory.
func (s *scene) byKernelReport() bool {
	if s.kill == nil {
		return false
	}
	r := s.kill.report
	s.mechanism = investigations.MemcgOOMKill
	if r.Kind == investigations.KernelGlobal {
		s.mechanism = investigations.GlobalOOMKill
	}
	s.sayKill(s.kill, "kernel/kill")
	if s.kill.counted != nil {
		s.sayCounted(s.kill.counted)
	}
	if s.kill.byTime {
		s.fact("kernel/bytime", investigations.ToolKernlog, s.at, s.kill.source(), nil,
			"That report names no cgroup of a known pod; it is matched by its moment and the process's name only.")
	}
	if s.death == nil && s.pod != nil && (s.container == "" || hasStatus(containerSpec(s.pod, s.container))) {
		s.silent = true
		s.fact("pods/silent", investigations.ToolPods, s.at, s.pod.Source, nil,
			"Kubernetes reports no end of container %s at that moment: a child process was killed and the container lived on.", s.container)
	}
	if s.death != nil {
		s.sayDeath(s.death)
	}
	return true
}

// sayKill states a kernel report as a fact and returns its id.
func (s *scene) sayKill(k *kill, key string) string {
	r := k.report
	values := map[string]float64{}
	who := "a process (the report has no kill line)"
	if v, ok := k.victim(); ok {
		who = fmt.Sprintf("%s (pid %d)", v.Comm, v.PID)
		values["pid"] = float64(v.PID)
		if v.AnonRSSKB != nil {
			values["anon_rss_bytes"] = float64(*v.AnonRSSKB) * 1024
			who += fmt.Sprintf(", which held %s of anonymous memory", bytesOf(float64(*v.AnonRSSKB)*1024))
		}
	}
	limit := "for the whole machine"
	switch {
	case r.Kind == investigations.KernelMemcg && r.OOMMemcg != "":
		limit = fmt.Sprintf("because the memory cgroup %s was at its limit", shortPath(r.OOMMemcg))
		if r.Memory != nil && r.Memory.LimitKB != nil {
			values["limit_bytes"] = float64(*r.Memory.LimitKB) * 1024
			values["usage_bytes"] = float64(r.Memory.UsageKB) * 1024
			limit = fmt.Sprintf("because the memory cgroup %s used %s of its limit of %s", shortPath(r.OOMMemcg),
				bytesOf(values["usage_bytes"]), bytesOf(values["limit_bytes"]))
		}
	case r.Kind == investigations.KernelMemcg:
		limit = "because a memory cgroup was at its limit (this short line doesn't say which)"
	case r.Boundary == investigations.BoundaryNUMA:
		limit = "because the memory nodes that the invoker may use ran out (" + r.Constraint + ")"
	}
	return s.fact(key, investigations.ToolKernlog, k.at, k.source(), values, "The kernel killed %s, %s.", who, limit)
}

// sayDeath states a container's end as a fact and returns its id.
func (s *scene) sayDeath(d *death) string {
	t := d.term
	reason := t.Reason
	if reason == "" {
		reason = "no reason"
	}
	return s.fact("pods/death/"+d.pod.Name+"/"+d.container, investigations.ToolPods, t.FinishedAt, d.pod.Source,
		map[string]float64{"exit_code": float64(t.ExitCode), "restarts": float64(d.restarts)},
		"Container %s of pod %s ended%s with exit code %d (%s)%s.",
		d.container, d.pod.Name, stamped(" at ", t.FinishedAt), t.ExitCode, reason, stamped("; it had been running since ", t.StartedAt))
}
