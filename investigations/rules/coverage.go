package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// readCoverage finds out whether a kernel log of the node would show a kill at that moment, or its agent would have told
// of one.
func (s *scene) readCoverage() {
	for i := range s.ev.Kernel.Logs {
		l := &s.ev.Kernel.Logs[i]
		if s.node != "" && l.Node != s.node && !slices.ContainsFunc(l.Reports, func(r investigations.KernelReport) bool { return r.Host == s.node }) {
			continue
		}
		s.hasLog = true
		recorder := s.followedBy()
		switch from, to, ok := s.coverage(l); {
		case l.Followed != nil && l.Followed.Holds(s.at):
			s.covers = true
			s.sayFollowed(investigations.ToolKernlog, l.Source, l.Node, l.Followed.From, l.Followed.To)
		case s.logCovers(l, s.at):
			s.covers = true
			how := "without a gap at the moment in question"
			if silence := s.at.Sub(to); silence >= time.Second {
				how = fmt.Sprintf("and its silence of %s until the moment in question is a short one", durationOf(silence))
			}
			s.fact("kernel/covers", investigations.ToolKernlog, s.at, l.Source, nil,
				"The kernel log of %s reaches from %s to %s %s.", l.Node, stamp(from), stamp(to), how)
		case recorder != nil:
			s.covers = true
			s.sayFollowed(investigations.ToolMetrics, recorder.Source, recorder.Node, recorder.LosslessSince, recorder.To)
		case ok && s.kill == nil && l.From.IsZero() && l.TooQuiet(from, to, s.at):
			// Of a log with dates its source has said so already.
			s.blindSpot(investigations.ToolKernlog, "", "the last line of %s stands %s before the moment: too long a silence to prove anything", l.Source, durationOf(s.at.Sub(to)))
		}
	}
	s.readFollowed()
}

// readFollowed takes the word of the node's agent where no kernel log was recorded at all: it would have told of a kill.
// Against a runtime that counted one it is not held: then the log is missing, and not the kill.
func (s *scene) readFollowed() {
	r := s.followedBy()
	if r == nil || s.kill != nil || len(s.ev.Kernel.Logs) > 0 || s.death != nil && s.death.term.Reason == "OOMKilled" {
		return
	}
	s.covers, s.byAgent = true, true
	s.sayFollowed(investigations.ToolMetrics, r.Source, r.Node, r.LosslessSince, r.To)
}

// sayFollowed states that an agent followed the kernel log of a node.
func (s *scene) sayFollowed(tool, source, node string, from, to time.Time) string {
	kills := "no OOM kill of that moment is in it"
	switch {
	case s.kill != nil:
		kills = "this kill is in it"
	case s.stray() != nil:
		kills = "a kill of that moment is in it that names no cgroup"
	}
	return s.fact("kernel/covers", tool, s.at, source, nil,
		"The node agent followed the kernel log of %s without loss from %s to %s, and %s.", node, stamp(from), stamp(to), kills)
}

// followedBy returns the recorder whose agent followed the node's kernel log without loss over the moment; nil where
// none did.
func (s *scene) followedBy() *investigations.Recorder {
	for i := range s.ev.Metrics.Recorder {
		r := &s.ev.Metrics.Recorder[i]
		if r.Node == s.node && !r.LosslessSince.IsZero() && r.LosslessSince.Before(s.at) && !r.To.Before(s.at) {
			return r
		}
	}
	return nil
}
