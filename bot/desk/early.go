package desk

import (
	"time"

	"github.com/oombot/oombot/bot"
)

// A card is in its channel before Slack's answer tells its ts: somebody may put an emoji on it that nobody knows yet. A
// press needs no such wait, since a button carries the incident's id.

const (
	// earlyEvery is how often it is looked whether a message has become known, earlyFor how long; mostEarly bounds the
	// messages of which emoji wait.
	earlyEvery = 500 * time.Millisecond
	earlyFor   = time.Minute
	mostEarly  = 200
)

// posting says whether a card is on its way into a channel.
func (d *Desk) posting(channel string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.posting(channel)
}

// posting says whether a card is on its way into a channel. The caller holds Desk.mu.
func (s *state) posting(channel string) bool {
	for _, e := range s.incidents {
		if e.Channel == channel && e.Begun && e.Card == "" {
			return true
		}
	}
	return false
}

// early says whether an emoji waits for a card of its channel, which may be the message that it is on. The caller holds
// d.mu.
func (d *Desk) early(e bot.Event) bool {
	p, now := place{e.Channel, e.TS}, d.now()
	for known, since := range d.waited {
		if now.Sub(since) > 2*earlyFor {
			delete(d.waited, known)
		}
	}
	since, waits := d.waited[p]
	switch {
	case !d.state.posting(e.Channel), waits && now.Sub(since) > earlyFor, !waits && len(d.waited) >= mostEarly:
		delete(d.waited, p)
		return false
	case !waits:
		d.waited[p] = now
	}
	return true
}
