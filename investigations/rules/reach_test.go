package rules

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestReaches: samples that end long before the kill tell of other lives, and count as none.
func TestReaches(t *testing.T) {
	s := &scene{at: testAt}
	for _, tt := range []struct {
		step, end time.Duration // the pause between samples, and how long before the kill they end
		want      bool
	}{
		{30 * time.Second, 0, true},
		{30 * time.Second, 20 * time.Minute, true},
		{30 * time.Second, 3 * time.Hour, false},
		{30 * time.Second, 72 * time.Hour, false},
		{time.Hour, 3 * time.Hour, true},
	} {
		sr := investigations.Series{}
		for i := range 30 {
			sr.T = append(sr.T, testAt.Add(-tt.end-time.Duration(30-i)*tt.step).UnixMilli())
			sr.V = append(sr.V, 1)
		}
		if got := s.reaches(investigations.Query{Series: []investigations.Series{sr}}); got != tt.want {
			t.Errorf("samples each %v that end %v before: %v, want %v", tt.step, tt.end, got, tt.want)
		}
	}
}

func TestUntilEnd(t *testing.T) {
	for _, tt := range []struct {
		in   []float64
		want int
	}{
		{[]float64{100, 100, 200, 300, 400, 500}, 6},
		{[]float64{100, 100, 200, 300, 500, 0, 0}, 5},
		{[]float64{100, 100, 100, 100, 90}, 5},
		{nil, 0},
	} {
		p := points{X: make([]float64, len(tt.in)), Y: tt.in}
		if got := p.untilEnd().len(); got != tt.want {
			t.Errorf("%v: %d readings, want %d", tt.in, got, tt.want)
		}
	}
}
