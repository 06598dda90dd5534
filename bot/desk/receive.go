package desk

import (
	"context"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/alerts"
	"github.com/oombot/oombot/bot/card"
)

var _ bot.Receiver = (*Desk)(nil)

// Wants implements bot.Receiver: what people say to each other is not stored.
func (d *Desk) Wants(e bot.Event) bool {
	switch e.Kind {
	case bot.EventMessage:
		if e.Author != nil {
			return d.alertPost(e)
		}
		return e.Addressed || e.Direct || d.knows(e.Channel, e.ThreadTS)
	case bot.EventEdited:
		return e.Author != nil && (d.knows(e.Channel, e.TS) || d.alertPost(e))
	case bot.EventDeleted:
		return d.knows(e.Channel, e.TS)
	case bot.EventReaction:
		return voteOf(e.Reaction) != "" && (d.knows(e.Channel, e.TS) || d.posting(e.Channel))
	}
	return true
}

// knows says whether a message is the first of an incident's thread, its card, or an alert's post.
func (d *Desk) knows(channel, ts string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.at(channel, ts) != nil
}

// alertPost says whether a post of an app is an alert in its channel.
func (d *Desk) alertPost(e bot.Event) bool {
	c, listed := d.o.Policy.Channels[e.Channel]
	if !listed || e.Shared && !d.o.Policy.AllowConnect {
		return false
	}
	may, named := c.alertBot(e.Author, e.User)
	if !may {
		return false
	}
	_, looks := alerts.FromPost(e)
	return looks || named
}

// Pressed implements bot.Receiver: it opens the dialog that a press asks for, which can't wait for the inbox.
func (d *Desk) Pressed(e bot.Event, trigger string) {
	if d.o.Slack == nil || e.Press == nil || e.Press.Action != bot.ActionDown || trigger == "" {
		return
	}
	d.mu.Lock()
	x := d.state.incidents[e.Press.Value]
	if x == nil || x.result == nil && x.ResultID == "" {
		d.mu.Unlock()
		return
	}
	id, cause := x.ID, x.Sign.Cause
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second) // as long as the trigger is good for
	d.spawn(ctx, func() {
		defer cancel()
		if d.may(ctx, e).why != "" {
			return
		}
		if err := d.o.Slack.Open(ctx, trigger, card.FeedbackModal(id, cause)); err != nil {
			d.log.Warn("open the dialog for what was wrong with a verdict", "case", id, "err", err)
		}
	})
}
