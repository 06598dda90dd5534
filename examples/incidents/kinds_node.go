package incidents

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// nodeKinds are machines, or parts above the pod, that ran out.
func nodeKinds() []Kind {
	return []Kind{
		{Name: "noisy_neighbour", Teaches: "an innocent pod dies by its score; the pod without a limit took the memory", build: noisyNeighbour},
		{Name: "noisy_neighbour_slow", Teaches: "the neighbour grew over the whole day", build: noisySlow},
		{Name: "noisy_neighbour_job", Teaches: "a job of another namespace filled the node", build: noisyJob},
		{Name: "noisy_system_process", Teaches: "a process outside of Kubernetes filled the node", build: noisySystem},
		{Name: "global_kill_cgroup_v1", Teaches: "with cgroup v1 a global kill is labelled Error/137, not OOMKilled", build: noisyNeighbour, on: func(p platform) bool { return p.cgroup == 1 }},
		{Name: "node_overcommit", Teaches: "many pods of their usual size, and no single one to blame", build: nodeOvercommit},
		{Name: "node_leak_without_limit", Teaches: "a pod without a limit leaks until the node runs out, and is its own victim", build: nodeLeak},
		{Name: "node_slab", Teaches: "the kernel's own memory filled the machine", build: nodeSlab},
		{Name: "node_allocatable_hog", Teaches: "the cgroup of all pods met its limit while the machine had memory left", build: allocatableHog, on: usualPaths},
		{Name: "node_allocatable_overcommit", Teaches: "all pods together reached what the kubelet leaves them", build: allocatableOvercommit, on: usualPaths},
		{Name: "besteffort_slice", Teaches: "a limit on the BestEffort class: another pod of the class took it", build: bestEffortSlice, on: usualPaths},
		{Name: "system_slice_service", Teaches: "a system service met its own MemoryMax; no pod is involved", build: systemService},
		{Name: "numa_cpuset", Teaches: "one NUMA node ran out while the other had memory", build: numaPart, on: func(p platform) bool { return p.kernel.gen >= 418 && p.kernel.gen != 419 }},
		{Name: "fragmentation", Teaches: "a high order with free memory left is fragmentation, no shortage", build: fragmentation},
		{Name: "systemd_oomd", Teaches: "systemd-oomd kills by pressure: no kernel report", build: systemdOOMD, on: func(p platform) bool { return p.cgroup == 2 && p.systemd && p.kernel.gen >= 515 }},
		{Name: "earlyoom", Teaches: "earlyoom kills before the kernel does", build: earlyOOM},
		{Name: "eviction_by_neighbour", Teaches: "the kubelet evicted the pod that was furthest above its request", build: evictionByNeighbour},
		{Name: "eviction_own_leak", Teaches: "the evicted pod itself had grown", build: evictionOwnLeak},
	}
}

// usualPaths admits platforms whose pods are all below the cgroup of all pods.
func usualPaths(p platform) bool { return p.paths == "" }

// bigPod is the pod that will be the victim: small request, no fault.
func (s *scene) bigPod(share float64) *pod {
	size := int64(share*float64(s.node.total())) / mib * mib
	w := s.service("deployment", 1, max(size/5, 64*mib)/mib*mib, size*2)
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 6*day)))
	c := p.main()
	s.run(c, p.created.Add(20*time.Second), time.Time{}, s.wobbleBefore(flat(float64(size))))
	return p
}

// restartLater lets a container that was killed run again, somewhat smaller.
func (s *scene) restartLater(c *container) {
	l := c.last()
	if l.end.IsZero() {
		return
	}
	from := l.end.Add(s.restartGap())
	s.run(c, from, time.Time{}, warm(0.3*l.anon(s.ago(time.Hour)), 0.55*l.anon(s.ago(time.Hour)), from, 2*time.Minute))
}

// hog places a pod without a limit and fills the rest of the node with it, from a moment on until the kill.
func (s *scene) hog(kind string, from time.Time) (*pod, *life) {
	name := pick(s, "batch-import", "spark-exec", "report-builder", "etl-stage", "ml-train")
	inner := pick(s, "import", "executor", "worker", "stage")
	ns := pick(s, namespaces...)
	created := s.ago(s.dur(4*day, 6*day))
	if kind == "job" {
		created = from.Add(-30 * time.Second)
	}
	w := s.addWorkload(kind, ns, name, created, podSpec(box(inner, inner+":0.1", pick[int64](s, 128, 256, 512)*mib, 0)))
	w.replicas, w.current().replicas = 1, 1
	if kind == "job" {
		w.current().template.Spec.RestartPolicy = corev1.RestartPolicyNever
	}
	total := float64(s.node.total())
	n := int(total / (130 * mib))
	s.workers(w, "python3", "python3", n)
	w.procs[inner] = w.procs[w.container().Name]
	p := s.addPod(w, w.current(), s.node, created)
	base := s.between(0.03, 0.045) * total
	l := s.run(p.main(), created.Add(20*time.Second), time.Time{}, flat(base))
	room := s.headroom(s.node, s.at.Add(-time.Second))
	l.anon = ramp(base, base+room, from, s.at)
	l.noise = 0.002
	return p, l
}

// byNeighbour fills in the truth of a victim on a node that somebody else filled.
func (s *scene) byNeighbour(victim *pod, culprit *party) {
	s.targetPod(victim, victim.main().spec.Name)
	s.truth = truth{
		mechanism: []string{"global_oom_kill"}, boundary: []string{"node"}, cause: []string{"noisy_neighbour"},
		victim: partyOf(victim, victim.main().spec.Name), culprit: culprit,
		actions: []string{"limit_culprit"}, notActions: []string{"set_limit", "fix_leak", "rollback"},
	}
}

// nodeKill kills on the whole node, and checks that the kernel takes whom the kind is about.
func (s *scene) nodeKill(victim *pod, edit func(*oomReport)) oomReport {
	r := s.globalKill(s.node, s.at, edit)
	if r.victim.of == nil || r.victim.of.c.pod != victim {
		s.contradiction("the kernel chose %s of %s", r.victim.comm, r.victim.path)
	}
	s.restartLater(victim.main())
	s.nodeEvent(s.node, s.at, "SystemOOM", fmt.Sprintf("System OOM encountered, victim process: %s, pid: %d", r.victim.comm, r.victim.pid))
	return r
}

func noisyNeighbour(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.05, 0.09))
	h, _ := s.hog("deployment", s.ago(s.dur(6*time.Minute, 50*time.Minute)))
	s.nodeKill(p, nil)
	s.byNeighbour(p, partyOf(h, h.main().spec.Name))
}

func noisySlow(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.05, 0.09))
	h, _ := s.hog("deployment", s.ago(s.window*9/10))
	s.nodeKill(p, nil)
	s.byNeighbour(p, partyOf(h, h.main().spec.Name))
}

func noisyJob(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.05, 0.09))
	h, _ := s.hog("job", s.ago(s.dur(4*time.Minute, 25*time.Minute)))
	s.nodeKill(p, nil)
	s.byNeighbour(p, partyOf(h, h.main().spec.Name))
}

// noisySystem lets a process of the machine grow. Its adj of 0 keeps it alive while pods die.
func noisySystem(s *scene) {
	s.neighbours()
	s.manyPods(0.35)
	p := s.bigPod(s.between(0.06, 0.1))
	comm := pick(s, "backup-agent", "rsync", "osqueryd", "clamd", "mongod")
	n := s.node
	n.daemons = append(n.daemons, process{pid: s.freshPID(), comm: comm, anon: 90 * mib, file: 3 * mib, path: "/system.slice/" + comm + ".service"})
	d := &n.daemons[len(n.daemons)-1]
	room := s.headroom(n, s.at.Add(-time.Second))
	d.grows = ramp(90*mib, 90*mib+room, s.ago(s.dur(10*time.Minute, 2*time.Hour)), s.at)
	s.nodeKill(p, nil)
	s.byNeighbour(p, &party{Node: n.name, Comm: comm})
}

// manyPods fills a share of the node's memory with bystanders of a steady size.
func (s *scene) manyPods(share float64) []*pod {
	left := share * float64(s.node.total()) / mib
	var ps []*pod
	for left > 60 {
		use := min(left, s.between(0.02, 0.045)*float64(s.node.total())/mib)
		left -= use
		ps = append(ps, s.neighbour(use))
	}
	return ps
}

// together lets pods breathe as one: all of them are a little larger at the kill than they usually are.
func (s *scene) swell(ps []*pod, factor float64) {
	from := s.ago(s.dur(40*time.Minute, 3*time.Hour))
	for _, p := range ps {
		l := p.main().last()
		usual := l.anon
		up := ramp(1, factor, from, s.at)
		l.anon = func(t time.Time) float64 { return usual(t) * up(t) }
		l.noise = 0.003
	}
}

// overcommitted fills the node with pods of their usual size whose limits sum up to more than it has, such that
// usage meets capacity at the scene's moment.
func (s *scene) overcommitted(capacity func() float64) (*pod, []*pod) {
	victim := s.bigPod(0.07)
	ps := s.manyPods(0.5)
	for _, p := range ps { // requests below use, limits far above
		c := p.main()
		use := p.at(s.at).workingSet() / mib
		spec := &p.w.current().template.Spec.Containers[0]
		spec.Resources.Requests["memory"] = bytes64(use * 6 / 10 * mib)
		setLimit(spec, use*22/10*mib)
		c.spec.Resources = *spec.Resources.DeepCopy()
	}
	for capacity() > 40*mib { // scale all of them to what there is
		room := capacity()
		var held float64
		for _, p := range ps {
			held += p.main().last().anon(s.ago(time.Minute))
		}
		factor := 1 + room/held
		for _, p := range ps {
			l := p.main().last()
			usual := l.anon
			l.anon = func(t time.Time) float64 { return usual(t) * factor }
		}
	}
	return victim, ps
}

func nodeOvercommit(s *scene) {
	p, ps := s.overcommitted(func() float64 { return s.headroom(s.node, s.at.Add(-time.Second)) - 0.01*float64(s.node.total()) })
	s.settleLast(ps, func() float64 { return s.headroom(s.node, s.at.Add(-time.Second)) })
	s.nodeKill(p, nil)
	s.byNeighbour(p, nil)
	s.truth.cause = []string{"node_overcommit"}
	s.truth.actions = nil
	s.truth.actionsAny = []string{"move_or_resize_node", "set_request", "protect", "reduce_load"}
	s.truth.notActions = []string{"set_limit", "fix_leak", "rollback", "limit_culprit"}
}

// settleLast lets pods swell by what room is left at the kill, and be smaller before.
func (s *scene) settleLast(ps []*pod, room func() float64) {
	s.swell(ps, 1.04)
	for range 6 {
		left := room()
		var held float64
		for _, p := range ps {
			held += p.main().last().anon(s.at.Add(-time.Second))
		}
		for _, p := range ps {
			l := p.main().last()
			usual, factor := l.anon, 1+left/held
			l.anon = func(t time.Time) float64 { return usual(t) * factor }
		}
	}
}

// nodeLeak is a BestEffort (or unlimited) pod that grows until the machine has nothing left.
func nodeLeak(s *scene) {
	s.neighbours()
	w := s.service("deployment", 1, pick[int64](s, 0, 128)*mib, 0)
	p := s.addPod(w, w.current(), s.node, s.ago(s.window+s.dur(day, 3*day)))
	c := p.main()
	base := 0.03 * float64(s.node.total())
	from := p.created.Add(20 * time.Second)
	l := s.run(c, from, time.Time{}, flat(base))
	room := s.headroom(s.node, s.at.Add(-time.Second))
	l.anon = leak(base, base+room, from, s.at)
	s.nodeKill(p, nil)
	again := s.at.Add(15 * time.Second)
	c.last().anon = leak(base, base+room, again, again.Add(s.at.Sub(from)))
	s.byNeighbour(p, partyOf(p, c.spec.Name))
	s.truth.cause, s.truth.trigger = []string{"leak"}, []string{"none"}
	s.truth.actions, s.truth.notActions = []string{"fix_leak"}, []string{"rollback"}
}

// nodeSlab lets the kernel's own memory grow.
func nodeSlab(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.06, 0.1))
	usual := s.node.slab(s.at)
	room := s.headroom(s.node, s.at.Add(-time.Second))
	s.node.slab = ramp(usual, usual+room, s.ago(s.window*4/5), s.at)
	s.nodeKill(p, nil)
	s.byNeighbour(p, nil)
	s.truth.cause, s.truth.actions = []string{"kernel_memory"}, nil
	s.truth.notActions = []string{"set_limit", "fix_leak", "rollback", "limit_culprit"}
}
