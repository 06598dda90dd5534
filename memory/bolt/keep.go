package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"unicode/utf8"

	"go.etcd.io/bbolt"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// maxID bounds an id, in bytes.
const maxID = 256

// Keep stores all traces in one transaction. An id is any UTF-8 of 1 to 256 bytes, else it is an ErrInvalid.
func (s *Store) Keep(ctx context.Context, traces ...investigations.Trace) error {
	if len(traces) == 0 {
		return ctx.Err()
	}
	fresh, err := encodeAll(ctx, traces)
	if err != nil {
		return err
	}
	return s.update(ctx, func(tx *bbolt.Tx) error {
		w := writerOf(tx)
		for _, e := range fresh {
			if err := ctx.Err(); err != nil {
				return err
			}
			old, err := w.find(e.trace.Result.ID)
			if err == nil && old != nil {
				e, err = encodeTrace(memory.Revise(old.trace, e.trace))
			}
			if err != nil {
				return err
			}
			if err := w.put(old, e); err != nil {
				return err
			}
		}
		return w.finish()
	})
}

// encodeAll makes the records of traces as if none of them was there, on all processors, and before others have to wait.
func encodeAll(ctx context.Context, traces []investigations.Trace) ([]encoded, error) {
	out := make([]encoded, len(traces))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range traces {
		g.Go(func() (err error) {
			if err = ctx.Err(); err == nil {
				err = checkID(t.Result.ID)
			}
			if err == nil {
				out[i], err = encodeTrace(memory.Normalized(t))
			}
			return err
		})
	}
	return out, g.Wait()
}

// Amend adds what was learned of a trace.
func (s *Store) Amend(ctx context.Context, id string, a investigations.Amendment) error {
	return s.update(ctx, func(tx *bbolt.Tx) error {
		w := writerOf(tx)
		old, err := w.find(id)
		if err != nil {
			return err
		}
		if old == nil {
			return notFound(id)
		}
		e, err := encodeTrace(memory.Amend(old.trace, a))
		if err != nil {
			return err
		}
		if err := w.put(old, e); err != nil {
			return err
		}
		return w.finish()
	})
}

func notFound(id string) error {
	return fmt.Errorf("trace %s: %w", investigations.Quote(id, maxID), investigations.ErrNotFound)
}

// checkID refuses an id that would not read back as it is.
func checkID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%w: a trace has no id", ErrInvalid)
	case len(id) > maxID:
		return fmt.Errorf("%w: the id %s has %d bytes, at most %d are stored", ErrInvalid, investigations.Quote(id, 40), len(id), maxID)
	case !utf8.ValidString(id):
		return fmt.Errorf("%w: the id %s is no UTF-8", ErrInvalid, investigations.Quote(id, maxID))
	}
	return nil
}

// writer changes traces, and all that is kept about them, in one transaction.
type writer struct {
	meta, heads, ids   *bbolt.Bucket
	traces             pieces
	postings           postings
	graph              *graph
	count, countBefore uint64
	wrote              bool
}

func writerOf(tx *bbolt.Tx) *writer {
	w := &writer{
		meta: tx.Bucket(bucketMeta), traces: pieces{tx.Bucket(bucketTraces)}, heads: tx.Bucket(bucketHeads),
		ids: tx.Bucket(bucketIDs), postings: postings{tx.Bucket(bucketPostings)}, graph: graphOf(tx),
	}
	// Most traces come in the order of their kills, and so at the end of these.
	for _, b := range []*bbolt.Bucket{w.traces.b, w.heads, w.ids, w.graph.edges} {
		b.FillPercent = 1
	}
	w.count = number(w.meta, keyCount)
	w.countBefore = w.count
	return w
}

// kept is a trace as it is in the file.
type kept struct {
	slot   slot
	record []byte
	trace  investigations.Trace
	head   investigations.Head
}

// find returns the trace of that id; nil where there is none.
func (w *writer) find(id string) (*kept, error) {
	key := w.ids.Get([]byte(id))
	if key == nil {
		return nil, nil
	}
	k := &kept{slot: slotOf(key), record: w.traces.get(slotOf(key))}
	var err error
	if k.trace, err = decodeTrace(k.record); err != nil {
		return nil, fmt.Errorf("trace %s: %w", id, err)
	}
	if k.head, err = decodeHead(w.heads.Get(key)); err != nil {
		return nil, fmt.Errorf("trace %s: %w", id, err)
	}
	return k, nil
}

// put stores a trace in place of old, or as a new one.
func (w *writer) put(old *kept, e encoded) error {
	if old != nil && bytes.Equal(e.record, old.record) {
		return nil
	}
	w.wrote = true
	t, id := e.trace, e.trace.Result.ID
	var err error
	var terms []termHash // those that it has already
	var at slot
	switch {
	case old != nil && old.slot.milli() == firstSlot(t.Result.At).milli():
		at, terms = old.slot, hashTerms(memory.TermsOf(old.head))
	case old != nil: // the time of its kill is another one now
		if err := w.remove(old.slot, old.head); err != nil {
			return err
		}
		fallthrough
	default:
		if at, err = newSlot(w.heads, t.Result.At, id); err != nil {
			return fmt.Errorf("store trace %s: %w", id, err)
		}
		w.count++
	}
	head := memory.HeadOf(t)
	if err := w.ids.Put([]byte(id), at.key()); err != nil {
		return err
	}
	if err := w.traces.put(at, e.record); err != nil {
		return err
	}
	if err := w.heads.Put(at.key(), encodeHead(head)); err != nil {
		return err
	}
	if err := w.postings.replace(at, terms, hashTerms(memory.TermsOf(head))); err != nil {
		return err
	}
	return w.graph.replace(at, memory.EdgesOf(t))
}

// remove takes a trace and all that is kept about it out of the file.
func (w *writer) remove(at slot, h investigations.Head) error {
	w.wrote = true
	w.count--
	if err := w.postings.replace(at, hashTerms(memory.TermsOf(h)), nil); err != nil {
		return err
	}
	if err := w.graph.replace(at, nil); err != nil {
		return err
	}
	return errors.Join(w.traces.cut(at, 0), w.heads.Delete(at.key()), w.ids.Delete([]byte(h.ID)))
}

// finish writes what was kept back; errNothing where nothing changed.
func (w *writer) finish() error {
	if !w.wrote {
		return errNothing
	}
	if w.count != w.countBefore {
		if err := putNumber(w.meta, keyCount, w.count); err != nil {
			return err
		}
	}
	return w.graph.flush()
}
