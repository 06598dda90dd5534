package report

import (
	"cmp"
	"slices"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

// killMarks returns the moments at which a container of the subject's pod was killed:
// of kernel reports, of the container's state, of the counter of OOM kills (or restarts, where the kernel killed
// nothing), and that of the result itself.
func killMarks(r *inv.Result, ev *inv.Evidence, s *subject) []mark {
	var marks []mark
	if r.Verdict.Mechanism != inv.NotKilled {
		marks = append(marks, mark{t: r.At.UnixMilli()})
	}
	pod := findPod(ev, s.pod)
	if ev.Kernel != nil && pod != nil && pod.UID != "" {
		for _, log := range ev.Kernel.Logs {
			for _, rep := range log.Reports {
				if rep.At != nil && rep.PodUID == pod.UID && len(rep.Killed) > 0 {
					marks = append(marks, mark{t: rep.At.UnixMilli()})
				}
			}
		}
	}
	if pod != nil {
		for _, c := range pod.Containers {
			for _, state := range []inv.ContainerState{c.State, c.LastState} {
				if t := state.Terminated; t != nil && t.Reason == "OOMKilled" && (s.pod.Container == "" || c.Name == s.pod.Container) {
					marks = append(marks, mark{t: t.FinishedAt.UnixMilli()})
				}
			}
		}
	}
	counter := inv.QueryOOMEvents
	if m := r.Verdict.Mechanism; m == inv.RuntimeOOM || m == inv.OtherExit {
		counter = inv.QueryRestarts // no kill that the kernel counts
	}
	counted := collect(ev.Metrics, counter, sameContainer(s.pod))
	exact := slices.Clone(marks)
	for i := 1; i < len(counted); i++ {
		// The counter tells a scrape later; its step is closer to the kill than its sample. Where the kill itself is known
		// by a clock that may be a minute off, it is not told twice.
		from, to := counted[i-1].t-time.Minute.Milliseconds(), counted[i].t+time.Minute.Milliseconds()
		known := func(m mark) bool { return m.t >= from && m.t <= to }
		if counted[i].v > counted[i-1].v && !slices.ContainsFunc(exact, known) {
			marks = append(marks, mark{t: counted[i-1].t})
		}
	}
	return apart(marks, 2*time.Minute)
}

// rolloutMarks returns when revisions of the subject's workload came into force, and their numbers.
func rolloutMarks(r *inv.Result, ev *inv.Evidence, s *subject) []mark {
	var marks []mark
	if c := r.Verdict.Change; c != nil && !c.At.IsZero() {
		marks = append(marks, mark{c.At.UnixMilli(), c.Revision})
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
					marks = append(marks, mark{at.UnixMilli(), rev.Number})
				}
			}
		}
	}
	return apart(marks, 2*time.Minute)
}

// mark is a moment in unix milliseconds, and the revision that came into force then.
type mark struct{ t, revision int64 }

// apart sorts marks and drops those that are less than gap after the one before: two sources of one event. What stays
// takes over the revision of what goes where it has none.
func apart(marks []mark, gap time.Duration) []mark {
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(a.t, b.t) })
	out := marks[:0]
	for _, m := range marks {
		switch n := len(out); {
		case n == 0 || m.t-out[n-1].t > gap.Milliseconds():
			out = append(out, m)
		case out[n-1].revision == 0:
			out[n-1].revision = m.revision
		}
	}
	return out
}
