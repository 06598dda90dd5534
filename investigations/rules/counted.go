package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// counted is a kill that the counter of a container's cgroup told a node agent of, with the container that it is.
type counted struct {
	*investigations.CountedKill
	log       *investigations.KernelLog
	line      int64
	at        time.Time
	pod       *investigations.Pod
	container string
	// joined says that a kernel report is of the same kill.
	joined bool
}

// counterSlack is how far a counter's rise and the kernel's line about the same kill may be apart beyond the time in
// which the counter was not looked at.
const counterSlack = 2 * time.Second

// within is how long before the rise was seen the kill may have been.
func (c *counted) within() time.Duration {
	return time.Duration(min(max(c.WithinMS, 0), 60_000))*time.Millisecond + counterSlack
}

// collectCounted joins what agents' lines tell of counters with the pods that they are of.
func (s *scene) collectCounted(byUID map[string]*investigations.Pod) {
	for i := range s.ev.Kernel.Logs {
		l := &s.ev.Kernel.Logs[i]
		for j := range l.UserKills {
			u := &l.UserKills[j]
			if u.Counted == nil || u.At.IsZero() {
				continue
			}
			c := &counted{CountedKill: u.Counted, log: l, line: u.Line, at: s.logTime(l, u.At)}
			c.pod, c.container = s.whose(byUID, u.PodUID, u.ContainerID)
			if c.pod != nil && c.container == "" && u.ContainerID != "" {
				c.container = onlyContainer(c.pod)
			}
			s.counters = append(s.counters, c)
		}
	}
}

// onlyContainer returns the one container of a pod that has no other; "" else.
func onlyContainer(p *investigations.Pod) string {
	name := ""
	for _, c := range p.Containers {
		if c.Kind != investigations.ContainerApp && c.Kind != investigations.ContainerSidecar {
			continue
		}
		if name != "" {
			return ""
		}
		name = c.Name
	}
	return name
}

// joinCounted finds the counter that tells whose a report is that names no cgroup: the kernel prints ten full reports in
// five seconds. The report stays as it is.
func (s *scene) joinCounted(k *kill) {
	v, ok := k.victim()
	if !ok || k.report.PodUID != "" || k.report.ContainerID != "" || k.report.TaskMemcg != "" {
		return
	}
	for _, c := range s.counters {
		gap := c.at.Sub(k.at)
		if c.log == k.log && slices.Contains(c.PIDs, v.PID) && gap >= -counterSlack && gap <= c.within() {
			c.joined = true
			k.counted, k.pod, k.container = c, c.pod, c.container
			return
		}
	}
}

// countedOf returns the counter's rise at the moment of a container's end that no report tells of; nil where there is
// none.
func (s *scene) countedOf(d *death) *counted {
	for _, c := range s.counters {
		if !c.joined && c.pod == d.pod && c.container == d.container && looksKilled(d.term) && s.apart(c.at, d) <= c.within()+tick {
			return c
		}
	}
	return nil
}

// countedEndings are the kills of the pods that only counters tell of, and that ended no container.
func (s *scene) countedEndings(have []ending, pods []*investigations.Pod) []ending {
	var out []ending
	for _, c := range s.counters {
		taken := slices.ContainsFunc(have, func(e ending) bool { return e.counted == c })
		if !c.joined && !taken && c.pod != nil && slices.Contains(pods, c.pod) {
			out = append(out, ending{at: c.at, counted: c})
		}
	}
	return out
}

// byCounted: no report names the container, and the counter of its own cgroup says that the kernel killed in it.
func (s *scene) byCounted() bool {
	if s.counted == nil || s.kill != nil {
		return false
	}
	s.mechanism = investigations.MemcgOOMKill
	s.sayCounted(s.counted)
	if s.death != nil {
		s.sayDeath(s.death)
		return true
	}
	s.silent = true
	if s.pod != nil {
		s.fact("pods/silent", investigations.ToolPods, s.at, s.pod.Source, nil,
			"Kubernetes reports no end of container %s at that moment: a child process was killed and the container lived on.", s.container)
	}
	return true
}

// sayCounted states what a counter tells, and returns the fact's id.
func (s *scene) sayCounted(c *counted) string {
	whose := "its cgroup"
	if c.pod != nil {
		whose = fmt.Sprintf("the cgroup of container %s of pod %s", c.container, c.pod.Name)
	}
	how := "no report names a process of it"
	switch {
	case c.joined && c.Recorded:
		how = ""
	case c.joined:
		how = "no other cgroup's did, so that this kill is its"
	case len(c.Among) > 0:
		how = fmt.Sprintf("of %d bare kill lines of that moment nothing tells which cgroup each is of", len(c.Among))
	}
	if how == "" {
		says := fmt.Sprintf("The kernel's line names no cgroup; the flight recorder had seen the process in %s before it was killed", whose)
		if c.OOM {
			says += ", and the limit that ran out is that cgroup's own"
		}
		return s.fact("kernel/counter", investigations.ToolKernlog, c.at, fmt.Sprintf("%s:%d", c.log.Source, c.line),
			map[string]float64{"kills": float64(c.Kills)}, "%s.", says)
	}
	if c.OOM {
		how += "; the limit that ran out is that cgroup's own"
	}
	return s.fact("kernel/counter", investigations.ToolKernlog, c.at, fmt.Sprintf("%s:%d", c.log.Source, c.line),
		map[string]float64{"kills": float64(c.Kills)}, "The kernel's counter of OOM kills of %s rose by %d, and %s.", whose, c.Kills, how)
}

// ownLimit says whether a counter tells that the container's own limit ran out.
func (s *scene) ownLimit() bool {
	return s.counted != nil && s.counted.OOM || s.kill != nil && s.kill.counted != nil && s.kill.counted.OOM
}
