package bolt

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
)

// storedWork is a mark of an action as JSON; it may change as storedTrace may.
type storedWork struct {
	Kind    string          `json:"kind,omitzero"`
	Details json.RawMessage `json:"details,omitzero"`
	BegunAt time.Time       `json:"begun_at,omitzero"`
	EndedAt time.Time       `json:"ended_at,omitzero"`
	Result  string          `json:"result,omitzero"`
	// Seq tells marks of the same moment apart, in the order in which they were made.
	Seq uint64 `json:"seq"`
}

func (w storedWork) work(key []byte) investigations.Work {
	return investigations.Work{
		Key: string(key), Kind: w.Kind, Details: w.Details, BegunAt: w.BegunAt, EndedAt: w.EndedAt, Result: w.Result,
	}
}

// index is the key under which a mark is found that has no end.
func (w storedWork) index() []byte {
	return binary.BigEndian.AppendUint64(timeKey(w.BegunAt), w.Seq)
}

func getWork(tx *bbolt.Tx, key []byte) (*storedWork, error) {
	record := tx.Bucket(bucketWork).Get(key)
	if record == nil {
		return nil, nil
	}
	var w storedWork
	if err := decodeJSON(record, &w); err != nil {
		return nil, fmt.Errorf("%w: read a mark of work: %w", ErrDamaged, err)
	}
	return &w, nil
}

func putWork(tx *bbolt.Tx, key []byte, w storedWork) error {
	record, err := encodeJSON(w)
	if err != nil {
		return err
	}
	return tx.Bucket(bucketWork).Put(key, record)
}

// Begin marks that work is about to be done. Where BegunAt is zero it is the present time; the end and the result of w
// are not looked at.
func (s *Store) Begin(ctx context.Context, w investigations.Work) (mark investigations.Work, first bool, err error) {
	if err := checkKey("work", w.Key); err != nil {
		return investigations.Work{}, false, err
	}
	err = s.share(ctx, func(tx *bbolt.Tx) error {
		first = false
		key := []byte(w.Key)
		before, err := getWork(tx, key)
		if err != nil {
			return err
		}
		if before != nil {
			mark = before.work(key)
			return errNothing
		}
		seq, err := tx.Bucket(bucketWork).NextSequence()
		if err != nil {
			return err
		}
		now := storedWork{Kind: w.Kind, Details: w.Details, BegunAt: w.BegunAt.UTC(), Seq: seq}
		if w.BegunAt.IsZero() {
			now.BegunAt = s.options.Now().UTC()
		}
		mark, first = now.work(key), true
		if err := tx.Bucket(bucketUnfinished).Put(now.index(), key); err != nil {
			return err
		}
		return putWork(tx, key, now)
	})
	if err != nil {
		return investigations.Work{}, false, err
	}
	return mark, first, nil
}

// End marks that work was done.
func (s *Store) End(ctx context.Context, key, result string) error {
	return s.share(ctx, func(tx *bbolt.Tx) error {
		w, err := getWork(tx, []byte(key))
		switch {
		case err != nil:
			return err
		case w == nil:
			return fmt.Errorf("work %s: %w", investigations.Quote(key, maxKey), investigations.ErrNotFound)
		case !w.EndedAt.IsZero():
			return errNothing
		}
		w.EndedAt, w.Result = s.options.Now().UTC(), result
		if err := tx.Bucket(bucketUnfinished).Delete(w.index()); err != nil {
			return err
		}
		return putWork(tx, []byte(key), *w)
	})
}

// Unfinished are the marks without an end.
func (s *Store) Unfinished(ctx context.Context) ([]investigations.Work, error) {
	var out []investigations.Work
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucketUnfinished).Cursor()
		for at, key := c.First(); at != nil; at, key = c.Next() {
			w, err := getWork(tx, key)
			if err != nil {
				return err
			}
			if w == nil {
				return fmt.Errorf("%w: there is no work %q, which an index leads to", ErrDamaged, key)
			}
			out = append(out, w.work(key))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
