package bolt

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.etcd.io/bbolt"
)

// shareMost is how many writes share a transaction at most: it keeps the pages that it changes in memory.
const shareMost = 512

// sharedWrite is a small write that waits for a transaction.
type sharedWrite struct {
	run func(*bbolt.Tx) error
	// done gets what became of it, once.
	done chan error
}

// queue holds the small writes that wait, in the order in which they came.
type queue struct {
	// most is how many share a transaction.
	most    int
	mu      sync.Mutex
	waiting []*sharedWrite
}

func (q *queue) add(w *sharedWrite) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, w)
}

// take removes the first writes, for somebody who has some already.
func (q *queue) take(already int) []*sharedWrite {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.waiting), q.most-already)
	taken := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return taken
}

// leave removes a write that nobody has taken yet; false where somebody has.
func (q *queue) leave(w *sharedWrite) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, w)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}

// share is update for a small write. Those that wait at the same time share a transaction, and so the time that the disk
// takes: whoever may write next runs all of them. One that comes alone waits for nobody. In effect they come one after the
// other, and what one of them returns is nobody else's concern.
//
// fn may be run several times, in transactions of which only the last one counts, and on another caller's goroutine; not
// after share has returned. It returns errNothing only where it has written nothing.
func (s *Store) share(ctx context.Context, fn func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &sharedWrite{done: make(chan error, 1), run: func(tx *bbolt.Tx) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := fn(tx); err != nil {
			return err
		}
		return ctx.Err()
	}}
	s.sharing.add(w)
	for {
		select {
		case err := <-w.done:
			return err
		case s.writing <- struct{}{}:
			s.lead() // of so many that this one may not be among them
		case <-ctx.Done():
			if s.sharing.leave(w) {
				return ctx.Err()
			}
			return <-w.done // it is being written
		}
	}
}

// errBrokenOff is what becomes of writes whose leader panicked outside of the file.
var errBrokenOff = errors.New("the writes that shared a transaction were broken off")

// lead writes what waits. The caller has the token of who may write, which lead gives back.
func (s *Store) lead() {
	var taken []*sharedWrite
	defer func() {
		for _, w := range taken {
			w.end(errBrokenOff) // who has an answer keeps that
		}
		<-s.writing
	}()
	s.together(func() []*sharedWrite {
		more := s.sharing.take(len(taken))
		taken = append(taken, more...)
		return more
	})
}

// end says what became of a write. What is said first counts.
func (w *sharedWrite) end(err error) {
	select {
	case w.done <- err:
	default:
	}
}

// together makes the writes that more returns durable in as few transactions as can be.
func (s *Store) together(more func() []*sharedWrite) {
	writes := more()
	for len(writes) > 0 {
		var odd int
		var err error
		writes, odd, err = s.attempt(writes, more)
		switch {
		case odd == 0: // nothing was done before it
			writes[odd].end(err)
		case odd > 0: // what it did is to be undone, and it can be judged only by what is in the file
			writes[odd].end(s.transact(writes[odd].run))
		case len(writes) > 1 && errors.Is(err, ErrDiskFull): // there may be room for some of them
			for _, w := range writes {
				w.end(s.transact(w.run))
			}
			return
		default:
			for _, w := range writes {
				w.end(err)
			}
			return
		}
		writes = slices.Delete(writes, odd, odd+1)
	}
}

// attempt makes writes durable in one transaction, with those that came meanwhile; all are the writes with these. Where
// one of them fails nothing of any is written, and odd is which that is; else it is -1.
func (s *Store) attempt(writes []*sharedWrite, more func() []*sharedWrite) (all []*sharedWrite, odd int, err error) {
	all, odd = writes, -1
	err = s.transact(func(tx *bbolt.Tx) error {
		wrote := false
		for i := 0; i < len(all); i++ {
			switch err := all[i].run(tx); {
			case err == nil:
				wrote = true
			case !errors.Is(err, errNothing):
				odd = i
				return err
			}
			if i == len(all)-1 {
				all = append(all, more()...)
			}
		}
		if !wrote {
			return errNothing
		}
		return nil
	})
	return all, odd, err
}
