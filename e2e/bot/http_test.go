package bot

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

// httpMode is configuration in which Slack is heard by signed HTTP.
const httpMode = `
slack: {mode: http, channels: {C0INCIDENTS: {auto: true}}}
alertmanager: {channel: C0INCIDENTS}
`

// TestHTTP has a person ask, vote and look around where Slack sends signed requests, each of them twice.
func TestHTTP(t *testing.T) {
	t.Parallel()
	addr := oombot.FreeAddress(t)
	s := newSlack(t, slackfake.Options{
		SigningSecret: signingSecret, EventsURL: "http://" + addr + "/slack/events",
		InteractionsURL: "http://" + addr + "/slack/interactions", CommandsURL: "http://" + addr + "/slack/commands",
	}, "exchanged_trigger_id") // a press that comes twice has a trigger that was used
	r := start(t, t.TempDir(), oombot.Serve{
		Slack: s, Config: httpMode, Listen: addr, HTTP: true,
		Args: []string{"--bundles", examples}, Env: []string{"SLACK_SIGNING_SECRET=" + signingSecret},
	})
	if err := s.VerifyURL(t.Context()); err != nil {
		t.Error(err)
	}
	forged(t, r)

	root, err := s.Mention("U0ADA", channel, "investigate ads/gateway-zxthbd6kg-tcr7d")
	if err != nil {
		t.Fatal(err)
	}
	v := waitVerdict(t, s, "gateway-zxthbd6kg-tcr7d")
	if v.ThreadTS != root {
		t.Errorf("the verdict is in thread %q, and was asked for in %q", v.ThreadTS, root)
	}
	for _, user := range []string{"U0ADA", "U0BEN"} {
		if _, err := s.Click(channel, v.TS, "verdict_up", user); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Click(channel, v.TS, "verdict_down", "U0BEN"); err != nil {
		t.Fatal(err)
	}
	oombot.Wait(t, s, "a dialog that asks why", func(s *slackfake.Server) bool { return len(s.Modals("U0BEN")) == 1 })
	if _, err := s.SubmitModal(s.Modals("U0BEN")[0].ID, map[string]string{"cause": "load_spike", "note": "it was the import"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Slash("U0ADA", channel, "/oombot", "history"); err != nil {
		t.Fatal(err)
	}
	oombot.Wait(t, s, "the history, for who asked", func(s *slackfake.Server) bool {
		for _, m := range s.Ephemerals(channel, "U0ADA") {
			if strings.Contains(string(m.Blocks)+m.Text, "gateway") {
				return true
			}
		}
		return false
	})
	if err := s.OpenHome("U0ADA"); err != nil {
		t.Fatal(err)
	}
	oombot.Wait(t, s, "the Home tab", func(s *slackfake.Server) bool {
		home, ok := s.Home("U0ADA")
		return ok && strings.Contains(string(home.JSON), "gateway")
	})
	for _, d := range s.Deliveries() {
		s.Redeliver(d)
	}
	oombot.Wait(t, s, "all is acknowledged", (*slackfake.Server).Settled)
	time.Sleep(2 * time.Second) // what is done twice is done by now
	if n := len(verdicts(s)); n != 1 {
		t.Errorf("there are %d verdicts after all was delivered twice", n)
	}
	r.Stop(t)
	stored := history(t, r.dir)
	for _, want := range []string{`"U0ADA"`, `"U0BEN"`, `"up"`, `"down"`, `"load_spike"`, "it was the import"} {
		if !strings.Contains(stored, want) {
			t.Errorf("the stored incident does not hold %s:\n%s", want, stored)
		}
	}
}

// forged sends requests that are not Slack's, each of which asks for an investigation.
func forged(t *testing.T, r *serve) {
	t.Helper()
	body := `{"type": "event_callback", "event_id": "Ev0FORGED", "team_id": "T1", "event": {"type": "app_mention", "user": "U0ADA", "text": "<@U0> investigate orders/app-gshfxtfxx-lns4r", "ts": "1700000000.000100", "channel": "C0INCIDENTS"}}`
	now, old := strconv.FormatInt(time.Now().Unix(), 10), strconv.FormatInt(time.Now().Add(-10*time.Minute).Unix(), 10)
	for name, header := range map[string][]string{
		"unsigned":              nil,
		"another secret":        {"X-Slack-Request-Timestamp", now, "X-Slack-Signature", slackfake.Sign("another", now, []byte(body))},
		"another body":          {"X-Slack-Request-Timestamp", now, "X-Slack-Signature", slackfake.Sign(signingSecret, now, []byte(body+" "))},
		"signed too long ago":   {"X-Slack-Request-Timestamp", old, "X-Slack-Signature", slackfake.Sign(signingSecret, old, []byte(body))},
		"a time that is not it": {"X-Slack-Request-Timestamp", now, "X-Slack-Signature", slackfake.Sign(signingSecret, old, []byte(body))},
	} {
		for _, path := range []string{"/slack/events", "/slack/interactions", "/slack/commands"} {
			if got := r.post(t, path, body, header...); got != http.StatusUnauthorized {
				t.Errorf("%s: %s answers %d to a forged request", name, path, got)
			}
		}
	}
}

// history is what is stored of all incidents, as `oombot history` shows it.
func history(t testing.TB, dir string) string {
	t.Helper()
	return string(oombot.RunWell(t, oombot.Command{Args: []string{"history", "export", "--memory", memoryIn(dir)}}).Stdout)
}
