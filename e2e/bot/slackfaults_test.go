package bot

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

// The incident of most tests of faults, and another one.
const (
	leak  = "ads/gateway-zxthbd6kg-tcr7d"
	spike = "orders/app-gshfxtfxx-lns4r"
)

// once fails unless each pod has one thread of the bot in the channel, and one verdict.
func once(t testing.TB, s *slackfake.Server, targets ...string) {
	t.Helper()
	time.Sleep(2500 * time.Millisecond) // what is posted twice is posted by now
	onceIn(t, s, channel, targets...)
}

// onceIn is once of any channel, and does not wait.
func onceIn(t testing.TB, s *slackfake.Server, channel string, targets ...string) {
	t.Helper()
	if n := len(cards(s, channel)); n != len(targets) {
		t.Errorf("%d incidents have %d threads in %s", len(targets), n, channel)
	}
	oneVerdict(t, s, channel, targets...)
}

// oneVerdict fails unless each pod has one verdict in a channel.
func oneVerdict(t testing.TB, s *slackfake.Server, channel string, targets ...string) {
	t.Helper()
	for _, target := range targets {
		if n := len(oombot.Verdicts(s, channel, podOf(target))); n != 1 {
			t.Errorf("%s has %d verdicts in %s", target, n, channel)
		}
	}
}

// TestSlackDown has Slack be away while an alert comes in: it is taken, and told of when Slack is back.
func TestSlackDown(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]slackfake.Down{"silent": slackfake.Silent, "failing": slackfake.Failing} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSlack(t, slackfake.Options{}, "Internal Server Error")
			r := startServe(t, s, t.TempDir(), configuration, "--bundles", examples)
			s.SetDown(how)
			r.WaitReadiness(t, http.StatusServiceUnavailable)
			r.firing(t, leak)
			time.Sleep(4 * time.Second)
			s.SetDown(slackfake.Up)
			waitVerdict(t, s, podOf(leak))
			r.WaitReadiness(t, http.StatusOK)
			once(t, s, leak)
			if _, err := s.Mention("U0ADA", channel, "investigate "+spike); err != nil {
				t.Fatal(err)
			}
			waitVerdict(t, s, podOf(spike))
		})
	}
}

// TestRateLimited has Slack take no posts and no edits for a while. The bot waits as long as it is told to.
func TestRateLimited(t *testing.T) {
	t.Parallel()
	s := newSlack(t, slackfake.Options{}, http.StatusText(http.StatusTooManyRequests))
	r := startServe(t, s, t.TempDir(), configuration, "--bundles", examples)
	const wait = 3 * time.Second
	s.RateLimit("chat.postMessage", 2, wait)
	s.RateLimit("chat.update", 1, wait)
	s.RateLimit("files.getUploadURLExternal", 1, wait)
	r.firing(t, leak, spike)
	waitVerdict(t, s, podOf(leak))
	waitVerdict(t, s, podOf(spike))
	once(t, s, leak, spike)
	for _, method := range []string{"chat.postMessage", "chat.update"} {
		var refused time.Time
		for _, c := range s.Calls(method) {
			if gap := c.At.Sub(refused); !refused.IsZero() && gap < wait {
				t.Errorf("%s was called %s after it was told to wait for %s", method, gap, wait)
			}
			refused = time.Time{}
			if c.Error != "" {
				refused = c.At
			}
		}
	}
}

// TestTokenRevoked has the token be revoked, and made good again.
func TestTokenRevoked(t *testing.T) {
	t.Parallel()
	s := newSlack(t, slackfake.Options{}, "token_revoked")
	r := startServe(t, s, t.TempDir(), configuration, "--bundles", examples)
	s.Revoke("token_revoked")
	r.WaitReadiness(t, http.StatusServiceUnavailable)
	r.firing(t, leak)
	time.Sleep(3 * time.Second)
	if status, says := oombot.Get(t, r.URL+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(says, "slack") {
		t.Errorf("while the token is revoked /readyz answers %d: %s", status, says)
	}
	s.Revoke("")
	waitVerdict(t, s, podOf(leak))
	r.WaitReadiness(t, http.StatusOK)
	once(t, s, leak)
}

// TestArchived has the channel be archived: the incident is remembered, and the bot goes on elsewhere.
func TestArchived(t *testing.T) {
	t.Parallel()
	s := newSlack(t, slackfake.Options{}, "is_archived")
	oombot.AddChannel(t, s, second)
	r := startServe(t, s, t.TempDir(), strings.Replace(configuration, "{C0INCIDENTS: {auto: true}}", "{C0INCIDENTS: {auto: true}, C0SECOND: {}}", 1), "--bundles", examples)
	if err := s.Archive(channel); err != nil {
		t.Fatal(err)
	}
	r.firing(t, leak)
	oombot.Until(t, "a post into the archived channel", func() bool { return len(s.Calls("chat.postMessage")) > 0 })
	if _, err := s.Mention("U0ADA", second, "investigate "+spike); err != nil {
		t.Fatal(err)
	}
	oombot.Wait(t, s, "a verdict in the other channel", func(s *slackfake.Server) bool { return verdictOf(s, second, podOf(spike)).TS != "" })
	if n := len(s.Calls("chat.postMessage")); n > 10 {
		t.Errorf("chat.postMessage was called %d times", n)
	}
	r.Stop(t)
	if stored := history(t, r.dir); !strings.Contains(stored, podOf(leak)) {
		t.Error("the incident of the archived channel is not remembered")
	}
}

// TestKicked has the bot be removed from its channel, and invited again.
func TestKicked(t *testing.T) {
	t.Parallel()
	s := newSlack(t, slackfake.Options{}, "not_in_channel", "channel_not_found")
	r := startServe(t, s, t.TempDir(), configuration, "--bundles", examples)
	if err := s.Kick(channel); err != nil {
		t.Fatal(err)
	}
	r.firing(t, leak)
	oombot.Until(t, "a post into the channel", func() bool { return len(s.Calls("chat.postMessage")) > 0 })
	time.Sleep(2 * time.Second)
	if err := s.Invite(channel); err != nil {
		t.Fatal(err)
	}
	waitVerdict(t, s, podOf(leak))
	once(t, s, leak)
}

// TestCardDeleted has an administrator delete the verdict: it stays away, and the bot goes on.
func TestCardDeleted(t *testing.T) {
	t.Parallel()
	s := newSlack(t, slackfake.Options{}, "message_not_found", "thread_not_found")
	r := startServe(t, s, t.TempDir(), configuration, "--bundles", examples)
	r.firing(t, leak)
	v := waitVerdict(t, s, podOf(leak))
	if err := s.Delete(channel, v.TS); err != nil {
		t.Fatal(err)
	}
	if got := r.alertmanager(t, "resolved", leak); got != http.StatusOK {
		t.Errorf("the end of the alert was answered %d", got)
	}
	r.firing(t, spike)
	waitVerdict(t, s, podOf(spike))
	time.Sleep(3 * time.Second)
	if v := verdictOf(s, channel, podOf(leak)); v.TS != "" {
		t.Errorf("the verdict that was deleted is back:\n%s", v.Blocks)
	}
}

// TestLostAnswers has answers of Slack be lost after it did what it was asked.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]slackfake.Fault{
		"cut off": {Method: "chat.postMessage", Times: 2, Lost: true},
		"500":     {Method: "chat.postMessage", Times: 2, Lost: true, Status: http.StatusInternalServerError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSlack(t, slackfake.Options{}, "Internal Server Error", "connection closed")
			r := startServe(t, s, t.TempDir(), configuration, "--bundles", examples)
			s.Fault(lost)
			r.firing(t, leak, spike)
			waitVerdict(t, s, podOf(leak))
			waitVerdict(t, s, podOf(spike))
			once(t, s, leak, spike)
		})
	}
}

// TestDeliveredAgain has everything be delivered on two connections or twice, and the socket be closed in all ways.
func TestDeliveredAgain(t *testing.T) {
	t.Parallel()
	s := newSlack(t, slackfake.Options{DuplicateDeliveries: true})
	startServe(t, s, t.TempDir(), configuration, "--bundles", examples)
	if _, err := s.PostAs(channel, alertPost("B0ALERTS", leak)); err != nil {
		t.Fatal(err)
	}
	ask, err := s.Mention("U0ADA", channel, "investigate "+spike)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range s.Deliveries() {
		s.Redeliver(d)
	}
	waitVerdict(t, s, podOf(leak))
	v := waitVerdict(t, s, podOf(spike))
	if v.ThreadTS != ask {
		t.Errorf("the verdict is in thread %q, and was asked for in %q", v.ThreadTS, ask)
	}
	for _, how := range []string{slackfake.Warning, slackfake.RefreshRequested, slackfake.TooManyWebsockets, "drop"} {
		if how == "drop" {
			s.Drop()
		} else {
			s.Disconnect(how)
		}
		root, err := s.Mention("U0BEN", channel, "help")
		if err != nil {
			t.Fatal(err)
		}
		oombot.Wait(t, s, "an answer after "+how, func(s *slackfake.Server) bool { return len(s.Replies(channel, root)) > 1 })
		for _, d := range s.Deliveries() {
			s.Redeliver(d)
		}
		time.Sleep(1500 * time.Millisecond)
		if n := len(s.Replies(channel, root)); n != 2 {
			t.Errorf("after %s there are %d answers to one question", how, n-1)
		}
	}
	oombot.Wait(t, s, "all is acknowledged", (*slackfake.Server).Settled)
	oneVerdict(t, s, channel, leak, spike)
}

// TestMalformed has another bot post what no client can read, and Slack send frames of which nothing is known.
func TestMalformed(t *testing.T) {
	t.Parallel()
	s := newSlack(t, slackfake.Options{})
	startServe(t, s, t.TempDir(), configuration, "--bundles", examples)
	p := alertPost("B0ALERTS", leak)
	p.Blocks = []byte(`[{"type": "section", "text": "no object", "fields": 7}, {"type": 3}, "no block", {"type": "rich_text", "elements": {"a": 1}}]`)
	root, err := s.PostAs(channel, p)
	if err != nil {
		t.Fatal(err)
	}
	if v := waitVerdict(t, s, podOf(leak)); v.ThreadTS != root {
		t.Errorf("the verdict is in thread %q, and the alert is %q", v.ThreadTS, root)
	}
	var raw []*slackfake.Delivery
	for i, frame := range []string{
		`{"envelope_id": %q, "type": "events_api", "payload": {"type": "event_callback", "event": {"type": "message", "blocks": {"a": []}, "channel": 7}}}`,
		`{"envelope_id": %q, "type": "events_api", "payload": {"type": "event_callback", "event": "no object"}}`,
		`{"envelope_id": %q, "type": "events_api", "payload": []}`,
		`{"envelope_id": %q, "type": "something_new", "payload": {"a": 1}}`,
	} {
		id := fmt.Sprintf("raw-%d", i)
		raw = append(raw, s.Raw(id, fmt.Appendf(nil, frame, id)))
	}
	for i, d := range raw {
		select {
		case <-d.Done():
		case <-t.Context().Done():
		}
		if !d.Acked() {
			t.Errorf("frame %d was not acknowledged", i)
		}
	}
	if _, err := s.Mention("U0ADA", channel, "investigate "+spike); err != nil {
		t.Fatal(err)
	}
	waitVerdict(t, s, podOf(spike))
}

// TestEndsThoughSlackHangs has Slack answer nothing while the bot is told to end.
func TestEndsThoughSlackHangs(t *testing.T) {
	t.Parallel()
	s := newSlack(t, slackfake.Options{})
	dir := t.TempDir()
	r := startServe(t, s, dir, configuration, "--bundles", examples)
	end := s.Fault(slackfake.Fault{Method: "chat.postMessage", Hang: true})
	r.firing(t, leak)
	time.Sleep(3 * time.Second)
	if n := len(own(s, channel)); n != 0 {
		t.Fatalf("there are %d messages though Slack hangs", n)
	}
	if took := r.Stop(t); took > 10*time.Second {
		t.Errorf("it took %s to end", took)
	}
	end()
	startServe(t, s, dir, configuration, "--bundles", examples)
	waitVerdict(t, s, podOf(leak))
	once(t, s, leak)
}
