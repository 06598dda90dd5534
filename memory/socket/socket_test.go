package socket

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

var quiet = slog.New(slog.DiscardHandler)

// TestConformance runs the suite of stores through a client, a server and a fake.
func TestConformance(t *testing.T) {
	memorytest.Test(t, func(t *testing.T, now func() time.Time) memory.Store {
		return served(t, memorytest.New(now))
	})
}

// served returns a client of a server of store. Both end with the test.
func served(t *testing.T, store memory.Store) *Client {
	t.Helper()
	file := memoryFile(t)
	start(t, file, store, defaultPace())
	c, err := Dial(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// memoryFile is the path of a memory file in a folder whose own path is short enough for a socket.
func memoryFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "memory.db")
	if len(file)+len(".sock") > longest {
		t.Fatalf("%s is too long for a socket beside it: set TMPDIR to a shorter folder", file)
	}
	return file
}

// start serves a store until the test ends, or until stop is called, which waits for the end and returns its error.
func start(t *testing.T, file string, store memory.Store, p pace) (stop func() error) {
	t.Helper()
	l, err := Listen(file, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var served error
	go func() { // it ends with stop
		defer close(done)
		served = serve(ctx, l, store, quiet, p)
	}()
	stop = func() error {
		cancel()
		<-done
		return served
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return stop
}
