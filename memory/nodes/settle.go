package nodes

import (
	"time"

	"github.com/oombot/oombot/investigations"
)

// skew is how far a node's clock may be ahead of the receiver's.
const skew = 2 * time.Minute

// earliest is the first time that is one: clocks without a battery begin there.
var earliest = time.Unix(0, 0)

// clock judges the times that a node tells by the time of who receives them.
type clock struct{ now time.Time }

// holds returns a time in UTC, or now in place of one that is missing or can't be.
func (c clock) holds(t time.Time) time.Time {
	if t.Before(earliest) || t.After(c.now.Add(skew)) {
		return c.now
	}
	return t.UTC()
}

func (c clock) set(t *time.Time) { *t = c.holds(*t) }

// since is holds of a time that need not be told; nil for one that can't be.
func (c clock) since(t *time.Time) *time.Time {
	if t == nil || t.Before(earliest) || t.After(c.now.Add(skew)) {
		return nil
	}
	u := t.UTC()
	return &u
}

// Ahead is how far the clock of the node that sent a report is ahead of now, negative where it is behind; 0 where it is right to
// two minutes, and where nothing tells.
func Ahead(r *investigations.NodeReport, now time.Time) time.Duration {
	if r.SentAt.Before(earliest) {
		return 0
	}
	if ahead := r.SentAt.Sub(now); ahead.Abs() > skew {
		return ahead
	}
	return 0
}

// Settle sets every time of a report. A clock of the node that is more than two minutes off, as SentAt tells, is off by the same
// in all of it. Else what a node tells is believed, but for what is more than two minutes ahead of now, or missing: there
// now stands for it. A report of the kernel with nothing but seconds since boot is given its time by another one of the same
// message, where that has both. Kills keep what was told and is not so as Told. Settling twice is the same as once.
func Settle(r *investigations.NodeReport, now time.Time) {
	c := clock{now.UTC()}
	kept(r, func(at time.Time, told *time.Time) { // it tells one kill from another when a report comes again
		if told.IsZero() {
			*told = at
		}
	})
	defer kept(r, func(at time.Time, told *time.Time) {
		if told.Equal(at) {
			*told = time.Time{}
		}
	})
	if ahead := Ahead(r, c.now); ahead != 0 {
		shift(r, -ahead)
		r.SentAt = c.now
	}
	boot := bootTime(r.Reports)
	for i := range r.Reports {
		k := &r.Reports[i]
		at := c.now
		switch {
		case k.At != nil:
			at = *k.At
		case k.UptimeS != nil && !boot.IsZero():
			at = boot.Add(seconds(*k.UptimeS))
		}
		at = c.holds(at)
		k.At = &at
	}
	for i := range r.Counted {
		c.set(&r.Counted[i].At)
	}
	for i := range r.UserKills {
		c.set(&r.UserKills[i].At)
	}
	for i := range r.Profiles {
		c.set(&r.Profiles[i].At)
	}
	if h := r.Heartbeat; h != nil {
		c.set(&h.At)
		h.LosslessSince = c.since(h.LosslessSince)
	}
	if rec := r.Recorder; rec != nil {
		c.recording(rec)
	}
}

// kept calls f with the time of each kill, and what was told in its place; a report without a time was told at the earliest.
func kept(r *investigations.NodeReport, f func(at time.Time, told *time.Time)) {
	for i := range r.Reports {
		k := &r.Reports[i]
		if k.At != nil {
			f(*k.At, &k.Told)
		} else {
			f(earliest, &k.Told)
		}
	}
	for i := range r.Counted {
		f(r.Counted[i].At, &r.Counted[i].Told)
	}
	for i := range r.UserKills {
		f(r.UserKills[i].At, &r.UserKills[i].Told)
	}
}

// shift moves every time that is told.
func shift(r *investigations.NodeReport, by time.Duration) {
	move := func(t *time.Time) {
		if !t.IsZero() {
			*t = t.Add(by)
		}
	}
	moved := func(t *time.Time) *time.Time {
		if t == nil {
			return nil
		}
		u := *t
		move(&u)
		return &u
	}
	for i := range r.Reports {
		r.Reports[i].At = moved(r.Reports[i].At)
	}
	for i := range r.Counted {
		move(&r.Counted[i].At)
	}
	for i := range r.UserKills {
		move(&r.UserKills[i].At)
	}
	for i := range r.Profiles {
		move(&r.Profiles[i].At)
	}
	if h := r.Heartbeat; h != nil {
		move(&h.At)
		h.LosslessSince = moved(h.LosslessSince)
	}
	if rec := r.Recorder; rec != nil {
		move(&rec.From)
		move(&rec.To)
		rec.LosslessSince = moved(rec.LosslessSince)
		for i := range rec.Top {
			move(&rec.Top[i].At)
		}
	}
}

// recording sets the times of a recording. A clock that is ahead is ahead by the same in all of it, so that it stays as
// long as it was.
func (c clock) recording(r *investigations.NodeRecording) {
	told := r.To
	c.set(&r.To)
	if ahead := told.Sub(r.To); ahead > 0 {
		r.From = r.From.Add(-ahead)
		if r.LosslessSince != nil {
			since := r.LosslessSince.Add(-ahead)
			r.LosslessSince = &since
		}
		for i := range r.Top {
			r.Top[i].At = r.Top[i].At.Add(-ahead)
		}
	}
	if r.From.Before(earliest) || r.From.After(r.To) {
		r.From = r.To
	}
	r.From = r.From.UTC()
	r.LosslessSince = c.since(r.LosslessSince)
	for i := range r.Top {
		c.set(&r.Top[i].At)
	}
}

// bootTime is when the machine started, by the first report that has both times; zero where none has.
func bootTime(reports []investigations.KernelReport) time.Time {
	for i := range reports {
		if r := &reports[i]; r.At != nil && r.UptimeS != nil {
			return r.At.Add(-seconds(*r.UptimeS))
		}
	}
	return time.Time{}
}

// seconds is a duration, at most a hundred years of it.
func seconds(s float64) time.Duration {
	const century = 100 * 365 * 24 * 3600
	return time.Duration(min(max(s, 0), century) * float64(time.Second))
}
