package file

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/socket"
)

// Store is a memory file, or the process that has it open. It is safe for concurrent use. Where that process ends the
// Store opens the file by itself, or finds the next one, and goes on: a call that reached nobody is made again, and so is
// one that was cut off where that does no harm. Else it fails with socket.ErrCut, and it is not known whether it was done.
type Store struct {
	path    string
	options Options

	// opening holds the one token of who may open the file.
	opening chan struct{}
	mu      sync.Mutex
	// current is what is used; nil after it was lost, and after Close.
	current *source
	closed  bool
}

var _ memory.Store = (*Store)(nil)

// Holder returns the process that has the file open: this one, or another one. It is 0 where nobody is known to.
func (s *Store) Holder() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return 0
	}
	return s.current.pid
}

// Close ends the use of the file, and with it that of those who use it through this process. It must not be called
// within a loop over Heads. A second call does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	current := s.current
	s.current, s.closed = nil, true
	s.mu.Unlock()
	if current == nil {
		return nil
	}
	return current.Close()
}

// use returns what is there to be used, and opens it where there is nothing.
func (s *Store) use(ctx context.Context) (*source, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory file %s: %w", s.path, err)
	}
	if current, err := s.get(); current != nil || err != nil {
		return current, err
	}
	select {
	case s.opening <- struct{}{}:
		defer func() { <-s.opening }()
	case <-ctx.Done():
		return nil, fmt.Errorf("memory file %s: %w", s.path, ctx.Err())
	}
	if current, err := s.get(); current != nil || err != nil {
		return current, err // somebody else was faster
	}
	opened, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if !s.closed {
		s.current = opened
		s.mu.Unlock()
		return opened, nil
	}
	s.mu.Unlock()
	return nil, errors.Join(memory.ErrClosed, opened.Close())
}

func (s *Store) get() (*source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("%s: %w", s.path, memory.ErrClosed)
	}
	return s.current, nil
}

// lost forgets a source whose process has ended.
func (s *Store) lost(gone *source) {
	s.mu.Lock()
	if s.current == gone {
		s.current = nil
	}
	s.mu.Unlock()
	_ = gone.Close() // of a client, there is nothing left to lose
}

// kind says whether a call may be made twice.
type kind bool

const (
	// once is for a call that must not be made again where it may have been carried out.
	once kind = false
	// again is for a call that changes nothing the second time.
	again kind = true
)

// do calls f with the file, or with the process that has it. Where that has ended, f is called again with what is there
// next, as long as the patience lasts.
func do(ctx context.Context, s *Store, k kind, f func(memory.Store) error) error {
	var patient context.Context // from the first failure on
	for {
		current, err := s.use(ctx)
		if err != nil {
			return err
		}
		err = f(current)
		cut := errors.Is(err, socket.ErrCut)
		if !current.shared || !cut && !errors.Is(err, socket.ErrGone) {
			return err
		}
		s.lost(current)
		if cut && k == once {
			return fmt.Errorf("it is not known whether it was done: %w", err)
		}
		if patient == nil {
			var cancel context.CancelFunc
			patient, cancel = context.WithTimeout(ctx, s.options.Patience)
			defer cancel()
		}
		if !pause(patient) {
			return err
		}
	}
}

// ask is do for a call that returns something.
func ask[T any](ctx context.Context, s *Store, k kind, f func(memory.Store) (T, error)) (T, error) {
	var out T
	err := do(ctx, s, k, func(m memory.Store) (err error) {
		out, err = f(m)
		return err
	})
	return out, err
}

// list is do for a call that lists something.
func list[T any](ctx context.Context, s *Store, f func(memory.Store) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var yielded, left bool
		var late error // what was listed in part is not listed again
		err := do(ctx, s, again, func(m memory.Store) error {
			for v, err := range f(m) {
				switch {
				case err != nil && yielded:
					late = err
					return nil
				case err != nil:
					return err
				}
				yielded = true
				if left = !yield(v, nil); left {
					return nil
				}
			}
			return nil
		})
		if err = errors.Join(err, late); err != nil && !left {
			var none T
			yield(none, err)
		}
	}
}
