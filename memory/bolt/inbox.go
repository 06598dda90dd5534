package bolt

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxKey bounds the natural keys of items and of work, in bytes.
	maxKey = 1024
	// expireBatch is how many items that are done long since one write removes in passing.
	expireBatch = 16
)

// storedItem is an inbox item as JSON; it may change as storedTrace may. An item that is done has no payload any more.
type storedItem struct {
	Kind        string          `json:"kind,omitzero"`
	Payload     json.RawMessage `json:"payload,omitzero"`
	At          time.Time       `json:"at,omitzero"`
	NotBefore   time.Time       `json:"not_before,omitzero"`
	Lease       string          `json:"lease,omitzero"`
	LeasedUntil time.Time       `json:"leased_until,omitzero"`
	Attempts    int             `json:"attempts,omitzero"`
	DoneAt      time.Time       `json:"done_at,omitzero"`
	Why         string          `json:"why,omitzero"`
	// Seq tells items of the same moment apart, in the order in which they were put.
	Seq uint64 `json:"seq"`
}

func (s storedItem) item(key []byte) investigations.Item {
	return investigations.Item{
		Key: string(key), Kind: s.Kind, Payload: s.Payload, At: s.At, NotBefore: s.NotBefore, Lease: s.Lease,
		LeasedUntil: s.LeasedUntil, Attempts: s.Attempts, DoneAt: s.DoneAt, Why: s.Why,
	}
}

// index returns the key under which an item is found by a time.
func (s storedItem) index(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(timeKey(t), s.Seq)
}

// dueAt is when an open item may be taken.
func (s storedItem) dueAt() time.Time {
	if s.Lease != "" && s.LeasedUntil.After(s.NotBefore) {
		return s.LeasedUntil
	}
	return s.NotBefore
}

// inbox reads and changes items in one transaction. An open item is in one of two indexes: ready by when it came, or
// waiting by when it is due; one that is done is in done by when that was.
type inbox struct {
	items, ready, waiting, done *bbolt.Bucket
	now                         time.Time
}

func (s *Store) inbox(tx *bbolt.Tx) inbox {
	return inbox{
		items: tx.Bucket(bucketInbox), ready: tx.Bucket(bucketReady), waiting: tx.Bucket(bucketWaiting), done: tx.Bucket(bucketDone),
		now: s.options.Now().UTC(),
	}
}

// get returns an item; nil where there is none.
func (b inbox) get(key []byte) (*storedItem, error) {
	record := b.items.Get(key)
	if record == nil {
		return nil, nil
	}
	var it storedItem
	if err := decodeJSON(record, &it); err != nil {
		return nil, fmt.Errorf("%w: read an item of the inbox: %w", ErrDamaged, err)
	}
	return &it, nil
}

// indexed returns an item that an index leads to.
func (b inbox) indexed(key []byte) (*storedItem, error) {
	it, err := b.get(key)
	if err == nil && it == nil {
		err = fmt.Errorf("%w: the inbox has no item %q, which its index leads to", ErrDamaged, key)
	}
	return it, err
}

// put writes an item and enters it into the index where it belongs now. before is how it was; nil where it is new.
func (b inbox) put(key []byte, before *storedItem, it storedItem) error {
	if before != nil {
		if err := b.ready.Delete(before.index(before.At)); err != nil {
			return err
		}
		if err := b.waiting.Delete(before.index(before.dueAt())); err != nil {
			return err
		}
	}
	var err error
	switch {
	case !it.DoneAt.IsZero():
		it.Payload = nil
		err = b.done.Put(it.index(it.DoneAt), key)
	case it.dueAt().After(b.now):
		err = b.waiting.Put(it.index(it.dueAt()), key)
	default:
		err = b.ready.Put(it.index(it.At), key)
	}
	if err != nil {
		return err
	}
	record, err := encodeJSON(it)
	if err != nil {
		return err
	}
	return b.items.Put(key, record)
}

// expire removes some items that are done long since.
func (b inbox) expire(keep time.Duration) error {
	limit := timeKey(b.now.Add(-keep))
	c := b.done.Cursor()
	var old [][2][]byte
	for at, key := c.First(); at != nil && len(old) < expireBatch && bytes.Compare(at[:timeKeyLen], limit) < 0; at, key = c.Next() {
		old = append(old, [2][]byte{slices.Clone(at), slices.Clone(key)})
	}
	for _, o := range old {
		if err := b.done.Delete(o[0]); err != nil {
			return err
		}
		if err := b.items.Delete(o[1]); err != nil {
			return err
		}
	}
	return nil
}

// Put writes an item. Its lease, attempts and end are not looked at: it begins open.
func (s *Store) Put(ctx context.Context, item investigations.Item) (fresh bool, err error) {
	if err := checkKey("inbox item", item.Key); err != nil {
		return false, err
	}
	err = s.share(ctx, func(tx *bbolt.Tx) error {
		fresh = false
		b, key := s.inbox(tx), []byte(item.Key)
		if b.items.Get(key) != nil {
			return errNothing
		}
		seq, err := b.items.NextSequence()
		if err != nil {
			return err
		}
		fresh = true
		it := storedItem{Kind: item.Kind, Payload: item.Payload, At: item.At.UTC(), NotBefore: item.NotBefore.UTC(), Seq: seq}
		if err := b.put(key, nil, it); err != nil {
			return err
		}
		return b.expire(s.options.KeepDone)
	})
	return fresh && err == nil, err
}

// Take leases an item.
func (s *Store) Take(ctx context.Context, lease time.Duration) (investigations.Item, error) {
	var out investigations.Item
	taken := false
	err := s.share(ctx, func(tx *bbolt.Tx) error {
		taken = false
		b := s.inbox(tx)
		moved, err := b.wake()
		if err != nil {
			return err
		}
		_, key := b.ready.Cursor().First()
		if key == nil {
			if moved {
				return nil
			}
			return errNothing
		}
		key = slices.Clone(key)
		it, err := b.indexed(key)
		if err != nil {
			return err
		}
		next := *it
		next.Lease, next.LeasedUntil, next.Attempts = rand.Text(), b.now.Add(lease), it.Attempts+1
		out, taken = next.item(key), true
		return b.put(key, it, next)
	})
	if err != nil {
		return investigations.Item{}, err
	}
	if !taken {
		return investigations.Item{}, fmt.Errorf("no item of the inbox is due: %w", investigations.ErrNotFound)
	}
	return out, nil
}

// wake moves the items that have become due from waiting to ready.
func (b inbox) wake() (moved bool, err error) {
	limit := timeKey(b.now)
	var due [][]byte
	c := b.waiting.Cursor()
	for at, key := c.First(); at != nil && bytes.Compare(at[:timeKeyLen], limit) <= 0; at, key = c.Next() {
		due = append(due, slices.Clone(key))
	}
	for _, key := range due {
		it, err := b.indexed(key)
		if err != nil {
			return moved, err
		}
		if err := b.put(key, it, *it); err != nil {
			return moved, err
		}
		moved = true
	}
	return moved, nil
}

// Renew prolongs a lease.
func (s *Store) Renew(ctx context.Context, item investigations.Item, lease time.Duration) (investigations.Item, error) {
	return s.held(ctx, item, func(b inbox, it *storedItem) { it.LeasedUntil = b.now.Add(lease) })
}

// Later gives an item back.
func (s *Store) Later(ctx context.Context, item investigations.Item, at time.Time, why string) error {
	_, err := s.held(ctx, item, func(_ inbox, it *storedItem) {
		it.Lease, it.LeasedUntil, it.NotBefore, it.Why = "", time.Time{}, at.UTC(), why
	})
	return err
}

// Done ends an item.
func (s *Store) Done(ctx context.Context, item investigations.Item, why string) error {
	_, err := s.held(ctx, item, func(b inbox, it *storedItem) { it.DoneAt, it.Why = b.now, why })
	if errors.Is(err, errDoneBefore) {
		return nil
	}
	return err
}

// errDoneBefore says that the holder of an item ended it already.
var errDoneBefore = fmt.Errorf("the item is done: %w", investigations.ErrLeaseLost)

// held changes an item on behalf of its holder.
func (s *Store) held(ctx context.Context, item investigations.Item, change func(inbox, *storedItem)) (investigations.Item, error) {
	var out investigations.Item
	err := s.share(ctx, func(tx *bbolt.Tx) error {
		b, key := s.inbox(tx), []byte(item.Key)
		it, err := b.get(key)
		switch {
		case err != nil:
			return err
		case it == nil:
			return fmt.Errorf("inbox item %s: %w", investigations.Quote(item.Key, maxKey), investigations.ErrNotFound)
		case it.Lease == "" || it.Lease != item.Lease:
			return fmt.Errorf("inbox item %s: %w", investigations.Quote(item.Key, maxKey), investigations.ErrLeaseLost)
		case !it.DoneAt.IsZero():
			return fmt.Errorf("inbox item %s: %w", investigations.Quote(item.Key, maxKey), errDoneBefore)
		}
		next := *it
		change(b, &next)
		out = next.item(key)
		if err := b.put(key, it, next); err != nil {
			return err
		}
		return b.expire(s.options.KeepDone)
	})
	if err != nil {
		return investigations.Item{}, err
	}
	return out, nil
}

// checkKey refuses a natural key that can't be one.
func checkKey(what, key string) error {
	switch {
	case key == "":
		return fmt.Errorf("%w: the %s has no key", ErrInvalid, what)
	case len(key) > maxKey:
		return fmt.Errorf("%w: the key of %s %s has %d bytes, at most %d are stored", ErrInvalid, what, investigations.Quote(key, 40), len(key), maxKey)
	}
	return nil
}
