package bolt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

var _ memory.Store = (*Store)(nil)

// Options say how a file is opened. The zero Options are good ones.
type Options struct {
	// LockTimeout is how long to wait for a file that somebody else has open; 0 means DefaultLockTimeout, and a
	// negative one not to wait.
	LockTimeout time.Duration
	// ReadOnly opens a file that is there already, and never writes into it. Several processes may do so at once.
	ReadOnly bool
	// KeepDone is how long inbox items that are done are remembered, so that a delivery that is repeated is known; 0
	// means DefaultKeepDone.
	KeepDone time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log gets what an operator should know; nil means nobody does.
	Log *slog.Logger
	// NoSync leaves it to the system when what was written reaches the disk: for tests and benchmarks only.
	NoSync bool
}

// The defaults of Options.
const (
	DefaultLockTimeout = 1500 * time.Millisecond
	DefaultKeepDone    = 30 * 24 * time.Hour
)

func (o Options) withDefaults() Options {
	if o.LockTimeout == 0 {
		o.LockTimeout = DefaultLockTimeout
	}
	if o.KeepDone == 0 {
		o.KeepDone = DefaultKeepDone
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Store is a memory file that this process has open. It is safe for concurrent use: readers see the state of one moment
// and wait for nobody; writers wait for each other.
type Store struct {
	path    string
	options Options
	// readOnly is why nothing is written; nil where it may be.
	readOnly error
	// writing holds the one token of who may write.
	writing chan struct{}
	// sharing are the small writes that wait for it.
	sharing queue

	mu sync.Mutex
	// current is the open file; nil after Close. Compact replaces it.
	current *handle
	// damaged is what showed that the file must not be written any more.
	damaged error
	// idle tells Close that nobody uses the Store any more.
	idle sync.WaitGroup
}

// ReadOnly says whether the file was opened for reading only.
func (s *Store) ReadOnly() bool { return s.readOnly != nil }

// Close ends the use of the Store, once what goes on has ended; so it must not be called within a loop over Heads.
// A second call does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	h := s.current
	s.current = nil
	s.mu.Unlock()
	if h == nil {
		return nil
	}
	s.idle.Wait()
	if err := h.close(); err != nil {
		return fmt.Errorf("close %s: %w", s.path, err)
	}
	return nil
}

// begin starts a transaction that reads. The caller calls end.
func (s *Store) begin(ctx context.Context) (tx *bbolt.Tx, end func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	h, err := s.acquire()
	if err != nil {
		return nil, nil, err
	}
	if tx, err = s.beginOn(h, false); err != nil {
		s.release(h)
		return nil, nil, s.failed("read", err)
	}
	var once sync.Once
	return tx, func() {
		once.Do(func() {
			s.rollback(h, tx)
			s.release(h)
		})
	}, nil
}

// view runs fn in a transaction that reads. What fn leaves behind must not share memory with the transaction.
func (s *Store) view(ctx context.Context, fn func(*bbolt.Tx) error) error {
	tx, end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	return s.failed("read", guarded(func() error { return fn(tx) }))
}

// errNothing ends an update that has nothing to write: it spares the disk.
var errNothing = errors.New("nothing to write")

// update runs fn in the one transaction that writes, and makes durable what it did unless it returns an error.
func (s *Store) update(ctx context.Context, fn func(*bbolt.Tx) error) error {
	unlock, err := s.lockWrites(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return s.transact(func(tx *bbolt.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return ctx.Err()
	})
}

// transact runs fn in a transaction of its own and commits it. The caller has the token of who may write.
func (s *Store) transact(fn func(*bbolt.Tx) error) error {
	if err := s.writable(); err != nil {
		return err
	}
	h, err := s.acquire()
	if err != nil {
		return err
	}
	defer s.release(h)
	tx, err := s.beginOn(h, true)
	if err != nil {
		return s.failed("write", err)
	}
	err = guarded(func() error {
		if err := fn(tx); err != nil {
			return err
		}
		return tx.Commit()
	})
	if err == nil {
		return nil
	}
	s.rollback(h, tx)
	if errors.Is(err, errNothing) {
		return nil
	}
	return s.failed("write", err)
}

// lockWrites waits until this caller alone may write.
func (s *Store) lockWrites(ctx context.Context) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case s.writing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	unlock = func() { <-s.writing }
	if err := s.writable(); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// writable says why nothing may be written.
func (s *Store) writable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.readOnly != nil:
		return fmt.Errorf("write %s: %w", s.path, s.readOnly)
	case s.damaged != nil:
		return fmt.Errorf("write %s: nothing is written into a damaged file: %w", s.path, s.damaged)
	}
	return nil
}

// callers are the errors that say nothing of the file.
var callers = []error{
	context.Canceled, context.DeadlineExceeded, investigations.ErrNotFound, investigations.ErrLeaseLost, ErrInvalid,
}

// failed remembers damage, and says where an error comes from.
func (s *Store) failed(what string, err error) error {
	if err == nil || slices.ContainsFunc(callers, func(target error) bool { return errors.Is(err, target) }) {
		return err
	}
	if errors.Is(err, berrors.ErrIncompatibleValue) { // a key that became a bucket
		err = fmt.Errorf("%w: restore a backup, or move it away to start anew: %w", ErrDamaged, err)
	}
	if errors.Is(err, ErrDamaged) {
		s.noteDamage(err)
	}
	return fmt.Errorf("%s %s: %w", what, s.path, writeError(err))
}

// noteDamage sees to it that nothing is written any more.
func (s *Store) noteDamage(err error) {
	s.mu.Lock()
	first := s.damaged == nil
	if first {
		s.damaged = err
	}
	s.mu.Unlock()
	if !first {
		return
	}
	log := s.options.Log
	if p := (*panicked)(nil); errors.As(err, &p) {
		log = log.With("stack", p.stack)
	}
	log.Error("the memory file is damaged; from now on nothing is written into it", "path", s.path, "err", err)
}
