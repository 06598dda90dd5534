package file

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// TestHeld runs the suite of stores on a file that is this process's.
func TestHeld(t *testing.T) {
	memorytest.Test(t, func(t *testing.T, now func() time.Time) memory.Store {
		s := open(t, filepath.Join(t.TempDir(), "m"), Options{Now: now})
		if s.current.shared {
			t.Error("somebody else holds the file")
		}
		return s
	})
}

// TestShared runs it on a file that somebody else has open.
func TestShared(t *testing.T) {
	memorytest.Test(t, func(t *testing.T, now func() time.Time) memory.Store {
		path := filepath.Join(t.TempDir(), "m")
		open(t, path, Options{Now: now})
		s := open(t, path, Options{})
		if !s.current.shared {
			t.Error("the file is free")
		}
		return s
	})
}

// open opens a memory file until the test ends.
func open(t *testing.T, path string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, o)
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
