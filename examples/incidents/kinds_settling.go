package incidents

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// settlingKinds are memory that comes to rest, or would, though the life that was killed does not show it.
func settlingKinds() []Kind {
	return []Kind{
		{Name: "short_last_life", Teaches: "a life of hours at one level speaks against a leak, even where the last one was killed while it warmed up", build: shortLastLife},
		{Name: "larger_cache_setting", Teaches: "growth that slows down to a fifth on its way is a cache that fills up: its size is above the limit", build: largerCache},
	}
}

// shortLastLife is a service whose new image settles just under the limit; a moment of more need killed it after
// hours there, and the next one met it halfway up.
func shortLastLife(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 2, limit/2, limit)
	r := s.newImage(w, s.at)
	tau := s.dur(10*time.Minute, 14*time.Minute)
	grow := s.plateau(0.3, s.between(0.95, 0.97), tau)
	short := s.dur(19*time.Minute, 25*time.Minute)
	peak := func(c *container, from, full time.Time) curve { // a burst of work meets the warm-up
		room := c.room(c.limit())
		return jump(s.wobble(warm(0.3*room, 0.96*room, from, tau), 0.008), room, full, short/4)
	}
	p := s.addPod(w, r, s.node, s.at)
	c := p.main()
	from := s.at.Add(-short)
	s.lifetimes(p, from.Add(-s.restartGap()), []time.Duration{s.dur(4*time.Hour, 7*time.Hour)}, grow, s.killed)
	s.oomKill(s.run(c, from, s.at, peak(c, from, s.at)))
	s.restarted(c, 6*time.Hour, grow)
	r.created = p.created.Add(-2 * time.Second)
	s.oldPods(w, w.before(), r.created, steady(s.between(0.5, 0.62)))
	s.tooSmall(p, float64(limit), "deploy")
	s.setOffBy(r.number)
	s.truth.actions, s.truth.limitBetween = []string{"rollback"}, nil
}

// largerCache is a cache that was configured larger than the limit admits.
func largerCache(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	w.container().Env = []corev1.EnvVar{{Name: "CACHE_ENTRIES", Value: "20000"}}
	r := s.change(w, s.at, func(t *corev1.PodTemplateSpec) { t.Spec.Containers[0].Env[0].Value = "60000" })
	settled := float64(limit) * s.between(1.09, 1.12)
	memory := healthy(settled, s.between(1300, 2600))
	p := s.addPod(w, r, s.node, s.at)
	c := p.main()
	_, long := memory(c, s.at)
	long = long.Truncate(time.Second)
	end := s.at
	var starts []time.Time
	for range 3 + s.rng.IntN(3) {
		starts = append([]time.Time{end.Add(-long)}, starts...)
		end = starts[0].Add(-s.restartGap())
	}
	p.created = starts[0].Add(-s.dur(9*time.Second, 20*time.Second))
	for _, from := range starts {
		grow, _ := memory(c, from)
		s.oomKill(s.run(c, from, from.Add(long), grow))
	}
	from := s.at.Add(s.restartGap())
	grow, _ := memory(c, from)
	s.run(c, from, time.Time{}, grow)
	r.created = p.created.Add(-2 * time.Second)
	s.oldPods(w, w.before(), r.created, steady(s.between(0.45, 0.6)))
	s.tooSmall(p, settled, "config_change")
	s.setOffBy(r.number)
	s.truth.actions = []string{"rollback"}
}
