package kernlog

import "bytes"

// follow takes a line that begins with padding: it goes on with the record of the line before, and is never
// a record of its own, whatever it says.
func (p *Parser) follow(r *record) {
	l := &p.last
	if l.origin != originKernel || l.kmsg {
		return // of a record in /dev/kmsg such lines are properties, and no text
	}
	if !l.prefixed {
		p.plain(r)
		return
	}
	// dmesg and journalctl pad to the width of the prefix; a name can go on with further spaces.
	p.following(p.decoded(r.msg[min(leadingSpaces(r.msg), l.width):], &record{syslog: l.syslog}), r)
}

// decoded undoes the escapes of a text. The result is valid until the next line.
func (p *Parser) decoded(msg []byte, r *record) []byte {
	if r.literal || !escaped(msg, r.syslog) {
		return msg
	}
	p.text1 = decode(p.text1[:0], msg, r.syslog)
	return p.text1
}

// following reads the next physical line of the record before.
func (p *Parser) following(text []byte, r *record) {
	l := &p.last
	s := l.src
	switch {
	case p.waiting(s):
		p.join(s, &message{text: text, first: p.line, rec: r}, "\n")
	case s != nil && s.open != nil:
		p.continued(s, s.open, text)
	case l.isShort:
		p.afterShort(text)
	}
}

// continued reads a further line of a record that belongs to an open report.
func (p *Parser) continued(s *source, b *builder, text []byte) {
	switch p.last.class {
	case classRow:
		b.appendName(text)
	case classStat, classStats:
		b.stat(trimSpaces(text))
	case classMemInfo, classMemValues:
		if b.stage != stageMem {
			return
		}
		b.memValues(text)
	case classNone:
		if b.stage != stageHead {
			if p.last.isShort {
				p.afterShort(text)
			}
			return
		}
		b.cpuGoesOn(p, text)
	default:
		return
	}
	p.extend(s, b)
}

// extend makes the current line the last one of a report.
func (p *Parser) extend(s *source, b *builder) {
	b.last, s.line = p.line, p.line
}

// afterShort looks for a header whose command name has a line break in it: its beginning was a record that is
// shorter than a name.
func (p *Parser) afterShort(text []byte) {
	l := &p.last
	short := decode(nil, l.short, false)
	i := bytes.Index(text, []byte(invoked))
	if i < 0 {
		if len(short)+1+len(text) <= maxComm {
			l.short = append(append(append(l.short[:0], short...), '\n'), text...)
		} else {
			l.isShort = false
		}
		return
	}
	if len(short)+1+i > maxComm {
		return
	}
	whole := append(append(short, '\n'), text...)
	rec := &record{host: []byte(l.host), caller: []byte(l.caller), prefixed: l.prefixed}
	m := &message{class: classHeader, text: whole, first: l.shortLine, rec: rec, time: l.stamp, timed: true}
	l.src = p.read(p.find(rec), m)
	l.class, l.isShort = classHeader, false
}

// plain takes a line without a prefix: a kernel message of `journalctl -o cat`, or a further line of a record.
func (p *Parser) plain(r *record) {
	l := &p.last
	if l.origin == originUser || l.origin == originOther {
		return
	}
	if len(r.msg) > maxMessage {
		r.msg = r.msg[:maxMessage]
	}
	if s := l.src; s != nil && l.origin == originKernel {
		c := classify(r.msg)
		switch {
		case p.waiting(s) && c == classNone:
			p.join(s, &message{text: p.decoded(r.msg, r), first: p.line, rec: r}, p.glue(s.part.text, r.msg))
			return
		case c == classStat && l.prefixed && s.open != nil && s.open.stage == stageStats:
			s.open.stat(r.msg)
			p.extend(s, s.open)
			return
		}
	}
	switch {
	case p.userKill(r, identNone):
	case bytes.HasPrefix(r.msg, []byte("-- Boot ")), bytes.HasPrefix(r.msg, []byte("-- Reboot --")):
		p.closeAll()
	default:
		p.kernel(r)
	}
}

// glue returns what stood where a message was broken off: a line break inside of a command name, and else a
// space.
func (p *Parser) glue(text, rest []byte) string {
	switch {
	case openName(text):
		return "\n"
	case len(rest) > 0 && (rest[0] == ' ' || len(text) > 0 && text[len(text)-1] == ' '):
		return ""
	}
	return " "
}

// openName tells whether a text ends within a command name.
func openName(text []byte) bool {
	if i := bytes.LastIndex(text, []byte(",task=")); i >= 0 {
		return true
	}
	i := bytes.IndexByte(text, '(')
	return i >= 0 && bytes.HasPrefix(text[bytes.IndexByte(text, 'K')+1:], []byte("ill")) && !bytes.Contains(text, []byte(" total-vm:"))
}
