package bolt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// splitShelfKey is the way back from a key of the bucket shelf to kind and key.
func splitShelfKey(key []byte) (kind, name string, ok bool) {
	if len(key) < 2 {
		return "", "", false
	}
	n := int(binary.BigEndian.Uint16(key))
	if len(key) <= 2+n {
		return "", "", false
	}
	return string(key[2 : 2+n]), string(key[2+n:]), true
}

// shelf checks that each document is one that could have been put.
func (v *verifier) shelf() {
	shelf := v.tx.Bucket(bucketShelf)
	if shelf == nil {
		return // the file is of before there was one
	}
	for key, record := range v.all(bucketShelf) {
		kind, name, ok := splitShelfKey([]byte(key))
		if !ok {
			v.Errorf("the key of document %q has no kind, or no key", key)
			continue
		}
		d, err := decodeDoc(kind, name, []byte(record))
		if err == nil {
			err = memory.CheckDoc(d)
		}
		if err != nil || len(d.Body) == 0 {
			v.Errorf("document %q of kind %q: %v", name, kind, err)
		}
	}
}

func putDocs(t *testing.T, s *Store, docs ...investigations.Doc) {
	t.Helper()
	if err := s.PutDocs(t.Context(), docs...); err != nil {
		t.Fatal(err)
	}
}

func listDocs(t *testing.T, s *Store, kind string) []investigations.Doc {
	t.Helper()
	var out []investigations.Doc
	for d, err := range s.Docs(t.Context(), kind) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

var twoDocs = []investigations.Doc{
	{Kind: "thread", Key: "C1/1", Body: json.RawMessage(`{"state":"open"}`)},
	{Kind: "thread", Key: "C1/2", Body: json.RawMessage(`{"state":"<done>"}`)},
}

// TestDocsSurvive looks for documents after the file was closed and opened, compacted, and restored from a backup.
func TestDocsSurvive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.db")
	s := reopen(t, path, Options{})
	putDocs(t, s, twoDocs...)
	if _, _, err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	var backup bytes.Buffer
	if err := errors.Join(s.Backup(t.Context(), &backup), s.Close()); err != nil {
		t.Fatal(err)
	}
	for what, path := range map[string]string{"the file": path, "the backup": written(t, backup.String())} {
		for _, o := range []Options{{ReadOnly: true}, {}} {
			s := reopen(t, path, o)
			if diff := cmp.Diff(twoDocs, listDocs(t, s, "thread")); diff != "" {
				t.Errorf("%s, read-only %v (-put +there):\n%s", what, o.ReadOnly, diff)
			}
			verify(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestFileWithoutAShelf uses a file of before there were documents: to read it changes nothing, and with its first
// document it gets a shelf.
func TestFileWithoutAShelf(t *testing.T) {
	old := content(t, filepath.Join("testdata", "v1.db"))
	path := written(t, old)
	for _, o := range []Options{{ReadOnly: true}, {}} {
		s := reopen(t, path, o)
		if _, err := s.Doc(t.Context(), "thread", "C1/1"); !errors.Is(err, investigations.ErrNotFound) {
			t.Errorf("read-only %v: Doc: %v, want ErrNotFound", o.ReadOnly, err)
		}
		if docs := listDocs(t, s, "thread"); len(docs) != 0 {
			t.Errorf("read-only %v: %v", o.ReadOnly, docs)
		}
		err := s.PutDocs(t.Context(), investigations.Doc{Kind: "thread", Key: "nobody"})
		if o.ReadOnly != errors.Is(err, ErrReadOnly) || !o.ReadOnly && err != nil {
			t.Errorf("read-only %v: PutDocs: %v", o.ReadOnly, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if content(t, path) != old {
			t.Errorf("read-only %v: the file was changed", o.ReadOnly)
		}
	}
	s := reopen(t, path, Options{})
	putDocs(t, s, twoDocs...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, path, Options{})
	if diff := cmp.Diff(twoDocs, listDocs(t, s, "thread")); diff != "" {
		t.Errorf("(-put +there):\n%s", diff)
	}
	verify(t, s)
}

// TestOddDocument finds records that no oombot wrote.
func TestOddDocument(t *testing.T) {
	for what, record := range map[string]string{"nothing": "", "no body": "\x01", "another version": "\x02{}"} {
		t.Run(what, func(t *testing.T) {
			s := temp(t)
			putDocs(t, s, twoDocs...)
			err := s.update(t.Context(), func(tx *bbolt.Tx) error {
				return tx.Bucket(bucketShelf).Put(append(shelfPrefix("thread"), "C1/2"...), []byte(record))
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Doc(t.Context(), "thread", "C1/1"); err != nil {
				t.Errorf("the sound document: %v", err)
			}
			var last error
			n := 0
			for _, err := range s.Docs(t.Context(), "thread") {
				if n++; last != nil {
					t.Error("the listing went on after an error")
				}
				last = err
			}
			if !errors.Is(last, ErrDamaged) {
				t.Errorf("Docs: %d entries, then %v; want ErrDamaged", n, last)
			}
			if _, err := s.Doc(t.Context(), "thread", "C1/2"); !errors.Is(err, ErrDamaged) {
				t.Errorf("Doc: %v, want ErrDamaged", err)
			}
			if err := s.PutDocs(t.Context(), twoDocs[0]); !errors.Is(err, ErrDamaged) {
				t.Errorf("PutDocs into a damaged file: %v, want ErrDamaged", err)
			}
		})
	}
}

// TestCompactForgetsDocuments looks for the text of a document that was removed.
func TestCompactForgetsDocuments(t *testing.T) {
	s := temp(t)
	secret := investigations.Doc{Kind: "thread", Key: "C1/3", Body: json.RawMessage(`"something to be forgotten"`)}
	putDocs(t, s, secret, twoDocs[0])
	putDocs(t, s, investigations.Doc{Kind: secret.Kind, Key: secret.Key})
	if _, _, err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, []byte("to be forgotten")) {
		t.Error("the file still holds it")
	}
	if !bytes.Contains(file, []byte(`"state":"open"`)) {
		t.Error("the file does not hold the other one")
	}
}
