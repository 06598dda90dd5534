package desk_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/investigations"
)

const (
	podA = "a-7c9d8f6b5-x2x4p"
	podB = "b-7c9d8f6b5-x2x4p"
	podC = "c-7c9d8f6b5-x2x4p"
)

// rollout is one change that many workloads share.
func rollout(r *investigations.Result) {
	r.Verdict.Change = &investigations.Change{Workload: "deployment/base", Revision: 12, At: r.At}
}

// threadOf is the root message of channel C1 that names a pod; nil where there is none.
func (b *bench) threadOf(pod string) *message {
	for _, m := range b.room.roots("C1") {
		if strings.Contains(shows(m.Message), pod) {
			return m
		}
	}
	return nil
}

// order is a person's words in the thread of a message.
func (b *bench) order(t *testing.T, m *message, text string) {
	t.Helper()
	b.n++
	b.receive(t, bot.Event{
		Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "90" + m.ts, ThreadTS: m.ts, Text: text, Addressed: true,
	})
}

// TestParentEnds has a workload be told of in a thread whose own investigation comes to nothing, after the workload's
// own was done.
func TestParentEnds(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("shop", "a", podA, "n7", investigations.CauseNoisyNeighbour, investigations.BoundaryNode, nil)
		b.verdict("shop", "b", podB, "n7", investigations.CauseNoisyNeighbour, investigations.BoundaryNode, nil)
		b.cluster.each = map[string]time.Duration{podA: 20 * time.Second}
		b.cluster.broken = map[string]error{podA: errors.New("the API server went away")}
		b.start(t)
		b.alert(t, "shop", podA)
		settle(500 * time.Millisecond)
		b.alert(t, "shop", podB)
		settle(10 * time.Second)
		if n := len(b.room.roots("C1")); n != 1 {
			t.Fatalf("while both are looked at there are %d threads, want 1", n)
		}
		settle(time.Minute)
		m := b.threadOf(podB)
		if m == nil || !strings.Contains(shows(m.Message), bot.ActionUp) {
			t.Fatal("the verdict of the workload that was told of there is shown nowhere")
		}
		b.wantThreads(t, "in the end", 2)
	})
}

// TestStopStopsAll has a person stop an incident in whose thread another workload is told of: it gets no thread of its
// own.
func TestStopStopsAll(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("shop", "a", podA, "n7", investigations.CauseNoisyNeighbour, investigations.BoundaryNode, nil)
		b.verdict("shop", "b", podB, "n7", investigations.CauseNoisyNeighbour, investigations.BoundaryNode, nil)
		b.cluster.took = 20 * time.Second
		b.start(t)
		b.alert(t, "shop", podA)
		settle(500 * time.Millisecond)
		b.alert(t, "shop", podB)
		settle(5 * time.Second)
		b.order(t, b.room.roots("C1")[0], "stop")
		settle(time.Minute)
		b.wantThreads(t, "after a stop", 1)
		if got := shows(b.room.roots("C1")[0].Message); !strings.Contains(got, podB) || strings.Contains(got, bot.ActionUp) {
			t.Errorf("the card does not tell of both, without a verdict: %s", got)
		}
	})
}

// TestFoldedOfTheFolded has an incident, in whose thread another one is told of, turn out to be of a third one's cause:
// nothing is lost on the way.
func TestFoldedOfTheFolded(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("shop", "a", podA, "n1", investigations.CauseLeak, investigations.BoundaryContainer, rollout)
		b.verdict("shop", "b", podB, "n7", investigations.CauseLeak, investigations.BoundaryContainer, rollout)
		b.verdict("shop", "c", podC, "n7", investigations.CauseLeak, investigations.BoundaryContainer, rollout)
		b.cluster.took = 100 * time.Millisecond
		b.cluster.each = map[string]time.Duration{podB: 300 * time.Millisecond, podC: 500 * time.Millisecond}
		b.room.fail = func(string, string) error { return slackError(bot.FaultBusy, "ratelimited", time.Second) }
		b.start(t)
		for _, p := range []string{podA, podB, podC} {
			b.alert(t, "shop", p)
			settle(10 * time.Millisecond)
		}
		settle(2 * time.Second)
		b.room.mu.Lock()
		b.room.fail = nil
		b.room.mu.Unlock()
		settle(time.Minute)
		wants(t, b.only(t), podA, podB, podC)
	})
}

// TestNoFoldUnderACard has an incident turn out to be of another one's cause just while its card is on its way: the card
// is there, so that it has to show the verdict.
func TestNoFoldUnderACard(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("shop", "a", podA, "n1", investigations.CauseLeak, investigations.BoundaryContainer, rollout)
		b.verdict("shop", "b", podB, "n2", investigations.CauseLeak, investigations.BoundaryContainer, rollout)
		b.cluster.each = map[string]time.Duration{podA: 100 * time.Millisecond, podB: 2500 * time.Millisecond}
		b.room.slow = func(bot.Post) time.Duration { return 2 * time.Second }
		b.start(t)
		b.alert(t, "shop", podA)
		b.alert(t, "shop", podB)
		settle(2 * time.Minute)
		for _, m := range b.room.roots("C1") {
			if !strings.Contains(shows(m.Message), bot.ActionUp) {
				t.Errorf("a card never shows a verdict: %s", shows(m.Message))
			}
		}
	})
}

// TestAfterAFailure has an incident fail, and its alert come again: it is looked at again.
func TestAfterAFailure(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("shop", "a", podA, "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.cluster.findErr = errors.New("connection refused")
		b.start(t)
		b.alert(t, "shop", podA)
		settle(2 * time.Minute)
		if n := len(b.room.roots("C1")); n != 1 {
			t.Fatalf("there are %d threads, want 1", n)
		}
		b.cluster.mu.Lock()
		b.cluster.findErr = nil
		b.cluster.mu.Unlock()
		b.alert(t, "shop", podA)
		settle(time.Minute)
		roots := b.room.roots("C1")
		if len(roots) != 1 || !strings.Contains(shows(roots[0].Message), bot.ActionUp) {
			t.Errorf("the alert that came again brought no verdict: %d threads, %s", len(roots), shows(roots[0].Message))
		}
	})
}

// TestAlertAfterAQuestion has alerts come for what a person asked about: one of long ago takes none of them.
func TestAlertAfterAQuestion(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.leak()
		b.start(t)
		b.receive(t, bot.Event{
			Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "100.000001", Addressed: true,
			Text: "investigate shop/checkout at " + time.Now().Add(-72*time.Hour).UTC().Format(time.RFC3339),
		})
		settle(time.Minute)
		b.alert(t, "shop", pod)
		settle(time.Minute)
		if n := len(b.verdicts()); n != 2 {
			t.Errorf("there are %d verdicts, want that of three days ago and that of the alert", n)
		}
	})
}

// TestSamePodLater has a pod of a stable name die again and again of another cause than at first.
func TestSamePodLater(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("shop", "db", "db-0", "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.start(t)
		b.alert(t, "shop", "db-0")
		settle(30 * time.Minute)
		b.verdict("shop", "db", "db-0", "n1", investigations.CauseNoisyNeighbour, investigations.BoundaryNode, nil)
		for range 4 {
			b.alert(t, "shop", "db-0")
			settle(30 * time.Minute)
		}
		b.wantThreads(t, "after another cause of the same pod", 2)
	})
}

// TestEnds has alerts end in ways that are easily missed.
func TestEnds(t *testing.T) {
	resolved := func(a *bot.Alert) { a.Resolved = true }
	id := func(id string) func(*bot.Alert) { return func(a *bot.Alert) { a.ID = id } }
	says := func(t *testing.T, b *bench, want bool) {
		t.Helper()
		settle(time.Minute)
		roots := b.room.roots("C1")
		if len(roots) != 1 {
			t.Fatalf("there are %d threads, want 1", len(roots))
		}
		if got := strings.Contains(shows(roots[0].Message), "Resolved at"); got != want {
			t.Errorf("that it is over is shown: %t, want %t: %s", got, want, shows(roots[0].Message))
		}
	}
	t.Run("before the alert itself was dealt with", func(t *testing.T) {
		atWork(t, func(t *testing.T, b *bench) {
			b.leak()
			b.start(t, func(o *desk.Options) { o.Pager = &pager{slow: 3 * time.Second} })
			page := func(a *bot.Alert) { a.Source, a.ID = bot.SourcePagerDuty, "P1" }
			b.alert(t, "shop", pod, page)
			b.alert(t, "shop", pod, page, resolved)
			says(t, b, true)
		})
	})
	t.Run("before its workload is known to be another one's", func(t *testing.T) {
		atWork(t, func(t *testing.T, b *bench) {
			b.leak()
			b.start(t, func(o *desk.Options) {
				// What may be told of here is known only when it was found.
				o.Policy = desk.Policy{Channels: map[string]desk.Channel{"C1": {Auto: true, Namespaces: []string{"shop"}}}}
			})
			b.alert(t, "shop", pod, id("f1"))
			settle(time.Minute)
			b.alert(t, "shop", pod, id("f1"), resolved)
			settle(time.Second)
			// The names of this one do not tell that it is the same.
			b.cluster.mu.Lock()
			b.cluster.findErr = errors.New("busy")
			b.cluster.mu.Unlock()
			odd := func(a *bot.Alert) {
				a.ID = "f2"
				a.Targets = []investigations.Target{{Namespace: "shop", Workload: "odd"}, {Namespace: "shop", Pod: pod}}
				a.Targets[1].Namespace = ""
			}
			b.alert(t, "shop", pod, odd)
			settle(100 * time.Millisecond)
			b.alert(t, "shop", pod, odd, resolved)
			settle(100 * time.Millisecond)
			b.cluster.mu.Lock()
			b.cluster.findErr = nil
			b.cluster.mu.Unlock()
			says(t, b, true)
		})
	})
	t.Run("only of some of the workloads", func(t *testing.T) {
		atWork(t, func(t *testing.T, b *bench) {
			b.verdict("shop", "a", podA, "n7", investigations.CauseNoisyNeighbour, investigations.BoundaryNode, nil)
			b.verdict("shop", "b", podB, "n7", investigations.CauseNoisyNeighbour, investigations.BoundaryNode, nil)
			b.start(t)
			b.alert(t, "shop", podA, id("f1"))
			settle(10 * time.Millisecond)
			b.alert(t, "shop", podB, id("f2"))
			settle(time.Minute)
			b.alert(t, "shop", podA, id("f1"), resolved)
			says(t, b, false)
			b.alert(t, "shop", podB, id("f2"), resolved)
			says(t, b, true)
		})
	})
	t.Run("by an edit after a restart", func(t *testing.T) {
		atWork(t, func(t *testing.T, b *bench) {
			b.leak()
			b.start(t)
			post := bot.Event{
				Kind: bot.EventMessage, Channel: "C1", TS: "100.000001", Author: &bot.Author{BotID: "B1", Name: "Alertmanager"},
				Text: "[FIRING:1] ContainerOOMKilled shop " + pod + "\nnamespace = shop\npod = " + pod, Links: []string{"http://am.example.com/#/alerts?receiver=x"},
			}
			second := post
			second.TS = "200.000001"
			b.receive(t, post)
			settle(10 * time.Second)
			b.receive(t, second) // it joins, and has no thread of its own
			settle(time.Minute)
			b.stop()
			settle(time.Minute)
			b.start(t)
			for _, e := range []bot.Event{post, second} {
				e.Kind, e.Text = bot.EventEdited, strings.Replace(e.Text, "FIRING:1", "RESOLVED", 1)
				b.receive(t, e)
			}
			settle(time.Minute)
			found := false
			for _, m := range b.room.all() {
				found = found || m.Thread == post.TS && strings.Contains(shows(m.Message), "Resolved at")
			}
			if !found {
				t.Error("no card says that it is over")
			}
		})
	})
}
