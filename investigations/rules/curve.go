package rules

import (
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat"
)

// points is a curve: X in seconds, Y in bytes or requests per second, X ascending.
type points struct{ X, Y []float64 }

func (p points) len() int { return len(p.X) }

// between returns the points with from ≤ X ≤ to; it shares memory with p.
func (p points) between(from, to float64) points {
	i := sort.SearchFloat64s(p.X, from)
	j := sort.Search(len(p.X), func(k int) bool { return p.X[k] > to })
	if i >= j {
		return points{}
	}
	return points{p.X[i:j], p.Y[i:j]}
}

// last returns the last point at or before x, and whether there is one.
func (p points) last(x float64) (px, py float64, ok bool) {
	i := sort.Search(len(p.X), func(k int) bool { return p.X[k] > x })
	if i == 0 {
		return 0, 0, false
	}
	return p.X[i-1], p.Y[i-1], true
}

// highBefore returns the highest of the last samples before x: those of the last two and a half minutes, and at
// least the last one; 0 where there is none.
func (p points) highBefore(x float64) float64 {
	_, last, _ := p.last(x + 1)
	return math.Max(last, maxOf(p.between(x-150, x+1).Y))
}

// thin reduces a curve to at most n points, each the median of its bucket of equal duration, so that the
// quadratic estimators below stay cheap and single outliers lose their weight.
func (p points) thin(n int) points {
	if len(p.X) <= n {
		return p
	}
	from, to := p.X[0], p.X[len(p.X)-1]
	width := (to - from) / float64(n)
	if width <= 0 {
		return points{p.X[:1], p.Y[:1]}
	}
	var out points
	for i := 0; i < len(p.X); {
		b := math.Floor((p.X[i] - from) / width)
		j := i
		for j < len(p.X) && math.Floor((p.X[j]-from)/width) == b {
			j++
		}
		out.X = append(out.X, p.X[i+(j-i)/2])
		out.Y = append(out.Y, median(p.Y[i:j]))
		i = j
	}
	return out
}

// median returns the middle value; 0 for none. It does not change v.
func median(v []float64) float64 { return quantile(v, 0.5) }

// quantile returns the q-quantile of v by linear interpolation; 0 for none. It does not change v.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Clone(v)
	sort.Float64s(s)
	return stat.Quantile(q, stat.LinInterp, s, nil)
}

func maxOf(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	return slices.Max(v)
}

func minOf(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	return slices.Min(v)
}

// trend is a robust straight line through a curve.
type trend struct {
	// Slope is Y per second, by Theil–Sen: the median of the slopes between all pairs of points, which up to
	// 29 % of outliers do not move.
	Slope float64
	// Tau is Kendall's rank correlation of X and Y, −1 to 1: 1 where every later point is higher.
	Tau float64
	// Scatter is the median distance of the points from the line.
	Scatter float64
	N       int
}

// trendOf fits a line to at most 120 points of p.
func trendOf(p points) trend {
	p = p.thin(120)
	n := p.len()
	if n < 3 {
		return trend{N: n}
	}
	slopes := make([]float64, 0, n*(n-1)/2)
	up, down := 0, 0
	for i := range n {
		for j := i + 1; j < n; j++ {
			dx := p.X[j] - p.X[i]
			if dx <= 0 {
				continue
			}
			dy := p.Y[j] - p.Y[i]
			slopes = append(slopes, dy/dx)
			if dy > 0 {
				up++
			} else if dy < 0 {
				down++
			}
		}
	}
	t := trend{Slope: median(slopes), N: n}
	if pairs := len(slopes); pairs > 0 {
		t.Tau = float64(up-down) / float64(pairs)
	}
	rest := make([]float64, n)
	for i := range n {
		rest[i] = p.Y[i] - t.Slope*p.X[i]
	}
	mid := median(rest)
	for i := range rest {
		rest[i] = math.Abs(rest[i] - mid)
	}
	t.Scatter = median(rest)
	return t
}

// spread is the distance between the 10th and 90th percentile, relative to the median; 0 for none.
func spread(v []float64) float64 {
	m := median(v)
	if m == 0 {
		return 0
	}
	return (quantile(v, 0.9) - quantile(v, 0.1)) / m
}

// variation is the robust coefficient of variation of few values: half their range over their mean for up to
// four, and the interquartile range over the median above.
func variation(v []float64) float64 {
	if len(v) < 2 {
		return math.Inf(1)
	}
	if len(v) <= 4 {
		m := stat.Mean(v, nil)
		if m == 0 {
			return math.Inf(1)
		}
		return (maxOf(v) - minOf(v)) / 2 / m
	}
	m := median(v)
	if m == 0 {
		return math.Inf(1)
	}
	return (quantile(v, 0.75) - quantile(v, 0.25)) / m
}

// fit is a least-squares line y = A + B·x with its share of explained variance.
type fit struct {
	A, B, R2 float64
	N        int
}

func fitOf(x, y []float64) fit {
	if len(x) < 4 || len(x) != len(y) {
		return fit{N: len(x)}
	}
	a, b := stat.LinearRegression(x, y, nil, false)
	r2 := stat.RSquared(x, y, nil, a, b)
	if math.IsNaN(r2) || math.IsInf(r2, 0) || math.IsNaN(b) {
		return fit{N: len(x)}
	}
	return fit{A: a, B: b, R2: r2, N: len(x)}
}

// at returns the value of the curve at x, held from the last point before; 0 where there is none.
func (p points) at(x float64) float64 {
	_, y, _ := p.last(x)
	return y
}

// integral returns ∫Y dx from a to b, holding each value until the next point, for at most gap seconds.
func (p points) integral(a, b, gap float64) float64 {
	var sum float64
	for i := range p.X {
		x0, x1 := p.X[i], b
		if i+1 < len(p.X) {
			x1 = p.X[i+1]
		}
		x1 = math.Min(math.Min(x1, x0+gap), b)
		x0 = math.Max(x0, a)
		if x1 > x0 {
			sum += p.Y[i] * (x1 - x0)
		}
	}
	return sum
}

// step returns the usual distance between two points in seconds; 0 where there are fewer than two.
func (p points) step() float64 {
	if len(p.X) < 2 {
		return 0
	}
	n := min(len(p.X)-1, 200)
	d := make([]float64, n)
	for i := range n {
		d[i] = p.X[i+1] - p.X[i]
	}
	return median(d)
}
