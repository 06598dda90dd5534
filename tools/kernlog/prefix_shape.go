package kernlog

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
	if !m.fits(line) {
		return false
	}
	r.origin, r.prefixed, r.syslog = originKernel, true, m.syslog
	r.date, r.dateForm, r.host = line[:m.date], m.form, line[m.date+1:m.date+1+m.host]
	r.msg = line[m.off:]
	return true
}

// fits tells whether a line's prefix is laid out like the last one.
func (m *shape) fits(line []byte) bool {
	if m.off == 0 || len(line) <= m.off || string(line[m.date:m.off]) != string(m.tail) {
		return false
	}
	// As afterIdent has it, these can be part of the prefix.
	switch line[m.off] {
	case '<':
		return false
	case ' ':
		if line[m.off-1] != ' ' {
			return false
		}
	case '[':
		if _, _, ok := uptimeBracket(line[m.off:]); ok {
			return false
		}
	}
	if m.form == dateISO {
		return isoDate(line)
	}
	return line[3] == ' ' && line[6] == ' ' && clock(line[7:])
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
