package nodes

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oombot/oombot/investigations"
)

// TestSettleRecording has recordings of clocks that are ahead: they end now, and are as long as they were.
func TestSettleRecording(t *testing.T) {
	now := time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	for name, tt := range map[string]struct{ ahead, by time.Duration }{
		"on time":          {0, 0},
		"a little ahead":   {time.Minute, 0},
		"an hour ahead":    {time.Hour, time.Hour},
		"a century ahead":  {100 * 365 * 24 * time.Hour, 100 * 365 * 24 * time.Hour},
		"an hour too late": {-time.Hour, 0},
	} {
		to := now.Add(tt.ahead)
		since := to.Add(-10 * time.Minute)
		r := investigations.NodeReport{Recorder: &investigations.NodeRecording{
			From: to.Add(-15 * time.Minute), To: to, LosslessSince: &since, Top: []investigations.NodeRecorderTop{{At: to.Add(-5 * time.Minute)}},
		}}
		for range 2 {
			Settle(&r, now)
			if r.Recorder.LosslessSince == nil {
				t.Errorf("%s: since when nothing was lost is forgotten", name)
				break
			}
			got := []time.Time{r.Recorder.From, *r.Recorder.LosslessSince, r.Recorder.Top[0].At, r.Recorder.To}
			want := to.Add(-tt.by)
			if diff := cmp.Diff([]time.Time{want.Add(-15 * time.Minute), want.Add(-10 * time.Minute), want.Add(-5 * time.Minute), want}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
	r := investigations.NodeReport{Recorder: &investigations.NodeRecording{From: now, To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}}
	Settle(&r, now)
	if r.Recorder.From.After(r.Recorder.To) || !r.Recorder.To.Equal(now) {
		t.Errorf("a recording of eight thousand years is from %s to %s", r.Recorder.From, r.Recorder.To)
	}
}

// TestSettleBySending corrects all times of a node whose clock is off, by what it says when it sends.
func TestSettleBySending(t *testing.T) {
	now := moment.Add(time.Hour)
	for name, tt := range map[string]struct{ ahead, by time.Duration }{
		"right":           {0, 0},
		"a little ahead":  {time.Minute, 0},
		"a little behind": {-2 * time.Minute, 0},
		"behind":          {-30 * time.Hour, -30 * time.Hour},
		"ahead":           {3 * time.Hour, 3 * time.Hour},
	} {
		r := full()
		r.SentAt = now.Add(tt.ahead)
		shift(&r, tt.ahead) // as that clock has it
		told := r.Counted[0].At
		if got := Ahead(&r, now); got != tt.by {
			t.Errorf("%s: the clock is ahead by %s, want %s", name, got, tt.by)
		}
		for range 2 {
			Settle(&r, now)
		}
		off := tt.ahead - tt.by // it stays where it is taken for right
		want := full()
		shift(&want, off)
		want.SentAt, r.SentAt = time.Time{}, time.Time{}
		if diff := cmp.Diff(want, r, cmpopts.IgnoreFields(investigations.CountedKill{}, "Told"), cmpopts.IgnoreFields(investigations.UserKill{}, "Told"),
			cmpopts.IgnoreFields(investigations.KernelReport{}, "Told"), cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if corrected := !r.Counted[0].Told.IsZero(); corrected != (tt.by != 0) || corrected && !r.Counted[0].Told.Equal(told) {
			t.Errorf("%s: what was told is kept as %s, want %s", name, r.Counted[0].Told, told)
		}
	}
}
