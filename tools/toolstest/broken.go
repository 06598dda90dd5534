package toolstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/oombot/oombot/investigations"
)

var errDisk = errors.New("input/output error")

func (s suite) filesAreClosed() []string {
	w := &watchedFS{tree: s.opts.Tree}
	_, faults := s.query(context.Background(), w, s.opts.Request)
	if w.open != 0 {
		faults = append(faults, fmt.Sprintf("%d of its files are still open", w.open))
	}
	return faults
}

func (s suite) nothingThere() []string {
	r, faults := s.query(context.Background(), fstest.MapFS{}, s.opts.Request)
	if len(r.BlindSpots) == 0 {
		faults = append(faults, "an empty bundle gives no blind spot")
	}
	if len(r.Facts) != 0 {
		faults = append(faults, fmt.Sprintf("an empty bundle gives facts: %+v", r.Facts))
	}
	return faults
}

// nothingOpens has every file and folder refuse itself: each that was tried must be named.
func (s suite) nothingOpens() []string {
	var faults []string
	for _, why := range []error{investigations.ErrForbidden, investigations.ErrTooLarge, errDisk} {
		w := &watchedFS{tree: s.opts.Tree, fail: func(name string) error {
			if name == "." {
				return nil
			}
			return fmt.Errorf("on purpose: %w", why)
		}}
		r, f := s.query(context.Background(), w, s.opts.Request)
		for _, name := range w.opened {
			if name != "." && !named(r, name) {
				f = append(f, fmt.Sprintf("no blind spot names %s", name))
			}
		}
		for _, fault := range f {
			faults = append(faults, fmt.Sprintf("%v: %s", why, fault))
		}
	}
	return faults
}

// filesRead returns the files of the sample that the tool opens.
func (s suite) filesRead() ([]string, []string) {
	w := &watchedFS{tree: s.opts.Tree}
	_, faults := s.query(context.Background(), w, s.opts.Request)
	files := w.files()
	if len(files) == 0 {
		faults = append(faults, "the tool opens no file of the sample tree")
	}
	return files, faults
}

// each runs the tool once for each file that it reads, over a tree in which change has altered that file.
// Where mustName says so, a blind spot has to name the file.
func (s suite) each(what string, mustName func(name string) bool, change func(w *watchedFS, name string)) []string {
	files, faults := s.filesRead()
	for _, name := range files {
		w := &watchedFS{tree: maps.Clone(s.opts.Tree)}
		change(w, name)
		r, f := s.query(context.Background(), w, s.opts.Request)
		if mustName(name) && !named(r, name) {
			f = append(f, fmt.Sprintf("no blind spot names it; there are %+q", r.BlindSpots))
		}
		if w.open != 0 {
			f = append(f, "a file is still open")
		}
		for _, fault := range f {
			faults = append(faults, fmt.Sprintf("%s, %s: %s", name, what, fault))
		}
	}
	return faults
}

func always(string) bool { return true }

func never(string) bool { return false }

// formatted says of a file that its content can be malformed; any text is a log.
func formatted(name string) bool { return path.Ext(name) != ".log" }

// named says that a blind spot names the file or folder, by its path.
func named(r investigations.ToolResult, name string) bool {
	return slices.ContainsFunc(r.BlindSpots, func(b investigations.BlindSpot) bool {
		return strings.Contains(b.Why, name)
	})
}

func (s suite) fileIsMissing() []string {
	return s.each("missing", never, func(w *watchedFS, name string) { delete(w.tree, name) })
}

func (s suite) fileIsFolder() []string {
	return s.each("a folder", always, func(w *watchedFS, name string) {
		w.tree[name] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	})
}

func (s suite) fileBreaksOff() []string {
	var faults []string
	for _, why := range []error{errDisk, investigations.ErrTooLarge} {
		faults = append(faults, s.each(why.Error(), always, func(w *watchedFS, name string) {
			w.breakOff = func(n string) error {
				if n == name {
					return why
				}
				return nil
			}
		})...)
	}
	return faults
}

// fileIsCutOff cuts at quarters, and before the last byte.
func (s suite) fileIsCutOff() []string {
	var faults []string
	for _, quarters := range []int{0, 1, 2, 3, 4} {
		what := fmt.Sprintf("cut off after %d quarters", quarters)
		faults = append(faults, s.each(what, formatted, func(w *watchedFS, name string) {
			data := w.tree[name].Data
			if formatted(name) && path.Ext(name) == ".json" {
				data = bytes.TrimRight(data, "\r\n\t ") // else nothing is missing but the end of the line
			}
			n := min(len(data)*quarters/4, len(data)-1)
			w.tree[name] = &fstest.MapFile{Data: data[:max(n, 0)]}
		})...)
	}
	return faults
}

// garbage is what stands in a file in place of what belongs there.
var garbage = []struct{ what, content string }{
	{"binary", "\x00\x01\xfe\xff\x1b[31m\x80PNG\r\n"},
	{"prose", "no such format here"},
	{"an error page", "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"},
	{"null", "null"},
	{"a number", "1e999"},
	{"a text", `"pods"`},
	{"a list", `[1, "a", null, {"items": {}}]`},
	{"blank", " \r\n\t "},
	{"wrong types", `{"apiVersion": 1, "kind": [], "items": "none", "status": {}, "data": 5, "version": {}, "series": 7}`},
	{"nested for ever", strings.Repeat(`{"items":[`, 12_000)},
}

func (s suite) fileIsGarbage() []string {
	var faults []string
	for _, g := range garbage {
		faults = append(faults, s.each(g.what, formatted, func(w *watchedFS, name string) {
			w.tree[name] = &fstest.MapFile{Data: []byte(g.content)}
		})...)
	}
	return faults
}

// hostile is what a stranger may have put into a name or a message.
const hostile = "\x1b[2J\x1b[31m<script>\u202e\u200b`$(reboot)` <!channel>\r\n\x00"

// textIsHostile has every text of the sample end in what must not reach a terminal.
func (s suite) textIsHostile() []string {
	return s.each("hostile", never, func(w *watchedFS, name string) {
		data := w.tree[name].Data
		if !formatted(name) {
			data = bytes.ReplaceAll(data, []byte("\n"), []byte(strings.ReplaceAll(hostile, "\r\n", "")+"\n"))
		}
		var doc any
		if json.Unmarshal(data, &doc) == nil {
			data, _ = json.Marshal(poison(doc)) // what came from JSON goes back into it
		}
		w.tree[name] = &fstest.MapFile{Data: data}
	})
}

func poison(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = poison(v[k])
		}
	case []any:
		for i := range v {
			v[i] = poison(v[i])
		}
	case string:
		return v + hostile
	}
	return v
}

// cancelledBefore asks with a context that is done: the answer is an error, or says that it is not all.
func (s suite) cancelledBefore() []string {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return s.cancelled(ctx, s.opts.Tree)
}

// cancelledMeanwhile ends the context as the first file is opened.
func (s suite) cancelledMeanwhile() []string {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	return s.cancelled(ctx, &watchedFS{tree: s.opts.Tree, fail: func(name string) error {
		if f, ok := s.opts.Tree[name]; ok && f.Mode.IsRegular() {
			cancel()
		}
		return nil
	}})
}

func (s suite) cancelled(ctx context.Context, fsys fs.FS) []string {
	tool := s.newTool(fsys)
	start := time.Now()
	r, err := tool.Query(ctx, s.opts.Request)
	var faults []string
	if took := time.Since(start); took > promptly {
		faults = append(faults, fmt.Sprintf("the tool took %s to notice that its context is done", took))
	}
	if err == nil && len(r.BlindSpots) == 0 {
		faults = append(faults, "neither an error nor a blind spot tells that the context was done")
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		faults = append(faults, fmt.Sprintf("the error does not wrap the context's: %v", err))
	}
	return append(faults, s.judge(tool.Describe().Name, r)...)
}
