package kernlog

import (
	"bytes"
	"time"
)

// anchor is a moment that a log tells both ways: microseconds since boot, and since 1970.
type anchor struct {
	boot   int
	us, at int64
}

// maxAnchors is how many anchors are kept. Where there are more, every second one goes, and from then on they
// are taken as far apart as those that stay.
const maxAnchors = 512

// anchors turn times since boot into dates. A clock that is set while the machine runs makes the nearest one
// the best.
type anchors struct {
	list      []anchor
	firstBoot int
	lastBoot  int
	lastUS    int64
	// first and last are the lines of the first and the last anchor, apart how many lines are between two.
	first, last, apart int64
}

// due tells whether an anchor on that line is to be kept.
func (a *anchors) due(line int64) bool { return len(a.list) == 0 || line-a.last > a.apart }

func (a *anchors) add(n anchor, line int64) {
	if n.us < 0 || n.at < n.us {
		return
	}
	if len(a.list) == 0 {
		a.firstBoot, a.first = n.boot, line
	}
	a.last = line
	if len(a.list) == maxAnchors {
		half := a.list[:0]
		for i := 1; i < maxAnchors; i += 2 {
			half = append(half, a.list[i])
		}
		a.list = half
		a.apart = (line - a.first) / (maxAnchors / 2)
	}
	a.list = append(a.list, n)
}

// seen remembers the time since boot, and before tells whether one lies far before the last of the same boot.
func (a *anchors) seen(boot int, us int64) { a.lastBoot, a.lastUS = boot, us }

func (a *anchors) before(boot int, us int64) bool {
	return a.lastBoot == boot && us < a.lastUS-int64(60*time.Second/time.Microsecond)
}

// at returns the date of a time since boot; zero where nothing tells it.
func (a *anchors) at(boot int, us int64) time.Time {
	var best *anchor
	for i := range a.list {
		n := &a.list[i]
		if n.boot == boot && (best == nil || distance(n.us, us) <= distance(best.us, us)) {
			best = n
		}
	}
	if best == nil {
		return time.Time{}
	}
	return time.UnixMicro(best.at - best.us + us).UTC()
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

// bootTime returns when the machine started, by the last anchor of that start.
func (a *anchors) bootTime(boot int) time.Time {
	for i := len(a.list) - 1; i >= 0; i-- {
		if n := a.list[i]; n.boot == boot {
			return time.UnixMicro(n.at - n.us).UTC()
		}
	}
	return time.Time{}
}

// wants tells whether the date in an audit line is to be read.
func (s *summary) wants(r *record, line int64) bool {
	return r.dateForm == dateNone && (r.hasUsec || r.uptime != nil) && s.anchors.due(line)
}

// audit reads the date of `audit: type=1400 audit(1774487759.684:8494): …`, in a log that has only times since
// boot.
func (s *summary) audit(p *Parser, m *message) {
	if !s.wants(m.rec, p.line) {
		return
	}
	text, at := m.text, p.stamp(m)
	if !at.hasUS || !at.at.IsZero() {
		return
	}
	v, ok := after(text, " audit(")
	if !ok {
		return
	}
	end := bytes.IndexByte(v[:min(len(v), 40)], ':')
	if end < 0 {
		return
	}
	us, ok := decimalMicros(v[:end])
	if !ok || us == 0 {
		return
	}
	if s.anchors.before(s.boot, at.us) {
		s.boot++
	}
	s.anchors.add(anchor{boot: s.boot, us: at.us, at: us}, p.line)
	s.anchors.seen(s.boot, at.us)
}
