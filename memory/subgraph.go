package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/oombot/oombot/investigations"
)

// Subgraph is a part of the context graph. The same graph gives the same one.
type Subgraph struct {
	// Nodes are in the order in which they were found, each once.
	Nodes []Member `json:"nodes"`
	// Edges join nodes of the subgraph, each once, in the order in which they were found.
	Edges []investigations.Edge `json:"edges"`
	// Cut names the nodes of which not all edges are here.
	Cut []Cut `json:"cut"`
}

// Member is a node of a subgraph.
type Member struct {
	investigations.GraphNode
	// Depth is how many edges lead to it from where the search began.
	Depth int `json:"depth"`
	// Degree is how many edges touch it in the whole graph; 0 where that was not looked up.
	Degree int `json:"degree,omitempty"`
	// Label says what it is, for people; empty where the name does.
	Label string `json:"label,omitempty"`
}

// Cut says that a node has more edges than a subgraph shows.
type Cut struct {
	Node investigations.GraphNode `json:"node"`
	// More is how many there are beside those that are shown.
	More int `json:"more"`
}

const (
	// maxNeighbours bounds a neighbourhood, in nodes.
	maxNeighbours = 500
	// hubFanOut is how many edges are followed of a node that so much shares that the rest can't be shown anyhow.
	hubFanOut = 4
)

// Neighbourhood returns what leads to start or away from it over at most depth edges, and at most 500 nodes. At most
// fanOut edges of an incident are followed, and of what incidents share (a cause, a workload) all, or where there are more
// than fanOut only the newest four: which of many they are says little. What is left out is in Cut. A node that is
// not there has no neighbours.
func Neighbourhood(ctx context.Context, g investigations.Graph, start investigations.GraphNode, depth, fanOut int) (Subgraph, error) {
	b := newBuilder()
	b.node(start, 0)
	for i := 0; i < len(b.sub.Nodes); i++ { // grows while it is walked
		n := b.sub.Nodes[i]
		if n.Depth >= depth {
			break
		}
		edges, total, err := g.Edges(ctx, n.GraphNode, fanOut)
		if err != nil {
			return Subgraph{}, lookupError(n.GraphNode, err)
		}
		if hub := n.Kind != investigations.NodeIncident && i > 0; hub && total > fanOut {
			edges = edges[:min(len(edges), hubFanOut)]
		}
		b.sub.Nodes[i].Degree = total
		if n.Kind == investigations.NodeIncident {
			edges = inOrder(edges, n.GraphNode)
		}
		for _, e := range edges {
			b.edge(e, Opposite(e, n.GraphNode), n.Depth+1)
		}
	}
	return b.done(), nil
}

// typeOrder is the order in which the edges that lead away from an incident are told: what happened, where, and what came of it.
var typeOrder = []investigations.EdgeType{
	investigations.EdgeCausedBy, investigations.EdgeTriggeredBy, investigations.EdgeOn, investigations.EdgeRuns, investigations.EdgeFixedBy,
	investigations.EdgeRecurredAs, investigations.EdgeInheritedFrom, investigations.EdgeSameRootAs, investigations.EdgeJudgedBy,
}

// inOrder puts the edges that lead away from an incident first, in the order of typeOrder and then by name: they are all
// as old as itself, and stores return them in an order of their own.
func inOrder(edges []investigations.Edge, from investigations.GraphNode) []investigations.Edge {
	var away, towards []investigations.Edge
	for _, e := range edges {
		if e.From == from {
			away = append(away, e)
		} else {
			towards = append(towards, e)
		}
	}
	slices.SortStableFunc(away, func(a, b investigations.Edge) int {
		return cmp.Or(
			cmp.Compare(slices.Index(typeOrder, a.Type), slices.Index(typeOrder, b.Type)),
			cmp.Compare(a.To.Kind, b.To.Kind), cmp.Compare(a.To.Name, b.To.Name),
		)
	})
	return append(away, towards...)
}

// Opposite returns the end of e that is not n; n itself where both are.
func Opposite(e investigations.Edge, n investigations.GraphNode) investigations.GraphNode {
	if e.From == n {
		return e.To
	}
	return e.From
}

// builder puts a subgraph together.
type builder struct {
	sub     Subgraph
	members map[investigations.GraphNode]bool
	edges   map[investigations.Edge]bool
	// touching counts the edges at each node.
	touching map[investigations.GraphNode]int
}

func newBuilder() *builder {
	return &builder{
		sub:      Subgraph{Nodes: []Member{}, Edges: []investigations.Edge{}, Cut: []Cut{}},
		members:  map[investigations.GraphNode]bool{},
		edges:    map[investigations.Edge]bool{},
		touching: map[investigations.GraphNode]int{},
	}
}

// node adds a node, and says whether it is there now.
func (b *builder) node(n investigations.GraphNode, depth int) bool {
	if !b.members[n] && len(b.sub.Nodes) < maxNeighbours {
		b.members[n] = true
		b.sub.Nodes = append(b.sub.Nodes, Member{GraphNode: n, Depth: depth})
	}
	return b.members[n]
}

// edge adds an edge of a node that is there, and with it the node to which it leads.
func (b *builder) edge(e investigations.Edge, to investigations.GraphNode, depth int) {
	if b.edges[e] || !b.node(to, depth) {
		return
	}
	b.edges[e] = true
	b.sub.Edges = append(b.sub.Edges, e)
	b.touching[e.From]++
	if e.To != e.From {
		b.touching[e.To]++
	}
}

// done tells what was left out of nodes that were looked up.
func (b *builder) done() Subgraph {
	for _, n := range b.sub.Nodes {
		if more := n.Degree - b.touching[n.GraphNode]; more > 0 {
			b.sub.Cut = append(b.sub.Cut, Cut{Node: n.GraphNode, More: more})
		}
	}
	return b.sub
}

func lookupError(n investigations.GraphNode, err error) error {
	return fmt.Errorf("look up what %s %s leads to: %w", n.Kind, investigations.CleanText(n.Name, 100), err)
}
