package rules

import "math"

// risesBefore says whether memory grew before its onset, too, only more slowly: growth that accelerates smoothly has
// no onset, and two straight lines are merely what comes nearest to it.
func risesBefore(l *life, on float64, after trend) bool {
	p := l.mem.between(l.start, on)
	if p.len() < 8 {
		return false
	}
	p = points{p.X[p.len()/10:], p.Y[p.len()/10:]} // without the start-up
	t := trendOf(p)
	return t.Tau > 0.5 && t.Slope > 0.04*after.Slope
}

// onsetByAge says whether a later life of the revision was level for as long as the first one before it grew: then
// it is their age that brings it on, and no event of that hour. Lives that start at about one time can't tell.
func onsetByAge(lives []*life, on float64) bool {
	first := lives[0]
	quiet := on - first.start
	for _, o := range lives[1:] {
		if !o.born || o.start < first.start+0.5*quiet || o.age() < 1.2*quiet {
			continue
		}
		if at, _ := onset(o); at > 0 && math.Abs(at-o.start-quiet) < 0.25*quiet {
			return true
		}
	}
	return false
}
