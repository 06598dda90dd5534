package desk_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// TestVerdictStandsWhereALookFails has the kernel's report of a kill come after its unsure verdict, and the cluster answer no more:
// the verdict stays on the card, while it is looked at and after it, also where the program is killed or the look is stopped.
func TestVerdictStandsWhereALookFails(t *testing.T) {
	for name, then := range map[string]func(t *testing.T, b *bench){
		"the cluster is away":        func(*testing.T, *bench) {},
		"and the program was killed": func(t *testing.T, b *bench) { t.Helper(); b.crash(); b.start(t) },
		"somebody stops it":          func(t *testing.T, b *bench) { t.Helper(); b.order(t, b.root(t), "stop") },
	} {
		t.Run(name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.checkout(investigations.CauseLeak, investigations.BoundaryContainer, 0.5)
				b.start(t)
				b.kill(t, checkoutPod, byCounter(1))
				settle(time.Minute)
				files := len(b.room.files)
				b.cluster.mu.Lock()
				b.cluster.broken, b.cluster.took = map[string]error{checkoutPod: errors.New("the API server went away")}, 20*time.Second
				b.cluster.mu.Unlock()
				b.kill(t, checkoutPod, byKernel(2, -time.Minute))
				settle(10 * time.Second)
				wants(t, b.only(t), "it was leak")
				then(t, b)
				settle(3 * time.Minute)
				card := b.only(t)
				wants(t, card, "it was leak", bot.ActionUp)
				if strings.Contains(card, "went away") || b.incident(t).State != bot.StateJudged {
					t.Errorf("a verdict that was there is gone: %s", b.incident(t).State)
				}
				if n := len(b.room.files); n != files {
					t.Errorf("%d files came to the verdict that stands, want none", n-files)
				}
			})
		})
	}
}
