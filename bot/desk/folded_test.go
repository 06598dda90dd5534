package desk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/desk"
	"github.com/oombot/oombot/investigations"
)

// TestFoldedIsCountedOnce has workloads told of in the thread of another one, whose alerts come again and end: each of
// them counts once, also over a restart.
func TestFoldedIsCountedOnce(t *testing.T) {
	atWork(t, func(t *testing.T, b *bench) {
		const n = 4
		pod := func(i int) string { return fmt.Sprintf("svc%d-7c9d8f6b5-x2x4p", i) }
		for i := range n {
			b.verdict("shop", fmt.Sprintf("svc%d", i), pod(i), "n1", investigations.CauseNoisyNeighbour, investigations.BoundaryNode, nil)
		}
		metrics := prometheus.NewRegistry()
		folded := func() float64 {
			t.Helper()
			all, err := metrics.Gather()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range all {
				if f.GetName() == "oombot_alerts_folded_total" {
					return f.GetMetric()[0].GetCounter().GetValue()
				}
			}
			t.Fatal("there is no such metric")
			return 0
		}
		b.start(t, func(o *desk.Options) { o.Registerer = metrics })
		for i := range n {
			b.alert(t, "shop", pod(i), func(a *bot.Alert) { a.ID = pod(i) })
			settle(100 * time.Millisecond)
		}
		settle(5 * time.Minute)
		if len(b.room.roots("C1")) != 1 {
			t.Fatalf("there are %d threads, want 1", len(b.room.roots("C1")))
		}
		if got := folded(); got != n-1 {
			t.Errorf("%v are counted, want the %d that were folded", got, n-1)
		}
		for range 3 { // each of these is shown in the thread
			for i := range n {
				b.alert(t, "shop", pod(i), func(a *bot.Alert) { a.ID, a.Resolved = pod(i), true })
				settle(time.Second)
				b.alert(t, "shop", pod(i), func(a *bot.Alert) { a.ID = pod(i) })
				settle(time.Second)
			}
		}
		if got := folded(); got != n-1 {
			t.Errorf("%v are counted after their alerts came again, want %d", got, n-1)
		}
		b.stop()
		metrics = prometheus.NewRegistry()
		b.start(t, func(o *desk.Options) { o.Registerer = metrics })
		b.alert(t, "shop", pod(1), func(a *bot.Alert) { a.ID, a.Resolved = pod(1), true })
		settle(time.Minute)
		if got := folded(); got != 0 {
			t.Errorf("%v are counted anew after a restart", got)
		}
	})
}
