package bundle

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/txtar"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// Recording is a bundle that is being made: what live sources have read so far, in memory. It is safe for
// concurrent use. Its zero value is empty.
type Recording struct {
	mu      sync.Mutex
	files   map[string][]byte
	missed  map[string]error
	origins map[string]investigations.Origin
	spots   []investigations.BlindSpot
}

var _ investigations.Sink = (*Recording)(nil)

// NewRecording returns a Recording that holds nothing.
func NewRecording() *Recording {
	return &Recording{
		files: map[string][]byte{}, missed: map[string]error{}, origins: map[string]investigations.Origin{},
	}
}

// Keep implements investigations.Sink. A path that no bundle can hold is missed.
func (r *Recording) Keep(path string, from investigations.Origin, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.origins[path] = from
	switch {
	case !fs.ValidPath(path) || path == ".":
		r.missed[path] = errors.New("its name can be no file's")
	case int64(len(data)) > sizeLimit(path):
		r.missed[path] = tooLarge("keep", path, "over the size limit of a bundle's file")
	default:
		r.files[path] = data
	}
}

// Miss implements investigations.Sink.
func (r *Recording) Miss(path string, from investigations.Origin, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.missed[path] = why
	if _, kept := r.files[path]; !kept {
		r.origins[path] = from
	}
}

// Blind implements investigations.Sink.
func (r *Recording) Blind(spot investigations.BlindSpot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spots = append(r.spots, spot)
}

// FS returns what is there now; it does not change with what comes later. Opening what was missed returns why.
func (r *Recording) FS() fs.FS {
	r.mu.Lock()
	defer r.mu.Unlock()
	var archive txtar.Archive
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: r.files[name]})
	}
	missed := map[string]error{}
	for name, why := range r.missed {
		if _, kept := r.files[name]; !kept && fs.ValidPath(name) && name != "." {
			missed[name] = errors.New(reasonOf(why))
		}
	}
	inner, err := txtar.FS(&archive)
	if err != nil { // two paths of which one is a folder of the other
		return withMissing(emptyFS{}, map[string]error{".": err})
	}
	return withMissing(inner, missed)
}

// reasonOf is an error as a bundle keeps it: its text, which reads the same in a live run and from the folder.
func reasonOf(err error) string { return redact.Text(investigations.CleanText(err.Error(), 300)) }

// BlindSpots returns those of one tool, in the order of their texts.
func (r *Recording) BlindSpots(tool string) []investigations.BlindSpot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return spotsOf(r.spots, tool)
}

// Missed returns why the file or folder at path was not read, or that of the folder that it is in; nil where nothing
// was missed.
func (r *Recording) Missed(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		if _, kept := r.files[path]; kept {
			return nil
		}
		if why := r.missed[path]; why != nil {
			return why
		}
		i := strings.LastIndexByte(path, '/')
		if i < 0 {
			return nil
		}
		path = path[:i]
	}
}

// Origin returns where the file at path came from.
func (r *Recording) Origin(path string) (investigations.Origin, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, ok := r.origins[path]
	return o, ok
}

// Origins returns where all files came from, by path.
func (r *Recording) Origins() map[string]investigations.Origin {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.origins)
}

func spotsOf(all []investigations.BlindSpot, tool string) []investigations.BlindSpot {
	var out []investigations.BlindSpot
	for _, s := range all {
		if s.Tool == tool {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b investigations.BlindSpot) int {
		return cmp.Or(strings.Compare(a.Why, b.Why), strings.Compare(a.WouldTell, b.WouldTell))
	})
	return slices.Compact(out)
}

// emptyFS holds nothing.
type emptyFS struct{}

// Open finds nothing.
func (emptyFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
