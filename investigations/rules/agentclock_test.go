package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestNodeClockSet: what an agent told is by another clock than the node's, which Kubernetes has ends by. That clock was
// hours off when a neighbour ended, and is now, or is right again.
func TestNodeClockSet(t *testing.T) {
	for name, tt := range map[string]struct {
		behind time.Duration // the node's clock, at the end of the container
		says   string
		silent bool // Kubernetes does not know the end yet
	}{
		"it is right":       {0, "", false},
		"it is an hour off": {time.Hour, "1 h before the kernel killed in it", false},
		"no end is known":   {0, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIncident().ends("OOMKilled", 137).report(nil)
			l := &i.ev.Kernel.Logs[0]
			l.Followed = &investigations.KernelFollowed{From: testAt.Add(-time.Hour), To: testAt.Add(time.Minute)}
			i.container().LastState.Terminated.FinishedAt = i.container().LastState.Terminated.FinishedAt.Add(-tt.behind)
			if tt.silent {
				i.container().LastState.Terminated = nil
			}
			// The neighbour was killed some minutes before, when the clock was two hours ahead.
			other := l.Reports[0]
			at := testAt.Add(-10 * time.Minute)
			other.At, other.ContainerID, other.PodUID = &at, "0ther", "uid-other"
			l.Reports = append([]investigations.KernelReport{other}, l.Reports...)
			p := i.newPod("other", "other", "uid-other")
			p.Containers[0].LastState.Terminated = &investigations.Termination{
				Reason: "OOMKilled", ExitCode: 137, ContainerID: "0ther", StartedAt: at.Add(-time.Hour), FinishedAt: at.Add(2 * time.Hour),
			}
			i.ev.Pods.Pods = append(i.ev.Pods.Pods, p)
			d, led := i.diagnose()
			if d.Verdict.Mechanism != investigations.MemcgOOMKill || d.Verdict.Boundary != investigations.BoundaryContainer {
				t.Errorf("it is %s at %s", d.Verdict.Mechanism, d.Verdict.Boundary)
			}
			if says := factOf(t, led, "clock/node").Says; !strings.Contains(says, tt.says) || (says == "") != (tt.says == "") {
				t.Errorf("of the clock it says %q, want %q", says, tt.says)
			}
			if f := factOf(t, led, "kernel/shift/n1"); f.Says != "" {
				t.Errorf("it says %q", f.Says)
			}
			if f := factOf(t, led, "pods/silent"); (f.Says != "") != tt.silent {
				t.Errorf("that it lived on: %q", f.Says)
			}
		})
	}
}
