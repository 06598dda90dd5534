package incidents

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// spikeKinds are containers far below their limit until moments before.
func spikeKinds() []Kind {
	return []Kind{
		{Name: "load_spike_request", Teaches: "the last sample at 40 % with a kernel report at 100 % is the evidence of a spike", build: spikeRequest},
		{Name: "load_spike_no_logs", Teaches: "a spike between two scrapes, and no log to say of what", build: spikeNoLogs},
		{Name: "flight_recorder", Teaches: "the node agent's flight recorder saw the seconds that the scrapes missed", build: flightRecorder},
		{Name: "flight_recorder_only", Teaches: "no metrics were recorded, and the flight recorder shows the rise all the same", build: flightRecorderOnly},
		{Name: "warmup_then_spike", Teaches: "the warm-up had ended hours before: it is the one request that killed", build: warmupThenSpike},
		{Name: "page_cache_then_spike", Teaches: "growth of page cache is reclaimable, and not what killed", build: pageCacheThenSpike},
		{Name: "traffic_burst", Teaches: "traffic multiplied within minutes, and memory with it, on every replica", build: trafficBurst},
		{Name: "traffic_jolt", Teaches: "traffic that multiplies within a minute is the trigger, though one or two samples show it", build: trafficJolt},
		{Name: "cronjob_batch", Teaches: "a scheduled job whose input was larger tonight", build: cronJobBatch, window: 48 * time.Hour},
		{Name: "nightly_task_in_service", Teaches: "a schedule outside of the pod starts the work that kills it", build: nightlyTask, window: 36 * time.Hour},
		{Name: "init_container_spike", Teaches: "an init container is killed, the app never started", build: initContainerSpike},
		{Name: "silent_child_kill", Teaches: "the kernel killed one child, the container lives on, Kubernetes reports nothing", build: silentChild, on: noOOMGroup},
		{Name: "victim_not_biggest", Teaches: "a higher oom_score_adj made the smaller process the victim", build: victimNotBiggest, on: noOOMGroup},
		{Name: "worker_storm", Teaches: "bare kill lines of a burst still count, and have no cgroup", build: workerStorm, on: noOOMGroup},
	}
}

// noOOMGroup admits platforms where the kernel kills one process of a container.
func noOOMGroup(p platform) bool { return !p.oomGroup() }

// spiking places a service that is steady until a jump of a few seconds ends it at the scene's moment. It has
// lived for days before.
func (s *scene) spiking(share float64, rise time.Duration) *pod {
	limit := s.someLimit()
	w := s.service("deployment", 2, limit/2, limit)
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 6*day)))
	c := p.main()
	room := c.room(limit)
	under := s.wobble(flat(share*room), 0.02)
	l := s.run(c, p.created.Add(20*time.Second), s.at, jump(under, room, s.at, rise))
	s.oomKill(l)
	from := s.at.Add(s.restartGap())
	s.run(c, from, time.Time{}, warm(share*room*0.6, share*room, from, 3*time.Minute))
	o := s.addPod(w, w.current(), s.nodes[len(s.nodes)-1], p.created)
	s.run(o.main(), o.created.Add(20*time.Second), time.Time{}, s.wobble(flat(share*room*0.97), 0.02))
	return p
}

// isSpike fills in the truth of a load spike by the container's own limit.
func (s *scene) isSpike(p *pod, trigger ...string) {
	s.ownLimit(p, p.main().spec.Name, "load_spike", trigger...)
	s.truth.notActions = []string{"fix_leak", "rollback"}
	s.truth.actionsAny = []string{"reduce_load", "set_limit", "scale_out"}
}

// bigInput is the name of an input that a log tells of, and the line about it.
func (s *scene) bigInput() (name, line string) {
	size := int64(s.between(300, 900)) * mib
	switch s.rng.IntN(3) {
	case 0:
		name = fmt.Sprintf("customers-%d.csv", 1000+s.rng.IntN(9000))
		line = fmt.Sprintf(`level=info msg="upload received" method=POST path=/v1/import file=%s content_length=%d`, name, size)
	case 1:
		name = fmt.Sprintf("/v1/export?account=%d", 10000+s.rng.IntN(90000))
		line = fmt.Sprintf(`level=info msg="request started" method=GET path=%s rows=%d`, name, size/210)
	default:
		name = fmt.Sprintf("scan-%s.tiff", s.hex(6))
		line = fmt.Sprintf(`{"level":"info","msg":"decode image","file":%q,"width":42000,"height":31000,"bytes":%d}`, name, size)
	}
	return name, line
}

func spikeRequest(s *scene) {
	s.neighbours()
	p := s.spiking(s.between(0.33, 0.45), s.dur(3*time.Second, 8*time.Second))
	name, line := s.bigInput()
	before := s.log(p, p.main().spec.Name, true, p.main().lives[0].start, s.at.Add(-time.Second))
	before.add(s.ago(4*time.Second), "%s", line)
	s.log(p, p.main().spec.Name, false, s.at.Add(30*time.Second), s.to)
	s.isSpike(p, "traffic", "unknown")
	s.truth.mentions = []string{name, line} // the whole line, quotes included, as the log has it
}

func spikeNoLogs(s *scene) {
	s.neighbours()
	p := s.spiking(s.between(0.33, 0.45), s.dur(3*time.Second, 8*time.Second))
	s.isSpike(p, "traffic", "unknown", "none")
	s.truth.blindSpots = []string{"logs"}
}

func flightRecorder(s *scene) {
	s.neighbours()
	p := s.spiking(s.between(0.33, 0.45), s.dur(5*time.Second, 12*time.Second))
	s.recordFlight(p.main())
	s.isSpike(p, "traffic", "unknown", "none")
}

func flightRecorderOnly(s *scene) {
	flightRecorder(s)
	s.recorders[s.node.name].Series[0].Name = pick(s, "memory.current", "container_memory_working_set_bytes", "memory_usage", "anon")
	s.without = append(s.without, "metrics")
	s.unseen(0.8, "metrics")
}

// warmupThenSpike restarts the pod within the window, so that its curve rises before it flattens.
func warmupThenSpike(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	p := s.addPod(w, w.current(), s.node, s.ago(s.window*3/4))
	c := p.main()
	room := c.room(limit)
	from := p.created.Add(20 * time.Second)
	grow := warm(0.15*room, s.between(0.6, 0.7)*room, from, s.window/18)
	s.oomKill(s.run(c, from, s.at, jump(s.wobble(grow, 0.01), room, s.at, 6*time.Second)))
	again := s.at.Add(s.restartGap())
	s.run(c, again, time.Time{}, warm(0.15*room, 0.65*room, again, s.window/18))
	name, line := s.bigInput()
	s.log(p, c.spec.Name, true, from, s.at.Add(-time.Second)).add(s.ago(5*time.Second), "%s", line)
	s.isSpike(p, "traffic", "unknown")
	s.truth.mentions = []string{name}
}

// pageCacheThenSpike lets the working set creep up by page cache alone, with flat memory of the process.
func pageCacheThenSpike(s *scene) {
	s.neighbours()
	p := s.spiking(s.between(0.3, 0.36), 5*time.Second)
	l := p.main().lives[0]
	room := float64(p.main().limit())
	cache := leak(0.05*room, 0.42*room, s.ago(s.window), s.at)
	l.hot = func(t time.Time) float64 {
		if left := s.at.Sub(t); left < 2*time.Second { // reclaimed when it was needed
			return 6 * mib
		}
		return max(6*mib, cache(t))
	}
	name, line := s.bigInput()
	s.log(p, p.main().spec.Name, true, l.start, s.at.Add(-time.Second)).add(s.ago(4*time.Second), "%s", line)
	s.isSpike(p, "traffic", "unknown")
	s.truth.mentions = []string{name}
}

func trafficBurst(s *scene) { s.burstWithin(4*time.Minute, 7*time.Minute) }

// trafficJolt is over within as few samples as the rise of memory.
func trafficJolt(s *scene) { s.burstWithin(30*time.Second, time.Minute) }

// burstWithin multiplies the traffic of a service within so long, and its memory with it.
func (s *scene) burstWithin(least, most time.Duration) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 2, limit/2, limit)
	factor := s.between(5, 8)
	s.traffic = burstTraffic(s.between(30, 90), factor, s.at, s.dur(least, most))
	top := s.traffic(s.at)
	grow := func(c *container) curve {
		room := c.room(limit)
		return func(t time.Time) float64 { return room * (0.2 + 0.8*s.traffic(t)/top) }
	}
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 6*day)))
	s.oomKill(s.run(p.main(), p.created.Add(20*time.Second), s.at, grow(p.main())))
	from := s.at.Add(s.restartGap())
	s.run(p.main(), from, time.Time{}, times(grow(p.main()), 0.5))
	o := s.addPod(w, w.current(), s.nodes[len(s.nodes)-1], p.created)
	s.run(o.main(), o.created.Add(20*time.Second), time.Time{}, times(grow(o.main()), 0.96))
	s.isSpike(p, "traffic")
}

// cronJobBatch is a job that is started at the same time every night.
func cronJobBatch(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	name := pick(s, "nightly-import", "rollup", "billing-export", "reindex")
	ns := pick(s, namespaces...)
	long := s.dur(5*time.Minute, 14*time.Minute)
	start := s.ago(long)
	spec := podSpec(box(name, name+":3.1.0", limit/2, limit))
	spec.RestartPolicy = corev1.RestartPolicyNever
	cron := s.addWorkload("cronjob", ns, name, s.ago(70*day), spec)
	cron.schedule = fmt.Sprintf("%d %d * * *", start.Minute(), start.Hour())
	start = start.Truncate(time.Minute)
	input := fmt.Sprintf("dump-%s.parquet", start.Format("20060102"))
	job := func(at time.Time, share float64) *pod {
		w := s.addWorkload("job", ns, fmt.Sprintf("%s-%d", name, at.Unix()/60), at, spec)
		w.parent = cron
		p := s.addPod(w, w.current(), s.node, at)
		c := p.main()
		room := c.room(limit)
		from := at.Add(4 * time.Second)
		if share >= 1 {
			l := s.run(c, from, s.at, leak(0.1*room, room, from, s.at))
			s.oomKill(l)
			w.failed, w.finished, p.phase = true, s.at, corev1.PodFailed
			return p
		}
		end := from.Add(long * 3 / 4)
		l := s.run(c, from, end, leak(0.1*room, share*room, from, end))
		l.reason = "Completed"
		w.finished, p.phase = end, corev1.PodSucceeded
		return p
	}
	job(start.Add(-2*day), s.between(0.5, 0.65))
	job(start.Add(-day), s.between(0.55, 0.7))
	p := job(start, 1)
	s.traffic = nil
	l := s.log(p, name, false, start.Add(5*time.Second), s.at)
	l.add(start.Add(6*time.Second), `level=info msg="batch started" input=%s rows=%d`, input, 20000000+s.rng.IntN(90000000))
	s.isSpike(p, "scheduled_job")
	s.truth.mentions = []string{input}
}

// nightlyTask is a service that a CronJob of another image calls.
func nightlyTask(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	long := s.dur(100*time.Second, 4*time.Minute)
	start := s.ago(long).Truncate(time.Minute)
	curl := podSpec(box("call", "curl:8.9.1", 16*mib, 32*mib))
	curl.RestartPolicy = corev1.RestartPolicyNever
	curl.Containers[0].Args = []string{"-fsS", "-X", "POST", "http://" + w.name + "/internal/reports/nightly"}
	cron := s.addWorkload("cronjob", w.ns, w.name+"-nightly-report", s.ago(70*day), curl)
	cron.schedule = fmt.Sprintf("%d %d * * *", start.Minute(), start.Hour())
	for _, at := range []time.Time{start.Add(-day), start} {
		j := s.addWorkload("job", w.ns, fmt.Sprintf("%s-%d", cron.name, at.Unix()/60), at, curl)
		j.parent, j.finished = cron, at.Add(9*time.Second)
		jp := s.addPod(j, j.current(), s.nodes[len(s.nodes)-1], at)
		jl := s.run(jp.main(), at.Add(2*time.Second), at.Add(8*time.Second), flat(3*mib))
		jl.reason, jp.phase = "Completed", corev1.PodSucceeded
	}
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(3*day, 6*day)))
	c := p.main()
	room := c.room(limit)
	base := s.wobble(flat(0.33*room), 0.02)
	yesterday := start.Add(-day)
	night := func(t time.Time) float64 {
		age := t.Sub(yesterday)
		if age > 0 && age < 6*time.Minute {
			return base(t) + 0.4*room*min(1, min(age.Seconds()/150, (6*time.Minute-age).Seconds()/90))
		}
		return base(t)
	}
	l := s.run(c, p.created.Add(20*time.Second), s.at, jump(night, room, s.at, s.at.Sub(start.Add(3*time.Second))))
	s.oomKill(l)
	s.run(c, s.at.Add(s.restartGap()), time.Time{}, base)
	log := s.log(p, c.spec.Name, true, l.start, s.at)
	log.add(start.Add(3*time.Second), `level=info msg="nightly report started" accounts=%d`, 100000+s.rng.IntN(900000))
	s.isSpike(p, "scheduled_job")
	s.truth.mentions = []string{"nightly report started"}
}

func initContainerSpike(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 128, 256) * mib
	w := s.service("deployment", 1, 256*mib, 512*mib)
	r := s.newImage(w, s.at)
	migrate := box("migrate", w.name+"-migrate:7", limit/2, limit)
	for _, x := range w.revisions {
		x.template.Spec.InitContainers = []corev1.Container{migrate}
	}
	p := s.addPod(w, r, s.node, s.ago(s.dur(90*time.Second, 4*time.Minute)))
	r.created = p.created.Add(-2 * time.Second)
	c := p.named("migrate")
	room := c.room(limit)
	from := p.created.Add(5 * time.Second)
	l := s.run(c, from, s.at, leak(0.1*room, room, from, s.at))
	s.oomKill(l)
	c.waiting, c.waitingMessage = "CrashLoopBackOff", "back-off 10s restarting failed container=migrate"
	p.main().waiting, p.phase = "PodInitializing", corev1.PodPending
	for _, o := range s.oldPods(w, w.before(), r.created, steady(0.5)) {
		o.gone, o.main().last().end = time.Time{}, time.Time{}
	}
	s.log(p, "migrate", true, from, s.at).add(from.Add(time.Second), "migrate: loading table orders into memory rows=18233410")
	s.ownLimit(p, "migrate", "load_spike")
	s.truth.cause = []string{"load_spike", "undersized_limit"}
	s.truth.notActions = []string{"fix_leak"}
}

// workers makes the main container a parent with equal workers.
func (s *scene) workers(w *workload, parent, worker string, n int) {
	specs := []procSpec{{comm: parent, share: 0.5 / float64(n)}}
	for range n {
		specs = append(specs, procSpec{comm: worker, share: (1 - 0.5/float64(n)) / float64(n)})
	}
	w.procs[w.container().Name] = specs
}

// silentChild loses one worker of several; the parent replaces it.
func silentChild(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	w.procs[w.container().Name] = []procSpec{
		{comm: "gunicorn", share: 0.06}, {comm: "gunicorn", share: 0.16}, {comm: "gunicorn", share: 0.62}, {comm: "gunicorn", share: 0.16},
	}
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 6*day)))
	c := p.main()
	room := c.room(limit)
	base := s.wobble(flat(0.42*room), 0.02)
	l := s.run(c, p.created.Add(20*time.Second), time.Time{}, jump(base, room, s.at, 7*time.Second))
	r := s.cgroupKill(s.node, s.at, s.plat.containerPath(p, l.id), limit, []*life{l}, nil)
	s.die(r, "OOMKilled")
	c.extraKills = []time.Time{s.at}
	name, line := s.bigInput()
	log := s.log(p, c.spec.Name, false, s.ago(time.Hour), s.to)
	log.add(s.ago(5*time.Second), "%s", line)
	log.add(s.at.Add(300*time.Millisecond), "[%d] [ERROR] Worker (pid:%d) was sent SIGKILL! Perhaps out of memory?", l.pid, r.victim.pid)
	s.alertAt = s.at.Add(s.dur(20*time.Second, 70*time.Second))
	s.alert = map[string]string{"source": "alertmanager", "id": s.hex(8), "title": "container_oom_events_total increased for " + p.name}
	s.isSpike(p, "traffic", "unknown")
	s.truth.mentions = []string{name}
}

// victimNotBiggest has a small helper with a raised score beside the process that grew.
func victimNotBiggest(s *scene) {
	s.neighbours()
	share := s.node.total() / mib / 100 * mib
	limit := share * 50 // a large part of the node, so that its score is low
	w := s.service("deployment", 1, share*47, limit)
	high := 1000
	main := commOf(w.container().Name)
	w.procs[w.container().Name] = []procSpec{{comm: main, share: 0.66}, {comm: "thumbnailer", share: 0.34, adj: &high}}
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 6*day)))
	c := p.main()
	room := c.room(limit)
	l := s.run(c, p.created.Add(20*time.Second), time.Time{}, jump(s.wobble(flat(0.5*room), 0.02), room, s.at, 8*time.Second))
	r := s.cgroupKill(s.node, s.at, s.plat.containerPath(p, l.id), limit, []*life{l}, nil)
	if r.victim.comm != "thumbnailer" {
		s.contradiction("the victim is %s", r.victim.comm)
	}
	s.die(r, "OOMKilled")
	c.extraKills = []time.Time{s.at}
	s.ownLimit(p, c.spec.Name, "load_spike", "traffic", "unknown")
	s.truth.victim.Comm = "thumbnailer"
	s.truth.notActions = []string{"fix_leak", "rollback"}
}

// workerStorm has sixteen kills within five seconds, of which the kernel reports ten in full.
func workerStorm(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	s.workers(w, "celery", "celery", 8)
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 6*day)))
	c := p.main()
	room := c.room(limit)
	l := s.run(c, p.created.Add(20*time.Second), time.Time{}, jump(s.wobble(flat(0.4*room), 0.02), room, s.at, 9*time.Second))
	for i := range 16 {
		at := s.at.Add(time.Duration(i) * 280 * time.Millisecond)
		s.cgroupKill(s.node, s.at, s.plat.containerPath(p, l.id), limit, []*life{l}, func(r *oomReport) {
			// The parent starts a new worker for each that is killed.
			r.at, r.rateLimited = at, i >= 10
			r.victim = r.tasks[len(r.tasks)-1]
			r.victim.pid += 4 * i
			r.victim.anon += 64 * kib
			r.tasks[len(r.tasks)-1], r.invoker = r.victim, r.victim
		})
		c.extraKills = append(c.extraKills, at)
	}
	name, line := s.bigInput()
	s.log(p, c.spec.Name, false, s.ago(time.Hour), s.to).add(s.ago(6*time.Second), "%s", line)
	s.isSpike(p, "traffic", "unknown")
	s.truth.mentions = []string{name}
}
