package rules

import (
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// sameMoment is how far apart an end and a kernel's line may be where nothing else joins them.
const sameMoment = 2 * time.Second

// cgroupless says that nothing tells which cgroup a kill is of: neither its report nor a counter of an agent.
func (k *kill) cgroupless() bool {
	return k.report.PodUID == "" && k.report.ContainerID == "" && k.report.TaskMemcg == "" && k.counted == nil
}

// bareMatch ranks a report without a cgroup against an end: 2 where the process is one of that container, or called like
// one; 1 where the moment speaks for it, and a kill in it is known without that line. That a container ended by SIGKILL
// in the second of a line that may be of any cgroup of the node is nothing.
func (s *scene) bareMatch(k *kill, d *death, gap time.Duration) int {
	v, ok := k.victim()
	if !ok || gap > tick || !k.cgroupless() {
		return 0
	}
	if x := s.recordedPID(v, k.at); x.Pod != "" {
		if x.Pod == d.pod.Name && x.Namespace == d.pod.Namespace && x.Container == d.container {
			return 2
		}
		return 0
	}
	runs := s.runs(d.pod, d.container, v.Comm)
	switch {
	case s.endedElsewhere(v, d, k, runs):
		return 0
	case runs:
		return 2
	case gap > sameMoment || s.countsElsewhere(k, v, d) || s.killedElsewhere(k, v):
		return 0
	case d.term.Reason == "OOMKilled" || k.report.Kind == investigations.KernelGlobal || s.counterRose(d):
		// Of a global kill cgroup v1 tells the runtime nothing (kubernetes#53669).
		return 1
	}
	return 0
}

// recordedPID returns the flight recorder's last reading of a process in the minute before a moment; its Pod is empty
// where there is none that names one.
func (s *scene) recordedPID(v investigations.KernelKill, at time.Time) (found investigations.RecorderTop) {
	for i := range s.ev.Metrics.Recorder {
		for _, t := range s.ev.Metrics.Recorder[i].Top {
			gap := at.Sub(t.At)
			if t.PID == v.PID && t.Comm == v.Comm && t.Pod != "" && gap >= -sameMoment && gap <= time.Minute && !t.At.Before(found.At) {
				found = t
			}
		}
	}
	return found
}

// runs says whether a container is known to run processes of a name: by its spec, by the recorder's readings, or by a
// report that names its cgroup.
func (s *scene) runs(p *investigations.Pod, container, comm string) bool {
	if c := containerSpec(p, container); c != nil && nameAffinity(*c, comm) > 0 {
		return true
	}
	for i := range s.ev.Metrics.Recorder {
		if slices.ContainsFunc(s.ev.Metrics.Recorder[i].Top, func(t investigations.RecorderTop) bool {
			return t.Comm == comm && t.Pod == p.Name && t.Container == container && t.Namespace == p.Namespace
		}) {
			return true
		}
	}
	return slices.ContainsFunc(s.kills, func(k *kill) bool {
		v, ok := k.victim()
		return ok && v.Comm == comm && !k.byTime && k.pod == p && k.container == container
	})
}

// endedElsewhere says whether another container of the node ended by SIGKILL at the moment of a kill that fits the
// process better.
func (s *scene) endedElsewhere(v investigations.KernelKill, d *death, k *kill, runs bool) bool {
	if d.term.Reason == "OOMKilled" && runs {
		return false
	}
	for i := range s.ev.Pods.Pods {
		p := &s.ev.Pods.Pods[i]
		if p.Node != d.pod.Node {
			continue
		}
		for _, c := range p.Containers {
			if p == d.pod && c.Name == d.container || !s.runs(p, c.Name, v.Comm) {
				continue
			}
			for _, t := range []*investigations.Termination{c.State.Terminated, c.LastState.Terminated} {
				if t != nil && looksKilled(t) && absDur(t.FinishedAt.Sub(k.at)) <= tick && (!runs || t.Reason == "OOMKilled") {
					return true
				}
			}
		}
	}
	return false
}

// countsElsewhere says whether agents' counters have a kill among those of others, and not of that container.
func (s *scene) countsElsewhere(k *kill, v investigations.KernelKill, d *death) bool {
	others := false
	for _, c := range s.counters {
		if gap := c.at.Sub(k.at); c.log != k.log || !slices.Contains(c.Among, v.PID) || gap < -counterSlack || gap > c.within() {
			continue
		}
		if c.pod == d.pod && (c.container == d.container || c.container == "") {
			return false
		}
		others = true
	}
	return others
}

// killedElsewhere says whether a report of that time has a process of the same name killed in a cgroup that it names: the
// kernel prints ten full reports in five seconds, and of the kills that follow them a line.
func (s *scene) killedElsewhere(k *kill, v investigations.KernelKill) bool {
	return slices.ContainsFunc(s.kills, func(o *kill) bool {
		w, ok := o.victim()
		return ok && o.log == k.log && w.Comm == v.Comm && !o.cgroupless() && absDur(o.at.Sub(k.at)) <= time.Minute
	})
}

// counterRose says whether the metrics' counter of kills of a container rose with its end.
func (s *scene) counterRose(d *death) bool {
	p, at := s.curve(investigations.QueryOOMEvents, d.pod.Name, d.container), seconds(d.at())
	return p.len() > 0 && p.at(at+180) > p.at(at-60)
}

// stray returns a kill of the node of the moment in question of which nothing tells whose it is; nil where there is none.
func (s *scene) stray() *kill {
	for _, k := range s.kills {
		v, ok := k.victim()
		if ok && k != s.kill && k.cgroupless() && !k.at.IsZero() && absDur(k.at.Sub(s.at)) <= tick && s.onNode(k, s.node) && s.recordedPID(v, k.at).Pod == "" {
			return k
		}
	}
	return nil
}

// sayNone states that a kernel log that covers the moment tells of no kill of the pod; it is doubtful where a kill of that
// moment may be of any cgroup.
func (s *scene) sayNone() (id string, doubtful bool) {
	k := s.stray()
	if k == nil {
		return s.fact("kernel/none", investigations.ToolKernlog, s.at, s.nodeLogSource(), nil,
			"The kernel log, which covers that moment, has no OOM report for this pod."), false
	}
	v, _ := k.victim()
	return s.fact("kernel/none", investigations.ToolKernlog, k.at, k.source(), map[string]float64{"pid": float64(v.PID)},
		"The kernel log, which covers that moment, has no OOM report that names this pod. It has a kill of %s (pid %d) that names no cgroup, and nothing says that container %s ran such a process.",
		v.Comm, v.PID, s.container), true
}
