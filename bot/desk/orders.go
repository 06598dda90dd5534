package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/card"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
)

// historyLength is how many past incidents a list shows.
const historyLength = 10

// answerTimeout bounds the answer of a model; afterwards the rules answer.
const answerTimeout = 90 * time.Second

// errNotHere says that an order is about the incident of a thread, and there is none.
var errNotHere = errors.New("that is about an incident: say it in the thread of one")

// idOf is the id of an incident that a person's words open, the same each time they are read.
func idOf(key string, at time.Time) string { return investigations.KillID(at, key) }

// rerun investigates an incident once more; its card is edited.
func (d *Desk) rerun(ctx context.Context, e bot.Event, key string, x *entry) {
	if x == nil {
		d.reply(ctx, e, key, false, card.Wrong(errNotHere.Error()))
		return
	}
	d.mu.Lock()
	x = d.state.top(x)
	if x.Order == key {
		d.mu.Unlock()
		return // it was done before the program ended
	}
	busy := x.State == bot.StateWaiting || x.State == bot.StateRunning
	if !busy {
		x.State, x.Why, x.result, x.evidence, x.found, x.Quiet, x.Unposted, x.NotFound = bot.StateWaiting, "", nil, nil, time.Time{}, false, "", false
		x.Order, x.Anew = key, false
		d.changed(x)
	}
	id := x.ID
	d.mu.Unlock()
	if busy {
		d.reply(ctx, e, key, true, card.Plain("It is being looked at already."))
		return
	}
	d.flush(ctx)
	d.room(ctx, e.Channel)
	d.look(ctx, id)
}

// traceOf returns what memory holds of an incident's verdict.
func (d *Desk) traceOf(ctx context.Context, x *entry) (investigations.Trace, error) {
	if x == nil {
		return investigations.Trace{}, errNotHere
	}
	d.mu.Lock()
	top := d.state.top(x)
	id, state, why, c := top.ResultID, top.State, top.Why, d.bounds(top)
	d.mu.Unlock()
	switch {
	case id != "":
		t, err := d.o.Store.Trace(ctx, id)
		if errors.Is(err, investigations.ErrNotFound) {
			return t, errors.New("its verdict is not in memory any more")
		}
		if err == nil {
			t.Result = *d.bounded(ctx, &t.Result, c)
		}
		return t, err
	case state == bot.StateFailed:
		return investigations.Trace{}, fmt.Errorf("there is no verdict: %s", why)
	}
	return investigations.Trace{}, errors.New("there is no verdict yet")
}

// question answers a question to the incident of a thread; elsewhere it says where to ask.
func (d *Desk) question(ctx context.Context, e bot.Event, key string, c command, x *entry) error {
	t, err := d.traceOf(ctx, x)
	if err != nil {
		d.reply(ctx, e, key, x != nil, card.Wrong(err.Error()))
		return nil
	}
	answer := ""
	if d.o.Answerer != nil {
		if !d.answerers.try() {
			return errLater{after: 3 * time.Second, err: errors.New("as many questions as may be are being answered"), free: true}
		}
		defer d.answerers.leave()
		ctx, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		if answer, err = d.o.Answerer.Answer(ctx, t, c.text); err != nil {
			d.log.Warn("answer a question; the rules answer it", "case", t.Result.ID, "err", err)
		}
	}
	if answer == "" {
		answer = report.Answer(&t.Result, c.text)
	}
	d.reply(ctx, e, key, false, card.Answer(answer))
	return nil
}

// history lists past incidents: of the workload that is named, of the thread's, or all that may be told of here.
func (d *Desk) history(ctx context.Context, e bot.Event, key string, c command, rules Channel) error {
	f := investigations.Filter{}
	namespace, workload, found := strings.Cut(c.target, "/")
	switch {
	case found:
		f.Namespace, f.Workload = namespace, workload
	case c.target != "":
		f.Workload = c.target
	}
	all, err := d.past(ctx, rules, f)
	if err != nil {
		return err
	}
	d.reply(ctx, e, key, e.Kind == bot.EventCommand, card.History(all, c.target))
	return nil
}

// past are the latest incidents that f selects and that may be told of where c holds.
func (d *Desk) past(ctx context.Context, c Channel, f investigations.Filter) ([]card.Past, error) {
	f.Limit = 20 * historyLength // some of them may not be told of here
	var all []card.Past
	for h, err := range d.o.Store.Heads(ctx, f) {
		switch {
		case err != nil:
			return nil, fmt.Errorf("read past incidents: %w", err)
		case !c.namespace(h.Target.Namespace):
			continue
		case len(all) == historyLength:
			return all, nil
		}
		t, err := d.o.Store.Trace(ctx, h.ID)
		if errors.Is(err, investigations.ErrNotFound) {
			continue // it was forgotten just now
		}
		if err != nil {
			return nil, fmt.Errorf("read a past incident: %w", err)
		}
		v, s := countVotes(t), similarOf(t)
		all = append(all, card.Past{
			ID: s.ID, At: s.At, Target: s.Target, Headline: s.Headline, Cause: s.Cause, Confidence: t.Result.Verdict.Confidence,
			Outcome: s.Outcome, Ups: v.ups, Downs: v.downs, State: bot.StateJudged, Link: s.Link,
		})
	}
	return all, nil
}

// similarCommand lists the incidents that resemble a thread's.
func (d *Desk) similarCommand(ctx context.Context, e bot.Event, key string, x *entry) error {
	m, err := d.similarMessage(ctx, x)
	if err != nil {
		m = card.Wrong(err.Error())
	}
	d.reply(ctx, e, key, false, m)
	return nil
}

func (d *Desk) similarMessage(ctx context.Context, x *entry) (bot.Message, error) {
	t, err := d.traceOf(ctx, x)
	if err != nil {
		return bot.Message{}, err
	}
	d.mu.Lock()
	bounds := d.bounds(x)
	d.mu.Unlock()
	if d.o.Recaller == nil {
		return card.SimilarList(d.similarTo(ctx, &t.Result, bounds)), nil
	}
	recalled, err := d.o.Recaller.Recall(ctx, investigations.RecallQuery{ID: t.Result.ID, Features: t.Features})
	if err != nil {
		return bot.Message{}, fmt.Errorf("ask memory: %w", err)
	}
	var all []bot.Similar
	for _, r := range recalled {
		s := bot.Similar{Precedent: r.Precedent, At: r.At, Target: r.Target, Cause: r.Cause}
		if other, err := d.o.Store.Trace(ctx, r.ID); err == nil {
			s = similarOf(other)
			s.Precedent = r.Precedent
		}
		if !bounds.namespace(s.Target.Namespace) {
			continue
		}
		all = append(all, s)
	}
	return card.SimilarList(all), nil
}

// evidence lists the facts of a thread's incident.
func (d *Desk) evidence(ctx context.Context, e bot.Event, key string, x *entry) error {
	t, err := d.traceOf(ctx, x)
	if err != nil {
		d.reply(ctx, e, key, true, card.Wrong(err.Error()))
		return nil
	}
	d.reply(ctx, e, key, true, card.EvidenceList(&t.Result))
	return nil
}

// muteCommand mutes the workload that is named, that of the thread, or else the channel, for a while.
func (d *Desk) muteCommand(ctx context.Context, e bot.Event, key string, c command, x *entry) {
	workload := c.target
	d.mu.Lock()
	if workload == "" && x != nil {
		t := d.state.top(x).Target
		workload = t.Namespace + "/" + guess(t)
	} else if workload != "" {
		parts := strings.Split(workload, "/")
		if len(parts) == 3 { // namespace/kind/name
			parts = []string{parts[0], parts[2]}
		}
		workload = strings.Join(parts, "/")
	}
	if c.verb == verbUnmute {
		c.span = 0
	}
	d.setMute(e.Channel, workload, e.User, c.span)
	d.mu.Unlock()
	d.log.Info("muted", "channel", e.Channel, "workload", workload, "for", c.span, "by", e.User)
	d.reply(ctx, e, key, false, mutedMessage(workload, d.now(), c.span))
}

// stopCommand ends an investigation that runs, and has the bot leave the thread alone.
func (d *Desk) stopCommand(ctx context.Context, e bot.Event, key string, x *entry) {
	if x == nil {
		d.reply(ctx, e, key, false, card.Wrong(errNotHere.Error()))
		return
	}
	d.mu.Lock()
	x = d.state.top(x)
	said := "I leave this thread alone from now on, and answer here only where I am mentioned."
	if x.State == bot.StateWaiting || x.State == bot.StateRunning {
		d.stopOne(x, e.User)
		said = "Stopped. `re-run` begins again."
	}
	for _, f := range slices.Clone(x.Folded) {
		c := d.state.incidents[f.Incident]
		if c == nil || !c.Checking {
			continue
		}
		if c.State == bot.StateWaiting || c.State == bot.StateRunning {
			d.stopOne(c, e.User)
		}
		c.Checking = false // it stays where it is told of: a thread of its own is not what was asked for
		d.fold(c, x, f.Why)
	}
	x.Quiet = true
	d.changed(x)
	d.mu.Unlock()
	d.reply(ctx, e, key, false, card.Plain(said))
}

// stopOne ends the investigation of an incident that waits or runs. The caller holds d.mu.
func (d *Desk) stopOne(x *entry, user string) {
	d.queue.drop(x.Channel, x.ID)
	if x.stop != nil {
		x.stop()
	}
	if x.Anew && x.ResultID != "" {
		d.stands(x)
	} else {
		x.State, x.Why = bot.StateStopped, "stopped by <@"+user+">"
		x.steps, x.model, x.result = nil, "", nil
	}
	d.metrics.ended.WithLabelValues(string(bot.StateStopped)).Inc()
}

func helpMessage(c command) bot.Message {
	if c.verb == verbNone {
		return card.Misunderstood()
	}
	return card.Help()
}

func mutedMessage(workload string, now time.Time, span time.Duration) bot.Message {
	if span <= 0 {
		return card.Plain("Not muted any more.")
	}
	return card.Muted(workload, now.Add(span))
}
