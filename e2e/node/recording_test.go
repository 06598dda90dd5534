package node

import (
	"math"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/oombot"
	"github.com/oombot/oombot/investigations"
)

// TestRecording has a container grow over some seconds until it is killed: the curve that no scrape saw is with the report.
func TestRecording(t *testing.T) {
	cgroup.Need(t)
	c := newCollector(t)
	w := newWard(t, cgroup.Pods(), 64)
	a := oombot.Agent{Bot: c.url, Node: "n1", State: t.TempDir()}.Run(t)
	time.Sleep(2 * time.Second)
	first := w.group.Start(t, "steady", 0, 16)
	w.group.WaitForUsage(t, 16*cgroup.MiB)
	time.Sleep(3 * time.Second)
	second := w.group.Start(t, "grows", 900, 24)
	w.group.WaitForUsage(t, 40*cgroup.MiB)
	time.Sleep(3 * time.Second)
	last := w.group.Start(t, "last", 900, 96)
	victim := cgroup.FirstKilled(t, first, second, last)
	var r *investigations.NodeRecording
	oombot.Until(t, "a recording of the container came", func() bool {
		for _, p := range c.told(t) {
			if p.Recorder != nil && !p.Recorder.To.Before(victim.At.Add(-2*time.Second)) && len(curve(p.Recorder, w, investigations.RecordedCurrent)) > 0 {
				r = p.Recorder
			}
		}
		return r != nil
	})
	a.Stop(t)

	got := curve(r, w, investigations.RecordedCurrent)
	t.Logf("from %s to %s (killed %s): %v", r.From.Format(time.StampMilli), r.To.Format(time.StampMilli), victim.At.Format(time.StampMilli), got)
	var near [2]bool
	for _, v := range got {
		near[0] = near[0] || v >= 16*cgroup.MiB && v < 32*cgroup.MiB
		near[1] = near[1] || v >= 40*cgroup.MiB && v < 56*cgroup.MiB
	}
	if !near[0] || !near[1] {
		t.Errorf("the curve has no step at 16 and at 40 MiB: %v", got)
	}
	seen := map[string]bool{}
	for _, p := range r.Top {
		if p.ContainerID == w.id {
			seen[p.Comm] = true
		}
	}
	if !seen["steady"] || !seen["grows"] {
		t.Errorf("the processes before the kill are not among the readings: %v", r.Top)
	}
}

// curve are the known values of a series of a container.
func curve(r *investigations.NodeRecording, w *ward, name string) []float64 {
	var out []float64
	for _, s := range r.Series {
		if s.ContainerID != w.id || s.Name != name {
			continue
		}
		for _, v := range s.Values {
			if !math.IsNaN(v) {
				out = append(out, v)
			}
		}
	}
	return out
}
