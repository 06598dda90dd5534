package rules

import "testing"

// TestOwnFrom tells the echo of the life before from a life's own samples.
func TestOwnFrom(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		values []float64 // every 30 s, the first three of the life before
		want   float64
	}{
		"no echo":                 {[]float64{900, 950, 1000, 300, 310, 320}, 61},
		"one sample":              {[]float64{900, 950, 1000, 1000, 300, 310}, 105},
		"two samples":             {[]float64{900, 950, 1000, 1000, 1000, 300}, 135},
		"back at the level":       {[]float64{900, 950, 1000, 1000, 1000, 1000}, 61},
		"a fall much later":       {[]float64{900, 950, 1000, 1000, 1000, 1000, 300}, 61},
		"a start of its own":      {[]float64{900, 950, 1000, 500, 200, 210}, 61},
		"next to nothing at all":  {[]float64{1, 1, 1, 1, 0.2, 0.2}, 61},
		"the samples end with it": {[]float64{900, 950, 1000}, 61},
	} {
		var ws points
		for i, v := range c.values {
			ws.X, ws.Y = append(ws.X, float64(30*i)), append(ws.Y, v*mib)
		}
		if got := ownFrom(ws, 61); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
