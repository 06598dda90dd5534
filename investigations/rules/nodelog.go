package rules

import (
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// onNode says whether a report may be of that node. The only log of a recording is that of the incident's node,
// under whatever name, unless it is called like another node.
func (s *scene) onNode(k *kill, node string) bool {
	return node == "" || k.log.Node == node || k.report.Host == node || len(s.ev.Kernel.Logs) == 1 && !s.isOtherNode(k.log.Node, node)
}

func (s *scene) isOtherNode(name, than string) bool {
	return name != than && slices.ContainsFunc(s.ev.Pods.Nodes, func(n investigations.Node) bool { return n.Name == name })
}

// missLog declares that the kernel log of the very node is not there, where those of others are: they say nothing
// about a kill on this one.
func (s *scene) missLog() {
	var others []string
	for i := range s.ev.Kernel.Logs {
		others = append(others, s.ev.Kernel.Logs[i].Node)
	}
	if s.hasLog || s.covers || s.kill != nil || s.node == "" || len(others) == 0 {
		return
	}
	s.blindSpot(investigations.ToolKernlog, "whether the kernel killed, and at whose limit",
		"the kernel log of node %s was not read, only that of %s", s.node, strings.Join(others[:min(len(others), 5)], ", "))
}
