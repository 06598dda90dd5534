package kernlog

import "bytes"

// Mail programs and terminals break lines: at the last space before their width, some behind a hyphen too, or just
// at the width. Breaks at spaces are undone for widths from minWidth on, those within words at wrapWidth.
const (
	minWidth, wrapWidth = 68, 80
	// unwrapAfter is after how many bytes a log counts as one whose lines are whole.
	unwrapAfter = 1 << 20
)

// wraps puts lines together again that were broken on the way. A line that goes on has no prefix of its own and would
// not have fitted behind the one before. All of it ends with the first line that is longer than such a program leaves
// one, which in a log that nothing has broken comes soon.
type wraps struct {
	// off says that the log's lines are whole.
	off  bool
	seen int
	// probe takes the prefixes off lines, apart from the parser that reads them.
	probe *Parser
	rec   record
	text  []byte
	// held is the line that may go on, n how many lines of the log it was, last how long the last of them.
	held []byte
	n    int64
	last int
	// prefix is how long the prefix of the held line's record is; 0 where it has none. record says that it is one of /dev/kmsg.
	prefix int
	record bool
	// soft says that lines are broken at spaces.
	soft bool
}

// wrapped takes a line that may be a piece of a broken one.
func (s *Scanner) wrapped(b []byte) {
	w := &s.wraps
	raw := bytes.TrimSuffix(b, []byte("\r"))
	bare := unquote(raw)
	if w.goesOn(bare) {
		w.join(bare)
		return
	}
	s.unhold()
	if w.seen += len(b); w.seen > unwrapAfter || tooLong(bare) {
		w.off = true
		s.p.pass(b)
		return
	}
	w.hold(raw, bare)
}

// unhold hands the held line on.
func (s *Scanner) unhold() {
	if w := &s.wraps; w.n > 0 {
		s.p.advance(w.held, w.n)
		s.p.sum.keep()
		w.n = 0
	}
}

// tooLong tells whether a line would have been broken: it is longer than any width, and has a space where some break
// it. No program breaks a line behind its first few columns.
func tooLong(bare []byte) bool {
	const few = 20
	return len(bare) > wrapWidth && bytes.LastIndexByte(bare[few:wrapWidth+1], ' ') >= 0
}

// hold keeps a line until the next one tells whether it goes on.
func (w *wraps) hold(raw, bare []byte) {
	w.held, w.n, w.last = append(w.held[:0], raw...), 1, len(bare)
	if len(raw) == wrapWidth {
		w.last = wrapWidth // quoted first, and then broken
	}
	if n := leadingSpaces(bare); n > 0 && n >= w.prefix && n < len(bare) {
		return // a further line of the record before
	}
	if w.prefix = 0; len(bare) == 0 || bare[0] == ' ' || bare[0] == '{' {
		return
	}
	if w.look(bare); w.rec.prefixed && bytes.HasSuffix(w.text, w.rec.msg) {
		w.prefix, w.record = len(w.text)-len(w.rec.msg), w.rec.hasSeq
	}
}

// look takes the prefix off a line. A prefix may be all that is left of it: the space behind it is put back.
func (w *wraps) look(bare []byte) {
	if w.probe == nil {
		w.probe = NewParser(Options{})
	}
	w.text = append(append(w.text[:0], bare...), ' ')
	w.probe.split(w.text, &w.rec)
}

// goesOn tells whether a line is the next piece of the held one.
func (w *wraps) goesOn(bare []byte) bool {
	if w.n == 0 || w.prefix == 0 || len(bare) == 0 || tooLong(bare) {
		return false
	}
	if n := leadingSpaces(bare); n > 0 {
		// The padding of a further line of a record is as wide as the prefix. A break leaves fewer spaces: one within
		// words, or one of several spaces that keeps some of them on either side.
		kept := w.held[len(w.held)-1] == ' '
		return (kept || !w.soft && w.last == wrapWidth) && n < w.prefix && (!w.record || !property(bare[n:]))
	}
	first := bytes.IndexByte(bare, ' ')
	if first < 0 {
		first = len(bare)
	}
	if w.last+1+first <= minWidth {
		return false
	}
	w.look(bare)
	return w.rec.origin == originPlain
}

// property tells whether a line of /dev/kmsg is one of the KEY=value lines behind a record.
func property(b []byte) bool {
	n := 0
	for n < len(b) && (b[n]-'A' <= 'Z'-'A' || b[n] == '_') {
		n++
	}
	return n > 0 && n < len(b) && b[n] == '='
}

// join adds a piece to the held line.
func (w *wraps) join(bare []byte) {
	if w.last < wrapWidth {
		w.soft = true
	}
	if w.spaced(bare) {
		w.held = append(w.held, ' ')
	}
	w.held = append(w.held, bare...)
	w.n++
	w.last = len(bare)
}

// spaced tells whether a space stood where the held line was broken.
func (w *wraps) spaced(bare []byte) bool {
	end := len(w.held) - 1
	switch {
	case !w.soft, w.held[end] == ' ':
		return false
	case w.held[end] == '-' && end > 0 && w.held[end-1] != ' ':
		return false // some break behind a hyphen
	case w.last == wrapWidth:
		// A word that is longer than a whole line is broken as well.
		word := len(w.held) - 1 - bytes.LastIndexByte(w.held, ' ')
		first := bytes.IndexByte(bare, ' ')
		if first < 0 {
			first = len(bare)
		}
		return word+first <= wrapWidth
	}
	return true
}
