package kernlog

import (
	"bytes"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Limits of what one parser holds. They keep it under some 40 MB, whatever the log.
const (
	// maxLine is the longest line that is read, in bytes.
	maxLine = 1 << 20
	// maxMessage is how much of one message is looked at; the kernel's own records end below 2 KiB.
	maxMessage = 32 << 10
	// maxSources is how many hosts and callers can have a report open at once.
	maxSources = 64
	// maxRows is how many rows of one task table are kept: above, the smaller half goes.
	maxRows = 16 << 10
	// maxOpenRows is the same for all open reports together.
	maxOpenRows = 48 << 10
	// maxKilled is how many killed processes one report names.
	maxKilled = 4096
	// maxStats is how many values one cgroup's statistics have, and maxChildren how many cgroups are kept.
	maxStats, maxChildren = 256, 1000
	// maxNotes is how many losses, boots and user-space kills a summary holds, each.
	maxNotes = 1000
	// openLines is after how many further lines of the log an open report is taken as cut off, and killedLines
	// after how many one whose kill was seen is complete.
	openLines, killedLines = 50_000, 2000
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
	// line is the number of the current line, from 1.
	line int64

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
	length    int
	prefixed  bool
	stamp     stamp
	// host and caller are of a short message, width is how long the prefix was.
	host, caller string
	width        int
	// kmsg and syslog say which of the two the record's format is.
	kmsg, syslog bool
}

// stamp is the time of a record.
type stamp struct {
	us    int64
	hasUS bool
	at    time.Time
}

// NewParser returns a Parser at the beginning of a log.
func NewParser(opt Options) *Parser {
	return &Parser{opt: opt, names: map[string]string{}, suppressed: map[string]int64{}}
}

// Line takes the next line of the log, without its line break. It keeps nothing of b.
func (p *Parser) Line(b []byte) {
	p.advance(b)
	p.sum.keep()
}

// advance is Line for a caller that calls p.sum.keep before b changes.
func (p *Parser) advance(b []byte) {
	p.line++
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	p.length = len(b)
	r := &p.rec
	p.split(b, r)
	if r.prefixed {
		p.sum.stamps(p, r)
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
	p.last.length = p.length
	if p.line&1023 == 0 {
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

func (p *Parser) closeAll() {
	for len(p.sources) > 0 {
		p.close(p.sources[0])
	}
}

// close finishes what a source has open and forgets the source.
func (p *Parser) close(s *source) {
	p.settle(s)
	p.finish(s)
	p.drop(s)
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

// stampOf returns the time of a record.
func (p *Parser) stampOf(r *record) (s stamp) {
	s.us, s.hasUS = r.micros()
	if t, ok := p.at(r); ok {
		s.at = t
	}
	return s
}

// gap returns how much later s is than before; 0 where that can't be told.
func (s stamp) gap(before stamp) time.Duration {
	switch {
	case s.hasUS && before.hasUS:
		return time.Duration(s.us-before.us) * time.Microsecond
	case !s.at.IsZero() && !before.at.IsZero():
		return s.at.Sub(before.at)
	}
	return 0
}

// kernel takes a record that the kernel wrote.
func (p *Parser) kernel(r *record) {
	if len(r.msg) > maxMessage {
		r.msg = r.msg[:maxMessage]
	}
	if r.hasSeq {
		p.sum.sequence(p, r)
	}
	c := classify(r.msg)
	s := p.find(r)
	if (c == classNone || c == classAudit && p.sum.anchors.stride > 0 && !p.sum.anchors.due()) && (s == nil || s.open != nil && s.open.stage == stageKill && !s.part.active) {
		p.noted(r, s, c)
		return
	}
	m := message{class: c, text: p.decoded(r.msg, r.syslog), first: p.line, rec: r}
	p.take(s, &m)
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

// stamp returns the time of a message.
func (p *Parser) stamp(m *message) stamp {
	if !m.timed {
		m.time, m.timed = p.stampOf(m.rec), true
	}
	return m.time
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

// find returns the source that a record belongs to, if that has something open.
func (p *Parser) find(r *record) *source {
	for _, s := range p.sources {
		if string(r.host) == s.host && string(r.caller) == s.caller {
			return s
		}
	}
	return nil
}

// source returns the source that a record belongs to, a new one where there is none.
func (p *Parser) source(r *record) *source {
	if s := p.find(r); s != nil {
		return s
	}
	if len(p.sources) >= maxSources {
		p.close(p.sources[0])
	}
	s := &source{host: p.name(r.host), caller: string(r.caller)}
	p.sources = append(p.sources, s)
	return s
}

// drop forgets a source that has nothing open.
func (p *Parser) drop(s *source) {
	for i, o := range p.sources {
		if o == s {
			p.sources = append(p.sources[:i], p.sources[i+1:]...)
			break
		}
	}
	if p.last.src == s {
		p.last.src = nil
	}
	p.release()
}

// name returns b as a string, the same one for the same bytes.
func (p *Parser) name(b []byte) string {
	if s, ok := p.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(p.names) >= 8192 {
		clear(p.names)
	}
	if len(s) <= 256 {
		p.names[s] = s
	}
	return s
}

// age finishes reports that have had nothing for a long time.
func (p *Parser) age() {
	for i := len(p.sources) - 1; i >= 0; i-- {
		s := p.sources[i]
		b := s.open
		limit := int64(openLines)
		if b == nil || b.stage >= stageKill {
			limit = killedLines
		}
		if p.line-s.line > limit {
			p.close(s)
		}
	}
}

var newline = []byte("\n")
