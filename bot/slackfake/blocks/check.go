package blocks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// ErrFormat says that the bytes are no JSON array of blocks (or no JSON object, for a view) at all.
var ErrFormat = errors.New("not in the form of blocks")

// Fault is one thing that Slack would refuse.
type Fault struct {
	// Problem says what is wrong, in Slack's words where they are known.
	Problem string
	// Pointer is the JSON pointer of the place.
	Pointer string
}

// String returns the fault as it stands in the errors of an answer of the Web API.
func (f Fault) String() string { return fmt.Sprintf("%s [json-pointer:%s]", f.Problem, f.Pointer) }

// check looks at a value and reports to c what is wrong with it; at is the value's JSON pointer.
type check func(c *checker, at string, v any)

// checker gathers the faults of one payload.
type checker struct {
	faults []Fault
	// markdown is the length of all markdown blocks met so far, tables their number.
	markdown, tables int
}

func (c *checker) fault(at, format string, args ...any) {
	c.faults = append(c.faults, Fault{Problem: fmt.Sprintf(format, args...), Pointer: at})
}

// object is a check of a JSON object: the fields it may have and those it must.
func object(required []string, fields map[string]check) check {
	return func(c *checker, at string, v any) {
		m, ok := v.(map[string]any)
		if !ok {
			c.fault(at, "must be an object")
			return
		}
		for _, name := range required {
			if _, ok := m[name]; !ok {
				c.fault(at, "missing required field: %s", name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(m)) {
			f, ok := fields[name]
			if !ok {
				c.fault(at, "invalid additional property: %s", name)
				continue
			}
			f(c, at+"/"+name, m[name])
		}
	}
}

// typed is a check of an object whose type chooses among others.
func typed(of map[string]check) check {
	return func(c *checker, at string, v any) {
		m, ok := v.(map[string]any)
		if !ok {
			c.fault(at, "must be an object")
			return
		}
		kind, ok := m["type"].(string)
		if !ok {
			c.fault(at, "missing required field: type")
			return
		}
		inner, ok := of[kind]
		if !ok {
			c.fault(at+"/type", "unsupported type: %s", kind)
			return
		}
		inner(c, at, v)
	}
}

// list is a check of an array of least to most items.
func list(least, most int, item check) check {
	return func(c *checker, at string, v any) {
		a, ok := v.([]any)
		if !ok {
			c.fault(at, "must be an array")
			return
		}
		if len(a) < least {
			c.fault(at, "no fewer than %d items allowed", least)
		}
		if len(a) > most {
			c.fault(at, "no more than %d items allowed", most)
			return
		}
		for i, v := range a {
			item(c, fmt.Sprintf("%s/%d", at, i), v)
		}
	}
}

// text is a check of a string of least to most characters.
func text(least, most int) check {
	return func(c *checker, at string, v any) {
		s, ok := v.(string)
		if !ok {
			c.fault(at, "must be a string")
			return
		}
		n := utf8.RuneCountInString(s)
		if n < least {
			c.fault(at, "must be more than %d characters", least-1)
		}
		if n > most {
			c.fault(at, "must be less than %d characters", most+1)
		}
	}
}

// oneOf is a check of a string that must be one of those given.
func oneOf(values ...string) check {
	return func(c *checker, at string, v any) {
		s, ok := v.(string)
		if !ok || !slices.Contains(values, s) {
			c.fault(at, "must be one of: %s", strings.Join(values, ", "))
		}
	}
}

func boolean(c *checker, at string, v any) {
	if _, ok := v.(bool); !ok {
		c.fault(at, "must be a boolean")
	}
}

// integer is a check of a whole number from least to most.
func integer(least, most int64) check {
	return func(c *checker, at string, v any) {
		n, ok := v.(json.Number)
		if !ok {
			c.fault(at, "must be an integer")
			return
		}
		i, err := n.Int64()
		if err != nil || i < least || i > most {
			c.fault(at, "must be an integer from %d to %d", least, most)
		}
	}
}

func anything(*checker, string, any) {}

// link is a check of an absolute address of at most 3,000 characters.
func link(c *checker, at string, v any) {
	text(1, 3000)(c, at, v)
	s, ok := v.(string)
	if !ok {
		return
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || (u.Host == "" && u.Opaque == "" && u.Path == "") {
		c.fault(at, "invalid url")
	}
}

// all is a check that several checks have no fault to find.
func all(checks ...check) check {
	return func(c *checker, at string, v any) {
		for _, f := range checks {
			f(c, at, v)
		}
	}
}

// decode reads exactly one JSON value, numbers kept as written.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows the value", ErrFormat)
	}
	return v, nil
}
