package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/bolt"
	"github.com/oombot/oombot/memory/socket"
)

// Patience is how long Open waits for a process that holds the file and does not answer: what is left of two seconds
// when a program has begun and ended, too.
const Patience = 1800 * time.Millisecond

// Options say how a memory file is opened. The zero Options are good ones.
type Options struct {
	// MustExist refuses a file that is not there, with fs.ErrNotExist; else it is made.
	MustExist bool
	// Now is the clock of leases and marks; nil means time.Now. Where another process holds the file its clock counts.
	Now func() time.Time
	// Log gets what an operator should know; nil means nobody does.
	Log *slog.Logger
	// Patience is how long to wait for a process that holds the file and does not answer; 0 means the constant Patience.
	Patience time.Duration
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Patience == 0 {
		o.Patience = Patience
	}
	return o
}

// Open opens a memory file, or finds the process that has it open. Where that can't be used it fails within
// Options.Patience, with investigations.ErrUnavailable, and names the process where the system tells which it is. What
// is wrong with a file the errors of memory/bolt say.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s := &Store{path: path, options: o.withDefaults(), opening: make(chan struct{}, 1)}
	if _, err := s.use(ctx); err != nil {
		return nil, err
	}
	s.options.MustExist = false // who used it once goes on, whatever becomes of the file
	return s, nil
}

// source is the file, or the process that has it.
type source struct {
	memory.Store
	// shared says that it is another process's.
	shared bool
	pid    int
	// stop ends the serving of others.
	stop func()
}

// Close ends the serving before it gives up the file: who finds the file free finds no socket of a process that no
// longer has it.
func (s *source) Close() error {
	s.stop()
	return s.Store.Close()
}

// open opens the file, or finds who has it, as long as the patience lasts: a holder may be about to end, or have begun
// only now.
func (s *Store) open(ctx context.Context) (*source, error) {
	patient, cancel := context.WithTimeout(ctx, s.options.Patience)
	defer cancel()
	var why error
	for {
		if err := s.mustExist(); err != nil {
			return nil, err
		}
		b, err := bolt.Open(s.path, bolt.Options{LockTimeout: -1, Now: s.options.Now, Log: s.options.Log})
		if err == nil {
			return s.serve(b), nil
		}
		var locked *bolt.LockedError
		if !errors.As(err, &locked) {
			return nil, err
		}
		client, err := socket.Dial(patient, s.path)
		if err == nil {
			return &source{Store: client, shared: true, pid: client.PID(), stop: func() {}}, nil
		}
		if why == nil || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, socket.ErrCut) {
			why = err // and not that the time was over before anybody was looked for
		}
		again := passing(err) && pause(patient)
		if ctxErr := ctx.Err(); ctxErr != nil {
			return nil, fmt.Errorf("open memory file %s: %w", s.path, ctxErr)
		}
		if !again {
			return nil, s.held(locked.PID, why)
		}
	}
}

// passing says whether an error of Dial may be over soon: who holds the file begins, or ends, or is another user who has
// it for a moment.
func passing(err error) bool {
	return errors.Is(err, socket.ErrGone) || errors.Is(err, socket.ErrCut) || errors.Is(err, socket.ErrRefused)
}

// pause waits for a moment that differs from process to process; false where ctx is done.
func pause(ctx context.Context) bool {
	t := time.NewTimer(5*time.Millisecond + rand.N(20*time.Millisecond))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// held explains why a file that somebody has open can't be used through that one.
func (s *Store) held(pid int, err error) error {
	who, wake := "another process", "kill -CONT"
	if pid != 0 {
		who, wake = fmt.Sprintf("process %d", pid), fmt.Sprintf("kill -CONT %d", pid)
	}
	switch {
	case errors.Is(err, socket.ErrVersion):
		return fmt.Errorf("open memory file %s: %s has it open: %w; %w", s.path, who, investigations.ErrUnavailable, err)
	case errors.Is(err, socket.ErrRefused):
		return fmt.Errorf("open memory file %s: %s has it open and shares it with its own user only; run as that one: %w; %w",
			s.path, who, investigations.ErrUnavailable, err)
	case errors.Is(err, socket.ErrGone):
		return fmt.Errorf("open memory file %s: %s has it open and shares it with nobody; wait for its end, or end it: %w; %w",
			s.path, who, investigations.ErrUnavailable, err)
	}
	return fmt.Errorf("open memory file %s: %s has it open and does not answer; if it is stopped, let it go on with %s, or end it: %w; %w",
		s.path, who, wake, investigations.ErrUnavailable, err)
}

func (s *Store) mustExist() error {
	if !s.options.MustExist {
		return nil
	}
	if _, err := os.Stat(s.path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no memory file at %s; name another one, or let an investigation make it: %w", s.path, fs.ErrNotExist)
	}
	return nil // what else is wrong with it the opening says
}

// serve lets other processes use the file that this one has open. Where that can't be, they have to wait.
func (s *Store) serve(b *bolt.Store) *source {
	held := &source{Store: b, pid: os.Getpid(), stop: func() {}}
	if b.ReadOnly() {
		return held // others may read it, too, and whoever may write it must not be held up
	}
	log := s.options.Log
	l, err := socket.Listen(s.path, log)
	if err != nil {
		log.Warn("other processes can't use the memory file while this one has it open", "path", s.path, "err", err)
		return held
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { // it ends with held, which waits for it
		defer close(done)
		if err := socket.Serve(ctx, l, b, log); err != nil {
			log.Warn("other processes can't use the memory file any more", "path", s.path, "err", err)
		}
	}()
	held.stop = func() {
		cancel()
		<-done
	}
	return held
}
