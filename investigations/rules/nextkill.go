package rules

import (
	"math"

	"github.com/oombot/oombot/investigations"
)

// forecast says when it will happen again if nothing changes: from the ages at which lives ended, and from the
// growth of the life that runs now.
func (s *scene) forecast() {
	if s.reason != nil || s.best.cause != investigations.CauseLeak && s.best.cause != investigations.CauseUndersizedLimit || s.follows().yes {
		return
	}
	start := s.restartedAt()
	if start == 0 || s.life == nil {
		return
	}
	var ages []float64
	for _, l := range s.lives {
		if l.killed && l.born && l.hash == s.life.hash && l.limit == s.life.limit && l.age() > 120 {
			ages = append(ages, l.age())
		}
	}
	var mid, low, high float64
	var why []string
	switch {
	case len(ages) >= 2:
		mid, low, high = median(ages), minOf(ages), maxOf(ages)
		// Few lives say little about the extremes.
		slack := 0.15 * mid
		low, high = low-slack, high+slack
		why = append(why, s.led.ID("rules/leak/ages"))
		if why[0] == "" {
			why[0] = s.fact("next/ages", investigations.ToolMetrics, s.at, s.usageSource(), map[string]float64{"median_age_seconds": mid, "lives": float64(len(ages))},
				"%s of this revision ended in a kill, in the median after %s.", lives(len(ages)), durationOf(durationSeconds(mid)))
		}
	case s.best.cause == investigations.CauseLeak && s.olderThanSamples() > 0:
		mid = s.olderThanSamples()
		low, high = 0.7*mid, 1.5*mid
		why = append(why, s.sayDeath(s.death))
	case s.best.cause == investigations.CauseLeak && s.life.mass.Slope > 0 && s.life.limit > 0:
		mid = math.Max(0, s.life.limit-s.life.mass.first) / s.life.mass.Slope
		low, high = 0.7*mid, 1.5*mid
		why = append(why, s.sayGrowth(s.life))
	default:
		return
	}
	if math.IsNaN(mid) || mid <= 0 || mid > 90*86400 {
		return
	}
	s.next = &investigations.NextKill{
		At: fromSeconds(start + mid), Earliest: fromSeconds(math.Max(start+low, seconds(s.at))), Latest: fromSeconds(start + high), Why: unique(why),
	}
}

// olderThanSamples is the whole age in seconds, by the container's status, of a life that began well before its first
// sample: what the samples show is then the end of a longer growth, and not the growth from its start. 0 for others.
func (s *scene) olderThanSamples() float64 {
	if s.death == nil || s.death.term.StartedAt.IsZero() || s.life.ws.len() == 0 {
		return 0
	}
	age := s.death.at().Sub(s.death.term.StartedAt).Seconds()
	if hidden := s.life.ws.X[0] - seconds(s.death.term.StartedAt); hidden > math.Max(600, 0.1*age) {
		return age
	}
	return 0
}

// restartedAt is when the killed container started again; 0 where it did not.
func (s *scene) restartedAt() float64 {
	c := containerSpec(s.pod, s.subjectContainer)
	if c == nil || c.State.RunningSince.IsZero() || c.State.RunningSince.Before(s.at) {
		return 0
	}
	return seconds(c.State.RunningSince)
}
