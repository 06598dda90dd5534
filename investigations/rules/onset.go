package rules

import (
	"math"
	"time"

	"github.com/oombot/oombot/investigations"
)

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

// spikeLongAfter: the pods of the new revision stood at the level of those before for long, until a short rise set
// in. Code and settings are in force from a pod's start on: what is level for hours under them was set off by
// something else. It returns the fact that says so, or "".
func (s *scene) spikeLongAfter(before, after []*life, at time.Time) string {
	if s.best.cause != investigations.CauseLoadSpike || s.life == nil {
		return ""
	}
	var risen []*life
	var quiet, levels, earlier []float64
	for _, l := range after {
		if l.killed && l.mass.known {
			risen, quiet, levels = append(risen, l), append(quiet, l.end-l.mass.ramp-l.start), append(levels, l.mass.level)
		}
	}
	for _, l := range before {
		if maxOf(l.mem.thin(120).Y) > 1.12*median(l.mem.Y) {
			return "" // it rose at times before, too; what counts is how far, at the next such time
		}
		earlier = append(earlier, l.mass.level)
	}
	if len(risen) == 0 || median(levels) > 1.12*median(earlier) || risesByAge(risen, quiet) {
		return ""
	}
	first := risen[0].start + quiet[0]
	for i, l := range risen {
		first = min(first, l.start+quiet[i])
	}
	if first-seconds(at) < 3600 {
		return ""
	}
	return s.fact("trigger/onset", investigations.ToolMetrics, fromSeconds(first), s.usageSource(),
		map[string]float64{"quiet_seconds": first - seconds(at), "level_bytes": median(levels), "before_level_bytes": median(earlier)},
		"The revision had been running for %s at the level of the one before (%s, before %s) when memory began to rise at %s.",
		durationOf(durationSeconds(first-seconds(at))), bytesOf(median(levels)), bytesOf(median(earlier)), stamp(fromSeconds(first)))
}

// risesByAge says whether lives that began at different times rose at about the same age; quiet is how long each
// was level. Then it is their age that brings it on, and a rollout may well have set that off.
func risesByAge(risen []*life, quiet []float64) bool {
	for i, l := range risen {
		for j, o := range risen[:i] {
			apart := math.Abs(l.start - o.start)
			if l.born && o.born && apart > 0.5*quiet[i] && math.Abs(quiet[i]-quiet[j]) < 0.25*quiet[i] {
				return true
			}
		}
	}
	return false
}
