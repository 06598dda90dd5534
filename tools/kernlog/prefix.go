package kernlog

import "bytes"

// split takes the prefix off a line: who wrote it, when, and what it says. It looks at each line by itself,
// so that a file may hold several transports.
func (p *Parser) split(line []byte, r *record) {
	*r = record{}
	if len(line) == 0 {
		return
	}
	if line[0] == 0 {
		line = bytes.TrimLeft(line, "\x00") // a file that was not written out when the machine went down
		if len(line) == 0 {
			return
		}
	}
	if line[0] == 0x1b {
		line = p.colourless(line)
	}
	if bare := unquote(line); len(bare) < len(line) {
		r.off = len(line) - len(bare)
		line = bare
	}
	if len(line) == 0 {
		return
	}
	r.msg = line
	if line[0] != ' ' {
		p.indent = 0
	}
	if !p.alike(line, r) {
		p.unwrap(line, r)
		p.remember(line, r)
	}
}

// colourless takes out the colours of a line that begins with one, as dmesg writes them for terminals.
func (p *Parser) colourless(line []byte) []byte {
	p.sum.keep() // the last record's time can be in this memory
	out := p.plainText[:0]
	for i := 0; i < len(line); i++ {
		if line[i] == 0x1b && i+1 < len(line) && line[i+1] == '[' {
			j := i + 2
			for j < len(line) && (isDigit(line[j]) || line[j] == ';') {
				j++
			}
			if j < len(line) && (line[j] == 'm' || line[j] == 'K') {
				i = j
				continue
			}
		}
		out = append(out, line[i])
	}
	p.plainText = out
	return out
}

// unwrap reads the prefix of a line that is not empty.
func (p *Parser) unwrap(line []byte, r *record) {
	switch c := line[0]; {
	case c == '[':
		p.bracket(line, r)
	case isDigit(c):
		p.digits(line, r)
	case c == ' ' || c == '\t':
		p.indented(line, r)
	case c == '{' || c == 0x1e:
		p.json(line, r)
	case c == '<':
		p.level(line, r)
	default:
		p.words(line, r)
	}
}

// unquote takes off the marks that mails and chats put before a line that they quote.
func unquote(line []byte) []byte {
	for len(line) > 0 && (line[0] == '>' || line[0] == '|') {
		line = line[1:]
		if len(line) > 0 && line[0] == ' ' {
			line = line[1:]
		}
	}
	return line
}

// level reads `<5>[..] msg`: facility times eight and the level. Facilities but 0 are not the kernel's.
func (p *Parser) level(line []byte, r *record) {
	n, digits := leadingInt(line[1:])
	rest := line[1+digits:]
	if digits == 0 || digits > 3 || len(rest) == 0 || rest[0] != '>' {
		r.origin = originPlain
		return
	}
	if !rfc5424(rest[1:], r) {
		p.nested(rest[1:], r)
	}
	r.prefixed = true
	if n >= 8 && r.origin != originUser {
		r.origin = originOther
	}
}

// nested reads the rest of a line whose outermost prefix is off.
func (p *Parser) nested(rest []byte, r *record) {
	r.msg = rest
	r.origin = originKernel
	switch {
	case len(rest) == 0:
	case rest[0] == '[':
		p.bracket(rest, r)
	case isDigit(rest[0]):
		p.digits(rest, r)
	case rest[0] != ' ' && rest[0] != '<' && rest[0] != '{':
		if !bsd(rest, r) {
			r.origin = originKernel
		}
	}
	if r.origin == originPlain {
		r.origin = originKernel
	}
}

// words reads lines that begin with a letter: the traditional syslog date, a weekday before a full date, the
// facility and level of dmesg -x, or no prefix at all.
func (p *Parser) words(line []byte, r *record) {
	if bsd(line, r) || full(line, r) {
		return
	}
	if rest, kernel, ok := facility(line); ok {
		p.nested(rest, r)
		r.prefixed = true
		if !kernel && r.origin != originUser {
			r.origin = originOther
		}
		return
	}
	r.origin = originPlain
}

// facility reads the `kern  :err   : ` of dmesg -x.
func facility(line []byte) (rest []byte, kernel, ok bool) {
	if len(line) < 16 || line[6] != ':' {
		return nil, false, false
	}
	i := bytes.IndexByte(line[7:16], ':')
	if i < 3 || i > 7 || !lowerWord(line[:6]) || !lowerWord(line[7:7+i]) {
		return nil, false, false
	}
	rest = line[7+i+1:]
	if len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	return rest, bytes.HasPrefix(line, []byte("kern ")), true
}

// lowerWord tells whether b is a word of lower-case letters and digits, padded with spaces.
func lowerWord(b []byte) bool {
	n := 0
	for n < len(b) && (b[n]-'a' <= 'z'-'a' || isDigit(b[n])) {
		n++
	}
	return n > 0 && len(trimSpaces(b[n:])) == 0
}
