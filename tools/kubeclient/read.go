package kubeclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/oombot/oombot/investigations"
)

// Reading is what became of one file.
type Reading struct {
	// Missing says that the file is not there.
	Missing bool
	// Usable says that the file was looked at: what it does not hold is not there, but for Why.
	Usable bool
	// Why says, for a blind spot, what of the file could not be read; empty where all could. It names the file.
	Why string
	// Items is how many objects of the file were taken.
	Items int
}

// Read reads the list in the file of that name and hands each of its items to each, with its source: the file,
// and the lines where it has several.
func Read[T any](ctx context.Context, fsys fs.FS, name string, opt Options, each func(source string, item *T) error) Reading {
	f, err := fsys.Open(name)
	if err != nil {
		return Reading{
			Missing: errors.Is(err, fs.ErrNotExist),
			Why:     fmt.Sprintf("%s can't be read: %s", name, cause(err)),
		}
	}
	defer f.Close()
	out := Decode(ctx, f, opt, func(at Lines, item *T) error { return each(source(name, at), item) })
	r := Reading{Usable: out.Err == nil || out.Items > 0, Items: out.Items}
	switch {
	case out.Err != nil && out.Items > 0:
		r.Why = fmt.Sprintf("%s can't be read to its end: %s; objects used from before that: %d", name, cause(out.Err), out.Items)
	case out.Err != nil:
		r.Why = fmt.Sprintf("%s can't be read: %s", name, cause(out.Err))
	case out.Broken == 1:
		r.Why = fmt.Sprintf("%s holds an object that can't be read whole: %s", name, out.FirstBroken)
	case out.Broken > 0:
		r.Why = fmt.Sprintf("%s holds %d objects that can't be read whole, the first: %s", name, out.Broken, out.FirstBroken)
	}
	return r
}

// source names an item's place. In a file of one line, lines say nothing.
func source(name string, at Lines) string {
	if at[0] == at[1] {
		return name
	}
	return fmt.Sprintf("%s:%d-%d", name, at[0], at[1])
}

// cause is an error's text without the path that the sentence around it names already.
func cause(err error) string {
	switch pe, ok := errors.AsType[*fs.PathError](err); {
	case ok:
		err = pe.Err
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "the time for it ran out"
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "it is not there"
	}
	return investigations.CleanText(err.Error(), 200)
}

// Holding returns a test for items that hold one of the words as a whole text: a name, where the words are
// names. It is quick, and true of some items too many.
func Holding(words []string) func(raw []byte) bool {
	var quoted [][]byte
	for _, w := range words {
		if q, err := json.Marshal(w); err == nil {
			quoted = append(quoted, q)
		}
	}
	return func(raw []byte) bool {
		return slices.ContainsFunc(quoted, func(q []byte) bool { return bytes.Contains(raw, q) })
	}
}
