package kernlog

import (
	"time"
)

// stamp is the time of a record.
type stamp struct {
	us    int64
	hasUS bool
	at    time.Time
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

// stamp returns the time of a message.
func (p *Parser) stamp(m *message) stamp {
	if !m.timed {
		m.time, m.timed = p.stampOf(m.rec), true
	}
	return m.time
}
