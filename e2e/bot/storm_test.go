package bot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/oombot"
)

const second = "C0SECOND"

// sender sends alerts as Alertmanager does: again and again until they are taken.
type sender struct {
	mu  sync.Mutex
	bot *serve
}

func (x *sender) to(r *serve) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.bot = r
}

func (x *sender) send(t testing.TB, pods ...string) {
	for t.Context().Err() == nil {
		x.mu.Lock()
		r := x.bot
		x.mu.Unlock()
		if r.alertmanager(t, "firing", pods...) == http.StatusOK {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// TestStormOverCrashes has the bot killed again and again while alerts of thirty workloads come in by webhook, by the
// posts of an alert bot and by mentions: each gets one verdict in one thread, and none is lost.
func TestStormOverCrashes(t *testing.T) {
	t.Parallel()
	bundles, dir := t.TempDir(), t.TempDir()
	pods := services(t, bundles, 30)
	hooked, posted, asked := pods[:14], pods[14:24], pods[24:]

	s := newSlack(t, slackfake.Options{DuplicateDeliveries: true, AckTimeout: time.Second, MaxRetries: 60, RetryDelay: 300 * time.Millisecond})
	oombot.AddChannel(t, s, second)
	config := strings.Replace(configuration, "C0INCIDENTS: {auto: true}", "C0INCIDENTS: {auto: true}, C0SECOND: {auto: true}", 1)
	begin := func() *serve { return startServe(t, s, dir, config, "--bundles", bundles) }
	r := begin()
	x := &sender{bot: r}

	var storm sync.WaitGroup
	storm.Go(func() {
		for i, p := range hooked {
			x.send(t, p)
			x.send(t, hooked[i/2], p) // a repeat beside it
			time.Sleep(150 * time.Millisecond)
		}
	})
	threads := map[string]string{}
	storm.Go(func() {
		for i, p := range posted {
			if _, err := s.PostAs(second, alertPost("B0ALERTS", p)); err != nil {
				t.Error(err)
			}
			if i < len(asked) {
				ts, err := s.Mention("U0ADA", second, "investigate "+asked[i])
				if err != nil {
					t.Error(err)
				}
				threads[asked[i]] = ts
			}
			time.Sleep(300 * time.Millisecond)
		}
	})
	for range 3 {
		time.Sleep(1500 * time.Millisecond)
		r.Kill()
		r = begin()
		x.to(r)
	}
	storm.Wait()
	oombot.Wait(t, s, "a verdict in the middle", func(s *slackfake.Server) bool {
		return len(verdicts(s)) >= 5 && len(oombot.Verdicts(s, second, "")) >= 5
	})
	r.Kill()
	r = begin()
	x.to(r)

	oombot.Wait(t, s, "a verdict of every pod", func(s *slackfake.Server) bool {
		return len(verdicts(s)) >= len(hooked) && len(oombot.Verdicts(s, second, "")) >= len(posted)+len(asked)
	})
	time.Sleep(2 * time.Second) // what is posted twice is posted by now
	onceIn(t, s, channel, hooked...)
	onceIn(t, s, second, append(posted, asked...)...)
	for target, root := range threads {
		if m := verdictOf(s, second, podOf(target)); m.ThreadTS != root {
			t.Errorf("the verdict of %s is in thread %q, not below what was asked", target, m.ThreadTS)
		}
	}
	for _, d := range s.Deliveries() {
		if d.Failed() {
			t.Errorf("a delivery of %s was never acknowledged", d.EventType)
		}
	}
	r.Stop(t)
}

// alertPost is what Alertmanager posts into a channel about a pod.
func alertPost(bot, target string) slackfake.BotPost {
	ns, pod, _ := strings.Cut(target, "/")
	attachments, err := json.Marshal([]map[string]any{{
		"color": "danger", "title": fmt.Sprintf("[FIRING:1] ContainerOOMKilled (%s %s)", ns, pod), "title_link": "http://alertmanager.example/#/alerts",
		"text": fmt.Sprintf("namespace: %s\npod: %s", ns, pod), "fallback": "[FIRING:1] ContainerOOMKilled",
	}})
	if err != nil {
		panic(err) // it has nothing that can't be written
	}
	return slackfake.BotPost{Bot: bot, Attachments: attachments}
}
