package bolt

import (
	"context"
	"reflect"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// forgetBatch is how many traces one transaction removes at most: it keeps the pages that it changes in memory.
const forgetBatch = 100

// Forget removes traces, the newest first, in transactions of at most 100: where it fails midway the returned number
// of traces is gone, and the others are there in whole. A trace that is kept meanwhile may stay. A filter that selects
// everything removes all at once.
func (s *Store) Forget(ctx context.Context, f investigations.Filter) (int, error) {
	if reflect.ValueOf(f).IsZero() {
		return s.forgetAll(ctx)
	}
	var ids []string
	for h, err := range s.Heads(ctx, f) {
		if err != nil {
			return 0, err
		}
		ids = append(ids, h.ID)
	}
	total := 0
	for batch := range slices.Chunk(ids, forgetBatch) {
		n, err := s.forget(ctx, batch, f)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// forgetAll empties the buckets of traces.
func (s *Store) forgetAll(ctx context.Context) (int, error) {
	var n uint64
	err := s.update(ctx, func(tx *bbolt.Tx) error {
		if n = number(tx.Bucket(bucketMeta), keyCount); n == 0 {
			return errNothing
		}
		for _, name := range traceBuckets {
			sequence := tx.Bucket(name).Sequence()
			if err := tx.DeleteBucket(name); err != nil {
				return err
			}
			b, err := tx.CreateBucket(name)
			if err != nil {
				return err
			}
			if err := b.SetSequence(sequence); err != nil {
				return err
			}
		}
		return putNumber(tx.Bucket(bucketMeta), keyCount, 0)
	})
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// forget removes the traces of ids, as far as they are there and selected still.
func (s *Store) forget(ctx context.Context, ids []string, f investigations.Filter) (int, error) {
	n := 0
	err := s.update(ctx, func(tx *bbolt.Tx) error {
		w := writerOf(tx)
		for _, id := range ids {
			key := w.ids.Get([]byte(id))
			if key == nil {
				continue
			}
			h, err := decodeHead(w.heads.Get(key))
			if err != nil {
				return err
			}
			if !memory.Matches(f, h) {
				continue
			}
			if err := w.remove(slotOf(key), h); err != nil {
				return err
			}
			n++
		}
		return w.finish()
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
