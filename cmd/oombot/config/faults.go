package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// maxFaults is how many faults are kept; a file with more is likely no configuration at all.
const maxFaults = 50

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	// Line is where in the file, from 1; zero where it is not in the file.
	Line int
	// Key is what it is about, as limits.source_timeout; the name of the environment variable or flag where that set
	// it; "" where it is about the file.
	Key string
	// Says is what is wrong and what to write instead.
	Says string
}

// String returns the fault as one line. No colon stands behind a key: what stands behind the colon of a key that
// ends in token, for one, is masked wherever it is printed.
func (f Fault) String() string {
	var where string
	switch {
	case f.Line > 0 && f.Key != "":
		where = fmt.Sprintf("line %d (%s)", f.Line, f.Key)
	case f.Line > 0:
		where = fmt.Sprintf("line %d", f.Line)
	case strings.HasPrefix(f.Key, "--"):
		where = f.Key + " (flag)"
	case f.Key != "":
		where = f.Key + " (environment)"
	default:
		return f.Says
	}
	return where + ": " + f.Says
}

// Error is all that is wrong with a configuration.
type Error struct {
	// File is the configuration file; "" where there is none.
	File string
	// Faults are in the order of the file, and never empty.
	Faults []Fault
	// More is how many others there are.
	More int
}

// Head is one line that says what the faults are about.
func (e *Error) Head() string {
	where := "the configuration"
	if e.File != "" {
		where = "configuration " + investigations.CleanText(e.File, 300)
	}
	return where + " can't be used; docs/configuration.md explains every key"
}

// Error returns everything on one line.
func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Faults)+1)
	for _, f := range e.Faults {
		lines = append(lines, f.String())
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", e.More))
	}
	return e.Head() + ": " + strings.Join(lines, "; ")
}

// faults collects what is wrong.
type faults struct {
	list  []Fault
	total int
	// places are the lines of keys that were read, and names those of the variables and flags that set a key.
	places map[string]int
	names  map[string]string
}

func newFaults() *faults { return &faults{places: map[string]int{}, names: map[string]string{}} }

// at takes a fault of a line.
func (f *faults) at(line int, key, format string, args ...any) {
	if f.total++; len(f.list) >= maxFaults {
		return
	}
	f.list = append(f.list, Fault{
		Line: line, Key: clean(key, 120), Says: clean(fmt.Sprintf(format, args...), 400),
	})
}

// of takes a fault of a key's value, wherever that came from.
func (f *faults) of(key, format string, args ...any) {
	if name, ok := f.names[key]; ok {
		f.at(0, name, format, args...)
		return
	}
	f.at(f.places[key], key, format, args...)
}

// has says whether key was written in the file or set from elsewhere.
func (f *faults) has(key string) bool { return f.places[key] > 0 || f.names[key] != "" }

func (f *faults) err(file string) error {
	if f.total == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	return &Error{File: file, Faults: f.list, More: f.total - len(f.list)}
}

func clean(s string, limit int) string { return investigations.CleanText(redact.Text(s), limit) }
