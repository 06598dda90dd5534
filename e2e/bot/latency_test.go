package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

// TestLatency tells how long it takes from an alert to the first card and to the verdict. It asserts no times: those of a
// busy machine say nothing.
func TestLatency(t *testing.T) {
	t.Parallel()
	s := newSlack(t, slackfake.Options{})
	r := startServe(t, s, t.TempDir(), configuration, "--bundles", examples)
	for i, target := range []string{leak, spike, "payments/sessions-8rgv9hdcd-k6wnj", "web/checkout-gcwkhsvt2-nmjv9"} {
		sent := time.Now()
		r.firing(t, target)
		acknowledged := time.Since(sent)
		oombot.Wait(t, s, "the card of "+target, func(s *slackfake.Server) bool { return len(cards(s, channel)) == i+1 })
		card := time.Since(sent)
		waitVerdict(t, s, podOf(target))
		t.Logf("%s: the alert was acknowledged after %s, its card was there after %s, its verdict after %s",
			target, acknowledged.Round(time.Millisecond), card.Round(time.Millisecond), time.Since(sent).Round(time.Millisecond))
	}
	measured := r.metric(t, "oombot_first_verdict_seconds_sum")
	t.Logf("the investigations themselves took, by oombot's own metrics: %s seconds together", measured)
}

// metric is the value of one of the bot's own metrics, which has no labels.
func (r *serve) metric(t testing.TB, name string) string {
	t.Helper()
	_, body := oombot.Get(t, r.URL+"/metrics")
	for line := range strings.Lines(body) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("there is no metric %s", name)
	return ""
}
