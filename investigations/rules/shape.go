package rules

import "math"

// shape is how memory developed within one life.
type shape struct {
	known bool
	// n is the number of samples, age the time they span in seconds.
	n    int
	span float64
	// ceiling is the limit in force, or the highest sample where there is none.
	ceiling float64
	// first, level, last: the level early in the life (its first tenth, warm-up included), the median, and the
	// last samples before the end, all of the working set in bytes.
	first, level, last, peak float64
	// tail is the median of the last third.
	tail float64
	trend
	// early and late are the slopes of the first and the second half, in bytes per second.
	early, late float64
	// ramp is how long the last rise took, in seconds: from the last moment at which the working set was within
	// a fifth of the way from its level to the ceiling, to the end.
	ramp float64
	// sawtooth is the share of steps that fall by more than a tenth of the range: a collector at work.
	sawtooth float64
	// grown is the growth by the trend over the whole span, in bytes.
	grown float64
	// stale says that the last sample is too long before the end to tell how the end came.
	stale bool
	// byLoad says that growth which slows down over time is steady over the number of requests served.
	byLoad bool
	// thirds are the slopes of the three thirds, in bytes per second.
	thirds [3]float64
	// bent says that the growth slows down through the whole life, as it does in the other lives at that age.
	bent bool
}

// shapeOf describes a life; known is false where fewer than four samples exist.
func shapeOf(l *life) shape {
	c := *l
	c.ws = l.held()
	l = &c
	m := shape{n: l.ws.len(), ceiling: l.limit}
	if m.n == 0 {
		return m
	}
	m.peak = maxOf(l.ws.Y)
	if m.ceiling <= 0 {
		m.ceiling = m.peak
	}
	m.stale = l.end-l.ws.X[m.n-1] > math.Max(300, 4*l.ws.step())
	m.last = maxOf(l.ws.Y[max(0, m.n-2):])
	m.level = median(l.ws.Y)
	k := max(1, m.n/10)
	m.first = median(l.ws.Y[:k])
	m.tail = median(l.ws.Y[m.n-max(1, m.n/3):])
	m.span = l.ws.X[m.n-1] - l.ws.X[0]
	m.ramp = l.end - rampStart(l, m.level+0.2*(math.Max(m.ceiling, m.peak)-m.level))
	if m.n < 4 || m.span <= 0 {
		return m
	}
	m.known = true
	cut := l.mem.thin(120)
	// The first samples of a life are its start-up and say nothing about growth.
	if cut.len() > 20 {
		cut = points{cut.X[cut.len()/20:], cut.Y[cut.len()/20:]}
	}
	m.trend = trendOf(cut)
	m.grown = m.Slope * m.span
	half := cut.len() / 2
	m.early = trendOf(points{cut.X[:half], cut.Y[:half]}).Slope
	m.late = trendOf(points{cut.X[half:], cut.Y[half:]}).Slope
	for i := range m.thirds {
		a, b := i*cut.len()/3, (i+1)*cut.len()/3
		m.thirds[i] = trendOf(points{cut.X[a:b], cut.Y[a:b]}).Slope
	}
	falls, wide := 0, maxOf(cut.Y)-minOf(cut.Y)
	for i := 1; i < cut.len(); i++ {
		if cut.Y[i-1]-cut.Y[i] > 0.1*wide {
			falls++
		}
	}
	if cut.len() > 1 {
		m.sawtooth = float64(falls) / float64(cut.len()-1)
	}
	return m
}

// rampStart is the last moment at which the working set stood at or below the threshold, by the median of five
// samples, so that one noisy dip does not shorten a long rise.
func rampStart(l *life, threshold float64) float64 {
	for i := l.ws.len() - 1; i >= 0; i-- {
		if l.ws.Y[i] > threshold {
			continue
		}
		if i+1 >= l.ws.len()-2 || median(l.ws.Y[max(0, i-2):min(l.ws.len(), i+3)]) <= threshold {
			return l.ws.X[i]
		}
	}
	return l.start
}

// growing says whether memory rose steadily over the life, by a share of the ceiling that matters.
func (m shape) growing() bool {
	return m.known && m.Tau >= 0.55 && m.grown >= 0.12*m.ceiling && m.Scatter <= 0.35*math.Abs(m.grown) && !m.flattening()
}

// flattening says whether the growth came to rest: a cache or a heap that warmed up.
func (m shape) flattening() bool {
	return m.known && m.early > 0 && (m.late < 0.3*m.early || m.bent) && !m.byLoad
}

// steadyByLoad says whether memory grows as evenly with the requests served in the second half of the life as
// in the first: then a slower growth only means less traffic.
func steadyByLoad(l *life, traffic points) bool {
	if traffic.len() < 10 {
		return false
	}
	p := l.mem.thin(120)
	if p.len() < 12 {
		return false
	}
	q := points{X: make([]float64, p.len()), Y: p.Y}
	sum, from := 0.0, l.start
	for i, x := range p.X {
		sum += traffic.between(from-600, x).integral(from, x, 900)
		q.X[i], from = sum, x
	}
	half := q.len() / 2
	early := trendOf(points{q.X[:half], q.Y[:half]}).Slope
	late := trendOf(points{q.X[half:], q.Y[half:]}).Slope
	return early > 0 && late > 0.6*early
}

// flat says whether the life has one level.
func (m shape) flat() bool {
	return m.known && math.Abs(m.grown) < 0.08*math.Max(m.level, 1)
}

// sudden says whether the end came out of a level far below the ceiling: the rise was short against the life,
// or no sample saw it at all.
func (m shape) sudden() bool {
	if m.n < 3 || m.stale {
		return false
	}
	unseen := m.last < 0.8*m.ceiling
	short := m.level < 0.78*m.ceiling && m.ramp <= math.Min(2400, 0.12*m.span)
	return (unseen && !m.growing()) || (unseen && m.tail < 0.75*m.ceiling && m.last < 0.75*m.ceiling) || short && !m.growing()
}
