package main

import (
	"fmt"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

// writePath writes a path, one node a line, and says how many share what it leads over.
func writePath(s *report.Sheet, sub memory.Subgraph) {
	first, last := sub.Nodes[0], sub.Nodes[len(sub.Nodes)-1]
	if len(sub.Edges) == 0 && len(sub.Nodes) == 2 {
		says := "nothing connects " + first.Name + " with " + last.Name
		if len(sub.Cut) > 0 {
			says += ", as far as was looked: " + cutWords(sub.Cut)
		}
		s.Para(report.Plain(""), report.Plain(says))
		return
	}
	for i, n := range sub.Nodes {
		line := nodeSpans(n)
		if n.Kind != investigations.NodeIncident && n.Degree > 0 {
			line = append(line, report.Dim("  "+count(n.Degree, "edge")))
		}
		s.Line(line...)
		if i < len(sub.Edges) {
			s.Line(report.Dim("  " + arrowWords(sub.Edges[i], n.GraphNode)))
		}
	}
}

// cutWords say where a search gave up.
func cutWords(cuts []memory.Cut) string {
	c := cuts[0]
	says := fmt.Sprintf("%s %s has %s more", c.Node.Kind, oneLine(c.Node.Name), count(c.More, "edge"))
	if n := len(cuts) - 1; n > 0 {
		says += ", and " + plural(n, "other has", "others have") + " more, too"
	}
	return says
}

// arrowWords write an edge as seen from one of its ends.
func arrowWords(e investigations.Edge, from investigations.GraphNode) string {
	if e.From == from {
		return string(e.Type) + " →"
	}
	return "← " + string(e.Type)
}

// nodeSpans name a node. An incident is known by its id.
func nodeSpans(n memory.Member) []report.Span {
	if n.Kind != investigations.NodeIncident {
		return []report.Span{report.Dim(string(n.Kind) + " "), report.Bold(n.Name)}
	}
	line := []report.Span{report.Bold(n.Name)}
	if n.Label != "" {
		line = append(line, report.Plain("  "+n.Label))
	}
	return line
}

// tree is a subgraph as it is printed: each node below the one over which it was found first, which is one of those
// that are nearest to the root.
type tree struct {
	sheet   *report.Sheet
	members map[investigations.GraphNode]memory.Member
	more    map[investigations.GraphNode]int
	// edges are those at each node that are printed below it, and found the edge over which each node was found.
	edges   map[investigations.GraphNode][]investigations.Edge
	found   map[investigations.GraphNode]investigations.Edge
	printed map[investigations.GraphNode]bool
}

// writeTree writes the neighbours of the first node.
func writeTree(s *report.Sheet, sub memory.Subgraph) {
	t := tree{
		sheet: s, members: map[investigations.GraphNode]memory.Member{}, more: map[investigations.GraphNode]int{},
		edges: map[investigations.GraphNode][]investigations.Edge{}, found: map[investigations.GraphNode]investigations.Edge{},
		printed: map[investigations.GraphNode]bool{},
	}
	place := map[investigations.GraphNode]int{}
	for i, n := range sub.Nodes {
		t.members[n.GraphNode], place[n.GraphNode] = n, i
	}
	for _, c := range sub.Cut {
		t.more[c.Node] = c.More
	}
	for _, e := range sub.Edges {
		upper, lower := e.From, e.To
		if place[lower] < place[upper] {
			upper, lower = lower, upper
		}
		t.edges[upper] = append(t.edges[upper], e)
		if _, known := t.found[lower]; !known {
			t.found[lower] = e
		}
	}
	root := sub.Nodes[0]
	s.Line(nodeSpans(root)...)
	t.printed[root.GraphNode] = true
	t.below(root.GraphNode, "")
}

// below writes what hangs on a node. What stands in another place is only named.
func (t *tree) below(n investigations.GraphNode, indent string) {
	edges, more := t.edges[n], t.more[n]
	for i, e := range edges {
		branch, deeper := "├─ ", "│  "
		if i == len(edges)-1 && more == 0 {
			branch, deeper = "└─ ", "   "
		}
		other := memory.Opposite(e, n)
		line := []report.Span{report.Dim(indent + branch + arrowWords(e, n) + " ")}
		if t.found[other] == e && !t.printed[other] {
			t.printed[other] = true
			t.sheet.Line(append(line, nodeSpans(t.members[other])...)...)
			t.below(other, indent+deeper)
			continue
		}
		where := ", see below"
		if t.printed[other] {
			where = ", see above"
		}
		t.sheet.Line(append(line, report.Dim(other.Name+where))...)
	}
	if more > 0 {
		t.sheet.Line(report.Dim(fmt.Sprintf("%s└─ and %d more", indent, more)))
	}
}
