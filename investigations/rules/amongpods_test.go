package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// amongPods makes the incident a kill at a limit of 1 GiB of all pods, on a node of 16 GiB.
func amongPods() *incident {
	return newIncident().ends("Error", 137).report(func(r *investigations.KernelReport) {
		r.Boundary, r.OOMMemcg, r.Stats = investigations.BoundaryNodeAllocatable, "/kubepods", nil
		r.Memory = &investigations.KernelCounter{UsageKB: 1 << 20, LimitKB: ptr(int64(1 << 20))}
		r.Node = &investigations.KernelNode{RAMPages: ptr(int64(4 << 20))}
	}).nodePod("api-h1-x", steady(200*mib))
}

// TestAmongPods: the kernel's table of a cgroup of pods holds processes of pods alone. Which pod's a row is, the flight
// recorder may tell; where nobody does, it is nobody's, and never of a program outside Kubernetes.
func TestAmongPods(t *testing.T) {
	const pages = 150 << 20 / 4096
	read := func(i *incident) *incident {
		i.recorder("batch-0", "batch", investigations.RecordedCurrent, steady(600*mib))
		r := &i.ev.Metrics.Recorder[0]
		r.Top = append(r.Top, investigations.RecorderTop{
			At: testAt.Add(-3 * time.Second), Namespace: "shop", Pod: "batch-0", Container: "batch", PID: 7, Comm: "python3", RSSBytes: 600 * mib,
		})
		return i
	}
	tests := []struct {
		name string
		in   *incident
		// owner is who holds the row of process 7; empty: nobody in particular.
		owner string
	}{
		{"nothing tells", amongPods().neighbour("batch-0", "batch", 64*mib, steady(600*mib)).row(7, "python3", pages, 0), ""},
		{"the recorder tells", read(amongPods().neighbour("batch-0", "batch", 64*mib, steady(600*mib)).row(7, "python3", pages, 0)), "shop/batch-0"},
	}
	for _, tt := range tests {
		d, led := tt.in.diagnose()
		checkSound(t, d, led)
		for _, f := range led.Facts() {
			if strings.Contains(f.Says, "outside Kubernetes") {
				t.Errorf("%s: %s", tt.name, f.Says)
			}
		}
		s := judged(tt.in.req, tt.in.ev, investigations.NewLedger(nil))
		owner := ""
		for _, h := range s.view.holders {
			for _, r := range h.rows {
				if r.PID == 7 {
					owner = h.name
				}
			}
		}
		if owner != tt.owner {
			t.Errorf("%s: process 7 is of %q, want %q", tt.name, owner, tt.owner)
		}
	}
}

// TestRoomOfPods: what a pod gained is measured by the limit that ran out, not by the node.
func TestRoomOfPods(t *testing.T) {
	i := amongPods().neighbour("batch-0", "batch", 64*mib, rising(300*mib, 700*mib))
	d, led := i.diagnose()
	checkSound(t, d, led)
	if c := d.Verdict.Culprit; d.Verdict.Cause != investigations.CauseNoisyNeighbour || c == nil || c.Pod != "batch-0" {
		t.Errorf("%s by %+v, want the neighbour that gained 40 %% of the limit", d.Verdict.Cause, c)
	}
}
