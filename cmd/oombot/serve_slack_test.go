package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
)

// inWorkspace is `oombot serve` on the examples, in a workspace with a channel and a person.
func inWorkspace(t *testing.T, slack *slackfake.Server, args ...string) *served {
	t.Helper()
	bot, app := slack.Tokens()
	env := []string{"SLACK_BOT_TOKEN=" + bot, "SLACK_APP_TOKEN=" + app, "OOMBOT_SLACK_API_URL=" + slack.APIURL()}
	r := launch(t, env, nil, append([]string{"serve", "--bundles", "../../examples", "--listen", "127.0.0.1:0"}, args...)...)
	r.url = "http://" + r.await(t, `msg=listening addr=(\S+)`)
	r.await(t, "connected to Slack")
	return r
}

// waitFor waits until a thread tells something.
func waitFor(t *testing.T, slack *slackfake.Server, channel, thread, what string, done func(thread string) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := slack.Wait(ctx, func(s *slackfake.Server) bool { return done(s.Thread(channel, thread)) }); err != nil {
		t.Fatalf("the thread never tells %s:\n%s", what, slack.Thread(channel, thread))
	}
}

// TestServeInSlack has a person ask, and an alert come: each gets its verdict in a thread, and a restart posts nothing
// again. What was asked for and isn't there is said.
func TestServeInSlack(t *testing.T) {
	slack := slackfake.New(slackfake.Options{})
	if err := slack.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := slack.Close(); err != nil {
			t.Error(err)
		}
	})
	user := slack.AddUser(slackfake.User{Name: "ann"})
	channel := slack.AddChannel(slackfake.Channel{ID: "C0INCIDENTS", Name: "incidents", Members: []string{user}})
	if err := slack.Invite(channel); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cfg := filepath.Join(dir, "oombot.yaml")
	text := "alertmanager: {channel: " + channel + "}\nslack: {channels: {" + channel + ": {auto: true}}}\n"
	if err := os.WriteFile(cfg, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--config", cfg, "--memory", filepath.Join(dir, "memory.db")}
	r := inWorkspace(t, slack, args...)
	if status, state := r.ready(t); status != 200 {
		t.Errorf("ready: %d %+v", status, state)
	}

	asked, err := slack.Mention(user, channel, "investigate ads/gateway-zxthbd6kg-tcr7d")
	if err != nil {
		t.Fatal(err)
	}
	verdict := func(thread string) bool {
		return strings.Contains(thread, "gateway-zxthbd6kg-tcr7d") && strings.Contains(thread, "leak") && strings.Contains(strings.ToLower(thread), "confidence")
	}
	waitFor(t, slack, channel, asked, "the verdict", verdict)

	alert := strings.NewReplacer("shop", "platform-eu", "checkout-7c9d8f6b5-x2x4p", "web-vkzvmhn8m9-xcbsj", `"app"`, `"web"`).Replace(oneAlert)
	if status, body := r.ask(t, "POST", "/webhooks/alertmanager", alert); status != 200 {
		t.Fatalf("the webhook is answered %d %s", status, body)
	}
	waitFor(t, slack, channel, "", "the alert's verdict", func(string) bool {
		return slices.ContainsFunc(slack.Messages(channel), func(m slackfake.Message) bool {
			says := m.Text + string(m.Blocks)
			return strings.Contains(says, "web-vkzvmhn8m9-xcbsj") && strings.Contains(strings.ToLower(says), "confidence")
		})
	})

	unknown, err := slack.Mention(user, channel, "investigate ads/gatway")
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, slack, channel, unknown, "what was meant", func(thread string) bool { return strings.Contains(thread, "did you mean ads/gateway?") })

	if status := r.stop(); status != exitDone {
		t.Errorf("it ends with status %d:\n%s", status, r.journal)
	}
	r = inWorkspace(t, slack, args...)
	known, err := slack.Mention(user, channel, "history")
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, slack, channel, known, "the incident that was before", func(thread string) bool { return strings.Contains(thread, "gateway-zxthbd6kg-tcr7d") })
	posted := map[string]int{}
	for _, m := range slack.Messages(channel) {
		if posted[m.ThreadTS+m.Text+strings.Join(m.Files, " ")]++; posted[m.ThreadTS+m.Text+strings.Join(m.Files, " ")] > 1 {
			t.Errorf("it is posted twice: %+v", m)
		}
	}
	if status := r.stop(); status != exitDone {
		t.Errorf("it ends with status %d:\n%s", status, r.journal)
	}
}
