package desk

import (
	"context"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/alerts"
)

// alertsIn are the alerts that a message is taken to be: at least one.
func alertsIn(e bot.Event) []bot.Alert {
	if all, ok := alerts.FromPost(e); ok && len(all) > 0 {
		return all
	}
	return []bot.Alert{alerts.FromText(e)}
}

// alertAsk is what a message asks to investigate where a person points to it: an alert, or words that name something.
func (d *Desk) alertAsk(ctx context.Context, e bot.Event) bot.Ask {
	a := alertsIn(e)[0]
	if a.Source == bot.SourcePagerDuty {
		a = d.paged(ctx, a)
	}
	ask := bot.Ask{Targets: a.Targets, At: a.StartsAt, Cluster: a.Cluster}
	if len(ask.Targets) == 0 {
		if c := understand(e.Text, false); c.verb == verbInvestigate {
			ask.Words = c.target
		}
	}
	return ask
}

// pointsUp says whether a person in a thread means what its first message tells of: "investigate", "why did this die?".
func pointsUp(e bot.Event, c command) bool {
	if e.ThreadTS == "" || c.target != "" {
		return false
	}
	return c.verb == verbInvestigate || c.verb == verbRerun || c.verb == verbNone && died.MatchString(c.text)
}

// above investigates what the first message of a thread tells of, of which nothing is known yet. It says whether there
// is anything to investigate in it.
func (d *Desk) above(ctx context.Context, e bot.Event, key string, origin bot.Origin, rules Channel) bool {
	if d.o.Slack == nil {
		return false
	}
	call, cancel := context.WithTimeout(ctx, slackTimeout)
	defer cancel()
	root, err := d.o.Slack.Read(call, e.Channel, e.ThreadTS)
	if err != nil {
		d.log.Warn("read the first message of a thread", "channel", e.Channel, "err", err)
		return false
	}
	ask := d.alertAsk(ctx, root)
	if len(ask.Targets) == 0 && ask.Words == "" {
		return false
	}
	ask.Namespaces = rules.Namespaces
	d.ask(ctx, e, key, ask, origin, firstLine(root.Text))
	return true
}
