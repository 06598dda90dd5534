package rules

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/oombot/oombot/investigations"
)

// noisyNeighbour: one pod, or one program outside Kubernetes, grew by or holds most of what ran out, and it is
// not the victim.
func (s *scene) noisyNeighbour() hypothesis {
	var h hypothesis
	if s.unitCulprit() != nil {
		h.support(0.62, s.led.ID("rules/kernel/kill"), s.fact("neighbour/unit", investigations.ToolKernlog, s.at, s.kill.source(), nil,
			"The limit that broke is that of %s, which holds no pods.", shortPath(s.kill.report.OOMMemcg)))
		return h
	}
	top, sh, why := s.view.main()
	if top == nil || s.sameContainer() {
		return h
	}
	id := s.sayHolder(top)
	switch why {
	case "growth":
		h.support(0.6+0.3*(sh-0.5), id, s.fact("neighbour/growth", investigations.ToolMetrics, s.at, s.holderSource(top),
			map[string]float64{"growth_bytes": top.growth(), "all_growth_bytes": s.view.growth, "share": round2(sh)},
			"%s accounts for %s of what the node's holders gained before the kill (%s of %s).", top.name, percent(sh), bytesOf(top.growth()), bytesOf(s.view.growth)))
	case "excess":
		w := 0.5
		if s.view.hasPast {
			w = 0.42
		}
		h.support(w+0.3*(sh-0.5), id, s.fact("neighbour/excess", investigations.ToolPods, s.at, s.holderSource(top),
			map[string]float64{"excess_bytes": top.excess(), "all_excess_bytes": s.view.excess, "share": round2(sh)},
			"%s holds %s of all memory beyond what was requested (%s of %s).", top.name, percent(sh), bytesOf(top.excess()), bytesOf(s.view.excess)))
	default: // it is only supposed
		h.support(-0.2, id)
		return h
	}
	if top.name == unnamed {
		// It may be the kernel's own memory as well; only a kernel report or the node itself would tell.
		h.score -= 0.2
		s.blindSpot(investigations.ToolKernlog, "which program outside of the pods, or whether the kernel itself, holds the memory", "no kernel report lists the processes of node %s at that moment", s.node)
	}
	if v := s.victimHolder(); v != nil && v != top {
		g := v.growth()
		w := 0.08
		if g > 0.3*top.growth() && top.growth() > 0 {
			w = -0.1
		}
		h.support(w, s.sayHolder(v))
	}
	return h
}

func (s *scene) holderSource(h *holder) string {
	if h.seen || s.kill == nil {
		return cmp.Or(h.source, s.ev.Metrics.Queries[investigations.QueryNodePods].Source, s.usageSource())
	}
	return cmp.Or(h.source, s.kill.source())
}

func (s *scene) victimHolder() *holder {
	for _, h := range s.view.holders {
		if h.pod != nil && s.victim != nil && h.pod.Name == s.victim.Pod && h.pod.Namespace == s.victim.Namespace {
			return h
		}
	}
	return nil
}

// nodeOvercommit: many together used more than there is, each about its usual self.
func (s *scene) nodeOvercommit() hypothesis {
	var h hypothesis
	if s.unitCulprit() != nil || s.view == nil || len(s.view.holders) < 2 {
		return h
	}
	top, sh, why := s.view.main()
	room := s.roomOfAll()
	id := s.sayNodeSum(room)
	held := s.spokenFor()
	tight := held > 0.75*room || s.view.available > 0 && s.view.available < 0.06*s.view.total
	switch {
	case held > 0 && held < 0.6*room && (s.boundary == investigations.BoundaryNode || s.boundary == investigations.BoundaryNodeAllocatable):
		// Overcommit is many that together use what there is; here something else does.
		h.support(0.1, id)
		h.support(-0.1, s.sayElsewhere(held, room))
		return h
	case top == nil && s.view.unlisted() && s.view.largestShare(room) >= 0.25:
		// A recording of minutes can't tell a pod that grew for hours from one that is always as large.
		h.support(0.3, id)
		return h
	case top == nil && s.view.unlisted():
		h.support(0.45, id)
	case top == nil && tight:
		h.support(0.62, id)
	case top == nil:
		h.support(0.35, id)
	default:
		h.support(0.3, id)
		h.support(-0.15*sh, s.sayHolder(top))
	}
	if top == nil && why != "" {
		h.support(0.1, s.fact("node/many", investigations.ToolMetrics, s.at, s.nodeSource(), map[string]float64{"largest_share": round2(sh)},
			"%s", sayMany(why, sh)))
	}
	if s.view.limits > 1.2*room {
		h.support(0.06, id)
	}
	over := 0
	for _, x := range s.view.holders {
		if !x.outside() && x.excess() > 0.02*room {
			over++
		}
	}
	if over >= 3 {
		h.support(0.08, s.fact("node/over", investigations.ToolPods, s.at, s.nodeSource(), map[string]float64{"pods": float64(over)},
			"%d pods hold more than they requested by over 2 %% of the node each.", over))
	}
	return h
}

// roomOfAll is what the pods of the node share, in bytes.
func (s *scene) roomOfAll() float64 {
	switch {
	case s.boundary == investigations.BoundarySlice && s.limitBytes > 0:
		return s.limitBytes
	case s.view.allocatable > 0:
		return s.view.allocatable
	}
	return s.view.room
}

// sayNodeSum states what the pods of the node used together, against what they share and what they asked for.
func (s *scene) sayNodeSum(room float64) string {
	values := map[string]float64{
		"usage_bytes": s.view.usage, "requests_bytes": s.view.requests, "limits_bytes": s.view.limits, "allocatable_bytes": room,
	}
	ceiling := "allocatable are"
	switch {
	case s.boundary == investigations.BoundarySlice && s.limitBytes > 0:
		ceiling = "their cgroup's limit is"
	case s.view.allocatable <= 0 && s.amongPods():
		ceiling = "the limit of all pods is"
	case s.view.allocatable <= 0:
		ceiling = "the machine has"
	}
	if s.view.unlisted() {
		source := s.usageSource()
		for _, h := range s.view.holders {
			if h.source != "" {
				source = h.source
			}
		}
		delete(values, "requests_bytes")
		delete(values, "limits_bytes")
		return s.fact("node/sum", investigations.ToolMetrics, s.at, source, values,
			"The pods that the flight recorder has, those of the kill and the node's largest, held %s together; %s %s.", bytesOf(s.view.usage), ceiling, bytesOf(room))
	}
	return s.fact("node/sum", investigations.ToolPods, s.at, s.nodeSource(), values,
		"The node's pods used %s together, requested %s and may use %s by their limits; %s %s.",
		bytesOf(s.view.usage), bytesOf(s.view.requests), bytesOf(s.view.limits), ceiling, bytesOf(room))
}

// unlisted says that no pod of the node is known by more than its cgroup.
func (v *nodeView) unlisted() bool {
	return !v.scraped && !slices.ContainsFunc(v.holders, func(h *holder) bool { return !h.outside() && !h.unasked && !h.byScore })
}

// largestShare is the share of a room that its largest holder has.
func (v *nodeView) largestShare(room float64) float64 {
	return v.holders[0].usage / math.Max(room, 1)
}

// sayMany says why no holder of the node is singled out.
func sayMany(why string, largest float64) string {
	of := map[string]string{"growth": "growth before the kill", "excess": "memory beyond requests"}[why]
	if largest >= 0.5 {
		return fmt.Sprintf("The %s is small against the node: its largest part, %s, is one holder's, and too little to fill it.", of, percent(largest))
	}
	return fmt.Sprintf("No single holder accounts for half of the %s: the largest for %s.", of, percent(largest))
}

func (s *scene) nodeSource() string {
	if s.nodeObj != nil && s.nodeObj.Source != "" {
		return s.nodeObj.Source
	}
	return "kubernetes/nodes.json"
}

// nodeRows says how much of the machine a global report's own block accounts to one kind of memory.
func (s *scene) nodeShare(pages *int64) float64 {
	if pages == nil || s.kill == nil || s.kill.report.Node == nil || s.kill.report.Node.RAMPages == nil || *s.kill.report.Node.RAMPages <= 0 {
		return 0
	}
	return clamp(float64(*pages)/float64(*s.kill.report.Node.RAMPages), 0, 1)
}
