package kernlog

import (
	"time"

	"github.com/oombot/oombot/investigations"
)

// Options say how a log is read.
type Options struct {
	// Now is what dates without a year are measured against: they get the newest year that does not put them
	// into the future. Zero leaves such dates unread.
	Now time.Time
}

// Parser finds the OOM reports in a kernel log that is handed to it line by line. It is not safe for
// concurrent use.
type Parser struct {
	opt Options
	// begin and line are the numbers of the current line, from 1: of the first and the last line of the log that it
	// was put together from, the same but where lines were broken.
	begin, line int64

	sources []*source
	queue   []*builder
	ready   []*builder

	last lastRecord
	doc  document
	sum  summary

	// length is that of the current line, rec its record, indent how far a quoted log is moved in.
	length int
	indent int
	rec    record
	shape  shape
	trace  traceRun
	run    dullRun
	// row and rowMemory are memory for a task table.
	row       taskRow
	rowMemory []investigations.KernelTask

	lastPath, cgroupPath string
	cgroupRead           Cgroup

	// scratch, text1 and plainText are memory for what a line says.
	scratch, text1, plainText []byte

	names map[string]string
	// suppressed counts by host what the kernel says it left out before the next report.
	suppressed map[string]int64
}

// NewParser returns a Parser at the beginning of a log.
func NewParser(opt Options) *Parser {
	return &Parser{opt: opt, names: map[string]string{}, suppressed: map[string]int64{}}
}

// Line takes the next line of the log, without its line break. It keeps nothing of b.
func (p *Parser) Line(b []byte) {
	p.advance(b, 1)
	p.sum.keep()
}

// advance is Line for a caller that calls p.sum.keep before b changes. b is n lines of the log.
func (p *Parser) advance(b []byte, n int64) {
	p.begin = p.line + 1
	p.line += n
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	p.length = len(b)
	r := &p.rec
	p.split(b, r)
	if r.prefixed {
		p.sum.stamps(p, r)
	}
	if r.hasSeq {
		p.sum.sequence(p, r)
	}
	switch r.origin {
	case originKernel:
		p.kernel(r)
	case originPlain:
		p.plain(r)
	case originFollow:
		p.follow(r)
	case originUser:
		p.user(r)
		p.forget(originUser)
	case originOther:
		p.forget(originOther)
	case originNone:
		if len(b) == 0 {
			p.blank()
		}
	}
	if p.begin>>10 != (p.line+1)>>10 {
		p.age()
	}
}

// Skip counts a line that was too long to be read.
func (p *Parser) Skip() {
	p.line++
	p.sum.skipped++
	p.forget(originOther)
}

// Next returns the next report, in the order in which the log tells of them; nil where there is none yet.
func (p *Parser) Next() *investigations.KernelReport {
	if b := p.next(); b != nil {
		return b.own()
	}
	return nil
}

// own returns the report apart from the memory that it was put together in.
func (b *builder) own() *investigations.KernelReport {
	r := b.r
	return &r
}

func (p *Parser) next() *builder {
	if len(p.ready) == 0 {
		return nil
	}
	b := p.ready[0]
	p.ready[0] = nil
	p.ready = p.ready[1:]
	return b
}

// Flush takes what is open as finished: at the end of a log, or where its follower has waited for more.
func (p *Parser) Flush() {
	p.closeAll()
	p.forget(originNone)
}

// kernel takes a record that the kernel wrote.
func (p *Parser) kernel(r *record) {
	if len(r.msg) > maxMessage {
		r.msg = r.msg[:maxMessage]
	}
	c := classify(r.msg)
	if c == classNone && len(r.msg) > 8 && string(r.msg[:7]) == "systemd" && p.early(r) {
		return
	}
	s := p.find(r)
	idle := s == nil || s.open != nil && s.open.stage == stageKill && !s.part.active
	if idle && (c == classNone || c == classAudit && !p.sum.wants(r, p.line)) {
		if s != nil && p.over(s, r) {
			s = nil
		}
		p.noted(r, s, c)
		return
	}
	m := message{class: c, text: p.decoded(r.msg, r), first: p.begin, rec: r}
	p.take(s, &m)
}

// over closes a report whose kill was so long ago that no further one of its group comes. It looks at the time
// of the first line behind the kill, the second, the fourth and so on.
func (p *Parser) over(s *source, r *record) bool {
	behind := p.line - s.line
	if behind&(behind-1) != 0 || p.stampOf(r).gap(s.open.lastStamp) <= groupGap {
		return false
	}
	p.close(s)
	return true
}

// message is a record that is to be read.
type message struct {
	class class
	// text is decoded; it may hold line breaks.
	text []byte
	// first is the line on which the message begins; it ends on the current one.
	first int64
	rec   *record
	// time is read from rec where timed is not set: most messages of a report never need it.
	time  stamp
	timed bool
	// final says that nothing more of the message is to come.
	final bool
}
