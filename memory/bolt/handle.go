package bolt

import (
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// handle is an open file. After Compact the old one lives on until its last reader is done.
type handle struct {
	db   *bbolt.DB
	file *os.File
	// least is how long the file was when it was opened, in bytes; it only grows.
	least int64
	// What follows is guarded by Store.mu.
	users   int
	retired bool
	// broken says that bbolt panicked in a place where it holds locks: nothing may be asked of it any more.
	broken bool
}

// acquire returns the open file, which must be released.
func (s *Store) acquire() (*handle, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.current == nil:
		return nil, fmt.Errorf("%s: %w", s.path, ErrClosed)
	case s.current.broken:
		return nil, s.damaged
	}
	s.idle.Add(1)
	s.current.users++
	return s.current, nil
}

func (s *Store) release(h *handle) {
	s.mu.Lock()
	h.users--
	last := h.retired && h.users == 0
	s.mu.Unlock()
	if last {
		if err := h.close(); err != nil {
			s.options.Log.Warn("the memory file of before it was compacted did not close", "path", s.path, "err", err)
		}
	}
	s.idle.Done()
}

// beginOn starts a transaction.
func (s *Store) beginOn(h *handle, writable bool) (tx *bbolt.Tx, err error) {
	// bbolt holds its locks when it looks at the first pages: they must be there.
	size, err := sizeOf(h.file)
	if err != nil {
		return nil, err
	}
	if size < h.least {
		return nil, fmt.Errorf("%w: somebody cut it off while it was open, from %d bytes to %d", ErrTruncated, h.least, size)
	}
	err = guarded(func() (err error) {
		tx, err = h.db.Begin(writable)
		return err
	})
	if errors.Is(err, ErrDamaged) {
		s.abandon(h, err)
	}
	return tx, err
}

// rollback ends a transaction without a trace. Of one that a commit ended already nothing is left to do.
func (s *Store) rollback(h *handle, tx *bbolt.Tx) {
	if err := guarded(tx.Rollback); errors.Is(err, ErrDamaged) {
		s.abandon(h, err)
	}
}

// abandon sees to it that nothing is asked of a file's bbolt any more.
func (s *Store) abandon(h *handle, err error) {
	s.noteDamage(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	h.broken = true
}

// close closes the file. Nobody uses it any more.
func (h *handle) close() error {
	if h.broken { // the mapping stays, and with it the lock unless it is given up
		return errors.Join(unlockFile(h.file), h.file.Close())
	}
	return guarded(h.db.Close)
}

func sizeOf(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
