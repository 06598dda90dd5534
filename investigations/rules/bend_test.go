package rules

import (
	"math"
	"testing"
)

// lifeOf makes a life of an hour under a limit of 1000 MiB, with that memory by the share of its time.
func lifeOf(start float64, mem func(share float64) float64) *life {
	var p points
	for i := range 120 {
		p.X = append(p.X, start+30*float64(i))
		p.Y = append(p.Y, mem(float64(i)/119)*mib)
	}
	return &life{pod: "p", hash: "h", born: true, ws: p, mem: p, start: start, end: start + 3600, limit: 1000 * mib, killed: true}
}

func TestGrowthThatSlowsDown(t *testing.T) {
	filling := func(over, rate float64) func(float64) float64 {
		return func(x float64) float64 { return over - (over-250)*math.Exp(-rate*x) }
	}
	leaking := func(x float64) float64 { return 250 + 750*x }
	tests := []struct {
		name  string
		lives []func(float64) float64
		want  bool
	}{
		{"a cache that fills up", []func(float64) float64{filling(1100, 2.1), filling(1100, 2.1)}, true},
		{"a leak", []func(float64) float64{leaking, leaking}, false},
		{"a leak behind a warm-up", []func(float64) float64{func(x float64) float64 {
			return 250 + 350*(1-math.Exp(-12*x)) + 400*x
		}}, false},
		{"growth that the other life does not slow down", []func(float64) float64{filling(1100, 2.1), leaking, leaking}, false},
		{"one life that hardly slows down", []func(float64) float64{filling(1400, 1.05)}, false},
	}
	for _, tt := range tests {
		s := &scene{}
		for i, f := range tt.lives {
			l := lifeOf(float64(i)*4000, f)
			l.mass = shapeOf(l)
			s.lives = append(s.lives, l)
		}
		s.findBends()
		if got := s.lives[0].mass.flattening(); got != tt.want {
			t.Errorf("%s: flattening = %v, want %v (%+v)", tt.name, got, tt.want, s.lives[0].mass.thirds)
		}
	}
}
