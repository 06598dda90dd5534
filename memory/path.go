package memory

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"slices"

	"github.com/oombot/oombot/investigations"
)

const (
	// pathFanOut is how many edges of a node a search for a path follows. Most of what two incidents share is found
	// without: the search comes from both ends, and meets at what they share.
	pathFanOut = 200
	// maxLookups bounds how many nodes a search for a path looks up.
	maxLookups = 2000
)

// Path returns the best path between two nodes: Nodes lead from a to b, and each edge joins a node with the next.
// A path over what few share is better than one over what many do, as a cause: a node that n edges touch costs log2(n), an
// edge 1, and people most of all. Where there is none, Edges is empty and Nodes are a and b; there may be one all the same where Cut is
// not empty. The search is bounded: it looks up at most 2000 nodes, and follows the newest 200 edges of each.
func Path(ctx context.Context, g investigations.Graph, a, b investigations.GraphNode) (Subgraph, error) {
	if a == b {
		return Subgraph{Nodes: []Member{{GraphNode: a}}, Edges: []investigations.Edge{}, Cut: []Cut{}}, nil
	}
	s := search{graph: g, degrees: map[investigations.GraphNode]int{}, best: math.Inf(1)}
	s.sides[0], s.sides[1] = newSide(a), newSide(b)
	if err := s.run(ctx); err != nil {
		return Subgraph{}, err
	}
	if math.IsInf(s.best, 1) {
		none := Subgraph{Nodes: []Member{{GraphNode: a}, {GraphNode: b}}, Edges: []investigations.Edge{}, Cut: s.cuts}
		if none.Cut == nil {
			none.Cut = []Cut{}
		}
		return none, nil
	}
	return s.path(), nil
}

// search is Dijkstra's from both ends. The cost of a node counts for paths that go on from it.
type search struct {
	graph investigations.Graph
	sides [2]*side
	// degrees are those of the nodes that were looked up.
	degrees map[investigations.GraphNode]int
	cuts    []Cut
	// best is what the best path costs so far, and meeting the node where its halves meet.
	best    float64
	meeting investigations.GraphNode
}

// side is the half of a search that begins at one end.
type side struct {
	start investigations.GraphNode
	costs map[investigations.GraphNode]float64
	// by is the edge over which a node is reached best.
	by      map[investigations.GraphNode]investigations.Edge
	settled map[investigations.GraphNode]bool
	next    frontier
}

func newSide(start investigations.GraphNode) *side {
	return &side{
		start:   start,
		costs:   map[investigations.GraphNode]float64{start: 0},
		by:      map[investigations.GraphNode]investigations.Edge{},
		settled: map[investigations.GraphNode]bool{},
		next:    frontier{{node: start}},
	}
}

// cheapest is what the next node of this side costs; infinite where there is none.
func (s *side) cheapest() float64 {
	for len(s.next) > 0 && s.settled[s.next[0].node] {
		heap.Pop(&s.next)
	}
	if len(s.next) == 0 {
		return math.Inf(1)
	}
	return s.next[0].cost
}

// run searches until no better path can be found, or too much was looked up.
func (s *search) run(ctx context.Context) error {
	for {
		c0, c1 := s.sides[0].cheapest(), s.sides[1].cheapest()
		switch ended0, ended1 := math.IsInf(c0, 1), math.IsInf(c1, 1); {
		case ended0 && ended1, c0+c1 >= s.best && !math.IsInf(s.best, 1):
			return nil
		case (ended0 || ended1) && len(s.cuts) == 0:
			return nil // the side that ended has seen all that it can reach
		}
		if len(s.degrees) >= maxLookups {
			for _, from := range s.sides {
				if len(from.next) > 0 {
					s.cut(from.next[0].node, 1)
				}
			}
			return nil
		}
		from, other := s.sides[0], s.sides[1]
		if c1 < c0 {
			from, other = other, from
		}
		if err := s.expand(ctx, from, other); err != nil {
			return err
		}
	}
}

// expand looks at what the cheapest node of a side leads to.
func (s *search) expand(ctx context.Context, from, other *side) error {
	at := heap.Pop(&from.next).(step)
	from.settled[at.node] = true
	edges, err := s.edges(ctx, at.node)
	if err != nil {
		return err
	}
	leave := at.cost + 1
	if at.node != from.start {
		leave += s.weight(at.node)
	}
	for _, e := range edges {
		to := Opposite(e, at.node)
		if cost, seen := from.costs[to]; from.settled[to] || seen && cost <= leave {
			continue
		}
		from.costs[to], from.by[to] = leave, e
		heap.Push(&from.next, step{to, leave})
		if _, both := other.costs[to]; both {
			if err := s.meet(ctx, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// meet notes the path over a node that both sides have reached, where it is the best so far.
func (s *search) meet(ctx context.Context, n investigations.GraphNode) error {
	c0, reached0 := s.sides[0].costs[n]
	c1, reached1 := s.sides[1].costs[n]
	if !reached0 || !reached1 || c0+c1 >= s.best {
		return nil
	}
	cost := c0 + c1
	if n != s.sides[0].start && n != s.sides[1].start {
		if _, known := s.degrees[n]; !known {
			_, total, err := s.graph.Edges(ctx, n, 1)
			if err != nil {
				return lookupError(n, err)
			}
			s.degrees[n] = total
		}
		cost += s.weight(n)
	}
	if cost < s.best {
		s.best, s.meeting = cost, n
	}
	return nil
}

func (s *search) edges(ctx context.Context, n investigations.GraphNode) ([]investigations.Edge, error) {
	edges, total, err := s.graph.Edges(ctx, n, pathFanOut)
	if err != nil {
		return nil, lookupError(n, err)
	}
	s.degrees[n] = total
	if more := total - len(edges); more > 0 {
		s.cut(n, more)
	}
	return edges, nil
}

func (s *search) cut(n investigations.GraphNode, more int) {
	if !slices.ContainsFunc(s.cuts, func(c Cut) bool { return c.Node == n }) {
		s.cuts = append(s.cuts, Cut{Node: n, More: more})
	}
}

// personCost is the cost of a person beside that of the degree: that one judged two incidents says nothing of them.
const personCost = 10

// weight is the cost of going through a node.
func (s *search) weight(n investigations.GraphNode) float64 {
	w := math.Log2(float64(max(s.degrees[n], 1)))
	if n.Kind == investigations.NodePerson {
		w += personCost
	}
	return w
}

// path puts the halves together.
func (s *search) path() Subgraph {
	var edges []investigations.Edge
	nodes := []investigations.GraphNode{s.meeting}
	for n := s.meeting; n != s.sides[0].start; n = nodes[len(nodes)-1] {
		e := s.sides[0].by[n]
		edges, nodes = append(edges, e), append(nodes, Opposite(e, n))
	}
	slices.Reverse(edges)
	slices.Reverse(nodes)
	for n := s.meeting; n != s.sides[1].start; n = nodes[len(nodes)-1] {
		e := s.sides[1].by[n]
		edges, nodes = append(edges, e), append(nodes, Opposite(e, n))
	}
	out := Subgraph{Edges: edges, Cut: []Cut{}}
	for i, n := range nodes {
		out.Nodes = append(out.Nodes, Member{GraphNode: n, Depth: i, Degree: s.degrees[n]})
	}
	return out
}

// step is a node to look at, and what it costs to get there.
type step struct {
	node investigations.GraphNode
	cost float64
}

// frontier is a heap of steps, the cheapest on top; of equal ones the first by name, so that the order is always the same.
type frontier []step

// Len is for package heap, as are the methods below.
func (f frontier) Len() int { return len(f) }

func (f frontier) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(f[i].cost, f[j].cost), cmp.Compare(f[i].node.Kind, f[j].node.Kind), cmp.Compare(f[i].node.Name, f[j].node.Name)) < 0
}

func (f frontier) Swap(i, j int) { f[i], f[j] = f[j], f[i] }

// Push is for package heap.
func (f *frontier) Push(x any) { *f = append(*f, x.(step)) }

// Pop is for package heap.
func (f *frontier) Pop() any {
	old := *f
	last := old[len(old)-1]
	*f = old[:len(old)-1]
	return last
}
