package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"github.com/oombot/oombot/memory"
)

const (
	// growth is by how much a file grows at a time, in bytes.
	growth = 1 << 20
	// lockPause is how long to wait before a lock is tried again.
	lockPause = 20 * time.Millisecond
)

// Open opens a memory file, and makes it where there is none; its folder must be there. A file that may only be read is
// opened for reading, and what would write returns ErrReadOnly. What is wrong with a file the errors of this package
// say; none of them changed it.
func Open(path string, o Options) (*Store, error) {
	s, err := open(path, o.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("open memory file: %w", err)
	}
	return s, nil
}

func open(path string, o Options) (*Store, error) {
	path, err := resolve(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !o.ReadOnly {
		if err := create(path); err != nil {
			return nil, err
		}
	}
	s := &Store{path: path, options: o, writing: make(chan struct{}, 1), sharing: queue{most: shareMost}}
	if o.ReadOnly {
		s.readOnly = fmt.Errorf("%w: it was opened for reading", ErrReadOnly)
	}
	file, err := s.openLocked()
	if err != nil {
		return nil, err
	}
	s.current, err = s.mapped(file)
	if err != nil {
		return nil, err
	}
	if s.readOnly == nil {
		s.clean()
	}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// resolve returns where a path leads: what replaces a file later must not replace a link to it.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("its folder is not there; make it first, with mkdir -p %s: %w", filepath.Dir(path), err)
	}
	target, err := filepath.EvalSymlinks(path)
	switch {
	case err == nil:
		return target, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return "", fmt.Errorf("%s is a link to what is not there; remove it, or make what it leads to", path)
	}
	return path, nil
}

// openLocked opens and locks the file, and looks whether it may be mapped.
func (s *Store) openLocked() (*os.File, error) {
	for deadline := time.Now().Add(s.options.LockTimeout); ; time.Sleep(lockPause) {
		file, err := s.openFile()
		if err != nil {
			return nil, err
		}
		var size int64
		if size, err = s.lock(file); err == nil {
			err = inspect(file, size, s.readOnly == nil)
		}
		switch {
		case err == nil:
			return file, nil
		case !errors.Is(err, errBusy) && !errors.Is(err, errReplaced):
			file.Close()
			return nil, fmt.Errorf("%s: %w", s.path, err)
		case !time.Now().Before(deadline):
			pid := holder(file)
			file.Close()
			return nil, &LockedError{Path: s.path, PID: pid, Own: pid == os.Getpid()}
		}
		file.Close()
	}
}

var (
	errBusy     = errors.New("locked by another process")
	errReplaced = errors.New("another file took its place")
)

// lock locks the open file and returns its size; errBusy where somebody else has it locked, errReplaced where it is not
// the one any more that the path leads to: whoever compacts a file puts another one in its place, and the lock counts
// only on that.
func (s *Store) lock(file *os.File) (size int64, err error) {
	if err := lockFile(file, s.readOnly == nil); err != nil {
		return 0, fmt.Errorf("lock it: %w", err)
	}
	open, err := file.Stat()
	if err != nil {
		return 0, err
	}
	there, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(open, there) {
		return 0, errReplaced
	}
	return open.Size(), err
}

// openFile opens the file for writing, else for reading.
func (s *Store) openFile() (*os.File, error) {
	info, err := os.Stat(s.path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // to open a pipe might take forever
		return nil, fmt.Errorf("%s is %w; name a file, new or made by oombot", s.path, ErrNotFile)
	}
	if s.readOnly == nil {
		file, err := os.OpenFile(s.path, os.O_RDWR, 0)
		if err == nil || !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
			return file, err
		}
		s.readOnly = fmt.Errorf("%w: %w", ErrReadOnly, err)
		s.options.Log.Warn("the memory file can only be read, nothing will be stored", "path", s.path, "err", err)
	}
	return os.Open(s.path)
}

// mapped hands the file to bbolt, which closes it where it fails.
func (s *Store) mapped(file *os.File) (*handle, error) {
	h := &handle{file: file}
	options := &bbolt.Options{
		// The lock is held already, and asking for it again succeeds at once.
		Timeout:  time.Second,
		ReadOnly: s.readOnly != nil,
		OpenFile: func(string, int, os.FileMode) (*os.File, error) { return file, nil },
		NoSync:   s.options.NoSync,
		// The list of free pages is stored: else opening a file would read all of it.
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		// As long as the file fits, it is not mapped anew when it grows, and a writer need not wait for those who read: one
		// that reads within a loop over heads would wait for that writer, and so for itself.
		InitialMmapSize: addressSpace(),
	}
	err := guarded(func() (err error) {
		h.db, err = bbolt.Open(s.path, 0o600, options)
		return err
	})
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", s.path, writeError(err))
	}
	h.db.AllocSize = growth
	h.least, err = sizeOf(file)
	return h, err
}

// clean removes what a process left that was killed while it compacted the file. Only who has the file locked compacts it.
func (s *Store) clean() {
	if err := os.Remove(s.path + compacting); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.options.Log.Warn("what is left of compacting the memory file can't be removed", "path", s.path+compacting, "err", err)
	}
}

// prepare makes the buckets of a new file, and looks whether those of another one are ours.
func (s *Store) prepare() error {
	ctx := context.Background()
	var fresh bool
	var terms string
	err := s.view(ctx, func(tx *bbolt.Tx) error {
		first, _ := tx.Cursor().First()
		if fresh = first == nil; fresh {
			return nil
		}
		meta := tx.Bucket(bucketMeta)
		if meta == nil {
			return fmt.Errorf("%w: another program's database; name another file", ErrForeign)
		}
		terms = string(meta.Get(keyTerms))
		return checkFormat(tx, meta)
	})
	if err != nil {
		return err
	}
	switch {
	case fresh && s.readOnly != nil:
		return fmt.Errorf("%s: %w: it is empty", s.path, ErrForeign)
	case fresh:
		return s.update(ctx, makeBuckets)
	case s.readOnly == nil && terms != strconv.Itoa(memory.TermsVersion):
		return s.reindex(ctx)
	}
	return nil
}

// checkFormat says whether this program can read the file.
func checkFormat(tx *bbolt.Tx, meta *bbolt.Bucket) error {
	if string(meta.Get(keyFormat)) != formatName {
		return fmt.Errorf("%w: another program's database; name another file", ErrForeign)
	}
	switch version, err := strconv.Atoi(string(meta.Get(keyVersion))); {
	case err != nil:
		return fmt.Errorf("%w: the version of its format is no number; restore a backup", ErrDamaged)
	case version > formatVersion:
		return fmt.Errorf("%w: its format is version %d, and this program knows up to %d; use the newer oombot", ErrNewer, version, formatVersion)
	}
	for _, name := range buckets {
		if tx.Bucket(name) == nil && !bytes.Equal(name, bucketShelf) {
			return fmt.Errorf("%w: the bucket %s is not there; restore a backup", ErrDamaged, name)
		}
	}
	return nil
}

// makeBuckets makes an empty memory file of what bbolt has made.
func makeBuckets(tx *bbolt.Tx) error {
	for _, name := range buckets {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(bucketMeta)
	return errors.Join(
		meta.Put(keyFormat, []byte(formatName)),
		meta.Put(keyVersion, strconv.AppendInt(nil, formatVersion, 10)),
		meta.Put(keyTerms, strconv.AppendInt(nil, memory.TermsVersion, 10)),
	)
}
