package memorytest

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// Opener opens an empty store for one test, whose leases and marks go by now. The store is closed by t.Cleanup, or by the
// test; a second close does nothing.
type Opener func(t *testing.T, now func() time.Time) memory.Store

// Test checks that a store keeps what the interfaces in investigations and memory promise, one subtest a promise. It
// never waits for a clock: it moves the one that it passes to open.
func Test(t *testing.T, open Opener) {
	for _, group := range []struct {
		name  string
		tests []check
	}{
		{"Keep", keepTests},
		{"Amend", amendTests},
		{"Heads", headsTests},
		{"Forget", forgetTests},
		{"Candidates", candidatesTests},
		{"Edges", edgesTests},
		{"Inbox", inboxTests},
		{"WorkLog", workTests},
		{"Shelf", shelfTests},
		{"Together", togetherTests},
		{"Hostile", hostileTests},
		{"Life", lifeTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.tests {
				t.Run(c.name, func(t *testing.T) {
					clk := &clock{at: Epoch}
					c.run(&store{T: t, Store: open(t, clk.now), clock: clk})
				})
			}
		})
	}
}

// check is one promise.
type check struct {
	name string
	run  func(s *store)
}

// store is a store under test.
type store struct {
	*testing.T
	memory.Store
	clock *clock
}

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// keep stores traces, which must succeed.
func (s *store) keep(traces ...investigations.Trace) {
	s.Helper()
	if err := s.Keep(s.Context(), traces...); err != nil {
		s.Fatalf("Keep: %v", err)
	}
}

// trace returns a trace that must be there.
func (s *store) trace(id string) investigations.Trace {
	s.Helper()
	t, err := s.Trace(s.Context(), id)
	if err != nil {
		s.Fatalf("Trace(%q): %v", id, err)
	}
	return t
}

// heads returns what a filter selects.
func (s *store) heads(f investigations.Filter) []investigations.Head {
	s.Helper()
	var out []investigations.Head
	for h, err := range s.Heads(s.Context(), f) {
		if err != nil {
			s.Fatalf("Heads(%+v): %v", f, err)
		}
		out = append(out, h)
	}
	return out
}

// listed returns the ids of what a filter selects.
func (s *store) listed(f investigations.Filter) []string {
	s.Helper()
	return ids(s.heads(f))
}

func (s *store) forget(f investigations.Filter) int {
	s.Helper()
	n, err := s.Forget(s.Context(), f)
	if err != nil {
		s.Fatalf("Forget(%+v): %v", f, err)
	}
	return n
}

func (s *store) candidates(cue investigations.Cue) investigations.Candidates {
	s.Helper()
	c, err := s.Candidates(s.Context(), cue)
	if err != nil {
		s.Fatalf("Candidates(%q): %v", cue.Terms, err)
	}
	return c
}

// edges returns all edges of a node.
func (s *store) edges(n investigations.GraphNode) []investigations.Edge {
	s.Helper()
	all, total, err := s.Edges(s.Context(), n, 1<<20)
	if err != nil {
		s.Fatalf("Edges(%v): %v", n, err)
	}
	if total != len(all) {
		s.Errorf("Edges(%v) returned %d edges and says that there are %d", n, len(all), total)
	}
	return all
}

// same compares as documents do: an empty list is one that is absent, and a moment is the same in every zone.
func (s *store) same(what string, want, got any) {
	s.Helper()
	if diff := cmp.Diff(want, got, asDocuments...); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

var asDocuments = []cmp.Option{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b json.RawMessage) bool {
	return cmp.Equal(parsed(a), parsed(b))
})}

// parsed returns the value of a document; of an absent one nil.
func parsed(doc json.RawMessage) any {
	var v any
	if err := json.Unmarshal(doc, &v); err != nil && len(doc) > 0 {
		return "no JSON: " + string(doc)
	}
	return v
}

func ids(heads []investigations.Head) []string {
	var out []string
	for _, h := range heads {
		out = append(out, h.ID)
	}
	return out
}

// history returns the first n incidents of a generated one.
func history(n int) []investigations.Trace {
	var out []investigations.Trace
	for i := range n {
		out = append(out, Trace(1, i))
	}
	return out
}

// brief is a trace with nothing in it but what a test is about.
func brief(id string, minute int, f investigations.Features) investigations.Trace {
	at := Epoch.Add(time.Duration(minute) * time.Minute)
	return investigations.Trace{
		Features: f,
		Result: investigations.Result{
			ID: id, At: at, Target: investigations.Target{Namespace: f.Namespace, Workload: f.Workload, Container: f.Container, Node: f.Node},
			Verdict: investigations.Verdict{
				Mechanism: f.Mechanism, Boundary: f.Boundary, Cause: f.Cause, Trigger: f.Trigger, Headline: "what happened in " + id,
			},
		},
	}
}

// cancelled is a context that is done.
func cancelled(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

// sorted returns edges in an order of their own, to compare sets.
func sorted(edges []investigations.Edge) []string {
	var out []string
	for _, e := range edges {
		out = append(out, string(e.From.Kind)+" "+e.From.Name+" -"+string(e.Type)+"-> "+string(e.To.Kind)+" "+e.To.Name)
	}
	slices.Sort(out)
	return out
}
