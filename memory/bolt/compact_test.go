package bolt

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

func TestCompact(t *testing.T) {
	s := temp(t)
	if err := os.Chmod(s.path, 0o640); err != nil {
		t.Fatal(err)
	}
	keep(t, s, history(0, 200)...)
	want := map[string]map[string]string{}
	if _, err := s.Forget(t.Context(), investigations.Filter{Before: memorytest.Trace(1, 180).Result.At}); err != nil {
		t.Fatal(err)
	}
	for _, b := range buckets {
		want[string(b)] = everything(t, s, b)
	}
	size := len(content(t, s.path))
	before, after, err := s.Compact(t.Context())
	if err != nil || int(before) != size || int(after) != len(content(t, s.path)) || after >= before {
		t.Errorf("it says %d bytes before and %d after (%v); the file had %d and has %d", before, after, err, size, len(content(t, s.path)))
	}
	for _, b := range buckets {
		if diff := cmp.Diff(want[string(b)], everything(t, s, b)); diff != "" {
			t.Errorf("%s (-before +after):\n%s", b, diff)
		}
	}
	verify(t, s)
	if info, err := os.Stat(s.path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v (%v), want that of before", info.Mode(), err)
	}
	keep(t, s, history(0, 30)...) // sequences go on where they were
	verify(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	verify(t, reopen(t, s.path, Options{}))
}

// stopped is a context that is done after some looks at it.
type stopped struct {
	context.Context
	left int
}

func (c *stopped) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestCompactIsCanceled ends it at every moment at which it looks.
func TestCompactIsCanceled(t *testing.T) {
	s := temp(t)
	keep(t, s, history(0, 50)...)
	before := content(t, s.path)
	moments := 0
	for ; ; moments++ {
		_, _, err := s.Compact(&stopped{t.Context(), moments})
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("moment %d: %v, want context.Canceled", moments, err)
		}
		if content(t, s.path) != before {
			t.Errorf("moment %d: the file was changed", moments)
		}
		if _, err := os.Stat(s.path + compacting); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("moment %d: its half of a file is left: %v", moments, err)
		}
	}
	if moments < 3 {
		t.Errorf("it looked at its context %d times only", moments)
	}
	verify(t, s)
}

// TestLoopsGoOn compacts, writes, reads and forgets within a loop over the heads, which shows all as it was.
func TestLoopsGoOn(t *testing.T) {
	s := temp(t)
	keep(t, s, history(0, 3*pageOfHeads)...)
	seen := map[string]bool{}
	for h, err := range s.Heads(t.Context(), investigations.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[h.ID] = true
		n := len(seen)
		if n%50 != 0 {
			continue
		}
		if _, err := s.Trace(t.Context(), h.ID); err != nil {
			t.Errorf("trace: %v", err)
		}
		keep(t, s, memorytest.Trace(2, n))
		if _, err := s.Forget(t.Context(), investigations.Filter{IDs: []string{memorytest.Trace(1, n).Result.ID}}); err != nil {
			t.Errorf("forget: %v", err)
		}
		if n%200 == 0 {
			if _, _, err := s.Compact(t.Context()); err != nil {
				t.Errorf("compact: %v", err)
			}
		}
	}
	if len(seen) != 3*pageOfHeads {
		t.Errorf("the loop saw %d heads, want the %d of its beginning", len(seen), 3*pageOfHeads)
	}
	verify(t, s)
}

// TestAllAtOnce reads twice, writes, backs up and compacts at once.
func TestAllAtOnce(t *testing.T) {
	s := temp(t)
	keep(t, s, history(0, 100)...)
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				tr := memorytest.Trace(1, i%100)
				if _, err := s.Trace(t.Context(), tr.Result.ID); err != nil {
					t.Error(err)
				}
				c, err := s.Candidates(t.Context(), investigations.Cue{Terms: memory.Terms(tr.Features), Limit: 10})
				if err != nil || len(c.Heads) == 0 {
					t.Errorf("%d candidates, %v", len(c.Heads), err)
				}
				if _, total, err := s.Edges(t.Context(), memory.Incident(tr.Result.ID), 10); err != nil || total == 0 {
					t.Errorf("%d edges, %v", total, err)
				}
				if err := s.Backup(t.Context(), io.Discard); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for i := range 30 {
			keep(t, s, memorytest.Trace(2, i))
			if _, err := s.Forget(t.Context(), investigations.Filter{IDs: []string{memorytest.Trace(2, i/2).Result.ID}}); err != nil {
				t.Error(err)
			}
		}
	})
	for range 10 {
		if _, _, err := s.Compact(t.Context()); err != nil {
			t.Error(err)
		}
	}
	close(done)
	wg.Wait()
	verify(t, s)
}

// TestBackup opens a backup, which is a memory file of its own.
func TestBackup(t *testing.T) {
	s := temp(t)
	keep(t, s, history(0, 40)...)
	path := filepath.Join(t.TempDir(), "backup.db")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Backup(t.Context(), file), file.Close()); err != nil {
		t.Fatal(err)
	}
	b := reopen(t, path, Options{})
	verify(t, b)
	for _, bucket := range buckets {
		if diff := cmp.Diff(everything(t, s, bucket), everything(t, b, bucket)); diff != "" {
			t.Errorf("%s (-original +backup):\n%s", bucket, diff)
		}
	}
	keep(t, b, history(40, 50)...)
	verify(t, b)
}
