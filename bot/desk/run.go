package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// kick has the scheduler look at the queue. It returns at once.
func (d *Desk) kick() {
	select {
	case d.turn <- struct{}{}:
	default:
	}
}

// schedule starts investigations as the limits allow, until ctx ends.
func (d *Desk) schedule(ctx context.Context) {
	for {
		d.mu.Lock()
		id, again := d.queue.next(d.now())
		d.mu.Unlock()
		if id != "" {
			d.spawn(ctx, func() { d.investigate(ctx, id) })
			continue
		}
		var timer <-chan time.Time
		if again > 0 {
			timer = time.After(again)
		}
		select {
		case <-ctx.Done():
			return
		case <-d.turn:
		case <-timer:
		}
	}
}

// investigate runs one investigation, whose place among those that run it holds until it ends.
func (d *Desk) investigate(ctx context.Context, id string) {
	defer d.kick()
	defer func() {
		d.mu.Lock()
		d.queue.running--
		d.mu.Unlock()
	}()
	outer := ctx // what is begun here and goes on without this
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	d.mu.Lock()
	x := d.state.incidents[id]
	if x == nil || x.State != bot.StateWaiting {
		d.mu.Unlock()
		return
	}
	x.State, x.StartedAt, x.queued = bot.StateRunning, d.now().UTC(), false
	x.Run++
	run := x.Run
	x.stop = func() { cancel(errStopped) }
	ask, channel := x.Ask, x.Channel
	watch := d.watch(ctx, x)
	d.changed(x)
	d.mu.Unlock()
	d.flush(ctx)
	d.room(ctx, channel)
	quiet := d.status(ctx, id)

	res, ev, err := d.diagnose(ctx, ask, watch)
	quiet()
	switch {
	case errors.Is(context.Cause(ctx), errStopped):
		return // who stopped it said so
	case ctx.Err() != nil:
		return // it begins again after the next start
	case err != nil:
		d.fail(ctx, id, err.Error())
		return
	}
	if d.judged(ctx, id, run, res, ev) {
		d.look(outer, id)
	}
}

// errStopped says that a person stopped an investigation.
var errStopped = errors.New("stopped")

// diagnose finds the target once more, since it may have waited, and investigates it.
func (d *Desk) diagnose(ctx context.Context, ask bot.Ask, w bot.Watch) (res *investigations.Result, ev *investigations.Evidence, err error) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Debug("an investigation panicked", "stack", string(debug.Stack()))
			err = fmt.Errorf("the investigation broke off: %v", p)
		}
	}()
	c, err := d.findOnce(ctx, ask)
	if err != nil {
		return nil, nil, err
	}
	return c.Investigate(ctx, w)
}

// watch returns who is told how the investigation of x goes.
func (d *Desk) watch(ctx context.Context, x *entry) bot.Watch {
	id, channel, run, began := x.ID, x.Channel, x.Run, d.now()
	x.steps, x.model = nil, ""
	if !x.Anew {
		x.result = nil
	}
	change := func(f func(x *entry)) {
		d.mu.Lock()
		if x := d.state.incidents[id]; x != nil && x.State == bot.StateRunning && x.Run == run {
			f(x)
			d.stale(x)
		}
		d.mu.Unlock()
		d.room(ctx, channel)
	}
	return bot.Watch{
		AskedBy:  x.AskedBy,
		Progress: func(p investigations.Progress) { change(func(x *entry) { d.step(x, p) }) },
		Published: func(r *investigations.Result) {
			draft := *d.bounded(ctx, r, d.boundsOf(id))
			d.metrics.firstVerdict.Observe(d.now().Sub(began).Seconds())
			change(func(x *entry) {
				if !x.Anew { // what there is was made with more than the rules
					x.result = &draft
				}
			})
		},
		Model: func(says string) {
			change(func(x *entry) { x.model = investigations.CleanText(redact.Text(says), 200) })
		},
	}
}

// step notes how far a source is. The caller holds d.mu.
func (d *Desk) step(x *entry, p investigations.Progress) {
	s := bot.Step{Tool: p.Tool, Done: p.Done, Facts: p.Facts, Blind: p.Blind, Failed: p.Err != nil, Took: p.Took}
	if s.Failed {
		d.metrics.failures.WithLabelValues(p.Tool).Inc()
	}
	for i := range x.steps {
		if x.steps[i].Tool == p.Tool {
			x.steps[i] = s
			return
		}
	}
	x.steps = append(x.steps, s)
}

// judged ends an investigation with its verdict, and says whether it is to be begun again at once, since something came
// late that may tell what the verdict leaves open.
func (d *Desk) judged(ctx context.Context, id string, run int, res *investigations.Result, ev *investigations.Evidence) (again bool) {
	d.observe(res)
	votes := d.votesOf(ctx, res.ID)
	similar := d.similarTo(ctx, res, d.boundsOf(id))
	sign := signOf(res)
	res = d.bounded(ctx, res, d.boundsOf(id))
	d.mu.Lock()
	x := d.state.incidents[id]
	if x == nil || x.State != bot.StateRunning || x.Run != run {
		d.mu.Unlock()
		return false // it was stopped just now
	}
	if res.LLM.EndedBy == "off" {
		d.metrics.firstVerdict.Observe(d.now().Sub(x.StartedAt).Seconds())
	}
	x.State, x.JudgedAt, x.ResultID, x.Why = bot.StateJudged, d.now().UTC(), res.ID, ""
	x.Anew = false
	x.result, x.evidence, x.Sign, x.steps, x.model, x.stop = res, ev, sign, nil, "", nil
	x.similar, x.ups, x.downs = similar, votes.ups, votes.downs
	x.Target = filled(x.Target, res.Target)
	if v := res.Verdict.Victim; v != nil {
		x.AddPod(v.Pod)
	}
	x.AddPod(x.Target.Pod)
	d.changed(x)
	d.foldJudged(x)
	if !x.gone {
		d.shownNowhere(x)
	}
	again = x.late && !x.gone && x.Sign.weak()
	if x.late = false; again {
		d.lookAgain(x)
	}
	channel, became := x.Channel, x.became
	d.mu.Unlock()
	d.metrics.ended.WithLabelValues(string(bot.StateJudged)).Inc()
	d.flush(ctx)
	d.room(ctx, channel)
	if !again {
		d.after(ctx, cmp.Or(became, id))
		d.shownIn(ctx, id, became, res.ID)
	}
	return again
}

// shownIn has memory know where a result is told of that has no card of its own: in the thread of the incident that it
// was folded into, or became a part of.
func (d *Desk) shownIn(ctx context.Context, id, became, resultID string) {
	d.mu.Lock()
	x := d.state.top(d.state.incidents[cmp.Or(became, id)])
	if x == nil || x.ID == id || x.Card == "" || x.ResultID == resultID || d.o.Slack == nil {
		d.mu.Unlock()
		return
	}
	into, channel, ts := x.ID, x.Channel, x.Card
	d.mu.Unlock()
	d.permalink(ctx, into, channel, ts, resultID)
	d.flush(ctx)
}

// filled returns a target with what another one of the same thing knows beyond it.
func filled(t, more investigations.Target) investigations.Target {
	if more.Pod != "" {
		t.Pod = more.Pod
	}
	if more.Container != "" {
		t.Container = more.Container
	}
	if more.Workload != "" {
		t.Workload = more.Workload
	}
	if more.Node != "" {
		t.Node = more.Node
	}
	if more.Namespace != "" {
		t.Namespace = more.Namespace
	}
	return t
}
