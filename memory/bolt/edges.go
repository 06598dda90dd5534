package bolt

import (
	"bytes"
	"context"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
)

// Edges returns the edges that touch n, as investigations.Graph promises; an edge that several traces have is as new
// as the newest of them. A limit of 0 or less returns how many there are and none of them.
func (s *Store) Edges(ctx context.Context, n investigations.GraphNode, limit int) ([]investigations.Edge, int, error) {
	var out []investigations.Edge
	var total int
	err := s.view(ctx, func(tx *bbolt.Tx) (err error) {
		g := graphOf(tx)
		id, ok := g.lookup(n)
		if !ok || n.Kind == kindEdgeType {
			return nil
		}
		out, total, err = g.touching(ctx, id, limit)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return out, total, nil
}

// touching returns the edges that touch a node, and how many there are in all.
func (g *graph) touching(ctx context.Context, id nodeID, limit int) ([]investigations.Edge, int, error) {
	n, err := g.load(id)
	if err != nil {
		return nil, 0, err
	}
	total := int(n.out + n.in)
	limit = max(limit, 0)
	wantOut := min(int(n.out), limit)
	wantIn := min(int(n.in), limit-wantOut)
	var out, in []edge
	seen := map[edge]bool{}
	err = g.owners(ctx, id, func(edges []edge) bool {
		for _, e := range edges {
			switch {
			case seen[e]:
			case e.from == id && len(out) < wantOut:
				out, seen[e] = append(out, e), true
			case e.to == id && len(in) < wantIn:
				in, seen[e] = append(in, e), true
			}
		}
		return len(out) < wantOut || len(in) < wantIn
	})
	if err != nil {
		return nil, 0, err
	}
	edges := make([]investigations.Edge, 0, len(out)+len(in))
	for _, e := range append(out, in...) {
		named, err := g.named(e)
		if err != nil {
			return nil, 0, err
		}
		edges = append(edges, named)
	}
	return edges, total, nil
}

// owners calls fn with the edges of each trace that has one which touches the node, the newest first, until it returns
// false.
func (g *graph) owners(ctx context.Context, id nodeID, fn func([]edge) bool) error {
	prefix := id.append(nil)
	c := g.touches.Cursor()
	c.Seek(touchKey(id, endSlot)) // what is counted of the node, which is there
	for key, _ := c.Prev(); bytes.HasPrefix(key, prefix); key, _ = c.Prev() {
		if err := ctx.Err(); err != nil {
			return err
		}
		edges, err := g.owned(slotOf(key[nodeIDLen:]))
		if err != nil {
			return err
		}
		if !fn(edges) {
			return nil
		}
	}
	return nil
}

// named returns an edge with the names of its nodes.
func (g *graph) named(e edge) (investigations.Edge, error) {
	from, err := g.load(e.from)
	if err != nil {
		return investigations.Edge{}, err
	}
	typ, err := g.load(e.typ)
	if err != nil {
		return investigations.Edge{}, err
	}
	to, err := g.load(e.to)
	if err != nil {
		return investigations.Edge{}, err
	}
	return investigations.Edge{From: from.graphNode(), Type: investigations.EdgeType(typ.name), To: to.graphNode()}, nil
}
