package main

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/alerts"
	"github.com/oombot/oombot/bot/slackio"
	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/nodes"
)

// ear is what hears of events from outside. Its functions may be nil.
type ear struct {
	name string
	// run hears until ctx ends.
	run func(ctx context.Context)
	// mount adds what is heard over HTTP.
	mount func(mux *http.ServeMux)
	// open says whether it can hear at the moment.
	open func() bool
}

// slackClient returns what speaks in Slack; nil where Slack is not configured.
func (s *server) slackClient() *slackio.Client {
	if !slackConfigured(s.config) {
		return nil
	}
	return newSlackClient(s.config.Slack, s.app.now)
}

func newSlackClient(c config.Slack, now func() time.Time) *slackio.Client {
	return slackio.NewClient(slackio.ClientOptions{Token: c.BotToken.Value, API: c.APIURL, Now: now})
}

// pager returns what reads and annotates incidents of PagerDuty; nil where nothing is configured.
func (s *server) pager() bot.Pager {
	c := s.config.PagerDuty
	if !c.APIToken.Set() {
		return nil
	}
	return alerts.NewPager(alerts.PagerOptions{URL: c.APIURL, Token: c.APIToken.Value, From: c.From})
}

// ears returns all that hears. client is nil where Slack is not configured.
func (s *server) ears(client *slackio.Client, inbox investigations.Inbox, ledger *nodes.Ledger, to bot.Receiver, metrics prometheus.Registerer) []ear {
	out := []ear{{name: "webhooks", mount: s.webhooks(inbox, to, metrics)}, s.agentsEar(inbox, ledger, to, metrics)}
	if client == nil {
		return out
	}
	intake := &slackio.Intake{Inbox: inbox, To: to, Self: client.Self, Log: s.log, Now: s.app.now}
	if s.config.Slack.Mode == config.SlackHTTP {
		return append(out, ear{name: "slack", mount: slackio.NewHTTP(slackio.HTTPOptions{
			Intake: intake, Secret: s.config.Slack.SigningSecret.Value,
		}).Mount})
	}
	socket := slackio.NewSocket(slackio.SocketOptions{
		Intake: intake, Token: s.config.Slack.AppToken.Value, API: s.config.Slack.APIURL,
	})
	return append(out, ear{name: "slack", run: socket.Run, open: socket.Connected})
}

// webhooks adds those of the sources of alerts.
func (s *server) webhooks(inbox investigations.Inbox, to bot.Receiver, metrics prometheus.Registerer) func(*http.ServeMux) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oombot_webhook_requests_total", Help: "Requests of alert sources, by what became of them.",
	}, []string{"source", "outcome"})
	metrics.MustRegister(requests)
	options := func(channel string) alerts.Options {
		return alerts.Options{Inbox: inbox, To: to, Channel: channel, Log: s.log, Now: s.app.now, Count: func(source string, o alerts.Outcome) {
			requests.WithLabelValues(source, string(o)).Inc()
		}}
	}
	c := s.config
	return func(mux *http.ServeMux) {
		mux.Handle("/webhooks/alertmanager", alerts.Alertmanager(options(c.Alertmanager.Channel), c.Alertmanager.BearerToken.Value, true))
		mux.Handle("/webhooks/pagerduty", alerts.PagerDuty(options(c.PagerDuty.Channel), c.PagerDuty.WebhookSecret.Value))
	}
}

// eventsMux is where events are heard over HTTP.
func eventsMux(ears []ear) *http.ServeMux {
	mux := http.NewServeMux()
	for _, e := range ears {
		if e.mount != nil {
			e.mount(mux)
		}
	}
	return mux
}
