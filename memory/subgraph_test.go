package memory

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestNeighbourhood(t *testing.T) {
	g := &edgeList{}
	a := Incident("a")
	g.add(a, investigations.EdgeCausedBy, cause("leak"))
	g.add(a, investigations.EdgeCausedBy, function("Put"))
	g.add(Incident("b"), investigations.EdgeCausedBy, function("Put"))
	g.add(Incident("b"), investigations.EdgeRecurredAs, a)
	for i := range 10 {
		g.add(Incident(fmt.Sprint(i)), investigations.EdgeCausedBy, cause("leak"))
	}
	nodes := func(s Subgraph) []string {
		var out []string
		for _, n := range s.Nodes {
			out = append(out, fmt.Sprintf("%d %s of %d", n.Depth, n.Name, n.Degree))
		}
		return out
	}

	s, err := Neighbourhood(t.Context(), g, a, 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"0 a of 3", "1 leak of 0", "1 Put of 0", "1 b of 0"}, nodes(s)); d != "" {
		t.Errorf("depth 1 (-want +got)\n%s", d)
	}
	if len(s.Edges) != 3 || len(s.Cut) != 0 {
		t.Errorf("depth 1: %d edges, cut %v", len(s.Edges), s.Cut)
	}

	s, err = Neighbourhood(t.Context(), g, a, 2, 6)
	if err != nil {
		t.Fatal(err)
	}
	// Of the eleven edges of the cause the newest four are followed, and one of them was known.
	want := []string{"0 a of 3", "1 leak of 11", "1 Put of 2", "1 b of 2", "2 0 of 0", "2 1 of 0", "2 2 of 0"}
	if d := cmp.Diff(want, nodes(s)); d != "" {
		t.Errorf("depth 2 (-want +got)\n%s", d)
	}
	if d := cmp.Diff([]Cut{{Node: cause("leak"), More: 7}}, s.Cut); d != "" {
		t.Errorf("depth 2 (-want +got)\n%s", d)
	}
	if len(s.Edges) != 7 { // that from b to Put is there once
		t.Errorf("depth 2: %d edges: %v", len(s.Edges), s.Edges)
	}
}

// TestNeighbourhoodIsBounded follows a tree that never ends.
func TestNeighbourhoodIsBounded(t *testing.T) {
	g := endless{}
	s, err := Neighbourhood(t.Context(), &g, function("1"), 50, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Nodes) != maxNeighbours || g.asked > maxNeighbours {
		t.Errorf("%d nodes, %d looked up", len(s.Nodes), g.asked)
	}
	cut := map[investigations.GraphNode]int{}
	for _, c := range s.Cut {
		cut[c.Node] = c.More
	}
	for _, n := range s.Nodes {
		if n.Degree > 0 && cut[n.GraphNode] == 0 {
			t.Errorf("%v has %d edges, and what was left out is not said", n.Name, n.Degree)
		}
	}
}

func TestNeighbourhoodOfNothing(t *testing.T) {
	s, err := Neighbourhood(t.Context(), &edgeList{}, Incident("a"), 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	want := Subgraph{Nodes: []Member{{GraphNode: Incident("a")}}, Edges: []investigations.Edge{}, Cut: []Cut{}}
	if d := cmp.Diff(want, s); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestNeighbourhoodWithALoop(t *testing.T) {
	g := &edgeList{}
	g.add(Incident("a"), investigations.EdgeSameRootAs, Incident("a"))
	s, err := Neighbourhood(t.Context(), g, Incident("a"), 2, 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Nodes) != 1 || len(s.Edges) != 1 || len(s.Cut) != 0 {
		t.Errorf("%+v", s)
	}
}

// TestNeighbourhoodHasOneOrder gives the edges of an incident, which are all as old as itself, in several orders.
func TestNeighbourhoodHasOneOrder(t *testing.T) {
	a := Incident("a")
	g := &edgeList{}
	g.add(a, investigations.EdgeJudgedBy, person("ann"))
	g.add(a, investigations.EdgeCausedBy, function("Put"))
	g.add(a, investigations.EdgeCausedBy, function("Get"))
	g.add(a, investigations.EdgeCausedBy, cause("leak"))
	g.add(Incident("b"), investigations.EdgeRecurredAs, a)
	want := []string{"a", "leak", "Get", "Put", "ann", "b"}
	for i := range g.edges {
		g.edges = append(g.edges[i:], g.edges[:i]...)
		s, err := Neighbourhood(t.Context(), g, a, 1, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range s.Nodes {
			got = append(got, n.Name)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	}
}
