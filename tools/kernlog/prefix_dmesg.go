package kernlog

import "bytes"

// bracket reads the stamps of dmesg: `[  482.968730] `, with `[ T123]` behind it, `[  +2.967159] `,
// `[ 482.968730 <    0.000005>] `, `[Mon Nov 23 14:19:07 2026] `, `[Nov23 14:19] `, and journalctl's
// short-monotonic. A row or the header of a task table also begins with a bracket, and is no stamp.
func (p *Parser) bracket(line []byte, r *record) {
	if up, rest, ok := uptimeBracket(line); ok {
		r.origin, r.prefixed = originKernel, true
		r.uptime = up
		r.msg = callerBracket(rest, r)
		monotonic(r)
		return
	}
	r.origin = originPlain
	end := bytes.IndexByte(line[:min(len(line), 64)], ']')
	if end < 3 {
		return
	}
	inner := trimSpaces(line[1:end])
	switch {
	case len(inner) == 0:
		return
	case inner[0] == '+' || inner[0] == '-':
		if _, ok := decimalMicros(inner[1:]); !ok {
			return
		}
	case ctimeShape(inner):
		r.date, r.dateForm = inner, dateCtime
	case !minuteShape(inner):
		return
	}
	r.origin, r.prefixed = originKernel, true
	r.msg = callerBracket(afterBracket(line[end+1:]), r)
}

// afterBracket takes off the one space behind a bracket.
func afterBracket(b []byte) []byte {
	if len(b) > 0 && b[0] == ' ' {
		return b[1:]
	}
	return b
}

// uptimeBracket reads `[  482.968730] ` or `[ 482.968730 <    0.000005>] `.
func uptimeBracket(b []byte) (up, rest []byte, ok bool) {
	i := 1
	for i < len(b) && b[i] == ' ' {
		i++
	}
	digits := i
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i == digits || i+2 >= len(b) || b[i] != '.' {
		return nil, nil, false
	}
	i++
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i == len(b) {
		return nil, nil, false
	}
	up = b[digits:i]
	if b[i] == ' ' && i+1 < len(b) && b[i+1] == '<' {
		end := bytes.IndexByte(b[:min(len(b), 64)], ']')
		if end < 0 {
			return nil, nil, false
		}
		i = end
	}
	if b[i] != ']' {
		return nil, nil, false
	}
	return up, afterBracket(b[i+1:]), true
}

// callerBracket reads the `[ T123]` or `[    C3]` that kernels with CONFIG_PRINTK_CALLER add.
func callerBracket(b []byte, r *record) []byte {
	if len(b) < 4 || b[0] != '[' {
		return b
	}
	inner := trimSpaces(b[1:min(len(b), 24)])
	if len(inner) < 3 || (inner[0] != 'T' && inner[0] != 'C') {
		return b
	}
	_, n := leadingInt(inner[1:])
	if n == 0 || 1+n >= len(inner) || inner[1+n] != ']' {
		return b
	}
	r.caller = inner[:1+n]
	end := bytes.IndexByte(b, ']')
	return afterBracket(b[end+1:])
}

// monotonic looks for `host kernel: msg` behind a time since boot, and for lines of user space.
func monotonic(r *record) {
	msg := r.msg
	i := bytes.IndexByte(msg[:min(len(msg), 65)], ' ')
	if i <= 0 || msg[i-1] == ':' {
		return
	}
	if isKernel(msg[i+1:]) {
		r.host = msg[:i]
		r.msg = afterBracket(msg[i+1+len("kernel:"):])
		return
	}
	ident, rest := identifier(msg[i+1:])
	// A kernel message can have two words and a colon as well; a pid or a known name tells them apart.
	if ident != nil && (msg[i+1+len(ident)] == '[' || userIdent(ident) != identNone) {
		r.origin, r.host, r.ident, r.msg = originUser, msg[:i], ident, rest
	}
}

// ctimeShape tells whether b looks like `Mon Nov 23 14:19:07 2026` in any language.
func ctimeShape(b []byte) bool {
	if len(b) < 20 || len(b) > 60 || !isDigit(b[len(b)-1]) {
		return false
	}
	year := bytes.LastIndexByte(b, ' ')
	return year == len(b)-5 && year >= 8 && clock(b[year-8:]) && !isDigit(b[0])
}

// minuteShape tells whether b looks like the `Nov23 14:19` that dmesg -H prints once a minute.
func minuteShape(b []byte) bool {
	n := len(b)
	return n >= 9 && n <= 24 && b[n-3] == ':' && isDigit(b[n-1]) && isDigit(b[n-2]) && isDigit(b[n-4]) &&
		!isDigit(b[0]) && bytes.IndexByte(b, ' ') == n-6
}

// digits reads lines that begin with a digit: /dev/kmsg records, ISO dates, seconds since 1970.
func (p *Parser) digits(line []byte, r *record) {
	if isoDate(line) {
		iso(line, r)
		return
	}
	_, n := leadingInt(line)
	switch {
	case n == len(line):
	case line[n] == ',' && n <= 4:
		if kmsg(line, r) {
			return
		}
	case line[n] == '.' && n >= 9 && n <= 11:
		end := n + fraction(line[n:])
		if end > n+1 && end < len(line) && line[end] == ' ' {
			r.date, r.dateForm, r.prefixed = line[:end], dateUnix, true
			hostIdent(line[end+1:], r)
			return
		}
	case line[n] >= 0x80 && bsd(line, r): // a month that is written as a number and a word
		return
	}
	r.origin = originPlain
}

// isoDate tells whether b begins with 2026-11-23T14:19:07 or the same with a space.
func isoDate(b []byte) bool {
	return len(b) >= 19 && b[4] == '-' && b[7] == '-' && (b[10] == 'T' || b[10] == ' ') && isDigit(b[0]) &&
		isDigit(b[3]) && isDigit(b[5]) && isDigit(b[9]) && clock(b[11:])
}

// iso reads journalctl's short-iso and short-iso-precise, rsyslog's RFC 3339 format, and dmesg's iso, which
// alone has a comma before the fraction and no host behind the date.
func iso(line []byte, r *record) {
	end := bytes.IndexByte(line[19:], ' ')
	if end < 0 || end > 24 {
		r.origin = originPlain
		return
	}
	end += 19
	r.date, r.dateForm, r.prefixed = line[:end], dateISO, true
	rest := line[end+1:]
	if line[19] == ',' && line[10] == 'T' {
		r.origin = originKernel
		r.msg = callerBracket(rest, r)
		return
	}
	hostIdent(rest, r)
	r.syslog = true
}

// kmsg reads a record of /dev/kmsg: `prio,seq,usec,flags[,caller=T123];msg`.
func kmsg(line []byte, r *record) bool {
	prio, n := leadingInt(line)
	seq, m := leadingInt(line[n+1:])
	i := n + 1 + m
	if m == 0 || i >= len(line) || line[i] != ',' {
		return false
	}
	usec, m := leadingInt(line[i+1:])
	i += 1 + m
	if m == 0 || i >= len(line) || line[i] != ',' {
		return false
	}
	flags := line[i+1:]
	end := bytes.IndexByte(flags[:min(len(flags), 256)], ';')
	if end <= 0 {
		return false
	}
	flags, r.msg = flags[:end], flags[end+1:]
	r.fragment = flags[0] == 'c' || flags[0] == '+'
	if c := bytes.Index(flags, []byte("caller=")); c >= 0 {
		r.caller = flags[c+len("caller="):]
		if comma := bytes.IndexByte(r.caller, ','); comma >= 0 {
			r.caller = r.caller[:comma]
		}
	}
	r.seq, r.hasSeq, r.usec, r.hasUsec, r.prefixed = seq, true, usec, true, true
	r.origin = originKernel
	if prio >= 8 {
		r.origin = originOther
	}
	return true
}
