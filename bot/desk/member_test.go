package desk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
)

// TestKillsAreForgotten has a pod killed thousands of times: all are counted, and the latest alone are kept apart.
func TestKillsAreForgotten(t *testing.T) {
	const most, batches, each = 5000, 27, 200
	atWork(t, func(t *testing.T, b *bench) {
		b.checkouts(0)
		b.start(t)
		b.alert(t, "shop", checkoutPod)
		settle(time.Minute)
		var last bot.Event
		for n := range batches {
			last = bot.Event{Kind: bot.EventAlerts, Channel: "C1"}
			for i := range each {
				at := time.Now().Add(time.Duration(i) * time.Millisecond)
				last.Alerts = append(last.Alerts, bot.Alert{
					Source: bot.SourceAgent, ID: fmt.Sprintf("n1/boot/%03d/%03d", n, i), Title: "java was OOM killed", StartsAt: at, Memory: true,
					Targets: []investigations.Target{{Namespace: "shop", Pod: checkoutPod, Container: "main"}},
					Kill:    &bot.Kill{Node: "n1", BootID: "boot", PodUID: "uid", PID: int64(i), Comm: "java", At: at, Boundary: investigations.BoundaryContainer},
				})
			}
			b.receive(t, last)
			settle(2 * time.Second)
		}
		b.receive(t, last) // told of again
		settle(time.Minute)
		wants(t, b.only(t), fmt.Sprintf("%d kills", batches*each))
		if n := b.docs(t, "bot.alert"); n != most {
			t.Errorf("%d alerts are kept, want %d", n, most)
		}
		b.crash()
		b.start(t)
		b.receive(t, last)
		settle(time.Minute)
		wants(t, b.only(t), fmt.Sprintf("%d kills", batches*each))
	})
}
