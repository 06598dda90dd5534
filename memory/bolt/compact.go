package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

const (
	// compactBatch is how many bytes of keys and values one transaction copies: it keeps them in memory.
	compactBatch = 8 << 20
	// compacting is what the name of the new file ends in until it takes the place of the old one.
	compacting = ".compacting"
)

// Compact writes the file anew, beside its place, and puts the new one there; nothing is left in it of what was
// forgotten. Writers wait meanwhile. Whoever reads goes on, loops over Heads still on the old file. Where it fails the
// old file stays.
func (s *Store) Compact(ctx context.Context) (before, after int64, err error) {
	unlock, err := s.lockWrites(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer unlock()
	old, err := s.acquire()
	if err != nil {
		return 0, 0, err
	}
	defer s.release(old)
	if before, err = sizeOf(old.file); err != nil {
		return 0, 0, s.failed("compact", err)
	}
	fresh, err := s.copyOf(ctx, old)
	if err != nil {
		return 0, 0, s.failed("compact", err)
	}
	temp := fresh.file.Name()
	if after, err = sizeOf(fresh.file); err == nil {
		// The new file is locked since it is there: nobody who waits for the file's name gets it before us.
		err = os.Rename(temp, s.path)
	}
	if err != nil {
		return 0, 0, s.failed("compact", errors.Join(err, fresh.close(), os.Remove(temp)))
	}
	if err := errors.Join(s.swap(old, fresh), syncDir(filepath.Dir(s.path))); err != nil {
		return 0, 0, s.failed("compact", err)
	}
	return before, after, nil
}

// swap makes the fresh file the one that is used from now on, unless the Store was closed meanwhile.
func (s *Store) swap(old, fresh *handle) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return fresh.close()
	}
	s.current, old.retired = fresh, true
	return nil
}

// copyOf returns a new file, durable and locked, that holds what the old one holds.
func (s *Store) copyOf(ctx context.Context, old *handle) (fresh *handle, err error) {
	temp := s.path + compacting
	// One that is there is of somebody who was killed: only who has the file locked makes one.
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	info, err := old.file.Stat()
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp))
		}
	}()
	if err := errors.Join(file.Chmod(info.Mode().Perm()), lockFile(file, true)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if fresh, err = s.mapped(file); err != nil {
		return nil, err
	}
	fresh.db.NoSync = true // it is synced once, at the end
	if err = s.view(ctx, func(tx *bbolt.Tx) error { return copyAll(ctx, fresh.db, tx) }); err == nil {
		fresh.db.NoSync = s.options.NoSync
		err = file.Sync()
	}
	if err != nil {
		return nil, errors.Join(err, fresh.close())
	}
	return fresh, nil
}

// copyAll copies all buckets with their sequences. No bucket has buckets in it.
func copyAll(ctx context.Context, db *bbolt.DB, from *bbolt.Tx) error {
	c := &copier{db: db}
	err := from.ForEach(func(name []byte, source *bbolt.Bucket) error {
		if err := c.bucket(name, source.Sequence()); err != nil {
			return err
		}
		return source.ForEach(func(key, value []byte) error {
			if c.size += len(key) + len(value); c.size > compactBatch {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := c.commit(); err != nil {
					return err
				}
				if err := c.bucket(name, source.Sequence()); err != nil {
					return err
				}
			}
			return c.to.Put(key, value)
		})
	})
	if err != nil {
		if c.tx != nil {
			err = errors.Join(err, c.tx.Rollback())
		}
		return err
	}
	return errors.Join(ctx.Err(), c.commit())
}

// copier writes into a new file.
type copier struct {
	db   *bbolt.DB
	tx   *bbolt.Tx
	to   *bbolt.Bucket
	size int
}

// bucket makes what follows go into a bucket.
func (c *copier) bucket(name []byte, sequence uint64) (err error) {
	if c.tx == nil {
		if c.tx, err = c.db.Begin(true); err != nil {
			return err
		}
	}
	if c.to, err = c.tx.CreateBucketIfNotExists(name); err != nil {
		return err
	}
	c.to.FillPercent = 1
	return c.to.SetSequence(sequence)
}

func (c *copier) commit() error {
	if c.tx == nil {
		return nil
	}
	tx := c.tx
	c.tx, c.size = nil, 0
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("write the new file: %w", err)
	}
	return nil
}
