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
		line := []report.Span{report.Dim(string(n.Kind) + " "), report.Bold(n.Name)}
		if n.Label != "" {
			line = append(line, report.Dim("  "+n.Label))
		}
		if n.Kind != investigations.NodeIncident && n.Degree > 0 {
			line = append(line, report.Dim("  "+edgesWords(n.Degree)))
		}
		s.Line(line...)
		if i < len(sub.Edges) {
			s.Line(report.Dim("  " + arrowWords(sub.Edges[i], n.GraphNode)))
		}
	}
}

// edgesWords say how common a node is.
func edgesWords(degree int) string { return "has " + count(degree, "edge") }

// cutWords say where a search gave up.
func cutWords(cuts []memory.Cut) string {
	c := cuts[0]
	says := fmt.Sprintf("%s %s has %s more", c.Node.Kind, oneLine(c.Node.Name), count(c.More, "edge"))
	if n := len(cuts) - 1; n > 0 {
		says += fmt.Sprintf(", and so have %d others", n)
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

// tree is a subgraph as it is printed: each node stands below the one over which it was found.
type tree struct {
	sheet   *report.Sheet
	members map[investigations.GraphNode]memory.Member
	more    map[investigations.GraphNode]int
	// edges are those at each node that are to be printed below it.
	edges map[investigations.GraphNode][]investigations.Edge
}

// writeTree writes the neighbours of the first node.
func writeTree(s *report.Sheet, sub memory.Subgraph) {
	t := tree{
		sheet: s, members: map[investigations.GraphNode]memory.Member{}, more: map[investigations.GraphNode]int{},
		edges: map[investigations.GraphNode][]investigations.Edge{},
	}
	place := map[investigations.GraphNode]int{}
	for i, n := range sub.Nodes {
		t.members[n.GraphNode], place[n.GraphNode] = n, i
	}
	for _, c := range sub.Cut {
		t.more[c.Node] = c.More
	}
	for _, e := range sub.Edges {
		upper := e.From
		if place[e.To] < place[e.From] {
			upper = e.To
		}
		t.edges[upper] = append(t.edges[upper], e)
	}
	root := sub.Nodes[0]
	s.Line(t.words(root)...)
	t.below(root.GraphNode, "", map[investigations.GraphNode]bool{root.GraphNode: true})
}

// below writes what hangs on a node. What was printed already is only named.
func (t *tree) below(n investigations.GraphNode, indent string, printed map[investigations.GraphNode]bool) {
	edges, more := t.edges[n], t.more[n]
	for i, e := range edges {
		branch, deeper := "├─ ", "│  "
		if i == len(edges)-1 && more == 0 {
			branch, deeper = "└─ ", "   "
		}
		other := memory.Opposite(e, n)
		line := []report.Span{report.Dim(indent + branch + arrowWords(e, n) + " ")}
		if printed[other] {
			t.sheet.Line(append(line, report.Dim(string(other.Kind)+" "+other.Name+", as above"))...)
			continue
		}
		printed[other] = true
		t.sheet.Line(append(line, t.words(t.members[other])...)...)
		t.below(other, indent+deeper, printed)
	}
	if more > 0 {
		t.sheet.Line(report.Dim(fmt.Sprintf("%s└─ and %d more", indent, more)))
	}
}

func (t *tree) words(n memory.Member) []report.Span {
	line := []report.Span{report.Dim(string(n.Kind) + " "), report.Bold(n.Name)}
	if n.Label != "" {
		line = append(line, report.Dim("  "+n.Label))
	}
	return line
}
