package rules

import (
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// shiftedEnd is a container's end beside the last report of the kernel that names the very container.
type shiftedEnd struct {
	pod       *investigations.Pod
	container string
	term      *investigations.Termination
	report    *investigations.KernelReport
	at        time.Time // the report's, as the log has it
}

// offset is what has to be added to the log's times to meet Kubernetes' clock.
func (e shiftedEnd) offset() time.Duration { return e.term.FinishedAt.Sub(e.at) }

// readShifts finds kernel logs whose times are off: written in local time without a zone, or by `dmesg -T`, whose
// clock stands still while the machine sleeps. A container's id is that of one life only, so the report that names it
// and its end are of the same time; how far the two are apart is the log's error, and that of all its lines. An agent's log
// is right: there the node's clock was off.
func (s *scene) readShifts() {
	for i := range s.ev.Kernel.Logs {
		l := &s.ev.Kernel.Logs[i]
		var off []shiftedEnd
		right := false
		for _, e := range s.endsOfIDs(l) {
			switch {
			case absDur(e.offset()) <= together:
				right = true
			case !s.provesShift(e):
			case l.Followed != nil:
				s.nodeClock(l, e)
			default:
				off = append(off, e)
			}
		}
		if right || len(off) == 0 {
			continue
		}
		// All must agree; where they don't, there is no one error to correct.
		slices.SortFunc(off, func(a, b shiftedEnd) int { return int((a.offset() - b.offset()) / time.Millisecond) })
		e := off[len(off)/2]
		if off[len(off)-1].offset()-off[0].offset() > 2*together {
			continue
		}
		ahead := "behind"
		if e.offset() < 0 {
			ahead = "ahead of"
		}
		s.shift[l.Source] = e.offset().Round(time.Second)
		s.fact("kernel/shift/"+l.Node, investigations.ToolKernlog, e.term.FinishedAt, l.Source,
			map[string]float64{"offset_seconds": s.shift[l.Source].Seconds()},
			"The kernel log of %s is %s %s Kubernetes' clock: it has the kill in container %s of pod %s at %s, and that same container (by its id) ended at %s. All its times are corrected by that.",
			l.Node, durationOf(absDur(e.offset())), ahead, e.container, e.pod.Name, stamp(e.at), stamp(e.term.FinishedAt))
	}
}

// nodeClock notes that the kubelet's times of a container's end are off, by its node's clock: those of an agent's log were
// corrected as they came.
func (s *scene) nodeClock(l *investigations.KernelLog, e shiftedEnd) {
	s.lag[e.term.ContainerID] = e.offset().Round(time.Second)
	if s.target.Pod != "" && (e.pod.Name != s.target.Pod || e.pod.Namespace != s.target.Namespace) {
		return
	}
	ahead := "ahead of"
	if e.offset() < 0 {
		ahead = "behind"
	}
	s.fact("kernel/shift/"+l.Node, investigations.ToolPods, e.at, e.pod.Source, map[string]float64{"offset_seconds": e.offset().Seconds()},
		"The clock of node %s was %s %s that of the bot: Kubernetes has the end of container %s of pod %s at %s, and that same container (by its id) was killed at %s, by the times of the node's agent, which are corrected.",
		l.Node, durationOf(absDur(e.offset())), ahead, e.container, e.pod.Name, stamp(e.term.FinishedAt), stamp(e.at))
}

// apart is how far what a kernel log or an agent tells and a container's end are apart.
func (s *scene) apart(at time.Time, d *death) time.Duration {
	return absDur(d.at().Sub(at) - s.lag[d.term.ContainerID])
}

// endsOfIDs pairs ends by SIGKILL with the last report of the log that names the container's id, where both have a
// time.
func (s *scene) endsOfIDs(l *investigations.KernelLog) []shiftedEnd {
	last := map[string]*investigations.KernelReport{}
	for i := range l.Reports {
		if r := &l.Reports[i]; r.ContainerID != "" && !s.reportTime(l, r).IsZero() && r.Kind != investigations.KernelManual {
			last[r.ContainerID] = r
		}
	}
	var out []shiftedEnd
	for i := range s.ev.Pods.Pods {
		p := &s.ev.Pods.Pods[i]
		for j := range p.Containers {
			c := &p.Containers[j]
			for _, t := range []*investigations.Termination{c.State.Terminated, c.LastState.Terminated} {
				if t == nil || t.FinishedAt.IsZero() || t.ExitCode != 137 && t.Signal != 9 || last[t.ContainerID] == nil {
					continue
				}
				r := last[t.ContainerID]
				out = append(out, shiftedEnd{pod: p, container: c.Name, term: t, report: r, at: s.reportTime(l, r)})
			}
		}
	}
	return out
}

// provesShift says whether an end and a report that are apart are the same event. Nothing is killed in a container
// before it starts or after it ends. A kill within its life may also be that of a child, long before the end: then
// memory tells which of the two moments ran out of it.
func (s *scene) provesShift(e shiftedEnd) bool {
	if e.offset() > 14*time.Hour || e.offset() < -14*time.Hour {
		return false // beyond any time zone: more likely another machine's log
	}
	if e.at.After(e.term.FinishedAt) || !e.term.StartedAt.IsZero() && e.at.Before(e.term.StartedAt.Add(-together)) {
		return true
	}
	end, then := seconds(e.term.FinishedAt), seconds(e.at)
	if e.report.Kind == investigations.KernelGlobal {
		atEnd, ok := s.nodeFreeAt(end)
		atThen, okThen := s.nodeFreeAt(then)
		return ok && atEnd < 0.05 && (!okThen || atThen >= 0.05)
	}
	if s.countedKill(e, then) {
		return false
	}
	ws := s.curve(investigations.QueryWorkingSet, e.pod.Name, e.container)
	limit := s.containerLimit(e.pod.Name, e.container)
	x, y, ok := ws.last(end + 1)
	if e.pod.Namespace != s.target.Namespace || !ok || end-x > 600 || limit <= 0 {
		// Nothing tells but the distance itself: time zones are whole quarters of an hour apart.
		quarters := absDur(e.offset()).Round(15 * time.Minute)
		return quarters > 0 && absDur(absDur(e.offset())-quarters) <= together/3
	}
	near := y >= 0.85*limit
	before, peak, ok := ws.last(then)
	return near && (!ok || then-before > 600 || peak < 0.85*limit || end-then < 1800 && !drops(ws, then))
}

// countedKill says whether the container's counter of OOM kills rose about a moment: by Prometheus' clock, the log's
// time is right then.
func (s *scene) countedKill(e shiftedEnd, x float64) bool {
	p := s.curve(investigations.QueryOOMEvents, e.pod.Name, e.container)
	before, _, known := p.last(x - 60)
	return known && x-before <= 600 && p.at(x+240) > p.at(x-60)
}

// nodeFreeAt is the lowest share of the node's memory that was available around a moment.
func (s *scene) nodeFreeAt(x float64) (float64, bool) {
	w := s.nodeCurve(investigations.QueryNodeAvailable).between(x-180, x+30)
	if total := s.nodeTotal(); w.len() > 0 && total > 0 {
		return minOf(w.Y) / total, true
	}
	return 0, false
}

// logTime turns a moment of a log into one of Kubernetes' clock.
func (s *scene) logTime(l *investigations.KernelLog, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(s.shift[l.Source])
}
