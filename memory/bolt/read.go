package bolt

import (
	"context"
	"iter"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// Trace returns one trace.
func (s *Store) Trace(ctx context.Context, id string) (investigations.Trace, error) {
	var t investigations.Trace
	err := s.view(ctx, func(tx *bbolt.Tx) (err error) {
		key := tx.Bucket(bucketIDs).Get([]byte(id))
		if key == nil {
			return notFound(id)
		}
		t, err = decodeTrace(pieces{tx.Bucket(bucketTraces)}.get(slotOf(key)))
		return err
	})
	return t, err
}

// pageOfHeads is about how many heads are read before they are yielded.
const pageOfHeads = 256

// Heads yields heads, the newest kill first. The view is one of the moment when the loop begins; the loop may use the
// Store, and write into it. As long as a loop over many goes on, what others write needs new room in the file.
func (s *Store) Heads(ctx context.Context, f investigations.Filter) iter.Seq2[investigations.Head, error] {
	return func(yield func(investigations.Head, error) bool) {
		tx, end, err := s.begin(ctx)
		if err != nil {
			yield(investigations.Head{}, err)
			return
		}
		defer end()
		var scan *scan
		var page []investigations.Head
		for done := false; !done; {
			err := guarded(func() (err error) {
				if scan == nil {
					scan = newScan(tx, f)
				}
				page, err = scan.next(ctx, page[:0])
				return err
			})
			if done = err != nil || scan.done; done {
				end() // a loop that takes its time keeps no room in the file
			}
			for _, h := range page {
				if !yield(h, nil) {
					return
				}
			}
			if err != nil {
				yield(investigations.Head{}, s.failed("read", err))
			}
		}
	}
}

// scan finds the heads that a filter selects, the newest kill first.
type scan struct {
	filter investigations.Filter
	// lowest is the lowest slot that can be one of them.
	lowest slot
	// step returns the next slot and head downwards; nil at the end.
	step func() (key, record []byte)
	// key and record are what step returned last, and was not used yet.
	key, record []byte
	found       int
	done        bool
}

func newScan(tx *bbolt.Tx, f investigations.Filter) *scan {
	s := &scan{filter: f}
	if !f.Since.IsZero() {
		s.lowest = firstSlot(f.Since)
	}
	heads := tx.Bucket(bucketHeads)
	if len(f.IDs) > 0 {
		s.step = byID(heads, tx.Bucket(bucketIDs), f.IDs)
	} else {
		s.step = downwards(heads, f)
	}
	s.key, s.record = s.step()
	return s
}

// downwards walks all heads from the newest that the filter can select.
func downwards(heads *bbolt.Bucket, f investigations.Filter) func() (key, record []byte) {
	c := heads.Cursor()
	begin := c.Last
	if !f.Before.IsZero() {
		begin = func() (key, record []byte) {
			last := lastSlot(f.Before)
			switch key, record = c.Seek(last.key()); {
			case key == nil:
				return c.Last()
			case slotOf(key) != last:
				return c.Prev()
			}
			return key, record
		}
	}
	return func() (key, record []byte) {
		if begin != nil {
			key, record = begin()
			begin = nil
			return key, record
		}
		return c.Prev()
	}
}

// byID walks the heads of ids.
func byID(heads, ids *bbolt.Bucket, want []string) func() (key, record []byte) {
	var slots []slot
	for _, id := range want {
		if key := ids.Get([]byte(id)); key != nil {
			slots = append(slots, slotOf(key))
		}
	}
	slices.Sort(slots)
	slots = slices.Compact(slots)
	return func() (key, record []byte) {
		if len(slots) == 0 {
			return nil, nil
		}
		key = slots[len(slots)-1].key()
		slots = slots[:len(slots)-1]
		return key, heads.Get(key)
	}
}

// next appends about pageOfHeads of the heads that are left to an empty page, and fewer at the end, when the scan is
// done.
func (s *scan) next(ctx context.Context, page []investigations.Head) ([]investigations.Head, error) {
	for len(page) < pageOfHeads && !s.done {
		if err := ctx.Err(); err != nil {
			return page, err
		}
		before := len(page)
		var err error
		if page, err = s.moment(page); err != nil {
			return page[:before], err
		}
		if left := s.filter.Limit - s.found; s.filter.Limit > 0 && len(page)-before >= left {
			page, s.done = page[:before+left], true
		}
		s.found += len(page) - before
	}
	return page, nil
}

// moment appends the heads of the next millisecond that has any, as far as the filter selects them: within it slots are
// in no order.
func (s *scan) moment(page []investigations.Head) ([]investigations.Head, error) {
	if s.key == nil || slotOf(s.key) < s.lowest {
		s.done = true
		return page, nil
	}
	before := len(page)
	for ms := slotOf(s.key).milli(); s.key != nil && slotOf(s.key).milli() == ms; s.key, s.record = s.step() {
		h, err := decodeHead(s.record)
		if err != nil {
			return page, err
		}
		if memory.Matches(s.filter, h) {
			page = append(page, h)
		}
	}
	slices.SortFunc(page[before:], newerFirst)
	return page, nil
}

// newerFirst orders heads by the time of the kill, and those of the same time by their ids.
func newerFirst(a, b investigations.Head) int {
	if c := b.At.Compare(a.At); c != 0 {
		return c
	}
	return strings.Compare(b.ID, a.ID)
}
