package desk

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/card"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
)

// press deals with a press of a button.
func (d *Desk) press(ctx context.Context, e bot.Event) error {
	if e.Press == nil {
		return nil
	}
	key := fmt.Sprintf("press/%s/%s/%s/%s", e.TS, e.Press.Action, e.User, e.At.UTC().Format("20060102T150405.000000"))
	rules, why := d.allowed(ctx, e)
	if why.why != "" {
		return d.refuse(ctx, e, key, why)
	}
	d.mu.Lock()
	x := d.state.incidents[e.Press.Value]
	if x != nil && x.Channel != e.Channel && !rules.namespace(x.Target.Namespace) {
		x = nil // a message that was carried into another channel
	}
	d.mu.Unlock()
	if x == nil {
		d.reply(ctx, e, key, true, card.Wrong("I do not know that incident any more; ask for it anew."))
		return nil
	}
	switch e.Press.Action {
	case bot.ActionUp:
		return d.judge(ctx, e, key, x, investigations.Feedback{Vote: investigations.VoteUp}, viaButton)
	case bot.ActionDown:
		return d.judge(ctx, e, key, x, investigations.Feedback{Vote: investigations.VoteDown}, viaButton)
	case bot.ActionEvidence:
		return d.evidence(ctx, e, key, x)
	case bot.ActionRerun:
		d.rerun(ctx, e, key, x)
	case bot.ActionSimilar:
		m, err := d.similarMessage(ctx, x)
		if err != nil {
			m = card.Wrong(err.Error())
		}
		d.reply(ctx, e, key, true, m)
	case bot.ActionFixed:
		return d.fixed(ctx, e, key, x)
	case bot.ActionRaw:
		t, err := d.traceOf(ctx, x)
		if err != nil {
			d.reply(ctx, e, key, true, card.Wrong(err.Error()))
			return nil
		}
		d.reply(ctx, e, key, true, card.Raw(&t.Result))
	case bot.ActionAnyway:
		d.anyway(ctx, e, key, x)
	}
	return nil
}

// fixed notes that the fix was made, by who says so.
func (d *Desk) fixed(ctx context.Context, e bot.Event, key string, x *entry) error {
	t, err := d.traceOf(ctx, x)
	if err != nil {
		d.reply(ctx, e, key, true, card.Wrong(err.Error()))
		return nil
	}
	at := d.now().UTC()
	if !e.At.IsZero() {
		at = e.At.UTC()
	}
	o := investigations.Outcome{State: investigations.OutcomeFixApplied, At: at, Why: "marked as fixed by " + e.User}
	if t.Outcome.State == investigations.OutcomeUnknown || t.Outcome.State == "" {
		if err := d.o.Store.Amend(ctx, t.Result.ID, investigations.Amendment{Outcome: &o}); err != nil {
			return fmt.Errorf("store that an incident is fixed: %w", err)
		}
	}
	d.mu.Lock()
	x = d.state.top(x)
	if x.FixedAt.IsZero() {
		x.FixedAt, x.FixedBy = at, e.User
		d.changed(x)
	}
	d.mu.Unlock()
	d.reply(ctx, e, key, true, card.Plain("Noted. What comes next will show whether it holds."))
	return nil
}

// maxAnyway is how many incidents one press may open.
const maxAnyway = 10

// anyway investigates by itself what was folded into an incident; where nothing was, the incident's own workload.
func (d *Desk) anyway(ctx context.Context, e bot.Event, key string, x *entry) {
	d.mu.Lock()
	type one struct {
		ask    bot.Ask
		title  string
		target investigations.Target
	}
	var all []one
	for _, f := range x.Folded {
		if c := d.state.incidents[f.Incident]; c != nil && len(all) < maxAnyway {
			all = append(all, one{c.Ask, c.Title, c.Target})
		}
	}
	if len(all) == 0 {
		all = append(all, one{x.Ask, x.Title, x.Target})
	}
	var ids []string
	for i, o := range all {
		id := idOf(fmt.Sprintf("%s/%d", key, i), e.At)
		if d.state.incidents[id] != nil {
			continue
		}
		n := &entry{stored: stored{Incident: bot.Incident{
			ID: id, State: bot.StateWaiting, Origin: bot.OriginAnyway, Channel: e.Channel, AskedBy: e.User, Anyway: true,
			Ask: o.ask, Title: o.title, Target: o.target, Cluster: x.Cluster, OpenedAt: d.now().UTC(),
		}}}
		d.changed(n)
		d.metrics.incidents.WithLabelValues(string(bot.OriginAnyway)).Inc()
		ids = append(ids, id)
	}
	d.mu.Unlock()
	d.flush(ctx)
	d.room(ctx, e.Channel)
	for _, id := range ids {
		d.look(ctx, id)
	}
	d.reply(ctx, e, key, true, card.Plain(fmt.Sprintf("Looking at %s; the answer comes as a new message in this channel.", countOf(len(ids), "workload"))))
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// form deals with a dialog: what was wrong with a verdict.
func (d *Desk) form(ctx context.Context, e bot.Event) error {
	if e.Form == nil || e.Form.Callback != bot.FormFeedback {
		return nil
	}
	d.mu.Lock()
	x := d.state.incidents[e.Form.Context]
	if x != nil {
		e.Channel, e.Direct = x.Channel, isDirect(x.Channel)
	}
	d.mu.Unlock()
	if x == nil {
		return nil
	}
	if why := d.may(ctx, e); why.why != "" {
		return d.refuse(ctx, e, "form/"+e.Form.Context+"/"+e.User, why)
	}
	f := investigations.Feedback{Vote: investigations.VoteDown, Note: investigations.CleanText(e.Form.Values[bot.InputNote], 2000)}
	if c := investigations.Cause(e.Form.Values[bot.InputCause]); slices.Contains(investigations.Causes, c) {
		f.Cause = c
	}
	key := fmt.Sprintf("form/%s/%s/%d", e.Form.Context, e.User, e.At.UnixMicro())
	// The button that opened the dialog has told of which verdict it is; the card may show another one by now.
	d.mu.Lock()
	x = d.state.top(x)
	d.mu.Unlock()
	of, ok, err := d.voted(ctx, x, e.User, vote{Vote: investigations.VoteDown, Via: viaButton})
	switch {
	case err != nil:
		return err
	case ok:
		return d.record(ctx, e, key, ballot{x, of, f, viaButton})
	}
	return d.judge(ctx, e, key, x, f, viaButton)
}

// home shows a person the bot's home.
func (d *Desk) home(ctx context.Context, e bot.Event) error {
	if d.o.Slack == nil {
		return nil
	}
	e.Direct = true
	var blocks []slack.Block
	if rules, why := d.allowed(ctx, e); why.why != "" {
		blocks = card.Refused(why.why, why.line).Blocks
	} else {
		all, err := d.past(ctx, rules, investigations.Filter{})
		if err != nil {
			return err
		}
		blocks = card.Home(card.HomeView{Incidents: all, Settings: d.settings()})
	}
	call, cancel := context.WithTimeout(ctx, slackTimeout)
	defer cancel()
	err := d.o.Slack.PublishHome(call, e.User, blocks)
	switch f := fault(err); {
	case err == nil:
	case f == bot.FaultBusy || f == bot.FaultDown || f == bot.FaultToken:
		return errLater{after: d.backoff("home", 1, err), err: err}
	default:
		d.log.Warn("show a person the home", "user", e.User, "err", err)
	}
	return nil
}

// settings are what is configured for each channel, and what is muted there.
func (d *Desk) settings() []card.Setting {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []card.Setting
	for _, id := range slices.Sorted(maps.Keys(d.o.Policy.Channels)) {
		c := d.o.Policy.Channels[id]
		s := card.Setting{
			Channel: id, Auto: c.Auto, AlertBots: c.AlertBots, Groups: c.UserGroups, Namespaces: c.Namespaces, Mute: slices.Clone(c.Mute),
		}
		for _, key := range slices.Sorted(maps.Keys(d.state.mutes)) {
			if m := d.state.mutes[key]; m.Channel == id && d.now().Before(m.Until) {
				s.Mute = append(s.Mute, cmp.Or(m.Workload, "everything")+" until "+report.Stamp(m.Until))
			}
		}
		all = append(all, s)
	}
	return all
}

// joined goes on in a channel that the bot was invited to again.
func (d *Desk) joined(ctx context.Context, e bot.Event) {
	d.mu.Lock()
	for _, x := range d.state.incidents {
		if x.Channel == e.Channel && x.Unposted != "" {
			x.Unposted, x.tries, x.notBefore = "", 0, time.Time{}
			d.changed(x)
		}
	}
	d.mu.Unlock()
	d.flush(ctx)
	d.room(ctx, e.Channel)
}

// left notes that nothing can be posted in a channel any more.
func (d *Desk) left(e bot.Event) {
	d.log.Warn("the bot was removed from a channel, or it was archived: its incidents are investigated and stored, and not shown", "channel", e.Channel)
}
