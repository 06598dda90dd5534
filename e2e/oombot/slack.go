package oombot

import (
	"slices"
	"strings"
	"testing"

	"github.com/oombot/oombot/bot/slackfake"
)

// The people of a workspace, and the alert bot in it.
const (
	Ada      = "U0ADA"
	Ben      = "U0BEN"
	AlertBot = "B0ALERTS"
)

// alertUser is the user that the alert bot posts as.
const alertUser = "U0ALERTS"

// NewSlack begins a workspace with two people and an alert bot. At the end of the test no call of the bot may have been
// answered by another error than faults, which the test brings about itself.
func NewSlack(t testing.TB, o slackfake.Options, faults ...string) *slackfake.Server {
	t.Helper()
	s := slackfake.New(o)
	t.Cleanup(func() { _ = s.Close() })
	t.Cleanup(func() {
		for _, c := range s.Calls() {
			if c.Error != "" && c.Error != "already_reacted" && !slices.Contains(faults, c.Error) {
				t.Errorf("%s was answered %s: %v", c.Method, c.Error, c.Args)
			}
		}
	})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.AddUser(slackfake.User{ID: Ada, Name: "ada"})
	s.AddUser(slackfake.User{ID: Ben, Name: "ben"})
	s.AddBot(slackfake.Bot{ID: AlertBot, AppID: "A0ALERTS", UserID: alertUser, Name: "Alertmanager"})
	return s
}

// AddChannel adds a channel with everybody in it, the bot too. Its name is made of its id, which begins with C0.
func AddChannel(t testing.TB, s *slackfake.Server, id string) {
	t.Helper()
	s.AddChannel(slackfake.Channel{ID: id, Name: strings.ToLower(strings.TrimPrefix(id, "C0")), Members: []string{Ada, Ben, alertUser}})
	if err := s.Invite(id); err != nil {
		t.Fatal(err)
	}
}

// Verdicts are the messages of a channel that can be voted on and name a pod; "" is any. The oldest is the first.
func Verdicts(s *slackfake.Server, channel, pod string) []slackfake.Message {
	var out []slackfake.Message
	for _, m := range s.Messages(channel) {
		if IsVerdict(m) && strings.Contains(string(m.Blocks), pod) {
			out = append(out, m)
		}
	}
	return out
}

// IsVerdict says whether a message can be voted on.
func IsVerdict(m slackfake.Message) bool { return strings.Contains(string(m.Blocks), "verdict_up") }

// WaitVerdict waits for the verdict that names a pod.
func WaitVerdict(t testing.TB, s *slackfake.Server, channel, pod string) slackfake.Message {
	t.Helper()
	Wait(t, s, "the verdict of "+pod, func(s *slackfake.Server) bool { return len(Verdicts(s, channel, pod)) > 0 })
	return Verdicts(s, channel, pod)[0]
}
