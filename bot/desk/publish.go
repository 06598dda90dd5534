package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/card"
	"github.com/oombot/oombot/investigations"
)

const (
	// slackTimeout bounds one call; retryMost is the longest wait after one that failed.
	slackTimeout = 10 * time.Second
	retryMost    = time.Minute
	// whisperFor is how long an answer to one person is of use.
	whisperFor = 15 * time.Minute
	// tokenRetry is the wait after a token was refused: a person has to act.
	tokenRetry = time.Minute
)

// fault returns what kind of error Slack answered; empty where it was none of Slack's.
func fault(err error) bot.SlackFault {
	if e, ok := errors.AsType[*bot.SlackError](err); ok {
		return e.Fault
	}
	return ""
}

// view returns what an incident's card shows. The caller holds d.mu.
func (d *Desk) view(e *entry) bot.View {
	v := bot.View{
		Incident: e.Incident, Result: e.result, Model: e.model, Ups: e.ups, Downs: e.downs, Similar: e.similar, Now: d.now(),
	}
	for _, f := range e.Folded {
		if c := d.state.incidents[f.Incident]; c != nil && c.goesOn() {
			v.Incident.ResolvedAt = time.Time{} // it is over when all that it tells of is
		}
	}
	// It is drawn without the lock, while these may be changed in place.
	i := &v.Incident
	i.Alerts, i.Folded, i.Pods = slices.Clone(i.Alerts), slices.Clone(i.Folded), slices.Clone(i.Pods)
	v.Steps = append(v.Steps, e.steps...)
	if e.State == bot.StateWaiting {
		v.Ahead = d.queue.ahead(e.Channel, e.ID)
	}
	if d.o.Links != nil && e.result != nil {
		v.Links = d.o.Links(e.Target, e.result.At.Add(-time.Hour), e.result.At.Add(15*time.Minute))
	}
	return v
}

// drawing is a card as it is to be shown: digest tells it from others, of is the verdict on it.
type drawing struct {
	e      *entry
	m      bot.Message
	digest string
	of     shown
}

// draw returns an incident's card. Where its result was dropped from memory, it is read first.
func (d *Desk) draw(ctx context.Context, id string) (c drawing, ok bool) {
	d.mu.Lock()
	e := d.state.incidents[id]
	if e == nil {
		d.mu.Unlock()
		return c, false
	}
	e.stale = false
	missing := ""
	if (e.State == bot.StateJudged || e.Anew) && e.result == nil {
		missing = e.ResultID
	}
	d.mu.Unlock()
	if missing != "" {
		if err := d.recallResult(ctx, id, missing); err != nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			if e.Card != "" && !errors.Is(err, investigations.ErrNotFound) {
				e.notBefore = d.now().Add(retryMost)
				d.stale(e)
			}
			if e.Card != "" {
				return c, false // what it shows is better than a card without its verdict
			}
		}
	}
	d.mu.Lock()
	v, plain, of := d.view(e), e.plain, e.shows()
	d.mu.Unlock()
	m, err := drawn(v, plain)
	if err != nil {
		d.log.Error("draw a card", "case", id, "err", err)
		return c, false
	}
	blocks, err := json.Marshal(m.Blocks)
	if err != nil {
		d.log.Error("draw a card", "case", id, "err", err)
		return c, false
	}
	sum := sha256.Sum256(append(blocks, m.Text...))
	return drawing{e, m, hex.EncodeToString(sum[:12]), of}, true
}

// drawn draws a card; one that Slack refuses, or that can't be drawn, as its text alone.
func drawn(v bot.View, plain bool) (m bot.Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the card can't be drawn: %v", p)
		}
	}()
	m = card.Card(v)
	if plain {
		text := slack.NewTextBlockObject(slack.PlainTextType, investigations.CleanText(m.Text, 2000), false, false)
		m.Blocks = []slack.Block{slack.NewSectionBlock(text, nil, nil)}
	}
	return m, nil
}

// recallResult reads the result of an incident from memory.
func (d *Desk) recallResult(ctx context.Context, id, resultID string) error {
	t, err := d.o.Store.Trace(ctx, resultID)
	if err != nil {
		d.log.Warn("read the result of an incident", "case", id, "result", resultID, "err", err)
		return fmt.Errorf("read result %s: %w", resultID, err)
	}
	votes := countVotes(t)
	res := d.bounded(ctx, &t.Result, d.boundsOf(id))
	similar := d.similarTo(ctx, res, d.boundsOf(id))
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.state.incidents[id]; e != nil && e.ResultID == resultID && e.result == nil {
		e.result, e.ups, e.downs, e.similar = res, votes.ups, votes.downs, similar
	}
	return nil
}

// postCard posts the card of an incident that has none.
func (d *Desk) postCard(ctx context.Context, id string) {
	c, ok := d.draw(ctx, id)
	if !ok {
		return
	}
	e := c.e
	d.mu.Lock()
	if e.gone || e.Parent != "" || e.Card != "" {
		d.mu.Unlock()
		return // it was folded into another one just now
	}
	p := bot.Post{Key: fmt.Sprintf("card/%s/%d", id, e.Posted), Channel: e.Channel, Thread: e.Thread, Message: c.m}
	sure := e.tries == 0 || e.sure
	e.Begun = true
	d.keep(e)
	d.mu.Unlock()
	// It is on the shelf before anybody can see it: else another one would be opened for it after a crash.
	err := d.saver.flush(ctx, d.o.Store)
	ts, posting := "", err == nil
	if posting {
		ts, err = d.once(ctx, p, sure)
	}
	d.mu.Lock()
	defer d.flushLater(ctx)
	defer d.mu.Unlock()
	if err != nil {
		e.sure = certainly(err) || !posting && sure
		e.Begun = !e.sure
		d.keep(e)
		d.failedCard(ctx, e, "post", err)
		return
	}
	e.Begun = false
	e.Card, e.Shown, e.edited, e.tries, e.edits, e.plain = ts, c.digest, d.now(), 0, 0, false
	e.showing(c.of, d.now())
	e.Posted++
	if e.Thread == "" {
		e.Thread = ts
	}
	d.state.add(e)
	d.keep(e)
	if e.ResultID != "" && e.State == bot.StateJudged {
		d.spawn(ctx, func() { d.after(ctx, id) })
	}
}

// editCard edits the card of an incident where it does not show what is known.
func (d *Desk) editCard(ctx context.Context, id string) {
	c, ok := d.draw(ctx, id)
	if !ok {
		return
	}
	e := c.e
	d.mu.Lock()
	channel, ts, same := e.Channel, e.Card, e.Shown == c.digest
	if same {
		e.showing(c.of, d.now())
	}
	d.mu.Unlock()
	if same || ts == "" {
		d.pace.unused()
		return
	}
	call, cancel := context.WithTimeout(ctx, slackTimeout)
	err := d.o.Slack.Update(call, channel, ts, c.m)
	cancel()
	if ctx.Err() != nil {
		return
	}
	d.mu.Lock()
	defer d.flushLater(ctx)
	defer d.mu.Unlock()
	if err != nil {
		d.failedCard(ctx, e, "edit", err)
		return
	}
	e.Shown, e.edited, e.tries, e.plain = c.digest, d.now(), 0, false
	e.showing(c.of, d.now())
	e.edits++
	d.keep(e)
}

// flushLater makes what a publisher changed durable.
func (d *Desk) flushLater(ctx context.Context) { d.flush(context.WithoutCancel(ctx)) }

// failedCard decides what becomes of a card that could not be posted or edited. The caller holds d.mu.
func (d *Desk) failedCard(ctx context.Context, e *entry, kind string, err error) {
	if ctx.Err() != nil {
		d.stale(e)
		return
	}
	d.metrics.slackErrors.WithLabelValues(kind, string(fault(err))).Inc()
	d.log.Warn("Slack did not take a card", "case", e.ID, "channel", e.Channel, "kind", kind, "err", err)
	e.tries++
	d.stale(e)
	e.notBefore = d.now().Add(d.backoff(kind, e.tries, err))
	switch fault(err) {
	case bot.FaultChannel:
		e.Unposted, e.stale = err.Error(), false
		d.keep(e)
	case bot.FaultMessage:
		d.gone(e, kind)
	case bot.FaultRefused:
		e.plain = e.tries >= 2
		if e.tries > 4 {
			e.stale = false // it is drawn anew when something changes
		}
	}
}

// gone deals with a card that somebody deleted, or whose thread is gone. Before there is a verdict a new one is posted,
// since nobody could have read it; afterwards it stays deleted. The caller holds d.mu.
func (d *Desk) gone(e *entry, kind string) {
	switch {
	case kind == "post":
		e.Thread = "" // the thread's first message is gone: the card stands in the channel
	case e.State == bot.StateWaiting || e.State == bot.StateRunning:
		if e.Thread == e.Card {
			e.Thread = ""
		}
		e.Card, e.Shown = "", ""
	default:
		e.stale = false
		e.Quiet = true
	}
	d.keep(e)
}

// backoff returns how long to wait after a call that failed for the nth time in a row, and has others wait where Slack
// said so.
func (d *Desk) backoff(kind string, n int, err error) time.Duration {
	e, ok := errors.AsType[*bot.SlackError](err)
	switch {
	case ok && e.Fault == bot.FaultBusy:
		wait := max(e.After, time.Second)
		d.pace.busy(kind, d.now().Add(wait))
		return wait
	case ok && (e.Fault == bot.FaultToken || e.Fault == bot.FaultScope):
		return tokenRetry
	}
	return min(retryMost, time.Second<<min(n, 6))
}
