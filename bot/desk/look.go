package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/alerts"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

const (
	// findTimeout bounds one look for a target; findTries is how often it is looked for where the cluster does not answer.
	findTimeout = 15 * time.Second
	findTries   = 4
	// gather is how long an alert waits to be told of, since it may turn out to be of an incident that is open.
	gather = 900 * time.Millisecond
)

// look has the target of an incident found, and puts it into the queue. It returns at once.
func (d *Desk) look(ctx context.Context, id string) {
	d.mu.Lock()
	places := d.finders
	if x := d.state.incidents[id]; x != nil && x.AskedBy != "" {
		places = d.askers // a person does not wait for what a storm looks for
	}
	d.mu.Unlock()
	d.spawn(ctx, func() {
		if !places.enter(ctx) {
			return
		}
		defer places.leave()
		d.find(ctx, id)
	})
}

// find looks for an incident's target until the cluster answers.
func (d *Desk) find(ctx context.Context, id string) {
	for try := range findTries {
		d.mu.Lock()
		x := d.state.incidents[id]
		if x == nil || x.State != bot.StateWaiting || !x.found.IsZero() {
			d.mu.Unlock()
			return
		}
		ask := x.Ask
		d.mu.Unlock()
		if len(ask.Targets) == 0 && ask.Words == "" && ask.Kill == nil {
			d.fail(ctx, id, "The alert names no pod, workload or node that I could look at.")
			return
		}
		c, err := d.findOnce(ctx, ask)
		if ctx.Err() != nil {
			return
		}
		switch {
		case err == nil:
			d.found(ctx, id, c.Target())
			return
		case errors.Is(err, bot.ErrNoTarget):
			d.notFound(id)
			d.fail(ctx, id, err.Error())
			return
		case try == findTries-1:
			d.metrics.failures.WithLabelValues("cluster").Inc()
			d.fail(ctx, id, fmt.Sprintf("I tried %d times to look it up in the cluster: %s", findTries, err))
			return
		}
		d.log.Warn("look for the target of an incident", "case", id, "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second << try):
		}
	}
}

// notFound notes that the cluster knows nothing of what an incident asks for.
func (d *Desk) notFound(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if x := d.state.incidents[id]; x != nil {
		x.NotFound = true
	}
}

func (d *Desk) findOnce(ctx context.Context, ask bot.Ask) (bot.Case, error) {
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	return d.o.Investigator.Find(ctx, ask)
}

// found notes what was found of an incident's target, and queues its investigation.
func (d *Desk) found(ctx context.Context, id string, t investigations.Target) {
	d.mu.Lock()
	x := d.state.incidents[id]
	if x == nil || x.State != bot.StateWaiting {
		d.mu.Unlock()
		return
	}
	d.rehome(x, t.Namespace)
	why := d.mayTell(x, t)
	if why == "" {
		x.Target, x.found = t, d.now()
		x.AddPod(t.Pod)
		x.Title = redact.Text(x.Title)
		d.changed(x)
		if d.foldFound(x) {
			d.enqueue(x)
		}
	}
	channel := x.Channel
	d.mu.Unlock()
	if why != "" {
		d.refuseFound(ctx, id, why)
		return
	}
	d.flush(ctx)
	d.room(ctx, channel)
	d.kick()
}

// mayTell says why an incident's target may not be told of in its channel; empty where it may. The caller holds d.mu.
func (d *Desk) mayTell(x *entry, t investigations.Target) string {
	c := d.bounds(x)
	if t.Namespace == "" && !c.whole() {
		return nodesBounded
	}
	if t.Namespace != "" && !c.namespace(t.Namespace) {
		return namespaceBounded(t.Namespace)
	}
	if x.AskedBy != "" {
		return ""
	}
	if _, muted := alerts.MuteWorkload(c.Mute, t.Namespace, t.Workload); muted || d.mutedNow(x.Channel, t.Namespace+"/"+baseName(t.Workload)) {
		return mutedWhy
	}
	return ""
}

// isDirect says whether a channel is a direct message: Slack's ids of those begin with D.
func isDirect(channel string) bool { return strings.HasPrefix(channel, "D") }

// mutedWhy is no text for anyone: what is muted is not told of at all.
const mutedWhy = "muted"

// refuseFound ends an incident of which its channel may not be told. An alert's goes without a word, and is logged.
func (d *Desk) refuseFound(ctx context.Context, id, why string) {
	d.log.Info("an incident is not told of", "case", id, "why", why)
	d.mu.Lock()
	x := d.state.incidents[id]
	if x == nil {
		d.mu.Unlock()
		return
	}
	if x.AskedBy == "" {
		x.State, x.Quiet, x.Why = bot.StateStopped, true, why
		if x.Parent != "" {
			d.split(x)
		}
		d.keep(x)
		d.confirmAll(x)
		d.mu.Unlock()
		d.flush(ctx)
		return
	}
	d.mu.Unlock()
	d.fail(ctx, id, why)
}

// enqueue lets an incident wait for its turn. The caller holds d.mu.
func (d *Desk) enqueue(x *entry) {
	r := rankAlert
	switch {
	case x.AskedBy != "":
		r = rankPerson
	case x.Checking:
		r = rankCheck
	}
	x.queued = true
	d.queue.put(x.Channel, x.ID, r)
}

// fail ends an incident without a verdict.
func (d *Desk) fail(ctx context.Context, id, why string) {
	d.mu.Lock()
	x := d.state.incidents[id]
	if x == nil || x.State != bot.StateWaiting && x.State != bot.StateRunning {
		d.mu.Unlock()
		return // it was stopped just now
	}
	if hidden := d.mayTell(x, x.Target); hidden != "" && x.AskedBy == "" {
		d.mu.Unlock()
		d.refuseFound(ctx, id, hidden)
		return
	}
	if x.Anew && x.ResultID != "" {
		d.stands(x)
		channel := x.Channel
		d.mu.Unlock()
		d.metrics.ended.WithLabelValues(string(bot.StateFailed)).Inc()
		d.log.Warn("an incident could not be looked at once more; its verdict stands", "case", id, "why", why)
		d.flush(ctx)
		d.room(ctx, channel)
		d.after(ctx, id)
		return
	}
	x.State, x.Why, x.queued, x.steps, x.model = bot.StateFailed, investigations.CleanText(redact.Text(why), 1000), false, nil, ""
	if x.Parent != "" {
		// What could not be looked at stays where it was told of, and says so.
		x.Checking = false
		into := d.state.top(x)
		if into != x {
			d.fold(x, into, "could not be looked at by itself")
			d.looked(x, into, bot.LookedFailed)
		}
	}
	d.changed(x)
	d.confirmAll(x)
	d.shownNowhere(x)
	channel := x.Channel
	d.mu.Unlock()
	d.metrics.ended.WithLabelValues(string(bot.StateFailed)).Inc()
	d.log.Warn("an incident has no verdict", "case", id, "why", why)
	d.flush(ctx)
	d.room(ctx, channel)
}

// semaphore bounds how many do something at a time.
type semaphore chan struct{}

func (s semaphore) enter(ctx context.Context) bool {
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// try enters where there is a place at once.
func (s semaphore) try() bool {
	select {
	case s <- struct{}{}:
		return true
	default:
		return false
	}
}

func (s semaphore) leave() { <-s }
