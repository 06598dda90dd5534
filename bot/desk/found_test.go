package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// TestUnnamedKillAfterAFix has the pod of a rollout that was to be the fix be killed before its agent knows its name: it is looked
// at as any other kill after a fix is.
func TestUnnamedKillAfterAFix(t *testing.T) {
	const next = "checkout-6d5f4c3b2-k9k9k"
	for name, tt := range map[string]struct {
		fixed bool
		runs  int
	}{"after a fix": {true, 1}, "without one": {false, 0}} {
		t.Run(name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.checkout(investigations.CauseLeak, investigations.BoundaryContainer, 0.9)
				b.verdict("shop", "checkout", next, "n1", investigations.CauseLeak, investigations.BoundaryContainer, sure(0.9))
				b.cluster.uids = map[string]string{"uid-next": next}
				b.start(t)
				b.kill(t, checkoutPod)
				settle(3 * time.Minute)
				if tt.fixed {
					b.pressed(t, b.root(t).ts, bot.ActionFixed, b.incident(t).ID, "U1")
				}
				b.kill(t, "", nameless("uid-next"))
				settle(3 * time.Minute)
				wants(t, b.only(t), "2 kills")
				if n := b.cluster.ran(next); n != tt.runs {
					t.Errorf("it was investigated %d times, want %d", n, tt.runs)
				}
				if got := strings.Join(b.lines(b.root(t)), "\n"); strings.Contains(got, "marked as fixed before") != tt.fixed {
					t.Errorf("the thread was told %q", got)
				}
			})
		})
	}
}

// TestUnnamedKillOfAnotherKind has a kill at another limit come before its pod's name is known: it is no part of a verdict that
// says nothing about it.
func TestUnnamedKillOfAnotherKind(t *testing.T) {
	const next = "checkout-7c9d8f6b5-k9k9k"
	atWork(t, func(t *testing.T, b *bench) {
		b.checkout(investigations.CauseLeak, investigations.BoundaryContainer, 0.9)
		b.verdict("shop", "checkout", next, "n1", investigations.CauseSidecar, investigations.BoundaryPod, sure(0.9))
		b.cluster.uids = map[string]string{"uid-next": next}
		b.start(t)
		b.kill(t, checkoutPod)
		settle(3 * time.Minute)
		b.kill(t, "", nameless("uid-next"), limit(investigations.BoundaryPod))
		settle(3 * time.Minute)
		roots := b.room.roots("C1")
		if len(roots) != 2 || !strings.Contains(shows(roots[1].Message), "it was sidecar") {
			t.Errorf("there are %d threads, want one for each limit", len(roots))
		}
	})
}
