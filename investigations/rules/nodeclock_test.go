package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestNodeClock: where an agent's corrected times and the kubelet's are apart, the node's clock was wrong: the kill is not
// moved, and the end that Kubernetes has is its.
func TestNodeClock(t *testing.T) {
	for _, off := range []time.Duration{-time.Hour, 2 * time.Hour} {
		i := newIncident().ends("OOMKilled", 137).report(nil)
		i.ev.Kernel.Logs[0].Followed = &investigations.KernelFollowed{From: testAt.Add(-time.Hour), To: testAt.Add(time.Minute)}
		end := i.container().LastState.Terminated
		end.StartedAt, end.FinishedAt = testAt.Add(off-time.Minute), testAt.Add(off)
		other := i.newPod("other-0", "other", "2222")
		other.Containers[0].LastState.Terminated = &investigations.Termination{Reason: "OOMKilled", ExitCode: 137, ContainerID: "dead2222", FinishedAt: testAt.Add(-20*time.Minute + 3*off), StartedAt: testAt.Add(-21*time.Minute + 3*off)}
		i.ev.Pods.Pods = append(i.ev.Pods.Pods, other)
		i.report(func(r *investigations.KernelReport) {
			r.At, r.PodUID, r.ContainerID, r.Lines = ptr(testAt.Add(-20*time.Minute)), "2222", "dead2222", [2]int64{1, 9}
		})
		d, led := i.diagnose()
		checkSound(t, d, led)
		if d.Verdict.Mechanism != investigations.MemcgOOMKill || !d.At.Equal(testAt) {
			t.Errorf("%s: %s at %s", off, d.Verdict.Mechanism, d.At)
		}
		if factOf(t, led, "pods/death/api-h1-x/api").Says == "" || factOf(t, led, "pods/silent").Says != "" {
			t.Errorf("%s: its end is not found", off)
		}
		if f := factOf(t, led, "kernel/shift/n1"); !strings.Contains(f.Says, "of pod api-h1-x") || f.Values["offset_seconds"] != off.Seconds() {
			t.Errorf("%+v", f)
		}
	}
}

// TestNodeClockBeforeTheEnd: Kubernetes does not know of the end yet, and has one of a neighbour's by a clock that was two hours
// ahead then. What the agent told is not moved by that.
func TestNodeClockBeforeTheEnd(t *testing.T) {
	i := newIncident().report(nil)
	l := &i.ev.Kernel.Logs[0]
	l.Followed = &investigations.KernelFollowed{From: testAt.Add(-time.Hour), To: testAt.Add(time.Minute)}
	i.report(func(r *investigations.KernelReport) {
		r.At, r.PodUID, r.ContainerID, r.Lines = ptr(testAt.Add(-10*time.Minute)), "2222", "dead2222", [2]int64{1, 9}
	})
	other := i.newPod("other-0", "other", "2222")
	other.Containers[0].LastState.Terminated = &investigations.Termination{
		Reason: "OOMKilled", ExitCode: 137, ContainerID: "dead2222", StartedAt: testAt.Add(-time.Hour), FinishedAt: testAt.Add(110 * time.Minute),
	}
	i.ev.Pods.Pods = append(i.ev.Pods.Pods, other)
	d, led := i.diagnose()
	checkSound(t, d, led)
	if d.Verdict.Mechanism != investigations.MemcgOOMKill || d.Verdict.Boundary != investigations.BoundaryContainer || !d.At.Equal(testAt) {
		t.Errorf("it is %s at %s, of %s", d.Verdict.Mechanism, d.Verdict.Boundary, d.At)
	}
	if f := factOf(t, led, "kernel/shift/n1"); f.Says != "" {
		t.Errorf("it says %q", f.Says)
	}
}
