package redact

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Options say what is secret beside what the package knows.
type Options struct {
	// Names are further names of variables, flags, headers, cookies, annotations and fields. Case and the way
	// in which words are joined don't matter: "tenant-pin" is TENANT_PIN and tenantPin too.
	Names []string
	// Patterns are regular expressions (RE2). What the first group matches is secret, and without a group the
	// whole match. They are tried on one line at a time.
	Patterns []string
}

// Redactor takes secrets out of text. It does not change, and is safe for concurrent use.
type Redactor struct {
	hints    *hints
	names    map[string]bool
	patterns []*regexp.Regexp
}

// New returns a Redactor that knows the names and patterns of o as well. The error names all that is wrong
// with them.
func New(o Options) (*Redactor, error) {
	r := &Redactor{names: map[string]bool{}}
	words := builtinWords()
	var faults []error
	for i, name := range o.Names {
		parts, _ := split(name)
		if len(parts) == 0 {
			faults = append(faults, fmt.Errorf("redact.names[%d]: %q has no letter in it", i, name))
			continue
		}
		r.names[strings.Join(parts, " ")] = true
		words = append(words, word{parts[len(parts)-1], hint{kind: hintName}})
	}
	for i, p := range o.Patterns {
		re, err := regexp.Compile(p)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("redact.patterns[%d]: %w", i, err))
		case re.MatchString(""):
			faults = append(faults, fmt.Errorf("redact.patterns[%d]: %q matches the empty text, and so everything", i, p))
		default:
			r.patterns = append(r.patterns, re)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	r.hints = newHints(words)
	return r, nil
}

// IsSecretName is the function IsSecretName with r's names.
func (r *Redactor) IsSecretName(name string) bool { return r.classify(name) != open }

func (r *Redactor) classify(name string) class {
	c := classify(name)
	if c == open && len(r.names) > 0 && len(name) <= maxName {
		if words, _ := split(name[strings.LastIndexByte(name, '/')+1:]); r.names[strings.Join(words, " ")] {
			return strong
		}
	}
	return c
}

// maxPasses bounds how often a line is looked at again because something in it was masked. Each look masks
// something that was still there, so that only text made for it comes near.
const maxPasses = 16

// below is what a line means for those below it.
type below struct {
	// opened says that a private key begins on the line and does not end there.
	opened bool
	// block says that the lines below, as far as they are indented deeper, are a secret.
	block bool
	// tail says that the line looks like one of a private key, whose last line may follow.
	tail bool
}

func (b *below) join(o below) {
	b.opened, b.block, b.tail = b.opened || o.opened, b.block || o.block, b.tail || o.tail
}

// line returns one line without its secrets.
func (r *Redactor) line(s string) (clean string, means below) {
	for range maxPasses {
		f := r.find(s)
		means.join(f.below)
		next := mask(s, f.spans)
		if next == s {
			return s, means
		}
		s = next
	}
	return Masked, means
}

func newFinder(r *Redactor, s string) *finder {
	return &finder{r: r, s: s, left: effort * (len(s) + 64)}
}

// find returns the secrets of a line.
func (r *Redactor) find(s string) *finder {
	f := newFinder(r, s)
	r.hints.scan(s, f.look)
	for _, re := range r.patterns {
		for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
			if len(m) > 2 && m[2] >= 0 {
				f.add(m[2], m[3])
			} else {
				f.add(m[0], m[1])
			}
		}
	}
	if p := pgpass(s); p != (span{}) {
		f.add(p.start, p.end)
	}
	if p := keyRun(s); p != (span{}) {
		f.add(p.start, p.end)
		f.tail = true
	}
	if f.encoded {
		f.decoded(3)
	}
	if f.hostile {
		f.spans = []span{{0, len(s)}}
	}
	return f
}

// look judges what stands around a hint.
func (f *finder) look(end int, what hint) bool {
	switch what.kind {
	case hintName:
		f.name(end)
	case hintToken:
		t := &tokens[what.token]
		start := end - len(t.prefix)
		if to := f.issued(t, start); to > 0 {
			f.add(start-t.before, to)
		}
	case hintURL:
		f.address(end)
	case hintDriver:
		f.driver(end)
	case hintHook:
		f.hook(end)
	case hintKey:
		f.key(end)
	case hintKeyEnd:
		f.keyEnd(end)
	case hintJWK:
		f.jwk()
	case hintOracle:
		f.oracle(end)
	case hintScheme:
		f.scheme(end)
	case hintCommand:
		f.command(end)
	case hintEncoded:
		f.encoded = true
	}
	return !f.hostile
}

// decoded looks at what the line says without its colours and escapes, which may be several times escaped.
func (f *finder) decoded(depth int) {
	v := decode(f.s)
	if v.text == f.s {
		return
	}
	inner := newFinder(f.r, v.text)
	f.r.hints.scan(v.text, inner.look)
	if inner.encoded && depth > 0 {
		inner.decoded(depth - 1)
	}
	f.join(inner.below)
	f.hostile = f.hostile || inner.hostile
	for _, p := range inner.spans {
		if p.end > p.start {
			f.add(v.at[p.start], v.at[p.end])
		}
	}
}

// tokens returns s, which is a name, without what is secret by its shape.
func (r *Redactor) tokens(s string) string {
	if len(s) < 16 || !r.hints.any(s) {
		return s
	}
	for range maxPasses {
		f := newFinder(r, s)
		r.hints.scan(s, func(end int, what hint) bool {
			return what.kind == hintName || what.kind == hintCommand || f.look(end, what)
		})
		if f.hostile {
			return Masked
		}
		next := mask(s, f.spans)
		if next == s {
			break
		}
		s = next
	}
	return s
}

// suspicious tells, at little cost, whether a line may hold a secret.
func (r *Redactor) suspicious(s string) bool {
	return r.hints.any(s) || keyRun(s) != (span{}) || pgpass(s) != (span{}) ||
		slices.ContainsFunc(r.patterns, func(re *regexp.Regexp) bool { return re.MatchString(s) })
}
