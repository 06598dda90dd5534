package incidents

import (
	"math"
	"time"
)

// onsetKinds are leaks whose beginning within a life tells what set them off, or misleads.
func onsetKinds() []Kind {
	return []Kind{
		{Name: "leak_accelerates", Teaches: "growth that accelerates from the start has no onset of its own: the deploy set it off", build: leakAccelerates},
		{Name: "leak_onset_after_old_deploy", Teaches: "a deploy is innocent where its pods were level for hours before memory began to grow", build: leakLongAfterDeploy},
		{Name: "spike_onset_after_old_deploy", Teaches: "a deploy is innocent of a short rise where its pods stood at the old level for hours", build: spikeLongAfterDeploy},
		{Name: "leak_history_pruned", Teaches: "without the template before it, what a rollout changed can't be told, and it can't be acquitted either", build: leakHistoryPruned},
	}
}

// accelerating grows by a power of the age, as what is kept for each thing that is kept.
func accelerating(share, power float64) growth {
	return func(c *container, from, full time.Time) curve {
		room, span := c.room(c.limit()), full.Sub(from).Seconds()
		return func(t time.Time) float64 {
			return room * (share + (1-share)*math.Pow(max(0, t.Sub(from).Seconds())/span, power))
		}
	}
}

func leakAccelerates(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	r := s.newImage(w, s.at)
	share := s.between(0.24, 0.34)
	p, began := s.leakFrom(w, 1+s.rng.IntN(2), s.dur(4*time.Hour, 6*time.Hour), accelerating(share, s.between(2, 2.5)))
	r.created = began.Add(-2 * time.Second)
	s.oldPods(w, w.before(), began, steady(share*1.1))
	s.isLeak(p, r.number, "deploy")
}

// leakLongAfterDeploy begins in the middle of a life, by something that no source shows.
func leakLongAfterDeploy(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	share, on := s.between(0.3, 0.42), s.ago(s.dur(3*time.Hour, 5*time.Hour))
	r := s.newImage(w, on.Add(-s.dur(5*time.Hour, 9*time.Hour)))
	p := s.addPod(w, r, s.node, r.created.Add(3*time.Second))
	c := p.main()
	room := c.room(limit)
	from := p.created.Add(12 * time.Second)
	s.oomKill(s.run(c, from, s.at, s.wobble(ramp(share*room, room, on, s.at), 0.004)))
	s.run(c, s.at.Add(s.restartGap()), time.Time{}, flat(share*room))
	s.oldPods(w, w.before(), r.created, steady(share))
	s.isLeak(p, 0, "none", "unknown")
}

// spikeLongAfterDeploy is a rise of some minutes in all replicas, long after the rollout, that no source explains.
func spikeLongAfterDeploy(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 2, limit/2, limit)
	share, long := s.between(0.3, 0.5), s.dur(4*time.Hour, 6*time.Hour)
	on := s.ago(s.dur(long/14, long/11))
	r := s.newImage(w, s.ago(long))
	p := s.addPod(w, r, s.node, r.created.Add(3*time.Second))
	c := p.main()
	room := c.room(limit)
	s.oomKill(s.run(c, p.created.Add(12*time.Second), s.at, s.wobble(ramp(share*room, room, on, s.at), 0.004)))
	s.run(c, s.at.Add(s.restartGap()), time.Time{}, flat(share*room))
	o := s.addPod(w, r, s.nodes[len(s.nodes)-1], p.created.Add(40*time.Second))
	s.run(o.main(), o.created.Add(12*time.Second), time.Time{}, s.wobble(ramp(share*room, 0.92*room, on, s.at), 0.004))
	s.oldPods(w, w.before(), r.created, steady(share))
	s.isSpike(p, "none", "unknown")
}

// leakHistoryPruned is leakAfterDeploy of a workload that keeps no old revisions.
func leakHistoryPruned(s *scene) {
	leakAfterDeploy(s)
	for _, p := range s.pods {
		if p.name == s.target["pod"] {
			p.w.revisions = p.w.revisions[len(p.w.revisions)-1:]
		}
	}
	s.truth.trigger, s.truth.changeRevision = []string{"unknown", "deploy"}, 0
	s.truth.actions, s.truth.actionsAny, s.truth.notActions = []string{"fix_leak"}, nil, []string{"set_limit"}
	s.truth.blindSpots = []string{"rollouts"}
}
