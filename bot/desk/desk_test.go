package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/investigations"
)

func TestMention(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("shop", "checkout", "checkout-7c9d8f6b5-x2x4p", "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.cluster.took = 5 * time.Second
		b.start(t)
		b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "100.000001", Text: "investigate shop/checkout", Addressed: true})
		settle(2 * time.Second)
		all := b.room.all()
		if len(all) != 1 || all[0].Thread != "100.000001" {
			t.Fatalf("within two seconds of a mention there are %d messages, want the card in its thread", len(all))
		}
		if got := shows(all[0].Message); strings.Contains(got, bot.ActionUp) || strings.Contains(got, "leak") {
			t.Errorf("the card without a verdict shows one: %s", got)
		}
		settle(20 * time.Second)
		all = b.room.all()
		if got := shows(all[0].Message); !strings.Contains(got, bot.ActionUp) || !strings.Contains(got, "it was leak") {
			t.Errorf("the card does not show the verdict: %s", got)
		}
		votable := 0
		for _, m := range all {
			if strings.Contains(shows(m.Message), bot.ActionUp) {
				votable++
			}
		}
		if votable != 1 {
			t.Errorf("%d messages can be voted on, want 1", votable)
		}
		if len(b.room.files) < 2 {
			t.Errorf("%d files were uploaded, want the text and the JSON of the evidence", len(b.room.files))
		}
		trace, err := b.store.Trace(t.Context(), b.cluster.results["checkout-7c9d8f6b5-x2x4p"].ID)
		if err != nil || len(trace.ShownAt) != 1 || trace.AskedBy != "U1" {
			t.Errorf("memory has shown_at %v, asked_by %q, %v", trace.ShownAt, trace.AskedBy, err)
		}
	})
}

func TestOneMentionIsOneThread(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("shop", "checkout", "checkout-7c9d8f6b5-x2x4p", "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.start(t)
		e := bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "100.000001", Text: "what killed checkout?", Addressed: true, At: time.Now()}
		b.receive(t, e)
		b.receive(t, e) // as though the inbox had let it through
		settle(10 * time.Second)
		if n := b.cluster.ran("checkout-7c9d8f6b5-x2x4p"); n != 1 {
			t.Errorf("it was investigated %d times, want once", n)
		}
		// The same question once more is answered with the way to the answer.
		e.TS, e.At = "200.000001", time.Now()
		b.receive(t, e)
		settle(10 * time.Second)
		if n := b.cluster.ran("checkout-7c9d8f6b5-x2x4p"); n != 1 {
			t.Errorf("after a second question it was investigated %d times, want once", n)
		}
		last := b.room.all()[len(b.room.all())-1]
		if got := shows(last.Message); last.Thread != "200.000001" || !strings.Contains(got, bot.ActionAnyway) || !strings.Contains(got, "archives/C1/p") {
			t.Errorf("the answer to the second question is no pointer to the first: %s", got)
		}
	})
}

// TestStorm has forty pods of one workload, and ten workloads of one node that one pod made die, alert at once.
func TestStorm(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		for i := range 40 {
			b.verdict("shop", "checkout", fmt.Sprintf("checkout-7c9d8f6b5-x2x%02d", i), "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		}
		for i := range 10 {
			b.verdict("pay", fmt.Sprintf("svc%d", i), fmt.Sprintf("svc%d-7c9d8f6b5-x2x4p", i), "n7", investigations.CauseNoisyNeighbour, investigations.BoundaryNode, func(r *investigations.Result) {
				r.Verdict.Culprit = &investigations.Party{Namespace: "batch", Pod: "hog-0", Container: "hog", Node: "n7"}
			})
		}
		b.start(t, func(o *desk.Options) { o.StartsPerMinute = 100 })
		for i := range 40 {
			b.alert(t, "shop", fmt.Sprintf("checkout-7c9d8f6b5-x2x%02d", i))
		}
		for i := range 10 {
			b.alert(t, "pay", fmt.Sprintf("svc%d-7c9d8f6b5-x2x4p", i))
		}
		settle(5 * time.Minute)
		roots := b.room.roots("C1")
		if len(roots) != 2 {
			for _, m := range roots {
				t.Log(m.Text)
			}
			t.Fatalf("there are %d threads, want 2", len(roots))
		}
		var ofNode string
		for _, m := range roots {
			if strings.Contains(m.Text, "noisy") {
				ofNode = shows(m.Message)
			} else if got := shows(m.Message); !strings.Contains(got, "40 alerts") {
				t.Errorf("the card of the workload does not count its alerts: %s", got)
			}
		}
		for i := range 10 {
			if pod := fmt.Sprintf("svc%d-7c9d8f6b5-x2x4p", i); !strings.Contains(ofNode, pod) {
				t.Errorf("the card of the node does not name %s", pod)
			}
		}
		for i, m := range b.room.all() {
			if i > 0 {
				if gap := m.at.Sub(b.room.all()[i-1].at); gap < time.Second {
					t.Errorf("message %d came %s after the one before", i, gap)
				}
			}
		}
	})
}

// TestAnotherCause has two workloads of a node die of two causes: what looked like one event is told of in two threads.
func TestAnotherCause(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("shop", "a", "a-7c9d8f6b5-x2x4p", "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.verdict("shop", "b", "b-7c9d8f6b5-x2x4p", "n1", investigations.CauseLoadSpike, investigations.BoundaryContainer, nil)
		b.start(t)
		b.alert(t, "shop", "a-7c9d8f6b5-x2x4p")
		b.alert(t, "shop", "b-7c9d8f6b5-x2x4p")
		settle(time.Minute)
		b.wantThreads(t, "in the end", 2)
		for _, m := range b.room.roots("C1") {
			if got := shows(m.Message); strings.Contains(got, "a-7c9d8f6b5") && strings.Contains(got, "b-7c9d8f6b5") {
				t.Errorf("a card names the pods of both: %s", got)
			}
		}
	})
}

// TestNewCauseOfTheSameWorkload has another pod of a workload die of another cause after there is a verdict.
func TestNewCauseOfTheSameWorkload(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("shop", "a", "a-7c9d8f6b5-x2x4p", "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.verdict("shop", "a", "a-7c9d8f6b5-zzzzz", "n2", investigations.CauseNoisyNeighbour, investigations.BoundaryNode, nil)
		b.verdict("shop", "a", "a-7c9d8f6b5-wwwww", "n2", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.start(t)
		b.alert(t, "shop", "a-7c9d8f6b5-x2x4p")
		settle(time.Minute)
		b.alert(t, "shop", "a-7c9d8f6b5-zzzzz")
		settle(15 * time.Minute)
		b.wantThreads(t, "after another cause", 2)
		b.alert(t, "shop", "a-7c9d8f6b5-wwwww")
		settle(time.Minute)
		b.wantThreads(t, "after the first cause came again", 2)
	})
}

func TestResolved(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("shop", "a", "a-7c9d8f6b5-x2x4p", "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.start(t)
		id := func(a *bot.Alert) { a.ID = "f1" }
		b.alert(t, "shop", "a-7c9d8f6b5-x2x4p", id)
		settle(time.Minute)
		b.alert(t, "shop", "a-7c9d8f6b5-x2x4p", id, func(a *bot.Alert) { a.Resolved = true })
		settle(time.Minute)
		if got := strings.ToLower(b.only(t)); !strings.Contains(got, "resolved") {
			t.Errorf("the card does not say that it is over: %s", got)
		}
	})
}

// TestQueue has more incidents begin than the limits allow: all are told of, and none is dropped.
func TestQueue(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		for i := range 12 {
			b.verdict("shop", fmt.Sprintf("svc%d", i), fmt.Sprintf("svc%d-7c9d8f6b5-x2x4p", i), fmt.Sprintf("n%d", i), investigations.CauseLeak, investigations.BoundaryContainer, nil)
		}
		b.start(t, func(o *desk.Options) { o.Concurrent, o.StartsPerMinute = 2, 5 })
		for i := range 12 {
			b.alert(t, "shop", fmt.Sprintf("svc%d-7c9d8f6b5-x2x4p", i))
		}
		settle(50 * time.Second)
		if runs := b.cluster.ran(""); runs != 5 {
			t.Errorf("%d investigations began in the first minute, want 5", runs)
		}
		if n := len(b.room.roots("C1")); n != 12 {
			t.Errorf("%d incidents have a card, want all 12", n)
		}
		settle(5 * time.Minute)
		for _, m := range b.room.roots("C1") {
			if !strings.Contains(shows(m.Message), bot.ActionUp) {
				t.Errorf("an incident has no verdict: %s", m.Text)
			}
		}
	})
}

func TestNoTarget(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.start(t)
		b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: "100.000001", Text: "investigate shop/nothing", Addressed: true})
		settle(10 * time.Second)
		all := b.room.all()
		if len(all) != 1 || !strings.Contains(shows(all[0].Message), "nothing of that name") {
			t.Fatalf("a name that is not there is answered with %v", all)
		}
		if strings.Contains(shows(all[0].Message), bot.ActionUp) {
			t.Error("what is no verdict can be voted on")
		}
	})
}

// TestAnotherRevision has pods of two revisions of a workload alert at once, each with a leak that its own rollout
// brought: they are two incidents.
func TestAnotherRevision(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		for i, p := range []string{"a-7c9d8f6b5-x2x4p", "a-5f6d7c8b9-x2x4p"} {
			b.verdict("shop", "a", p, "n1", investigations.CauseLeak, investigations.BoundaryContainer, func(r *investigations.Result) {
				r.Verdict.Change = &investigations.Change{Workload: "deployment/a", Revision: int64(11 + i), At: r.At}
			})
		}
		b.start(t)
		b.alert(t, "shop", "a-7c9d8f6b5-x2x4p")
		b.alert(t, "shop", "a-5f6d7c8b9-x2x4p")
		settle(time.Minute)
		b.wantThreads(t, "in the end", 2)
	})
}
