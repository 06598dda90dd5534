package bundle

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Audit notes which files of a bundle, or of a recording, were read: how large they were, their digests, and when.
// It is safe for concurrent use. Its zero value is not ready; see NewAudit.
type Audit struct {
	now     func() time.Time
	mu      sync.Mutex
	answers map[string]investigations.SourceAnswer
}

// NewAudit returns an Audit that has noted nothing; now is the clock.
func NewAudit(now func() time.Time) *Audit {
	return &Audit{now: now, answers: map[string]investigations.SourceAnswer{}}
}

// Watch returns fsys as it is, and notes what the tool of that name reads of it.
func (a *Audit) Watch(tool string, fsys fs.FS) fs.FS { return watchedFS{fsys, tool, a} }

// Answers are the notes, by tool and file; origins says what a file stands for where it came from a live source, and
// may be nil.
func (a *Audit) Answers(origins map[string]investigations.Origin) []investigations.SourceAnswer {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []investigations.SourceAnswer{}
	for _, answer := range a.answers {
		answer.Asked = origins[answer.File].Source
		out = append(out, answer)
	}
	slices.SortFunc(out, func(x, y investigations.SourceAnswer) int {
		return cmp.Or(cmp.Compare(x.Tool, y.Tool), cmp.Compare(x.File, y.File))
	})
	return out
}

// note keeps what says more: a file that was read to its end over one that was not, the later over the earlier.
func (a *Audit) note(n investigations.SourceAnswer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := n.Tool + "\x00" + n.File
	if was, ok := a.answers[key]; !ok || n.SHA256 != "" || was.SHA256 == "" {
		n.At = a.now().UTC()
		a.answers[key] = n
	}
}

type watchedFS struct {
	fs.FS
	tool  string
	audit *Audit
}

// Stat and ReadDir reach the folder itself, whose own ways may be quicker than opening.
func (w watchedFS) Stat(name string) (fs.FileInfo, error) { return fs.Stat(w.FS, name) }

// ReadDir implements fs.ReadDirFS.
func (w watchedFS) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(w.FS, name) }

// Open notes why a file can't be opened, but for one that is not there: a missing part is told by a blind spot.
func (w watchedFS) Open(name string) (fs.File, error) {
	f, err := w.FS.Open(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			w.audit.note(investigations.SourceAnswer{Tool: w.tool, File: name, Error: reasonOf(err)})
		}
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return f, nil //nolint:nilerr // the reader will meet the error by itself
	}
	return &watchedFile{File: f, name: name, fs: w, sum: sha256.New()}, nil
}

// watchedFile counts and hashes what is read of it.
type watchedFile struct {
	fs.File
	name string
	fs   watchedFS
	sum  hash.Hash
	n    int64
	end  error
}

// Read implements io.Reader.
func (f *watchedFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.n += int64(n)
	_, _ = f.sum.Write(p[:n]) // a hash takes all
	if err != nil {
		f.end = err
	}
	return n, err
}

// Close notes what was read. A file that was not read to its end has no digest.
func (f *watchedFile) Close() error {
	answer := investigations.SourceAnswer{Tool: f.fs.tool, File: f.name, Bytes: f.n}
	switch {
	case errors.Is(f.end, io.EOF):
		answer.SHA256 = hex.EncodeToString(f.sum.Sum(nil))
	case f.end != nil:
		answer.Error = reasonOf(f.end)
	}
	f.fs.audit.note(answer)
	return f.File.Close()
}
