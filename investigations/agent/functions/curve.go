package functions

import (
	"math"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// unit is what a series counts.
type unit int

const (
	inBytes unit = iota
	perSecond
	counter
	plainNumber
)

// of returns a value with its unit.
func (u unit) of(key string, v float64) value {
	switch u {
	case inBytes:
		return bytesOf(key, v)
	case perSecond:
		return value{key + "_per_s", v, digits(v) + " per second"}
	case counter, plainNumber:
	}
	return numberOf(key, v)
}

const (
	// mostPoints bounds the work of a slope: Theil and Sen look at every pair.
	mostPoints = 120
	// leastPoints is how many a slope needs.
	leastPoints = 4
	// aFall is the share of its height that a series loses at the least where it is said to fall.
	aFall = 0.3
	// aLevel is the share of its median within which a series stays that is said to be level.
	aLevel = 0.05
	// aTrend is the share of its range by which a series changes on the whole at the least where it is said to grow or fall.
	aTrend = 0.4
	// mostRises is how many rises of a counter are told.
	mostRises = 3
)

// within returns the samples of a series from and to moments, both included; zero moments are open. They are shared.
func within(sr *investigations.Series, from, to time.Time) investigations.Series {
	out := *sr
	first, last := 0, min(len(sr.T), len(sr.V))
	if !from.IsZero() {
		first, _ = slices.BinarySearch(sr.T[:last], from.UnixMilli())
	}
	if !to.IsZero() {
		last, _ = slices.BinarySearch(sr.T[:last], to.UnixMilli()+1)
	}
	if first >= last {
		out.T, out.V = nil, nil
		return out
	}
	out.T, out.V = sr.T[first:last], sr.V[first:last]
	return out
}

// lastBefore is the index of the last sample up to a moment; -1 where there is none.
func lastBefore(sr *investigations.Series, at time.Time) int {
	n := min(len(sr.T), len(sr.V))
	i, found := slices.BinarySearch(sr.T[:n], at.UnixMilli())
	if found {
		return i
	}
	return i - 1
}

// describe tells how a series went.
func (c *curve) describe() *sentence {
	t, v := c.series.T, c.series.V
	n := len(t)
	s := say("%s from %s to %s, %s", c.name, time.UnixMilli(t[0]), time.UnixMilli(t[n-1]), things("samples", n, "sample", "samples"))
	step := stepOf(t)
	if step > 0 {
		s.and(" every %s", secondsOf("step", step))
	}
	if gaps, longest := gapsOf(t, step); gaps > 0 {
		s.and(", %s of up to %s", things("gaps", gaps, "gap", "gaps"), secondsOf("longest_gap", longest))
	}
	lowest, highest := extremes(v)
	switch {
	case v[lowest] == v[highest]:
		return s.and(": %s throughout", c.unit.of("value", v[0]))
	case c.unit == counter:
		return c.rises(s)
	}
	s.and(": first %s, last %s, lowest %s at %s, highest %s at %s, median %s", c.unit.of("first", v[0]), c.unit.of("last", v[n-1]),
		c.unit.of("min", v[lowest]), time.UnixMilli(t[lowest]), c.unit.of("max", v[highest]), time.UnixMilli(t[highest]), c.unit.of("median", median(v)))
	falls := fallsOf(v)
	if k := len(falls); k > 0 {
		s.and("; from one sample to the next it fell by more than %s %s, the last time at %s", percentOf("fall", 100*aFall), things("falls", k, "time", "times"), time.UnixMilli(t[falls[k-1]]))
	}
	return c.trend(s, falls)
}

// trend appends how the series went on the whole, or between two falls.
func (c *curve) trend(s *sentence, falls []int) *sentence {
	from, to := steadyPart(len(c.series.V), falls)
	t, v := c.series.T[from:to], c.series.V[from:to]
	slope, ok := theilSen(t, v)
	if !ok {
		return s
	}
	if s.and("; "); len(falls) > 0 {
		s.and("from %s to %s ", time.UnixMilli(t[0]), time.UnixMilli(t[len(t)-1]))
	}
	rate := c.unit.of("slope_per_hour", slope)
	change := math.Abs(slope) * float64(t[len(t)-1]-t[0]) / 3.6e6
	lowest, highest := extremes(v)
	span := v[highest] - v[lowest]
	switch {
	case span <= aLevel*math.Abs(median(v)):
		return s.and("it stayed level: its Theil-Sen slope is %s an hour", rate)
	case change < aTrend*span:
		return s.and("it has no steady trend: its Theil-Sen slope is %s an hour", rate)
	case slope < 0:
		rate.words = c.unit.of("", -slope).words
		return s.and("it fell, by the Theil-Sen slope, by %s an hour", rate)
	}
	return s.and("it grew, by the Theil-Sen slope, by %s an hour", rate)
}

// rises tells when a counter rose.
func (c *curve) rises(s *sentence) *sentence {
	t, v := c.series.T, c.series.V
	s.and(": first %s, last %s; it rose by %s", numberOf("first", v[0]), numberOf("last", v[len(v)-1]), numberOf("increase", increase(v)))
	told := 0
	for i := len(v) - 1; i > 0 && told < mostRises; i-- {
		if v[i] == v[i-1] || v[i] < v[i-1] && v[i] == 0 { // set back to 0, it did not rise
			continue
		}
		if told == 0 {
			s.and(", of late between")
		} else {
			s.and(", before that between")
		}
		s.and(" %s and %s", time.UnixMilli(t[i-1]), time.UnixMilli(t[i]))
		told++
	}
	return s
}

// stepOf is the usual time from one sample to the next.
func stepOf(t []int64) time.Duration {
	if len(t) < 2 {
		return 0
	}
	steps := make([]int64, len(t)-1)
	for i := range steps {
		steps[i] = t[i+1] - t[i]
	}
	slices.Sort(steps)
	return time.Duration(steps[len(steps)/2]) * time.Millisecond
}

// gapsOf counts where samples are missing.
func gapsOf(t []int64, step time.Duration) (n int, longest time.Duration) {
	for i := 1; i < len(t); i++ {
		if d := time.Duration(t[i]-t[i-1]) * time.Millisecond; 2*d > 5*step {
			n++
			longest = max(longest, d)
		}
	}
	return n, longest
}

func extremes(v []float64) (lowest, highest int) {
	for i, x := range v {
		if x < v[lowest] {
			lowest = i
		}
		if x > v[highest] {
			highest = i
		}
	}
	return lowest, highest
}

// fallsOf returns where a series fell by a large part of its height, as a restart brings: the indices after the falls.
func fallsOf(v []float64) []int {
	var falls []int
	for i := 1; i < len(v); i++ {
		if v[i-1] > 0 && v[i] < (1-aFall)*v[i-1] {
			falls = append(falls, i)
		}
	}
	return falls
}

// steadyPart is the part of a series whose trend is told: the last one between two falls that is long enough for one, or
// else the longest.
func steadyPart(n int, falls []int) (from, to int) {
	ends := append(slices.Clone(falls), n)
	for i := len(ends) - 1; i >= 0; i-- {
		begin := 0
		if i > 0 {
			begin = ends[i-1]
		}
		if ends[i]-begin >= 2*leastPoints {
			return begin, ends[i]
		}
		if ends[i]-begin > to-from {
			from, to = begin, ends[i]
		}
	}
	return from, to
}

// increase is how much a counter rose, where it may begin anew at 0.
func increase(v []float64) float64 {
	sum := 0.0
	for i := 1; i < len(v); i++ {
		if d := v[i] - v[i-1]; d >= 0 {
			sum += d
		} else {
			sum += v[i]
		}
	}
	return sum
}

func median(v []float64) float64 {
	sorted := slices.Clone(v)
	slices.Sort(sorted)
	return middle(sorted)
}

func middle(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 0 {
		return sorted[n/2-1]/2 + sorted[n/2]/2
	}
	return sorted[n/2]
}

// theilSen is the median of the slopes between all pairs of points, per hour: one that a few outliers don't bend. Of a
// long series it takes evenly spaced points.
func theilSen(t []int64, v []float64) (perHour float64, ok bool) {
	n := min(len(t), mostPoints)
	if n < leastPoints {
		return 0, false
	}
	at := func(i int) int { return i * (len(t) - 1) / (n - 1) }
	slopes := make([]float64, 0, n*(n-1)/2)
	for i := range n {
		for j := i + 1; j < n; j++ {
			if d := t[at(j)] - t[at(i)]; d > 0 {
				slopes = append(slopes, (v[at(j)]-v[at(i)])/float64(d)*3.6e6)
			}
		}
	}
	if len(slopes) == 0 {
		return 0, false
	}
	slices.Sort(slopes)
	m := middle(slopes)
	return m, !math.IsNaN(m) && !math.IsInf(m, 0)
}
