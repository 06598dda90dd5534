package desk_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/bot/slackfake"
)

// BenchmarkStorm has 10,000 alerts of 500 workloads on 50 nodes come within a minute, half of them by webhook and half as
// posts of an alert bot, and the bot killed in the middle. It reports how long acknowledgements took, how much of the
// bot's process was resident at most, and the shortest time between two posts to the channel; it fails where one was
// lost.
func BenchmarkStorm(b *testing.B) {
	const n, workloads, span = 10_000, 500, 58 * time.Second
	for b.Loop() {
		s := newSlack(b, patient)
		path, addr := filepath.Join(b.TempDir(), "memory.db"), freeAddr(b)
		c := startChild(b, path, s, addr)
		var most int64
		stop := make(chan struct{})
		var watch sync.WaitGroup
		watch.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(250 * time.Millisecond):
					most = max(most, resident("http://"+addr))
				}
			}
		})
		began := time.Now()
		hooks, events := paced(b, s, c.url, n, workloads, span, func() {
			c.kill()
			c = startChild(b, path, s, addr)
		})
		b.ReportMetric(time.Since(began).Seconds(), "s-sending")
		wait(b, s, "all deliveries acknowledged", (*slackfake.Server).Settled)
		var got census
		for range 600 {
			if got = c.census(b); got.Alerts >= n {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		close(stop)
		watch.Wait()
		c.kill()
		if got.Alerts != n || got.Threads > workloads {
			b.Errorf("%d alerts are counted in %d threads, want %d in at most %d", got.Alerts, got.Threads, n, workloads)
		}
		b.ReportMetric(float64(got.Threads), "threads")
		b.ReportMetric(percentile(hooks, 99), "ms-p99-webhook")
		b.ReportMetric(percentile(hooks, 50), "ms-p50-webhook")
		b.ReportMetric(percentile(events, 99), "ms-p99-event")
		b.ReportMetric(percentile(events, 50), "ms-p50-event")
		b.ReportMetric(float64(most)/(1<<20), "MB-resident")
		if gap, ok := s.TightestGap(); ok {
			b.ReportMetric(gap.Seconds(), "s-between-posts")
		}
	}
}

func resident(url string) int64 {
	data, err := get(context.Background(), url+"/memory")
	if err != nil {
		return 0 // it was killed just now
	}
	n, _ := strconv.ParseInt(string(data), 10, 64)
	return n
}

func percentile(all []time.Duration, p int) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(len(all)-1, len(all)*p/100)].Seconds() * 1000
}

// paced sends alerts evenly over a span of time and returns how long the acknowledgements took that were made by a bot
// that was there when they came.
func paced(b *testing.B, s *slackfake.Server, url string, n, workloads int, span time.Duration, middle func()) (hooks, events []time.Duration) {
	alertBot := s.AddBot(slackfake.Bot{ID: "BALERT", AppID: "AALERT", UserID: "UALERT", Name: "Alertmanager"})
	if err := s.Invite("C1", "UALERT"); err != nil {
		b.Fatal(err)
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	began := time.Now()
	limit := make(chan struct{}, 256)
	for i := range n {
		time.Sleep(time.Until(began.Add(span * time.Duration(i) / time.Duration(n))))
		if i == n/2 {
			middle()
		}
		pod := fmt.Sprintf("svc%d-7c9d8f6b5-%s", i%workloads, podSuffix(i))
		limit <- struct{}{}
		group.Go(func() {
			defer func() { <-limit }()
			if i%2 == 0 {
				if took, ok := postAndWait(b, s, alertBot, pod); ok {
					mu.Lock()
					events = append(events, took)
					mu.Unlock()
				}
				return
			}
			for try := 0; ; try++ {
				sent := time.Now()
				if err := postAlerts(b.Context(), url, "firing", pod); err == nil {
					if try == 0 {
						mu.Lock()
						hooks = append(hooks, time.Since(sent))
						mu.Unlock()
					}
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
	}
	group.Wait()
	return hooks, events
}

// postAndWait has an alert bot post, and returns how long the event took to be acknowledged; ok is false where the first
// attempt met no bot.
func postAndWait(b *testing.B, s *slackfake.Server, alertBot, pod string) (took time.Duration, ok bool) {
	sent := time.Now()
	ts, err := s.PostAs("C1", firingPost(alertBot, pod))
	if err != nil {
		b.Error(err)
		return 0, false
	}
	d := deliveryOf(s, ts)
	if d == nil {
		return 0, false
	}
	<-d.Done()
	return time.Since(sent), d.Acked() && d.Attempts() == 1
}

// deliveryOf is what the bot was told of a message; nil where it was told nothing.
func deliveryOf(s *slackfake.Server, ts string) *slackfake.Delivery {
	for _, d := range slices.Backward(s.Deliveries()) {
		if bytes.Contains(d.Payload(), []byte(ts)) {
			return d
		}
	}
	return nil
}
