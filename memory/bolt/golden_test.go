package bolt

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// TestGolden opens a file of every version that there ever was, and finds in it what it was made of. testdata keeps the
// files as their programs left them: a new version gets a new file, and none is ever made anew.
func TestGolden(t *testing.T) {
	for version := 1; version <= formatVersion; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			name := filepath.Join("testdata", fmt.Sprintf("v%d", version))
			if _, err := os.Stat(name + ".db"); errors.Is(err, fs.ErrNotExist) && version == formatVersion {
				makeGolden(t, name)
				t.Fatal("it was made: look at what is in it, and commit it")
			}
			want := content(t, name+".json")
			for _, o := range []Options{{ReadOnly: true}, {}} {
				s := reopen(t, written(t, content(t, name+".db")), o)
				if diff := cmp.Diff(want, dump(t, s)); diff != "" {
					t.Errorf("read-only %v: what is in it (-then +now):\n%s", o.ReadOnly, diff)
				}
				verify(t, s)
			}
			s := reopen(t, written(t, content(t, name+".db")), Options{})
			keep(t, s, history(0, 20)...)
			if _, err := s.Forget(t.Context(), investigations.Filter{Limit: 2}); err != nil {
				t.Error(err)
			}
			verify(t, s)
		})
	}
}

// makeGolden makes the file of the present version, with some of everything.
func makeGolden(t *testing.T, name string) {
	t.Helper()
	now := memorytest.Epoch
	s := reopen(t, filepath.Join(t.TempDir(), "memory.db"), Options{Now: func() time.Time { return now }})
	keep(t, s, history(0, 8)...)
	full := filled[investigations.Trace]()
	full.Result.ID = "an id that is no ULID"
	keep(t, s, full, memory.Normalized(investigations.Trace{Result: investigations.Result{ID: "with next to nothing"}}))
	amended := investigations.Amendment{
		Feedback: []investigations.Feedback{{By: "U1", Vote: investigations.VoteDown, Cause: investigations.CauseSidecar, At: now, Note: "it was the sidecar"}},
		ShownAt:  []string{"https://chat.example/1"},
	}
	if err := s.Amend(t.Context(), memorytest.Trace(1, 3).Result.ID, amended); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"done", "leased", "later", "open"} {
		now = now.Add(time.Second)
		item := investigations.Item{Key: key, Kind: "alert", Payload: json.RawMessage(`{"title":"checkout is crash looping"}`), At: now}
		if _, err := s.Put(t.Context(), item); err != nil {
			t.Fatal(err)
		}
		it, err := s.Take(t.Context(), time.Hour)
		switch key {
		case "done":
			err = errors.Join(err, s.Done(t.Context(), it, "answered"))
		case "later":
			err = errors.Join(err, s.Later(t.Context(), it, now.Add(time.Hour), "the cluster does not answer"))
		case "open":
			err = errors.Join(err, s.Later(t.Context(), it, now, "again"))
		}
		if err != nil {
			t.Fatal(err)
		}
		w := investigations.Work{Key: key, Kind: "post", Details: json.RawMessage(`{"channel":"C1"}`), BegunAt: now}
		if _, _, err := s.Begin(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.End(t.Context(), "done", "https://chat.example/2"); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(name + ".db")
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(s.Backup(t.Context(), file), file.Close(), os.WriteFile(name+".json", []byte(dump(t, s)), 0o644))
	if err != nil {
		t.Fatal(err)
	}
}

// dump prints all that can be asked of a store.
func dump(t *testing.T, s *Store) string {
	t.Helper()
	out := map[string]any{}
	nodes := map[investigations.GraphNode]bool{}
	var traces []investigations.Trace
	var heads []investigations.Head
	candidates := map[string][]string{}
	for h, err := range s.Heads(t.Context(), investigations.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, h)
		tr, err := s.Trace(t.Context(), h.ID)
		if err != nil {
			t.Fatal(err)
		}
		traces = append(traces, tr)
		c, err := s.Candidates(t.Context(), investigations.Cue{Terms: memory.TermsOf(h), Limit: 3, Without: h.ID})
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range c.Heads {
			candidates[h.ID] = append(candidates[h.ID], found.ID)
		}
		for _, e := range memory.EdgesOf(tr) {
			nodes[e.From], nodes[e.To] = true, true
		}
	}
	edges := map[string][]investigations.Edge{}
	for n := range maps.Keys(nodes) {
		all, _, err := s.Edges(t.Context(), n, 100)
		if err != nil {
			t.Fatal(err)
		}
		edges[string(n.Kind)+" "+n.Name] = all
	}
	var items []investigations.Item
	work := map[string]investigations.Work{}
	err := s.view(t.Context(), func(tx *bbolt.Tx) error {
		for _, key := range slices.Sorted(maps.Keys(everything(t, s, bucketInbox))) {
			it, err := s.inbox(tx).get([]byte(key))
			if err != nil {
				return err
			}
			items = append(items, it.item([]byte(key)))
		}
		for key := range everything(t, s, bucketWork) {
			w, err := getWork(tx, []byte(key))
			if err != nil {
				return err
			}
			work[key] = w.work([]byte(key))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out["traces"], out["heads"], out["candidates"], out["edges"], out["items"], out["work"] = traces, heads, candidates, edges, items, work
	doc, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(doc) + "\n"
}
