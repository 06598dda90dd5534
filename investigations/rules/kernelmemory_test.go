package rules

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestOldKernelPod: up to 5.2 a pod's own line of statistics is zero, and those of its containers hold its memory.
func TestOldKernelPod(t *testing.T) {
	i := twoContainers().memory("api-h1-x", "api", 12, steady(400*mib)).memory("api-h1-x", "log-shipper", 12, func(ago time.Duration) float64 {
		return max(50, 300-ago.Minutes()) * mib
	})
	r := &i.ev.Kernel.Logs[0].Reports[0]
	zero := map[string]int64{"cache": 0, "rss": 0, "shmem": 0}
	r.Stats, r.Kmem = zero, &investigations.KernelCounter{UsageKB: 8000}
	r.Children = map[string]map[string]int64{
		"/kubepods/burstable/pod1111/dead1111": {"cache": 1 * mib, "rss": 390 * mib, "shmem": 0},
		"/kubepods/burstable/pod1111/side":     {"cache": 1 * mib, "rss": 290 * mib, "shmem": 0},
	}
	r.Tasks = nil
	d, led := i.diagnose()
	checkSound(t, d, led)
	if d.Verdict.Cause != investigations.CauseSidecar {
		t.Errorf("cause %s, want sidecar; %+v", d.Verdict.Cause, d.Hypotheses)
	}
	// What no line holds is the kernel's.
	delete(r.Children, "/kubepods/burstable/pod1111/side")
	if rest := unaccounted(r, 8<<20, 0); rest < 250*mib || rest > 310*mib {
		t.Errorf("%.0f MiB are in no counter", rest/mib)
	}
}
