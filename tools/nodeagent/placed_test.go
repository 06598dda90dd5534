package nodeagent

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/nodeagent/follow"
)

// TestStampsEnd has a log in which the records behind a kill have no stamps any more (printk.time): the kill has its time still.
func TestStampsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "", nil)
		at := time.Now().Add(-time.Hour)
		b.log.do(func(to follow.Handler) {
			for _, l := range killLines(7, "java") {
				to.Record(follow.Record{Line: []byte(l), Uptime: 2*time.Second + 300*time.Millisecond, At: at.Add(300 * time.Millisecond)})
			}
			for range 3 {
				to.Record(follow.Record{Line: []byte("usb 1-1: gone"), Uptime: -1})
			}
			to.Idle()
		})
		sent := b.reports()
		if len(sent) != 1 || len(sent[0].Reports) != 1 || sent[0].Reports[0].At == nil {
			t.Fatalf("what is sent: %+v", sent)
		}
		if got := *sent[0].Reports[0].At; !got.Equal(at) {
			t.Errorf("the kill is of %s, want %s", got, at)
		}
	})
}

// TestPlaced has lines that name no cgroup be told with the container that the recorder knows, and the counter of that not again.
func TestPlaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := "/kubepods/burstable/pod" + podUID + "/" + idA
		b := newBench(t, "", func(o *Options) {
			o.Owner = func(pid int64, comm string, _ time.Time) (Place, bool) {
				return Place{path, podUID, idA}, pid < 10 && comm == "java"
			}
			o.Counted = time.Now
		})
		began := time.Now()
		b.log.lines(bareLine(7, "java"))
		b.log.lines(bareLine(8, "java"))
		b.log.lines(bareLine(20, "sh"))
		time.Sleep(time.Second)
		b.agent.Rise(investigations.CountedKill{At: time.Now(), WithinMS: 1000, Path: path, PodUID: podUID, ContainerID: idA, Kills: 1})
		time.Sleep(3 * time.Second)
		sent := b.reports()
		var got []string
		for _, n := range sent {
			for _, c := range n.Counted {
				got = append(got, fmt.Sprint(c.Path == path, c.PodUID == podUID, c.Kills, c.PIDs, c.Recorded, len(n.Reports), len(n.Pods)))
			}
			for _, r := range n.Reports {
				if r.TaskMemcg != "" || r.PodUID != "" {
					t.Errorf("a line that names no cgroup is told as %+v", r)
				}
			}
		}
		want := []string{"true true 1 [7] true 1 1", "true true 1 [8] true 2 1"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("counted, within %s (-want +got):\n%s", time.Since(began), diff)
		}
		if got := testutil.ToFloat64(b.agent.met.kills.WithLabelValues(seenByCounter)); got != 0 {
			t.Errorf("%v kills were seen by counters alone", got)
		}
	})
}

// TestUncounted has a line wait while the counters are not read, but not for ever.
func TestUncounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "", func(o *Options) { o.Counted = func() time.Time { return time.Time{} } })
		b.log.lines(bareLine(7, "java"))
		time.Sleep(lateOther - time.Second)
		if n := len(b.reports()); n != 0 {
			t.Errorf("%d reports before the counters are read", n)
		}
		time.Sleep(2 * time.Second)
		if n := len(b.reports()); n != 1 {
			t.Errorf("%d reports though nobody reads the counters, want the line", n)
		}
	})
}

// TestUnseen counts the kills that stand in no line of the log.
func TestUnseen(t *testing.T) {
	for _, tt := range []struct {
		name string
		of   []investigations.CountedKill
		want int64
	}{
		{"none", nil, 0},
		{"a silent one", []investigations.CountedKill{{Kills: 2}}, 2},
		{"with lines", []investigations.CountedKill{{Kills: 3, PIDs: []int64{7, 8}}}, 1},
		{"placed", []investigations.CountedKill{{Kills: 1, PIDs: []int64{7}, Recorded: true}}, 0},
		{"shared lines", []investigations.CountedKill{{Kills: 1, Among: []int64{7, 8}}, {Kills: 2, Among: []int64{7, 8}}}, 1},
	} {
		if got := unseen(tt.of); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
