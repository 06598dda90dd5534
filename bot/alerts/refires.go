package alerts

import (
	"sync"

	"github.com/oombot/oombot/bot"
)

// maxRefires bounds how many alerts are remembered, twice over.
const maxRefires = 20000

// refires counts how often an alert fires again after its end with the startsAt that it had: as where Prometheus is away
// for some minutes, Alertmanager takes its alerts for resolved, and Prometheus comes back with the same ones. The message
// is the same then as the first one, letter for letter, and yet none that was sent again.
//
// It is kept in memory only: what a restart forgets is told as the first message was. It is safe for concurrent use.
type refires struct {
	mu sync.Mutex
	// now takes new alerts until it is full; then it becomes before, and what was there is forgotten.
	now, before map[string]refire
	limit       int
}

type refire struct {
	resolved bool
	times    int
}

func newRefires(limit int) *refires { return &refires{now: map[string]refire{}, limit: limit} }

// seen takes note of an alert, and returns how often it fired again so far.
func (r *refires) seen(group string, a bot.Alert) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := group + "\x00" + a.ID
	last, known := r.now[key]
	if !known {
		last = r.before[key]
	}
	if last.resolved && !a.Resolved {
		last.times++
	}
	last.resolved = a.Resolved
	if len(r.now) >= r.limit && !known {
		r.now, r.before = map[string]refire{}, r.now
	}
	r.now[key] = last
	return last.times
}
