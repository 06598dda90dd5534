package bundle

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// missingFS is a folder of which it is known why some parts are not there.
type missingFS struct {
	fs.FS
	missed map[string]error
}

var (
	_ fs.StatFS    = missingFS{}
	_ fs.ReadDirFS = missingFS{}
)

// withMissing returns fsys, in which opening a part that is not there returns why, if that is known. Folders list
// such parts, so that whoever lists them comes across the reason.
func withMissing(fsys fs.FS, missed map[string]error) fs.FS {
	if len(missed) == 0 {
		return fsys
	}
	return missingFS{fsys, missed}
}

// Open opens what is there.
func (m missingFS) Open(name string) (fs.File, error) {
	f, err := m.FS.Open(name)
	return f, m.why("open", name, err)
}

// Stat describes what is there.
func (m missingFS) Stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(m.FS, name)
	if err != nil && m.missed[name] == nil && m.holds(name) {
		return missingFolder(path.Base(name)), nil
	}
	return info, m.why("stat", name, err)
}

// holds says whether something is known of a folder: why a part of it is not there.
func (m missingFS) holds(folder string) bool {
	for missed := range m.missed {
		if strings.HasPrefix(missed, folder+"/") {
			return true
		}
	}
	return false
}

// ReadDir lists what is there and what is not.
func (m missingFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(m.FS, name)
	known := map[string]bool{}
	for _, e := range entries {
		known[e.Name()] = true
	}
	var added bool
	for missed := range m.missed {
		rest, below := strings.CutPrefix(missed, name+"/")
		if name == "." {
			rest, below = missed, true
		}
		first, deeper, _ := strings.Cut(rest, "/")
		if !below || known[first] {
			continue
		}
		known[first], added = true, true
		entries = append(entries, missingEntry{first, deeper != ""})
	}
	if added {
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	return entries, m.why("readdir", name, err)
}

// why replaces an error that says only that something is not there.
func (m missingFS) why(op, name string, err error) error {
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for at := name; ; at = path.Dir(at) {
		if why := m.missed[at]; why != nil {
			return &fs.PathError{Op: op, Path: name, Err: why}
		}
		if at == "." || at == "/" {
			return err
		}
	}
}

// missingFolder describes a folder of which no part is there.
type missingFolder string

// Name is the folder's name.
func (f missingFolder) Name() string { return string(f) }

// Size is none.
func (missingFolder) Size() int64 { return 0 }

// Mode is that of a folder which can be read.
func (missingFolder) Mode() fs.FileMode { return fs.ModeDir | 0o555 }

// ModTime is not known.
func (missingFolder) ModTime() time.Time { return time.Time{} }

// IsDir says that it is a folder.
func (missingFolder) IsDir() bool { return true }

// Sys knows nothing more.
func (missingFolder) Sys() any { return nil }

// missingEntry is an entry of a folder for something that is not there.
type missingEntry struct {
	name   string
	folder bool
}

// Name is the entry's name.
func (e missingEntry) Name() string { return e.name }

// IsDir says whether it would be a folder.
func (e missingEntry) IsDir() bool { return e.folder }

// Type is that of a folder or a plain file.
func (e missingEntry) Type() fs.FileMode {
	if e.folder {
		return fs.ModeDir
	}
	return 0
}

// Info finds nothing.
func (e missingEntry) Info() (fs.FileInfo, error) {
	return nil, &fs.PathError{Op: "stat", Path: e.name, Err: fs.ErrNotExist}
}
