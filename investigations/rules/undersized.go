package rules

import (
	"fmt"
	"math"
	"time"

	"github.com/oombot/oombot/investigations"
)

// undersized: the program needs about what it always needs, and the limit is at or below that. Every life comes
// to about the same plateau near the limit, or memory follows the traffic up and down, or the limit was put
// below what earlier lives held in peace.
func (s *scene) undersized() hypothesis {
	var h hypothesis
	if s.startKill {
		id := s.led.ID("rules/startkill")
		h.support(0.93, id, s.sayTinyLimit())
		return h
	}
	l := s.judged()
	if was, id := s.loweredLimit(); id != "" {
		h.support(0.72, id)
		if was.ended && was.killed {
			h.support(-0.1, id)
		}
	}
	if id := s.heldOutside(l); id != "" && h.score == 0 {
		h.support(-0.2, id)
		return h
	}
	if s.undersizedShort(&h); l == nil || l.mass.n < 4 {
		return h
	}
	m := l.mass
	id := s.sayGrowth(l)
	s.undersizedLevel(&h, l, id)
	if h.score > 0.3 && s.samePlateau(l) {
		h.support(0.14, s.sayPlateau(l))
	}
	if r := s.runtimeFit; r != nil && r.misfit && s.sameFlagsLived(l) == "" && h.score > 0 {
		weight := -0.2
		if s.led.ID("rules/undersized/short") != "" {
			weight = -0.4 // a ceiling that leaves no room says why it does not get through its start
		}
		h.support(weight, r.fact)
	}
	if id := s.returnsAtOnce(l); id != "" {
		h.support(clamp(0.5-h.score, 0.05, 0.45), id)
	} else if (m.growing() || s.creeps(m)) && !m.slowing() && !s.diesAtStart() && !s.follows().yes && s.outlived(l) == "" && s.led.ID("rules/undersized/lowered") == "" {
		h.support(-0.25, id)
	}
	if m.sudden() && s.led.ID("rules/undersized/lowered") == "" {
		h.support(-0.25, s.saySudden(l))
	}
	return h
}

// undersizedLevel: the level of the life is what the program needs, and the limit is at it. id is the fact of its growth.
func (s *scene) undersizedLevel(h *hypothesis, l *life, id string) {
	m := l.mass
	near := m.tail / math.Max(m.ceiling, 1)
	if l.limit <= 0 {
		near = 0 // where no ceiling is known, nothing is near it
	}
	switch {
	case s.follows().yes:
		h.support(0.66, s.follows().fact)
	case s.outlived(l) != "":
		weight := 0.6
		if near < 0.84 {
			weight = 0.5
		}
		h.support(weight, s.outlived(l))
	case m.flat() && near >= 0.84 && !m.sudden():
		h.support(0.6, id, s.sayPlateau(l))
	case m.flattening() && near >= 0.84 && !m.sudden():
		weight := 0.55
		if m.late >= 0.3*m.early {
			weight = 0.48 // it had not come to rest yet
		}
		h.support(weight, id, s.sayPlateau(l))
	case m.growing() && m.slowing() && near >= 0.84:
		h.support(0.3, id)
	case near >= 0.9 && !m.growing() && !m.sudden():
		h.support(0.45, id, s.sayPlateau(l))
	case s.samePlateau(l) && l.limit > 0:
		h.support(0.3, s.sayPlateau(l))
	}
}

// shortLife is an age in seconds under which a life is a start and no more.
const shortLife = 240

// undersizedShort judges lives of which hardly a sample exists: killed within moments of each start.
func (s *scene) undersizedShort(h *hypothesis) {
	ages := s.killedAges()
	if len(ages) >= 2 && maxOf(ages) < shortLife {
		h.support(0.5, s.fact("undersized/short", investigations.ToolMetrics, s.at, s.usageSource(),
			map[string]float64{"lives": float64(len(ages)), "longest_seconds": maxOf(ages)},
			"%d lives of this revision were killed within %s of their start: the limit does not hold what it needs to start.",
			len(ages), durationOf(durationSeconds(maxOf(ages)))))
	}
	if h.score > 0 || !s.diesAtStart() {
		return
	}
	weight := 0.45
	if s.kill == nil {
		weight = 0.42 // by the label alone
	}
	age := s.death.age()
	h.support(weight, s.fact("undersized/short", investigations.ToolPods, s.at, s.death.pod.Source,
		map[string]float64{"age_seconds": age.Seconds(), "restarts": float64(s.death.restarts)},
		"After %d restarts the container was killed %s after its start: the limit does not hold what it needs to start.", s.death.restarts, durationOf(age)))
}

// diesAtStart says whether the container was killed again and again within minutes of its start. Such lives are too
// short for more than a few samples, but Kubernetes counts them and dates the last one; what the metrics show as one
// life can be several, with the back-off between them.
func (s *scene) diesAtStart() bool {
	d := s.death
	if d == nil || d.restarts < 3 || s.kill == nil && d.term.Reason != "OOMKilled" || s.boundary == investigations.BoundaryHeap {
		return false
	}
	const often = 15 * time.Minute
	cycle := often
	if !d.pod.Created.IsZero() {
		cycle = d.term.FinishedAt.Sub(d.pod.Created) / time.Duration(d.restarts)
	}
	age := d.age()
	return age > 0 && age.Seconds() < shortLife && (cycle < often || maxOf(s.killedAges()) < often.Seconds())
}

// age is how long the container ran; 0 where its start is not known.
func (d *death) age() time.Duration {
	if d.term.StartedAt.IsZero() {
		return 0
	}
	return d.term.FinishedAt.Sub(d.term.StartedAt)
}

func (s *scene) sayTinyLimit() string {
	c := containerSpec(s.pod, s.container)
	if c == nil || c.MemoryLimit == nil {
		return ""
	}
	raw := c.RawMemoryLimit
	if raw == "" {
		raw = fmt.Sprint(*c.MemoryLimit)
	}
	return s.fact("undersized/tiny", investigations.ToolPods, s.at, s.pod.Source, map[string]float64{"limit_bytes": float64(*c.MemoryLimit)},
		"The memory limit of container %s is written as %s, which is %s; runc's init alone takes several MiB.", c.Name, investigations.Quote(raw, 40), bytesOf(float64(*c.MemoryLimit)))
}

// samePlateau says whether the other lives came to the same level, and ended there or stayed.
func (s *scene) samePlateau(l *life) bool {
	n, same := 0, 0
	for _, o := range s.lives {
		if o == l || o.mass.n < 8 || o.limit != l.limit {
			continue
		}
		n++
		if math.Abs(o.mass.tail-l.mass.tail) <= 0.08*l.mass.tail && !o.mass.growing() {
			same++
		}
	}
	return n > 0 && same*3 >= n*2
}

func (s *scene) sayPlateau(l *life) string {
	var tails []float64
	for _, o := range s.lives {
		if o.mass.n >= 8 && o.limit == l.limit && o.hash == l.hash {
			tails = append(tails, o.mass.tail)
		}
	}
	if len(tails) == 0 {
		tails = []float64{l.mass.tail}
	}
	return s.fact("undersized/plateau", investigations.ToolMetrics, s.at, s.usageSource(),
		map[string]float64{"plateau_bytes": median(tails), "limit_bytes": l.limit, "lives": float64(len(tails))},
		"%s under this limit came to a level of %s in the median (from %s to %s), %s of %s.", lives(len(tails)),
		bytesOf(median(tails)), bytesOf(minOf(tails)), bytesOf(maxOf(tails)), percent(median(tails)/math.Max(l.mass.ceiling, 1)), s.room(l.mass.ceiling))
}

// loweredLimit finds an earlier life that held, in peace and under a higher limit or none, what the limit in
// force no longer allows. It returns that life and the fact that says so.
func (s *scene) loweredLimit() (*life, string) {
	if s.boundary == investigations.BoundaryPod {
		if l, id := s.loweredPodLimit(); id != "" {
			return l, id
		}
	}
	now := s.limitBytes
	if s.boundary == investigations.BoundaryPod || now <= 0 {
		now = s.containerLimit(s.target.Pod, s.subjectContainer)
	}
	if now <= 0 {
		return nil, ""
	}
	var best *life
	for _, o := range s.lives {
		if o.start >= seconds(s.at) || o.mass.n < 6 || o.killed {
			continue
		}
		if !s.roomier(o, now) || o.mass.growing() || o.mass.tail < 0.88*now {
			continue
		}
		if best == nil || o.mass.n > best.mass.n {
			best = o
		}
	}
	if best == nil {
		return s.loweredUnderPeak(now)
	}
	return best, s.fact("undersized/lowered", investigations.ToolMetrics, fromSeconds(best.end), s.usageSource(),
		map[string]float64{"plateau_bytes": best.mass.tail, "old_limit_bytes": best.limit, "limit_bytes": now, "peak_bytes": best.mass.peak},
		"Under %s %s/%s lived at %s (peak %s) for %s without a kill; the limit now is %s.", roomOf(best), best.pod, best.container,
		bytesOf(best.mass.tail), bytesOf(best.mass.peak), durationOf(durationSeconds(best.age())), bytesOf(now))
}
