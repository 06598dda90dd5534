package rules

import (
	"slices"

	"github.com/oombot/oombot/investigations"
)

// survivedPeak returns a level that the life held for a while and came down from again, where it is at least over;
// else 0. What a leak holds is not given back within a life, so a level that memory came down from is what the
// program needs at times. Page cache goes under a lower limit, so anonymous memory is looked at where it is known.
// Thinned, one sample of the curve is a sixtieth of the life: no short burst.
func (l *life) survivedPeak(over float64) float64 {
	p := l.mem.thin(60)
	if l.born {
		p = p.between(l.start+600, l.end) // a start may take more than what follows
	}
	top := 0
	for i, y := range p.Y {
		if y > p.Y[top] {
			top = i
		}
	}
	if p.len() < 12 || p.Y[top] < over || minOf(p.Y[top:]) > 0.95*p.Y[top] {
		return 0
	}
	return p.Y[top]
}

// loweredUnderPeak finds an earlier life that came through a peak, under a higher limit or none, that the limit now
// in force does not admit: memory that follows the day meets a lowered limit only hours after the rollout. It returns
// that life and the fact that says so.
func (s *scene) loweredUnderPeak(now float64) (*life, string) {
	var best *life
	var peak float64
	for _, o := range s.lives {
		if o.start >= seconds(s.at) || o.killed || !s.roomier(o, now) || s.life != nil && o.hash == s.life.hash {
			continue
		}
		if y := o.survivedPeak(0.97 * now); y > peak {
			best, peak = o, y
		}
	}
	if best == nil || s.livedUnder(now, best.end) {
		return nil, ""
	}
	return best, s.fact("undersized/lowered", investigations.ToolMetrics, fromSeconds(best.end), s.usageSource(),
		map[string]float64{"old_limit_bytes": best.limit, "limit_bytes": now, "peak_bytes": peak},
		"Under %s %s/%s came through a peak of %s and down from it again without a kill; the limit now is %s.",
		roomOf(best), best.pod, best.container, bytesOf(peak), bytesOf(now))
}

// livedUnder says whether a revision between the moment and this one lived under the limit now in force for longer
// than the life that was killed: then the limit alone kills nothing.
func (s *scene) livedUnder(now, since float64) bool {
	return s.life != nil && slices.ContainsFunc(s.lives, func(o *life) bool {
		return o.hash != s.life.hash && o.end > since && o.limit > 0 && o.limit <= 1.02*now && !o.killed && o.age() > s.life.age()
	})
}

// roomier says whether a life had a limit above the one now in force, or is known to have had none.
func (s *scene) roomier(o *life, now float64) bool {
	known := len(s.ev.Metrics.Queries[investigations.QueryLimit].Series) > 0
	return o.limit <= 0 && (o.unlimited || known) || o.limit > 1.02*now
}

// roomOf names the limit of a life.
func roomOf(l *life) string {
	if l.limit > 0 {
		return "a limit of " + bytesOf(l.limit)
	}
	return "no limit"
}
