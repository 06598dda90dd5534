package report

import (
	"math"
	"slices"

	inv "github.com/oombot/oombot/investigations"
)

// point is one sample: unix milliseconds and bytes.
type point struct {
	t int64
	v float64
}

// collect joins all series of a query that match, in the order of time: a container that restarts may begin a
// new series of the same names. Of two samples of one moment the larger one stays. Samples that no memory can
// have are left out.
func collect(m *inv.MetricEvidence, query string, match func(inv.Series) bool) []point {
	if m == nil {
		return nil
	}
	var points []point
	for _, s := range m.Queries[query].Series {
		if !match(s) {
			continue
		}
		for i, t := range s.T {
			if i < len(s.V) && s.V[i] >= 0 && s.V[i] < 1<<60 && t > -1<<52 && t < 1<<52 {
				points = append(points, point{t, s.V[i]})
			}
		}
	}
	slices.SortStableFunc(points, func(a, b point) int {
		switch {
		case a.t < b.t:
			return -1
		case a.t > b.t:
			return 1
		}
		return 0
	})
	out := points[:0]
	for _, p := range points {
		if n := len(out); n > 0 && out[n-1].t == p.t {
			out[n-1].v = max(out[n-1].v, p.v)
			continue
		}
		out = append(out, p)
	}
	return out
}

// timeRange is what the chart shows, in unix milliseconds.
type timeRange struct{ from, to int64 }

// column returns which of n columns a moment falls into, and whether it is within the range at all.
func (r timeRange) column(t int64, n int) (int, bool) {
	if t < r.from || t > r.to || n < 1 {
		return 0, false
	}
	if r.to == r.from {
		return 0, true
	}
	i := int(float64(t-r.from) / float64(r.to-r.from) * float64(n))
	return min(i, n-1), true
}

// columns reduces points to n columns: the largest sample of each, since it is peaks that kill. Columns
// between two samples are filled in, unless samples are missing there; those are NaN.
func (r timeRange) columns(points []point, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	for _, p := range points {
		if i, ok := r.column(p.t, n); ok {
			out[i] = fmax(out[i], p.v)
		}
	}
	gap := max(3*usualStep(points), 2*(r.to-r.from)/int64(n))
	for k := 1; k < len(points); k++ {
		a, b := points[k-1], points[k]
		i, okA := r.column(a.t, n)
		j, okB := r.column(b.t, n)
		if !okA || !okB || b.t-a.t > gap {
			continue
		}
		for c := i + 1; c < j; c++ {
			if math.IsNaN(out[c]) {
				out[c] = a.v + (b.v-a.v)*float64(c-i)/float64(j-i)
			}
		}
	}
	return out
}

// fmax is the larger one, where NaN is nothing.
func fmax(a, b float64) float64 {
	switch {
	case math.IsNaN(a):
		return b
	case math.IsNaN(b):
		return a
	}
	return max(a, b)
}

// usualStep is the median distance of samples in milliseconds; 0 for fewer than two.
func usualStep(points []point) int64 {
	if len(points) < 2 {
		return 0
	}
	steps := make([]int64, 0, len(points)-1)
	for i := 1; i < len(points); i++ {
		steps = append(steps, points[i].t-points[i-1].t)
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}

// sum adds columns up; a column is NaN where none of them has a value.
func sum(all ...[]float64) []float64 {
	if len(all) == 0 {
		return nil
	}
	out := slices.Clone(all[0])
	for _, more := range all[1:] {
		for i, v := range more {
			switch {
			case math.IsNaN(v):
			case math.IsNaN(out[i]):
				out[i] = v
			default:
				out[i] += v
			}
		}
	}
	return out
}
