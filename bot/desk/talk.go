package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/alerts"
	"github.com/oombot/oombot/bot/card"
)

// message deals with a message: an alert bot's post, or what a person says to the bot.
func (d *Desk) message(ctx context.Context, e bot.Event) error {
	if e.Author != nil {
		return d.posted(ctx, e)
	}
	d.mu.Lock()
	x := d.state.at(e.Channel, e.ThreadTS)
	mine := x != nil && !d.state.top(x).Quiet
	d.mu.Unlock()
	c := understand(e.Text, x != nil)
	spoken := e.Addressed || e.Direct
	if !spoken && (!mine || !c.meant()) {
		return nil // people talk to each other
	}
	return d.obey(ctx, e, c, bot.OriginMention, "said/"+e.Channel+"/"+e.TS)
}

// posted deals with a post of an alert bot.
func (d *Desk) posted(ctx context.Context, e bot.Event) error {
	if !d.alertPost(e) {
		return nil
	}
	return d.alerts(ctx, e, alertsIn(e), bot.OriginPost)
}

// edited deals with a post of an alert bot that it changed: a change of state of the same alert, and never a new one.
// Only where the post itself never came it is taken for it.
func (d *Desk) edited(ctx context.Context, e bot.Event) error {
	d.mu.Lock()
	x := d.state.at(e.Channel, e.TS)
	own := x != nil && x.Card == e.TS
	d.mu.Unlock()
	if own {
		return nil
	}
	all, _ := alerts.FromPost(e)
	if x == nil {
		if !d.alertPost(e) {
			return nil
		}
		all = slices.DeleteFunc(all, func(a bot.Alert) bool { return a.Acknowledged })
		return d.alerts(ctx, e, all, bot.OriginPost) // those that ended are known by their ids, or not at all
	}
	d.mu.Lock()
	for _, a := range all {
		known := cmp.Or(d.state.alert(a.Source, a.ID), x)
		switch {
		case a.Resolved:
			d.resolved(known, a)
		default:
			d.repeated(known, a)
		}
	}
	d.mu.Unlock()
	d.room(ctx, e.Channel)
	return nil
}

// deleted notes that a message is gone. A card is found to be gone when it is edited.
func (d *Desk) deleted(e bot.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.state.at(e.Channel, e.TS)
	if x == nil {
		return
	}
	delete(d.state.threads, place{e.Channel, e.TS})
	switch {
	case x.Card == e.TS:
		d.gone(x, "edit")
	case x.Thread == e.TS && x.Card == "":
		x.Thread = ""
		d.keep(x)
	}
}

// command deals with a slash command, which can't be given in a thread.
func (d *Desk) command(ctx context.Context, e bot.Event) error {
	c := understand(e.Text, false)
	return d.obey(ctx, e, c, bot.OriginCommand, "command/"+e.Channel+"/"+e.User+"/"+e.At.UTC().Format("20060102T150405.000000"))
}

// shortcut investigates the message on which a person used the bot's shortcut.
func (d *Desk) shortcut(ctx context.Context, e bot.Event) error {
	d.mu.Lock()
	x := d.state.at(e.Channel, e.TS)
	d.mu.Unlock()
	key := "shortcut/" + e.Channel + "/" + e.TS + "/" + e.User
	c, why := d.allowed(ctx, e)
	if why.why != "" {
		return d.refuse(ctx, e, key, why)
	}
	if d.opened(key, e.At) {
		return nil
	}
	if x != nil && !d.unseen(x) {
		return d.point(ctx, e, key, x)
	}
	ask := d.alertAsk(ctx, e)
	ask.Namespaces = c.Namespaces
	d.ask(ctx, e, key, ask, bot.OriginShortcut, firstLine(e.Text))
	return nil
}

// refuse tells only the person who asked why not.
func (d *Desk) refuse(ctx context.Context, e bot.Event, key string, why refusal) error {
	d.log.Info("a request is refused", "channel", e.Channel, "user", e.User, "why", why.why)
	if e.User == "" {
		return nil // there is nobody to tell
	}
	d.reply(ctx, e, key, true, card.Refused(why.why, why.line))
	return nil
}

// reply posts an answer where the question stood: for everyone, or only for who asked.
func (d *Desk) reply(ctx context.Context, e bot.Event, key string, private bool, m bot.Message) {
	thread, user := cmp.Or(e.ThreadTS, e.TS), ""
	if private {
		user = e.User
		if e.Kind == bot.EventMessage || e.Kind == bot.EventPress {
			thread = e.ThreadTS // an ephemeral message in a thread that nobody opened is not seen
		}
	}
	if e.Kind == bot.EventCommand {
		thread, user = "", e.User
	}
	if e.Direct {
		user, thread = "", e.ThreadTS
	}
	d.mu.Lock()
	d.say("reply/"+key, e.Channel, thread, user, m)
	d.mu.Unlock()
	d.room(ctx, e.Channel)
}

// obey does what a person asked for.
func (d *Desk) obey(ctx context.Context, e bot.Event, c command, origin bot.Origin, key string) error {
	rules, why := d.allowed(ctx, e)
	if why.why != "" {
		return d.refuse(ctx, e, key, why)
	}
	d.mu.Lock()
	x := d.state.at(e.Channel, e.ThreadTS)
	d.mu.Unlock()
	if d.opened(key, e.At) {
		return nil // it is told of already, or will be
	}
	if x == nil && pointsUp(e, c) && d.above(ctx, e, key, origin, rules) {
		return nil
	}
	if c.wrong != "" {
		d.reply(ctx, e, key, false, card.Wrong(c.wrong))
		return nil
	}
	switch c.verb {
	case verbInvestigate:
		if why := rules.refuses(c.target); why.why != "" {
			return d.refuse(ctx, e, key, why)
		}
		d.asked(ctx, e, key, c, x, origin, rules)
	case verbRerun:
		d.rerun(ctx, e, key, x)
	case verbAsk:
		return d.question(ctx, e, key, c, x)
	case verbHistory:
		return d.history(ctx, e, key, c, rules)
	case verbSimilar:
		return d.similarCommand(ctx, e, key, x)
	case verbEvidence:
		return d.evidence(ctx, e, key, x)
	case verbMute, verbUnmute:
		d.muteCommand(ctx, e, key, c, x)
	case verbStop:
		d.stopCommand(ctx, e, key, x)
	case verbHelp, verbNone:
		d.reply(ctx, e, key, e.Kind == bot.EventCommand, helpMessage(c))
	}
	return nil
}

// asked opens an incident for a person's question, or points to the one that there is.
func (d *Desk) asked(ctx context.Context, e bot.Event, key string, c command, x *entry, origin bot.Origin, rules Channel) {
	if x != nil && d.sameAsAsked(x, c.target) {
		d.rerun(ctx, e, key, x)
		return
	}
	ask := bot.Ask{Words: c.target, Namespaces: rules.Namespaces, At: c.at, Window: c.window}
	if c.at.IsZero() {
		if other := d.recent(e.Channel, c.target); other != nil && other != x {
			if err := d.point(ctx, e, key, other); err == nil {
				return
			}
		}
	}
	if x != nil {
		// One thread is one incident: another one gets its own, below a message of its own.
		e.ThreadTS, e.TS = "", ""
	}
	d.ask(ctx, e, key, ask, origin, "")
}

// sameAsAsked says whether a target as a person writes it is an incident's own.
func (d *Desk) sameAsAsked(x *entry, target string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return named(x, target)
}

// named says whether words name an incident's target: its pod, its workload, or the name of either. The caller holds
// d.mu.
func named(x *entry, target string) bool {
	parts := strings.Split(target, "/")
	last := parts[len(parts)-1]
	if x.Ask.Words == target {
		return true
	}
	if len(parts) > 1 && parts[0] == "node" {
		return x.Target.Pod == "" && x.Target.Workload == "" && x.Target.Node == last
	}
	if len(parts) > 1 && parts[0] != x.Target.Namespace {
		return false
	}
	for _, p := range parts[min(1, len(parts)-1):] {
		if p != "" && (p == x.Target.Pod || p == baseName(x.Target.Workload)) {
			return true
		}
	}
	return false
}

// recent returns the open incident of a channel that a target as a person writes it names; nil where there is none.
func (d *Desk) recent(channel, target string) *entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	var best *entry
	for _, x := range d.state.sorted(func(x *entry) bool { return x.Channel == channel && d.takes(x) && x.State != bot.StateFailed }) {
		if named(x, target) {
			best = x
		}
	}
	return best
}

// point leads a person to the incident that there is already. Its error says that there is nothing to lead to yet.
func (d *Desk) point(ctx context.Context, e bot.Event, key string, x *entry) error {
	d.mu.Lock()
	top := d.state.top(x)
	channel, ts, link, headline := top.Channel, top.Card, top.CardLink, ""
	id, missing := x.ID, ""
	if top.State == bot.StateJudged && top.result == nil {
		missing = top.ResultID
	}
	d.mu.Unlock()
	if missing != "" {
		_ = d.recallResult(ctx, top.ID, missing) // the way there does without its headline
	}
	d.mu.Lock()
	if top.result != nil {
		headline = top.result.Verdict.Headline
	}
	d.mu.Unlock()
	if ts == "" || d.o.Slack == nil {
		return fmt.Errorf("the incident has no card yet")
	}
	if link == "" {
		call, cancel := context.WithTimeout(ctx, slackTimeout)
		defer cancel()
		var err error
		if link, err = d.o.Slack.Permalink(call, channel, ts); err != nil {
			return err
		}
	}
	d.reply(ctx, e, key, false, card.Pointer(link, headline, id))
	return nil
}

// opened says whether the words of that key opened an incident already.
func (d *Desk) opened(key string, at time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.incidents[idOf(key, at)] != nil
}

// unseen says that no card tells of an incident, nor will one.
func (d *Desk) unseen(x *entry) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	top := d.state.top(x)
	return top.Card == "" && top.Quiet
}

// ask opens an incident for a person, once for each key.
func (d *Desk) ask(ctx context.Context, e bot.Event, key string, ask bot.Ask, origin bot.Origin, title string) {
	id := idOf(key, e.At)
	d.mu.Lock()
	if d.state.incidents[id] != nil {
		d.mu.Unlock()
		return
	}
	now := d.now().UTC()
	x := &entry{stored: stored{Incident: bot.Incident{
		ID: id, State: bot.StateWaiting, Origin: origin, Channel: e.Channel, Thread: cmp.Or(e.ThreadTS, e.TS), AskedBy: e.User,
		Ask: ask, OpenedAt: now, Cluster: d.o.Cluster, Title: title,
	}}}
	if e.Direct && e.ThreadTS == "" && e.TS != "" {
		x.Thread = e.TS
	}
	d.changed(x)
	d.mu.Unlock()
	d.metrics.incidents.WithLabelValues(string(origin)).Inc()
	d.flush(ctx)
	d.room(ctx, e.Channel)
	d.look(ctx, id)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
