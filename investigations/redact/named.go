package redact

import (
	"slices"
	"strings"
)

// maxName bounds what is taken for a name, in bytes.
const maxName = 128

func isName(b byte) bool {
	return b|0x20 >= 'a' && b|0x20 <= 'z' || b >= '0' && b <= '9' || b == '_' || b == '-' || b == '.'
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' }

// nameEnd returns the end of the name that i is in.
func nameEnd(s string, i int) int {
	for i < len(s) && isName(s[i]) {
		i++
	}
	return i
}

// finder looks for the secrets of one line.
type finder struct {
	r     *Redactor
	s     string
	spans []span
	// done is the end of the last name that was looked at: several hints may stand in one.
	done int
	// encoded says that something hides what the line says.
	encoded bool
	below
	// left is how many more bytes may be looked at, and hostile says that they were not enough.
	left    int
	hostile bool
}

// effort is how often each byte of a line may be looked at. Text made to cost more is masked as a whole.
const effort = 64

// spend notes that n bytes were looked at.
func (f *finder) spend(n int) {
	if f.left -= n; f.left < 0 {
		f.hostile = true
	}
}

func (f *finder) add(start, end int) { f.spans = append(f.spans, span{start, end}) }

// name looks at the name in which a hint ends.
func (f *finder) name(hintEnd int) {
	s := f.s
	if hintEnd <= f.done {
		return
	}
	end := nameEnd(s, hintEnd)
	f.spend(end - hintEnd)
	start := hintEnd
	for start > 0 && hintEnd-start < maxName && (isName(s[start-1]) || s[start-1] == '=' && start == hintEnd) {
		start--
	}
	if last := s[hintEnd-1]; last == '=' { // of sig= and the like
		end = hintEnd - 1
	}
	query := start > 0 && strings.IndexByte("?&", s[start-1]) >= 0
	f.done = end
	dashes := 0
	for ; start < end && (s[start] == '-' || s[start] == '.'); start++ {
		if s[start] == '-' {
			dashes++
		}
	}
	for end > start && (s[end-1] == '.' || s[end-1] == '-') {
		end--
	}
	if end <= start {
		return
	}
	v := f.separator(start, end, dashes)
	if v.at < 0 || v.at >= len(s) {
		return
	}
	name := s[start:end]
	if before := strings.TrimSuffix(s[:start], "/"); len(before) < start && strings.HasSuffix(before, "checksum") {
		return
	}
	c := f.r.classify(name)
	if query && c == open {
		c = classOfParameter(name)
	}
	if !query && c == open && dashes == 0 {
		c, start = f.spaced(start, end)
	}
	if c != open {
		f.value(c, v, start)
	}
}

// classOfParameter is classify for names that are secret in the query of an address only.
func classOfParameter(name string) class {
	switch strings.ToLower(name) {
	case "sig", "signature", "key", "code", "auth", "x-amz-signature", "x-goog-signature", "x-amz-credential":
		return weak
	}
	return open
}

// spaced is classify for names of several words with spaces between them (API key, secret access key).
func (f *finder) spaced(start, end int) (class, int) {
	words := 0
	from := start
	for words < 2 && from > 1 && f.s[from-1] == ' ' && isName(f.s[from-2]) {
		to := from - 1
		for from = to; from > 0 && to-from < 20 && isName(f.s[from-1]); {
			from--
		}
		words++
		if c := f.r.classify(strings.ReplaceAll(f.s[from:end], " ", "_")); c == weak || c == strong {
			return c, from
		}
	}
	return open, start
}

// place is where a value begins, and what led to it.
type place struct {
	at int
	// by is what stands before it: '=', ':', ' ' (a flag), 'i' (is), 'q' (a quotation), '>' (an element of XML).
	by byte
}

// separator returns where the value of the name at start..end begins; at is negative where none follows.
func (f *finder) separator(start, end, dashes int) place {
	s := f.s
	i := end
	for i < len(s) && s[i] == '\\' {
		i++
	}
	quoted := i < len(s) && (s[i] == '"' || s[i] == '\'' || s[i] == '`')
	switch {
	case quoted:
		i++
	case i > end:
		return place{at: -1}
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	if i == end && i < len(s) && s[i] == '>' && start > 0 && s[start-1] == '<' {
		return place{i + 1, '>'}
	}
	spaces := i
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i == len(s) {
		return place{at: -1}
	}
	if i+1 < len(s) && s[i] >= '0' && s[i] <= '9' && s[i+1] == ':' && strings.EqualFold(s[start:end], "key") {
		i++ // Unseal Key 1: …
	}
	by := s[i]
	switch {
	case by == '=' || by == ':':
		for i++; i < len(s) && (s[i] == '=' || s[i] == '>'); i++ {
		}
		if by == ':' && strings.HasPrefix(s[i:], "//") {
			return place{at: -1}
		}
	case strings.HasPrefix(s[i:], "->"):
		by, i = '=', i+2
	case i == spaces || quoted:
		return place{at: -1}
	case dashes > 0 && s[i] != '-':
		return place{i, ' '}
	case strings.HasPrefix(s[i:], "is ") || strings.HasPrefix(s[i:], "was "):
		by = 'i'
		i = nameEnd(s, i)
	case s[start:end] == "requirepass", s[start:end] == "masterauth":
		return place{i, ' '} // of redis.conf
	case s[start:end] == "password" && (strings.Contains(s[max(0, start-300):start], "login ") || strings.HasPrefix(s[:start], "machine ")):
		return place{i, ' '} // of .netrc
	case s[i] == '"' || s[i] == '\'':
		return place{i, 'q'}
	default:
		return place{at: -1}
	}
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return place{i, by}
}

// value marks the value at v, of a name of class c that begins at start.
func (f *finder) value(c class, v place, start int) {
	s := f.s
	i := v.at
	if v.by == '>' {
		if n := strings.IndexByte(s[i:], '<'); n > 0 && secret(c, s[i:i+n]) {
			f.add(i, i+n)
		}
		return
	}
	if strings.HasPrefix(s[i:], Masked) && c != scheme && c != jar {
		if end := f.word(i); end > i+len(Masked) {
			f.add(i, end)
		}
		return
	}
	if i+1 < len(s) && strings.IndexByte("bBuUrRfF@", s[i]) >= 0 && (s[i+1] == '"' || s[i+1] == '\'') {
		i++
	}
	if s[i] == '{' || s[i] == '[' {
		f.list(c, i)
		return
	}
	open, from, to := quotedAt(s, i)
	f.spend(to - from)
	switch {
	case open && (c == scheme || c == jar):
		f.header(c, from, to)
	case open:
		if v.by == 'q' && c != strong { // secret "db-credentials" not found
			return
		}
		if secret(c, s[from:to]) && (v.by != 'i' || !plain(s[from:to])) {
			f.add(from, to)
		}
	case c == scheme || c == jar:
		f.header(c, i, len(s))
	default:
		f.bare(c, v, i, start)
	}
}

// bare marks an unquoted value at i.
func (f *finder) bare(c class, v place, i, start int) {
	s := f.s
	if refers(s[i:]) {
		return
	}
	end := f.word(i)
	word := s[i:end]
	if v.by == ':' && len(word) <= 3 && (s[i] == '|' || s[i] == '>') {
		switch {
		case strings.TrimRight(s[end:], " \t\r") == "":
			f.block = true
			return
		case s[end] == '\\':
			f.escapedBlock(end)
			return
		}
	}
	if n := schemeOf(s[i:]); n > 0 && c == weak { // X-Token: Bearer …
		if end = f.word(i + n); end > i+n {
			f.add(i+n, end)
		}
		return
	}
	switch {
	case !secret(c, word):
		return
	case v.by == 'i' && plain(word), v.by == ' ' && c == weak && plain(word) && len(word) < 8:
		return
	case v.by == ':' && slices.Contains(remarks, strings.ToLower(strings.Trim(word, ".!"))):
		return
	}
	// A password in YAML may have spaces in it.
	if c == strong && v.by == ':' && i > v.at-1 && s[v.at-1] == ' ' && strings.Trim(s[:start], " -") == "" {
		if to := strings.Index(s[i:], " #"); to >= 0 {
			end = max(end, i+to)
		} else {
			end = len(strings.TrimRight(s, " \t\r"))
		}
	}
	f.add(i, end)
}

// escapedBlock marks the indented lines of a block of YAML whose line feeds are escaped, from the first of those on.
func (f *finder) escapedBlock(i int) {
	s := f.s
	for i < len(s) && s[i] == '\\' {
		for i < len(s) && s[i] == '\\' {
			i++
		}
		if i == len(s) || s[i] != 'n' {
			return
		}
		from := i + 1
		for i = from; i < len(s) && isSpace(s[i]); i++ {
		}
		if i == from {
			return
		}
		from = i
		for i < len(s) && s[i] != '\\' && s[i] != '"' {
			i++
		}
		f.spend(i - from + 1)
		f.add(from, i)
	}
}

// refers tells whether s begins with a reference, as $(NAME).
func refers(s string) bool {
	for _, b := range [...]struct{ open, closing string }{{"$(", ")"}, {"${", "}"}, {"{{", "}}"}} {
		if strings.HasPrefix(s, b.open) {
			n := strings.Index(s, b.closing)
			return n > 0 && reference(s[:n+len(b.closing)])
		}
	}
	return false
}

// plain tells whether s is a word as sentences have them: letters only.
func plain(s string) bool {
	s = strings.Trim(s, ".,;:!?")
	for i := range len(s) {
		if s[i]|0x20 < 'a' || s[i]|0x20 > 'z' {
			return false
		}
	}
	return true
}
