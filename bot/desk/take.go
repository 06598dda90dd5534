package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

const (
	// lease is how long one item may be worked on, and how long it waits where the program was killed; idle how long a
	// taker waits that nobody woke.
	lease = 20 * time.Second
	idle  = time.Second
	// maxAttempts is how often an item that fails is tried, with a wait between that doubles from retryFirst.
	maxAttempts = 8
	retryFirst  = 2 * time.Second
)

// Wake implements bot.Receiver.
func (d *Desk) Wake() {
	select {
	case d.woken <- struct{}{}:
	default: // as many as there are takers are awake already
	}
}

// take deals with items of the inbox until ctx ends.
func (d *Desk) take(ctx context.Context) {
	for ctx.Err() == nil {
		item, err := d.o.Store.Take(ctx, lease)
		switch {
		case err == nil:
			d.deal(ctx, item)
			continue
		case ctx.Err() != nil:
			return
		case !errors.Is(err, investigations.ErrNotFound):
			d.log.Error("take from the inbox", "err", err)
		}
		timer := time.NewTimer(idle)
		select {
		case <-ctx.Done():
		case <-d.woken:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// errLater says that an item is to be dealt with again after a while; free, that this time does not count; expected, that
// it is nothing to tell an operator of.
type errLater struct {
	after          time.Duration
	err            error
	free, expected bool
}

func (e errLater) Error() string { return e.err.Error() }
func (e errLater) Unwrap() error { return e.err }

// deal deals with one item: what it changes is durable before the item is done.
func (d *Desk) deal(ctx context.Context, item investigations.Item) {
	release := d.hold(ctx, item)
	defer release()
	err := d.handleItem(ctx, item)
	if err == nil {
		if err = d.saver.flush(ctx, d.o.Store); err != nil {
			// As long as that can't be written, nothing else is to become of it.
			err = errLater{after: min(retryMost, retryFirst<<min(item.Attempts, maxAttempts)), err: err, free: true}
		}
	}
	if ctx.Err() != nil {
		return // its lease runs out, and it is dealt with after the next start
	}
	why := "dealt with"
	if err != nil {
		after := retryFirst << min(item.Attempts, maxAttempts)
		later, ok := errors.AsType[errLater](err)
		if ok {
			after = later.after
		}
		if item.Attempts < maxAttempts || later.free {
			level := slog.LevelWarn
			if later.expected {
				level = slog.LevelDebug
			}
			d.log.Log(ctx, level, "an event is tried again", "item", item.Key, "attempt", item.Attempts, "after", after, "err", err)
			d.give(ctx, item, after, err)
			return
		}
		d.log.Error("an event could not be dealt with", "item", item.Key, "attempts", item.Attempts, "err", err)
		d.metrics.dropped.Inc()
		why = "given up: " + investigations.CleanText(err.Error(), 300)
	}
	if err := d.o.Store.Done(ctx, item, why); err != nil && ctx.Err() == nil && !errors.Is(err, investigations.ErrLeaseLost) {
		d.log.Error("end an item of the inbox", "item", item.Key, "err", err)
	}
}

// hold keeps the lease on an item until it is released, so that nobody else takes it meanwhile.
func (d *Desk) hold(ctx context.Context, item investigations.Item) (release func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { // ends when it is released
		defer close(ended)
		t := time.NewTicker(lease / 3)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			if _, err := d.o.Store.Renew(ctx, item, lease); err != nil && ctx.Err() == nil {
				d.log.Warn("keep an item of the inbox", "item", item.Key, "err", err)
			}
		}
	}()
	return func() { cancel(); <-ended }
}

func (d *Desk) give(ctx context.Context, item investigations.Item, after time.Duration, why error) {
	if err := d.o.Store.Later(ctx, item, d.now().Add(after), investigations.CleanText(why.Error(), 300)); err != nil && ctx.Err() == nil {
		d.log.Error("give an item of the inbox back", "item", item.Key, "err", err)
	}
}

// handleItem reads an item. One that makes the program panic is an error of its own, and takes down nothing else.
func (d *Desk) handleItem(ctx context.Context, item investigations.Item) (err error) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Debug("an event made the program panic", "stack", string(debug.Stack()))
			err = fmt.Errorf("deal with %s: panic: %v", item.Key, p)
		}
	}()
	if item.Kind != bot.ItemKind {
		return errLater{after: time.Minute, err: fmt.Errorf("an item of kind %q is not the bot's", item.Kind)}
	}
	var e bot.Event
	if err := json.Unmarshal(item.Payload, &e); err != nil {
		d.log.Error("an event can't be read", "item", item.Key, "err", err)
		return nil // it never will be
	}
	d.metrics.events.WithLabelValues(string(e.Kind)).Inc()
	return d.handle(ctx, e)
}

// handle deals with an event. Dealing with it twice is the same as once.
func (d *Desk) handle(ctx context.Context, e bot.Event) error {
	switch e.Kind {
	case bot.EventMessage:
		return d.message(ctx, e)
	case bot.EventEdited:
		return d.edited(ctx, e)
	case bot.EventDeleted:
		d.deleted(e)
	case bot.EventCommand:
		return d.command(ctx, e)
	case bot.EventShortcut:
		return d.shortcut(ctx, e)
	case bot.EventPress:
		return d.press(ctx, e)
	case bot.EventForm:
		return d.form(ctx, e)
	case bot.EventReaction:
		return d.reaction(ctx, e)
	case bot.EventHome:
		return d.home(ctx, e)
	case bot.EventJoined:
		d.joined(ctx, e)
	case bot.EventLeft:
		d.left(e)
	case bot.EventAlerts:
		return d.alerts(ctx, e, e.Alerts, originOf(e))
	}
	return nil
}

// originOf is what alerts came by: those of one event have one source.
func originOf(e bot.Event) bot.Origin {
	if len(e.Alerts) > 0 && e.Alerts[0].Source == bot.SourceAgent {
		return bot.OriginAgent
	}
	return bot.OriginWebhook
}
