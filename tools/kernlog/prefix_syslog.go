package kernlog

import "bytes"

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
