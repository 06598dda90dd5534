package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// shelf is one whose writes take a while and end in an error.
type shelf struct {
	investigations.Shelf
	takes  time.Duration
	err    error
	writes atomic.Int32
}

// PutDocs implements investigations.Shelf.
func (s *shelf) PutDocs(_ context.Context, docs ...investigations.Doc) error {
	s.writes.Add(1)
	if len(docs) != 1 || docs[0].Kind == "" || docs[0].Key == "" || len(docs[0].Body) < probeBytes {
		return errors.New("it is no probe")
	}
	time.Sleep(s.takes)
	return s.err
}

func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		p := &probe{shelf: s, now: time.Now}
		for range 5 {
			if err := p.check(t.Context()); err != nil {
				t.Error(err)
			}
			time.Sleep(probeEvery / 5)
		}
		if s.writes.Load() != 1 {
			t.Errorf("%d writes in a second", s.writes.Load())
		}
		s.err = errors.New("full")
		if err := p.check(t.Context()); !errors.Is(err, s.err) {
			t.Errorf("the second write says %v", err)
		}
		s.err = nil
		if err := p.check(t.Context()); err == nil || s.writes.Load() != 2 {
			t.Errorf("within a second of it: %v after %d writes", err, s.writes.Load())
		}
		time.Sleep(probeEvery)
		if err := p.check(t.Context()); err != nil {
			t.Errorf("a second later: %v", err)
		}
	})
}

// TestProbeHangs has a write take long: who asks meanwhile is told so, and no second write is begun before its end.
func TestProbeHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{takes: 2*probeWithin + time.Second}
		p := &probe{shelf: s, now: time.Now}
		for range 2 {
			if err := p.check(t.Context()); !errors.Is(err, errSlowWrite) || s.writes.Load() != 1 {
				t.Errorf("while it hangs: %v, after %d writes", err, s.writes.Load())
			}
		}
		if err := p.check(t.Context()); !errors.Is(err, errSlowWrite) || s.writes.Load() != 2 {
			t.Errorf("after its end: %v, after %d writes", err, s.writes.Load())
		}
		time.Sleep(time.Minute)
	})
}

func TestNotReady(t *testing.T) {
	s := &shelf{err: errors.New("full")}
	r := &readiness{inbox: &probe{shelf: s, now: time.Now}, ears: []ear{
		{name: "webhooks"}, {name: "open", open: func() bool { return true }}, {name: "slack", open: func() bool { return false }},
	}}
	want := map[string]string{"inbox": "it can't be written: full", "slack": "the connection is not open"}
	if diff := cmp.Diff(want, r.notReady(t.Context())); diff != "" {
		t.Error(diff)
	}
}
