package main

import (
	"context"
	"time"

	"github.com/oombot/oombot/bot/slackio"
	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
)

// checkBot says whether what `oombot serve` needs beyond the sources is there: Slack's tokens and permissions, and what is
// missing of PagerDuty's. Where neither is configured there is nothing to check.
func (a *app) checkBot(ctx context.Context, cfg *config.Config) []investigations.Check {
	var out []investigations.Check
	if slackConfigured(cfg) {
		for _, f := range slackFaults(cfg.Slack) {
			out = append(out, investigations.Check{
				Tool: "slack", Name: "configuration", State: investigations.CheckFail, Says: f, Fix: "docs/slack.md says where each stands",
			})
		}
		ctx, cancel := context.WithTimeout(ctx, time.Duration(cfg.Limits.SourceTimeout))
		defer cancel()
		if cfg.Slack.BotToken.Set() {
			out = append(out, newSlackClient(cfg.Slack, a.now).Check(ctx)...)
		}
		if cfg.Slack.Mode == config.SlackSocket && cfg.Slack.AppToken.Set() {
			socket := slackio.NewSocket(slackio.SocketOptions{Token: cfg.Slack.AppToken.Value, API: cfg.Slack.APIURL})
			out = append(out, socket.Check(ctx))
		}
	}
	p := cfg.PagerDuty
	k := investigations.Check{Tool: "pagerduty", Name: "configuration", State: investigations.CheckWarn}
	switch {
	case p.WebhookSecret.Set() && !p.APIToken.Set():
		k.Says = "its webhooks are taken, and tell no more than a title"
		k.Fix = "set PAGERDUTY_API_TOKEN, so that the pods of an incident's alerts are known and notes go back"
	case p.APIToken.Set() && p.From == "":
		k.Says, k.Fix = "its alerts are read, and no note goes back", "set pagerduty.from to the e-mail address of a user"
	case p.APIToken.Set():
		k.State, k.Says = investigations.CheckOK, "its alerts are read, and notes go back as "+p.From
	default:
		return out
	}
	return append(out, k)
}
