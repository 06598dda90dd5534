package bolt

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// temp opens a new store.
func temp(t testing.TB) *Store {
	t.Helper()
	return reopen(t, filepath.Join(t.TempDir(), "memory.db"), Options{NoSync: true})
}

func reopen(t testing.TB, path string, o Options) *Store {
	t.Helper()
	s, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func keep(t testing.TB, s *Store, traces ...investigations.Trace) {
	t.Helper()
	if err := s.Keep(t.Context(), traces...); err != nil {
		t.Fatal(err)
	}
}

func history(from, to int) []investigations.Trace {
	var out []investigations.Trace
	for i := from; i < to; i++ {
		out = append(out, memorytest.Trace(1, i))
	}
	return out
}

// TestIndexesFollow changes a store at random for a while, and finds the indexes in step with the traces throughout.
func TestIndexesFollow(t *testing.T) {
	s, r := temp(t), rand.New(rand.NewPCG(1, 2))
	pool := history(0, 400)
	order := r.Perm(len(pool)) // kills come in late as well
	for step := range 60 {
		switch r.IntN(4) {
		case 0, 1:
			var some []investigations.Trace
			for range 1 + r.IntN(12) {
				some = append(some, pool[order[r.IntN(len(order))]])
			}
			keep(t, s, some...)
		case 2: // the same kill, judged otherwise, and sometimes at another time
			tr := pool[order[r.IntN(len(order))]]
			tr.Result.Verdict.Cause = investigations.Causes[r.IntN(len(investigations.Causes))]
			tr.Features.Version = fmt.Sprint("9.", step)
			tr.Links = append(slices.Clone(tr.Links), investigations.Link{Type: "cooked-up", ID: pool[r.IntN(len(pool))].Result.ID})
			if r.IntN(2) == 0 {
				tr.Result.At = tr.Result.At.Add(time.Duration(r.IntN(1e6)) * time.Second)
			}
			keep(t, s, tr)
			err := s.Amend(t.Context(), tr.Result.ID, investigations.Amendment{
				Feedback: []investigations.Feedback{{By: "U1", Vote: investigations.VoteDown, Cause: investigations.CauseSidecar, At: time.Unix(int64(step), 0)}},
				Outcome:  &investigations.Outcome{State: investigations.OutcomeFixApplied, At: time.Unix(int64(step), 0), Fix: []investigations.Action{investigations.ActionRollback}},
			})
			if err != nil {
				t.Fatal(err)
			}
		case 3:
			from := pool[r.IntN(len(pool))].Result.At
			if _, err := s.Forget(t.Context(), investigations.Filter{Since: from, Before: from.Add(3 * time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
		if step%6 == 0 {
			verify(t, s)
		}
	}
	left := entries(t, s, bucketHeads)
	for what, f := range map[string]investigations.Filter{"one by one": {Since: time.Unix(0, 0)}, "at once": {}} {
		n, err := s.Forget(t.Context(), f)
		if err != nil || n != left {
			t.Fatalf("%d of %d were forgotten %s: %v", n, left, what, err)
		}
		verify(t, s)
		for _, name := range traceBuckets {
			if n := entries(t, s, name); n != 0 {
				t.Errorf("%d entries are left in %s after everything was forgotten %s", n, name, what)
			}
		}
		keep(t, s, pool[:50]...)
		left = 50
	}
	verify(t, s)
}

// TestManyOfOneTerm has chunks of postings grow, split and shrink: upwards, downwards and in between.
func TestManyOfOneTerm(t *testing.T) {
	s := temp(t)
	var traces []investigations.Trace
	for i := range 1000 {
		traces = append(traces, small(fmt.Sprint(i), time.Duration(i)*time.Hour))
	}
	r := rand.New(rand.NewPCG(3, 4))
	keep(t, s, traces[400:600]...)
	for i := 399; i >= 200; i-- {
		keep(t, s, traces[i])
	}
	rest := append(slices.Clone(traces[:200]), traces[600:]...)
	r.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	keep(t, s, rest...)
	verify(t, s)
	terms := memory.TermsOf(memory.HeadOf(traces[0]))
	c, err := s.Candidates(t.Context(), investigations.Cue{Terms: terms, Limit: 2000, Without: "500"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range c.Heads {
		got = append(got, h.ID)
	}
	var want []string
	for i := 999; i >= 0; i-- {
		if i != 500 {
			want = append(want, fmt.Sprint(i))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %d candidates, want all but one, the newest first", len(got))
	}
	for _, i := range r.Perm(1000)[:900] {
		if _, err := s.Forget(t.Context(), investigations.Filter{IDs: []string{fmt.Sprint(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	verify(t, s)
}

// small is a trace with little in it.
func small(id string, after time.Duration) investigations.Trace {
	f := investigations.Features{Comm: "java", Cause: investigations.CauseLeak, Node: "n1", Runtime: "java"}
	return investigations.Trace{Features: f, Result: investigations.Result{
		ID: id, At: memorytest.Epoch.Add(after), Verdict: investigations.Verdict{Cause: f.Cause, Headline: "killed: " + id},
	}}
}

// entries counts what a bucket has.
func entries(t testing.TB, s *Store, bucket []byte) int {
	t.Helper()
	n := 0
	for range everything(t, s, bucket) {
		n++
	}
	return n
}
