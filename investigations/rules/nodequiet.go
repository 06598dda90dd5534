package rules

import (
	"strings"

	"github.com/oombot/oombot/investigations"
)

// sameNode says whether two names mean one node: some sources have the host's name alone, others with its domain.
func sameNode(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
}

// ofNode says whether a report is of a node that the request names. Another node's kills are no answer to it, also
// where nothing else was recorded.
func (k *kill) ofNode(node string) bool {
	return sameNode(k.log.Node, node) || k.report.Host != "" && sameNode(k.report.Host, node)
}

// byQuietNode: the request is about a node, whose kernel log covers the moment and tells of no kill, and none of whose
// pods ended. A node that no source knows is no quiet node.
func (s *scene) byQuietNode() bool {
	t := s.req.Target
	if t.Node == "" || t.Pod != "" || t.Workload != "" || s.death != nil || s.kill != nil {
		return false
	}
	if s.nodeObj == nil && !s.hasLog && !s.covers {
		s.blindSpot(investigations.ToolPods, "what happened on it", "no source knows a node %s", investigations.CleanText(t.Node, 80))
		return false
	}
	if !s.covers {
		return false
	}
	facts := []string{
		s.led.ID("rules/kernel/covers"),
		s.fact("node/quiet", investigations.ToolKernlog, s.req.At, s.nodeLogSource(), nil,
			"Within %s before %s that log tells of no kill on node %s.", durationOf(reach), stamp(s.req.At), investigations.CleanText(t.Node, 80)),
	}
	sure := 0.7
	if pods := s.targetPods(); len(pods) > 0 {
		sure = 0.85
		facts = append(facts, s.fact("node/alive", investigations.ToolPods, s.req.At, pods[0].Source, map[string]float64{"pods": float64(len(pods))},
			"No container of the node's %d pods ended in that time.", len(pods)))
	}
	s.mechanism = investigations.NotKilled
	s.reason = &otherReason{what: "no kill at all", facts: facts, sure: sure}
	return true
}
