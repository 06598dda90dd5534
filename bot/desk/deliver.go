package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// certainly says that an error means that nothing was posted.
func certainly(err error) bool {
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" {
		return true // nobody was reached
	}
	switch fault(err) {
	case bot.FaultDown, "":
		return false
	}
	return true
}

// once posts a message unless it was posted before: marked before and after, and looked up where it is not known what
// became of an earlier try. sure says that no earlier try of this run can have posted it.
func (d *Desk) once(ctx context.Context, p bot.Post, sure bool) (string, error) {
	details, err := json.Marshal(map[string]string{"channel": p.Channel, "thread": p.Thread})
	if err != nil {
		return "", err
	}
	mark, first, err := d.o.Store.Begin(ctx, investigations.Work{Key: p.Key, Kind: "slack.post", Details: details, BegunAt: d.now().UTC()})
	if err != nil {
		return "", fmt.Errorf("mark a post: %w", err)
	}
	if !mark.EndedAt.IsZero() {
		return mark.Result, nil
	}
	call, cancel := context.WithTimeout(ctx, slackTimeout)
	defer cancel()
	ts := ""
	if !first && (!sure || !d.begunHere(p.Key)) {
		if ts, err = d.o.Slack.Sent(call, p.Key, p.Channel, p.Thread, mark.BegunAt.Add(-time.Minute)); err != nil && fault(err) != bot.FaultScope {
			return "", err
		}
	}
	d.beginHere(p.Key)
	if ts == "" {
		d.pace.posted(p.Channel, d.now())
		if ts, err = d.o.Slack.Post(call, p); err != nil {
			d.pace.posted(p.Channel, d.now())
			return "", err
		}
		d.pace.posted(p.Channel, d.now())
		d.metrics.posts.Inc()
	}
	d.mu.Lock()
	delete(d.begun, p.Key) // its mark tells from here on, or else it is looked up
	d.mu.Unlock()
	// The mark is set even where the program is told to stop just now.
	if err := d.o.Store.End(context.WithoutCancel(ctx), p.Key, ts); err != nil {
		return ts, nil //nolint:nilerr // it was posted; after a crash it is looked up
	}
	return ts, nil
}

// begunHere says whether this run of the program began that post; beginHere notes that it did.
func (d *Desk) begunHere(key string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.begun[key]
}

func (d *Desk) beginHere(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begun[key] = true
}

// postOne posts something else than a card.
func (d *Desk) postOne(ctx context.Context, p *post) {
	err := d.deliver(ctx, p)
	if ctx.Err() != nil && err != nil {
		return
	}
	d.mu.Lock()
	defer d.flushLater(ctx)
	defer d.mu.Unlock()
	if err == nil {
		d.sent(p)
		return
	}
	d.metrics.slackErrors.WithLabelValues("post", string(fault(err))).Inc()
	p.tries++
	p.sure = certainly(err)
	switch f := fault(err); {
	case f == bot.FaultChannel && d.state.incidents[p.Incident] != nil:
		d.state.incidents[p.Incident].Unposted = err.Error() // it waits with the incident's card
		d.keep(d.state.incidents[p.Incident])
		return
	case f == bot.FaultChannel, f == bot.FaultMessage, f == bot.FaultRefused, p.React != "" && p.tries >= 3, p.User != "" && d.now().Sub(p.At) > whisperFor, (p.React != "" || p.File != nil) && f == bot.FaultScope, p.File != nil && !p.sure:
		// Nothing that a further try would change; and a file can't be looked up, so that it could come twice.
		d.log.Warn("Slack did not take a message; it is given up", "post", p.Key, "channel", p.Channel, "err", err)
		d.sent(p)
		delete(d.begun, p.Key)
		return
	}
	d.log.Warn("Slack did not take a message; it is tried again", "post", p.Key, "channel", p.Channel, "err", err)
	p.notBefore = d.now().Add(d.backoff("post", p.tries, err))
}

// deliver makes the call that a post needs.
func (d *Desk) deliver(ctx context.Context, p *post) error {
	call, cancel := context.WithTimeout(ctx, slackTimeout)
	defer cancel()
	switch {
	case p.File != nil:
		return d.upload(ctx, p)
	case p.React != "":
		d.pace.busy("react", d.now().Add(reactEvery))
		return d.o.Slack.React(call, p.Channel, p.Thread, p.React)
	case p.User != "":
		m, err := p.message()
		if err != nil {
			return &bot.SlackError{Fault: bot.FaultRefused, Method: "post", Reason: err.Error(), Err: err}
		}
		return d.whisper(call, p, m)
	}
	m, err := p.message()
	if err != nil {
		return &bot.SlackError{Fault: bot.FaultRefused, Method: "post", Reason: err.Error(), Err: err}
	}
	_, err = d.once(ctx, bot.Post{Key: p.Key, Channel: p.Channel, Thread: p.Thread, Message: m}, p.tries == 0 || p.sure)
	return err
}

// whisper shows a message to one person. It can't be looked up; but one that is known to be shown is not shown again.
func (d *Desk) whisper(ctx context.Context, p *post, m bot.Message) error {
	mark, _, err := d.o.Store.Begin(ctx, investigations.Work{Key: p.Key, Kind: "slack.ephemeral", BegunAt: d.now().UTC()})
	if err != nil {
		return fmt.Errorf("mark a message: %w", err)
	}
	if !mark.EndedAt.IsZero() {
		return nil
	}
	if err := d.o.Slack.Ephemeral(ctx, p.Channel, p.Thread, p.User, m); err != nil {
		return err
	}
	if err := d.o.Store.End(context.WithoutCancel(ctx), p.Key, "shown"); err != nil {
		d.log.Warn("mark a message", "post", p.Key, "err", err)
	}
	return nil
}

// upload uploads a file once: one whose upload was begun and not ended is not tried again, since a file can't be looked
// up by its key.
func (d *Desk) upload(ctx context.Context, p *post) error {
	mark, first, err := d.o.Store.Begin(ctx, investigations.Work{Key: p.Key, Kind: "slack.upload", BegunAt: d.now().UTC()})
	switch {
	case err != nil:
		return fmt.Errorf("mark an upload: %w", err)
	case !mark.EndedAt.IsZero():
		return nil
	case !first && !p.sure:
		d.log.Warn("it is not known whether a file was uploaded; it is not uploaded again", "post", p.Key)
		return d.o.Store.End(ctx, p.Key, "unknown")
	}
	call, cancel := context.WithTimeout(ctx, 3*slackTimeout)
	defer cancel()
	d.pace.shared(p.Channel, d.now())
	id, err := d.o.Slack.Upload(call, bot.File{
		Key: p.Key, Channel: p.Channel, Thread: p.Thread, Name: p.File.Name, Title: p.File.Title, Alt: p.File.Alt, Data: p.File.Data,
	})
	d.pace.shared(p.Channel, d.now())
	if err != nil {
		return err
	}
	return d.o.Store.End(context.WithoutCancel(ctx), p.Key, id)
}
