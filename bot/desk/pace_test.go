package desk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
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
