package kernlog

import "bytes"

// source is where reports come from one after the other: a kernel never prints two at once, so lines of one
// host (and caller, where the log names it) belong to one report at a time.
type source struct {
	host, caller string
	open         *builder
	// line is the last line that the source had something on.
	line int64
	part part
	gap  bool
}

// part is a message that is not whole yet: its rest comes as further records or lines.
type part struct {
	active bool
	class  class
	text   []byte
	first  int64
	stamp  stamp
	joins  int
	// last is the line of its last piece, skipped how many records came between since.
	last    int64
	skipped int
}

// maxJoins is how many pieces one message is put together from, maxBetween how many other messages can come
// between two of them.
const maxJoins, maxBetween = 40, 16

// take reads a kernel message, together with what came before it where it continues that.
func (p *Parser) take(s *source, m *message) {
	if s != nil && s.part.active {
		if glue, ok := p.continues(&s.part, m); ok {
			p.join(s, m, glue)
			p.noted(m.rec, s, s.lastClass(m.class))
			return
		}
		if m.class == classNone && pieced(s.part.class) && s.part.skipped < maxBetween {
			s.part.skipped++
			p.noted(m.rec, s, classNone)
			return
		}
		p.settle(s)
	}
	if m.rec.fragment && m.class == classNone {
		p.noted(m.rec, s, classNone)
		return
	}
	if m.class == classHeader && p.shortBefore(m) {
		p.prependShort(m)
	}
	s = p.read(s, m)
	p.noted(m.rec, s, m.class)
}

// lastClass is the class of the message that a source waits to become whole, or c.
func (s *source) lastClass(c class) class {
	if s.part.active {
		return s.part.class
	}
	return c
}

// continues tells whether a record goes on with the message that is not whole, and what stands between them.
func (p *Parser) continues(t *part, m *message) (glue string, ok bool) {
	if m.rec.fragment {
		return "", true
	}
	if m.class != classNone || len(m.text) == 0 {
		return "", false
	}
	if pieced(t.class) {
		// The kernel breaks a line that is too long where it adds a piece: each begins with one of these.
		switch m.text[0] {
		case '/', ',', ':':
			return "", true
		}
	}
	// A line break in a command name. A console repeats the stamp for each line.
	if named(t.class) && len(m.text) < 512 && sameMoment(p.stamp(m), t.stamp) {
		return "\n", true
	}
	return "", false
}

// pieced tells whether the kernel prints messages of a class in pieces where they are too long for a record.
// Other messages can come between the pieces.
func pieced(c class) bool { return c == classSummary || c == classStats }

// named tells whether messages of a class hold a command name in their middle.
func named(c class) bool {
	return c == classHeader || c == classKill || c == classAnnounce || c == classSummary
}

// join adds a piece to the message that is not whole, and reads it again.
func (p *Parser) join(s *source, m *message, glue string) {
	t := &s.part
	t.text = append(append(t.text, glue...), m.text...)
	t.joins++
	t.active = false
	whole := &message{
		class: t.class, text: t.text, first: t.first, rec: m.rec, time: t.stamp, timed: true,
		final: t.joins >= maxJoins || len(t.text) > maxMessage,
	}
	joins, text := t.joins, t.text
	if p.read(s, whole); s.part.active {
		s.part.joins = joins
	} else {
		s.part.text = text[:0]
	}
}

// settle reads what a source has of a message whose rest does not come.
func (p *Parser) settle(s *source) {
	if !s.part.active {
		return
	}
	s.part.active = false
	m := &message{class: s.part.class, text: s.part.text, first: s.part.first, rec: &record{host: []byte(s.host), caller: []byte(s.caller)}, time: s.part.stamp, timed: true, final: true}
	line := p.line
	p.line = s.line
	p.read(s, m)
	p.line = line
	p.release()
}

// wait keeps a message that is not whole.
func (p *Parser) wait(s *source, m *message) {
	t := &s.part
	text := append(t.text[:0], m.text...)
	*t = part{active: true, class: m.class, text: text, first: m.first, stamp: p.stamp(m), last: p.line}
	s.line = p.line
}

// shortBefore tells whether the record before could be the beginning of the header's command name.
func (p *Parser) shortBefore(m *message) bool {
	l := &p.last
	return l.origin == originKernel && l.isShort && m.rec.prefixed && l.prefixed && sameMoment(l.stamp, p.stamp(m)) && l.shortLine == p.begin-1 &&
		l.host == string(m.rec.host) && l.caller == string(m.rec.caller)
}

// prependShort puts the record before in front of a header, if the two make a command name.
func (p *Parser) prependShort(m *message) {
	i := bytes.Index(m.text, []byte(invoked))
	short := decode(nil, p.last.short, false)
	if i < 0 || len(short)+1+i > maxComm {
		return
	}
	text := append([]byte{}, short...)
	text = append(append(text, '\n'), m.text...)
	m.text, m.first = text, p.last.shortLine
}

// sameMoment tells whether two stamps are equal to the microsecond.
func sameMoment(a, b stamp) bool { return a.hasUS && b.hasUS && a.us == b.us }

// waiting tells whether the line before ended within a message of the source.
func (p *Parser) waiting(s *source) bool {
	return s != nil && s.part.active && s.part.last == p.begin-1
}
