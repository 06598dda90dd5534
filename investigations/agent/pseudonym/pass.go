package pseudonym

import (
	"encoding/json"
	"strings"
)

// entry is a name and its stand-in.
type entry struct {
	from, to string
	manner   manner
}

// pass is one way through a text.
type pass struct {
	b    *Book
	s, f string // the text, and the same folded
	// reveal says that stand-ins become names, json that those are put into a JSON document.
	reveal, json bool
	out          strings.Builder
	kept         int // s up to here is in out
}

// run returns the text with what was replaced.
func (p *pass) run() string {
	names := p.b.hide
	if p.reveal {
		names = p.b.reveal
	}
	for i := 0; i < len(p.s); {
		if !wordAt(p.s, i) {
			if names.odd[p.s[i]] {
				if end := p.at(names, i); end > 0 {
					i = end
					continue
				}
			}
			i++
			continue
		}
		end := unitEnd(p.s, i)
		if to := p.word(names, i, end); to > 0 {
			end = to
		}
		i = end
	}
	if p.kept == 0 && p.out.Len() == 0 {
		return p.s
	}
	p.out.WriteString(p.s[p.kept:])
	return p.out.String()
}

// word replaces what begins in the unit at i, and returns where that ends, or 0 where nothing does.
func (p *pass) word(names *trie, i, end int) int {
	if to := p.at(names, i); to > 0 {
		return to
	}
	if to := p.id(i); to > 0 {
		return to
	}
	from := prefixEnd(p.s, i, end)
	if from == i {
		return 0
	}
	if to := p.at(names, from); to > 0 {
		return to
	}
	return p.id(from)
}

// prefixEnd returns where in the unit at i..end what belongs to something else ends: the letter of an escape, the digits
// of a percent-encoding or of a colour, or the word before the id of a pod in the name of a cgroup.
func prefixEnd(s string, i, end int) int {
	before := byte(0)
	if i > 0 {
		before = s[i-1]
	}
	switch c := s[i]; {
	case before == '\\' && c == 'u' && end-i > 5:
		return i + 5
	case before == '\\' && c == 'x' && end-i > 3:
		return i + 3
	case before == '\\' && strings.IndexByte("nrtbf", c) >= 0 && end-i > 1:
		return i + 1
	case before == '%' && end-i > 2:
		return i + 2
	case before == '[' || before == ';':
		if n := i + len(s[i:end]) - len(strings.TrimLeft(s[i:end], "0123456789")); n > i && n+1 < end && s[n] == 'm' {
			return n + 1
		}
	case end-i >= 3+headLength && s[i:i+3] == "pod":
		return i + 3
	}
	return i
}

// at replaces the name at i.
func (p *pass) at(names *trie, i int) int {
	index, end := names.longest(p.f, i, p.reveal, func(index, end int) bool { return p.reveal || p.fits(&p.b.entries[index], i, end) })
	if index < 0 {
		return 0
	}
	e := &p.b.entries[index]
	if p.reveal {
		name, after := e.from, end
		if marked, n := unmark(e.from, p.s[end:]); n > 0 {
			name, after = marked, end+n
		}
		p.put(i, after, p.quoted(name))
		return after
	}
	p.put(i, end, e.to+mark(e.from, p.s[i:end], p.s[end:]))
	return end
}

func (p *pass) id(i int) int {
	out, end, ok := p.b.ids.at(p.s, i, p.reveal)
	if !ok {
		return 0
	}
	p.put(i, end, out)
	return end
}

func (p *pass) put(from, to int, text string) {
	p.out.WriteString(p.s[p.kept:from])
	p.out.WriteString(text)
	p.kept = to
}

// quoted returns name as it stands within a JSON string, where the text is JSON.
func (p *pass) quoted(name string) string {
	if !p.json || !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
		return name
	}
	b, err := json.Marshal(name)
	if err != nil {
		return name
	}
	return string(b[1 : len(b)-1])
}

// fits tells whether the name of e is to be replaced at from..to.
func (p *pass) fits(e *entry, from, to int) bool {
	switch e.manner {
	case asAddress:
		more := to+1 < len(p.s) && p.s[to] == '.' && digit(p.s[to+1]) || from > 1 && p.s[from-1] == '.' && digit(p.s[from-2])
		return !more
	case asName:
		return p.s[from:to] == e.from && p.named(from, to)
	}
	return true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// named tells whether what is at from..to stands as a name.
func (p *pass) named(from, to int) bool {
	before, after := byte(0), byte(0)
	if from > 0 {
		before = p.s[from-1]
	}
	if to < len(p.s) {
		after = p.s[to]
	}
	quote := func(c byte) bool { return c == '"' || c == '\'' || c == '`' || c == '\\' }
	switch {
	case before == '/' || after == '/', before == '=', quote(before) && quote(after):
		return true
	case before != ' ':
		return false
	}
	end := from - 1
	start := end
	for start > 0 && (wordAt(p.f, start-1) || p.f[start-1] == '-') && end-start < 20 {
		start--
	}
	return kindWords[p.f[start:end]]
}

// kindWords stand before the name of an object.
var kindWords = wordsOf(`namespace pod container deployment statefulset daemonset replicaset cronjob workload
-n -c --namespace --container --node -l`)

// mark returns what follows a stand-in where surface is not written as name is: which letters are in the other case, four
// a digit, and "~0" where a tilde follows anyway.
func mark(name, surface, after string) string {
	if surface == name {
		if strings.HasPrefix(after, "~") {
			return "~0"
		}
		return ""
	}
	var b strings.Builder
	b.WriteByte('~')
	for i := 0; i < len(name); i += 4 {
		bits := 0
		for j := i; j < min(i+4, len(name)); j++ {
			if surface[j] != name[j] {
				bits |= 1 << (j - i)
			}
		}
		b.WriteByte("0123456789abcdef"[bits])
	}
	return strings.TrimRight(b.String(), "0")
}

// unmark returns name as the mark that after begins with says, and the length of the mark; 0 where there is none.
func unmark(name, after string) (string, int) {
	if !strings.HasPrefix(after, "~") {
		return "", 0
	}
	n := 1
	for n < len(after) && strings.IndexByte("0123456789abcdef", after[n]) >= 0 {
		n++
	}
	if after[1:n] == "0" {
		return name, n
	}
	out := []byte(name)
	for i, c := range []byte(after[1:n]) {
		bits := strings.IndexByte("0123456789abcdef", c)
		for j := range 4 {
			if bits&(1<<j) == 0 {
				continue
			}
			at := 4*i + j
			if at >= len(out) || out[at]|0x20 < 'a' || out[at]|0x20 > 'z' {
				return "", 0
			}
			out[at] ^= 0x20
		}
	}
	if n == 1 {
		return "", 0
	}
	return string(out), n
}
