package bolt_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/bolt"
	"github.com/oombot/oombot/memory/memorytest"
)

// open opens a store, which is closed when the test ends.
func open(t testing.TB, path string, o bolt.Options) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(path, o)
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

func TestStore(t *testing.T) {
	memorytest.Test(t, func(t *testing.T, now func() time.Time) memory.Store {
		return open(t, filepath.Join(t.TempDir(), "memory.db"), bolt.Options{Now: now, NoSync: true})
	})
}
