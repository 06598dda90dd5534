package node

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/oombot"
)

// TestKillToCard kills one workload after the other, and takes the time from the end of each process to the message that
// opens its thread.
func TestKillToCard(t *testing.T) {
	p := newPlace(t)
	var took []time.Duration
	next := p.crowd(t, number(t, "OOMBOT_E2E_THREADS", 50))
	for w := next(); w != nil; w = next() {
		took = append(took, p.killToCard(t, w))
	}
	slices.Sort(took)
	t.Logf("from the end of the process to the first card, %d times: p50 %s, p90 %s, p99 %s, most %s", len(took),
		quantile(took, 0.5), quantile(took, 0.9), quantile(took, 0.99), took[len(took)-1])
	threads := 0
	for i := range teams {
		threads += len(p.cardsIn(teamChannel(i)))
	}
	if threads != len(took) {
		t.Errorf("%d workloads have %d threads", len(took), threads)
	}
	p.end(t)
}

// BenchmarkKillToCard is TestKillToCard with its figures reported.
func BenchmarkKillToCard(b *testing.B) {
	p := newPlace(b)
	next := p.crowd(b, b.N)
	var took []time.Duration
	b.ResetTimer()
	for range b.N {
		took = append(took, p.killToCard(b, next()))
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(quantile(took, 0.5).Milliseconds()), "p50-ms")
	b.ReportMetric(float64(quantile(took, 0.99).Milliseconds()), "p99-ms")
	p.end(b)
}

// teams is among how many namespaces, each with a channel, workloads are spread: Slack takes a message a second of a
// channel, and the one before is not to be measured.
const teams = 6

func teamChannel(i int) string { return fmt.Sprintf("C0TEAM%d", i%teams) }

func teamNamespace(i int) string { return fmt.Sprintf("team-%d", i%teams) }

// crowd starts all parts, with so many workloads, and returns what hands these out; nil where there is no further one.
func (p *place) crowd(t testing.TB, n int) func() *workload {
	t.Helper()
	var channels []string
	for i := range teams {
		oombot.AddChannel(t, p.slack, teamChannel(i))
		channels = append(channels, fmt.Sprintf("%s: {auto: true, namespaces: [%s]}", teamChannel(i), teamNamespace(i)))
	}
	p.channels = "{" + strings.Join(channels, ", ") + "}"
	p.agents = fmt.Sprintf("{token_file: %q}", p.token)
	var all []*workload
	for i := range n {
		name := fmt.Sprintf("svc-%03d", i)
		all = append(all, p.deployIn(t, teamNamespace(i), name, &container{name: name, request: 4, limit: 16}, unlimited()))
	}
	p.scrape(t, all...)
	p.serve(t)
	p.watch(t)
	return func() *workload {
		if len(all) == 0 {
			return nil
		}
		w := all[0]
		all = all[1:]
		return w
	}
}

// killToCard kills a workload, and returns how long after it the thread was opened. It waits then for a moment of some
// length, so that nothing falls into step.
func (p *place) killToCard(t testing.TB, w *workload) time.Duration {
	t.Helper()
	hog := p.start(t, w.containers[0], 64)
	cgroup.FirstKilled(t, hog)
	w.containers[0].restart(t, w, "OOMKilled", hog.At)
	p.put(t, w.object())
	var at time.Time
	oombot.Wait(t, p.slack, "the card of "+w.pod, func(s *slackfake.Server) bool {
		for _, c := range s.Calls("chat.postMessage") {
			if c.Args["thread_ts"] == "" && strings.Contains(c.Args["blocks"], w.pod) {
				at = c.At
			}
		}
		return !at.IsZero()
	})
	time.Sleep(100*time.Millisecond + rand.N(time.Second))
	return at.Sub(hog.At)
}

// quantile is one of sorted times, the nearest rank.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)].Round(time.Millisecond)
}
