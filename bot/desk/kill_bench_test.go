package desk_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/slackfake"
	"github.com/oombot/oombot/investigations"
)

// BenchmarkKill has kills that node agents saw told of: from the moment at which a report is in the inbox to the first
// card of each thread in Slack's stand-in, where a look for a pod takes 100 ms. Each round is in a channel of its own,
// since a channel takes about one message a second. It fails where there are more threads than there are to be. Where
// kills come one after the other, each card is measured from its own kill, and each call of Slack takes 150 ms: files and
// edits of the kills before are on their way when the next comes.
func BenchmarkKill(b *testing.B) {
	for _, bb := range []struct {
		name           string
		kills, threads int
		// every is the time between two kills.
		every time.Duration
		// workload and node are those of the nth kill.
		workload, node func(n int) int
	}{
		{"one", 1, 1, 0, func(n int) int { return n }, func(n int) int { return n }},
		{"100 of a workload", 100, 1, 0, func(int) int { return 0 }, func(n int) int { return n }},
		{"100 of a node", 100, 1, 0, func(n int) int { return n }, func(int) int { return 0 }},
		{"5 of 5 nodes", 5, 5, 0, func(n int) int { return n }, func(n int) int { return n }},
		{"12 of 12 nodes in turn", 12, 12, 1700 * time.Millisecond, func(n int) int { return n }, func(n int) int { return n }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			s, c := newSlack(b, slackfake.Options{}), newCluster()
			if bb.every > 0 {
				s.Fault(slackfake.Fault{Delay: 150 * time.Millisecond})
			}
			c.slow = 100 * time.Millisecond
			w := openWorkspace(b, s, filepath.Join(b.TempDir(), "memory.db"), c)
			defer func() { w.stop() }()
			time.Sleep(1100 * time.Millisecond) // channels rest after a start
			var took []time.Duration
			for round := 0; b.Loop(); round++ {
				channel := fmt.Sprintf("C1%05d", round)
				s.AddChannel(slackfake.Channel{ID: channel, Name: "incidents-" + channel, Members: []string{"U1"}})
				if err := s.Invite(channel); err != nil {
					b.Fatal(err)
				}
				var told []time.Time
				for n := range bb.kills {
					if bb.every > 0 && n > 0 {
						took = append(took, cardAfter(b, s, channel, n, told[n-1]))
						time.Sleep(time.Until(told[n-1].Add(bb.every)))
					}
					told = append(told, time.Now())
					w.tell(b, channel, fmt.Sprintf("r%dsvc%d", round, bb.workload(n)), fmt.Sprintf("r%dn%d", round, bb.node(n)), n)
				}
				if bb.every > 0 {
					took = append(took, cardAfter(b, s, channel, bb.kills, told[bb.kills-1]))
					continue
				}
				for n := 1; n <= bb.threads; n++ {
					took = append(took, cardAfter(b, s, channel, n, told[0]))
				}
			}
			time.Sleep(3 * time.Second)
			if n := threads(s, "C100000"); n != bb.threads {
				b.Errorf("%d threads, want %d", n, bb.threads)
			}
			b.ReportMetric(percentile(took, 50), "ms-p50-card")
			b.ReportMetric(percentile(took, 99), "ms-p99-card")
		})
	}
}

// cardAfter is how long after a moment there are so many threads in a channel.
func cardAfter(b *testing.B, s *slackfake.Server, channel string, n int, since time.Time) time.Duration {
	b.Helper()
	wait(b, s, "a card", func(s *slackfake.Server) bool { return threads(s, channel) >= n })
	return time.Since(since)
}

// tell accepts a kill of a pod of a workload as the intake of node agents does.
func (w *workspace) tell(b *testing.B, channel, workload, node string, n int) {
	b.Helper()
	pod := workload + "-7c9d8f6b5-" + podSuffix(n)
	w.verdict("shop", workload, pod, node, investigations.CauseNodeOvercommit, investigations.BoundaryNode, nil)
	a := bot.Alert{
		Source: bot.SourceAgent, ID: node + "/" + pod, Title: "main was OOM killed", StartsAt: time.Now(), Memory: true,
		Targets: []investigations.Target{{Namespace: "shop", Pod: pod, Container: "main"}},
		Kill:    &bot.Kill{Node: node, PodUID: "uid-" + pod, PID: int64(n + 1), Comm: "main", At: time.Now(), Boundary: investigations.BoundaryNode},
	}
	e := bot.Event{Kind: bot.EventAlerts, Channel: channel, At: a.StartsAt, Alerts: []bot.Alert{a}}
	if err := bot.Accept(b.Context(), w.store, w, "agent/"+a.ID, e); err != nil {
		b.Fatal(err)
	}
}

// threads are the messages that begin one in a channel.
func threads(s *slackfake.Server, channel string) int {
	n := 0
	for _, m := range s.Messages(channel) {
		if m.ThreadTS == "" || m.ThreadTS == m.TS {
			n++
		}
	}
	return n
}
