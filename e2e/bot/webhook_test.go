package bot

import (
	"net/http"
	"strings"
	"testing"

	"github.com/oombot/oombot/bot/slackfake"
)

// TestWebhooksRefuse has forged webhooks of all sources come: they leave nothing. What is replayed has no effect.
func TestWebhooksRefuse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSlack(t, slackfake.Options{})
	r := startServe(t, s, t.TempDir(), `
slack: {channels: {C0INCIDENTS: {auto: true}}}
alertmanager: {channel: C0INCIDENTS, bearer_token_file: `+write(t, dir, "token", bearer)+`}
pagerduty: {channel: C0INCIDENTS, webhook_secret_file: `+write(t, dir, "secret", pagerSecret)+`}
`, "--bundles", examples)
	body, page := managerBody("firing", spike), pagerBody("incident.triggered", "Q0FORGED", "OOM in "+spike)
	for name, forged := range map[string]struct {
		path, body string
		header     []string
	}{
		"no token":              {"/webhooks/alertmanager", body, nil},
		"another token":         {"/webhooks/alertmanager", body, []string{"Authorization", "Bearer another"}},
		"the start of it":       {"/webhooks/alertmanager", body, []string{"Authorization", "Bearer " + bearer[:8]}},
		"another scheme":        {"/webhooks/alertmanager", body, []string{"Authorization", "Basic " + bearer}},
		"no signature":          {"/webhooks/pagerduty", page, nil},
		"another secret":        {"/webhooks/pagerduty", page, []string{signatureHeader, sign("another", page)}},
		"of another body":       {"/webhooks/pagerduty", page, []string{signatureHeader, sign(pagerSecret, page+" ")}},
		"no version":            {"/webhooks/pagerduty", page, []string{signatureHeader, strings.TrimPrefix(sign(pagerSecret, page), "v1=")}},
		"for socket mode's bot": {"/slack/events", body, nil},
	} {
		want := http.StatusUnauthorized
		if forged.path == "/slack/events" {
			want = http.StatusNotFound // nobody listens there in socket mode
		}
		if got := r.post(t, forged.path, forged.body, forged.header...); got != want {
			t.Errorf("%s: answered %d, want %d", name, got, want)
		}
	}
	for range 3 {
		if got := r.post(t, "/webhooks/alertmanager", managerBody("firing", leak), "Authorization", "Bearer "+bearer); got != http.StatusOK {
			t.Fatalf("a true webhook was answered %d", got)
		}
	}
	waitVerdict(t, s, podOf(leak))
	once(t, s, leak)
	r.Stop(t)
	if stored := history(t, r.dir); strings.Contains(stored, podOf(spike)) || !strings.Contains(stored, podOf(leak)) {
		t.Errorf("%s does not hold what it should: of %s, nothing of %s", memoryIn(r.dir), leak, spike)
	}
}
