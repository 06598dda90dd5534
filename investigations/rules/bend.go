package rules

import (
	"math"

	"github.com/oombot/oombot/investigations"
)

// Shares of the first half's growth that the second half has where growth slows down. A heap or a cache that fills
// up approaches its size exponentially: at 0.42 the slope at the end is a sixth of that at the start, at 0.5 a
// quarter. What only one life shows must be the clearer.
const (
	bentShare      = 0.5
	bentShareAlone = 0.42
	slowingShare   = 0.62
	// dayPart is how long a life must be, in seconds, for the traffic of the day to bend it.
	dayPart = 4 * 3600
)

// slowing says whether growth slowed down from third to third, so that it may come to rest: it need not be a leak.
// A leak behind a warm-up slows down once, and then no more.
func (m shape) slowing() bool {
	t := m.thirds
	return m.known && !m.byLoad && m.early > 0 && m.late < slowingShare*m.early && t[0] > t[1] && t[2] < 0.8*t[1] && t[2] < 0.6*t[0]
}

// findBends marks the lives whose growth slows down so much that it is coming to rest. The other lives must show it
// too, at that age: where they do not, something else than age slowed it down, such as the traffic of the night.
func (s *scene) findBends() {
	for _, l := range s.lives {
		m := l.mass
		if !m.slowing() || m.late >= bentShare*m.early {
			continue
		}
		alike, unlike := 0, 0
		for _, o := range s.lives {
			if o == l || o.hash != l.hash || o.limit != l.limit || !o.born || o.mass.n < 8 || o.age() < 0.6*l.age() {
				continue
			}
			if o.mass.slowing() || o.mass.late < 0.3*o.mass.early {
				alike++
			} else {
				unlike++
			}
		}
		if alike+unlike == 0 && s.traffic.len() < 10 && l.age() > dayPart {
			continue // one long life, and what traffic did meanwhile is not known
		}
		l.mass.bent = alike >= max(unlike, 1) || unlike == 0 && m.late < bentShareAlone*m.early
	}
}

// outlived says whether another life of the revision stood, for much longer than this one lasted, at a level not far
// from where this one ended, and did not grow: what is taken for growth is the way to that level. It returns the
// fact's id, or "".
func (s *scene) outlived(l *life) string {
	if l.mass.last <= 0 || l.age() <= 0 || !l.mass.growing() && !s.creeps(l.mass) {
		return ""
	}
	var best *life
	var held float64
	for _, o := range s.lives {
		if o == l || o.hash != l.hash || o.limit != l.limit || o.age() < 3*l.age() {
			continue
		}
		p := o.mem.between(o.start+l.age(), o.end)
		level := median(p.Y)
		if p.len() < 12 || p.X[p.len()-1]-p.X[0] < 2*l.age()*0.9 || level < 0.7*l.mass.last {
			continue
		}
		if t := trendOf(p); math.Abs(t.Slope)*(p.X[p.len()-1]-p.X[0]) > 0.08*level {
			continue
		}
		if best == nil || o.age() > best.age() {
			best, held = o, level
		}
	}
	if best == nil {
		return ""
	}
	return s.fact("leak/outlived", investigations.ToolMetrics, fromSeconds(best.end), s.usageSource(),
		map[string]float64{"level_bytes": held, "age_seconds": best.age(), "this_age_seconds": l.age()},
		"%s/%s lived for %s at a level of %s and did not grow; this life ended after %s: age plays no part.",
		best.pod, best.container, durationOf(durationSeconds(best.age())), bytesOf(held), durationOf(durationSeconds(l.age())))
}
