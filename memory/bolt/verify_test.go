package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// verify checks that a file is sound: that bbolt finds nothing wrong with it, and that all that is kept about traces,
// items, work and documents is what follows from them, no more and no less.
func verify(t testing.TB, s *Store) {
	t.Helper()
	err := s.view(t.Context(), func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("bbolt: %v", err)
		}
		v := verifier{TB: t, tx: tx}
		v.traces()
		v.postings()
		v.graph()
		v.inbox()
		v.work()
		v.shelf()
		return nil
	})
	if err != nil {
		t.Errorf("verify: %v", err)
	}
}

type verifier struct {
	testing.TB
	tx *bbolt.Tx
	// what the postings and the graph must have, gathered from the traces
	terms   map[termHash][]slot
	owners  map[investigations.GraphNode]map[slot]bool
	sharing map[investigations.Edge]int
	owned   map[slot][]investigations.Edge
}

// all returns what a bucket has, by key.
func (v *verifier) all(bucket []byte) map[string]string {
	out := map[string]string{}
	err := v.tx.Bucket(bucket).ForEach(func(key, value []byte) error {
		out[string(key)] = string(value)
		return nil
	})
	if err != nil {
		v.Errorf("%s: %v", bucket, err)
	}
	return out
}

func (v *verifier) same(what string, want, got any) {
	v.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		v.Errorf("%s (-what follows from the traces +what is there):\n%s", what, diff)
	}
}

// traces checks heads and ids against traces.
func (v *verifier) traces() {
	v.terms, v.sharing, v.owned = map[termHash][]slot{}, map[investigations.Edge]int{}, map[slot][]investigations.Edge{}
	v.owners = map[investigations.GraphNode]map[slot]bool{}
	heads, ids := v.all(bucketHeads), v.all(bucketIDs)
	slots := map[slot]bool{}
	for key := range v.all(bucketTraces) {
		slots[slotOf([]byte(key))] = true
	}
	for s := range slots {
		t, err := decodeTrace(pieces{v.tx.Bucket(bucketTraces)}.get(s))
		if err != nil {
			v.Errorf("trace in slot %x: %v", s, err)
			continue
		}
		if s.milli() != firstSlot(t.Result.At).milli() {
			v.Errorf("the trace of %v is in slot %x", t.Result.At, s)
		}
		if ids[t.Result.ID] != string(s.key()) {
			v.Errorf("id %q leads to %x, want %x", t.Result.ID, ids[t.Result.ID], s)
		}
		h, err := decodeHead([]byte(heads[string(s.key())]))
		if err != nil {
			v.Errorf("head of %q: %v", t.Result.ID, err)
		}
		v.same("head", memory.HeadOf(t), h)
		for _, term := range hashTerms(memory.TermsOf(h)) {
			v.terms[term] = append(v.terms[term], s)
		}
		v.owned[s] = memory.EdgesOf(t)
		for _, e := range v.owned[s] {
			v.sharing[e]++
			for _, n := range []investigations.GraphNode{e.From, e.To, {Kind: kindEdgeType, Name: string(e.Type)}} {
				if v.owners[n] == nil {
					v.owners[n] = map[slot]bool{}
				}
				v.owners[n][s] = true
			}
		}
	}
	if n := number(v.tx.Bucket(bucketMeta), keyCount); len(heads) != len(slots) || len(ids) != len(slots) || int(n) != len(slots) {
		v.Errorf("there are %d traces, %d heads, %d ids, and the count is %d", len(slots), len(heads), len(ids), n)
	}
}

func (v *verifier) postings() {
	counts, lists := map[termHash]int{}, map[termHash][]slot{}
	b := v.tx.Bucket(bucketPostings)
	err := b.ForEach(func(key, value []byte) error {
		h := termHash(key[:len(termHash{})])
		if !isChunk(key, h) {
			counts[h] = int(number(b, key))
			return nil
		}
		if len(value) == 0 || len(value)%slotLen != 0 || chunkLen(value) > chunkMax || chunkAt(value, 0) != slotOf(key[len(h):]) {
			return fmt.Errorf("chunk %x has %d bytes and begins with another slot than its key", key, len(value))
		}
		for i := range chunkLen(value) {
			lists[h] = append(lists[h], chunkAt(value, i))
		}
		return nil
	})
	if err != nil {
		v.Errorf("postings: %v", err)
	}
	want := map[termHash]int{}
	for h, list := range v.terms {
		slices.Sort(list)
		want[h] = len(list)
	}
	v.same("postings", v.terms, lists) // chunks that overlap or are in disorder show here
	v.same("counts of postings", want, counts)
}

func (v *verifier) graph() {
	g := graphOf(v.tx)
	nodes, touches := map[investigations.GraphNode]node{}, map[string]string{}
	for key := range v.all(bucketNodes) {
		id := nodeID(binary.BigEndian.Uint32([]byte(key)))
		n, err := g.load(id)
		if err != nil {
			v.Fatalf("node %d: %v", id, err)
		}
		nodes[n.graphNode()] = *n
		touches[string(touchKey(id, endSlot))] = string(encode(countsVersion, n.counts))
		if back, ok := g.lookup(n.graphNode()); !ok || back != id {
			v.Errorf("the name of node %d leads to %d", id, back)
		}
	}
	want := map[investigations.GraphNode]node{}
	for n, owners := range v.owners {
		want[n] = node{kind: n.Kind, name: n.Name, owners: uint64(len(owners))}
	}
	for e := range v.sharing {
		from := want[e.From]
		from.out++
		want[e.From] = from
		to := want[e.To]
		to.in++
		want[e.To] = to
	}
	if diff := cmp.Diff(want, nodes, cmp.AllowUnexported(node{})); diff != "" {
		v.Errorf("nodes (-want +got):\n%s", diff)
	}
	if n := len(v.all(bucketNames)); n != len(nodes) {
		v.Errorf("there are %d names of %d nodes", n, len(nodes))
	}
	refs := map[string]string{}
	for s, edges := range v.owned {
		var ids []edge
		for _, e := range edges {
			byID, err := g.internEdge(e) // all of it is there, so that nothing is written
			if err != nil {
				v.Fatalf("edge %v: %v", e, err)
			}
			ids = append(ids, byID)
			refs[string(byID.key())] = string(binary.AppendUvarint(nil, uint64(v.sharing[e])))
			touches[string(touchKey(byID.from, s))], touches[string(touchKey(byID.to, s))] = "", ""
		}
		got, err := g.owned(s)
		if err != nil {
			v.Errorf("edges of %x: %v", s, err)
		}
		if !slices.Equal(ids, got) {
			v.Errorf("the edges of slot %x are %v, want %v", s, got, ids)
		}
	}
	v.same("touches", touches, v.all(bucketTouches))
	v.same("refs", refs, v.all(bucketRefs))
	for key := range v.all(bucketEdges) {
		if len(v.owned[slotOf([]byte(key))]) == 0 {
			v.Errorf("slot %x has edges and no trace that spans any", key)
		}
	}
}

func (v *verifier) inbox() {
	b := inbox{items: v.tx.Bucket(bucketInbox)}
	found := map[string]int{}
	for _, index := range [][]byte{bucketReady, bucketWaiting, bucketDone} {
		for at, key := range v.all(index) {
			found[key]++
			it, err := b.indexed([]byte(key))
			if err != nil {
				v.Errorf("%s: %v", index, err)
				continue
			}
			when := it.At
			switch {
			case bytes.Equal(index, bucketWaiting):
				when = it.dueAt()
			case bytes.Equal(index, bucketDone):
				when = it.DoneAt
			}
			if at != string(it.index(when)) || it.DoneAt.IsZero() == bytes.Equal(index, bucketDone) {
				v.Errorf("item %q is in %s under %x: %+v", key, index, at, it)
			}
		}
	}
	want := map[string]int{}
	for key := range v.all(bucketInbox) {
		want[key] = 1
	}
	if !maps.Equal(want, found) {
		v.Errorf("items are in indexes so often: %v, want all once: %v", found, want)
	}
}

func (v *verifier) work() {
	want := map[string]string{}
	for key := range v.all(bucketWork) {
		w, err := getWork(v.tx, []byte(key))
		if err != nil {
			v.Errorf("work %q: %v", key, err)
		} else if w.EndedAt.IsZero() {
			want[string(w.index())] = key
		}
	}
	v.same("unfinished work", want, v.all(bucketUnfinished))
}
