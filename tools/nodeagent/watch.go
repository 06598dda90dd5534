package nodeagent

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/oombot/oombot/tools/kernlog"
	"github.com/oombot/oombot/tools/nodeagent/follow"
)

const (
	// renew is after how many records a parser is replaced while nothing is open, so that what it remembers of a log can't
	// grow with the uptime.
	renew = 100_000
	// endless is how long a report may lack its kill line until it is taken as it is: a machine that panics prints none.
	endless = 10 * time.Second
	// assured is how far behind the end of the log the word goes that nothing was missed: what happened just now may be
	// told by a report that is not sent yet.
	assured = 3 * time.Second
)

// mark is how far the kernel log was read, and since when nothing was missed.
type mark struct {
	position json.RawMessage
	lossless time.Time
}

// watcher is the follow.Handler of an agent: it parses the log, and hands what it tells to the reporter. Its methods that
// are not Handler's are safe for concurrent use.
type watcher struct {
	ctx      context.Context //nolint:containedctx // follow.Handler takes none; it ends what Record waits for
	to       *reporter
	position func() follow.Position
	now      func() time.Time
	log      *slog.Logger
	met      *meters

	parser *kernlog.Parser
	count  int
	// last is the time of the last record that has one, and boot when the machine started, as the last says that has a stamp.
	last, boot time.Time
	marked     follow.Position
	began      bool

	mu sync.Mutex
	// lossless is since when nothing was missed, zero where that is not known; until is when the end of the log was
	// reached last. Both have a monotonic reading: a clock that is set is set for the past as well. read is the time of the
	// last record.
	lossless, until, read time.Time
}

var _ follow.Handler = (*watcher)(nil)

// Record implements follow.Handler.
func (w *watcher) Record(r follow.Record) {
	w.met.records.Inc()
	w.count++
	if !r.At.IsZero() { // of one without a stamp, or from before they were read, no time is known
		w.last = r.At
		if r.Uptime >= 0 {
			w.boot = r.At.Add(-r.Uptime)
		}
	}
	w.parser.Line(r.Line)
	w.drain()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read = r.At
}

// Lost implements follow.Handler. What is open may lack lines, and goes on all the same: its parser says what it lacks.
func (w *watcher) Lost(l follow.Loss) {
	w.met.lost.Inc()
	w.log.Warn("records of the kernel log were lost", "records", l.Records, "why", l.Why, "since", l.Since)
	at := l.At
	if at.IsZero() {
		at = w.now()
	}
	w.setLossless(at)
}

// Idle implements follow.Handler: nothing more is there, so that what has its kill line is complete.
func (w *watcher) Idle() {
	now := w.now()
	if w.parser.Open() && (w.parser.Settled() || !w.last.IsZero() && now.Sub(w.last) > endless) {
		w.parser.Flush()
		w.drain()
	}
	if w.parser.Open() {
		return
	}
	w.mu.Lock()
	w.until = now
	w.lossless = asSet(now, w.lossless)
	lossless := w.lossless
	w.mu.Unlock()
	if w.count >= renew {
		w.parser, w.count = kernlog.NewParser(kernlog.Options{Now: now}), 0
	}
	if p := w.position(); !w.began || p != w.marked {
		w.began, w.marked = true, p
		text, err := json.Marshal(p)
		if err != nil {
			w.log.Error("write how far the kernel log was read", "err", err)
			return
		}
		w.to.see(w.ctx, event{mark: &mark{text, lossless}})
	}
}

// drain hands over what is complete.
func (w *watcher) drain() {
	for r := w.parser.Next(); r != nil; r = w.parser.Next() {
		if r.At == nil && !w.last.IsZero() {
			at := w.last
			if r.UptimeS != nil && !w.boot.IsZero() { // it began before the last record
				if began := w.boot.Add(time.Duration(*r.UptimeS * float64(time.Second))); began.Before(at) {
					at = began
				}
			}
			at = at.UTC()
			r.At = &at
		}
		if r.Host == "" {
			r.Host = w.to.o.Node
		}
		w.to.see(w.ctx, event{report: r})
	}
	for _, k := range w.parser.TakeUserKills() {
		if k.At.IsZero() {
			k.At = w.last.UTC()
		}
		k.Line = 0
		w.to.see(w.ctx, event{user: &k})
	}
}

func (w *watcher) setLossless(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lossless = at
	if !at.IsZero() {
		now := w.now()
		w.lossless = now.Add(at.Sub(now))
	}
	w.met.lossless.Set(0)
	if !at.IsZero() {
		w.met.lossless.Set(float64(at.Unix()))
	}
}

// behind says that the log was not read as far as a time: neither was its end reached since then, which does not come while
// the log keeps growing, nor a record read that is later by all that clocks may differ.
func (w *watcher) behind(at time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.until.Before(at) && w.read.Before(at.Add(apart))
}

// followed says since when nothing was missed, and until when that is sure; nil where nothing is. waiting says that
// reports wait for delivery: as long as the bot does not know them, their time is no time without a kill.
func (w *watcher) followed(waiting bool) (since *time.Time, until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	until = w.until.Add(-assured)
	if waiting || w.lossless.IsZero() || w.until.IsZero() || !until.After(w.lossless) {
		return nil, now
	}
	w.lossless = asSet(now, w.lossless)
	at := w.lossless.UTC()
	return &at, asSet(now, until).UTC()
}

// since is since when nothing was missed, as far as the log was read; nil where that is not known.
func (w *watcher) since() *time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lossless.IsZero() {
		return nil
	}
	w.lossless = asSet(w.now(), w.lossless)
	at := w.lossless.UTC()
	return &at
}

// asSet returns a time as the clock has it now, where it was set by more than a second since: by the monotonic readings of
// both. Less stays as it is, so that what is told of twice is the same to the nanosecond.
func asSet(now, t time.Time) time.Time {
	if set := now.Add(t.Sub(now)); !t.IsZero() && set.Round(0).Sub(t.Round(0)).Abs() > time.Second {
		return set
	}
	return t
}

// beginning is since when nothing is missed of a log that was just opened. before is what the last run of the agent left.
func beginning(s follow.Start, before state, now time.Time) time.Time {
	switch {
	case s.ReachesPosition && !before.LosslessSince.IsZero():
		return before.LosslessSince
	case !s.OldestAt.IsZero():
		return s.OldestAt
	}
	return now
}

// begin starts with a log that was opened. What a log that broke off left open is read again: it was not marked.
func (w *watcher) begin(ctx context.Context, position func() follow.Position, lossless time.Time) {
	w.ctx, w.position, w.began = ctx, position, false
	w.parser, w.count = kernlog.NewParser(kernlog.Options{Now: w.now()}), 0
	w.setLossless(lossless)
}
