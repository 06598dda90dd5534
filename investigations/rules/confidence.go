package rules

import (
	"math"

	"github.com/oombot/oombot/investigations"
)

// Ceilings of the confidence by the evidence at hand: less to go by, never a bolder guess.
const (
	ceilingAll        = 0.97
	ceilingNoKernel   = 0.9
	ceilingNoMetrics  = 0.8
	ceilingNeither    = 0.5
	ceilingNoPods     = 0.7
	ceilingByTimeOnly = 0.75
	ceilingInferred   = 0.65
	ceilingCounter    = 0.8
	// A flight recorder has minutes, and of a node the largest only.
	ceilingRecording      = 0.75
	ceilingShortRecording = 0.6
)

// judgeConfidence turns the winning score into a confidence: lower where a rival is close, and under the
// ceilings of the evidence.
func (s *scene) judgeConfidence() {
	c := s.best.score
	if len(s.hypotheses) > 1 {
		rival := s.hypotheses[1]
		if s.hypotheses[0].cause != s.best.cause {
			rival = s.hypotheses[0]
		}
		if gap := s.best.score - rival.score; gap < 0.2 && rival.cause != s.best.cause {
			c -= (0.2 - gap) * 0.8
		}
	}
	ceiling := ceilingAll
	kernel, metrics := s.kill != nil, s.metricsHelp()
	switch {
	case !kernel && !metrics:
		ceiling = ceilingNeither
		s.caps = append(s.caps, "neither a kernel report nor metrics")
	case !metrics:
		ceiling = ceilingNoMetrics
		s.caps = append(s.caps, "metrics missing, broken or of another time")
	case !kernel:
		ceiling = ceilingNoKernel
		s.caps = append(s.caps, "no kernel report")
	}
	if s.reason != nil && !s.reason.unexplained && s.reason.sure >= 0.85 && ceiling < ceilingNoMetrics && s.covers {
		// What ended it is said by Kubernetes itself; metrics would add little.
		ceiling = ceilingNoMetrics
	}
	if s.kill != nil && s.kill.byTime {
		ceiling = math.Min(ceiling, ceilingByTimeOnly)
		s.caps = append(s.caps, "the kernel's report is matched by time only")
	}
	if most, doubt := s.doubtRecording(); doubt != "" {
		ceiling = math.Min(ceiling, most)
		s.caps = append(s.caps, doubt)
	}
	if s.counted != nil && s.mechanism == investigations.MemcgOOMKill {
		ceiling = math.Min(ceiling, ceilingCounter)
		s.caps = append(s.caps, "only the cgroup's counter tells of the kill")
	}
	if s.reason != nil {
		s.caps = s.reasonDoubts(metrics)
	}
	if s.runtime != nil && s.runtime.inferred {
		ceiling = math.Min(ceiling, ceilingInferred)
		s.caps = append(s.caps, "the runtime's error itself is in no log")
	}
	if s.unreported {
		ceiling = math.Min(ceiling, ceilingNeither)
		s.caps = append(s.caps, "the kernel's log covers the moment and has no report of a kill")
	}
	if s.pod == nil && s.req.Target.Node == "" {
		ceiling = math.Min(ceiling, ceilingNoPods)
		s.caps = append(s.caps, "the pod's state is not known")
	}
	if s.best.cause == investigations.CauseInsufficientEvidence || s.reason != nil && s.reason.unexplained || s.mechanism == investigations.MechanismUnknown {
		ceiling = math.Min(ceiling, ceilingNeither)
	}
	if s.mechanism == investigations.MechanismUnknown && s.death == nil {
		ceiling = math.Min(ceiling, 0.3)
	}
	if s.supposed != nil {
		ceiling = math.Min(ceiling, s.supposed.ceiling)
	}
	s.confidence = round2(clamp(math.Min(c, ceiling), 0.05, ceilingAll))
}

// reasonDoubts are what holds down a verdict that it was no OOM kill: there, the absence of a kernel's report is the
// evidence, and only a log that would not show one is a doubt.
func (s *scene) reasonDoubts(metrics bool) []string {
	var doubts []string
	if !s.covers && s.mechanism != investigations.KubeletEviction {
		doubts = append(doubts, "no kernel log that covers the moment")
	}
	if !metrics {
		doubts = append(doubts, "metrics missing or broken")
	}
	if s.reason.unexplained {
		doubts = append(doubts, "no source says who sent the SIGKILL")
	}
	return doubts
}

// metricsHelp says whether the metrics that the verdict rests on are there.
func (s *scene) metricsHelp() bool {
	switch s.boundary {
	case investigations.BoundaryNode, investigations.BoundaryNUMA, investigations.BoundaryNodeAllocatable, investigations.BoundarySlice:
		pods := s.ev.Metrics.Queries[investigations.QueryNodePods]
		return s.reaches(pods) || s.life != nil && s.reaches(s.ev.Metrics.Queries[investigations.QueryWorkingSet])
	}
	ws := s.ev.Metrics.Queries[investigations.QueryWorkingSet]
	return len(s.lives) > 0 && !ws.Broken && s.reaches(ws)
}

// reaches says whether a query has samples of the hour before the kill: those of another day tell of other lives, and
// nothing of this one.
func (s *scene) reaches(q investigations.Query) bool {
	at := seconds(s.at)
	for _, sr := range q.Series {
		p := pointsOf(sr)
		if x, _, ok := p.last(at + ahead.Seconds()); ok && at-x <= math.Max(reach.Seconds(), 4*p.step()) {
			return true
		}
	}
	return false
}
