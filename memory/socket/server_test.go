package socket

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// hasty is a pace at which a test needs not wait long for a server that gives up on somebody.
func hasty() pace {
	p := defaultPace()
	p.header, p.body, p.grace, p.stop = 50*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond
	return p
}

func TestManyClients(t *testing.T) {
	file, store := memoryFile(t), memorytest.New(time.Now)
	start(t, file, store, defaultPace())
	const clients, each = 40, 5
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() {
			c, err := Dial(t.Context(), file)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			for i := range each {
				if err := c.Keep(t.Context(), memorytest.Trace(uint64(n), i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for n := range clients {
		for i := range each {
			if _, err := store.Trace(t.Context(), memorytest.Trace(uint64(n), i).Result.ID); err != nil {
				t.Error(err)
			}
		}
	}
}

func BenchmarkTrace(b *testing.B) {
	file := b.TempDir() + "/m"
	l, err := Listen(file, quiet)
	if err != nil {
		b.Fatal(err)
	}
	store := memorytest.New(time.Now)
	go func() { _ = Serve(b.Context(), l, store, quiet) }() // it ends with the benchmark
	tr := memorytest.Trace(1, 0)
	if err := store.Keep(b.Context(), tr); err != nil {
		b.Fatal(err)
	}
	c, err := Dial(b.Context(), file)
	if err != nil {
		b.Fatal(err)
	}
	var _ memory.Store = c
	for b.Loop() {
		if _, err := c.Trace(b.Context(), tr.Result.ID); err != nil {
			b.Fatal(err)
		}
	}
}

// TestTooManyDocuments puts more at once than a request can have, and then a part of them.
func TestTooManyDocuments(t *testing.T) {
	store := memorytest.New(time.Now)
	c := served(t, store)
	body := json.RawMessage(`"` + strings.Repeat("<", memory.MaxDocBody-2) + `"`)
	var docs []investigations.Doc
	for i := range maxRequest/memory.MaxDocBody + 1 {
		docs = append(docs, investigations.Doc{Kind: "thread", Key: fmt.Sprintf("%03d", i), Body: body})
	}
	if err := c.PutDocs(t.Context(), docs...); !errors.Is(err, investigations.ErrTooLarge) {
		t.Errorf("PutDocs: %v, want ErrTooLarge", err)
	}
	docs = docs[:maxRequest/memory.MaxDocBody/3] // what is listed still goes through a file
	if err := c.PutDocs(t.Context(), docs...); err != nil {
		t.Fatal(err)
	}
	n := 0
	for d, err := range c.Docs(t.Context(), "thread") {
		if err != nil || d.Key != docs[n].Key || !bytes.Equal(d.Body, body) {
			t.Fatalf("document %d comes back as %s with %d bytes: %v", n, d.Key, len(d.Body), err)
		}
		n++
	}
	if n != len(docs) {
		t.Errorf("%d documents are listed, want %d", n, len(docs))
	}
}
