package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oombot/oombot/cmd/oombot/config"
)

// serveFaults are what serve can't do without, and what to do about each.
func serveFaults(c *config.Config, f serveFlags) []string {
	var out []string
	if c.Memory.File == config.MemoryNone && f.bundles == "" {
		out = append(out, "serve keeps what it is told in a file before it says that it has it: name one by --memory, OOMBOT_MEMORY or memory.file")
	}
	if slackConfigured(c) {
		out = append(out, slackFaults(c.Slack)...)
	}
	return out
}

// slackConfigured says whether anybody has given a secret of Slack's.
func slackConfigured(c *config.Config) bool {
	return c.Slack.BotToken.Set() || c.Slack.AppToken.Set() || c.Slack.SigningSecret.Set()
}

// slackFaults are the secrets that are missing, and tokens that were taken for each other.
func slackFaults(s config.Slack) []string {
	var out []string
	need := func(secret config.Secret, what, env, key, why string) {
		if !secret.Set() {
			out = append(out, fmt.Sprintf("%s is missing, %s; set %s, or have %s name a file that holds it", what, why, env, key))
		}
	}
	need(s.BotToken, "Slack's bot token (xoxb-…)", "SLACK_BOT_TOKEN", "slack.bot_token_file", "with which the bot posts")
	if s.Mode == config.SlackHTTP {
		need(s.SigningSecret, "Slack's signing secret", "SLACK_SIGNING_SECRET", "slack.signing_secret_file", "without which no request can be told from a forged one")
	} else {
		need(s.AppToken, "Slack's app-level token (xapp-…, with connections:write)", "SLACK_APP_TOKEN", "slack.app_token_file", "with which Socket Mode connects")
	}
	swapped := func(secret config.Secret, what, begins, is string) {
		if value, err := secret.Value(); err == nil && strings.HasPrefix(value, begins) {
			out = append(out, fmt.Sprintf("what is given as Slack's %s begins with %s, as the %s does", what, begins, is))
		}
	}
	swapped(s.BotToken, "bot token", "xapp-", "app-level token")
	swapped(s.AppToken, "app-level token", "xoxb-", "bot token")
	return out
}

// warning is something that works, and likely not as it was meant.
type warning struct{ says, todo string }

// serveWarnings are what a person should know of a configuration before the first alert comes.
func serveWarnings(c *config.Config) []warning {
	var out []warning
	add := func(says, format string, args ...any) { out = append(out, warning{says, fmt.Sprintf(format, args...)}) }
	if !slackConfigured(c) {
		add("Slack is not configured: what is found is remembered, and shown nowhere",
			"set SLACK_BOT_TOKEN and SLACK_APP_TOKEN; 'oombot history list' shows what is found meanwhile")
	}
	if !c.Alertmanager.BearerToken.Set() {
		add("whoever reaches the port can send alerts of Alertmanager", "set alertmanager.bearer_token_file")
	}
	if c.PagerDuty.APIToken.Set() && c.PagerDuty.From == "" {
		add("PagerDuty takes notes in the name of a user only", "set pagerduty.from to the e-mail address of one")
	}
	if says, todo := killsUnseen(c); says != "" {
		add(says, "%s", todo)
	}
	for _, place := range []struct{ key, channel string }{
		{"pagerduty.channel", c.PagerDuty.Channel}, {"alertmanager.channel", c.Alertmanager.Channel}, {"agents.channel", c.Agents.Channel},
	} {
		_, known := c.Slack.Channels[place.channel]
		if place.channel != "" && len(c.Slack.Channels) > 0 && !known {
			add("alerts are shown in the channel of "+place.key+", and questions there are refused, since slack.channels lacks it",
				"add %s: {auto: true} below slack.channels", place.channel)
		}
	}
	return out
}

// killsUnseen says which kills no channel is for, and what to do about it; "" where there is one for each.
func killsUnseen(c *config.Config) (says, todo string) {
	switch {
	case !slackConfigured(c) || agentChannel(c)("") != "":
		return "", ""
	case c.Agents.Channel == "" && !anyAuto(c.Slack):
		return "kills that node agents see are remembered, and shown nowhere", "set agents.channel, or auto: true for a channel below slack.channels"
	}
	return "kills that node agents see are shown nowhere, and only remembered, where they are outside of pods, where their pod can't be found, " +
			"and in namespaces that no channel names",
		"set agents.channel to a channel without namespaces, or auto: true for one below slack.channels"
}

// anyAuto says whether there is a channel in which alerts start investigations.
func anyAuto(s config.Slack) bool {
	for _, c := range s.Channels {
		if c.Auto {
			return true
		}
	}
	return false
}

// tellConfiguration logs what the server does, without a secret.
func (s *server) tellConfiguration(f serveFlags) {
	c := s.config
	slack := "off"
	if slackConfigured(c) {
		slack = string(c.Slack.Mode)
	}
	args := []any{
		"version", readVersion().Version, "slack", slack, "memory", c.Memory.File, "model", s.model.name,
		"channels", strings.Join(slices.Sorted(maps.Keys(c.Slack.Channels)), " "), "concurrent", c.Limits.Concurrent,
		"starts_per_minute", c.Limits.StartsPerMinute, "pagerduty", c.PagerDuty.WebhookSecret.Set(),
	}
	if f.bundles != "" {
		args = append(args, "bundles", f.bundles, "incidents", s.incidents)
	} else {
		args = append(args, "cluster", c.Cluster)
	}
	if s.election != nil {
		args = append(args, "lease", s.election.namespace+"/"+s.election.name, "replica", s.election.identity)
	}
	s.log.Info("starting", args...)
}
