package memory

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// at is a moment some minutes after the first.
func minute(n int) time.Time { return killed.Add(time.Duration(n) * time.Minute) }

func TestStanding(t *testing.T) {
	up, down, retracted := investigations.VoteUp, investigations.VoteDown, investigations.VoteRetracted
	all := []investigations.Feedback{
		{By: "ann", Vote: up, At: minute(1)},
		{By: "bob", Vote: down, At: minute(5)},
		{By: "ann", Vote: down, At: minute(3)},
		{By: "cat", Vote: up, At: minute(2)},
		{By: "cat", Vote: retracted, At: minute(4)},
		{By: "bob", Vote: up, At: minute(4)}, // came late, and was given earlier
		{By: "dan", Vote: up, At: minute(6)},
		{By: "dan", Vote: down, At: minute(6)}, // of the same moment: the one that came last
	}
	want := []investigations.Feedback{
		{By: "ann", Vote: down, At: minute(3)}, {By: "bob", Vote: down, At: minute(5)}, {By: "dan", Vote: down, At: minute(6)},
	}
	if d := cmp.Diff(want, Standing(all)); d != "" {
		t.Errorf("standing (-want +got):\n%s", d)
	}
}

func TestTrust(t *testing.T) {
	const leak, sidecar, spike = investigations.CauseLeak, investigations.CauseSidecar, investigations.CauseLoadSpike
	up, down := investigations.VoteUp, investigations.VoteDown
	of := func(votes ...investigations.Feedback) []investigations.Feedback { return votes }
	v := func(by string, vote investigations.Vote, right, judged investigations.Cause) investigations.Feedback {
		return investigations.Feedback{By: by, Vote: vote, Cause: right, Judged: judged, At: killed}
	}
	tests := []struct {
		name     string
		feedback []investigations.Feedback
		outcome  investigations.OutcomeState
		want     investigations.Trust
		cause    investigations.Cause
	}{
		{"nobody", nil, investigations.OutcomeUnknown, investigations.TrustUnjudged, leak},
		{"one up", of(v("ann", up, "", leak)), investigations.OutcomeUnknown, investigations.TrustConfirmed, leak},
		{"one down", of(v("ann", down, "", leak)), investigations.OutcomeUnknown, investigations.TrustRefuted, leak},
		{"one of each", of(v("ann", up, "", leak), v("bob", down, "", leak)), investigations.OutcomeUnknown, investigations.TrustDisputed, leak},
		{"a correction", of(v("ann", down, sidecar, leak)), investigations.OutcomeUnknown, investigations.TrustCorrected, sidecar},
		{"a correction that more deny", of(v("ann", down, sidecar, leak), v("bob", up, "", leak), v("cat", up, "", leak)), investigations.OutcomeUnknown, investigations.TrustConfirmed, leak},
		{"most corrections hold", of(v("ann", down, sidecar, leak), v("bob", down, spike, leak), v("cat", down, spike, leak)), investigations.OutcomeUnknown, investigations.TrustCorrected, spike},
		{"the right cause is the verdict's own", of(v("ann", down, leak, sidecar)), investigations.OutcomeUnknown, investigations.TrustConfirmed, leak},
		{"a vote on an earlier verdict", of(v("ann", down, "", sidecar)), investigations.OutcomeUnknown, investigations.TrustUnjudged, leak},
		{"its fix held", nil, investigations.OutcomeFixHeld, investigations.TrustConfirmed, leak},
		{"its fix failed", nil, investigations.OutcomeFixFailed, investigations.TrustDisputed, leak},
		{"up, and its fix failed", of(v("ann", up, "", leak)), investigations.OutcomeFixFailed, investigations.TrustDisputed, leak},
		{"down, and its fix held", of(v("ann", down, "", leak)), investigations.OutcomeFixHeld, investigations.TrustRefuted, leak},
		{"a fix that is only applied", nil, investigations.OutcomeFixApplied, investigations.TrustUnjudged, leak},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := head(leak, 0.9, tt.outcome, tt.feedback...)
			if got := TrustOf(h); got != tt.want {
				t.Errorf("trust %s, want %s", got, tt.want)
			}
			if got := EffectiveCause(h); got != tt.cause {
				t.Errorf("it stands for %s, want %s", got, tt.cause)
			}
		})
	}
}
