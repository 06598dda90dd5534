package memory

import (
	"errors"
	"iter"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oombot/oombot/investigations"
)

var killed = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

// head is one of a verdict, with what came of it.
func head(c investigations.Cause, confidence float64, o investigations.OutcomeState, votes ...investigations.Feedback) investigations.Head {
	return investigations.Head{
		At: killed, Features: investigations.Features{Cause: c}, Confidence: confidence,
		Outcome: investigations.Outcome{State: o}, Feedback: votes,
	}
}

func vote(by string, v investigations.Vote, right investigations.Cause) investigations.Feedback {
	return investigations.Feedback{By: by, Vote: v, Cause: right, At: killed}
}

func seq(heads ...investigations.Head) iter.Seq2[investigations.Head, error] {
	return func(yield func(investigations.Head, error) bool) {
		for _, h := range heads {
			if !yield(h, nil) {
				return
			}
		}
	}
}

func TestStats(t *testing.T) {
	const (
		leak    = investigations.CauseLeak
		spike   = investigations.CauseLoadSpike
		unknown = investigations.OutcomeUnknown
	)
	old := head(spike, 1, unknown)
	old.At = killed.Add(-time.Hour)
	s, err := StatsOf(seq(
		head(leak, 0.93, unknown, vote("ann", investigations.VoteUp, "")),
		head(leak, 0.91, investigations.OutcomeFixHeld),
		head(leak, 0.97, unknown, vote("ann", investigations.VoteDown, spike)),
		head(leak, 0.55, unknown, vote("ann", investigations.VoteDown, "")),
		head(leak, 0.60, investigations.OutcomeFixFailed),
		head(leak, 0.30, investigations.OutcomeFixApplied),
		old,
		head("", 0.2, ""),
	))
	if err != nil {
		t.Fatal(err)
	}
	p := func(v float64) *float64 { return &v }
	all := Precision{Right: 2, Wrong: 2, Disputed: 1, Unjudged: 3, Share: p(0.5), Low: p(0.15), High: p(0.85)}
	want := Stats{
		Version: 1, Traces: 8, Oldest: old.At, Newest: killed, Precision: all,
		Outcomes: map[investigations.OutcomeState]int{
			investigations.OutcomeFixHeld: 1, investigations.OutcomeFixFailed: 1, investigations.OutcomeFixApplied: 1,
			investigations.OutcomeRecurredUnfixed: 0, unknown: 5,
		},
		Causes: []CauseStats{
			{Cause: leak, Traces: 6, FixHeld: 1, FixFailed: 1, Precision: Precision{
				Right: 2, Wrong: 2, Disputed: 1, Unjudged: 1, Share: p(0.5), Low: p(0.15), High: p(0.85),
			}},
			{Cause: spike, Traces: 1, Precision: Precision{Unjudged: 1}},
			{Cause: "", Traces: 1, Precision: Precision{Unjudged: 1}},
		},
		Calibration: []Band{
			{From: 0, To: 0.5, Traces: 2, Precision: Precision{Unjudged: 2}},
			{From: 0.5, To: 0.6, Traces: 1, Precision: Precision{Wrong: 1, Share: p(0), Low: p(0), High: p(0.793)}, Confidence: p(0.55)},
			{From: 0.6, To: 0.7, Traces: 1, Precision: Precision{Disputed: 1}},
			{From: 0.7, To: 0.8},
			{From: 0.8, To: 0.9},
			{From: 0.9, To: 1, Traces: 4, Precision: Precision{
				Right: 2, Wrong: 1, Unjudged: 1, Share: p(0.667), Low: p(0.208), High: p(0.939),
			}, Confidence: p(0.937)},
		},
	}
	if d := cmp.Diff(want, s, cmpopts.IgnoreUnexported(Band{})); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestStatsOfNothing(t *testing.T) {
	s, err := StatsOf(seq())
	if err != nil || s.Traces != 0 || s.Precision.Share != nil || len(s.Calibration) != len(bandsFrom) || s.Causes == nil {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestStatsError(t *testing.T) {
	_, err := StatsOf(func(yield func(investigations.Head, error) bool) { yield(investigations.Head{}, errBroken) })
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

// TestWilson compares with figures that other programs give.
func TestWilson(t *testing.T) {
	tests := []struct {
		k, n      int
		low, high float64
	}{
		{0, 0, 0, 1},
		{1, 1, 0.2065, 1},
		{0, 1, 0, 0.7935},
		{7, 8, 0.5291, 0.9776},
		{50, 100, 0.4038, 0.5962},
		{81, 263, 0.2553, 0.3662},
	}
	for _, tt := range tests {
		low, high := Wilson(tt.k, tt.n)
		if math.Abs(low-tt.low) > 5e-4 || math.Abs(high-tt.high) > 5e-4 {
			t.Errorf("Wilson(%d, %d) = %.4f to %.4f, want %.4f to %.4f", tt.k, tt.n, low, high, tt.low, tt.high)
		}
	}
}
