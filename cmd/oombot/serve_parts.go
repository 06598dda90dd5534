package main

import (
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
)

// policyOf is who may ask what where.
func policyOf(c config.Slack) desk.Policy {
	p := desk.Policy{Channels: map[string]desk.Channel{}, AllowGuests: c.AllowGuests, AllowConnect: c.AllowConnect}
	for id, channel := range c.Channels {
		p.Channels[id] = desk.Channel{
			Auto: channel.Auto, AlertBots: channel.AlertBots, UserGroups: channel.UserGroups,
			Namespaces: globs(channel.Namespaces), Mute: globs(channel.Mute),
		}
	}
	return p
}

func globs(all []config.Glob) []string {
	var out []string
	for _, g := range all {
		out = append(out, string(g))
	}
	return out
}

// linksOf returns the dashboards of a target in a span of time; nil where none is configured.
func linksOf(c config.Links) func(t investigations.Target, from, to time.Time) []bot.Link {
	if c.Grafana == "" && c.Prometheus == "" {
		return nil
	}
	return func(t investigations.Target, from, to time.Time) []bot.Link {
		var out []bot.Link
		for _, l := range []struct {
			title    string
			template config.Link
		}{{"Grafana", c.Grafana}, {"Prometheus", c.Prometheus}} {
			if l.template != "" {
				out = append(out, bot.Link{Title: l.title, URL: l.template.Expand(t.Namespace, t.Pod, from, to)})
			}
		}
		return out
	}
}
