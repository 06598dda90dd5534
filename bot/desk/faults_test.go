package desk_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

const pod = "checkout-7c9d8f6b5-x2x4p"

func (b *bench) leak() {
	b.verdict("shop", "checkout", pod, "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
}

// verdicts are the messages that show a verdict.
func (b *bench) verdicts() []*message {
	var out []*message
	for _, m := range b.room.all() {
		if !m.gone && strings.Contains(shows(m.Message), bot.ActionUp) {
			out = append(out, m)
		}
	}
	return out
}

// wantThreads wants so many threads in the channel; when says more of that.
func (b *bench) wantThreads(t *testing.T, when string, want int) {
	t.Helper()
	if n := len(b.room.roots("C1")); n != want {
		t.Errorf("%s there are %d threads, want %d", when, n, want)
	}
}

// wantVerdicts wants so many messages that can be voted on; when says more of that.
func (b *bench) wantVerdicts(t *testing.T, when string, want int) {
	t.Helper()
	if n := len(b.verdicts()); n != want {
		t.Errorf("%s there are %d verdicts, want %d", when, n, want)
	}
}

func slackError(f bot.SlackFault, reason string, after time.Duration) error {
	return &bot.SlackError{Fault: f, Method: "chat.postMessage", Reason: reason, After: after}
}

// TestSlackFaults has Slack fail in all ways for a while: afterwards the verdict is there, once.
func TestSlackFaults(t *testing.T) {
	for name, err := range map[string]error{
		"down for minutes": slackError(bot.FaultDown, "service_unavailable", 0),
		"429 for an hour":  slackError(bot.FaultBusy, "ratelimited", 90*time.Second),
		"token revoked":    slackError(bot.FaultToken, "token_revoked", 0),
		"a missing scope":  slackError(bot.FaultScope, "missing_scope", 0),
		"an unknown error": errors.New("connection refused"),
	} {
		t.Run(name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.leak()
				b.room.fail = func(string, string) error { return err }
				b.start(t)
				b.alert(t, "shop", pod)
				settle(time.Hour)
				if n := len(b.room.all()); n != 0 {
					t.Fatalf("%d messages came through", n)
				}
				if _, err := b.store.Trace(t.Context(), b.cluster.results[pod].ID); err != nil {
					t.Errorf("the incident was not investigated and stored meanwhile: %v", err)
				}
				b.room.mu.Lock()
				b.room.fail = nil
				b.room.mu.Unlock()
				settle(5 * time.Minute)
				b.wantVerdicts(t, "afterwards", 1)
			})
		})
	}
}

// TestLostAnswer has Slack post a message and its answer be lost: it is looked up, and not posted twice.
func TestLostAnswer(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.leak()
		lost := 0
		b.room.lose = func(string) bool { lost++; return lost == 1 }
		b.start(t)
		b.alert(t, "shop", pod)
		settle(5 * time.Minute)
		b.wantThreads(t, "in the end", 1)
		b.wantVerdicts(t, "in the end", 1)
	})
}

// TestChannelGone has a channel refuse all: the incident is stored, and told of when the bot is invited again.
func TestChannelGone(t *testing.T) {
	for _, reason := range []string{"is_archived", "not_in_channel"} {
		t.Run(reason, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.leak()
				calls := 0
				b.room.fail = func(method, _ string) error {
					if method == "post" {
						calls++
					}
					return slackError(bot.FaultChannel, reason, 0)
				}
				b.start(t)
				b.alert(t, "shop", pod)
				settle(2 * time.Hour)
				if calls > 3 {
					t.Errorf("a channel that is gone was tried %d times", calls)
				}
				if _, err := b.store.Trace(t.Context(), b.cluster.results[pod].ID); err != nil {
					t.Errorf("the incident is not stored: %v", err)
				}
				b.room.mu.Lock()
				b.room.fail = nil
				b.room.mu.Unlock()
				b.receive(t, bot.Event{Kind: bot.EventJoined, Channel: "C1"})
				settle(time.Minute)
				b.wantVerdicts(t, "after an invitation", 1)
			})
		})
	}
}

// TestDeleted has somebody delete the card: before the verdict it comes again, after it not.
func TestDeleted(t *testing.T) {
	for _, before := range []bool{true, false} {
		t.Run(fmt.Sprintf("before the verdict %t", before), func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.leak()
				b.cluster.took = 30 * time.Second
				b.start(t)
				b.alert(t, "shop", pod, func(a *bot.Alert) { a.ID = "f1" })
				settle(10 * time.Second)
				if !before {
					settle(time.Minute)
				}
				b.room.mu.Lock()
				b.room.messages[0].gone = true
				ts := b.room.messages[0].ts
				b.room.mu.Unlock()
				b.receive(t, bot.Event{Kind: bot.EventDeleted, Channel: "C1", TS: ts})
				settle(time.Minute)
				b.alert(t, "shop", pod, func(a *bot.Alert) { a.ID, a.Resolved = "f1", true })
				settle(time.Minute)
				want := 0
				if before {
					want = 1
				}
				b.wantVerdicts(t, "in the end", want)
			})
		})
	}
}

// TestRestart stops the desk at many moments of an incident, without a word, and begins another one over what is
// stored: there is one thread, and one verdict in it.
func TestRestart(t *testing.T) {
	for _, after := range []time.Duration{0, 10 * time.Millisecond, 500 * time.Millisecond, 950 * time.Millisecond, 1100 * time.Millisecond, 3 * time.Second, time.Minute} {
		t.Run(after.String(), func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.leak()
				b.cluster.took = 2 * time.Second
				b.start(t)
				b.alert(t, "shop", pod)
				b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "100.000001", Text: "history", Addressed: true})
				settle(after)
				b.stop()
				settle(2 * time.Minute) // leases run out
				b.start(t)
				settle(5 * time.Minute)
				b.wantThreads(t, "in the end", 1)
				b.wantVerdicts(t, "in the end", 1)
				replies := 0
				for _, m := range b.room.all() {
					if m.Thread == "100.000001" {
						replies++
					}
				}
				if replies != 1 {
					t.Errorf("the question has %d answers, want 1", replies)
				}
			})
		})
	}
}

// TestClusterDown has the cluster not answer: the thread says so, and a re-run goes on from there.
func TestClusterDown(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.leak()
		b.cluster.findErr = errors.New("dial tcp 10.0.0.1:443: connection refused")
		b.start(t)
		b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "100.000001", Text: "investigate shop/checkout", Addressed: true})
		settle(2 * time.Minute)
		all := b.room.all()
		if len(all) != 1 || !strings.Contains(shows(all[0].Message), "connection refused") {
			t.Fatalf("the thread does not say that the cluster is down: %v", all)
		}
		b.cluster.mu.Lock()
		b.cluster.findErr = nil
		b.cluster.mu.Unlock()
		b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "100.000009", ThreadTS: "100.000001", Text: "re-run"})
		settle(time.Minute)
		b.wantVerdicts(t, "after a re-run", 1)
	})
}
