package rules

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// seenFor cuts the last pod that was added down to the end of its series.
func (i *incident) seenFor(d time.Duration) *incident {
	for _, q := range []string{investigations.QueryWorkingSet, investigations.QueryRSS, investigations.QueryLimit} {
		sr := &i.ev.Metrics.Queries[q].Series[len(i.ev.Metrics.Queries[q].Series)-1]
		from := sr.T[len(sr.T)-1] - d.Milliseconds()
		for len(sr.T) > 0 && sr.T[0] < from {
			sr.T, sr.V = sr.T[1:], sr.V[1:]
		}
	}
	return i
}

// TestFirstSampleIsNoBirth: the metrics begin minutes before the rollout, and what the old pod did in them is noise.
func TestFirstSampleIsNoBirth(t *testing.T) {
	grows := func(perHour float64) func(time.Duration) float64 {
		return func(ago time.Duration) float64 { return (160 + perHour*(18-ago.Hours())) * mib }
	}
	seen := func(old func(time.Duration) float64) *incident {
		return killed().restarts().memory("api-h1-x", "api", 17.9, leaking).
			deployment(template("r/api:1.0", 512*mib), template("r/api:1.1", 512*mib)).earlierPod(old, 512*mib).seenFor(10 * time.Minute)
	}
	expect(t, seen(grows(55)), expectation{
		cause: investigations.CauseLeak, trigger: investigations.TriggerDeploy, revision: 12,
		actions: []investigations.Action{investigations.ActionRollback, investigations.ActionFixLeak},
	})
}

// TestRevisionsNotRecorded: controller revisions were read, which tell nothing of a deployment's rollouts.
func TestRevisionsNotRecorded(t *testing.T) {
	i := killed().restarts().memory("api-h1-x", "api", 17.9, leaking)
	i.ev.Rollouts = &investigations.RolloutEvidence{HasRevisions: true}
	expect(t, i, expectation{cause: investigations.CauseLeak, trigger: investigations.TriggerUnknown, never: []investigations.Action{investigations.ActionRollback}})
}
