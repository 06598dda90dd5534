package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

const examples = "../../examples"

// TestServe asks for every example by a mention, and has the bot told to end.
func TestServe(t *testing.T) {
	t.Parallel()
	s := newSlack(t, slackfake.Options{})
	r := startServe(t, s, t.TempDir(), configuration, "--bundles", examples)
	for i, target := range []string{
		"ads/gateway-zxthbd6kg-tcr7d", "search/web-0", "orders/app-gshfxtfxx-lns4r", "platform-eu/web-vkzvmhn8m9-xcbsj", "payments/sessions-8rgv9hdcd-k6wnj",
		"web/checkout-gcwkhsvt2-nmjv9", "payments/pricing-npfkj2lf8-kdfs5", "team-blue/api-dmjsqkdhcb-4swkr", "ads/cart-0",
		"shop/session-cache-r6zfkknl-bs85d", "team-blue/checkout-splbggwt9-wqg7d", "platform-eu/pricing-7cthbzgm8n-m4hcr",
	} {
		root, err := s.Mention("U0ADA", channel, "investigate "+target)
		if err != nil {
			t.Fatal(err)
		}
		oombot.Wait(t, s, "the verdict of "+target, func(s *slackfake.Server) bool { return len(verdicts(s)) == i+1 })
		thread := s.Replies(channel, root)
		if _, pod, _ := strings.Cut(target, "/"); len(thread) < 2 || !strings.Contains(string(thread[1].Blocks), pod) {
			t.Errorf("the thread of %s has no verdict that names the pod", target)
		}
	}
	if took := r.Stop(t); took > 10*time.Second {
		t.Errorf("it took %s to end", took)
	}
}
