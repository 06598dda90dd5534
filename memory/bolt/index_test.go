package bolt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// TestReindex opens a file whose index was made with other terms, or only half.
func TestReindex(t *testing.T) {
	s := temp(t)
	var traces []investigations.Trace
	for i := range reindexBatch + 100 {
		traces = append(traces, small(fmt.Sprint(i), time.Duration(i)*time.Minute))
	}
	keep(t, s, traces...)
	err := s.update(t.Context(), func(tx *bbolt.Tx) error {
		p := postings{tx.Bucket(bucketPostings)}
		for i := range 5 {
			at := slotOf(tx.Bucket(bucketIDs).Get([]byte(fmt.Sprint(i))))
			for _, h := range hashTerms(memory.TermsOf(memory.HeadOf(traces[i]))) {
				if err := p.remove(h, at); err != nil {
					return err
				}
			}
		}
		return errors.Join(p.add(hashTerm("a term of old"), 7), tx.Bucket(bucketMeta).Put(keyTerms, []byte("0")))
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	verify(t, reopen(t, s.path, Options{NoSync: true}))
}

// byHand ranks all traces as Candidates does with no bound on its work.
func byHand(traces []investigations.Trace, cue investigations.Cue) map[string]float64 {
	having := map[string]uint64{}
	for _, t := range traces {
		for _, term := range memory.TermsOf(memory.HeadOf(t)) {
			having[term]++
		}
	}
	out := map[string]float64{}
	for _, t := range traces {
		for _, term := range memory.TermsOf(memory.HeadOf(t)) {
			if slices.Contains(cue.Terms, term) && t.Result.ID != cue.Without {
				out[t.Result.ID] += rarity(having[term], uint64(len(traces)))
			}
		}
	}
	return out
}

// TestBudget searches with less and less work. What is found is the best of what shares a rare term, and it is ranked by
// all terms, also those whose lists were not read.
func TestBudget(t *testing.T) {
	s, traces := temp(t), history(0, 300)
	keep(t, s, traces...)
	for i := range 20 {
		tr := traces[i*14]
		cue := investigations.Cue{Terms: memory.Terms(tr.Features), Without: tr.Result.ID, Limit: 10}
		weights := byHand(traces, cue)
		best := slices.SortedFunc(maps.Keys(weights), func(a, b string) int { return cmp.Compare(weights[b], weights[a]) })
		for _, budget := range []int{postingsBudget, 200, 20} {
			err := s.view(t.Context(), func(tx *bbolt.Tx) error {
				q := newQuery(tx, cue)
				q.read(budget)
				found, err := q.best(t.Context(), 40)
				q.rank(found)
				last := math.Inf(1)
				for i, m := range found {
					h, err := decodeHead(q.heads.Get(m.slot.key()))
					if err != nil {
						return err
					}
					if want := weights[h.ID]; math.Abs(m.weight-want) > 1e-9 || m.weight > last {
						t.Errorf("budget %d: the %d. weighs %v, want %v, and no more than the one before, %v", budget, i, m.weight, want, last)
					}
					last = m.weight
					if budget == postingsBudget && i < 10 && math.Abs(m.weight-weights[best[i]]) > 1e-9 {
						t.Errorf("the %d. weighs %v, and the %d. of all %v", i, m.weight, i, weights[best[i]])
					}
				}
				if len(found) == 0 {
					t.Errorf("budget %d: nothing was found", budget)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestDoneIsForgotten remembers an item that is done for as long as it was told to.
func TestDoneIsForgotten(t *testing.T) {
	now := memorytest.Epoch
	s := reopen(t, filepath.Join(t.TempDir(), "memory.db"), Options{NoSync: true, KeepDone: time.Hour, Now: func() time.Time { return now }})
	put := func(key string) bool {
		t.Helper()
		fresh, err := s.Put(t.Context(), investigations.Item{Key: key, At: now, Payload: []byte(`"private"`)})
		if err != nil {
			t.Fatal(err)
		}
		return fresh
	}
	for i := range 2*expireBatch + 3 {
		put(fmt.Sprint(i))
		it, err := s.Take(t.Context(), time.Minute)
		if err := errors.Join(err, s.Done(t.Context(), it, "answered")); err != nil {
			t.Fatal(err)
		}
	}
	for key, record := range everything(t, s, bucketInbox) {
		if strings.Contains(record, "private") {
			t.Errorf("item %s keeps its payload after it is done: %s", key, record)
		}
	}
	now = now.Add(time.Hour - time.Second)
	if put("0") {
		t.Error("an item was forgotten too early")
	}
	now = now.Add(2 * time.Second)
	for i := range 4 { // some are removed in passing each time
		put(fmt.Sprint("new ", i))
	}
	if !put("0") {
		t.Error("an item is remembered for longer than it was told to")
	}
	verify(t, s)
	if n := entries(t, s, bucketInbox); n != 5 {
		t.Errorf("%d items are there, want the 5 new ones", n)
	}
}

// TestWaitingForAWriter gives up with its context.
func TestWaitingForAWriter(t *testing.T) {
	s := temp(t)
	s.writing <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- s.Keep(ctx, small("a", 0)) }()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	<-s.writing
	keep(t, s, small("a", 0))
}

// TestMadeOnce has several make the same new file at once: one gets it, the others hear that it is in use.
func TestMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.db")
	var wg sync.WaitGroup
	stores, failures := make(chan *Store, 8), make(chan error, 8)
	for range 8 {
		wg.Go(func() {
			s, err := Open(path, Options{LockTimeout: -1})
			if err != nil {
				failures <- err
				return
			}
			stores <- s
		})
	}
	wg.Wait()
	close(failures)
	if len(stores) != 1 {
		t.Fatalf("%d have the file open, want 1", len(stores))
	}
	for err := range failures {
		if !errors.Is(err, ErrLocked) {
			t.Errorf("%v, want ErrLocked", err)
		}
	}
	s := <-stores
	keep(t, s, small("a", 0))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Errorf("the folder holds %v (%v), want the file alone", names, err)
	}
}
