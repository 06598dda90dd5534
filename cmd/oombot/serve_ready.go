package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// probeEvery is how long the answer of a probe holds, probeWithin how long one may take.
	probeEvery  = time.Second
	probeWithin = 2 * time.Second
	// probeBytes is about the size of an event: a full disk may still take less.
	probeBytes = 4 << 10
	// probeKind is that of the one document that is written to see whether documents can be.
	probeKind = "readiness"
)

// errSlowWrite is a write that is still under way.
var errSlowWrite = fmt.Errorf("a write takes longer than %s", probeWithin)

// probe says whether a store can be written, by writing to it: at most once a second, however often it is asked. It is
// safe for concurrent use.
type probe struct {
	shelf investigations.Shelf
	now   func() time.Time

	mu   sync.Mutex
	at   time.Time
	last error
	// writing is closed when the write that is under way ends; nil where none is.
	writing chan struct{}
}

// check returns why the store can't be written; nil where it can.
func (p *probe) check(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); p.at.IsZero() || now.Sub(p.at) >= probeEvery {
		p.at, p.last = now, p.write(ctx)
	}
	return p.last
}

// write writes, and waits for the end of it for a while only: a disk that hangs must not hang who asks.
func (p *probe) write(ctx context.Context) error {
	late := time.NewTimer(probeWithin)
	defer late.Stop()
	if p.writing == nil {
		p.writing = make(chan struct{})
		var err error
		done := p.writing
		go func() { // ends with the write
			defer close(done)
			err = p.put(context.WithoutCancel(ctx))
		}()
		select {
		case <-done:
			p.writing = nil
			return err
		case <-late.C:
			return errSlowWrite
		}
	}
	select {
	case <-p.writing:
		p.writing = nil
		return p.write(ctx)
	case <-late.C:
		return errSlowWrite
	}
}

func (p *probe) put(ctx context.Context) error {
	noise := make([]byte, probeBytes)
	_, _ = rand.Read(noise) // it never fails
	body, err := json.Marshal(map[string]any{"at": p.now().UTC(), "noise": noise})
	if err != nil {
		return fmt.Errorf("write a probe: %w", err)
	}
	return p.shelf.PutDocs(ctx, investigations.Doc{Kind: probeKind, Key: "inbox", Body: body})
}

// readiness is what has to hold for what comes in to be taken. Its fields are not changed while it is used.
type readiness struct {
	inbox *probe
	// ears are what hears of events.
	ears []ear
}

// notReady says what does not hold, by its name; nothing where all does.
func (r *readiness) notReady(ctx context.Context) map[string]string {
	out := map[string]string{}
	if err := r.inbox.check(ctx); err != nil {
		why := "it can't be written: " + err.Error()
		if errors.Is(err, errSlowWrite) {
			why = err.Error()
		}
		out["inbox"] = why
	}
	for _, e := range r.ears {
		if e.open != nil && !e.open() {
			out[e.name] = "the connection is not open"
		}
	}
	return out
}
