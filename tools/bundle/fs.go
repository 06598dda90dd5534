package bundle

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/oombot/oombot/investigations"
)

// The limits of the format.
const (
	// LogLimit is the size in bytes up to which a kernel log (kernel/*.log) is read.
	LogLimit = 1 << 30
	// FileLimit is the size in bytes up to which any other file is read.
	FileLimit = 256 << 20
	// JSONDepth is how deep the values of a *.json file may be nested.
	JSONDepth = 100
	// DirLimit is how many entries of a folder are listed.
	DirLimit = 100_000
)

// rootFS is a folder without links, special files and oversized files.
type rootFS struct {
	root *os.Root
}

var (
	_ fs.StatFS    = (*rootFS)(nil)
	_ fs.ReadDirFS = (*rootFS)(nil)
)

// Open opens a file for reading, or a folder. It never blocks.
func (r *rootFS) Open(name string) (fs.File, error) {
	info, err := r.check("open", name)
	if err != nil {
		return nil, err
	}
	// Between check and here someone may have put a fifo there: O_NONBLOCK keeps open from waiting for its
	// writer, and SameFile tells that it is another file.
	f, err := r.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, wrap("open", name, err)
	}
	opened, err := f.Stat()
	if err != nil || !os.SameFile(info, opened) {
		_ = f.Close()
		return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("%w: it changed while it was opened", investigations.ErrUnavailable)}
	}
	if info.IsDir() {
		return f, nil
	}
	return newLimitedFile(f, name), nil
}

// Stat describes a file or folder; it returns the errors that Open would.
func (r *rootFS) Stat(name string) (fs.FileInfo, error) { return r.check("stat", name) }

// ReadDir lists a folder by name, links and special files included. With more than DirLimit entries it
// returns some of them and an error that wraps investigations.ErrTooLarge.
func (r *rootFS) ReadDir(name string) ([]fs.DirEntry, error) {
	info, err := r.check("readdir", name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("it is a file and no folder")}
	}
	f, err := r.root.Open(name)
	if err != nil {
		return nil, wrap("readdir", name, err)
	}
	defer f.Close()
	entries, err := f.ReadDir(DirLimit + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, wrap("readdir", name, err)
	}
	err = nil
	if len(entries) > DirLimit {
		entries = entries[:DirLimit]
		err = tooLarge("readdir", name, fmt.Sprintf("over %d entries", DirLimit))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

// check walks down to name without following anything, and refuses what must not be opened.
func (r *rootFS) check(op, name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		parent := name[:i]
		info, err := r.root.Lstat(parent)
		if err != nil {
			return nil, wrap(op, name, err)
		}
		if !info.IsDir() {
			return nil, notFollowed(op, parent, info.Mode())
		}
	}
	info, err := r.root.Lstat(name)
	if err != nil {
		return nil, wrap(op, name, err)
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, notFollowed(op, name, info.Mode())
	}
	if limit := sizeLimit(name); info.Mode().IsRegular() && info.Size() > limit {
		return nil, tooLarge(op, name, fmt.Sprintf("%d bytes, over the limit of %d", info.Size(), limit))
	}
	return info, nil
}

func sizeLimit(name string) int64 {
	if ok, _ := path.Match("kernel/*.log", name); ok {
		return LogLimit
	}
	return FileLimit
}

// notFollowed is the error for what is neither a folder on the way nor a plain file at its end.
func notFollowed(op, name string, mode fs.FileMode) error {
	if mode.IsRegular() {
		return &fs.PathError{Op: op, Path: name, Err: errors.New("it is a file and no folder")}
	}
	what := "a special file"
	switch mode.Type() {
	case fs.ModeSymlink:
		what = "a symbolic link"
	case fs.ModeNamedPipe:
		what = "a named pipe"
	case fs.ModeSocket:
		what = "a socket"
	case fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice:
		what = "a device"
	}
	return &fs.PathError{Op: op, Path: name, Err: fmt.Errorf("%s is not followed: %w", what, investigations.ErrForbidden)}
}

func tooLarge(op, name, why string) error {
	return &fs.PathError{Op: op, Path: name, Err: fmt.Errorf("%w: %s", investigations.ErrTooLarge, why)}
}

// wrap gives an error of os the name as the bundle's user knows it, and the sentinel for missing permission.
func wrap(op, name string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w: %w", investigations.ErrForbidden, err)
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
