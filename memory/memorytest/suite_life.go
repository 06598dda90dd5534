package memorytest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// calls are all that a store can be asked, each on what might be there.
func calls(s memory.Store) map[string]func(ctx context.Context) error {
	item := investigations.Item{Key: "k", Lease: "l", At: Epoch}
	return map[string]func(ctx context.Context) error{
		"Keep":  func(ctx context.Context) error { return s.Keep(ctx, brief("called", 1, investigations.Features{})) },
		"Amend": func(ctx context.Context) error { return s.Amend(ctx, "a", investigations.Amendment{}) },
		"Trace": func(ctx context.Context) error { _, err := s.Trace(ctx, "a"); return err },
		"Heads": func(ctx context.Context) error {
			n := 0
			for _, err := range s.Heads(ctx, investigations.Filter{}) {
				if n++; err != nil {
					return err
				}
			}
			return nil
		},
		"Forget": func(ctx context.Context) error { _, err := s.Forget(ctx, investigations.Filter{}); return err },
		"Candidates": func(ctx context.Context) error {
			_, err := s.Candidates(ctx, investigations.Cue{Terms: []string{"x"}, Limit: 1})
			return err
		},
		"Edges": func(ctx context.Context) error { _, _, err := s.Edges(ctx, memory.Incident("a"), 1); return err },
		"Put": func(ctx context.Context) error {
			_, err := s.Put(ctx, investigations.Item{Key: "new", At: Epoch})
			return err
		},
		"Take":  func(ctx context.Context) error { _, err := s.Take(ctx, lease); return err },
		"Renew": func(ctx context.Context) error { _, err := s.Renew(ctx, item, lease); return err },
		"Done":  func(ctx context.Context) error { return s.Done(ctx, item, "") },
		"Later": func(ctx context.Context) error { return s.Later(ctx, item, Epoch, "") },
		"Begin": func(ctx context.Context) error {
			_, _, err := s.Begin(ctx, investigations.Work{Key: "new", BegunAt: Epoch})
			return err
		},
		"End":        func(ctx context.Context) error { return s.End(ctx, "w", "") },
		"Unfinished": func(ctx context.Context) error { _, err := s.Unfinished(ctx); return err },
		"PutDocs":    func(ctx context.Context) error { return s.PutDocs(ctx, doc("thread", "new", 1)) },
		"Doc":        func(ctx context.Context) error { _, err := s.Doc(ctx, "thread", "a"); return err },
		"Docs": func(ctx context.Context) error {
			for _, err := range s.Docs(ctx, "thread") {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"Backup":  func(ctx context.Context) error { return s.Backup(ctx, io.Discard) },
		"Compact": func(ctx context.Context) error { _, _, err := s.Compact(ctx); return err },
	}
}

var lifeTests = []check{
	{"a call whose context is done does nothing and says so", func(s *store) {
		s.keep(brief("a", 1, investigations.Features{}))
		s.put(s.item(0))
		s.begin(post("w", 0))
		for name, call := range calls(s.Store) {
			if err := call(cancelled(s.Context())); !errors.Is(err, context.Canceled) {
				s.Errorf("%s: %v, want context.Canceled", name, err)
			}
		}
		s.same("ids", []string{"a"}, s.listed(investigations.Filter{}))
		if it := s.take(); it.Key != s.item(0).Key || it.Attempts != 1 {
			s.Errorf("took %+v", it)
		}
		s.nothingToTake()
		if n := len(s.unfinished()); n != 1 {
			s.Errorf("%d are unfinished, want 1", n)
		}
		s.same("documents", []string(nil), s.docKeys("thread"))
	}},
	{"a context that is done ends a listing", func(s *store) {
		s.keep(history(300)...)
		ctx, cancel := context.WithCancel(s.Context())
		defer cancel()
		n, failed := 0, false
		for _, err := range s.Heads(ctx, investigations.Filter{}) {
			if failed {
				s.Error("it went on after an error")
			}
			if n++; err != nil {
				failed = true
				if !errors.Is(err, context.Canceled) {
					s.Errorf("Heads: %v, want context.Canceled", err)
				}
			}
			cancel()
		}
		if !failed {
			s.Errorf("%d heads came, and no error", n)
		}
	}},
	{"what is closed refuses every call", func(s *store) {
		s.keep(brief("a", 1, investigations.Features{}))
		s.put(s.item(0))
		for range 2 {
			if err := s.Close(); err != nil {
				s.Fatalf("Close: %v", err)
			}
		}
		for name, call := range calls(s.Store) {
			if err := call(s.Context()); !errors.Is(err, memory.ErrClosed) {
				s.Errorf("%s: %v, want ErrClosed", name, err)
			}
		}
	}},
	{"closing while others use it harms nobody", func(s *store) {
		s.keep(history(10)...)
		var wg sync.WaitGroup
		started := make(chan struct{}, 4)
		for w := range 4 {
			wg.Go(func() {
				for i := 0; ; i++ {
					if i == 1 {
						started <- struct{}{}
					}
					err := s.Keep(s.Context(), Trace(uint64(20+w), i))
					for _, headErr := range s.Heads(s.Context(), investigations.Filter{}) {
						err = errors.Join(err, headErr)
					}
					if err != nil {
						return
					}
				}
			})
		}
		for range 4 {
			<-started
		}
		if err := s.Close(); err != nil {
			s.Errorf("Close: %v", err)
		}
		wg.Wait()
	}},
	{"a backup is written while others write", func(s *store) {
		s.keep(history(20)...)
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range 10 {
				if err := s.Keep(s.Context(), Trace(3, i)); err != nil {
					s.Errorf("Keep: %v", err)
				}
			}
		})
		var out bytes.Buffer
		if err := s.Backup(s.Context(), &out); err != nil {
			s.Errorf("Backup: %v", err)
		}
		wg.Wait()
		if out.Len() == 0 {
			s.Error("the backup is empty")
		}
		if n := len(s.listed(investigations.Filter{})); n != 30 {
			s.Errorf("%d traces, want 30", n)
		}
	}},
	{"a backup that can't be written fails", func(s *store) {
		s.keep(history(5)...)
		full := errors.New("no space left")
		if err := s.Backup(s.Context(), failingWriter{full}); !errors.Is(err, full) {
			s.Errorf("Backup: %v, want %v", err, full)
		}
		s.keep(Trace(3, 0))
	}},
	{"compacting loses nothing", func(s *store) {
		traces := history(40)
		s.keep(traces...)
		s.forget(investigations.Filter{Before: traces[20].Result.At})
		s.put(s.item(0))
		s.begin(post("w", 0))
		before, after, err := s.Compact(s.Context())
		if err != nil || before <= 0 || after <= 0 || after > before {
			s.Errorf("Compact: %d bytes before and %d after, %v", before, after, err)
		}
		var left []investigations.Trace
		for _, t := range traces[20:] {
			s.same("trace", t, s.trace(t.Result.ID))
			left = append(left, t)
		}
		for _, t := range traces {
			for _, e := range edgesAround(s, t) {
				if !spanned(left)[e] {
					s.Errorf("edge %s is there after its traces are gone", e)
				}
			}
		}
		terms := memory.Terms(traces[30].Features)
		s.same("having", counted(s, terms), s.candidates(investigations.Cue{Terms: terms, Limit: 5}).Having)
		s.done(s.take())
		if open := s.unfinished(); !slices.ContainsFunc(open, func(w investigations.Work) bool { return w.Key == "w" }) {
			s.Errorf("unfinished are %+v", open)
		}
		s.keep(Trace(3, 0))
	}},
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
