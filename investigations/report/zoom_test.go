package report

import (
	"testing"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

func TestZoom(t *testing.T) {
	a := inv.Party{Namespace: "shop", Pod: "p", Container: "app"}
	// rising stays at 100 MiB, and comes to 1 GiB within the time before the kill.
	rising := func(in time.Duration) func(time.Duration) float64 {
		return func(age time.Duration) float64 {
			left := 24*time.Hour - age
			return 100*mib + 924*mib*max(0, 1-float64(left)/float64(in))
		}
	}
	teeth := func(age time.Duration) float64 {
		return 100*mib + 900*mib*float64(age%(40*time.Minute))/float64(40*time.Minute)
	}
	tests := []struct {
		name    string
		curve   func(time.Duration) float64
		changed time.Duration // before the kill; 0: nothing changed
		want    time.Duration
	}{
		{"a slow rise needs the whole range", rising(20 * time.Hour), 0, 24 * time.Hour},
		{"a rise of an hour", rising(time.Hour), 0, 5 * time.Hour},
		{"a rise of minutes", rising(4 * time.Minute), 0, 90 * time.Minute},
		{"a rise that no sample saw", rising(30 * time.Second), 0, 24 * time.Hour},
		{"short lives, of which some are enough", teeth, 0, 3 * time.Hour},
		{"the change is shown with it", teeth, 7 * time.Hour, 7*time.Hour + 21*time.Minute},
		{"unless it was long before", teeth, 20 * time.Hour, 3 * time.Hour},
		{"no rise, nothing to zoom at", func(time.Duration) float64 { return 100 * mib }, 0, 24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			one := series(a, 24*time.Hour, tt.curve)
			s := &subject{pod: a, main: [][]point{collect(&inv.MetricEvidence{Queries: map[string]inv.Query{"q": query(one)}}, "q", sameContainer(a))}}
			r := &inv.Result{At: killedAt}
			if tt.changed != 0 {
				r.Verdict.Change = &inv.Change{At: killedAt.Add(-tt.changed)}
			}
			shown := zoom(rangeOf(s, r, nil), s, r)
			got := time.Duration(killedAt.UnixMilli()-shown.from) * time.Millisecond
			if off := (got - tt.want).Abs(); off > tt.want/7 {
				t.Errorf("it shows the %s before the kill, want about %s", got, tt.want)
			}
			if shown.to < killedAt.UnixMilli() {
				t.Errorf("the kill is not in the range")
			}
		})
	}
}

func TestRangeReachesBackToTheRollout(t *testing.T) {
	s := &subject{main: [][]point{{{killedAt.Add(-time.Hour).UnixMilli(), 1}, {killedAt.Add(time.Minute).UnixMilli(), 1}}}}
	for before, want := range map[time.Duration]time.Duration{70 * time.Minute: 70 * time.Minute, 3 * time.Hour: time.Hour, 10 * time.Minute: time.Hour} {
		shown := rangeOf(s, &inv.Result{At: killedAt}, []mark{{t: killedAt.Add(-before).UnixMilli()}})
		if got := time.Duration(killedAt.UnixMilli()-shown.from) * time.Millisecond; got != want {
			t.Errorf("with a rollout %s before the kill it shows %s, want %s", before, got, want)
		}
	}
}
