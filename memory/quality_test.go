package memory_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// history is a generated past with known roots: of each trace its family, or -1 for a decoy.
type history struct {
	store  memory.Store
	family map[string]int
}

// newHistory fills a store with incidents of the families and as many decoys; of a share of the incidents the verdict
// is wrong and voted down.
func newHistory(t *testing.T, all []family, each int, poisoned float64, seed uint64) history {
	t.Helper()
	h := history{emptyStore(t), map[string]int{}}
	r := rand.New(rand.NewPCG(seed, 1))
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range each {
		for _, f := range all {
			at = at.Add(time.Duration(1+r.IntN(3600)) * time.Second)
			trace := f.incident(r, at)
			if r.Float64() < poisoned {
				trace = poison(trace, r)
			}
			h.family[trace.Result.ID] = f.number
			h.keep(t, trace)
			at = at.Add(time.Second)
			d := decoy(trace, all, r, at)
			h.family[d.Result.ID] = -1
			h.keep(t, d)
		}
	}
	return h
}

func (h history) keep(t *testing.T, trace investigations.Trace) {
	t.Helper()
	if err := h.store.Keep(t.Context(), trace); err != nil {
		t.Fatal(err)
	}
}

// poison makes the verdict of a trace wrong, and votes it down.
func poison(t investigations.Trace, r *rand.Rand) investigations.Trace {
	for {
		c := investigations.Causes[r.IntN(len(investigations.Causes))]
		if c != t.Result.Verdict.Cause {
			t.Result.Verdict.Cause = c
			t.Feedback = []investigations.Feedback{{By: "U1", Vote: investigations.VoteDown, At: t.Result.At.Add(time.Hour)}}
			return t
		}
	}
}

// score is how well recall did over many queries.
type score struct{ queries, found, undeceived int }

// ask recalls for fresh incidents of all families, and counts.
func (h history) ask(t *testing.T, all []family, rounds int, seed uint64) score {
	t.Helper()
	recaller := memory.NewRecaller(h.store)
	r := rand.New(rand.NewPCG(seed, 2))
	at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	var s score
	for range rounds {
		for _, f := range all {
			at = at.Add(time.Minute)
			query := f.incident(r, at)
			got, err := recaller.Recall(t.Context(), investigations.RecallQuery{ID: query.Result.ID, Features: memory.FeaturesOf(query), Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			first, last, decoy := -1, -1, len(got)
			for i, p := range got {
				switch h.family[p.ID] {
				case f.number:
					if last = i; first < 0 {
						first = i
					}
				case -1:
					decoy = min(decoy, i)
				}
			}
			s.queries++
			if first >= 0 && first < 3 {
				s.found++
			}
			if decoy > last {
				s.undeceived++
			}
		}
	}
	return s
}

// TestRecallFindsTheSameRoot: of incidents whose root is known, the precedents are of the same root, whatever looks
// like them.
func TestRecallFindsTheSameRoot(t *testing.T) {
	tests := []struct {
		name     string
		families int
		each     int
		poisoned float64
		seed     uint64
	}{
		{"a history of 36 roots", 36, 8, 0, 7},
		{"a tenth of it poisoned", 36, 8, 0.1, 7},
		{"more roots, seen less often", 66, 3, 0, 11},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := families(tt.families)
			s := newHistory(t, all, tt.each, tt.poisoned, tt.seed).ask(t, all, 10, tt.seed+1)
			recall, undeceived := float64(s.found)/float64(s.queries), float64(s.undeceived)/float64(s.queries)
			t.Logf("recall@3 %.3f, no decoy above a true match in %.3f of %d queries", recall, undeceived, s.queries)
			if recall < 0.95 {
				t.Errorf("recall@3 is %.3f, want at least 0.95", recall)
			}
			if undeceived < 0.95 {
				t.Errorf("no decoy stands above a true match in %.3f of the queries, want at least 0.95", undeceived)
			}
		})
	}
}
