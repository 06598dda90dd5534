package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

func TestLockedByAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.db")
	c := start(t, "hold", path)
	c.line(t)
	for _, o := range []Options{{LockTimeout: -1}, {LockTimeout: time.Millisecond}, {LockTimeout: time.Millisecond, ReadOnly: true}} {
		_, err := Open(path, o)
		var locked *LockedError
		if !errors.Is(err, ErrLocked) || !errors.As(err, &locked) {
			t.Fatalf("%+v: %v, want ErrLocked", o, err)
		}
		if runtime.GOOS == "linux" && (locked.PID != c.cmd.Process.Pid || locked.Own) {
			t.Errorf("it says that process %d holds it (own: %v), want %d", locked.PID, locked.Own, c.cmd.Process.Pid)
		}
	}
	c.end(t)
	reopen(t, path, Options{})
}

func TestLockedByItself(t *testing.T) {
	s := temp(t)
	_, err := Open(s.path, Options{LockTimeout: -1})
	var locked *LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("%v, want a *LockedError", err)
	}
	if runtime.GOOS == "linux" && !locked.Own {
		t.Errorf("it says that process %d holds it, which is not this one", locked.PID)
	}
}

// TestReadersShare opens a file for reading more than once; nobody writes meanwhile.
func TestReadersShare(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.db")
	s := reopen(t, path, Options{})
	keep(t, s, small("a", 0))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := reopen(t, path, Options{ReadOnly: true})
		if _, err := r.Trace(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		if err := r.Keep(t.Context(), small("b", 0)); !errors.Is(err, ErrReadOnly) {
			t.Errorf("Keep: %v, want ErrReadOnly", err)
		}
		if _, _, err := r.Compact(t.Context()); !errors.Is(err, ErrReadOnly) {
			t.Errorf("Compact: %v, want ErrReadOnly", err)
		}
	}
	if _, err := Open(path, Options{LockTimeout: -1}); !errors.Is(err, ErrLocked) {
		t.Errorf("open for writing while it is read: %v, want ErrLocked", err)
	}
}

// waitForFile opens a file as soon as it can, and prints the ids in it.
func waitForFile(path string) error {
	fmt.Println("waiting")
	s, err := Open(path, Options{LockTimeout: time.Minute})
	if err != nil {
		return err
	}
	for h, err := range s.Heads(context.Background(), investigations.Filter{}) {
		if err != nil {
			return err
		}
		fmt.Println(h.ID)
	}
	return s.Close()
}

// TestWhoWaitsGetsTheNewFile compacts a file again and again while another process waits for it: that one must not open
// one of the files that were replaced.
func TestWhoWaitsGetsTheNewFile(t *testing.T) {
	s := temp(t)
	keep(t, s, history(0, 50)...)
	c := start(t, "wait", s.path)
	if got := c.line(t); got != "waiting" {
		t.Fatalf("the child says %q", got)
	}
	for i := range 40 {
		if _, _, err := s.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
		keep(t, s, small(fmt.Sprint("after ", i), time.Duration(i)))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(c.end(t)); n != 90 {
		t.Errorf("who waited sees %d traces, want all 90", n)
	}
}

// TestReplacedMeanwhile opens a file just before it is compacted, and locks it just after.
func TestReplacedMeanwhile(t *testing.T) {
	s := temp(t)
	late := &Store{path: s.path, options: s.options}
	file, err := late.openFile()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := late.lock(file); !errors.Is(err, errBusy) {
		t.Errorf("before: %v, want that it is locked", err)
	}
	if _, _, err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := late.lock(file); !errors.Is(err, errReplaced) {
		t.Errorf("after: %v, want that it was replaced", err)
	}
	again, err := late.openFile()
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := late.lock(again); !errors.Is(err, errBusy) {
		t.Errorf("the new file: %v, want that it is locked", err)
	}
}

func TestLockedBy(t *testing.T) {
	for line, want := range map[string]int{
		"1: FLOCK  ADVISORY  WRITE 4711 fd:00:131 0 EOF":    4711,
		"1: FLOCK  ADVISORY  READ 12 00:2a:131 0 EOF":       12,
		"1: -> FLOCK  ADVISORY  WRITE 4712 fd:00:131 0 EOF": 0, // who waits for it
		"2: POSIX  ADVISORY  WRITE 4711 fd:00:131 0 EOF":    0,
		"1: FLOCK  ADVISORY  WRITE 4711 fd:00:1310 0 EOF":   0,
		"1: FLOCK  ADVISORY  WRITE 0 fd:00:131 0 EOF":       0,
		"1: FLOCK  ADVISORY  WRITE many fd:00:131 0 EOF":    0,
		"1: FLOCK  ADVISORY  WRITE 4711 131 0 EOF":          0,
		"1: FLOCK  ADVISORY  WRITE 4711":                    0,
		"":                                                  0,
	} {
		if got := lockedBy(line, 131); got != want {
			t.Errorf("%q: %d, want %d", line, got, want)
		}
	}
}

// TestLeftovers removes what a process left that was killed while it compacted, and nothing else.
func TestLeftovers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.db")
	for _, name := range []string{path + compacting, path + ".bak"} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reopen(t, path, Options{})
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if fmt.Sprint(names) != "[memory.db memory.db.bak]" {
		t.Errorf("the folder holds %v", names)
	}
}
