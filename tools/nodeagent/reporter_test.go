package nodeagent

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/nodeagent/follow"
)

// TestKillsBefore has an agent find kills in the log from before it started: the recordings of a minute are not spent on
// them.
func TestKillsBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "", nil)
		for pid := 1; pid <= 2*recordMinute; pid++ {
			b.log.do(func(to follow.Handler) {
				for _, l := range killLines(pid, "java") {
					to.Record(follow.Record{Line: []byte(l), Uptime: -1, At: time.Now().Add(-2 * recordAfter)})
				}
				to.Idle()
			})
		}
		b.log.lines(killLines(100, "java")...)
		sent := b.reports()
		for i, n := range sent {
			if got, want := n.Recorder != nil, i == len(sent)-1; got != want {
				t.Errorf("report %d of %d has a recording: %v", i+1, len(sent), got)
			}
		}
		if len(sent) != 2*recordMinute+1 {
			t.Errorf("%d reports, want %d", len(sent), 2*recordMinute+1)
		}
	})
}

// TestSlowDisk has each report take a second until it is kept: kills of that second are told of in one, so that none waits
// behind all that came before it.
func TestSlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []time.Duration
		began := time.Now()
		b := newBench(t, "", func(o *Options) {
			send := o.Send
			o.Send = func(r investigations.NodeReport) error {
				for range r.Reports {
					told = append(told, time.Since(began))
				}
				time.Sleep(time.Second)
				return send(r)
			}
		})
		const kills = 40
		for pid := 1; pid <= kills; pid++ {
			b.log.lines(killLines(pid, "java")...)
		}
		time.Sleep(10 * time.Second)
		b.reports()
		if len(told) != kills {
			t.Fatalf("%d kills are told of, want %d", len(told), kills)
		}
		if last := told[kills-1]; last > 3*time.Second {
			t.Errorf("the last of %d kills is told of %s after the first", kills, last)
		}
	})
}
