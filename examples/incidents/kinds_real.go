package incidents

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// realKinds are built around reports of real kernels: their pods, nodes and metrics fit the report's uids, ids,
// sizes and scores.
func realKinds() []Kind {
	return []Kind{
		{Name: "real_container_group", Teaches: "a real report: memory.oom.group takes the container, and the victim stands in it twice", build: realContainerGroup, on: kernelIs("6.1.0-28-cloud-amd64")},
		{Name: "real_pod_limit", Teaches: "a real report at the pod's own limit: never say that a container exceeded its own", build: realPodLimit, on: kernelIs("6.1.0-28-cloud-amd64")},
		{Name: "real_system_process", Teaches: "a real report: an innocent pod dies before the backup agent that took the memory", build: realSystemProcess, on: kernelIs("6.1.0-28-cloud-amd64")},
		{Name: "real_java_limit_lowered", Teaches: "a real report of a JVM under a limit that lost most of its size", build: realJavaLowered, on: kernelIs("6.1.0-28-cloud-amd64")},
		{Name: "real_java_heap_ceiling", Teaches: "a real report, named after an allocating thread: -Xmx is as large as the limit", build: realJavaCeiling, on: kernelIs("6.1.0-28-cloud-amd64")},
		{Name: "real_node_allocatable", Teaches: "a real report at /kubepods: redis did nothing wrong, the batch pod without a limit took what the node had for pods", build: realAllocatable, on: kernelIs("6.1.0-28-cloud-amd64")},
		{Name: "real_dev_shm", Teaches: "real reports of four kills in a row that free nothing: the memory is in /dev/shm", build: realDevShm, on: kernelIs("6.1.0-28-cloud-amd64")},
	}
}

// kernelIs admits one platform.
func kernelIs(release string) func(platform) bool {
	return func(p platform) bool { return p.kernel.release == release }
}

// debian61 and host618 are what the reports were printed by.
func (s *scene) debian61() {
	s.plat.kernel.release, s.plat.kernel.gen = "6.1.0-56-cloud-amd64", 601
}

func (s *scene) debian61v1() {
	s.debian61()
	s.plat.cgroup, s.plat.systemd, s.plat.kubelet, s.plat.kubeletMinor = 1, false, "v1.30.4", 30
	s.plat.runtimeVersion = "containerd://1.7.22"
}

func (s *scene) host618() {
	s.plat.kernel = kernel{release: "6.18.44-fc-v669", osImage: "Buildroot 2026.02", gen: 612}
	s.plat.cgroup, s.plat.systemd, s.plat.kubelet, s.plat.kubeletMinor = 1, false, "v1.34.1", 34
}

// smallDaemons are what a small machine runs outside of Kubernetes.
func smallDaemons() []process {
	return []process{
		{pid: 1, comm: "init", anon: 2 * mib, file: mib},
		{pid: 131, comm: "sshd", anon: mib, file: mib, adj: -1000},
		{pid: 140, comm: "containerd", anon: 34 * mib, file: 8 * mib, adj: -999},
		{pid: 152, comm: "kubelet", anon: 48 * mib, file: 11 * mib, adj: -999},
	}
}

const (
	firstPodUID  = "d3f8c1a2-7b4e-4c55-9a10-0f6a2b3c4d5e"
	firstID      = "4f1d0c9be2a7d3356b8f0e19c7a254d1b60837f2ce915ad4073b8e6f12c9d05a"
	secondID     = "a9b8c7d6e5f4031221304f5e6d7c8b9aa9b8c7d6e5f4031221304f5e6d7c8b9a"
	redisPodUID  = "11aa22bb-33cc-44dd-55ee-66ff77008899"
	redisID      = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	allocPodUID  = "6b0c7e52-91d3-4f0a-8c77-2f3b9d1e4a60"
	allocID      = "8d2f5a0c6be14793e0a8c5d97f13b24605e8a7c9d16f3b420e95d8c7a1f6b3e2"
	etlPodUID    = "e2f49a17-3c58-4d6b-9a0e-71c5d8b2f394"
	etlID        = "3f9c1e7a5d0b86423c7e9f1a5b8d0c6427e3a9f5c1b7d8064e2a3f9c5d1b7e80"
	nginxPodUID  = "0d91b6c8-57ae-4e23-b1f4-98a6c3e7d205"
	nginxID      = "b5e8d1c4a7f09362d5c8b1e4f7a09362c5d8e1b4a7f09362d5c8b1e4f7a0936c"
	dnsPodUID    = "94a7d3f1-0b6e-4c89-a2d5-5e1f7c8b3069"
	dnsID        = "c1d7e3f9a5b0846c2e8d4f0a6b1c7e3d9f5a0b6c2d8e4f1a7b3c9d5e0f6a2b8c"
	postgresUID  = "c83f5b20-7d4a-4196-8e3b-d0a9f6217e5c"
	postgresID   = "e7a3c9f5d1b0864e2a8c4f0d6b1e7a3c9f5d2b8064e1a7c3f9d5b0862e4a8c1f"
	javaPodUID   = "17e5c9a4-b860-4f3d-92c1-3a8d6e0f5b72"
	javaID       = "5c9e1a7d3f0b86425e8c1a7f3d9b06824c5e1a7f9d3b08624c5e7a1f9d3b0862"
	boardPages   = 128000 // 512 MiB less what the kernel keeps
	boardReserve = 3072
)

// bare says of a container that its programs only allocate, as those of the real reports do.
func bare(c *container) *container {
	c.bare = true
	return c
}

// score checks that a container has the oom_score_adj that its real report prints.
func (s *scene) score(c *container, want int) {
	if got := c.oomScoreAdj(); got != want {
		s.contradiction("%s has a score of %d, and its report says %d", c.spec.Name, got, want)
	}
}

// realContainerGroup is one worker of a small gunicorn that reads a large request.
func realContainerGroup(s *scene) {
	s.debian61()
	s.edge(boardPages, boardReserve, smallDaemons())
	w := s.service("deployment", 1, 32*mib, 40*mib)
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 4*day)))
	p.uid = firstPodUID
	c := bare(p.main())
	s.score(c, 936)
	l := named(s.run(c, p.created.Add(9*time.Second), s.at, jump(flat(13*mib), 41824256, s.at, 6*time.Second)), firstID, 248)
	l.reason, l.exit = "OOMKilled", 137
	from := s.at.Add(s.restartGap())
	s.run(c, from, time.Time{}, warm(6*mib, 12.5*mib, from, time.Minute))
	s.realReport(s.node, "container-group", "kmsg")
	file := fmt.Sprintf("orders-%d.xlsx", 2000+s.rng.IntN(7000))
	log := s.log(p, c.spec.Name, true, l.start, s.at)
	log.add(s.ago(5*time.Second), `[worker-2] "POST /import HTTP/1.1" file=%s content-length=31981568`, file)
	s.isSpike(p, "traffic", "unknown")
	s.truth.mentions = []string{file}
}

// realPodLimit is a pod with a limit of its own, whose app leaks beside a proxy of constant size.
func realPodLimit(s *scene) {
	s.debian61()
	s.edge(boardPages, boardReserve, smallDaemons())
	w := s.service("deployment", 1, 24*mib, 0)
	for _, r := range w.revisions {
		r.template.Spec.Containers = append(r.template.Spec.Containers, box("envoy", "envoy:1.31.2", 24*mib, 0))
		podLimit(&r.template.Spec, 64*mib, 64*mib)
	}
	p := s.addPod(w, w.current(), s.node, s.at)
	p.uid, p.sandbox = firstPodUID, 427
	app, envoy := bare(p.main()), bare(p.named("envoy"))
	s.score(app, 936)
	s.score(envoy, 936)
	room := 66916352 - 3196*pageSize - 4096.0
	grow := func(_ *container, from, full time.Time) curve { return leak(0.33*room, room, from, full) }
	long := s.dur(s.window/5, s.window/4)
	s.lifetimes(p, s.at, s.someLengths(7, long*98/100, long*102/100), grow, exits("OOMKilled", 137))
	killed := named(app.last(), firstID, 446)
	s.restarted(app, long, grow)
	named(s.run(envoy, p.created.Add(8*time.Second), time.Time{}, flat(3196*pageSize)), secondID, 431)
	s.realReport(s.node, "pod-limit", "dmesg")
	s.onlySince(s.node, killed.start.Add(time.Minute))
	name := app.spec.Name
	s.targetPod(p, name)
	s.truth = truth{
		mechanism: []string{"memcg_oom_kill"}, boundary: []string{"pod"}, cause: []string{"leak"}, trigger: []string{"none"},
		victim: partyOf(p, name), culprit: partyOf(p, name), actions: []string{"fix_leak"}, notActions: []string{"rollback", "set_limit"},
	}
}

// realSystemProcess is a machine of 153 MiB on which a backup agent grows.
func realSystemProcess(s *scene) {
	s.debian61()
	kb4 := func(pages int64) int64 { return pages * pageSize }
	grown := ramp(float64(kb4(1500)), float64(kb4(15800)), s.ago(s.dur(20*time.Minute, 70*time.Minute)), s.at)
	s.edge(39271, 9751, []process{
		{pid: 222, comm: "kubelet", anon: kb4(3550), file: kb4(174), adj: -999},
		{pid: 223, comm: "containerd", anon: kb4(2032), file: kb4(174), adj: -999},
		{pid: 224, comm: "containerd-shim", anon: kb4(514), file: kb4(174), adj: -998},
		{pid: 226, comm: "systemd-journal", anon: kb4(778), file: kb4(174), adj: -250},
		{pid: 227, comm: "sshd", anon: kb4(250), file: kb4(174), adj: -1000},
		{pid: 231, comm: "backup-agent", file: kb4(2), grows: stepAt(grown, flat(0), s.at.Add(time.Second))},
	})
	s.node.slab = flat(float64(kb4(6200)))
	w := s.service("statefulset", 1, 23600*kib, 64*mib)
	for _, r := range w.revisions {
		r.template.Spec.Containers[0].Image = "registry.example/redis:7.2.5"
		r.template.Spec.Containers[0].Name = "redis"
	}
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 4*day)))
	p.uid, p.sandbox = redisPodUID, 225
	c := bare(p.main())
	s.score(c, 850)
	l := named(s.run(c, p.created.Add(9*time.Second), s.at, flat(float64(kb4(7640)))), redisID, 229)
	l.reason, l.exit = "OOMKilled", 137
	from := s.at.Add(s.restartGap())
	s.run(c, from, time.Time{}, warm(3*mib, 29*mib, from, 20*time.Second))
	s.realReport(s.node, "system-process", "kmsg")
	s.nodeEvent(s.node, s.at, "SystemOOM", "System OOM encountered, victim process: redis-server, pid: 229")
	s.byNeighbour(p, &party{Node: s.node.name, Comm: "backup-agent"})
}

// realJavaLowered is a JVM of some 90 MiB whose limit was changed from 128Mi to 32Mi.
func realJavaLowered(s *scene) {
	s.debian61v1()
	s.edge(81920, 3072, smallDaemons())
	w := s.javaService(128 * mib)
	for _, r := range w.revisions {
		r.template.Spec.Containers[0].Resources.Requests["memory"] = bytes64(32 * mib)
	}
	r := s.change(w, s.at, func(t *corev1.PodTemplateSpec) { setLimit(&t.Spec.Containers[0], 32*mib) })
	p := s.addPod(w, r, s.node, s.at)
	p.uid = firstPodUID
	c := bare(p.main())
	s.score(c, 900)
	memory := healthy(90*mib, 90)
	s.crashLoop(p, s.at, 4, memory)
	s.onlySince(s.node, named(c.last(), firstID, 234).start)
	s.klog(s.node).lines = nil
	r.created = p.created.Add(-2 * time.Second)
	for _, o := range s.oldPods(w, w.before(), r.created, func(*container, time.Time) curve { return s.wobble(flat(90*mib), 0.01) }) {
		bare(o.main())
	}
	s.realReport(s.node, "java-cgroupfs", "dmesg")
	s.tooSmall(p, 90*mib, "config_change")
	s.setOffBy(r.number)
	s.truth.actions = []string{"rollback"}
}

// realJavaCeiling is a JVM whose -Xmx equals the container's limit.
func realJavaCeiling(s *scene) {
	s.host618()
	pages := int64(7800 * mib / pageSize)
	s.edge(pages, pages/40, smallDaemons())
	limit := int64(512 * mib)
	w := s.javaService(limit)
	setEnv(w, "JAVA_TOOL_OPTIONS", "-Xms256m -Xmx512m -XX:+UseG1GC")
	s.systemPods(s.node)
	p := s.badCeiling(w, "java", 0.9)
	p.uid = javaPodUID
	c := p.main()
	s.score(c, 951)
	s.onlySince(s.node, named(c.lives[len(c.lives)-2], javaID, 13463).start)
	s.klog(s.node).lines = nil
	s.realReport(s.node, "java-container", "kmsg")
}

// realAllocatable is a machine of 1984 MiB, of which 1472 MiB are for pods.
func realAllocatable(s *scene) {
	s.host618()
	pages := int64(1984 * mib / pageSize)
	n := s.edge(pages, 14000, smallDaemons())
	n.reserve, n.eviction = 512*mib, 100*mib
	place := func(ns, name, id, cid string, pid int, spec corev1.Container, anon curve) *pod {
		w := s.addWorkload("deployment", ns, name, s.ago(70*day), podSpec(spec))
		w.replicas, w.current().replicas = 1, 1
		p := s.addPod(w, w.current(), n, s.ago(s.dur(3*day, 5*day)))
		p.uid = id
		named(s.run(bare(p.main()), p.created.Add(12*time.Second), time.Time{}, anon), cid, pid)
		return p
	}
	page := func(n int64) float64 { return float64(n * pageSize) }
	ns := pick(s, namespaces...)
	redis := place(ns, "session-cache", allocPodUID, allocID, 13306, box("redis", "redis:7.2.5", 64*mib, 512*mib), flat(page(107682)))
	etl := place("data", "etl", etlPodUID, etlID, 13310, box("worker", "etl:0.9.1", 128*mib, 0), flat(0))
	place(ns, "frontend", nginxPodUID, nginxID, 13307, box("nginx", "nginx:1.27", 64*mib, 128*mib), flat(page(10308)))
	place("kube-system", "coredns", dnsPodUID, dnsID, 13309, box("coredns", "coredns:1.11", 70*mib, 170*mib), flat(page(11426)))
	etl.main().last().anon = ramp(page(26000), page(247500), s.ago(s.dur(15*time.Minute, 40*time.Minute)), s.at)
	for c, want := range map[*container]int{redis.main(): 968, etl.main(): 936} {
		s.score(c, want)
	}
	l := redis.main().last()
	l.end, l.reason, l.exit = s.at, "OOMKilled", 137
	from := s.at.Add(s.restartGap())
	s.run(redis.main(), from, time.Time{}, warm(20*mib, 380*mib, from, 5*time.Minute))
	s.realReport(n, "node-allocatable", "kmsg")
	s.inSlice("node_allocatable", "noisy_neighbour", redis, partyOf(etl, "worker"))
}

// realDevShm is a database whose shared memory files fill its limit. Killing its processes frees nothing.
func realDevShm(s *scene) {
	s.host618()
	pages := int64(2400 * mib / pageSize)
	n := s.edge(pages, pages/40, smallDaemons())
	w := s.service("statefulset", 1, 64*mib, 512*mib)
	for _, r := range w.revisions {
		c := &r.template.Spec.Containers[0]
		c.Name, c.Image = "postgres", "registry.example/postgres:16.4"
	}
	scratch(w, "dshm", "/dev/shm")
	s.neighbour(180)
	p := s.addPod(w, w.current(), n, s.ago(s.dur(2*day, 4*day)))
	p.uid = postgresUID
	c := bare(p.main())
	s.score(c, 974)
	own := 12800.0 * pageSize
	l := named(s.run(c, p.created.Add(14*time.Second), s.at, s.wobbleBefore(flat(own))), postgresID, 13414)
	l.shmem = leak(9*mib, 483201024, s.ago(s.dur(s.window/3, s.window*2/3)), s.at)
	l.reason, l.exit = "OOMKilled", 137
	s.run(c, s.at.Add(s.restartGap()), time.Time{}, flat(own*0.8))
	s.realReport(n, "dev-shm", "kmsg")
	s.inVolume(p, "container")
}
