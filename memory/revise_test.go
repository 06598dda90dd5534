package memory

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// trace is one whose verdict names a cause, with feedback.
func trace(c investigations.Cause, votes ...investigations.Feedback) investigations.Trace {
	t := investigations.Trace{Feedback: votes}
	t.Result.ID, t.Result.At, t.Result.Verdict.Cause = "01KAXW8B4MZ5W1N9N9N9N9N9N9", killed, c
	return t
}

// TestFeedbackIsJoinedOnce gives feedback that does not say which verdict it judged, as other programs write it.
func TestFeedbackIsJoinedOnce(t *testing.T) {
	mine := vote("ann", investigations.VoteUp, "")
	judged := mine
	judged.Judged = investigations.CauseLeak
	want := []investigations.Feedback{judged}

	stored := Revise(trace(investigations.CauseLeak, mine), trace(investigations.CauseLeak, mine))
	if d := cmp.Diff(want, stored.Feedback); d != "" {
		t.Errorf("the same feedback twice (-want +got)\n%s", d)
	}
	stored = Amend(trace(investigations.CauseLeak, mine), investigations.Amendment{Feedback: []investigations.Feedback{mine}})
	if d := cmp.Diff(want, stored.Feedback); d != "" {
		t.Errorf("amended with what is there (-want +got)\n%s", d)
	}
	stored = Revise(trace(investigations.CauseLeak, mine), trace(investigations.CauseLoadSpike))
	if d := cmp.Diff(want, stored.Feedback); d != "" {
		t.Errorf("a later verdict takes over feedback on the earlier one (-want +got)\n%s", d)
	}
}
