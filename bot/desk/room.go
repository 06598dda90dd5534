package desk

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/oombot/oombot/bot"
)

// rooms are the publishers of the channels, one each, so that a channel in which nothing can be posted holds up no
// other one.
type rooms struct {
	mu        sync.Mutex
	byChannel map[string]chan struct{}
}

// room has the publisher of a channel look whether there is something to post. It returns at once.
func (d *Desk) room(ctx context.Context, channel string) {
	if d.o.Slack == nil || channel == "" {
		return
	}
	d.rooms.mu.Lock()
	wake, ok := d.rooms.byChannel[channel]
	if !ok {
		wake = make(chan struct{}, 1)
		d.rooms.byChannel[channel] = wake
	}
	d.rooms.mu.Unlock()
	if !ok {
		d.spawn(ctx, func() { d.publish(ctx, channel, wake) })
	}
	select {
	case wake <- struct{}{}:
	default:
	}
}

// publish posts and edits in one channel what is due there, one thing after the other, until ctx ends.
func (d *Desk) publish(ctx context.Context, channel string, wake <-chan struct{}) {
	for ctx.Err() == nil {
		job, wait := d.due(channel)
		if job != nil {
			job(ctx)
			continue
		}
		var timer <-chan time.Time
		var t *time.Timer
		if wait > 0 {
			t = time.NewTimer(wait)
			timer = t.C
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer:
		}
		if t != nil {
			t.Stop()
		}
	}
}

// The order in which things are posted: the first word on an incident before anything more on others. What else is posted
// does not wait for long, since a channel takes first cards no faster than messages.
const (
	dueFirst = iota
	dueVerdict
	duePost
	dueEdit
	dueLast
)

// chore is something that is to be posted.
type chore struct {
	order int
	since time.Time
	wait  time.Duration
	// takes says that a channel takes it at the pace of messages.
	takes bool
	run   func(context.Context)
}

// yield has everything wait that takes a message's turn while a first card is to come before that turn would be over: the
// file of one incident does not hold up the first word on another.
func yield(all []chore) {
	soon := time.Duration(0)
	for _, c := range all {
		if c.order == dueFirst && c.wait > 0 && c.wait < postEvery {
			soon = soonest(soon, c.wait)
		}
	}
	for i := range all {
		if c := &all[i]; soon > 0 && c.takes && c.order != dueFirst {
			c.wait = max(c.wait, soon)
		}
	}
}

// due returns what is to be done next in a channel. Where that is nothing yet, wait says when to look again; 0: when
// somebody says so.
func (d *Desk) due(channel string) (func(context.Context), time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	var all []chore
	for id, e := range d.state.due[channel] {
		c, ok := d.cardChore(e, now)
		if !ok || !e.stale {
			delete(d.state.due[channel], id) // until it changes
			continue
		}
		all = append(all, c)
	}
	for _, p := range d.state.posts {
		if p.Channel == channel {
			if c, ok := d.postChore(p, now); ok {
				all = append(all, c)
			}
		}
	}
	yield(all)
	var next time.Duration
	slices.SortFunc(all, func(a, b chore) int { return cmp.Or(cmp.Compare(a.order, b.order), a.since.Compare(b.since)) })
	for _, c := range all {
		if c.wait <= 0 {
			if c.order == dueVerdict || c.order == dueEdit {
				// Leave to edit is taken only for what is edited now.
				if c.wait = d.pace.edit(now, c.order == dueVerdict); c.wait > 0 {
					next = soonest(next, c.wait)
					continue
				}
			}
			return c.run, 0
		}
		next = soonest(next, c.wait)
	}
	return nil, next
}

func soonest(a, b time.Duration) time.Duration {
	if a == 0 || b < a {
		return b
	}
	return a
}

// cardChore says what is to be done with an incident's card, and when. The caller holds d.mu.
func (d *Desk) cardChore(e *entry, now time.Time) (chore, bool) {
	if e.Parent != "" || e.Quiet && e.Card == "" || e.Unposted != "" {
		return chore{}, false
	}
	id := e.ID
	back := e.notBefore.Sub(now)
	if e.Card == "" {
		wait := max(back, d.pace.first(e.Channel, now))
		if e.AskedBy == "" && (e.State == bot.StateWaiting || e.State == bot.StateRunning) {
			if c := d.o.Policy.Channels[e.Channel]; e.found.IsZero() && len(c.Namespaces)+len(c.Mute) > 0 {
				return chore{}, false // it is not known yet whether it may be told of here
			}
			wait = max(wait, e.OpenedAt.Add(d.gathers(e)).Sub(now))
		}
		return chore{dueFirst, e.OpenedAt, wait, true, func(ctx context.Context) { d.postCard(ctx, id) }}, true
	}
	order := dueEdit
	if e.State == bot.StateJudged || e.State == bot.StateFailed || e.result != nil {
		order = dueVerdict
	}
	every := editEvery
	switch {
	case order == dueVerdict && e.edits == 0:
		every = editFirst
	case order == dueEdit && e.edits > 0:
		every = progressEvery
	}
	return chore{order, e.edited, max(back, e.edited.Add(every).Sub(now)), false, func(ctx context.Context) { d.editCard(ctx, id) }}, true
}

// postChore says when something else is to be posted. The caller holds d.mu.
func (d *Desk) postChore(p *post, now time.Time) (chore, bool) {
	order := duePost
	if p.File != nil || p.React != "" {
		order = dueLast
	}
	if p.Incident != "" {
		e := d.state.top(d.state.incidents[p.Incident])
		if e == nil || e.Thread == "" || e.Unposted != "" {
			return chore{}, false
		}
		p.Thread = e.Thread
	}
	wait := p.notBefore.Sub(now)
	switch {
	case p.React != "":
		wait = max(wait, d.pace.reaction(now))
	case p.User == "":
		wait = max(wait, d.pace.post(p.Channel, now))
	}
	return chore{order, p.At, wait, p.React == "" && p.User == "", func(ctx context.Context) { d.postOne(ctx, p) }}, true
}

// stale says that a card may not show what is known. The caller holds d.mu.
func (d *Desk) stale(e *entry) { d.state.stale(e) }
