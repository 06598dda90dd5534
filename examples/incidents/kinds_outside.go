package incidents

import "time"

// outsideKinds are limits that memory outside of the processes fills, with less to tell it by than podKinds have.
func outsideKinds() []Kind {
	return []Kind{
		{Name: "page_cache_full_then_spike", Teaches: "page cache had filled what the process left for hours, and was given back before the kill", build: pageCacheFullThenSpike},
		{Name: "tmpfs_outlives_restarts", Teaches: "files in a memory volume outlive the container: it dies at each start, and needs no more than before", build: tmpfsOutlivesRestarts, on: modern},
		{Name: "shared_buffers_plateau", Teaches: "a database's shared memory is there from its start, and part of what it needs", build: sharedBuffersPlateau},
		{Name: "tmpfs_no_kernel_log", Teaches: "the working set reached the limit, and what grew is cache in a pod with a memory volume", build: tmpfsNoKernelLog},
		{Name: "kernel_memory_no_kernel_log", Teaches: "the working set reached the limit, and neither anonymous memory nor cache grew", build: kernelMemoryNoKernelLog},
	}
}

func pageCacheFullThenSpike(s *scene) {
	s.neighbours()
	share := s.between(0.28, 0.34)
	p := s.spiking(share, s.dur(4*time.Second, 9*time.Second))
	l := p.main().lives[0]
	room := float64(p.main().limit())
	cache := ramp(0.02*room, (0.93-share)*room, s.ago(s.window), s.ago(s.window*2/3))
	l.hot = func(t time.Time) float64 {
		if left := s.at.Sub(t); left < 2*time.Second { // reclaimed when it was needed
			return 6 * mib
		}
		return max(6*mib, cache(t))
	}
	name, line := s.bigInput()
	s.log(p, p.main().spec.Name, true, l.start, s.at.Add(-time.Second)).add(s.ago(12*time.Second), "%s", line)
	s.isSpike(p, "traffic", "unknown")
	s.truth.mentions = []string{name}
}

// tmpfsOutlivesRestarts fills a pod's limit by files; each restart finds them there and is killed while it starts.
func tmpfsOutlivesRestarts(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 512, 1024, 2048) * mib
	total := float64(limit)
	w := s.service("deployment", 1, limit/4, 0)
	for _, r := range w.revisions {
		podLimit(&r.template.Spec, limit/3, limit)
	}
	scratch(w, "work", "/work")
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 4*day)))
	c := p.main()
	backOff := []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second}
	lasts := s.someLengths(len(backOff), 15*time.Second, 40*time.Second)
	first := s.at
	for i := range backOff {
		first = first.Add(-backOff[i] - lasts[i])
	}
	own := s.between(0.28, 0.34) * total
	l := s.run(c, p.created.Add(20*time.Second), time.Time{}, flat(own))
	files := total - float64(l.at(first).usage())
	grown := first.Add(-s.dur(s.window/4, s.window/3))
	early, late := ramp(0.01*total, 0.9*files, grown.Add(-s.window/5), grown), leak(0.9*files, files, grown, first)
	l.shmem = func(t time.Time) float64 {
		if t.Before(grown) {
			return early(t)
		}
		return late(t)
	}
	s.podKill(p, first, nil)
	end := first
	for i := range backOff {
		from := end.Add(backOff[i])
		end = from.Add(lasts[i])
		l := s.run(c, from, time.Time{}, ramp(0.1*own, own, from, end))
		l.shmem = flat(files)
		s.podKill(p, end, nil)
	}
	c.waiting, c.waitingMessage = "CrashLoopBackOff", "back-off 2m40s restarting failed container="+c.spec.Name
	s.inVolume(p, "pod")
	s.truth.notActions = append(s.truth.notActions, "set_limit")
}

// sharedBuffersPlateau is a database whose shared memory and processes together come to a plateau at the limit.
func sharedBuffersPlateau(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 1, 2, 4) * gib
	w := s.service("statefulset", 1, limit*3/4, limit)
	w.procs[w.container().Name] = []procSpec{{comm: "postgres", share: 0.2, uid: 999}, {comm: "postgres", share: 0.5, uid: 999}, {comm: "postgres", share: 0.3, uid: 999}}
	buffers := s.between(0.38, 0.44) * float64(limit)
	top := s.between(0.94, 0.96)
	p := s.addPod(w, w.current(), s.node, s.at)
	grow := func(c *container, start, full time.Time) curve {
		room := c.room(limit) - buffers
		return jump(s.wobble(warm(0.5*room, top*room, start, 4*time.Minute), 0.012), room, full, 45*time.Second)
	}
	s.lifetimes(p, s.at, s.someLengths(4, s.window/10, s.window/4), grow, func(l *life) {
		l.shmem = flat(buffers)
		s.oomKill(l)
	})
	s.restarted(p.main(), s.window/4, grow).shmem = flat(buffers)
	s.ownLimit(p, p.main().spec.Name, "undersized_limit")
	s.truth.actions, s.truth.notActions = []string{"set_limit"}, []string{"fix_leak", "rollback", "cap_volume"}
}

func tmpfsNoKernelLog(s *scene) {
	tmpfsContainer(s)
	s.without = append(s.without, "kernel")
	s.truth.cause = []string{"memory_backed_volume", "insufficient_evidence"}
	s.truth.actions, s.truth.notActions = nil, []string{"fix_leak", "rollback", "set_limit"}
	s.unseen(0.9, "kernlog")
}

func kernelMemoryNoKernelLog(s *scene) {
	kernelSlab(s)
	s.without = append(s.without, "kernel")
	s.truth.cause = []string{"kernel_memory", "insufficient_evidence"}
	s.truth.notActions = []string{"fix_leak", "rollback", "set_limit"}
	s.unseen(0.9, "kernlog")
}
