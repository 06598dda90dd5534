package rules

import (
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// readClocks finds, for each kernel log that is stamped with seconds since boot, when the machine booted: as
// the log itself tells, else by a report whose container's end Kubernetes dates, else by the kubelet's
// SystemOOM event that names the killed pid.
func (s *scene) readClocks() {
	for i := range s.ev.Kernel.Logs {
		l := &s.ev.Kernel.Logs[i]
		boot := l.BootTime
		for j := len(l.Reports) - 1; j >= 0 && boot.IsZero(); j-- {
			boot = s.bootFromReport(l, &l.Reports[j])
		}
		if !boot.IsZero() {
			s.boot[l.Source] = boot
		}
	}
}

func (s *scene) bootFromReport(l *investigations.KernelLog, r *investigations.KernelReport) time.Time {
	if r.UptimeS == nil || r.At != nil {
		return time.Time{}
	}
	up := time.Duration(*r.UptimeS * float64(time.Second))
	if r.ContainerID != "" {
		for _, p := range s.ev.Pods.Pods {
			for _, c := range p.Containers {
				for _, t := range []*investigations.Termination{c.State.Terminated, c.LastState.Terminated} {
					if t != nil && t.ContainerID == r.ContainerID && !t.FinishedAt.IsZero() {
						return t.FinishedAt.Add(-up)
					}
				}
			}
		}
	}
	for _, e := range s.ev.Pods.Events {
		if e.Reason != "SystemOOM" || e.Kind != "Node" || e.Name != l.Node {
			continue
		}
		if pid, ok := systemOOMPid(e.Message); ok && slices.ContainsFunc(r.Killed, func(k investigations.KernelKill) bool { return k.PID == pid }) {
			return e.Last.Add(-up)
		}
	}
	return time.Time{}
}

// reportTime returns when a report was written; zero where the log's clock is not known.
func (s *scene) reportTime(l *investigations.KernelLog, r *investigations.KernelReport) time.Time {
	if r.At != nil {
		return s.logTime(l, *r.At)
	}
	if boot := s.boot[l.Source]; !boot.IsZero() && r.UptimeS != nil {
		return s.logTime(l, boot.Add(time.Duration(*r.UptimeS*float64(time.Second))))
	}
	return time.Time{}
}

// coverage returns the time that a log covers; ok is false where its clock is not known.
func (s *scene) coverage(l *investigations.KernelLog) (from, to time.Time, ok bool) {
	from, to = l.From, l.To
	if boot := s.boot[l.Source]; !boot.IsZero() && from.IsZero() && l.UptimeFrom != nil && l.UptimeTo != nil {
		from = boot.Add(time.Duration(*l.UptimeFrom * float64(time.Second)))
		to = boot.Add(time.Duration(*l.UptimeTo * float64(time.Second)))
	}
	return s.logTime(l, from), s.logTime(l, to), !from.IsZero()
}

// logCovers says whether a log would hold a report of the moment t, had there been one.
func (s *scene) logCovers(l *investigations.KernelLog, t time.Time) bool {
	from, to, ok := s.coverage(l)
	if !ok || from.After(t.Add(-time.Second)) {
		return false
	}
	for _, loss := range l.Lost {
		if at := s.logTime(l, loss.At); at.IsZero() || (at.After(t.Add(-10*time.Minute)) && at.Before(t.Add(10*time.Minute))) {
			return false
		}
	}
	for _, b := range l.Boots {
		// The log of the life before a reboot ends with it; what comes first in the file is the old life's.
		if s.logTime(l, b).After(t) && from.After(t) {
			return false
		}
	}
	return !l.TooQuiet(from, to, t)
}
