package memorytest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// Fake is a complete memory.Store in the heap, for tests. It is safe for concurrent use; what is given to it and what it
// returns shares nothing with what it keeps.
type Fake struct {
	now func() time.Time

	mu     sync.Mutex
	closed bool
	traces map[string]*record
	// having are the traces of each term; touching are the edges of each node, with the traces that own them.
	having   map[string]map[string]*record
	touching map[investigations.GraphNode]map[investigations.Edge]map[string]*record
	items    []*investigations.Item
	works    []*investigations.Work
	leases   int
	// docs are sorted by kind and key; none is ever changed.
	docs []investigations.Doc
}

var _ memory.Store = (*Fake)(nil)

// record is one trace with what it is found by. It is replaced and never changed.
type record struct {
	id string
	at time.Time
	// doc and head are JSON, so that every reader gets one of its own.
	doc, head []byte
	listed    investigations.Head
	terms     []string
	edges     []investigations.Edge
}

// New returns an empty store whose leases and marks go by now.
func New(now func() time.Time) *Fake {
	return &Fake{
		now: now, traces: map[string]*record{}, having: map[string]map[string]*record{},
		touching: map[investigations.GraphNode]map[investigations.Edge]map[string]*record{},
	}
}

// enter locks the store for one call. The caller unlocks it where there is no error.
func (f *Fake) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: %w", err)
	}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return memory.ErrClosed
	}
	return nil
}

// Keep implements investigations.Memory.
func (f *Fake) Keep(ctx context.Context, traces ...investigations.Trace) error {
	if err := f.enter(ctx); err != nil {
		return err
	}
	defer f.mu.Unlock()
	staged := map[string]*record{}
	for i, t := range traces {
		id := t.Result.ID
		if err := checkKey(id); err != nil {
			return fmt.Errorf("keep trace %d of %d: id: %w", i+1, len(traces), err)
		}
		old, ok := staged[id]
		if !ok {
			old, ok = f.traces[id]
		}
		if ok {
			earlier, err := old.trace()
			if err != nil {
				return err
			}
			t = memory.Revise(earlier, t)
		}
		rec, err := newRecord(t)
		if err != nil {
			return fmt.Errorf("keep trace %s: %w", id, err)
		}
		staged[id] = rec
	}
	for _, rec := range staged {
		f.put(rec)
	}
	return nil
}

// Amend implements investigations.Memory.
func (f *Fake) Amend(ctx context.Context, id string, a investigations.Amendment) error {
	if err := f.enter(ctx); err != nil {
		return err
	}
	defer f.mu.Unlock()
	rec, ok := f.traces[id]
	if !ok {
		return fmt.Errorf("amend trace %q: %w", id, investigations.ErrNotFound)
	}
	t, err := rec.trace()
	if err != nil {
		return err
	}
	if rec, err = newRecord(memory.Amend(t, a)); err != nil {
		return fmt.Errorf("amend trace %s: %w", id, err)
	}
	f.put(rec)
	return nil
}

// Trace implements investigations.Memory.
func (f *Fake) Trace(ctx context.Context, id string) (investigations.Trace, error) {
	if err := f.enter(ctx); err != nil {
		return investigations.Trace{}, err
	}
	defer f.mu.Unlock()
	rec, ok := f.traces[id]
	if !ok {
		return investigations.Trace{}, fmt.Errorf("trace %q: %w", id, investigations.ErrNotFound)
	}
	return rec.trace()
}

// Heads implements investigations.Memory.
func (f *Fake) Heads(ctx context.Context, filter investigations.Filter) iter.Seq2[investigations.Head, error] {
	return func(yield func(investigations.Head, error) bool) {
		if err := f.enter(ctx); err != nil {
			yield(investigations.Head{}, err)
			return
		}
		selected := f.selected(filter)
		f.mu.Unlock()
		for _, rec := range selected {
			h, err := rec.headCopy()
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(investigations.Head{}, fmt.Errorf("list traces: %w", err))
				return
			}
			if !yield(h, nil) {
				return
			}
		}
	}
}

// Forget implements investigations.Memory.
func (f *Fake) Forget(ctx context.Context, filter investigations.Filter) (int, error) {
	if err := f.enter(ctx); err != nil {
		return 0, err
	}
	defer f.mu.Unlock()
	selected := f.selected(filter)
	for _, rec := range selected {
		f.drop(rec.id)
	}
	return len(selected), nil
}

// Candidates implements investigations.Index: a term weighs the more, the fewer traces have it.
func (f *Fake) Candidates(ctx context.Context, cue investigations.Cue) (investigations.Candidates, error) {
	if err := f.enter(ctx); err != nil {
		return investigations.Candidates{}, err
	}
	defer f.mu.Unlock()
	out := investigations.Candidates{Traces: int64(len(f.traces))}
	weights := map[*record]float64{}
	for i, term := range cue.Terms {
		having := f.having[term]
		out.Having = append(out.Having, int64(len(having)))
		if slices.Contains(cue.Terms[:i], term) {
			continue
		}
		for _, rec := range having {
			if rec.id != cue.Without {
				weights[rec] += math.Log(1 + float64(len(f.traces))/float64(len(having)))
			}
		}
	}
	best := slices.SortedFunc(maps.Keys(weights), func(a, b *record) int {
		return cmp.Or(cmp.Compare(weights[b], weights[a]), newestFirst(a, b))
	})
	for _, rec := range best[:min(len(best), max(cue.Limit, 0))] {
		h, err := rec.headCopy()
		if err != nil {
			return investigations.Candidates{}, err
		}
		out.Heads = append(out.Heads, h)
	}
	return out, nil
}

// Edges implements investigations.Graph. An edge is as new as the newest trace that owns it.
func (f *Fake) Edges(ctx context.Context, n investigations.GraphNode, limit int) ([]investigations.Edge, int, error) {
	if err := f.enter(ctx); err != nil {
		return nil, 0, err
	}
	defer f.mu.Unlock()
	newest := map[investigations.Edge]*record{}
	for e, owners := range f.touching[n] {
		newest[e] = slices.SortedFunc(maps.Values(owners), newestFirst)[0]
	}
	all := slices.SortedFunc(maps.Keys(newest), func(a, b investigations.Edge) int {
		if (a.From == n) != (b.From == n) {
			if a.From == n {
				return -1
			}
			return 1
		}
		return cmp.Or(newestFirst(newest[a], newest[b]), strings.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	return slices.Clone(all[:min(len(all), max(limit, 0))]), len(all), nil
}

// Backup writes one JSON document: {"version": 1, "traces": […], "items": […], "works": […], "docs": […]}.
func (f *Fake) Backup(ctx context.Context, w io.Writer) error {
	if err := f.enter(ctx); err != nil {
		return err
	}
	doc, err := f.document()
	f.mu.Unlock()
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if _, err := w.Write(doc); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}

func (f *Fake) document() ([]byte, error) {
	doc := struct {
		Version int                    `json:"version"`
		Traces  []json.RawMessage      `json:"traces"`
		Items   []*investigations.Item `json:"items"`
		Works   []*investigations.Work `json:"works"`
		Docs    []investigations.Doc   `json:"docs"`
	}{Version: 1, Traces: []json.RawMessage{}, Items: f.items, Works: f.works, Docs: f.docs}
	for _, rec := range f.selected(investigations.Filter{}) {
		doc.Traces = append(doc.Traces, rec.doc)
	}
	return json.Marshal(doc)
}

// Compact returns the size of what Backup writes, twice: there is nothing to give back.
func (f *Fake) Compact(ctx context.Context) (before, after int64, err error) {
	if err := f.enter(ctx); err != nil {
		return 0, 0, err
	}
	defer f.mu.Unlock()
	doc, err := f.document()
	return int64(len(doc)), int64(len(doc)), err
}

// Close implements memory.Store.
func (f *Fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

// selected returns what a filter selects, the newest first.
func (f *Fake) selected(filter investigations.Filter) []*record {
	var out []*record
	for _, rec := range f.traces {
		if memory.Matches(filter, rec.listed) {
			out = append(out, rec)
		}
	}
	slices.SortFunc(out, newestFirst)
	if filter.Limit > 0 && filter.Limit < len(out) {
		out = out[:filter.Limit]
	}
	return out
}

// put stores a record in the place of an older one of its id.
func (f *Fake) put(rec *record) {
	f.drop(rec.id)
	f.traces[rec.id] = rec
	for _, term := range rec.terms {
		if f.having[term] == nil {
			f.having[term] = map[string]*record{}
		}
		f.having[term][rec.id] = rec
	}
	for _, e := range rec.edges {
		for _, n := range []investigations.GraphNode{e.From, e.To} {
			if f.touching[n] == nil {
				f.touching[n] = map[investigations.Edge]map[string]*record{}
			}
			if f.touching[n][e] == nil {
				f.touching[n][e] = map[string]*record{}
			}
			f.touching[n][e][rec.id] = rec
		}
	}
}

// drop removes a record, the terms and edges that only it had, and nodes that nothing leads to any more.
func (f *Fake) drop(id string) {
	rec, ok := f.traces[id]
	if !ok {
		return
	}
	delete(f.traces, id)
	for _, term := range rec.terms {
		if delete(f.having[term], id); len(f.having[term]) == 0 {
			delete(f.having, term)
		}
	}
	for _, e := range rec.edges {
		for _, n := range []investigations.GraphNode{e.From, e.To} {
			if delete(f.touching[n][e], id); len(f.touching[n][e]) == 0 {
				delete(f.touching[n], e)
			}
			if len(f.touching[n]) == 0 {
				delete(f.touching, n)
			}
		}
	}
}

func newestFirst(a, b *record) int {
	return cmp.Or(b.at.Compare(a.at), strings.Compare(b.id, a.id))
}

func newRecord(t investigations.Trace) (*record, error) {
	doc, err := json.Marshal(memory.Normalized(t))
	if err != nil {
		return nil, err
	}
	rec := &record{id: t.Result.ID, doc: doc}
	if t, err = rec.trace(); err != nil { // what is found is what will be read
		return nil, err
	}
	rec.at, rec.listed, rec.edges = t.Result.At, memory.HeadOf(t), memory.EdgesOf(t)
	rec.terms = memory.TermsOf(rec.listed)
	rec.head, err = json.Marshal(rec.listed)
	return rec, err
}

func (r *record) trace() (investigations.Trace, error) {
	var t investigations.Trace
	if err := json.Unmarshal(r.doc, &t); err != nil {
		return investigations.Trace{}, fmt.Errorf("read trace %s: %w", r.id, err)
	}
	return t, nil
}

func (r *record) headCopy() (investigations.Head, error) {
	var h investigations.Head
	if err := json.Unmarshal(r.head, &h); err != nil {
		return investigations.Head{}, fmt.Errorf("read head %s: %w", r.id, err)
	}
	return h, nil
}

// checkKey refuses ids and keys that a document can't hold as they are.
func checkKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("it is empty: %w", memory.ErrInvalid)
	case !utf8.ValidString(key):
		return fmt.Errorf("%q is not UTF-8: %w", key, memory.ErrInvalid)
	}
	return nil
}
