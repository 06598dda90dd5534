package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
)

func TestPolicyOf(t *testing.T) {
	c, err := config.Parse([]byte(`slack: {allow_guests: true, channels: {C1: {auto: true, alert_bots: [B1], namespaces: [shop, "pay-*"], user_groups: [S1], mute: [Watchdog]}, C2: {}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := desk.Policy{AllowGuests: true, Channels: map[string]desk.Channel{
		"C1": {Auto: true, AlertBots: []string{"B1"}, Namespaces: []string{"shop", "pay-*"}, UserGroups: []string{"S1"}, Mute: []string{"Watchdog"}},
		"C2": {},
	}}
	if diff := cmp.Diff(want, policyOf(c.Slack)); diff != "" {
		t.Error(diff)
	}
}

func TestLinksOf(t *testing.T) {
	if linksOf(config.Links{}) != nil {
		t.Error("nothing is configured, and there are links")
	}
	links := linksOf(config.Links{Prometheus: "http://prometheus/graph?ns={namespace}&pod={pod}&from={from}&to={to}"})
	got := links(investigations.Target{Namespace: "shop", Pod: "a&b"}, time.UnixMilli(1), time.UnixMilli(2))
	want := []bot.Link{{Title: "Prometheus", URL: "http://prometheus/graph?ns=shop&pod=a%26b&from=1&to=2"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestServeWarnings(t *testing.T) {
	c := config.Default()
	c.Slack.Channels = map[string]config.Channel{"C1": {}}
	c.PagerDuty.Channel, c.Alertmanager.Channel = "C1", "C2"
	var got []string
	for _, w := range serveWarnings(c) {
		got = append(got, w.says+" → "+w.todo)
	}
	want := []string{
		"Slack is not configured: what is found is remembered, and shown nowhere → set SLACK_BOT_TOKEN and SLACK_APP_TOKEN; 'oombot history list' shows what is found meanwhile",
		"whoever reaches the port can send alerts of Alertmanager → set alertmanager.bearer_token_file",
		"alerts are shown in the channel of alertmanager.channel, and questions there are refused, since slack.channels lacks it → add C2: {auto: true} below slack.channels",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
