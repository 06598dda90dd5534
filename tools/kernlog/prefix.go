package kernlog

import "bytes"

// split takes the prefix off a line: who wrote it, when, and what it says. It looks at each line by itself,
// so that a file may hold several transports.
func (p *Parser) split(line []byte, r *record) {
	*r = record{}
	if len(line) == 0 {
		return
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

// shape is how the prefix of the last kernel line with a date and a host was laid out. Most lines of a log
// are like the one before, and telling so is cheaper than taking the prefix apart.
type shape struct {
	form dateForm
	// date is how long the date is, off where the message begins.
	date, off int
	// tail is what stands between the two: the host and the identifier.
	tail   []byte
	host   int
	syslog bool
}

// alike reads a line whose prefix is laid out like the last one.
func (p *Parser) alike(line []byte, r *record) bool {
	m := &p.shape
	if m.off == 0 || len(line) <= m.off || line[m.off] == '[' || line[m.off] == ' ' || line[m.off] == '<' || string(line[m.date:m.off]) != string(m.tail) {
		return false
	}
	if m.form == dateISO {
		if !isoDate(line) {
			return false
		}
	} else if line[3] != ' ' || line[6] != ' ' || !clock(line[7:]) {
		return false
	}
	r.origin, r.prefixed, r.syslog = originKernel, true, m.syslog
	r.date, r.dateForm, r.host = line[:m.date], m.form, line[m.date+1:m.date+1+m.host]
	r.msg = line[m.off:]
	return true
}

// remember notes the layout of a line's prefix.
func (p *Parser) remember(line []byte, r *record) {
	plain := r.dateForm == dateISO || r.dateForm == dateBSD && len(r.date) == 15
	if !plain || r.origin != originKernel || r.uptime != nil || r.caller != nil || len(r.host) == 0 || r.off != 0 {
		return
	}
	off := len(line) - len(r.msg)
	if d := len(r.date); d+2+len(r.host) <= off && string(line[:d]) == string(r.date) && string(line[d+1:d+1+len(r.host)]) == string(r.host) {
		p.shape = shape{form: r.dateForm, date: d, off: off, tail: append(p.shape.tail[:0], line[d:off]...), host: len(r.host), syslog: r.syslog}
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

// rfc5424 reads `1 2026-11-23T14:19:07Z host kernel - - - msg`, the part of a syslog message behind its
// priority.
func rfc5424(b []byte, r *record) bool {
	if len(b) < 24 || b[0] != '1' || b[1] != ' ' || !isoDate(b[2:]) || b[12] != 'T' {
		return false
	}
	var words [5][]byte
	rest := b[2:]
	for i := range words {
		var ok bool
		if words[i], rest, ok = bytes.Cut(rest, []byte(" ")); !ok {
			return false
		}
	}
	r.date, r.dateForm, r.syslog, r.host = words[0], dateISO, true, words[1]
	rest = bytes.TrimPrefix(rest, []byte("- "))
	if string(words[2]) != "kernel" {
		r.origin, r.ident, r.msg = originUser, words[2], rest
		return true
	}
	afterIdent(rest, r)
	return true
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

// bsd reads `Nov 23 14:19:07 host kernel: msg`, the month in any language.
func bsd(line []byte, r *record) bool {
	i := bytes.IndexByte(line[:min(len(line), 14)], ' ')
	if i < 2 {
		return false
	}
	j := i
	for j < len(line) && line[j] == ' ' && j < i+2 {
		j++
	}
	_, n := leadingInt(line[j:])
	j += n
	if n == 0 || n > 2 || j+9 > len(line) || line[j] != ' ' || !clock(line[j+1:]) {
		return false
	}
	end := j + 9 + fraction(line[j+9:])
	if end < len(line) && line[end] != ' ' {
		return false
	}
	r.date, r.dateForm, r.prefixed = line[:end], dateBSD, true
	hostIdent(line[min(end+1, len(line)):], r)
	r.syslog = true
	return true
}

// full reads `Mon 2026-11-23 14:19:07 UTC host kernel: msg`.
func full(line []byte, r *record) bool {
	i := bytes.IndexByte(line[:min(len(line), 14)], ' ')
	if i < 2 || !isoDate(line[i+1:]) {
		return false
	}
	end := i + 1 + 19
	end += fraction(line[end:])
	if end >= len(line) || line[end] != ' ' {
		return false
	}
	zone := bytes.IndexByte(line[end+1:], ' ')
	if zone <= 0 || zone > 6 {
		return false
	}
	end += 1 + zone
	r.date, r.dateForm, r.prefixed = line[i+1:end], dateFull, true
	hostIdent(line[min(end+1, len(line)):], r)
	return true
}

// clock tells whether b begins with HH:MM:SS.
func clock(b []byte) bool {
	return len(b) >= 8 && isDigit(b[0]) && isDigit(b[1]) && b[2] == ':' && isDigit(b[3]) && isDigit(b[4]) &&
		b[5] == ':' && isDigit(b[6]) && isDigit(b[7])
}

// fraction counts the bytes of a fraction of a second, its dot or comma included.
func fraction(b []byte) int {
	if len(b) < 2 || (b[0] != '.' && b[0] != ',') {
		return 0
	}
	n := 1
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	if n == 1 {
		return 0
	}
	return n
}

// hostIdent reads `host kernel: msg`, `host kernel:msg`, `host app[12]: msg` or `kernel: msg`, with a time
// since boot behind the identifier where there is one. What fits none of them is no kernel line.
func hostIdent(rest []byte, r *record) {
	r.origin, r.msg = originUser, rest
	first := bytes.IndexByte(rest, ' ')
	if first < 0 {
		first = len(rest)
	}
	if isKernel(rest[:first]) {
		afterIdent(rest[len("kernel:"):], r)
		return
	}
	if first == len(rest) || bytes.IndexByte(rest[:first], ':') == first-1 {
		r.ident = bytes.TrimSuffix(rest[:first], []byte(":"))
		return
	}
	r.host = rest[:first]
	rest = rest[first+1:]
	if k := bytes.IndexByte(rest[:min(len(rest), 20)], ' '); k > 0 && bytes.IndexByte(rest[:k], '.') > 0 && rest[k-1] != ':' {
		rest = rest[k+1:] // facility.level of busybox's syslogd
	}
	if isKernel(rest) {
		afterIdent(rest[len("kernel:"):], r)
		return
	}
	r.ident, r.msg = identifier(rest)
}

// isKernel tells whether b begins with the kernel's identifier.
func isKernel(b []byte) bool {
	return len(b) >= 7 && b[0] == 'k' && string(b[:7]) == "kernel:"
}

// identifier splits `app[12]: msg` into app and msg. Where there is none, the identifier is nil.
func identifier(b []byte) (ident, msg []byte) {
	for i, c := range b[:min(len(b), 128)] {
		switch c {
		case ':':
			return b[:i], bytes.TrimPrefix(b[i+1:], []byte(" "))
		case '[':
			end := bytes.Index(b[i:], []byte("]: "))
			if end < 0 {
				return nil, b
			}
			return b[:i], b[i+end+3:]
		case ' ':
			return nil, b
		}
	}
	return nil, b
}

// afterIdent reads what follows `kernel:`.
func afterIdent(b []byte, r *record) {
	r.origin = originKernel
	if len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	if len(b) > 3 && b[0] == '<' && isDigit(b[1]) && b[2] == '>' {
		b = b[3:] // the level, which some daemons leave in
	}
	if len(b) > 0 && b[0] == '[' {
		if up, rest, ok := uptimeBracket(b); ok {
			r.uptime, b = up, callerBracket(rest, r)
		}
	}
	r.msg = b
}
