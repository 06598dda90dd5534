package bolt

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
)

// nodeID stands for a node in keys. It is never given twice in the life of a file.
type nodeID uint32

const (
	nodeIDLen = 4
	// The versions of the records in the buckets nodes, touches and edges.
	nodeVersion   = 1
	countsVersion = 1
	edgesVersion  = 1
	// kindEdgeType is the kind under which types of edges have their ids. No edge leads to them.
	kindEdgeType investigations.NodeKind = "\x00edge type"
)

func (n nodeID) append(key []byte) []byte { return binary.BigEndian.AppendUint32(key, uint32(n)) }

// node is a node. What it is called never changes and is in the bucket nodes; what is counted changes with every trace
// that touches it, and is in the bucket touches behind the newest of these, so on the same page.
type node struct {
	kind investigations.NodeKind
	name string
	// fresh says that it was not there before.
	fresh bool
	// owners are how many traces have an edge that touches the node; without any it goes.
	owners uint64
	// out and in are how many edges lead away from it and to it, each counted once however many traces have it.
	out, in uint64
}

func (n *node) label(c *coder) {
	text(c, &n.kind)
	text(c, &n.name)
}

func (n *node) counts(c *coder) {
	c.uint(&n.owners)
	c.uint(&n.out)
	c.uint(&n.in)
}

func (n *node) graphNode() investigations.GraphNode {
	return investigations.GraphNode{Kind: n.kind, Name: n.name}
}

// edge is an edge by ids.
type edge struct{ from, typ, to nodeID }

// key is the edge's key in the bucket refs.
func (e edge) key() []byte {
	return e.typ.append(e.to.append(e.from.append(make([]byte, 0, 3*nodeIDLen))))
}

// nameKey is a node's key in the bucket names.
func nameKey(n investigations.GraphNode) []byte {
	sum := sha256.Sum256([]byte(string(n.Kind) + "\x00" + n.Name))
	return sum[:16]
}

func touchKey(n nodeID, s slot) []byte {
	return binary.BigEndian.AppendUint64(n.append(make([]byte, 0, nodeIDLen+slotLen)), uint64(s))
}

// graph reads and changes the graph in one transaction. What is changed of nodes is kept until flush.
type graph struct {
	names, nodes, edges, touches, refs *bbolt.Bucket
	loaded                             map[nodeID]*node
	changed                            map[nodeID]bool
}

func graphOf(tx *bbolt.Tx) *graph {
	return &graph{
		names: tx.Bucket(bucketNames), nodes: tx.Bucket(bucketNodes), edges: tx.Bucket(bucketEdges),
		touches: tx.Bucket(bucketTouches), refs: tx.Bucket(bucketRefs),
		loaded: map[nodeID]*node{}, changed: map[nodeID]bool{},
	}
}

// lookup returns the id of a node; false where there is none.
func (g *graph) lookup(n investigations.GraphNode) (nodeID, bool) {
	v := g.names.Get(nameKey(n))
	if len(v) != nodeIDLen {
		return 0, false
	}
	return nodeID(binary.BigEndian.Uint32(v)), true
}

// load returns a node's record.
func (g *graph) load(id nodeID) (*node, error) {
	if n := g.loaded[id]; n != nil {
		return n, nil
	}
	var n node
	err := decode(g.nodes.Get(id.append(nil)), nodeVersion, n.label)
	if err == nil {
		err = decode(g.touches.Get(touchKey(id, endSlot)), countsVersion, n.counts)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: read node %d of the graph: %w", ErrDamaged, id, err)
	}
	g.loaded[id] = &n
	return &n, nil
}

var errNodes = errors.New("the graph has had all nodes that it can have")

// intern returns the id of a node, a new one where there is none.
func (g *graph) intern(n investigations.GraphNode) (nodeID, error) {
	if id, ok := g.lookup(n); ok {
		return id, nil
	}
	seq, err := g.nodes.NextSequence()
	if err != nil {
		return 0, err
	}
	if seq > math.MaxUint32 {
		return 0, errNodes
	}
	id := nodeID(seq)
	g.loaded[id], g.changed[id] = &node{kind: n.Kind, name: n.Name, fresh: true}, true
	return id, g.names.Put(nameKey(n), id.append(nil))
}

// change has a node's record changed.
func (g *graph) change(id nodeID, how func(*node)) error {
	n, err := g.load(id)
	if err != nil {
		return err
	}
	how(n)
	g.changed[id] = true
	return nil
}

// flush writes what was changed of nodes, and removes those that no trace has any more. It ends the use of g.
func (g *graph) flush() error {
	for id := range g.changed {
		if err := g.write(id, g.loaded[id]); err != nil {
			return err
		}
	}
	return nil
}

func (g *graph) write(id nodeID, n *node) error {
	if n.owners == 0 {
		return errors.Join(g.nodes.Delete(id.append(nil)), g.touches.Delete(touchKey(id, endSlot)), g.names.Delete(nameKey(n.graphNode())))
	}
	if n.fresh {
		if err := g.nodes.Put(id.append(nil), encode(nodeVersion, n.label)); err != nil {
			return err
		}
	}
	return g.touches.Put(touchKey(id, endSlot), encode(countsVersion, n.counts))
}

// owned returns the edges of the trace in that slot.
func (g *graph) owned(s slot) ([]edge, error) {
	record := g.edges.Get(s.key())
	if record == nil {
		return nil, nil
	}
	var out []edge
	err := decode(record, edgesVersion, func(c *coder) { edgeFields(c, &out) })
	if err != nil {
		return nil, fmt.Errorf("%w: read the edges of a trace: %w", ErrDamaged, err)
	}
	return out, nil
}

func edgeFields(c *coder, edges *[]edge) {
	list(c, edges, func(e *edge) {
		for _, id := range []*nodeID{&e.from, &e.typ, &e.to} {
			n := uint64(*id)
			c.uint(&n)
			*id = nodeID(n)
		}
	})
}

// replace makes the edges of the trace in that slot what they are now.
func (g *graph) replace(s slot, now []investigations.Edge) error {
	before, err := g.owned(s)
	if err != nil {
		return err
	}
	edges := make([]edge, len(now))
	for i, e := range now {
		if edges[i], err = g.internEdge(e); err != nil {
			return err
		}
	}
	if slices.Equal(before, edges) {
		return nil
	}
	for _, e := range edges {
		if !slices.Contains(before, e) {
			if err := g.refer(e); err != nil {
				return err
			}
		}
	}
	for _, e := range before {
		if !slices.Contains(edges, e) {
			if err := g.unrefer(e); err != nil {
				return err
			}
		}
	}
	if err := g.touch(s, before, edges); err != nil {
		return err
	}
	if len(edges) == 0 {
		return g.edges.Delete(s.key())
	}
	return g.edges.Put(s.key(), encode(edgesVersion, func(c *coder) { edgeFields(c, &edges) }))
}

func (g *graph) internEdge(e investigations.Edge) (out edge, err error) {
	if out.from, err = g.intern(e.From); err != nil {
		return out, err
	}
	if out.typ, err = g.intern(investigations.GraphNode{Kind: kindEdgeType, Name: string(e.Type)}); err != nil {
		return out, err
	}
	out.to, err = g.intern(e.To)
	return out, err
}

// refer counts one more trace that has the edge; the first one brings it into being.
func (g *graph) refer(e edge) error {
	n := number(g.refs, e.key())
	if n == 0 {
		if err := errors.Join(g.change(e.from, func(n *node) { n.out++ }), g.change(e.to, func(n *node) { n.in++ })); err != nil {
			return err
		}
	}
	return putNumber(g.refs, e.key(), n+1)
}

// unrefer is the way back.
func (g *graph) unrefer(e edge) error {
	n := number(g.refs, e.key())
	if n > 1 {
		return putNumber(g.refs, e.key(), n-1)
	}
	return errors.Join(g.refs.Delete(e.key()),
		g.change(e.from, func(n *node) { n.out-- }), g.change(e.to, func(n *node) { n.in-- }))
}

// touch notes which nodes a trace's edges touch.
func (g *graph) touch(s slot, before, now []edge) error {
	old, now2 := touched(before), touched(now)
	for id, isType := range now2 {
		if _, ok := old[id]; ok {
			continue
		}
		if err := g.change(id, func(n *node) { n.owners++ }); err != nil {
			return err
		}
		if !isType {
			if err := g.touches.Put(touchKey(id, s), nil); err != nil {
				return err
			}
		}
	}
	for id := range old {
		if _, ok := now2[id]; ok {
			continue
		}
		if err := errors.Join(g.change(id, func(n *node) { n.owners-- }), g.touches.Delete(touchKey(id, s))); err != nil {
			return err
		}
	}
	return nil
}

// touched returns the nodes of edges, and which of them are types.
func touched(edges []edge) map[nodeID]bool {
	out := map[nodeID]bool{}
	for _, e := range edges {
		out[e.from], out[e.to], out[e.typ] = false, false, true
	}
	return out
}
