package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// TestNotOurs opens what is no memory file. Nothing of it is changed.
func TestNotOurs(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other.db")
	db, err := bbolt.Open(other, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("members"))
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	otherMeta := changed(t, func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyFormat, []byte("another")) })
	newer := changed(t, func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyVersion, []byte("2")) })
	odd := changed(t, func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyVersion, []byte("one")) })
	lacking := changed(t, func(tx *bbolt.Tx) error { return tx.DeleteBucket(bucketRefs) })
	for what, c := range map[string]struct {
		content string
		want    error
	}{
		"text":                       {strings.Repeat("no database\n", 5000), ErrForeign},
		"a short text":               {"x", ErrForeign},
		"zeroes":                     {strings.Repeat("\x00", 1<<16), ErrForeign},
		"another program's database": {content(t, other), ErrForeign},
		"another program's meta":     {otherMeta, ErrForeign},
		"a newer format":             {newer, ErrNewer},
		"a format that is no number": {odd, ErrDamaged},
		"a bucket that is not there": {lacking, ErrDamaged},
	} {
		t.Run(what, func(t *testing.T) {
			for _, o := range []Options{{}, {ReadOnly: true}} {
				path := written(t, c.content)
				if _, err := Open(path, o); !errors.Is(err, c.want) {
					t.Errorf("read-only %v: %v, want %v", o.ReadOnly, err, c.want)
				}
				if content(t, path) != c.content {
					t.Errorf("read-only %v: the file was changed", o.ReadOnly)
				}
			}
		})
	}
}

// changed returns the bytes of a memory file that something was done to.
func changed(t *testing.T, change func(*bbolt.Tx) error) string {
	t.Helper()
	s := temp(t)
	keep(t, s, small("a", 0))
	if err := s.update(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return content(t, s.path)
}

func written(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "memory.db")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOddPaths(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(
		os.Mkdir(at("folder"), 0o700), syscall.Mkfifo(at("pipe"), 0o600), os.Symlink("loop", at("loop")),
		os.Symlink("nowhere", at("dangling")), os.Symlink("real.db", at("link")), os.WriteFile(at("empty"), nil, 0o600),
	); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		"folder": ErrNotFile, "pipe": ErrNotFile, "no/such/folder": fs.ErrNotExist, "empty/file": syscall.ENOTDIR,
	} {
		if _, err := Open(at(name), Options{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	for _, name := range []string{"dangling", "loop"} {
		if _, err := Open(at(name), Options{}); err == nil {
			t.Errorf("a link to nothing was opened: %s", name)
		}
	}
	for name, want := range map[string]error{"new": fs.ErrNotExist, "empty": ErrForeign} {
		if _, err := Open(at(name), Options{ReadOnly: true}); !errors.Is(err, want) {
			t.Errorf("%s, for reading: %v, want %v", name, err, want)
		}
	}
	reopen(t, at("empty"), Options{}) // as a volume may bring it
	if err := reopen(t, at("real.db"), Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	s := reopen(t, at("link"), Options{})
	keep(t, s, small("a", 0))
	if _, _, err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(at("link")); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("compacting replaced the link: %v, %v", info, err)
	}
	info, err := os.Stat(at("real.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v (%v), want that its owner alone reads it", info.Mode(), err)
	}
}

// sample returns the bytes of a memory file in which all is of some size.
func sample(t testing.TB) string {
	t.Helper()
	s := temp(t)
	keep(t, s, history(0, 120)...)
	for i := range 40 {
		if _, err := s.Put(t.Context(), investigations.Item{Key: fmt.Sprint(i), At: memorytest.Epoch}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Begin(t.Context(), investigations.Work{Key: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Forget(t.Context(), investigations.Filter{Limit: 20}); err != nil { // for some free pages
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return content(t, s.path)
}

func TestTruncated(t *testing.T) {
	whole := sample(t)
	m, err := newestMeta(strings.NewReader(whole), uint64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	inUse := int(m.pages * m.pageSize)
	for _, n := range []int{20, 100, 1000, 4095, 4096, 5000, 8192, 10000, 16383, 16384, 70000, inUse / 2, inUse - 4096, inUse - 1} {
		path := written(t, whole[:n])
		_, err := Open(path, Options{})
		if !errors.Is(err, ErrTruncated) || !errors.Is(err, ErrDamaged) {
			t.Errorf("%d bytes of %d: %v, want ErrTruncated", n, len(whole), err)
		}
		if content(t, path) != whole[:n] {
			t.Errorf("%d bytes of %d: the file was changed", n, len(whole))
		}
	}
	for _, n := range []int{inUse, len(whole)} {
		verify(t, reopen(t, written(t, whole[:n]), Options{}))
	}
}

func openFile(t testing.TB, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestDamaged writes nonsense into a file, opens it, and reads and writes all: it may see an error, or what was not hit,
// and the test lives on. Once damage was seen the file stays as it is.
func TestDamaged(t *testing.T) {
	whole, seen, files := sample(t), 0, uint64(60)
	if raceDetector {
		files = 20
	}
	for seed := range files {
		r := rand.New(rand.NewPCG(seed, 7))
		b := []byte(whole)
		const size = 4096
		at := r.IntN(len(b)/size) * size
		switch r.IntN(5) {
		case 0: // a page that the disk lost
			clear(b[at : at+size])
		case 1: // another one's content
			copy(b[at:at+size], b[r.IntN(len(b)/size)*size:])
		case 2: // random bytes
			for i := range 64 {
				b[at+i*64+r.IntN(64)] = byte(r.Uint32())
			}
		case 3: // one bit of a header or an element
			b[at+r.IntN(256)] ^= 1 << r.IntN(8)
		case 4: // one bit anywhere
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		if damagedUse(t, fmt.Sprint("seed ", seed), string(b)) {
			seen++
		}
	}
	if seen < int(files)/6 {
		t.Errorf("damage was seen in %d files of %d: the test does too little", seen, files)
	}
}

// damagedUse uses a file that may be damaged in all ways, and returns whether that showed.
func damagedUse(t *testing.T, what, content string) bool {
	t.Helper()
	path := written(t, content)
	s, err := Open(path, Options{NoSync: true})
	if err != nil {
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) && !errors.Is(err, ErrNewer) {
			t.Errorf("%s: open: %v, want ErrDamaged", what, err)
		}
		return true
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("%s: close: %v", what, err)
		}
	}()
	err = errors.Join(readAll(t, s), s.Backup(t.Context(), io.Discard), writeAll(t, s))
	if err == nil {
		return false
	}
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("%s: %v, want ErrDamaged", what, err)
	}
	before := fileOf(t, path)
	if err := s.Keep(t.Context(), small("new", 0)); !errors.Is(err, ErrDamaged) {
		t.Errorf("%s: it is written after damage was seen: %v", what, err)
	}
	if _, _, err := s.Compact(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("%s: it is compacted after damage was seen: %v", what, err)
	}
	if !bytes.Equal(before, fileOf(t, path)) {
		t.Errorf("%s: it was changed after damage was seen", what)
	}
	return true
}

func fileOf(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// readAll reads in every way, and returns the errors.
func readAll(t *testing.T, s *Store) error {
	var all error
	for h, err := range s.Heads(t.Context(), investigations.Filter{}) {
		all = errors.Join(all, err)
		if err != nil {
			break
		}
		_, err := s.Trace(t.Context(), h.ID)
		_, _, edgesErr := s.Edges(t.Context(), memory.Incident(h.ID), 20)
		if errors.Is(err, investigations.ErrNotFound) { // its id was hit
			err = nil
		}
		all = errors.Join(all, err, edgesErr)
	}
	for i := range 30 {
		_, err := s.Candidates(t.Context(), investigations.Cue{Terms: memory.Terms(memorytest.Trace(1, i*4).Features), Limit: 20})
		all = errors.Join(all, err)
	}
	_, err := s.Unfinished(t.Context())
	return errors.Join(all, err)
}

// writeAll writes in every way, and returns the errors. An id that was not found was hit itself.
func writeAll(t *testing.T, s *Store) error {
	var all error
	for i := range 20 {
		all = errors.Join(all, s.Keep(t.Context(), memorytest.Trace(1, i*5), memorytest.Trace(4, i)))
	}
	_, forget := s.Forget(t.Context(), investigations.Filter{Before: memorytest.Trace(1, 60).Result.At})
	_, take := s.Take(t.Context(), time.Minute)
	end := s.End(t.Context(), "7", "")
	for _, err := range []error{forget, take, end} {
		if !errors.Is(err, investigations.ErrNotFound) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// TestCutOffWhileOpen takes a file's end away under an open store, and then all of it: whoever reads the mapping there
// gets a signal.
func TestCutOffWhileOpen(t *testing.T) {
	for _, left := range []int64{300_000, 4096, 0} {
		path := written(t, sample(t))
		s, err := Open(path, Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		s.current.least = 0 // as if it was cut off just after that was looked at
		if err := os.Truncate(path, left); err != nil {
			t.Fatal(err)
		}
		if err := readAll(t, s); !errors.Is(err, ErrDamaged) {
			t.Errorf("%d bytes left: reading: %v, want ErrDamaged", left, err)
		}
		if err := s.Keep(t.Context(), small("new", 0)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%d bytes left: writing: %v, want ErrDamaged", left, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%d bytes left: close: %v", left, err)
		}
		f := openFile(t, path)
		if err := lockFile(f, true); err != nil {
			t.Errorf("%d bytes left: the file is locked after it was closed: %v", left, err)
		}
	}
}

func TestCutOffBeforeACall(t *testing.T) {
	path := written(t, sample(t))
	s := reopen(t, path, Options{NoSync: true})
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Trace(t.Context(), "a"); !errors.Is(err, ErrTruncated) {
		t.Errorf("%v, want ErrTruncated", err)
	}
}
