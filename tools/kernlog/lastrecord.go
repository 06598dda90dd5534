package kernlog

import (
	"bytes"
)

// lastRecord is what the line before belonged to.
type lastRecord struct {
	origin origin
	src    *source
	class  class
	// short is the message of a kernel record that is no longer than a command name: the beginning of a name
	// with a line break in it, perhaps. It can be empty where isShort is set.
	short     []byte
	isShort   bool
	shortLine int64
	prefixed  bool
	stamp     stamp
	// host and caller are of a short message, width is how long the prefix was.
	host, caller string
	width        int
	// kmsg and syslog say which of the two the record's format is.
	kmsg, syslog bool
}

// blank takes an empty line. dmesg writes nothing where the rest of a name is empty.
func (p *Parser) blank() {
	if l := &p.last; l.class == classRow && l.src != nil && l.src.open != nil && l.prefixed {
		l.src.open.emptyName()
	}
	p.forget(originNone)
}

func (p *Parser) forget(o origin) {
	p.last.origin, p.last.src, p.last.class, p.last.short = o, nil, classNone, p.last.short[:0]
	p.last.prefixed, p.last.isShort = false, false
}

// noted remembers a record as the one before the next line.
func (p *Parser) noted(r *record, s *source, c class) {
	l := &p.last
	l.origin, l.src, l.class, l.prefixed = originKernel, s, c, r.prefixed
	l.kmsg, l.syslog = r.hasSeq, r.syslog
	l.short, l.isShort = l.short[:0], false
	l.width = max(0, p.length-r.off-len(r.msg))
	if c != classNone {
		return
	}
	if s == nil || s.open == nil || s.open.stage == stageKill {
		p.traced(r)
	}
	if len(r.msg) <= maxComm || len(r.msg) <= 4*maxComm && bytes.IndexByte(r.msg, '\\') >= 0 {
		l.short, l.isShort = append(l.short, r.msg...), true
		l.shortLine, l.host, l.caller = p.line, p.name(r.host), p.name(r.caller)
		if r.prefixed {
			l.stamp = p.stampOf(r)
		}
	}
}

var newline = []byte("\n")
