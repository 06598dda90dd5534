package deliver

import (
	"math/rand/v2"
	"time"
)

const (
	// spacing is the least time between two requests with new reports; a burst of so many goes at that pace, and then one
	// each refill.
	spacing = 50 * time.Millisecond
	burst   = 20
	refill  = 500 * time.Millisecond
)

// pace has new reports wait for each other when they come in numbers: a bucket of tokens.
type pace struct {
	tokens float64
	at     time.Time
	last   time.Time
}

// wait returns how long it is until a new report may go; zero or less is now.
func (p *pace) wait(now time.Time) time.Duration {
	if p.at.IsZero() {
		p.tokens, p.at = burst, now
	}
	p.tokens = min(burst, p.tokens+float64(now.Sub(p.at))/float64(refill))
	p.at = now
	d := spacing - now.Sub(p.last)
	if p.tokens < 1 {
		d = max(d, time.Duration((1-p.tokens)*float64(refill))+time.Millisecond)
	}
	return d
}

// spend notes that one goes.
func (p *pace) spend(now time.Time) { p.tokens, p.last = p.tokens-1, now }

const (
	// After the first failure it takes firstRetry to try again, doubled with each further one up to lastRetry; where the
	// token was refused, much longer. Up to half of it is left to chance, so that the nodes of a cluster don't come at once.
	firstRetry, lastRetry     = 500 * time.Millisecond, 30 * time.Second
	firstRefused, lastRefused = 15 * time.Second, 5 * time.Minute
	// hurried is how soon after a failure a new report may try its luck.
	hurried = time.Second
)

// backoff says when the bot is asked again.
type backoff struct {
	failures   int
	tried, due time.Time
	// obey says that a new report is no reason to ask earlier.
	obey bool
}

// fail notes a failure.
func (b *backoff) fail(now time.Time, a answer) {
	first, last := firstRetry, lastRetry
	if b.obey = a.after > 0 || a.outcome == refused; a.outcome == refused {
		first, last = firstRefused, lastRefused
	}
	d := min(first<<min(b.failures, 16), last)
	d -= time.Duration(rand.Int64N(int64(d)/2 + 1))
	b.failures++
	b.tried, b.due = now, now.Add(max(d, a.after))
}

// clear notes that the bot answers.
func (b *backoff) clear() { *b = backoff{} }

// hurry has a new report be a reason to ask earlier.
func (b *backoff) hurry(now time.Time) {
	if early := b.tried.Add(hurried); b.failures > 0 && !b.obey && early.Before(b.due) {
		b.due = early
		if b.due.Before(now) {
			b.due = now
		}
	}
}
