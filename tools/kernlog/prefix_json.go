package kernlog

import (
	"bytes"
)

// indented reads a line that begins with white space: the rest of the record before it, or a field of the
// document that dmesg -J prints.
func (p *Parser) indented(line []byte, r *record) {
	r.origin = originFollow
	if !p.doc.open {
		if p.movedIn(line, r) {
			return
		}
		if bytes.HasPrefix(line[leadingSpaces(line):], []byte(`"dmesg": [`)) {
			p.doc = document{open: true}
			r.origin = originNone
		}
		return
	}
	p.field(line[leadingSpaces(line):], r)
}

// movedIn reads a log that is moved in as a whole, as chats show code. The first of its lines does not follow
// a line with a prefix.
func (p *Parser) movedIn(line []byte, r *record) bool {
	n := leadingSpaces(line)
	if p.indent == 0 {
		if n > 16 || n == len(line) || p.last.prefixed || p.last.origin == originUser || p.last.origin == originOther {
			return false
		}
		t := record{off: r.off + n, msg: line[n:]}
		if p.unwrap(line[n:], &t); !t.prefixed {
			return false
		}
		p.indent, *r = n, t
		return true
	}
	if n < p.indent {
		return false
	}
	r.off += p.indent
	r.msg = line[p.indent:]
	if n > p.indent || len(r.msg) == 0 {
		return n > p.indent
	}
	p.unwrap(r.msg, r)
	return true
}

// document is what is known of the current record of a dmesg -J document, which has one field a line.
type document struct {
	open bool
	// other says that the record's facility is not the kernel's.
	other  bool
	uptime []byte
	caller []byte
}

// field reads one line of a dmesg -J document. The message is the last field of a record.
func (p *Parser) field(line []byte, r *record) {
	r.origin = originNone
	key, value, ok := member(line)
	switch {
	case !ok:
		if len(line) > 0 && line[0] == ']' {
			p.doc = document{}
		}
	case string(key) == "pri":
		if n, digits := leadingInt(value); digits > 0 && n >= 8 {
			p.doc.other = true
		}
	case string(key) == "fac":
		p.doc.other = string(unquoted(value)) != "kern"
	case string(key) == "time":
		p.sum.keep() // the last record's time is in this memory
		p.doc.uptime = append(p.doc.uptime[:0], value...)
	case string(key) == "caller":
		p.doc.caller = append(p.doc.caller[:0], unquoted(value)...)
	case string(key) == "msg":
		r.origin, r.prefixed = originKernel, true
		if p.doc.other {
			r.origin = originOther
		}
		r.uptime, r.caller = p.doc.uptime, p.doc.caller
		r.msg = p.text(value)
		p.doc = document{open: true, uptime: p.doc.uptime, caller: p.doc.caller[:0]}
	}
}

// json reads one object of `journalctl -o json`, or of dmesg -J written on one line. Of a journal only
// records whose transport is the kernel's are kernel lines; what somebody wrote into the kernel's log has
// that transport as well, and another facility.
func (p *Parser) json(line []byte, r *record) {
	r.origin = originNone
	if line[0] == 0x1e {
		line = line[1:]
	}
	if len(line) < 2 || line[0] != '{' {
		return
	}
	if len(bytes.TrimLeft(line[1:], " ")) == 0 {
		return
	}
	var transport, facility, ident, comm, message []byte
	kernel := false
	rest := line[1:]
	for {
		key, value, next := pair(rest)
		if key == nil {
			break
		}
		rest = next
		switch string(key) {
		case "MESSAGE":
			message = value
		case "msg":
			message, kernel = value, true
		case "_TRANSPORT":
			transport = unquoted(value)
		case "SYSLOG_FACILITY":
			facility = unquoted(value)
		case "SYSLOG_IDENTIFIER":
			ident = unquoted(value)
		case "_COMM":
			comm = unquoted(value)
		case "_HOSTNAME":
			r.host = unquoted(value)
		case "__REALTIME_TIMESTAMP":
			r.date, r.dateForm = unquoted(value), dateMicros
		case "_SOURCE_MONOTONIC_TIMESTAMP":
			us, n := leadingInt(unquoted(value))
			r.usec, r.hasUsec = us, n > 0
		case "time":
			r.uptime = value
		case "pri":
			if n, digits := leadingInt(value); digits > 0 && n >= 8 {
				facility = []byte("1")
			}
		case "caller":
			r.caller = unquoted(value)
		}
	}
	r.prefixed, r.literal = true, true
	r.msg = p.text(message)
	switch {
	case message == nil:
		r.origin = originOther
	case kernel || string(transport) == "kernel":
		r.origin = originKernel
		if (facility != nil && string(facility) != "0") || (ident != nil && string(ident) != "kernel") {
			r.origin = originOther
		}
	default:
		r.origin, r.ident = originUser, ident
		if ident == nil {
			r.ident = comm
		}
	}
}
