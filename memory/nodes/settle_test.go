package nodes

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
