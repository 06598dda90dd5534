package memory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// edgeList is a graph whose newest edges stand first. It counts what is asked of it.
type edgeList struct {
	edges []investigations.Edge
	asked int
}

func (g *edgeList) Edges(_ context.Context, n investigations.GraphNode, limit int) ([]investigations.Edge, int, error) {
	g.asked++
	var away, towards []investigations.Edge
	for _, e := range g.edges {
		switch n {
		case e.From:
			away = append(away, e)
		case e.To:
			towards = append(towards, e)
		}
	}
	all := append(away, towards...)
	return slices.Clone(all[:min(limit, len(all))]), len(all), nil
}

func (g *edgeList) add(from investigations.GraphNode, typ investigations.EdgeType, to investigations.GraphNode) {
	g.edges = append(g.edges, investigations.Edge{From: from, Type: typ, To: to})
}

func cause(name string) investigations.GraphNode {
	return investigations.GraphNode{Kind: investigations.NodeCause, Name: name}
}

func function(name string) investigations.GraphNode {
	return investigations.GraphNode{Kind: investigations.NodeFunction, Name: name}
}

func person(name string) investigations.GraphNode {
	return investigations.GraphNode{Kind: investigations.NodePerson, Name: name}
}

// walk checks that a subgraph is a path from a to b, and returns the names on it.
func walk(t *testing.T, s Subgraph, a, b investigations.GraphNode) []string {
	t.Helper()
	if len(s.Edges) != len(s.Nodes)-1 || s.Nodes[0].GraphNode != a || s.Nodes[len(s.Nodes)-1].GraphNode != b {
		t.Fatalf("no path from %v to %v: %+v", a, b, s)
	}
	var names []string
	for i, n := range s.Nodes {
		names = append(names, n.Name)
		if i > 0 && Opposite(s.Edges[i-1], n.GraphNode) != s.Nodes[i-1].GraphNode {
			t.Errorf("edge %d, %v, does not join %v with %v", i, s.Edges[i-1], s.Nodes[i-1], n)
		}
		if n.Depth != i {
			t.Errorf("node %d has depth %d", i, n.Depth)
		}
	}
	return names
}

func TestPathPrefersWhatFewShare(t *testing.T) {
	g := &edgeList{}
	for i := range 400 { // newer than those that are asked about
		g.add(Incident(fmt.Sprintf("other%d", i)), investigations.EdgeCausedBy, cause("leak"))
	}
	a, b, c, d := Incident("a"), Incident("b"), Incident("c"), Incident("d")
	for _, n := range []investigations.GraphNode{a, b, c, d} {
		g.add(n, investigations.EdgeCausedBy, cause("leak"))
	}
	g.add(a, investigations.EdgeCausedBy, function("Put"))
	g.add(b, investigations.EdgeCausedBy, function("Put"))
	g.add(b, investigations.EdgeCausedBy, function("Get"))
	g.add(c, investigations.EdgeCausedBy, function("Get"))
	for _, n := range []investigations.GraphNode{a, d} {
		g.add(n, investigations.EdgeJudgedBy, person("ann"))
	}
	tests := []struct {
		name     string
		from, to investigations.GraphNode
		want     []string
	}{
		{"a function both have", a, b, []string{"a", "Put", "b"}},
		{"over a third incident", a, c, []string{"a", "Put", "b", "Get", "c"}},
		{"only the cause, whose edges are too many to follow", b, d, []string{"b", "leak", "d"}},
		{"a cause says more than who judged", a, d, []string{"a", "leak", "d"}},
		{"next to each other", a, function("Put"), []string{"a", "Put"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Path(t.Context(), g, tt.from, tt.to)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, walk(t, s, tt.from, tt.to)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			back, err := Path(t.Context(), g, tt.to, tt.from)
			if err != nil {
				t.Fatal(err)
			}
			slices.Reverse(tt.want)
			if d := cmp.Diff(tt.want, walk(t, back, tt.to, tt.from)); d != "" {
				t.Errorf("backwards (-want +got)\n%s", d)
			}
			if len(s.Cut) > 0 {
				t.Errorf("a path was found, and yet something was cut: %v", s.Cut)
			}
		})
	}
}

// TestPathOverAnEdgeThatOneEndHides begins at what only a crowded node leads on from, among whose newest edges the one
// that is needed is not.
func TestPathOverAnEdgeThatOneEndHides(t *testing.T) {
	g := &edgeList{}
	a, b := Incident("a"), Incident("b")
	g.add(a, investigations.EdgeCausedBy, cause("leak"))
	for i := range 2 * pathFanOut {
		g.add(Incident(fmt.Sprintf("other%d", i)), investigations.EdgeCausedBy, cause("leak"))
	}
	g.add(Incident("far"), investigations.EdgeCausedBy, cause("leak"))
	want := []string{"a", "leak", "far"}
	last := Incident("far")
	for i := range 8 {
		next := function(fmt.Sprint(i))
		g.add(last, investigations.EdgeCausedBy, next)
		last, want = next, append(want, next.Name)
	}
	g.add(b, investigations.EdgeCausedBy, last)
	s, err := Path(t.Context(), g, a, b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(append(want, "b"), walk(t, s, a, b)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestPathTellsDegrees(t *testing.T) {
	g := &edgeList{}
	for _, name := range []string{"a", "b", "c"} {
		g.add(Incident(name), investigations.EdgeCausedBy, function("Put"))
	}
	s, err := Path(t.Context(), g, Incident("a"), Incident("b"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Nodes[1].Degree != 3 {
		t.Errorf("three incidents share the function, and it says %d", s.Nodes[1].Degree)
	}
}

func TestNoPath(t *testing.T) {
	g := &edgeList{}
	g.add(Incident("a"), investigations.EdgeCausedBy, function("Put"))
	g.add(Incident("b"), investigations.EdgeCausedBy, function("Get"))
	s, err := Path(t.Context(), g, Incident("a"), Incident("b"))
	if err != nil {
		t.Fatal(err)
	}
	want := Subgraph{Nodes: []Member{{GraphNode: Incident("a")}, {GraphNode: Incident("b")}}, Edges: []investigations.Edge{}, Cut: []Cut{}}
	if d := cmp.Diff(want, s); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	same, err := Path(t.Context(), g, Incident("a"), Incident("a"))
	if err != nil || len(same.Nodes) != 1 || len(same.Edges) != 0 {
		t.Errorf("from a node to itself: %+v, %v", same, err)
	}
}

// TestPathIsBounded gives a graph without a path in which everything has more edges than are followed.
func TestPathIsBounded(t *testing.T) {
	g := endless{}
	s, err := Path(t.Context(), &g, function("1"), function("-1"))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Edges) != 0 || len(s.Cut) == 0 {
		t.Errorf("what was not looked at is not said: %d edges, %d cuts", len(s.Edges), len(s.Cut))
	}
	if g.asked > 2*maxLookups {
		t.Errorf("%d nodes were looked up", g.asked)
	}
}

// endless is two trees that never end, one of names above zero and one of those below.
type endless struct{ asked int }

func (g *endless) Edges(_ context.Context, n investigations.GraphNode, limit int) ([]investigations.Edge, int, error) {
	g.asked++
	var edges []investigations.Edge
	for i := range min(limit, 10) {
		edges = append(edges, investigations.Edge{From: n, Type: investigations.EdgeCausedBy, To: function(fmt.Sprintf("%s%d", n.Name, i))})
	}
	return edges, 1000, nil
}

// TestPathIsBest compares with a search that tries all paths, in small graphs.
func TestPathIsBest(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		g := &edgeList{}
		nodes := 4 + rnd.IntN(5)
		for range 3 + rnd.IntN(12) {
			from, to := rnd.IntN(nodes), rnd.IntN(nodes)
			if from != to {
				g.add(function(fmt.Sprint(from)), investigations.EdgeCausedBy, function(fmt.Sprint(to)))
			}
		}
		a, b := function("0"), function("1")
		got, err := Path(t.Context(), g, a, b)
		if err != nil {
			t.Fatal(err)
		}
		want := cheapest(t, g, a, b, map[investigations.GraphNode]bool{})
		if len(got.Edges) == 0 {
			if want >= 0 {
				t.Fatalf("seed %d: there is a path of cost %g", seed, want)
			}
			continue
		}
		walk(t, got, a, b)
		cost := float64(len(got.Edges))
		w := search{degrees: map[investigations.GraphNode]int{}}
		for _, n := range got.Nodes[1 : len(got.Nodes)-1] {
			w.degrees[n.GraphNode] = n.Degree
			cost += w.weight(n.GraphNode)
		}
		if diff := cost - want; diff > 1e-9 || diff < -1e-9 {
			t.Fatalf("seed %d: a path of cost %g, the best costs %g", seed, cost, want)
		}
	}
}

// cheapest returns what the best path costs that avoids seen, or -1 where there is none.
func cheapest(t *testing.T, g *edgeList, at, to investigations.GraphNode, seen map[investigations.GraphNode]bool) float64 {
	t.Helper()
	if at == to {
		return 0
	}
	seen[at] = true
	defer delete(seen, at)
	best := -1.0
	edges, _, err := g.Edges(t.Context(), at, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edges {
		next := Opposite(e, at)
		if seen[next] {
			continue
		}
		rest := cheapest(t, g, next, to, seen)
		if rest < 0 {
			continue
		}
		cost := 1 + rest
		if next != to {
			_, total, err := g.Edges(t.Context(), next, 1)
			if err != nil {
				t.Fatal(err)
			}
			w := search{degrees: map[investigations.GraphNode]int{next: total}}
			cost += w.weight(next)
		}
		if best < 0 || cost < best {
			best = cost
		}
	}
	return best
}

type brokenGraph struct{}

var errBroken = errors.New("broken")

func (brokenGraph) Edges(context.Context, investigations.GraphNode, int) ([]investigations.Edge, int, error) {
	return nil, 0, errBroken
}

func TestGraphErrors(t *testing.T) {
	if _, err := Path(t.Context(), brokenGraph{}, Incident("a"), Incident("b")); !errors.Is(err, errBroken) {
		t.Errorf("Path: %v", err)
	}
	if _, err := Neighbourhood(t.Context(), brokenGraph{}, Incident("a"), 2, 5); !errors.Is(err, errBroken) {
		t.Errorf("Neighbourhood: %v", err)
	}
}
