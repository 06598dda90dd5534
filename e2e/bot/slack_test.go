package bot

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
)

const channel = "C0INCIDENTS"

// configuration is that of a bot with one channel in which alerts start investigations.
const configuration = `
slack: {channels: {C0INCIDENTS: {auto: true}}}
alertmanager: {channel: C0INCIDENTS}
`

// newSlack begins a workspace with a person, an alert bot and a channel that the bot is in. At the end of the test it
// judges what the bot did there; faults are Slack's errors that the test brings about itself.
func newSlack(t testing.TB, o slackfake.Options, faults ...string) *slackfake.Server {
	t.Helper()
	s := slackfake.New(o)
	t.Cleanup(func() { _ = s.Close() })
	t.Cleanup(func() { wellBehaved(t, s, faults) })
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.AddUser(slackfake.User{ID: "U0ADA", Name: "ada"})
	s.AddUser(slackfake.User{ID: "U0BEN", Name: "ben"})
	s.AddBot(slackfake.Bot{ID: "B0ALERTS", AppID: "A0ALERTS", UserID: "U0ALERTS", Name: "Alertmanager"})
	addChannel(t, s, channel)
	return s
}

// addChannel adds a channel with everybody in it.
func addChannel(t testing.TB, s *slackfake.Server, id string) {
	t.Helper()
	s.AddChannel(slackfake.Channel{ID: id, Name: strings.ToLower(id[2:]), Members: []string{"U0ADA", "U0BEN", "U0ALERTS"}})
	if err := s.Invite(id); err != nil {
		t.Fatal(err)
	}
}

// wait waits until the stand-in shows what is wanted.
func wait(t testing.TB, s *slackfake.Server, what string, done func(*slackfake.Server) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := s.Wait(ctx, done); err != nil {
		var b strings.Builder
		_ = s.Dump(&b)
		t.Fatalf("%s: %v\n%s", what, err, b.String())
	}
}

// verdictsIn are the messages of a channel that can be voted on.
func verdictsIn(s *slackfake.Server, channel string) []slackfake.Message {
	var out []slackfake.Message
	for _, m := range s.Messages(channel) {
		if strings.Contains(string(m.Blocks), "verdict_up") {
			out = append(out, m)
		}
	}
	return out
}

func verdicts(s *slackfake.Server) []slackfake.Message { return verdictsIn(s, channel) }

// verdictOf is the verdict that names a pod; its TS is empty where there is none.
func verdictOf(s *slackfake.Server, channel, pod string) slackfake.Message {
	for _, m := range verdictsIn(s, channel) {
		if strings.Contains(string(m.Blocks), pod) {
			return m
		}
	}
	return slackfake.Message{}
}

// waitVerdict waits for the verdict that names a pod.
func waitVerdict(t testing.TB, s *slackfake.Server, pod string) slackfake.Message {
	t.Helper()
	wait(t, s, "the verdict of "+pod, func(s *slackfake.Server) bool { return verdictOf(s, channel, pod).TS != "" })
	return verdictOf(s, channel, pod)
}

// own are the messages of the bot in a channel.
func own(s *slackfake.Server, channel string) []slackfake.Message {
	var out []slackfake.Message
	for _, m := range s.Messages(channel) {
		if m.AppID != "" && m.BotID != "B0ALERTS" {
			out = append(out, m)
		}
	}
	return out
}

// cards are the messages of the bot that open a thread of a channel, or are the first below somebody else's.
func cards(s *slackfake.Server, channel string) []slackfake.Message {
	seen := map[string]bool{}
	var out []slackfake.Message
	for _, m := range own(s, channel) {
		thread := m.ThreadTS
		if thread == "" {
			thread = m.TS
		}
		if !seen[thread] {
			seen[thread] = true
			out = append(out, m)
		}
	}
	return out
}

// wellBehaved fails where Slack did not take a call, or would not have liked how often it was called; and where a thread
// has two verdicts.
func wellBehaved(t testing.TB, s *slackfake.Server, faults []string) {
	t.Helper()
	for _, c := range s.Calls() {
		if c.Error != "" && c.Error != "already_reacted" && !slices.Contains(faults, c.Error) {
			t.Errorf("%s was answered %s: %v", c.Method, c.Error, c.Args)
		}
	}
	if gap, ok := s.TightestGap(); ok && gap < time.Second {
		t.Errorf("two posts to a channel were %s apart", gap)
	}
	edited := map[string]time.Time{}
	for _, c := range s.Calls("chat.update") {
		message := c.Args["channel"] + " " + c.Args["ts"]
		if last, ok := edited[message]; ok && c.At.Sub(last) < 1500*time.Millisecond {
			t.Errorf("two edits of message %s were %s apart", message, c.At.Sub(last))
		}
		edited[message] = c.At
	}
	for _, c := range s.Channels() {
		votable := map[string]int{}
		for _, m := range verdictsIn(s, c.ID) {
			thread := m.ThreadTS
			if thread == "" {
				thread = m.TS
			}
			if votable[thread]++; votable[thread] == 2 {
				t.Errorf("thread %s of %s has more than one verdict:\n%s", thread, c.ID, s.Thread(c.ID, thread))
			}
		}
	}
}
