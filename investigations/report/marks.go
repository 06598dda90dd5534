package report

import (
	"slices"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

// killMarks returns the moments at which a container of the subject's pod was killed, in unix milliseconds:
// of kernel reports, of the container's state, of the counter of OOM kills (or restarts, where the kernel killed
// nothing), and that of the result itself.
func killMarks(r *inv.Result, ev *inv.Evidence, s *subject) []int64 {
	var marks []int64
	if r.Verdict.Mechanism != inv.NotKilled {
		marks = append(marks, r.At.UnixMilli())
	}
	pod := findPod(ev, s.pod)
	if ev.Kernel != nil && pod != nil && pod.UID != "" {
		for _, log := range ev.Kernel.Logs {
			for _, rep := range log.Reports {
				if rep.At != nil && rep.PodUID == pod.UID && len(rep.Killed) > 0 {
					marks = append(marks, rep.At.UnixMilli())
				}
			}
		}
	}
	if pod != nil {
		for _, c := range pod.Containers {
			for _, state := range []inv.ContainerState{c.State, c.LastState} {
				if t := state.Terminated; t != nil && t.Reason == "OOMKilled" && (s.pod.Container == "" || c.Name == s.pod.Container) {
					marks = append(marks, t.FinishedAt.UnixMilli())
				}
			}
		}
	}
	counter := inv.QueryOOMEvents
	if m := r.Verdict.Mechanism; m == inv.RuntimeOOM || m == inv.OtherExit {
		counter = inv.QueryRestarts // no kill that the kernel counts
	}
	counted := collect(ev.Metrics, counter, sameContainer(s.pod))
	for i := 1; i < len(counted); i++ {
		// The counter tells a scrape later; its step is closer to the kill than its sample.
		if counted[i].v > counted[i-1].v {
			marks = append(marks, counted[i-1].t)
		}
	}
	return apart(marks, 2*time.Minute)
}

// rolloutMarks returns the moments at which a revision of the subject's workload came into force.
func rolloutMarks(r *inv.Result, ev *inv.Evidence, s *subject) []int64 {
	var marks []int64
	if c := r.Verdict.Change; c != nil && !c.At.IsZero() {
		marks = append(marks, c.At.UnixMilli())
	}
	isTarget := s.pod.Namespace == r.Target.Namespace && s.pod.Pod == r.Target.Pod
	if ev.Rollouts != nil && isTarget {
		for _, w := range ev.Rollouts.Workloads {
			if w.Namespace != r.Target.Namespace || w.Ref() != r.Target.Workload {
				continue
			}
			for _, rev := range w.Revisions {
				at := rev.RolledOutAt
				if at.IsZero() {
					at = rev.Created
				}
				if !at.IsZero() {
					marks = append(marks, at.UnixMilli())
				}
			}
		}
	}
	return apart(marks, 2*time.Minute)
}

// apart sorts marks and drops those that are less than gap after the one before: two sources of one event.
func apart(marks []int64, gap time.Duration) []int64 {
	slices.Sort(marks)
	out := marks[:0]
	for _, m := range marks {
		if n := len(out); n == 0 || m-out[n-1] > gap.Milliseconds() {
			out = append(out, m)
		}
	}
	return out
}
