package metrics

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/oombot/oombot/investigations"
)

// scraped is a series with samples at these milliseconds.
func scraped(at ...int64) model.Matrix {
	s := &model.SampleStream{}
	for _, ms := range at {
		s.Values = append(s.Values, model.SamplePair{Timestamp: model.Time(ms), Value: 1})
	}
	return model.Matrix{s}
}

func TestRhythmOf(t *testing.T) {
	tests := []struct {
		name     string
		samples  model.Matrix
		want     rhythm
		lookback time.Duration
	}{
		{"nothing", nil, rhythm{}, 5 * time.Minute},
		{"one sample", scraped(1000), rhythm{}, 5 * time.Minute},
		{"a grid", scraped(7250, 37250, 67250), rhythm{30 * time.Second, 7250 * time.Millisecond, true}, 30*time.Second - time.Millisecond},
		{"a scrape missed", scraped(7000, 37000, 97000, 127000), rhythm{30 * time.Second, 7 * time.Second, true}, 30*time.Second - time.Millisecond},
		{
			"the kubelet's own timestamps", scraped(1200, 29900, 61800, 90100, 119000),
			rhythm{30 * time.Second, 0, false},
			50 * time.Second,
		},
		{"every second", scraped(1000, 2000, 3000), rhythm{time.Second, 0, true}, time.Second - time.Millisecond},
	}
	for _, tt := range tests {
		got := rhythmOf(tt.samples)
		if !got.exact {
			got.phase = 0
		}
		if got != tt.want || got.lookback() != tt.lookback {
			t.Errorf("%s: %+v, lookback %s", tt.name, got, got.lookback())
		}
	}
}

func TestRhythmValues(t *testing.T) {
	values := map[string]string{}
	rhythm{interval: time.Second, exact: true}.values(values)
	want := map[string]string{"interval": "5s", "lookback": "999ms", "range": "119s999ms", "join": "300s"}
	for k, v := range want {
		if values[k] != v {
			t.Errorf("%s: %s, want %s", k, values[k], v)
		}
	}
	if got := promDuration(29999 * time.Millisecond); got != "29s999ms" {
		t.Error(got)
	}
}

// TestPieces tries rhythms and windows: the steps are in order and on one grid, reach from the window's start to
// behind the moment, and no request has more steps than servers answer.
func TestPieces(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	intervals := []time.Duration{0, time.Second, 3 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 8 * time.Minute}
	for range 2000 {
		r := rhythm{interval: intervals[rng.IntN(len(intervals))]}
		if r.interval > 0 {
			r.phase = time.Duration(rng.Int64N(r.interval.Milliseconds())) * time.Millisecond
		}
		req := investigations.Request{At: testAt.Add(time.Duration(rng.Int64N(int64(time.Hour)))), Window: time.Hour + time.Duration(rng.Int64N(int64(30*24*time.Hour)))}
		now := req.At.Add(time.Duration(rng.Int64N(int64(time.Hour))))
		pieces := r.pieces(req, now, 1+rng.IntN(300))
		next, step := time.Time{}, r.step()
		for i, p := range pieces {
			if p.points() > maxPoints || p.points() < 1 || p.step%step != 0 {
				t.Fatalf("%+v: %d points in %+v", r, p.points(), p)
			}
			if p.inner == 0 && r.interval > 0 && p.step > r.interval || p.inner != 0 && p.step <= r.interval {
				t.Fatalf("%+v: what lies between steps: %+v", r, p)
			}
			if i > 0 && !p.end.Add(pieces[i-1].stepBefore(step)).Equal(next) {
				t.Fatalf("%+v: from %s to %s is not asked for", r, p.end, next)
			}
			if r.grid(p.end, step) != p.end {
				t.Fatalf("%+v: %s is off the grid", r, p.end)
			}
			next = p.start
		}
		newest, oldest := pieces[0].end, pieces[len(pieces)-1]
		if newest.After(now) || newest.Before(req.At.Add(-step)) || newest.After(req.At.Add(behind)) {
			t.Fatalf("%+v: ends at %s, for %s", r, newest, req.At)
		}
		if oldest.start.Before(req.From()) || oldest.start.Add(-oldest.step).After(req.From().Add(step)) {
			t.Fatalf("%+v: begins at %s with %s, for %s", r, oldest.start, oldest.step, req.From())
		}
	}
}

// stepBefore is the distance of a piece's first step from the one before it: wide steps look back.
func (p piece) stepBefore(step time.Duration) time.Duration {
	if p.step > step {
		return p.step
	}
	return step
}

func TestPiecesDoNotMoveWithTheClock(t *testing.T) {
	req := investigations.Request{At: testAt, Window: 48 * time.Hour}
	r := rhythm{interval: 30 * time.Second, phase: 7 * time.Second, exact: true}
	a, b := r.pieces(req, testAt.Add(time.Hour), 3), r.pieces(req, testAt.Add(99*time.Hour), 3)
	if len(a) != len(b) || a[0] != b[0] || a[1] != b[1] {
		t.Errorf("%v\n%v", a, b)
	}
	if p := r.pieces(req, testAt.Add(-50*time.Hour), 3); len(p) != 0 {
		t.Errorf("the future was asked for: %v", p)
	}
}

func TestPieceExpand(t *testing.T) {
	p := piece{start: testAt, end: testAt.Add(time.Hour), step: 30 * time.Second}
	values := map[string]string{"lookback": "29s", "range": "2m"}
	tests := []struct {
		piece    piece
		template string
		least    bool
		want     string
	}{
		{p, "$peak(up[$lookback])", false, "last_over_time(up[29s])"},
		{p, "rate(up[$range])", false, "rate(up[2m])"},
		{p.wider(), "$peak(up[$lookback])", false, "max_over_time(up[120s])"},
		{p.wider(), "$peak(up[$lookback])", true, "min_over_time(up[120s])"},
		{p.wider(), "rate(up[$range])", false, "max_over_time((rate(up[2m]))[120s:60s])"},
		{p.wider().wider(), "up", true, "min_over_time((up)[480s:30s])"},
	}
	for _, tt := range tests {
		if got, missing := tt.piece.expand(tt.template, values, tt.least); got != tt.want || len(missing) > 0 {
			t.Errorf("%s: %s %q, want %s", tt.template, got, missing, tt.want)
		}
	}
	if n := p.wider().points(); n != 31 {
		t.Errorf("%d points", n)
	}
	if values["lookback"] != "29s" {
		t.Error("the values were changed")
	}
}
