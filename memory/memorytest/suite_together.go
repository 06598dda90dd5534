package memorytest

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

var togetherTests = []check{
	{"a reader sees all of a write or nothing", readersSeeWholeWrites},
	{"two readers and a writer", func(s *store) {
		traces := history(60)
		s.keep(traces[:20]...)
		var wg sync.WaitGroup
		done := make(chan struct{})
		for range 2 {
			wg.Go(func() { readAll(s, traces, done) })
		}
		for i := 20; i < 60; i += 4 {
			s.keep(traces[i : i+4]...)
			if err := s.Amend(s.Context(), traces[i-20].Result.ID, investigations.Amendment{ShownAt: []string{"https://chat.example/9"}}); err != nil {
				s.Errorf("Amend: %v", err)
			}
			s.forget(investigations.Filter{IDs: []string{traces[i-1].Result.ID}})
		}
		close(done)
		wg.Wait()
		if n := len(s.listed(investigations.Filter{})); n != 50 {
			s.Errorf("%d traces are left, want 50", n)
		}
	}},
	{"writers at once lose nothing", func(s *store) {
		s.keep(brief("shared", 0, investigations.Features{}))
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for i := range 10 {
					if err := s.Keep(s.Context(), Trace(uint64(10+w), i)); err != nil {
						s.Errorf("Keep: %v", err)
					}
					if err := s.Amend(s.Context(), "shared", investigations.Amendment{ShownAt: []string{fmt.Sprintf("https://chat.example/%d/%d", w, i)}}); err != nil {
						s.Errorf("Amend: %v", err)
					}
				}
			})
		}
		wg.Wait()
		if n := len(s.listed(investigations.Filter{})); n != 41 {
			s.Errorf("%d traces, want 41", n)
		}
		if n := len(s.trace("shared").ShownAt); n != 40 {
			s.Errorf("%d amendments are left of 40", n)
		}
	}},
}

// readersSeeWholeWrites lets a writer raise a number in all traces, in one call each time, while readers list them.
func readersSeeWholeWrites(s *store) {
	const n, rounds = 25, 12
	batch := func(round int) []investigations.Trace {
		var out []investigations.Trace
		for i := range n {
			t := brief(fmt.Sprintf("t%02d", i), i, investigations.Features{Comm: fmt.Sprintf("round-%d", round)})
			t.Result.Verdict.Explanation = strings.Repeat("x", 2000+97*round)
			out = append(out, t)
		}
		return out
	}
	s.keep(batch(0)...)
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		wg.Go(func() {
			for last := false; !last; {
				select {
				case <-done:
					last = true
				default:
				}
				seen := map[string]int{}
				for h, err := range s.Heads(s.Context(), investigations.Filter{}) {
					if err != nil {
						s.Errorf("Heads: %v", err)
						return
					}
					seen[h.Features.Comm]++
				}
				if len(seen) != 1 {
					s.Errorf("a listing shows several writes at once: %v", seen)
				}
				for round, count := range seen {
					if count != n {
						s.Errorf("a listing shows %d traces of %s, want %d", count, round, n)
					}
				}
			}
		})
	}
	for round := range rounds {
		s.keep(batch(round + 1)...)
	}
	close(done)
	wg.Wait()
}

// readAll reads in every way until done.
func readAll(s *store, traces []investigations.Trace, done <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
		}
		t := traces[i%20]
		if got, err := s.Trace(s.Context(), t.Result.ID); err != nil && !errors.Is(err, investigations.ErrNotFound) || err == nil && got.Result.ID != t.Result.ID {
			s.Errorf("Trace: %s, %v", got.Result.ID, err)
		}
		if _, _, err := s.Edges(s.Context(), memory.Incident(t.Result.ID), 50); err != nil {
			s.Errorf("Edges: %v", err)
		}
		if _, err := s.Candidates(s.Context(), investigations.Cue{Terms: memory.Terms(t.Features), Limit: 5}); err != nil {
			s.Errorf("Candidates: %v", err)
		}
		for _, err := range s.Heads(s.Context(), investigations.Filter{Namespace: t.Features.Namespace}) {
			if err != nil {
				s.Errorf("Heads: %v", err)
			}
		}
	}
}
