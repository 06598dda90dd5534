package kernlog

import (
	"bytes"
	"time"

	"github.com/oombot/oombot/investigations"
)

// sampleLines is how far apart the lines are whose times are looked at.
const sampleLines = 1024

// summary is what a log tells beside its reports.
type summary struct {
	// from and to are the earliest and the latest date of the lines that were looked at: the first, the last,
	// every thousandth and all that are part of a report.
	from, to     time.Time
	upFrom, upTo float64
	hasUp        bool
	skipped      int64
	losses       []investigations.KernelLoss
	boots        []bootMark
	boot         int
	userKills    []investigations.UserKill
	followed     *investigations.KernelFollowed
	seq          int64
	hasSeq       bool
	anchors      anchors
	// last is the time of the last line; kept says that it is not in the line's own memory any more.
	last             record
	kept             bool
	lastDate, lastUp []byte
	sampled          int64
	// undated are the notes whose line has no date.
	undatedLosses, undatedKills []undated
}

// undated is the time since boot of the note at an index.
type undated struct {
	index, boot int
	us          int64
}

// bootMark is a start of the machine.
type bootMark struct {
	boot int
	at   time.Time
}

// stamps remembers the time of a line, and reads it where the line is one of those that are looked at.
func (s *summary) stamps(p *Parser, r *record) {
	if !r.stamped() {
		return
	}
	l := &s.last
	l.date, l.dateForm, l.uptime, l.usec, l.hasUsec = r.date, r.dateForm, r.uptime, r.usec, r.hasUsec
	s.kept = false
	if s.sampled == 0 || p.line-s.sampled >= sampleLines {
		s.sampled = p.line
		s.seen(p.stampOf(l), p.line)
	}
}

// keep copies what is needed of the last line, whose memory is about to change.
func (s *summary) keep() {
	if s.kept {
		return
	}
	s.kept = true
	s.lastDate, s.lastUp = append(s.lastDate[:0], s.last.date...), append(s.lastUp[:0], s.last.uptime...)
	s.last.date = s.lastDate
	if s.last.uptime != nil {
		s.last.uptime = s.lastUp
	}
}

// seen takes a time into the log's coverage.
func (s *summary) seen(t stamp, line int64) {
	if !t.at.IsZero() {
		if s.from.IsZero() || t.at.Before(s.from) {
			s.from = t.at
		}
		if t.at.After(s.to) {
			s.to = t.at
		}
	}
	if !t.hasUS {
		return
	}
	up := float64(t.us) / 1e6
	if !s.hasUp {
		s.upFrom, s.hasUp = up, true
	}
	s.upTo = up
	if s.anchors.before(s.boot, t.us) {
		s.boot++ // the clock began anew, and the line that says so is not in the log
	}
	if !t.at.IsZero() && s.anchors.due(line) {
		s.anchors.add(anchor{boot: s.boot, us: t.us, at: t.at.UnixMicro()}, line)
	}
	s.anchors.seen(s.boot, t.us)
}

// sequence looks for a gap in the numbers of /dev/kmsg records.
func (s *summary) sequence(p *Parser, r *record) {
	if s.hasSeq && r.seq > s.seq+1 {
		p.lost(r, quoteInt(r.seq-s.seq-1)+" records are missing before this line")
	}
	s.seq, s.hasSeq = r.seq, true
}

// lost notes that records were lost before the current line.
func (p *Parser) lost(r *record, why string) {
	if len(p.sum.losses) < maxNotes {
		at, _ := p.at(r)
		if us, ok := r.micros(); ok && at.IsZero() {
			p.sum.undatedLosses = append(p.sum.undatedLosses, undated{len(p.sum.losses), p.sum.boot, us})
		}
		p.sum.losses = append(p.sum.losses, investigations.KernelLoss{At: at, Line: p.line, Why: investigations.CleanText(why, 200)})
	}
	for _, s := range p.sources {
		if s.host != string(r.host) {
			continue
		}
		s.gap = true
		if s.open != nil && s.open.stage == stageTable {
			s.open.gapTable = true
		}
	}
}

// aside reads messages that stand between reports.
func (p *Parser) aside(s *source, m *message) {
	switch m.class {
	case classSuppressed:
		i := bytes.Index(m.text, []byte(": "))
		if i < 0 || len(p.suppressed) > 256 {
			return
		}
		n, _ := leadingInt(m.text[i+2:])
		p.suppressed[p.name(m.rec.host)] += n
	case classLost:
		p.lost(m.rec, string(m.text[:min(len(m.text), 200)]))
	case classBoot:
		p.booted(m)
	case classAudit:
		p.sum.audit(p, m)
	case classNoKill:
		if s != nil && s.open != nil && s.open.stage < stageKill {
			s.open.noKill = true
			s.open.touch(p, s, m)
		}
	}
}

// booted closes what was open before the machine started anew.
func (p *Parser) booted(m *message) {
	for i := len(p.sources) - 1; i >= 0; i-- {
		if s := p.sources[i]; s.host == string(m.rec.host) {
			p.close(s)
		}
	}
	s := &p.sum
	s.boot++
	if len(s.boots) < maxNotes {
		s.boots = append(s.boots, bootMark{boot: s.boot, at: p.stamp(m).at})
	}
	s.seen(p.stamp(m), p.line)
}

// report takes the times of a finished report into account.
func (s *summary) report(b *builder) {
	s.seenDates(b.stamp)
	s.seenDates(b.lastStamp)
}

func (s *summary) seenDates(t stamp) {
	t.hasUS = false
	s.seen(t, 0) // no time since boot: the line does not matter
}

// Summary returns what the log tells beside its reports; Reports, Node and Source are the caller's to fill in.
// It may be called at any time and is whole after Flush.
func (p *Parser) Summary() investigations.KernelLog {
	s := &p.sum
	if s.last.stamped() {
		s.seen(p.stampOf(&s.last), p.line)
	}
	l := investigations.KernelLog{
		From: s.from, To: s.to, Lost: s.losses, UserKills: s.userKills, Followed: s.followed, SkippedLines: s.skipped, Lines: p.line,
		BootTime: s.anchors.bootTime(s.boot),
	}
	if s.hasUp {
		from, to := s.upFrom, s.upTo
		l.UptimeFrom, l.UptimeTo = &from, &to
		if l.From.IsZero() && !l.BootTime.IsZero() {
			l.From, l.To = s.anchors.at(s.anchors.firstBoot, int64(from*1e6)), s.anchors.at(s.boot, int64(to*1e6))
		}
	}
	for _, u := range s.undatedLosses {
		l.Lost[u.index].At = s.anchors.at(u.boot, u.us)
	}
	for _, u := range s.undatedKills {
		l.UserKills[u.index].At = s.anchors.at(u.boot, u.us)
	}
	for _, m := range s.boots {
		at := m.at
		if at.IsZero() {
			at = s.anchors.bootTime(m.boot)
		}
		if !at.IsZero() {
			l.Boots = append(l.Boots, at)
		}
	}
	return l
}
