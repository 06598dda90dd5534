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

// maxAnchors is how many anchors are kept; where there are more, every second one goes, and from then on only
// every second one is taken.
const maxAnchors = 512

// anchors turn times since boot into dates. A clock that is set while the machine runs makes the nearest one
// the best.
type anchors struct {
	list      []anchor
	stride    int
	skipped   int
	firstBoot int
	lastBoot  int
	lastUS    int64
}

// due tells whether the next anchor is to be kept.
func (a *anchors) due() bool {
	a.skipped++
	return a.skipped > a.stride
}

func (a *anchors) add(n anchor) {
	if n.us < 0 || n.at < n.us {
		return
	}
	if len(a.list) == 0 {
		a.firstBoot = n.boot
	}
	a.skipped = 0
	if len(a.list) == maxAnchors {
		half := a.list[:0]
		for i := 1; i < maxAnchors; i += 2 {
			half = append(half, a.list[i])
		}
		a.list = half
		a.stride = 2*a.stride + 1
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

// audit reads the date of `audit: type=1400 audit(1774487759.684:8494): …`, in a log that has only times since
// boot.
func (s *summary) audit(p *Parser, m *message) {
	if !m.rec.hasUsec && m.rec.uptime == nil || m.rec.dateForm != dateNone || !s.anchors.due() {
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
	s.anchors.add(anchor{boot: s.boot, us: at.us, at: us})
	s.anchors.seen(s.boot, at.us)
}
