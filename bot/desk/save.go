package desk

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/oombot/oombot/investigations"
)

// saver writes what changed to the shelf, all that came together in one transaction.
type saver struct {
	mu   sync.Mutex
	cond *sync.Cond
	// dirty are documents to be encoded when they are written, so that the newest is; asked counts the calls of mark,
	// and saved how many of them are durable.
	dirty        map[docKey]func() (investigations.Doc, error)
	asked, saved uint64
	writing      bool
}

type docKey struct{ kind, key string }

func newSaver() *saver {
	s := &saver{dirty: map[docKey]func() (investigations.Doc, error){}}
	s.cond = sync.NewCond(&s.mu)
	return s
}

// mark says that a document changed; encode makes it, and may lock what the document is made of.
func (s *saver) mark(kind, key string, encode func() (investigations.Doc, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	s.dirty[docKey{kind, key}] = encode
}

// flush returns when all that was marked before is durable. Who comes first writes for those who come meanwhile.
func (s *saver) flush(ctx context.Context, shelf investigations.Shelf) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	want := s.asked
	for s.saved < want {
		if s.writing {
			s.cond.Wait()
			continue
		}
		upTo, batch := s.asked, s.dirty
		s.dirty, s.writing = map[docKey]func() (investigations.Doc, error){}, true
		s.mu.Unlock()
		err := write(ctx, shelf, batch)
		s.mu.Lock()
		s.writing = false
		s.cond.Broadcast()
		if err != nil {
			for k, f := range batch { // what was marked anew meanwhile stays
				if _, again := s.dirty[k]; !again {
					s.dirty[k] = f
				}
			}
			return err
		}
		s.saved = upTo
	}
	return nil
}

func write(ctx context.Context, shelf investigations.Shelf, batch map[docKey]func() (investigations.Doc, error)) error {
	docs := make([]investigations.Doc, 0, len(batch))
	for _, k := range slices.SortedFunc(maps.Keys(batch), func(a, b docKey) int { return compareDocs(a, b) }) {
		doc, err := batch[k]()
		if err != nil {
			return err
		}
		docs = append(docs, doc)
	}
	return shelf.PutDocs(ctx, docs...)
}

func compareDocs(a, b docKey) int {
	if a.kind != b.kind {
		if a.kind < b.kind {
			return -1
		}
		return 1
	}
	switch {
	case a.key < b.key:
		return -1
	case a.key > b.key:
		return 1
	}
	return 0
}
