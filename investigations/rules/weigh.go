package rules

import (
	"cmp"
	"slices"

	"github.com/oombot/oombot/investigations"
)

// enough is the score below which no cause is named: the evidence does not carry one.
const enough = 0.4

// weigh scores every cause that the boundary allows and takes the strongest.
func (s *scene) weigh() {
	for _, l := range s.lives {
		l.mass = shapeOf(l)
		if l.mass.known && l.mass.late < 0.65*l.mass.early {
			l.mass.byLoad = steadyByLoad(l, s.traffic)
		}
	}
	s.findBends()
	if s.reason != nil {
		s.hypotheses = []hypothesis{s.notOOM()}
		s.best = s.hypotheses[0]
		return
	}
	if s.mechanism == investigations.MechanismUnknown {
		s.best = s.insufficient()
		s.hypotheses = []hypothesis{s.best}
		return
	}
	all := map[investigations.Cause]func() hypothesis{
		investigations.CauseLeak:                    s.leak,
		investigations.CauseUndersizedLimit:         s.undersized,
		investigations.CauseLoadSpike:               s.loadSpike,
		investigations.CauseRuntimeMisconfiguration: s.runtimeMisconfiguration,
		investigations.CauseSidecar:                 s.sidecar,
		investigations.CauseNoisyNeighbour:          s.noisyNeighbour,
		investigations.CauseNodeOvercommit:          s.nodeOvercommit,
		investigations.CauseMemoryBackedVolume:      s.memoryBackedVolume,
		investigations.CauseKernelMemory:            s.kernelMemory,
	}
	allowed := investigations.AllowedCauses(s.boundary, s.sameContainer())
	for _, c := range investigations.Causes {
		if judge := all[c]; judge != nil && slices.Contains(allowed, c) {
			h := judge()
			h.cause = c
			h.score = clamp(h.score, 0, 0.97)
			if h.score > 0 || len(h.pro)+len(h.con) > 0 {
				s.hypotheses = append(s.hypotheses, h)
			}
		}
	}
	slices.SortStableFunc(s.hypotheses, func(a, b hypothesis) int { return cmp.Compare(b.score, a.score) })
	s.decide()
}

// decide lets precedents lean on the hypotheses, which are in order, and takes the first. Whether a cause is named at all
// the evidence alone says.
func (s *scene) decide() {
	carried := len(s.hypotheses) > 0 && s.hypotheses[0].score >= enough
	s.inherit()
	if carried {
		s.best = s.hypotheses[0]
		return
	}
	s.best = s.insufficient()
	s.hypotheses = append([]hypothesis{s.best}, s.hypotheses...)
	s.dropShakyCulprit()
}

// notOOM is the cause where something else than memory ended it, or nothing did.
func (s *scene) notOOM() hypothesis {
	h := hypothesis{cause: investigations.CauseNotOOM}
	h.support(s.reason.sure, s.reason.facts...)
	if s.pod != nil && s.death != nil {
		if u, at, ok := s.lastUsage(s.target.Pod, s.container); ok {
			if l := s.specLimit(); l > 0 {
				id := s.fact("notoom/usage", investigations.ToolMetrics, at, s.usageSource(),
					map[string]float64{"working_set_bytes": u, "limit_bytes": l},
					"Just before the end the working set was %s, %s of the limit of %s.", bytesOf(u), percent(u/l), bytesOf(l))
				if u < 0.9*l {
					h.support(0.02, id)
				} else {
					h.support(-0.05, id)
				}
			}
		}
	}
	return h
}

// insufficient is the cause where nothing carries another. It cites what little is known.
func (s *scene) insufficient() hypothesis {
	h := hypothesis{cause: investigations.CauseInsufficientEvidence, score: 0.5}
	h.support(0, s.led.ID("rules/pods/lost"))
	for _, f := range s.led.Facts() {
		if len(h.pro) < 4 && (f.Tool == investigations.ToolKernlog || f.Tool == investigations.ToolPods || f.Tool == investigations.ToolMetrics) {
			h.pro = append(h.pro, f.ID)
		}
	}
	if len(h.pro) == 0 {
		h.pro = append(h.pro, s.fact("none", investigations.ToolPods, s.req.At, "incident.yaml", nil,
			"The request names %s at %s; no source shows how it ended.", s.req.Target, stamp(s.req.At)))
	}
	return h
}

// dropShakyCulprit: where no cause could be named, the culprit stays only where the kernel's report names the
// container whose own limit broke, where the victim itself holds most of the node, or where a recording shows who rose.
func (s *scene) dropShakyCulprit() {
	if s.boundary == investigations.BoundaryHeap {
		return // the ceiling is the program's own
	}
	if s.kill != nil && s.culprit != nil && s.recordedCulprit() {
		return
	}
	if top, _, _ := s.view.main(); top != nil && s.sameContainer() && s.isVictim(top) && top.usage > 0.5*s.view.total {
		return
	}
	if s.boundary != investigations.BoundaryContainer || s.kill == nil {
		s.culprit = nil
	}
}
