package bolt

import (
	"context"
	"strconv"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/memory"
)

// reindexBatch is how many traces one transaction indexes at most.
const reindexBatch = 1000

// reindex makes the postings anew, after memory.TermsOf has changed. Whatever interrupts it, the next Open starts over.
func (s *Store) reindex(ctx context.Context) error {
	s.options.Log.Info("the index of the memory file is made anew", "path", s.path)
	err := s.update(ctx, func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket(bucketPostings); err != nil {
			return err
		}
		_, err := tx.CreateBucket(bucketPostings)
		if err != nil {
			return err
		}
		return tx.Bucket(bucketMeta).Put(keyTerms, []byte("0"))
	})
	var next slot
	for done := false; err == nil && !done; {
		err = s.update(ctx, func(tx *bbolt.Tx) (err error) {
			if next, done, err = indexHeads(tx, next); err != nil || !done {
				return err
			}
			return tx.Bucket(bucketMeta).Put(keyTerms, strconv.AppendInt(nil, memory.TermsVersion, 10))
		})
	}
	return err
}

// indexHeads indexes some traces from a slot on, and returns where to go on.
func indexHeads(tx *bbolt.Tx, from slot) (next slot, done bool, err error) {
	p := postings{tx.Bucket(bucketPostings)}
	c := tx.Bucket(bucketHeads).Cursor()
	n := 0
	for key, record := c.Seek(from.key()); key != nil; key, record = c.Next() {
		if n++; n > reindexBatch {
			return slotOf(key), false, nil
		}
		h, err := decodeHead(record)
		if err != nil {
			return 0, false, err
		}
		if err := p.replace(slotOf(key), nil, hashTerms(memory.TermsOf(h))); err != nil {
			return 0, false, err
		}
	}
	return 0, true, nil
}
