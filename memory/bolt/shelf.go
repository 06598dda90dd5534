package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// shelfPrefix is what the keys of all documents of a kind begin with, and of no other kind. A kind has at most
// memory.MaxDocName bytes.
func shelfPrefix(kind string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(kind))), kind...)
}

// encodeDoc returns key and record of a document; no record where it is to be removed.
func encodeDoc(d investigations.Doc) (key, record []byte, err error) {
	if err := memory.CheckDoc(d); err != nil {
		return nil, nil, err
	}
	key = append(shelfPrefix(d.Kind), d.Key...)
	if len(d.Body) == 0 {
		return key, nil, nil
	}
	compact := bytes.NewBuffer([]byte{jsonVersion})
	if err := json.Compact(compact, d.Body); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return key, compact.Bytes(), nil
}

// decodeDoc reads what encodeDoc wrote. It shares no memory with the record.
func decodeDoc(kind, key string, record []byte) (investigations.Doc, error) {
	if len(record) < 2 || record[0] != jsonVersion {
		return investigations.Doc{}, fmt.Errorf("%w: document %s %s is stored in a way that is not known",
			ErrDamaged, investigations.Quote(kind, 40), investigations.Quote(key, 40))
	}
	return investigations.Doc{Kind: kind, Key: key, Body: slices.Clone(record[1:])}, nil
}

// PutDocs writes documents. What is wrong with one of them is an ErrInvalid.
func (s *Store) PutDocs(ctx context.Context, docs ...investigations.Doc) error {
	if len(docs) == 0 {
		return ctx.Err()
	}
	keys, records := make([][]byte, len(docs)), make([][]byte, len(docs))
	for i, d := range docs {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if keys[i], records[i], err = encodeDoc(d); err != nil {
			return fmt.Errorf("put document %d of %d: %w", i+1, len(docs), err)
		}
	}
	return s.share(ctx, func(tx *bbolt.Tx) error {
		shelf, err := tx.CreateBucketIfNotExists(bucketShelf)
		if err != nil {
			return err
		}
		changed := false
		for i, key := range keys {
			before := shelf.Get(key)
			switch {
			case bytes.Equal(before, records[i]): // nor is there one where none is to be
				continue
			case records[i] == nil:
				err = shelf.Delete(key)
			default:
				err = shelf.Put(key, records[i])
			}
			if err != nil {
				return err
			}
			changed = true
		}
		if !changed {
			return errNothing
		}
		return nil
	})
}

// Doc returns one document.
func (s *Store) Doc(ctx context.Context, kind, key string) (investigations.Doc, error) {
	var d investigations.Doc
	err := s.view(ctx, func(tx *bbolt.Tx) (err error) {
		var record []byte
		if shelf := tx.Bucket(bucketShelf); shelf != nil && len(kind) <= memory.MaxDocName {
			record = shelf.Get(append(shelfPrefix(kind), key...))
		}
		if record == nil {
			return memory.NoDoc(kind, key)
		}
		d, err = decodeDoc(kind, key, record)
		return err
	})
	return d, err
}

const (
	// pageOfDocs and bytesOfDocs are about how many documents, and bytes of them, are read before they are yielded.
	pageOfDocs  = 256
	bytesOfDocs = 1 << 20
)

// Docs yields documents. The view is one of the moment when the loop begins; the loop may use the Store, and write into
// it. As long as a loop over many goes on, what others write needs new room in the file.
func (s *Store) Docs(ctx context.Context, kind string) iter.Seq2[investigations.Doc, error] {
	return func(yield func(investigations.Doc, error) bool) {
		tx, end, err := s.begin(ctx)
		if err != nil {
			yield(investigations.Doc{}, err)
			return
		}
		defer end()
		scan := &docScan{kind: kind}
		for !scan.done {
			err := ctx.Err()
			if err == nil {
				err = guarded(func() error { return scan.next(tx) })
			}
			if err != nil || scan.done {
				end() // a loop that takes its time keeps no room in the file
			}
			if err != nil {
				yield(investigations.Doc{}, s.failed("read", err))
				return
			}
			for _, d := range scan.page {
				if !yield(d, nil) {
					return
				}
			}
		}
	}
}

// docScan reads the documents of a kind, page by page.
type docScan struct {
	kind   string
	prefix []byte
	cursor *bbolt.Cursor
	// key and record are what the cursor returned last, and is on no page yet.
	key, record []byte
	page        []investigations.Doc
	done        bool
}

// next reads another page; done is true with the last.
func (s *docScan) next(tx *bbolt.Tx) error {
	s.page = nil
	if s.cursor == nil {
		shelf := tx.Bucket(bucketShelf)
		if shelf == nil || len(s.kind) > memory.MaxDocName {
			s.done = true
			return nil
		}
		s.prefix, s.cursor = shelfPrefix(s.kind), shelf.Cursor()
		s.key, s.record = s.cursor.Seek(s.prefix)
	}
	for size := 0; len(s.page) < pageOfDocs && size < bytesOfDocs; s.key, s.record = s.cursor.Next() {
		if s.done = !bytes.HasPrefix(s.key, s.prefix); s.done {
			return nil
		}
		d, err := decodeDoc(s.kind, string(s.key[len(s.prefix):]), s.record)
		if err != nil {
			return err
		}
		s.page, size = append(s.page, d), size+len(s.record)
	}
	return nil
}
