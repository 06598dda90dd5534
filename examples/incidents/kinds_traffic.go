package incidents

import (
	"math"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// trafficKinds are services whose memory follows the traffic, with something else that may have changed.
func trafficKinds() []Kind {
	return []Kind{
		{Name: "follows_traffic_innocent_deploy", Teaches: "the new revision takes no more for each request than the old one, whatever their curves look like at one age", build: innocentDeployByDay, window: 72 * time.Hour, step: 2 * time.Minute},
		{Name: "more_memory_per_request", Teaches: "a deploy that takes twice the memory for each request is the trigger, and it is no leak: restarts are back at once", build: morePerRequest, window: 72 * time.Hour, step: 2 * time.Minute},
		{Name: "limit_lowered_under_daily_peak", Teaches: "a limit lowered at night below what the day takes kills only hours later: neither the traffic nor a leak set it off", build: loweredUnderPeak, window: 31 * time.Hour, step: time.Minute},
		{Name: "traffic_doubled", Teaches: "traffic that rises to another level and stays there, and memory with it, is what set it off", build: trafficDoubled},
		{Name: "leak_as_traffic_rises", Teaches: "traffic that rises while a leak grows explains it as well, but down to less than nothing without requests", build: leakAsTrafficRises, window: 11 * time.Hour},
		{Name: "leak_through_the_evening", Teaches: "memory that is highest where traffic has come down from its height is the sum of requests", build: leakThroughTheEvening},
	}
}

// byTraffic is memory that takes some minutes to be in use and follows the traffic from then on: a base, and a
// share of the room at traffic top.
func (s *scene) byTraffic(c *container, base, share, top float64) func(from time.Time) curve {
	room := c.room(c.limit())
	present := s.wobble(func(t time.Time) float64 { return room * (base + share*s.traffic(t)/top) }, 0.006)
	return func(from time.Time) curve {
		return func(t time.Time) float64 { return present(t) * (1 - 0.5*math.Exp(-t.Sub(from).Minutes()/4)) }
	}
}

// liveBy lets a pod's main container live from its creation until a moment, killed wherever its memory meets its
// limit, with the kubelet's growing pauses.
func (s *scene) liveBy(p *pod, until time.Time, memory func(from time.Time) curve) {
	c := p.main()
	room := c.room(c.limit())
	from, pause := p.created.Add(15*time.Second), 10*time.Second
	for from.Before(until) {
		m := memory(from)
		end := from
		for end.Before(until) && m(end) < room {
			end = end.Add(5 * time.Second)
		}
		if !end.Before(until) {
			s.run(c, from, until, m)
			return
		}
		s.oomKill(s.run(c, from, end, m))
		if end.Sub(from) > 10*time.Minute {
			pause = 10 * time.Second
		}
		from, pause = end.Add(pause).Truncate(time.Second), min(2*pause, 5*time.Minute)
	}
}

// busyRollout is a service whose memory follows the traffic of the day, with a new image some hours before the
// peak; was and is are what the old and the new revision take of the room at the peak's traffic beside the base.
func (s *scene) busyRollout(was, is float64) (*pod, *revision) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 2, limit/2, limit)
	s.traffic = dailyTraffic(s.between(50, 150), s.between(0.5, 0.6), s.at.Add(s.dur(5*time.Minute, 30*time.Minute)))
	top := s.traffic(s.at)
	r := s.newImage(w, s.ago(s.dur(5*time.Hour, 8*time.Hour)))
	for i := range 2 {
		o := s.addPod(w, w.before(), s.nodes[(i+1)%len(s.nodes)], s.ago(s.window+s.dur(2*time.Hour, 9*time.Hour)))
		o.gone = r.created.Add(s.dur(25*time.Second, 70*time.Second))
		s.liveBy(o, o.gone, s.byTraffic(o.main(), 0.2, was, top))
	}
	p := s.addPod(w, r, s.node, r.created.Add(3*time.Second))
	memory := s.byTraffic(p.main(), 0.2, is, top)
	s.killedNow(p, memory)
	s.tooSmall(p, float64(limit), "traffic")
	return p, r
}

// killedNow lets a pod's main container live by its memory as liveBy does, but so that a life ends at the scene's
// moment, and run again after it.
func (s *scene) killedNow(p *pod, memory func(from time.Time) curve) {
	c := p.main()
	room, last := c.room(c.limit()), s.ago(s.dur(11*time.Minute, 25*time.Minute))
	s.liveBy(p, last, memory)
	if l := c.last(); l.end.Equal(last) { // the life under way is the one that is killed
		l.anon, l.end = jump(l.anon, room, s.at, 40*time.Second), s.at
		s.oomKill(l)
	} else {
		from := last.Add(5 * time.Minute)
		s.oomKill(s.run(c, from, s.at, jump(memory(from), room, s.at, 40*time.Second)))
	}
	from := s.at.Add(s.restartGap())
	s.run(c, from, time.Time{}, memory(from))
}

// loweredUnderPeak is a service that follows the traffic of the day, and a limit lowered while there was little.
func loweredUnderPeak(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 2, limit/2, limit*2)
	s.traffic = dailyTraffic(s.between(50, 150), s.between(0.45, 0.6), s.at.Add(s.dur(3*time.Hour+30*time.Minute, 5*time.Hour)))
	top := s.traffic(s.at)
	r := s.change(w, s.ago(s.dur(5*time.Hour, 7*time.Hour)), func(t *corev1.PodTemplateSpec) { setLimit(&t.Spec.Containers[0], limit) })
	p := s.addPod(w, r, s.node, r.created.Add(3*time.Second))
	c := p.main()
	room := c.room(limit)
	need := func(share float64) func(*container, time.Time) curve {
		return func(c *container, from time.Time) curve {
			most := 0.985 * c.room(c.limit())
			return s.wobble(func(t time.Time) float64 {
				young := 1 - 0.5*math.Exp(-t.Sub(from).Minutes()/3)
				return min(most, share*room*young*(0.2+0.8*s.traffic(t)/top))
			}, 0.006)
		}
	}
	from := p.created.Add(12 * time.Second)
	s.oomKill(s.run(c, from, s.at, jump(need(0.985)(c, from), room, s.at, 40*time.Second)))
	from = s.at.Add(s.restartGap())
	s.run(c, from, time.Time{}, need(0.985)(c, from))
	o := s.addPod(w, r, s.nodes[len(s.nodes)-1], p.created.Add(40*time.Second))
	from = o.created.Add(12 * time.Second)
	s.run(o.main(), from, time.Time{}, need(0.965)(o.main(), from))
	s.oldPods(w, w.before(), r.created, need(0.985))
	s.tooSmall(p, 0.2*room+0.8*room*maxTraffic(s)/top, "config_change")
	s.setOffBy(r.number)
}

// maxTraffic is the highest traffic of the day before the scene's moment.
func maxTraffic(s *scene) float64 {
	top := 0.0
	for d := time.Duration(0); d < day; d += 10 * time.Minute {
		top = max(top, s.traffic(s.ago(d)))
	}
	return top
}

// trafficDoubled is a service that a new customer has asked twice as much of for an hour or two.
func trafficDoubled(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 2, limit/2, limit)
	before, since := s.between(40, 120), s.ago(s.dur(80*time.Minute, 125*time.Minute))
	top := before * s.between(1.8, 2.2)
	s.traffic = ramp(before, top, since, since.Add(15*time.Minute))
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(4*day, 9*day)))
	s.killedNow(p, s.byTraffic(p.main(), 0.15, 0.842, top))
	o := s.addPod(w, w.current(), s.nodes[len(s.nodes)-1], p.created)
	s.liveBy(o, s.to, s.byTraffic(o.main(), 0.15, 0.83, top))
	if l := o.main().last(); l.end.Equal(s.to) {
		l.end = time.Time{}
	}
	s.tooSmall(p, float64(limit), "traffic")
	s.truth.cause = []string{"undersized_limit", "load_spike"}
}

func innocentDeployByDay(s *scene) { s.busyRollout(0.805, 0.805) }

func morePerRequest(s *scene) {
	_, r := s.busyRollout(0.38, 0.83)
	s.truth.trigger = []string{"deploy"}
	s.setOffBy(r.number)
}

// leakAsTrafficRises is a leak by time that came with a new image at the low of the day, and meets its limit hours
// before the height.
func leakAsTrafficRises(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	s.traffic = dailyTraffic(s.between(50, 120), s.between(0.45, 0.55), s.at.Add(s.dur(2*time.Hour, 3*time.Hour)))
	r := s.newImage(w, s.at)
	share := s.between(0.22, 0.3)
	p, began := s.leakFrom(w, 1, s.window*9/11, byTime(share))
	r.created = began.Add(-2 * time.Second)
	s.oldPods(w, w.before(), began, steady(share*1.1))
	s.isLeak(p, r.number, "deploy")
}

// leakThroughTheEvening is a leak by the request in one life that is older than the metrics: it grows fast by day, and
// on through the evening.
func leakThroughTheEvening(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	s.traffic = dailyTraffic(s.between(80, 160), s.between(0.6, 0.75), s.ago(s.dur(5*time.Hour, 6*time.Hour)))
	p := s.addPod(w, w.current(), s.node, s.ago(s.window+s.dur(6*time.Hour, 12*time.Hour)))
	c := p.main()
	room, from := c.room(limit), p.created.Add(20*time.Second)
	s.oomKill(s.run(c, from, s.at, leakByRequest(s.between(0.1, 0.2)*room, room, from, s.at, s.traffic)))
	from = s.at.Add(s.restartGap())
	s.run(c, from, time.Time{}, leakByRequest(0.15*room, room, from, from.Add(day), s.traffic))
	s.isLeak(p, 0, "none", "traffic", "unknown")
}
