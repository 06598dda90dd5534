package desk_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
)

// byCounter is a kill that a counter told of, in the agent's report of that number.
func byCounter(seq int64) func(*bot.Alert) {
	return func(a *bot.Alert) {
		k := a.Kill
		k.PID, k.Comm, k.Boundary, k.Counted, k.Within, k.Seq = 0, "", "", true, time.Second, seq
		a.Title = "a process was OOM killed"
	}
}

// byKernel is a kill of which the kernel's report told, in the agent's report of that number, so long after the moment at
// which it is told of.
func byKernel(seq int64, after time.Duration) func(*bot.Alert) {
	return func(a *bot.Alert) {
		a.Kill.Kernel, a.Kill.KernelTime, a.Kill.Seq = true, true, seq
		a.Kill.At = a.Kill.At.Add(after)
		a.StartsAt = a.Kill.At
	}
}

// TestKillToldTwice has a counter tell of a kill, and the kernel's report come in a later message: they are one kill, and
// the thread says what the report told.
func TestKillToldTwice(t *testing.T) {
	tests := map[string]struct {
		// order are the kills in the order in which they are taken.
		order []func(*bot.Alert)
		// kills is what the card counts; 1 is not told.
		kills string
		comm  bool
	}{
		"the report comes late":              {[]func(*bot.Alert){byCounter(1), byKernel(2, -time.Second)}, "", true},
		"the later message is taken first":   {[]func(*bot.Alert){byKernel(2, 0), byCounter(1)}, "", true},
		"two reports after one counter":      {[]func(*bot.Alert){byCounter(1), byKernel(2, 0), byKernel(3, 0)}, "2 kills", true},
		"a counter after the report":         {[]func(*bot.Alert){byKernel(1, 0), byCounter(2)}, "2 kills", true},
		"a report of another time":           {[]func(*bot.Alert){byCounter(1), byKernel(2, -time.Minute)}, "2 kills", false},
		"two counters, and one of them late": {[]func(*bot.Alert){byCounter(1), byCounter(2), byKernel(3, 0)}, "2 kills", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			atWork(t, func(t *testing.T, b *bench) {
				b.checkouts(0)
				b.start(t)
				for _, change := range tt.order {
					b.kill(t, checkoutPod, change)
					settle(2 * time.Second)
				}
				settle(time.Minute)
				card := b.only(t)
				if got := strings.Contains(card, "kills"); got != (tt.kills != "") || !strings.Contains(card, tt.kills) {
					t.Errorf("the card should count %q:\n%s", tt.kills, card)
				}
				if got := b.incident(t).Ask.Kill.Comm == "java"; got != tt.comm {
					t.Errorf("the incident knows the program that was killed: %t, want %t", got, tt.comm)
				}
			})
		})
	}
}

// TestKillToldTwiceOverARestart has the bot end between the counter and the report of one kill.
func TestKillToldTwiceOverARestart(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.start(t)
		b.kill(t, checkoutPod, byCounter(1))
		settle(3 * time.Second)
		b.stop()
		b.start(t)
		b.kill(t, checkoutPod, byKernel(2, -3*time.Second))
		settle(time.Minute)
		if card := b.only(t); strings.Contains(card, "kills") {
			t.Errorf("it is counted twice:\n%s", card)
		}
	})
}

// TestKillOfAnotherContainer is not the one that a counter told of just before.
func TestKillOfAnotherContainer(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.start(t)
		for i, id := range []string{"c1", "c2"} {
			b.kill(t, checkoutPod, []func(*bot.Alert){byCounter(1), byKernel(2, 0)}[i], func(a *bot.Alert) { a.Kill.ContainerID = id })
			settle(time.Second)
		}
		settle(time.Minute)
		wants(t, b.only(t), "2 kills")
	})
}

// incident is the one incident on the shelf that is told of nowhere else.
func (b *bench) incident(t *testing.T) bot.Incident {
	t.Helper()
	var out bot.Incident
	for doc, err := range b.store.Docs(t.Context(), "bot.incident") {
		if err != nil {
			t.Fatal(err)
		}
		var i bot.Incident
		if err := json.Unmarshal(doc.Body, &i); err != nil {
			t.Fatal(err)
		}
		if i.Parent != "" {
			continue
		}
		if out.ID != "" {
			t.Fatalf("there are several incidents: %s and %s", out.ID, i.ID)
		}
		out = i
	}
	return out
}
