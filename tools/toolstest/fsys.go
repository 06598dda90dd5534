package toolstest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"testing/fstest"
)

// watchedFS is a tree of files that notes what is opened and closed, and can fail on purpose. It is safe for
// concurrent use.
type watchedFS struct {
	tree fstest.MapFS
	// fail, if set, is asked before a file or folder is opened, described or listed.
	fail func(name string) error
	// breakOff, if set, gives the error that reading the file ends in, half way.
	breakOff func(name string) error

	mu     sync.Mutex
	opened []string
	open   int
}

var (
	_ fs.StatFS    = (*watchedFS)(nil)
	_ fs.ReadDirFS = (*watchedFS)(nil)
)

func (w *watchedFS) check(op, name string) error {
	if w.fail == nil {
		return nil
	}
	if err := w.fail(name); err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

func (w *watchedFS) note(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opened = append(w.opened, name)
}

func (w *watchedFS) Open(name string) (fs.File, error) {
	w.note(name)
	if err := w.check("open", name); err != nil {
		return nil, err
	}
	f, err := w.tree.Open(name)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.open++
	w.mu.Unlock()
	if dir, ok := f.(fs.ReadDirFile); ok {
		return &watchedDir{watchedFile{File: f, fsys: w}, dir}, nil
	}
	if w.breakOff != nil {
		if err := w.breakOff(name); err != nil {
			data := w.tree[name].Data
			return &watchedFile{File: f, fsys: w, err: err, half: bytes.NewReader(data[:len(data)/2])}, nil
		}
	}
	return &watchedFile{File: f, fsys: w}, nil
}

func (w *watchedFS) Stat(name string) (fs.FileInfo, error) {
	if err := w.check("stat", name); err != nil {
		return nil, err
	}
	return w.tree.Stat(name)
}

func (w *watchedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	w.note(name)
	if err := w.check("readdir", name); err != nil {
		return nil, err
	}
	return w.tree.ReadDir(name)
}

// files returns the files of the tree that were opened, each once, by name.
func (w *watchedFS) files() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, name := range w.opened {
		if f, ok := w.tree[name]; ok && f.Mode.IsRegular() {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

type watchedFile struct {
	fs.File
	fsys   *watchedFS
	half   *bytes.Reader
	err    error
	closed bool
}

func (f *watchedFile) Read(p []byte) (int, error) {
	if f.closed {
		return 0, errors.New("read after close")
	}
	if f.half == nil {
		return f.File.Read(p)
	}
	if n, _ := f.half.Read(p); n > 0 {
		return n, nil
	}
	return 0, fmt.Errorf("read: %w", f.err)
}

func (f *watchedFile) Close() error {
	f.fsys.mu.Lock()
	defer f.fsys.mu.Unlock()
	if !f.closed {
		f.closed = true
		f.fsys.open--
	}
	return f.File.Close()
}

type watchedDir struct {
	watchedFile
	dir fs.ReadDirFile
}

func (d *watchedDir) ReadDir(n int) ([]fs.DirEntry, error) { return d.dir.ReadDir(n) }
