//go:build unix

package file

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/bolt"
	"github.com/oombot/oombot/memory/memorytest"
)

// TestHolderEnds has another process hold the file, and end while it is used through it.
func TestHolderEnds(t *testing.T) {
	for _, killed := range []bool{false, true} {
		t.Run(fmt.Sprintf("killed %t", killed), func(t *testing.T) {
			path := newFile(t)
			holder := start(t, "hold", path)
			holder.says(t, "open")
			s := open(t, path, Options{})
			if s.Holder() != holder.Process.Pid {
				t.Errorf("held by %d, want %d", s.Holder(), holder.Process.Pid)
			}
			if err := s.Keep(t.Context(), memorytest.Trace(1, 0)); err != nil {
				t.Fatalf("Keep: %v", err)
			}
			if killed {
				holder.signal(t, syscall.SIGKILL)
				_ = holder.Wait()
			} else {
				holder.ends(t)
			}
			if err := s.Keep(t.Context(), memorytest.Trace(1, 1)); err != nil {
				t.Fatalf("Keep after the holder's end: %v", err)
			}
			if s.Holder() != os.Getpid() {
				t.Errorf("held by %d, want this process", s.Holder())
			}
			if n := count(t, s); n != 2 {
				t.Errorf("%d traces, want 2", n)
			}
			if err := s.Keep(t.Context(), memorytest.Trace(0, 0)); err != nil {
				t.Fatal(err)
			}
			if said := start(t, "write", path, "7", "1").ends(t); len(said) > 0 { // others come through this process now
				t.Errorf("a writer says %q", said)
			}
			if n := count(t, s); n != 4 {
				t.Errorf("%d traces, want 4", n)
			}
		})
	}
}

// TestManyProcessesWriteAtOnce has twenty processes write into a file that is not there yet.
func TestManyProcessesWriteAtOnce(t *testing.T) {
	const processes, each = 20, 6
	path := newFile(t)
	s := open(t, path, Options{})
	if err := errors.Join(s.Keep(t.Context(), memorytest.Trace(0, 0)), s.Close()); err != nil {
		t.Fatal(err)
	}
	var writers []*child
	for n := range processes {
		writers = append(writers, start(t, "write", path, strconv.Itoa(n+1), strconv.Itoa(each)))
	}
	for _, w := range writers {
		if said := w.ends(t); len(said) > 0 {
			t.Errorf("process %d says %q", w.Process.Pid, said)
		}
	}
	s = open(t, path, Options{})
	shown := s.trace(t, sharedID()).ShownAt
	work, err := s.Unfinished(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := range processes {
		for i := range each {
			want := memorytest.Trace(uint64(n+1), i)
			if diff := cmp.Diff(want, s.trace(t, want.Result.ID)); diff != "" {
				t.Errorf("trace %d of writer %d (-want +got):\n%s", i, n+1, diff)
			}
			key := shownBy(n+1, i)
			if !slices.Contains(shown, key) || !slices.ContainsFunc(work, func(w investigations.Work) bool { return w.Key == key }) {
				t.Errorf("amendment or work %d of writer %d is lost", i, n+1)
			}
		}
	}
	if n := count(t, s); n != processes*each+1 {
		t.Errorf("%d traces, want %d", n, processes*each+1)
	}
}

func (s *Store) trace(t *testing.T, id string) investigations.Trace {
	t.Helper()
	tr, err := s.Trace(t.Context(), id)
	if err != nil {
		t.Error(err)
	}
	return tr
}

// TestKilledHolders has processes write all the time, each of which holds the file now and then, and kills whoever
// holds it. What was acknowledged to a process that lives, or before it was killed, is there afterwards.
func TestKilledHolders(t *testing.T) {
	const writers, kills = 4, 12
	path := newFile(t)
	var mu sync.Mutex
	kept := map[string]bool{}
	var wg sync.WaitGroup
	running := map[int]*child{}
	next := 0
	begin := func() {
		next++
		w := start(t, "forever", path, strconv.Itoa(next))
		running[w.Process.Pid] = w
		wg.Go(func() {
			for w.lines.Scan() {
				mu.Lock()
				kept[w.lines.Text()] = true
				mu.Unlock()
			}
		})
	}
	for range writers {
		begin()
	}
	for killed := 0; killed < kills; {
		before := keptSoFar(&mu, kept)
		for keptSoFar(&mu, kept) < before+5 { // they go on
			time.Sleep(time.Millisecond)
		}
		w := running[holderOf(path)]
		if w == nil {
			continue // nobody holds it just now
		}
		w.signal(t, syscall.SIGKILL)
		delete(running, w.Process.Pid)
		killed++
		begin()
	}
	for _, w := range running {
		if err := w.in.Close(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	for _, w := range running {
		if err := w.Wait(); err != nil {
			t.Errorf("a writer: %v", err)
		}
	}
	s := open(t, path, Options{})
	whole := 0
	for line := range kept {
		var writer, i int
		if _, err := fmt.Sscanf(line, "kept %d %d", &writer, &i); err != nil {
			t.Errorf("a writer says %q", line)
			continue
		}
		want := memorytest.Trace(uint64(writer), i)
		if diff := cmp.Diff(want, s.trace(t, want.Result.ID)); diff != "" {
			t.Errorf("trace %d of writer %d, which was acknowledged (-want +got):\n%s", i, writer, diff)
		}
		whole++
	}
	if n := count(t, s); n < whole || whole < 5*kills {
		t.Errorf("%d traces, %d of them acknowledged", n, whole)
	}
	t.Logf("%d traces were acknowledged while %d holders were killed", whole, kills)
}

func keptSoFar(mu *sync.Mutex, kept map[string]bool) int {
	mu.Lock()
	defer mu.Unlock()
	return len(kept)
}

// holderOf returns the process that has a file open; 0 where nobody has.
func holderOf(path string) int {
	b, err := bolt.Open(path, bolt.Options{LockTimeout: -1})
	if err == nil {
		_ = b.Close()
	}
	var locked *bolt.LockedError
	if errors.As(err, &locked) {
		return locked.PID
	}
	return 0
}
