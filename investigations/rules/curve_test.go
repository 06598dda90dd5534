package rules

import (
	"math"
	"math/rand/v2"
	"testing"
)

func line(n int, step, from, slope float64) points {
	var p points
	for i := range n {
		p.X = append(p.X, float64(i)*step)
		p.Y = append(p.Y, from+slope*float64(i)*step)
	}
	return p
}

func TestTrendIgnoresOutliers(t *testing.T) {
	p := line(200, 30, 100<<20, 5000)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		p.Y[rng.IntN(len(p.Y))] = 900 << 20
	}
	got := trendOf(p)
	if math.Abs(got.Slope-5000) > 500 {
		t.Errorf("slope = %v, want about 5000 in spite of 20 %% outliers", got.Slope)
	}
	if got.Tau < 0.5 {
		t.Errorf("tau = %v, want a clear rise", got.Tau)
	}
}

func TestTrendOfLittle(t *testing.T) {
	for _, p := range []points{{}, {X: []float64{1}, Y: []float64{2}}, {X: []float64{1, 1, 1}, Y: []float64{2, 3, 4}}} {
		if got := trendOf(p); got.Slope != 0 || math.IsNaN(got.Scatter) {
			t.Errorf("trendOf(%v) = %+v, want no slope", p, got)
		}
	}
}

func TestThinKeepsShape(t *testing.T) {
	p := line(10_000, 30, 0, 1)
	q := p.thin(100)
	if q.len() > 101 || q.len() < 90 {
		t.Fatalf("len = %d, want about 100", q.len())
	}
	if got := trendOf(q).Slope; math.Abs(got-1) > 0.01 {
		t.Errorf("slope after thinning = %v, want 1", got)
	}
	same := points{X: []float64{5, 5, 5}, Y: []float64{1, 2, 3}}
	if got := same.thin(2); got.len() != 1 {
		t.Errorf("thin of one moment = %v, want one point", got)
	}
}

func TestBetweenAndLast(t *testing.T) {
	p := line(10, 10, 0, 1)
	if got := p.between(15, 45); got.len() != 3 || got.X[0] != 20 || got.X[2] != 40 {
		t.Errorf("between(15, 45) = %v", got.X)
	}
	if got := p.between(45, 15); got.len() != 0 {
		t.Errorf("between of nothing = %v", got.X)
	}
	if _, _, ok := p.last(-1); ok {
		t.Error("last(-1) found a point before the first")
	}
	if x, y, ok := p.last(1e9); !ok || x != 90 || y != 90 {
		t.Errorf("last = %v, %v, %v", x, y, ok)
	}
}

func TestIntegralHoldsValuesOverSmallGapsOnly(t *testing.T) {
	p := points{X: []float64{0, 10, 1000, 1010}, Y: []float64{2, 2, 4, 4}}
	// 0–10: 20; 10–70 held for 60 s: 120; 1000–1010: 40; 1010–1020: 40.
	if got := p.integral(0, 1020, 60); got != 220 {
		t.Errorf("integral = %v, want 220", got)
	}
}

func TestVariation(t *testing.T) {
	if got := variation([]float64{100, 110}); math.Abs(got-5.0/105) > 1e-9 {
		t.Errorf("variation of two = %v", got)
	}
	if got := variation([]float64{5}); !math.IsInf(got, 1) {
		t.Errorf("variation of one = %v, want infinity", got)
	}
}

func TestShapes(t *testing.T) {
	const mib = 1 << 20
	limit := 512.0 * mib
	rng := rand.New(rand.NewPCG(7, 7))
	build := func(n int, f func(x float64) float64) *life {
		l := &life{limit: limit, ended: true, killed: true, born: true}
		for i := range n {
			x := float64(i) / float64(n-1)
			l.ws.X = append(l.ws.X, float64(i)*30)
			l.ws.Y = append(l.ws.Y, f(x)*limit*(1+0.01*rng.NormFloat64()))
		}
		l.mem, l.end = l.ws, l.ws.X[n-1]+10
		return l
	}
	tests := []struct {
		name                              string
		life                              *life
		growing, flat, flattens, suddenly bool
	}{
		{"leak", build(400, func(x float64) float64 { return 0.3 + 0.68*x }), true, false, false, false},
		{"plateau", build(400, func(float64) float64 { return 0.95 }), false, true, false, false},
		{"warm-up", build(400, func(x float64) float64 { return 0.95 - 0.6*math.Exp(-12*x) }), false, false, true, false},
		{"unseen spike", build(400, func(float64) float64 { return 0.4 }), false, true, false, true},
		{"seen spike", build(400, func(x float64) float64 {
			if x > 0.99 {
				return 0.95
			}
			return 0.4
		}), false, true, false, true},
	}
	for _, tt := range tests {
		m := shapeOf(tt.life)
		if m.growing() != tt.growing {
			t.Errorf("%s: growing = %v (%+v)", tt.name, m.growing(), m)
		}
		if m.sudden() != tt.suddenly {
			t.Errorf("%s: sudden = %v (%+v)", tt.name, m.sudden(), m)
		}
		if tt.flat && !m.flat() {
			t.Errorf("%s: not flat (%+v)", tt.name, m)
		}
		if tt.flattens && !m.flattening() {
			t.Errorf("%s: not flattening (%+v)", tt.name, m)
		}
	}
}

func TestOnset(t *testing.T) {
	l := &life{}
	for i := range 600 {
		y := 200.0
		if i > 400 {
			y += float64(i-400) * 1.5
		}
		l.mem.X, l.mem.Y = append(l.mem.X, float64(i)*60), append(l.mem.Y, y+float64(i%3))
	}
	l.end = 600 * 60
	at, after := onset(l)
	if math.Abs(at-400*60) > 3600 || after.Slope <= 0 {
		t.Errorf("onset at %v s with slope %v, want about %v s", at, after.Slope, 400*60)
	}
	flat := &life{mem: line(600, 60, 200, 0), end: 36000}
	if at, _ := onset(flat); at != 0 {
		t.Errorf("a level curve has an onset at %v", at)
	}
}
