package rules

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestThinEvidence holds the verdict where a source is missing and another one takes its place.
func TestThinEvidence(t *testing.T) {
	tests := []struct {
		name     string
		incident *incident
		mech     investigations.Mechanism
		boundary investigations.Boundary
	}{
		{"no kernel log, but the kubelet's SystemOOM", func() *incident {
			i := newIncident().ends("OOMKilled", 137).series(investigations.QueryWorkingSet, "api-h1-x", "api", 6, steady(260*mib)).
				event("Node", "n1", "SystemOOM", "System OOM encountered, victim process: api, pid: 42", 0)
			i.ev.Kernel = nil
			return i
		}(), investigations.GlobalOOMKill, investigations.BoundaryNode},
		{"no log, but exit code 3 beside the flag", func() *incident {
			i := newIncident().ends("Error", 3)
			i.container().Args = []string{"java", "-XX:+ExitOnOutOfMemoryError", "-Xmx256m"}
			return i
		}(), investigations.RuntimeOOM, investigations.BoundaryHeap},
		{"exit code 3 alone", newIncident().ends("Error", 3), investigations.OtherExit, investigations.BoundaryNone},
		{"a numpy error in the termination message", func() *incident {
			i := newIncident().ends("Error", 1)
			i.container().LastState.Terminated.Message = "Traceback:\nnumpy.core._exceptions._ArrayMemoryError: Unable to allocate 7.45 GiB"
			return i
		}(), investigations.RuntimeOOM, investigations.BoundaryHeap},
		{"a log that ends hours before proves nothing", func() *incident {
			i := newIncident().ends("Error", 137)
			i.ev.Kernel.Logs[0].To = testAt.Add(-2*time.Hour - 50*time.Minute)
			return i
		}(), investigations.MechanismUnknown, investigations.BoundaryUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, led := tt.incident.diagnose()
			if d.Verdict.Mechanism != tt.mech || d.Verdict.Boundary != tt.boundary {
				t.Errorf("got %s at %s, want %s at %s\n%s", d.Verdict.Mechanism, d.Verdict.Boundary, tt.mech, tt.boundary, d.Verdict.Explanation)
			}
			checkSound(t, d, led)
		})
	}
}

// TestLateGrowth: level for most of a day, and growing for its last five hours.
func TestLateGrowth(t *testing.T) {
	late := func(ago time.Duration) float64 {
		if ago > 5*time.Hour {
			return steady(200 * mib)(ago)
		}
		return (510 - 62*ago.Hours()) * mib
	}
	expect(t, killed().memory("api-h1-x", "api", 17.9, late), expectation{
		cause: investigations.CauseLeak, trigger: investigations.TriggerNone,
		actions: []investigations.Action{investigations.ActionFixLeak}, never: []investigations.Action{investigations.ActionSetLimit},
	})
}

// TestRolloutBeforeTheLast: the leak came with revision 11; revision 12 brought something else and changed
// nothing about it.
func TestRolloutBeforeTheLast(t *testing.T) {
	i := killed().restarts().memory("api-h1-x", "api", 17.9, leaking).
		deployment(template("r/api:1.1", 512*mib), template("r/api:1.1", 512*mib, investigations.EnvVar{Name: "LOG", Digest: "1"})).
		earlierPod(leaking, 512*mib)
	w := &i.ev.Rollouts.Workloads[0]
	w.Revisions[0].Created = testAt.Add(-24 * time.Hour)
	w.Revisions = append([]investigations.Revision{{
		Number: 10, Name: "api-hz", Hash: "hz", Created: testAt.AddDate(0, 0, -20), Template: template("r/api:1.0", 512*mib), Source: "kubernetes/replicasets.json",
	}}, w.Revisions...)
	for _, q := range []string{investigations.QueryWorkingSet, investigations.QueryRSS} {
		i.series(q, "api-hz-old", "api", 34, steady(180*mib))
		sr := &i.ev.Metrics.Queries[q].Series[len(i.ev.Metrics.Queries[q].Series)-1]
		sr.T, sr.V = sr.T[:1200], sr.V[:1200] // ten hours, until revision 11 came
	}
	expect(t, i, expectation{
		cause: investigations.CauseLeak, trigger: investigations.TriggerDeploy, revision: 11,
		actions: []investigations.Action{investigations.ActionRollback, investigations.ActionFixLeak},
	})
}
