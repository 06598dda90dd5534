package rules

import (
	"time"

	"github.com/oombot/oombot/investigations"
)

// barelyBefore judges a rollout at the very start of the metrics. The pods before it are older than the metrics: their
// first sample is no birth, and nothing can be compared at equal age. They count as calm where, however old they were,
// they stood near the level at which the new ones only begin. That is less certain than to have seen them live.
func (s *scene) barelyBefore(r *investigations.Revision, before, after []*life, at time.Time) (bool, string) {
	l := s.judged()
	if s.best.cause != investigations.CauseLeak || l == nil || l.mass.n < 8 || !l.mass.growing() || s.onsetAfter(after, at) != "" {
		return false, ""
	}
	if s.at.Sub(at) > 24*time.Hour || at.Before(s.req.From()) {
		return false, ""
	}
	first, last := bothEnds(l.ws)
	longest, level := 0.0, 0.0
	for _, o := range before {
		longest, level = max(longest, o.age()), max(level, o.mass.peak)
		if o.born || o.killed || o.mass.Tau > 0.5 && o.mass.Slope > 0.5*l.mass.Slope {
			return false, ""
		}
	}
	if longest > 0.1*l.age() || level > first+0.25*(last-first) {
		return false, ""
	}
	s.blindSpot(investigations.ToolMetrics, "whether the revision before grew too, at the same age",
		"the pods of the revision before %d were seen for %s only", r.Number, durationOf(durationSeconds(longest)))
	return true, s.fact("trigger/barely", investigations.ToolMetrics, at, s.usageSource(),
		map[string]float64{"before_seconds": longest, "before_peak_bytes": level, "first_bytes": first, "last_bytes": last},
		"Pods of the revision before %d, which are older than the metrics, stood at %s when it came into force; those of revision %d went from %s to %s.",
		r.Number, bytesOf(level), r.Number, bytesOf(first), bytesOf(last))
}
