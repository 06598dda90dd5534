package rules

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestAlertBetweenTwoKills has the alert fire four minutes after one kill of a crash loop and one minute before the
// next.
func TestAlertBetweenTwoKills(t *testing.T) {
	i := newIncident().ends("OOMKilled", 137).report(nil)
	first := testAt.Add(-5 * time.Minute)
	i.report(func(r *investigations.KernelReport) {
		r.At, r.ContainerID, r.Killed[0].PID = &first, "dead0000", 41
	})
	i.req.At = testAt.Add(-time.Minute)
	if d, _ := i.diagnose(); d.Verdict.Victim.PID != 41 {
		t.Errorf("pid %d: want 41, the kill before the alert", d.Verdict.Victim.PID)
	}
	i.req.At = testAt.Add(-5 * time.Second)
	if d, _ := i.diagnose(); d.Verdict.Victim.PID != 42 {
		t.Errorf("pid %d: want 42, whose moment differs from the alert's by the clocks only", d.Verdict.Victim.PID)
	}
}
