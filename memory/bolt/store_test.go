package bolt_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
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

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := bolt.Open(filepath.Join(dir, "memory.db"), bolt.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Close() }()
	ctx := context.Background()
	at := time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	leak := investigations.Trace{Result: investigations.Result{
		ID: investigations.KillID(at, "a kill"), At: at,
		Target:  investigations.Target{Namespace: "shop", Workload: "deployment/checkout"},
		Verdict: investigations.Verdict{Cause: investigations.CauseLeak, Headline: "checkout leaks memory since revision 12."},
	}}
	if err := s.Keep(ctx, leak); err != nil {
		fmt.Println(err)
		return
	}
	for head, err := range s.Heads(ctx, investigations.Filter{Namespace: "shop"}) {
		fmt.Println(head.ID, head.Headline, err)
	}
	// Output: 01KJVA5048DJPM0S64GD2SA2P0 checkout leaks memory since revision 12. <nil>
}

func TestStore(t *testing.T) {
	memorytest.Test(t, func(t *testing.T, now func() time.Time) memory.Store {
		return open(t, filepath.Join(t.TempDir(), "memory.db"), bolt.Options{Now: now, NoSync: true})
	})
}
