package rules

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestDiesAtStart has a container that was killed many times, a minute and a half after each start: the few samples of
// a start rise steeply, and yet tell of no leak. Without a kernel's report the label says the same, less surely.
func TestDiesAtStart(t *testing.T) {
	starting := func(ago time.Duration) float64 {
		return (200 + 312*(1-(ago%(6*time.Minute)).Minutes()/6)) * mib
	}
	for name, test := range map[string]struct {
		change func(*incident)
		want   investigations.Cause
	}{
		"again and again":         {func(*incident) {}, investigations.CauseUndersizedLimit},
		"without a report":        {func(i *incident) { i.ev.Kernel = nil }, investigations.CauseUndersizedLimit},
		"the first time":          {func(i *incident) { i.container().Restarts = 1 }, ""},
		"after years of its life": {func(i *incident) { i.pod().Created = testAt.AddDate(-2, 0, 0) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			i := killed().memory("api-h1-x", "api", 2, starting)
			i.pod().Created = testAt.Add(-2 * time.Hour)
			i.container().Restarts = 19
			i.container().LastState.Terminated.StartedAt = testAt.Add(-90 * time.Second)
			test.change(i)
			d, led := i.diagnose()
			short := led.ID("rules/undersized/short") != ""
			if test.want == "" && short || test.want != "" && (d.Verdict.Cause != test.want || !short) {
				t.Errorf("cause %s, want %q; judged by its start: %t", d.Verdict.Cause, test.want, short)
			}
		})
	}
}

// TestKilledAboveItsHeap has a JVM whose heap may take 87 % of the limit, with little beside it by the estimate. That the
// kernel killed it there, holding more than the heap, proves that the rest does not fit; its growth is no leak then.
func TestKilledAboveItsHeap(t *testing.T) {
	for anonMiB, want := range map[int64]bool{505: true, 440: false} {
		i := killed().memory("api-h1-x", "api", 17.9, leaking).restarts()
		i.container().Args = []string{"java", "-Xmx446m", "-XX:MaxMetaspaceSize=16m", "-XX:ReservedCodeCacheSize=8m", "-jar", "app.jar"}
		r := &i.ev.Kernel.Logs[0].Reports[0]
		r.Killed[0].Comm, r.Killed[0].AnonRSSKB = "java", ptr(anonMiB<<10)
		d, led := i.diagnose()
		if led.ID("rules/runtime/java") == "" {
			t.Fatal("the heap's ceiling was not read")
		}
		if got := d.Verdict.Cause == investigations.CauseRuntimeMisconfiguration; got != want {
			t.Errorf("with %d MiB at the kill: cause %s", anonMiB, d.Verdict.Cause)
		}
	}
}
