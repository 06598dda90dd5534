package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/card"
	"github.com/oombot/oombot/bot/chart"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// noteTimeout bounds one attempt to write a note into PagerDuty.
const noteTimeout = 15 * time.Second

// noteAgain is how long after attempts that failed the next ones are made.
const noteAgain = 5 * time.Minute

// after does what follows a verdict, once for each result: the chart and the evidence go into the thread, the permalink
// into memory, and a note into PagerDuty. Each has a key of its own, so that what was begun before a crash is not done
// twice. What fails is logged, and costs its own part.
func (d *Desk) after(ctx context.Context, id string) {
	d.mu.Lock()
	x := d.state.incidents[id]
	if x == nil || x.State != bot.StateJudged || x.Checking || x.telling || !x.owes() {
		d.mu.Unlock()
		return
	}
	nowhere := d.o.Slack == nil || x.Channel == "" || x.Unposted != ""
	if x.Parent == "" && !nowhere && x.Card == "" {
		d.mu.Unlock()
		return // it is done once the card is posted
	}
	x.telling = true
	missing, resultID := x.result == nil, x.ResultID
	d.mu.Unlock()
	if missing {
		if err := d.recallResult(ctx, id, resultID); err != nil && !errors.Is(err, investigations.ErrNotFound) {
			d.mu.Lock()
			x.telling, x.tellAgain = false, d.now().Add(retryMost)
			d.mu.Unlock()
			return
		}
	}
	d.mu.Lock()
	key, shown := x.toldKey(), x.Parent == "" && x.Card != "" && !nowhere && x.Told != x.toldKey()
	x.Owes = false // what joins from here on is owed anew
	v := d.view(d.state.top(x))
	v.Result = x.result
	ev, channel, ts, alerts := x.evidence, x.Channel, x.Card, slices.Clone(x.Alerts)
	d.mu.Unlock()
	noted := true
	if v.Result != nil {
		if shown {
			d.files(id, channel, key, v, ev)
			v.Incident.CardLink = d.permalink(ctx, id, channel, ts, v.Result.ID)
			d.room(ctx, channel)
		}
		d.flush(ctx)
		noted = d.notes(ctx, alerts, card.Note(v))
	}
	d.mu.Lock()
	x.telling = false
	if ctx.Err() == nil {
		x.Told, x.evidence = key, nil
		if !noted {
			x.Owes, x.tellAgain = true, d.now().Add(noteAgain)
		}
		d.keep(x)
	}
	d.mu.Unlock()
	d.flush(ctx)
}

// toldKey is the key of what follows an incident's verdict. The caller holds Desk.mu.
func (e *entry) toldKey() string { return fmt.Sprintf("%s/%s/%d", e.ID, e.ResultID, e.Run) }

// files has the chart and the evidence posted into an incident's thread.
func (d *Desk) files(id, channel, key string, v bot.View, ev *investigations.Evidence) {
	var all []*file
	if png, alt, ok, err := chart.Memory(v.Result, ev); err != nil {
		d.log.Warn("draw the chart of an incident", "case", id, "err", err)
	} else if ok {
		all = append(all, &file{Name: "memory.png", Title: "Memory against its limit", Alt: alt, Data: png})
	}
	texts, err := card.Files(v, ev)
	if err != nil {
		d.log.Warn("write the evidence of an incident", "case", id, "err", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range texts {
		all = append(all, &file{Name: f.Name, Title: f.Title, Data: f.Data})
	}
	for _, f := range all {
		d.send(&post{Key: "file/" + key + "/" + f.Name, Channel: channel, Incident: id, File: f, At: d.now().UTC()})
	}
}

// permalink stores where an incident is shown, in its document and in memory, and returns it; empty where Slack does not
// tell.
func (d *Desk) permalink(ctx context.Context, id, channel, ts, resultID string) string {
	call, cancel := context.WithTimeout(ctx, slackTimeout)
	defer cancel()
	link, err := d.o.Slack.Permalink(call, channel, ts)
	if err != nil {
		d.log.Warn("ask for the permalink of an incident", "case", id, "err", err)
		return ""
	}
	d.mu.Lock()
	if x := d.state.incidents[id]; x != nil {
		x.CardLink = link
		d.keep(x)
	}
	d.mu.Unlock()
	if err := d.o.Store.Amend(ctx, resultID, investigations.Amendment{ShownAt: []string{link}}); err != nil {
		d.log.Warn("store where an incident is shown", "case", id, "err", err)
	}
	return link
}

// notes writes the verdict into the PagerDuty incidents whose alerts asked for it, and says whether all are there.
func (d *Desk) notes(ctx context.Context, alerts []bot.AlertRef, text string) bool {
	if d.o.Pager == nil {
		return true
	}
	done, all := map[string]bool{}, true
	for _, a := range alerts {
		if a.Incident == "" || done[a.Incident] {
			continue
		}
		done[a.Incident] = true
		all = d.note1(ctx, a.Incident, text) && all
	}
	return all
}

// noteLate writes the verdict that there is already into PagerDuty incidents that joined it only now.
func (d *Desk) noteLate(ctx context.Context, all []bot.Alert) {
	for _, a := range all {
		if a.Source != bot.SourcePagerDuty || a.Resolved || d.o.Pager == nil {
			continue
		}
		d.mu.Lock()
		x := d.state.top(d.state.alert(a.Source, a.ID))
		told := x != nil && x.State == bot.StateJudged && x.Told == x.toldKey()
		d.mu.Unlock()
		if told {
			d.spawn(ctx, func() {
				d.mu.Lock()
				missing, resultID := x.result == nil, x.ResultID
				d.mu.Unlock()
				if missing {
					_ = d.recallResult(ctx, x.ID, resultID) // without it there is no note to write
				}
				d.mu.Lock()
				v := d.view(x)
				d.mu.Unlock()
				if !d.note1(ctx, a.ID, card.Note(v)) {
					d.mu.Lock()
					x.Owes, x.tellAgain = true, d.now().Add(noteAgain)
					d.keep(x)
					d.mu.Unlock()
				}
			})
		}
	}
}

// noteTries is how often it is tried to write a note before that is left for later.
const noteTries = 4

// note1 writes one note, once: PagerDuty is asked whether it is there where it is not known. It says whether it is.
func (d *Desk) note1(ctx context.Context, incident, text string) bool {
	if text == "" {
		return true
	}
	key := "pagerduty/note/" + incident
	mark, _, err := d.o.Store.Begin(ctx, investigations.Work{Key: key, Kind: "pagerduty.note", BegunAt: d.now().UTC()})
	if err != nil || !mark.EndedAt.IsZero() {
		return err == nil
	}
	for try := range noteTries {
		call, cancel := context.WithTimeout(ctx, noteTimeout)
		err = d.o.Pager.Note(call, incident, "oombot", text)
		cancel()
		if err == nil || ctx.Err() != nil || try == noteTries-1 {
			break
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(5 * time.Second << try):
		}
	}
	if err != nil {
		d.metrics.failures.WithLabelValues("pagerduty").Inc()
		d.log.Warn("write a note into a PagerDuty incident", "incident", incident, "err", err)
		return false
	}
	if err := d.o.Store.End(context.WithoutCancel(ctx), key, "noted"); err != nil {
		d.log.Warn("mark a note", "incident", incident, "err", err)
	}
	return true
}

// tally is how people judge a verdict.
type tally struct{ ups, downs int }

func countVotes(t investigations.Trace) tally {
	ups, downs := memory.Votes(memory.HeadOf(t))
	return tally{ups, downs}
}

// votesOf are the votes on a result that is stored already, as one is that was investigated again.
func (d *Desk) votesOf(ctx context.Context, resultID string) tally {
	t, err := d.o.Store.Trace(ctx, resultID)
	if err != nil {
		return tally{} // nobody can have judged what is not stored
	}
	return countVotes(t)
}

// similarTo are the precedents of a result that may be told of where c holds, with where they were told.
func (d *Desk) similarTo(ctx context.Context, res *investigations.Result, c Channel) []bot.Similar {
	var out []bot.Similar
	for _, p := range res.Precedents {
		s := bot.Similar{Precedent: p}
		if t, err := d.o.Store.Trace(ctx, p.ID); err == nil {
			s = similarOf(t)
			s.Precedent = p
		}
		if c.namespace(s.Target.Namespace) {
			out = append(out, s)
		}
	}
	return out
}

func similarOf(t investigations.Trace) bot.Similar {
	s := bot.Similar{
		Precedent: investigations.Precedent{ID: t.Result.ID, Outcome: t.Outcome.State},
		At:        t.Result.At, Target: t.Result.Target, Headline: t.Result.Verdict.Headline, Cause: t.Result.Verdict.Cause,
	}
	if len(t.ShownAt) > 0 {
		s.Link = t.ShownAt[len(t.ShownAt)-1]
	}
	return s
}
