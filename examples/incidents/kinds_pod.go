package incidents

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// podKinds are limits that several containers share, and memory that is in no process.
func podKinds() []Kind {
	return []Kind{
		{Name: "sidecar_pod_limit", Teaches: "the pod's limit ran out by the log shipper's growth, and the app is killed", build: sidecarPodLimit, on: modern},
		{Name: "sidecar_native", Teaches: "a native sidecar is an init container that keeps running", build: sidecarNative, on: modern},
		{Name: "sidecar_own_limit", Teaches: "a sidecar that meets its own container limit is an ordinary container kill", build: sidecarOwnLimit},
		{Name: "sidecar_added", Teaches: "a deploy that adds a container to a pod with a limit of its own", build: sidecarAdded, on: modern},
		{Name: "pod_limit_app_grew", Teaches: "the pod's limit ran out, and the app itself is who grew", build: podLimitAppGrew, on: modern},
		{Name: "pod_limit_tmpfs", Teaches: "files in a memory volume fill the pod's limit; no process holds them", build: podLimitTmpfs, on: modern},
		{Name: "tmpfs_container", Teaches: "tmpfs is charged to the container that wrote it", build: tmpfsContainer},
		{Name: "dev_shm", Teaches: "shared memory segments under /dev/shm", build: devShm},
		{Name: "tmpfs_volume_added", Teaches: "a deploy that moved scratch files into a memory volume", build: tmpfsAdded},
		{Name: "kernel_memory_slab", Teaches: "slab of the kernel charged to the container, and small processes", build: kernelSlab},
		{Name: "kernel_memory_sock", Teaches: "socket buffers charged to the container", build: kernelSock, on: func(p platform) bool { return p.cgroup == 2 }},
		{Name: "kernel_memory_pagetables", Teaches: "page tables of many processes that map the same segment", build: kernelTables, on: func(p platform) bool { return p.kernel.gen >= 419 }},
	}
}

// modern admits platforms whose Kubernetes has pod-level limits.
func modern(p platform) bool { return p.kubeletMinor >= 30 && p.cgroup == 2 }

// podLimit gives a pod spec a limit of its own.
func podLimit(spec *corev1.PodSpec, request, limit int64) {
	spec.Resources = &corev1.ResourceRequirements{
		Requests: corev1.ResourceList{"memory": bytes64(request)}, Limits: corev1.ResourceList{"memory": bytes64(limit)},
	}
}

// helper is a container beside the app, with its process's name.
type helper struct{ name, image, comm string }

func (s *scene) helper() helper {
	return pick(s, helper{"log-shipper", "fluent-bit:2.2.3", "fluent-bit"}, helper{"istio-proxy", "proxyv2:1.21.2", "envoy"},
		helper{"metrics-agent", "otel-collector:0.104.0", "otelcol"}, helper{"vault-agent", "vault:1.16.3", "vault"})
}

// twoContainers is a workload whose pods share a limit of limit bytes between app and helper.
func (s *scene) twoContainers(h helper, limit int64) *workload {
	w := s.service("deployment", 1, limit/2, limit*3/4)
	for _, r := range w.revisions {
		r.template.Spec.Containers = append(r.template.Spec.Containers, box(h.name, h.image, 64*mib, limit*3/4))
		podLimit(&r.template.Spec, limit*6/10, limit)
	}
	w.procs[h.name] = []procSpec{{comm: h.comm, share: 1, uid: 65532}}
	return w
}

// shared lets app and helper fill the pod's limit together at the scene's moment: app with so much of it,
// helper with the rest, each along the given curve (from 0 at its usual size to 1 at the kill).
func (s *scene) shared(p *pod, app, help *container, share, helpUsual, appUsual float64, rise func(from time.Time) curve) oomReport {
	limit := float64(p.limit())
	from := p.created.Add(25 * time.Second)
	rest := limit
	for _, c := range []*container{app, help} {
		rest -= float64((&life{c: c}).at(s.at).usage()) - 64*kib
	}
	rest = rest * 450 / 451
	up := rise(from)
	part := func(usual, end float64) curve {
		return s.wobbleBefore(func(t time.Time) float64 { return rest * (usual + (end-usual)*up(t)) })
	}
	s.run(app, from, time.Time{}, part(appUsual, share))
	s.run(help, from.Add(time.Second), time.Time{}, part(helpUsual, 1-share))
	r := s.podKill(p, s.at, nil)
	l := r.victim.of
	again := l.end.Add(s.restartGap())
	s.run(l.c, again, time.Time{}, warm(rest*0.2, rest*0.32, again, 4*time.Minute))
	return r
}

// wobbleBefore is wobble that fades out towards the kill, so that sums come out right.
func (s *scene) wobbleBefore(c curve) curve {
	w := s.wobble(c, 0.015)
	return func(t time.Time) float64 {
		if s.at.Sub(t) < time.Minute {
			return c(t)
		}
		return w(t)
	}
}

// rising goes from 0 to 1 within some time before the kill.
func (s *scene) rising(long time.Duration) func(time.Time) curve {
	return func(time.Time) curve {
		return func(t time.Time) float64 { return max(0, min(1, 1-s.at.Sub(t).Seconds()/long.Seconds())) }
	}
}

// byHelper fills in the truth of a pod's limit that its helper used up.
func (s *scene) byHelper(p *pod, r oomReport, h helper) {
	s.truth = truth{
		mechanism: []string{"memcg_oom_kill"}, boundary: []string{"pod"}, cause: []string{"sidecar"},
		victim: partyOf(p, r.victim.of.c.spec.Name), culprit: partyOf(p, h.name), notActions: []string{"rollback"},
	}
	s.targetPod(p, r.victim.of.c.spec.Name)
}

func sidecarPodLimit(s *scene) {
	s.neighbours()
	h := s.helper()
	limit := pick[int64](s, 512, 700, 1024, 1536) * mib
	w := s.twoContainers(h, limit)
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 5*day)))
	share := s.between(0.53, 0.56)
	r := s.shared(p, p.main(), p.named(h.name), share, 0.07, share, s.rising(s.dur(s.window/6, s.window/3)))
	s.byHelper(p, r, h)
}

func sidecarNative(s *scene) {
	s.neighbours()
	h := s.helper()
	limit := pick[int64](s, 512, 700, 1024) * mib
	w := s.twoContainers(h, limit)
	always := corev1.ContainerRestartPolicyAlways
	for _, r := range w.revisions {
		side := r.template.Spec.Containers[1]
		side.RestartPolicy = &always
		r.template.Spec.InitContainers = []corev1.Container{side}
		r.template.Spec.Containers = r.template.Spec.Containers[:1]
	}
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 5*day)))
	share := s.between(0.53, 0.56)
	r := s.shared(p, p.main(), p.named(h.name), share, 0.07, share, s.rising(s.dur(s.window/6, s.window/3)))
	s.byHelper(p, r, h)
}

// sidecarOwnLimit has a helper that leaks into its own limit; the app is untouched.
func sidecarOwnLimit(s *scene) {
	s.neighbours()
	h := s.helper()
	w := s.service("deployment", 1, 256*mib, 512*mib)
	for _, r := range w.revisions {
		r.template.Spec.Containers = append(r.template.Spec.Containers, box(h.name, h.image, 64*mib, 192*mib))
	}
	w.procs[h.name] = []procSpec{{comm: h.comm, share: 1}}
	p := s.addPod(w, w.current(), s.node, s.at)
	c := p.named(h.name)
	long := s.someLife()
	end := s.at
	var starts []time.Time
	for range 12 {
		starts = append([]time.Time{end.Add(-long)}, starts...)
		end = starts[0].Add(-15 * time.Second)
	}
	p.created = starts[0].Add(-20 * time.Second)
	s.settle(p, 300)
	for _, from := range starts {
		s.oomKill(s.run(c, from, from.Add(long), byTime(0.25)(c, from, from.Add(long))))
	}
	s.restarted(c, long, byTime(0.25))
	s.ownLimit(p, h.name, "leak", "none")
	s.truth.actions, s.truth.notActions = []string{"fix_leak"}, []string{"set_limit", "rollback"}
}

// sidecarAdded has a new revision with a helper, under a limit that the app alone fitted into.
func sidecarAdded(s *scene) {
	s.neighbours()
	h := s.helper()
	limit := pick[int64](s, 512, 700, 1024) * mib
	w := s.service("deployment", 1, limit/2, limit*3/4)
	for _, r := range w.revisions {
		podLimit(&r.template.Spec, limit*6/10, limit)
	}
	w.procs[h.name] = []procSpec{{comm: h.comm, share: 1}}
	r := s.change(w, s.at, func(t *corev1.PodTemplateSpec) {
		t.Spec.Containers = append(t.Spec.Containers, box(h.name, h.image, 64*mib, limit/2))
	})
	p := s.addPod(w, r, s.node, s.ago(s.dur(s.window/8, s.window/4)))
	r.created = p.created.Add(-2 * time.Second)
	share := s.between(0.56, 0.6)
	kill := s.shared(p, p.main(), p.named(h.name), share, 0.05, share, s.rising(s.at.Sub(p.created)))
	rest := float64(limit)
	s.oldPods(w, w.before(), r.created, func(*container, time.Time) curve { return s.wobble(flat(share*rest), 0.01) })
	s.byHelper(p, kill, h)
	s.truth.trigger, s.truth.changeRevision = []string{"deploy"}, r.number
	s.truth.actions, s.truth.notActions = []string{"rollback"}, []string{"fix_leak"}
}

// podLimitAppGrew has the pod's limit run out by the app, beside a helper of its usual size.
func podLimitAppGrew(s *scene) {
	s.neighbours()
	h := s.helper()
	limit := pick[int64](s, 512, 700, 1024) * mib
	w := s.twoContainers(h, limit)
	for _, r := range w.revisions {
		setLimit(&r.template.Spec.Containers[0], limit)
	}
	p := s.addPod(w, w.current(), s.node, s.ago(s.window*3))
	share := s.between(0.86, 0.9)
	r := s.shared(p, p.main(), p.named(h.name), share, 1-share, 0.3, func(from time.Time) curve {
		span := s.at.Sub(from).Seconds()
		return func(t time.Time) float64 { return max(0, t.Sub(from).Seconds()) / span }
	})
	if r.victim.of.c != p.main() {
		s.contradiction("the helper was killed")
	}
	name := p.main().spec.Name
	s.targetPod(p, name)
	s.truth = truth{
		mechanism: []string{"memcg_oom_kill"}, boundary: []string{"pod"}, cause: []string{"leak"}, trigger: []string{"none"},
		victim: partyOf(p, name), culprit: partyOf(p, name), actions: []string{"fix_leak"}, notActions: []string{"rollback", "set_limit"},
	}
}

// scratch gives all revisions of a workload a memory volume at a path.
func scratch(w *workload, name, path string) {
	for _, r := range w.revisions {
		addScratch(&r.template.Spec, name, path)
	}
}

func addScratch(spec *corev1.PodSpec, name, path string) {
	spec.Volumes = append(spec.Volumes, tmpfs(name, 0))
	for i := range spec.Containers {
		c := &spec.Containers[i]
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: path})
	}
}

// fillShmem runs the main container with flat memory of its own, while tmpfs grows from from until the limit is
// met at the scene's moment.
func (s *scene) fillShmem(p *pod, own float64, from time.Time, limit int64) *life {
	c := p.main()
	room := c.room(limit)
	l := s.run(c, p.created.Add(20*time.Second), s.at, s.wobbleBefore(flat(own*room)))
	rest := *l
	l.shmem = leak(0.01*room, float64(limit-rest.at(s.at).usage()), from, s.at)
	return l
}

// afterShmem restarts the container; what is in the volume stays, now charged to the pod alone.
func (s *scene) afterShmem(l *life, own float64) {
	from := s.at.Add(s.restartGap())
	s.run(l.c, from, time.Time{}, flat(own*l.c.room(l.c.limit())))
}

// inVolume fills in the truth of a memory volume that took up the limit.
func (s *scene) inVolume(p *pod, boundary string) {
	name := p.main().spec.Name
	s.ownLimit(p, name, "memory_backed_volume")
	s.truth.boundary = []string{boundary}
	s.truth.trigger = nil
	s.truth.actions, s.truth.notActions = []string{"cap_volume"}, []string{"fix_leak", "rollback"}
	s.truth.mentions = []string{p.spec.Volumes[0].Name}
}

func podLimitTmpfs(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 512, 1024, 2048) * mib
	w := s.service("deployment", 1, limit/4, 0)
	for _, r := range w.revisions {
		podLimit(&r.template.Spec, limit/3, limit)
	}
	scratch(w, "work", "/work")
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 4*day)))
	c := p.main()
	l := s.fillShmem(p, 0.22, s.ago(s.dur(s.window/5, s.window/2)), limit)
	l.end = time.Time{}
	s.podKill(p, s.at, nil)
	s.run(c, s.at.Add(s.restartGap()), time.Time{}, flat(0.2*float64(limit)))
	s.inVolume(p, "pod")
}

func tmpfsContainer(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	scratch(w, "render-cache", "/var/cache/render")
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 4*day)))
	own := s.between(0.25, 0.35)
	l := s.fillShmem(p, own, s.ago(s.dur(s.window/4, s.window*2/3)), limit)
	s.oomKill(l)
	s.afterShmem(l, own)
	s.inVolume(p, "container")
}

func devShm(s *scene) {
	s.neighbours()
	limit := pick[int64](s, 1, 2, 4) * gib
	w := s.service("statefulset", 1, limit/2, limit)
	scratch(w, "dshm", "/dev/shm")
	w.procs[w.container().Name] = pick(s,
		[]procSpec{{comm: "python3", share: 0.4}, {comm: "pt_data_worker", share: 0.3}, {comm: "pt_data_worker", share: 0.3}},
		[]procSpec{{comm: "postgres", share: 0.5, uid: 999}, {comm: "postgres", share: 0.2, uid: 999}, {comm: "postgres", share: 0.3, uid: 999}})
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 4*day)))
	own := s.between(0.2, 0.3)
	l := s.fillShmem(p, own, s.ago(s.dur(20*time.Minute, 2*time.Hour)), limit)
	s.cgroupKill(s.node, s.at, s.plat.containerPath(p, l.id), limit, []*life{l}, func(r *oomReport) {
		r.invoker = r.tasks[len(r.tasks)-1]
		for i := range r.tasks { // shared pages count for every process that maps them
			r.tasks[i].shmem = r.held.shmem * 9 / 10 / pageSize * pageSize
		}
		r.victim, _ = worst(r.tasks, limit/pageSize)
		r.group = s.together(r.tasks, r.victim)
	})
	l.reason, l.exit = "OOMKilled", 137
	s.afterShmem(l, own)
	s.inVolume(p, "container")
}

func tmpfsAdded(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	r := s.change(w, s.at, func(t *corev1.PodTemplateSpec) {
		addScratch(&t.Spec, "scratch", "/tmp")
	})
	p := s.addPod(w, r, s.node, s.ago(s.dur(s.window/7, s.window/3)))
	r.created = p.created.Add(-2 * time.Second)
	own := s.between(0.25, 0.4)
	l := s.fillShmem(p, own, p.created.Add(2*time.Minute), limit)
	s.oomKill(l)
	s.afterShmem(l, own)
	s.oldPods(w, w.before(), r.created, steady(own))
	s.inVolume(p, "container")
	s.truth.trigger, s.truth.changeRevision = []string{"deploy"}, r.number
	s.truth.actions, s.truth.notActions = []string{"rollback"}, []string{"fix_leak"}
	s.truth.actionsAny = []string{"cap_volume", "rollback"}
}

// kernelHeld runs the main container with small processes, while memory of the kernel on its behalf grows to
// what the limit leaves.
func (s *scene) kernelHeld(set func(l *life, grow curve)) *pod {
	limit := pick[int64](s, 512, 1024, 2048) * mib
	w := s.service("deployment", 1, limit/2, limit)
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 4*day)))
	c := p.main()
	own := s.between(0.18, 0.26) * c.room(limit)
	l := s.run(c, p.created.Add(20*time.Second), s.at, s.wobbleBefore(flat(own)))
	set(l, flat(0))
	used := float64(l.at(s.at).usage())
	set(l, leak(0.02*float64(limit), float64(limit)-used, s.ago(s.dur(s.window/4, s.window*2/3)), s.at))
	s.oomKill(l)
	s.run(c, s.at.Add(s.restartGap()), time.Time{}, flat(own))
	s.ownLimit(p, c.spec.Name, "kernel_memory")
	s.truth.trigger = nil
	s.truth.notActions = []string{"rollback"}
	return p
}

func kernelSlab(s *scene) {
	s.neighbours()
	s.kernelHeld(func(l *life, grow curve) { l.slab = grow })
}

func kernelSock(s *scene) {
	s.neighbours()
	p := s.kernelHeld(func(l *life, grow curve) { l.sock = grow })
	s.log(p, p.main().spec.Name, true, p.main().lives[0].start, s.at).
		add(s.ago(40*time.Second), `level=warn msg="slow consumers" connections=%d`, 20000+s.rng.IntN(40000))
}

func kernelTables(s *scene) {
	s.neighbours()
	s.kernelHeld(func(l *life, grow curve) {
		w := l.c.pod.w
		if len(w.procs) == 0 {
			specs := []procSpec{{comm: "postgres", share: 0.1, uid: 999}}
			for range 30 {
				specs = append(specs, procSpec{comm: "postgres", share: 0.03, uid: 999})
			}
			w.procs[l.c.spec.Name] = specs
		}
		l.tables = grow
	})
}
