package bot

import (
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

const channel = "C0INCIDENTS"

// configuration is that of a bot with one channel in which alerts start investigations.
const configuration = `
slack: {channels: {C0INCIDENTS: {auto: true}}}
alertmanager: {channel: C0INCIDENTS}
`

// newSlack begins a workspace with a channel that the bot is in. At the end of the test it judges what the bot did there;
// faults are Slack's errors that the test brings about itself.
func newSlack(t testing.TB, o slackfake.Options, faults ...string) *slackfake.Server {
	t.Helper()
	s := oombot.NewSlack(t, o, faults...)
	t.Cleanup(func() { wellBehaved(t, s) })
	oombot.AddChannel(t, s, channel)
	return s
}

func verdicts(s *slackfake.Server) []slackfake.Message { return oombot.Verdicts(s, channel, "") }

// verdictOf is the verdict that names a pod; its TS is empty where there is none.
func verdictOf(s *slackfake.Server, channel, pod string) slackfake.Message {
	if all := oombot.Verdicts(s, channel, pod); len(all) > 0 {
		return all[0]
	}
	return slackfake.Message{}
}

// waitVerdict waits for the verdict that names a pod.
func waitVerdict(t testing.TB, s *slackfake.Server, pod string) slackfake.Message {
	t.Helper()
	return oombot.WaitVerdict(t, s, channel, pod)
}

// own are the messages of the bot in a channel.
func own(s *slackfake.Server, channel string) []slackfake.Message {
	var out []slackfake.Message
	for _, m := range s.Messages(channel) {
		if m.AppID != "" && m.BotID != oombot.AlertBot {
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

// wellBehaved fails where Slack would not have liked how often it was called; and where a thread has two verdicts.
func wellBehaved(t testing.TB, s *slackfake.Server) {
	t.Helper()
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
		for _, m := range oombot.Verdicts(s, c.ID, "") {
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
