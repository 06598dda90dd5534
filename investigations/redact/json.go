package redact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxDepth bounds how deep JSON may be nested, and maxInner how often a document may stand in a text of another.
const (
	maxDepth = 500
	maxInner = 8
)

// JSON is the function JSON with r's names and patterns.
func (r *Redactor) JSON(data []byte) ([]byte, error) {
	if !json.Valid(data) {
		return nil, errors.New("redact: no valid JSON")
	}
	s := string(data)
	clean, err := r.json(s, 0)
	if err != nil {
		return nil, err
	}
	if clean == s {
		return data, nil
	}
	return []byte(clean), nil
}

// document returns a text without its secrets: as JSON where it is some, and else as lines.
func (r *Redactor) document(s string, inner int) string {
	for range maxPasses {
		var next string
		if looksLikeJSON(s) && inner < maxInner && json.Valid([]byte(s)) {
			clean, err := r.json(s, inner+1)
			if err != nil {
				return Masked
			}
			next = clean
		} else {
			next = r.Text(s)
		}
		if next == s {
			return s
		}
		s = next
	}
	return Masked
}

func looksLikeJSON(s string) bool {
	s = strings.TrimLeft(s, " \t\r\n")
	return len(s) > 2 && (s[0] == '{' || s[0] == '[')
}

// json returns a valid JSON document without its secrets.
func (r *Redactor) json(s string, inner int) (string, error) {
	w := walker{r: r, s: s, inner: inner, classes: map[string]class{}}
	if w.value(w.space(0), open, 0); w.err != nil {
		return "", w.err
	}
	if w.kept == 0 && w.out.Len() == 0 {
		return s, nil
	}
	w.out.WriteString(s[w.kept:])
	return w.out.String(), nil
}

// walker goes through a valid JSON document and copies it, but for its secrets.
type walker struct {
	r     *Redactor
	s     string
	inner int
	// classes are those of the names seen so far: few, each many times.
	classes map[string]class
	out     strings.Builder
	kept    int // s up to here is in out
	err     error
}

func (w *walker) classify(name string) class {
	c, ok := w.classes[name]
	if !ok {
		c = w.r.classify(name)
		if len(w.classes) < 4096 {
			w.classes[name] = c
		}
	}
	return c
}

func (w *walker) space(i int) int {
	for i < len(w.s) && (w.s[i] == ' ' || w.s[i] == '\n' || w.s[i] == '\t' || w.s[i] == '\r') {
		i++
	}
	return i
}

// value redacts the value at i, whose name is of class c, and returns its end.
func (w *walker) value(i int, c class, depth int) int {
	if depth > maxDepth {
		w.err = fmt.Errorf("redact: JSON nested deeper than %d", maxDepth)
		return len(w.s)
	}
	switch w.s[i] {
	case '{':
		return w.object(i, c, depth)
	case '[':
		return w.array(i, c, depth)
	case '"':
		end := stringEnd(w.s, i)
		w.text(i, end, c)
		return end
	}
	end := literalEnd(w.s, i)
	if b := w.s[i]; (c == strong || c == contents) && b != 't' && b != 'f' && b != 'n' {
		w.put(i, end, `"`+Masked+`"`)
	}
	return end
}

// text redacts the string at i..end.
func (w *walker) text(i, end int, c class) string {
	raw := w.s[i+1 : end-1]
	if c == open && len(w.r.patterns) == 0 && (len(raw) < 8 || strings.Trim(raw, "0123456789.eE+-") == "") {
		return raw // too short for a secret without a name, or a number, of which metrics are full
	}
	v := raw
	if strings.IndexByte(raw, '\\') >= 0 {
		v = unquote(w.s[i:end])
	}
	clean, ok := "", false
	if c != open {
		clean, ok = w.r.named(c, v)
	}
	if !ok {
		clean = w.r.document(v, w.inner)
	}
	if clean != v {
		w.put(i, end, quote(clean))
	}
	return clean
}

// put replaces i..end.
func (w *walker) put(i, end int, with string) {
	w.out.WriteString(w.s[w.kept:i])
	w.out.WriteString(with)
	w.kept = end
}

// object redacts the object at i, and returns its end. The names in it decide, and where it is a pair of a name
// and a value, the name.
func (w *walker) object(i int, c class, depth int) int {
	p := pair{at: i}
	for i = w.space(i + 1); w.s[i] != '}'; i = w.space(i) {
		end := stringEnd(w.s, i)
		name := w.s[i+1 : end-1]
		if strings.IndexByte(name, '\\') >= 0 {
			name = unquote(w.s[i:end])
		}
		if clean := w.r.tokens(name); clean != name {
			w.put(i, end, quote(clean))
			name = clean
		}
		i = w.space(w.space(end) + 1)
		i = w.value(i, w.member(name, c, &p), depth+1)
		if i = w.space(i); i >= len(w.s) {
			return i
		}
		if w.s[i] == ',' {
			i++
		}
	}
	return i + 1
}

// member returns the class of the value of a name in an object that is itself of class c.
func (w *walker) member(name string, c class, p *pair) class {
	switch name {
	case "value", "values", "Value":
		if n := p.sibling(w, "name", "Name", "key", "Key"); n != "" {
			if of := w.classify(w.r.tokens(n)); of != open {
				return of
			}
		}
		return c
	case "stringValue", "bytesValue":
		return c
	case "data", "stringData":
		if p.sibling(w, "kind") == "Secret" {
			return contents
		}
	case "binaryData":
		return contents
	}
	if len(name) <= 2 && slices.Contains(privateParts, name) && p.sibling(w, "kty") != "" {
		return strong
	}
	if c == contents {
		return contents
	}
	return w.classify(name)
}

// array redacts the array at i, and returns its end. An element that is a flag with a secret's name makes the
// next one secret.
func (w *walker) array(i int, c class, depth int) int {
	before := ""
	var program *command
	for i = w.space(i + 1); w.s[i] != ']'; i = w.space(i) {
		if w.s[i] == '"' {
			end := stringEnd(w.s, i)
			before, program = w.element(i, end, c, before, program)
			i = end
		} else {
			i = w.value(i, c, depth+1)
			before = ""
		}
		if i = w.space(i); i >= len(w.s) {
			return i
		}
		if w.s[i] == ',' {
			i++
		}
	}
	return i + 1
}

// element redacts the string at i..end of an array, and returns what is left of it, and the program whose
// arguments follow.
func (w *walker) element(i, end int, c class, before string, program *command) (string, *command) {
	v := w.s[i+1 : end-1]
	if strings.IndexByte(v, '\\') >= 0 {
		v = unquote(w.s[i:end])
	}
	if c == open && strings.HasPrefix(before, "-") && !strings.HasPrefix(v, "-") && strings.IndexByte(before, '=') < 0 {
		if of := w.classify(strings.TrimLeft(before, "-")); of != open && secret(of, v) {
			w.put(i, end, quote(Masked))
			return Masked, program
		}
	}
	if program != nil {
		if from := program.secretFrom(before, v); from >= 0 {
			clean := mask(v, []span{{from, len(v)}})
			if clean != v {
				w.put(i, end, quote(clean))
			}
			return clean, program
		}
	}
	base := v[strings.LastIndexByte(v, '/')+1:]
	for k := range commands {
		p := &commands[k]
		one := strings.HasPrefix(base, p.name) && len(base) < len(p.name)+8
		two := len(before)+1+len(base) == len(p.name) && before != "" && strings.HasPrefix(p.name, before) && strings.HasSuffix(p.name, base)
		if one || two {
			program = p
		}
	}
	return w.text(i, end, c), program
}

// pair finds the siblings of a value in an object.
type pair struct {
	at     int
	cached map[string]string
}

// sibling returns the string value of the first of names that the object has.
func (p *pair) sibling(w *walker, names ...string) string {
	if p.cached == nil {
		p.cached = map[string]string{}
		for i := w.space(p.at + 1); i < len(w.s) && w.s[i] != '}'; {
			end := stringEnd(w.s, i)
			name := w.s[i+1 : end-1]
			i = w.space(w.space(end) + 1)
			to := valueEnd(w.s, i)
			switch name {
			case "name", "Name", "key", "Key", "kind", "kty":
				if w.s[i] == '"' {
					p.cached[name] = unquote(w.s[i:to])
				}
			}
			if i = w.space(to); i < len(w.s) && w.s[i] == ',' {
				i = w.space(i + 1)
			}
		}
	}
	for _, n := range names {
		if v, ok := p.cached[n]; ok {
			return v
		}
	}
	return ""
}

// stringEnd returns the end of the string at i.
func stringEnd(s string, i int) int {
	for i++; s[i] != '"'; i++ {
		if s[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// literalEnd returns the end of the number or word at i.
func literalEnd(s string, i int) int {
	for i < len(s) && strings.IndexByte(",]} \t\r\n", s[i]) < 0 {
		i++
	}
	return i
}

// valueEnd returns the end of the value at i.
func valueEnd(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch s[i] {
		case '"':
			i = stringEnd(s, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\r', '\n':
			i++
			continue
		default:
			i = literalEnd(s, i)
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

// unquote returns what a JSON string says.
func unquote(raw string) string {
	var v string
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		return raw // unreachable: the document is valid
	}
	return v
}

// quote returns s as a JSON string.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `"` + Masked + `"` // unreachable: strings can be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}
