package rules

import (
	"github.com/oombot/oombot/investigations"
)

// lostPredecessor says whether the revision that was killed came into force within the window, while the template
// before it was not kept: a controller removes old revisions beyond revisionHistoryLimit, which may be 0. What that
// rollout changed can't be told then, so it is not to be acquitted, unless the pods before it show the same in the
// metrics, or these were calm for long after it.
func (s *scene) lostPredecessor() bool {
	r := s.onlyRevision()
	if r == nil {
		return false
	}
	at := s.rolledOut(r)
	if at.Before(s.req.From()) || at.After(s.at) {
		return false
	}
	before, after := s.livesBefore(r), s.livesFrom(r)
	if on := s.onsetAfter(after, at); on != "" {
		s.changeWhy = append(s.changeWhy, on)
		return false
	}
	if len(before) > 0 && len(after) > 0 {
		was, now := s.levelsAtEqualAge(before, after)
		id := s.fact("trigger/lost", investigations.ToolMetrics, at, s.usageSource(),
			map[string]float64{"before_slope_bytes_per_hour": was.slope * 3600, "after_slope_bytes_per_hour": now.slope * 3600, "before_peak_bytes": was.peak, "after_peak_bytes": now.peak},
			"Revision %d came into force at %s. Within the first %s of their lives the pods before it changed by %s an hour (highest level %s), its own by %s an hour (highest level %s).",
			r.Number, stamp(at), durationOf(durationSeconds(was.age)), bytesOf(was.slope*3600), bytesOf(was.peak), bytesOf(now.slope*3600), bytesOf(now.peak))
		s.changeWhy = append(s.changeWhy, id)
		if s.best.cause == investigations.CauseLeak || now.growing {
			if showed(was, now) {
				return false
			}
		} else if now.peak <= 1.12*was.peak && !s.ceilingChanged(before, after) {
			return false
		}
	}
	s.blindSpot(investigations.ToolRollouts, "what that rollout changed, and whether it can be rolled back",
		"the template before revision %d of %s was not kept (revisionHistoryLimit)", r.Number, s.workload.Ref())
	return true
}

// onlyRevision returns the revision that the killed pod ran where it is not the workload's first and none before it
// is known; nil else.
func (s *scene) onlyRevision() *investigations.Revision {
	if s.workload == nil || s.life == nil {
		return nil
	}
	hash := s.life.hash
	if hash == "" {
		hash = s.hashOf(s.target.Namespace, s.target.Pod)
	}
	r := s.revisionByHash(hash)
	if r == nil || r.Number <= 1 || s.revisionBefore(r) != nil {
		return nil
	}
	return r
}

// showed says whether the lives before grew at an equal age, not much more slowly than those after.
func showed(was, now level) bool {
	return was.slope > 0.4*now.slope && was.slope*3600 > 0.005*max(was.peak, 1) && now.slope > 0
}
