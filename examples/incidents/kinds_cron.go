package incidents

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// cronKinds are incidents beside the schedules of other workloads.
func cronKinds() []Kind {
	return []Kind{
		{Name: "spike_beside_frequent_cron", Teaches: "a job that runs every few minutes all day has always just run: that alone is no trigger", build: spikeBesideCron},
		{Name: "spike_with_hourly_cron", Teaches: "an hourly job whose earlier runs made memory rise, too, is one", build: spikeWithCron},
	}
}

// otherCron adds a CronJob of another image to the namespace; the three latest of its jobs are still there, the last
// of them started at a moment.
func (s *scene) otherCron(ns, name, schedule string, last time.Time, every time.Duration) {
	spec := podSpec(box(name, name+":2.0.3", 16*mib, 64*mib))
	spec.RestartPolicy = corev1.RestartPolicyNever
	cron := s.addWorkload("cronjob", ns, name, s.ago(70*day), spec)
	cron.schedule = schedule
	for i := 2; i >= 0; i-- {
		at := last.Add(-time.Duration(i) * every)
		j := s.addWorkload("job", ns, fmt.Sprintf("%s-%d", name, at.Unix()/60), at, spec)
		j.parent, j.finished = cron, at.Add(14*time.Second)
		p := s.addPod(j, j.current(), s.nodes[len(s.nodes)-1], at)
		l := s.run(p.main(), at.Add(2*time.Second), at.Add(13*time.Second), flat(9*mib))
		l.reason, p.phase = "Completed", corev1.PodSucceeded
	}
}

func spikeBesideCron(s *scene) {
	s.neighbours()
	p := s.spiking(s.between(0.35, 0.45), s.dur(8*time.Second, 20*time.Second))
	minutes := pick(s, 2, 5, 10)
	every := time.Duration(minutes) * time.Minute
	last := s.at.Truncate(every)
	if s.at.Sub(last) < 20*time.Second {
		last = last.Add(-every)
	}
	s.otherCron(p.ns, pick(s, "cleanup", "sync-tokens", "expire-carts"), fmt.Sprintf("*/%d * * * *", minutes), last, every)
	s.isSpike(p, "none", "unknown", "traffic")
}

// spikeWithCron is a service that an hourly job asks for something that grows with each day.
func spikeWithCron(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	long := s.dur(100*time.Second, 4*time.Minute)
	start := s.ago(long).Truncate(time.Minute)
	s.otherCron(w.ns, w.name+"-digest", fmt.Sprintf("%d * * * *", start.Minute()), start, time.Hour)
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(3*day, 6*day)))
	c := p.main()
	room := c.room(limit)
	base := s.wobble(flat(0.33*room), 0.02)
	hourly := func(t time.Time) float64 {
		since := time.Hour - start.Sub(t)%time.Hour
		if t.After(start) || since > 6*time.Minute {
			return base(t)
		}
		return base(t) + 0.35*room*min(1, min(since.Seconds()/150, (6*time.Minute-since).Seconds()/90))
	}
	l := s.run(c, p.created.Add(20*time.Second), s.at, jump(hourly, room, s.at, s.at.Sub(start.Add(3*time.Second))))
	s.oomKill(l)
	s.run(c, s.at.Add(s.restartGap()), time.Time{}, base)
	s.isSpike(p, "scheduled_job")
}
