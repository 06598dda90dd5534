package desk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/investigations"
)

// TestPaceOverRestart begins a desk at the moment at which another one ended: what is left to post comes no sooner after
// what that one posted than it would have there.
func TestPaceOverRestart(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.start(t)
		for i := range 3 {
			b.receive(t, bot.Event{Kind: bot.EventMessage, Channel: "C1", User: "U1", TS: fmt.Sprintf("100.%06d", i), Text: "help", Addressed: true})
		}
		settle(1100 * time.Millisecond)
		b.stop()
		posted := len(b.room.all())
		b.start(t)
		settle(time.Minute)
		all := b.room.all()
		if posted == 0 || posted == 3 || len(all) != 3 {
			t.Fatalf("of three answers %d were posted before the restart, and %d in all", posted, len(all))
		}
		for i := 1; i < len(all); i++ {
			if gap := all[i].at.Sub(all[i-1].at); gap < time.Second {
				t.Errorf("two posts are %s apart", gap)
			}
		}
	})
}

// TestFirstCardGoesFirst has a kill come while the files of another one's verdict are going into the channel: its first card
// waits for none of them, and they come after it, no faster than before.
func TestFirstCardGoesFirst(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.verdict("shop", "a", podA, "n1", investigations.CauseLeak, investigations.BoundaryContainer, nil)
		b.verdict("shop", "b", podB, "n2", investigations.CauseLoadSpike, investigations.BoundaryContainer, nil)
		b.cluster.took = 10 * time.Millisecond
		b.start(t)
		settle(2 * time.Second)
		b.kill(t, podA)
		for range 100 {
			if b.room.uploaded() == 1 {
				break
			}
			settle(50 * time.Millisecond)
		}
		if n := b.room.uploaded(); n != 1 {
			t.Fatalf("%d files were uploaded, want the first of several", n)
		}
		began := time.Now()
		b.kill(t, podB, func(a *bot.Alert) { a.Kill.Node = "n2" })
		settle(500 * time.Millisecond)
		all := b.room.all()
		if last := all[len(all)-1]; len(all) != 2 || last.at.Sub(began) > 250*time.Millisecond {
			t.Errorf("there are %d cards, the last one %s after its kill", len(all), last.at.Sub(began))
		}
		if n := b.room.uploaded(); n != 1 {
			t.Errorf("before the card %d files were uploaded, want no further one", n)
		}
		settle(time.Minute)
		if n := b.room.uploaded(); n < 4 {
			t.Errorf("of two verdicts there are %d files", n)
		}
	})
}

// TestFirstCardsKeepThePace has many kills at once, without anything in common, each with files: their cards come before
// any further word on those that were told of, and at the pace at which a channel takes messages.
func TestFirstCardsKeepThePace(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		const n = 6
		for i := range n {
			b.verdict("shop", fmt.Sprintf("svc%d", i), fmt.Sprintf("svc%d-7c9d8f6b5-x2x4p", i), fmt.Sprintf("n%d", i), investigations.CauseLeak, investigations.BoundaryContainer, nil)
		}
		b.cluster.took = 10 * time.Millisecond
		b.start(t, func(o *desk.Options) { o.Concurrent = n })
		settle(2 * time.Second)
		for i := range n {
			b.kill(t, fmt.Sprintf("svc%d-7c9d8f6b5-x2x4p", i), func(a *bot.Alert) { a.Kill.Node = fmt.Sprintf("n%d", i) })
		}
		settle((n-1)*1100*time.Millisecond + 300*time.Millisecond)
		all := b.room.all()
		if len(all) != n || b.room.uploaded() != 0 {
			t.Errorf("there are %d cards and %d files, want %d cards first", len(all), b.room.uploaded(), n)
		}
		for i := 1; i < len(all); i++ {
			if gap := all[i].at.Sub(all[i-1].at); gap < time.Second {
				t.Errorf("two cards are %s apart", gap)
			}
		}
	})
}

// uploaded is how many files there are.
func (r *room) uploaded() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.files)
}
