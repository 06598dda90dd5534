package incidents

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// onNode lists the lives that run on the incident's node just before the kill, of pods that fit.
func (s *scene) onNode(fits func(*pod) bool) []*life {
	var lives []*life
	for _, p := range s.pods {
		if p.node != s.node || !p.gone.IsZero() || !fits(p) {
			continue
		}
		for _, c := range p.containers {
			if l := c.living(s.at.Add(-time.Second)); l != nil {
				lives = append(lives, l)
			}
		}
	}
	return lives
}

// sliceRoom is how much more would bring the lives to a limit.
func sliceRoom(lives []*life, at time.Time, limit int64) float64 {
	var m memory
	for _, l := range lives {
		m = m.add(l.at(at))
	}
	return float64(limit-m.usage()) * 450 / 451
}

// sliceKill kills at a cgroup above the pods, and checks that the kernel takes whom the kind is about.
func (s *scene) sliceKill(path string, limit int64, lives []*life, victim *pod) {
	r := s.cgroupKill(s.node, s.at, path, limit, lives, nil)
	if r.victim.of == nil || r.victim.of.c.pod != victim {
		s.contradiction("the kernel chose %s of %s", r.victim.comm, r.victim.path)
		return
	}
	s.die(r, "OOMKilled")
	s.restartLater(victim.main())
}

// inSlice fills in the truth of a kill at a cgroup above the pods.
func (s *scene) inSlice(boundary, cause string, victim *pod, culprit *party) {
	s.byNeighbour(victim, culprit)
	s.truth.mechanism, s.truth.boundary, s.truth.cause = []string{"memcg_oom_kill"}, []string{boundary}, []string{cause}
}

// any admits every pod.
func anyPod(*pod) bool { return true }

func allocatableHog(s *scene) {
	s.node.reserve = s.node.total() / 10 / mib * mib
	s.neighbours()
	p := s.bigPod(s.between(0.05, 0.09))
	h, l := s.hog("deployment", s.ago(s.dur(10*time.Minute, time.Hour)))
	base := l.anon(h.created)
	l.anon = flat(base)
	lives, limit := s.onNode(anyPod), s.node.kubepodsLimit()
	l.anon = ramp(base, base+sliceRoom(lives, s.at, limit), s.ago(s.dur(10*time.Minute, time.Hour)), s.at)
	s.sliceKill(s.plat.kubepods(""), limit, lives, p)
	s.inSlice("node_allocatable", "noisy_neighbour", p, partyOf(h, h.main().spec.Name))
}

func allocatableOvercommit(s *scene) {
	s.node.reserve = s.node.total() / 10 / mib * mib
	limit := s.node.kubepodsLimit()
	room := func() float64 { return sliceRoom(s.onNode(anyPod), s.at, limit) }
	p, ps := s.overcommitted(func() float64 { return room() - 0.01*float64(limit) })
	s.settleLast(ps, room)
	s.sliceKill(s.plat.kubepods(""), limit, s.onNode(anyPod), p)
	s.inSlice("node_allocatable", "node_overcommit", p, nil)
	s.truth.actions = nil
	s.truth.actionsAny = []string{"move_or_resize_node", "set_request", "protect", "reduce_load"}
	s.truth.notActions = []string{"set_limit", "fix_leak", "rollback", "limit_culprit"}
}

// bestEffortSlice has an administrator's limit on the pods without requests.
func bestEffortSlice(s *scene) {
	s.neighbours()
	w := s.service("deployment", 1, 0, 0)
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 4*day)))
	s.run(p.main(), p.created.Add(20*time.Second), time.Time{}, s.wobbleBefore(flat(s.between(0.03, 0.05)*float64(s.node.total()))))
	h, l := s.hog("deployment", s.ago(time.Hour))
	spec := &h.w.current().template.Spec.Containers[0]
	spec.Resources = corev1.ResourceRequirements{}
	h.main().spec.Resources = corev1.ResourceRequirements{}
	limit := s.node.total() / 4 / mib * mib
	l.anon = flat(0.02 * float64(s.node.total()))
	lives := s.onNode(func(p *pod) bool { return p.qos() == corev1.PodQOSBestEffort })
	base := l.anon(s.at)
	l.anon = ramp(base, base+sliceRoom(lives, s.at, limit), s.ago(s.dur(10*time.Minute, time.Hour)), s.at)
	s.sliceKill(s.plat.kubepods("besteffort"), limit, lives, p)
	s.inSlice("slice", "noisy_neighbour", p, partyOf(h, h.main().spec.Name))
}

// systemService is about a node: a service of its own meets the MemoryMax of its unit.
func systemService(s *scene) {
	s.neighbours()
	comm := pick(s, "backup-agent", "promtail", "auditbeat", "snapd")
	limit := pick[int64](s, 256, 512, 1024) * mib
	path := "/system.slice/" + comm + ".service"
	n := s.node
	d := process{pid: s.freshPID(), comm: comm, anon: 40 * mib, file: 2 * mib, path: path}
	d.grows = ramp(40*mib, float64(limit)-8*mib, s.ago(s.dur(30*time.Minute, 5*time.Hour)), s.at)
	full := d
	full.anon = limit - 8*mib
	n.daemons = append(n.daemons, d)
	s.record(n, oomReport{
		at: s.at, memcg: path, usage: limit, limit: limit, failcnt: 881, tasks: []process{full}, victim: full, invoker: full,
		held: memory{anon: limit - 8*mib, hot: 2 * mib, slab: 6*mib - 64*kib, tables: 64 * kib},
	})
	n.daemons[len(n.daemons)-1].grows = stepAt(d.grows, flat(40*mib), s.at)
	s.target = map[string]string{"node": n.name}
	s.truth = truth{
		mechanism: []string{"memcg_oom_kill"}, boundary: []string{"slice"}, victim: &party{Node: n.name, Comm: comm},
		notActions: []string{"rollback", "scale_out"},
	}
}

// numaPart has two NUMA nodes, of which the first, where everybody is bound to, is full.
func numaPart(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.05, 0.08))
	h, l := s.hog("deployment", s.ago(s.dur(10*time.Minute, time.Hour)))
	n := s.node
	elsewhere := n.total() * 45 / 100 / pageSize
	base := l.anon(h.created)
	peak := base + s.headroomWithout(l) - float64(elsewhere*pageSize)
	l.anon = ramp(base, peak, s.ago(s.dur(10*time.Minute, time.Hour)), s.at)
	constraint := pick(s, "CONSTRAINT_CPUSET", "CONSTRAINT_MEMORY_POLICY")
	s.nodeKill(p, func(r *oomReport) {
		r.constraint, r.machine.nodes, r.machine.freeElsewhere = constraint, 2, elsewhere
		r.machine.free -= elsewhere
		r.invoker = r.tasks[len(r.tasks)-1]
	})
	s.byNeighbour(p, partyOf(h, h.main().spec.Name))
	s.truth.boundary = []string{"numa"}
}

// headroomWithout is headroom where a life is at its usual size.
func (s *scene) headroomWithout(l *life) float64 {
	full := l.anon
	l.anon = flat(full(l.start))
	room := s.headroom(s.node, s.at.Add(-time.Second))
	l.anon = full
	return room
}

// fragmentation is a request for sixteen contiguous pages on a machine with memory left.
func fragmentation(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.08, 0.12))
	r := s.nodeKill(p, func(r *oomReport) { r.order = 4 })
	if r.machine.free < r.machine.total()/10 {
		s.contradiction("only %d pages are free", r.machine.free)
	}
	s.byNeighbour(p, nil)
	s.truth.cause, s.truth.actions = nil, nil
}

// systemdOOMD has a user-space killer that acts on pressure in the pods' slice.
func systemdOOMD(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.08, 0.12))
	h, l := s.hog("deployment", s.ago(s.dur(6*time.Minute, 40*time.Minute)))
	base := l.anon(h.created)
	l.anon = ramp(base, l.anon(s.at)-0.02*float64(s.node.total()), s.ago(s.dur(6*time.Minute, 40*time.Minute)), s.at)
	c := p.main()
	v := c.last()
	path := s.plat.containerPath(p, v.id)
	s.say(s.node, s.at, "systemd-oomd[587]", "Killed %s due to memory pressure for /kubepods.slice being %.2f%% > 50.00%% for > 20s with reclaim activity", path, s.between(55, 92))
	s.say(s.node, s.at.Add(40*time.Millisecond), "systemd[1]", "%s: systemd-oomd killed %d process(es) in this unit.", s.plat.leaf(v.id), 1+s.rng.IntN(4))
	v.end, v.reason, v.exit = s.at, "Error", 137
	s.restartLater(c)
	s.byNeighbour(p, partyOf(h, h.main().spec.Name))
	s.truth.mechanism, s.truth.boundary = []string{"systemd_oomd"}, []string{"slice", "node", "node_allocatable"}
	s.truth.cause = []string{"noisy_neighbour"}
}

// earlyOOM is the other user-space killer: it acts on what is available on the machine.
func earlyOOM(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.08, 0.12))
	h, _ := s.hog("deployment", s.ago(s.dur(6*time.Minute, 40*time.Minute)))
	v := p.main().last()
	rss := v.at(s.ago(time.Second)).anon / mib
	s.say(s.node, s.ago(4*time.Second), "earlyoom[498]", "mem avail: %d of %d MiB ( 2.31%%), swap free: 0 of 0 MiB ( 0.00%%)", s.node.total()/mib/43, s.node.total()/mib)
	s.say(s.node, s.ago(4*time.Second), "earlyoom[498]", `low memory! at or below SIGKILL limits: mem  5.00%%, swap  5.00%%`)
	s.say(s.node, s.at, "earlyoom[498]", `sending SIGKILL to process %d uid 0 %q: badness 1012, VmRSS %d MiB`, v.pid, commOf(p.main().spec.Name), rss)
	v.end, v.reason, v.exit = s.at, "Error", 137
	s.restartLater(p.main())
	s.byNeighbour(p, partyOf(h, h.main().spec.Name))
	s.truth.mechanism = []string{"systemd_oomd"}
}

// evict ends a pod as the kubelet evicts it.
func (s *scene) evict(p *pod) {
	c := p.main()
	l := c.last()
	l.end, l.reason, l.exit = s.at, "Error", 137
	use := p.at(s.at.Add(-time.Second)).workingSet() / kib
	p.phase, p.reason = corev1.PodFailed, "Evicted"
	p.message = fmt.Sprintf("The node was low on resource: memory. Threshold quantity: %s, available: %dKi. Container %s was using %dKi, request is %s, has larger consumption of memory. ",
		quantity(s.node.eviction), s.node.eviction/kib*9/10, c.spec.Name, use, c.spec.Resources.Requests.Memory().String())
	p.conditions = append(p.conditions, corev1.PodCondition{
		Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "TerminationByKubelet", Message: p.message,
		LastTransitionTime: metav1.NewTime(s.at),
	})
	s.event(p, "", s.at, "Warning", "Evicted", p.message, 1)
	s.event(p, c.spec.Name, s.at, "Normal", "Killing", "Stopping container "+c.spec.Name, 1)
	s.nodeEvent(s.node, s.ago(9*time.Second), "EvictionThresholdMet", "Attempting to reclaim memory")
	s.node.conditions = []corev1.NodeCondition{
		s.nodeCondition(corev1.NodeMemoryPressure, "True", "KubeletHasInsufficientMemory", s.ago(8*time.Second)),
		s.nodeCondition(corev1.NodeReady, "True", "KubeletReady", s.ago(216*time.Hour)),
	}
	s.newPodInstead(p)
}

// newPodInstead places what the controller makes in the place of a pod that is gone for good.
func (s *scene) newPodInstead(p *pod) *pod {
	o := s.addPod(p.w, p.rev, s.nodes[len(s.nodes)-1], s.at.Add(2*time.Second))
	l := s.run(o.main(), s.at.Add(14*time.Second), time.Time{}, flat(80*mib))
	l.noise = 0.01
	return o
}

func evictionByNeighbour(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.06, 0.09))
	h, l := s.hog("deployment", s.ago(s.dur(6*time.Minute, 40*time.Minute)))
	l.anon = ramp(l.anon(h.created), l.anon(s.at)-0.004*float64(s.node.total()), s.ago(s.dur(6*time.Minute, 40*time.Minute)), s.at)
	s.prioritize(h, "batch-critical", 1000000) // the kubelet evicts lower priorities first
	s.evict(p)
	s.byNeighbour(p, partyOf(h, h.main().spec.Name))
	s.truth.mechanism = []string{"kubelet_eviction"}
	s.truth.notActions = []string{"set_limit", "fix_leak", "rollback"}
}

func evictionOwnLeak(s *scene) {
	s.neighbours()
	w := s.service("deployment", 1, 128*mib, 0)
	p := s.addPod(w, w.current(), s.node, s.ago(s.window+s.dur(day, 3*day)))
	c := p.main()
	base := 0.03 * float64(s.node.total())
	from := p.created.Add(20 * time.Second)
	l := s.run(c, from, time.Time{}, flat(base))
	room := s.headroom(s.node, s.at.Add(-time.Second))
	l.anon = leak(base, base+room-0.004*float64(s.node.total()), from, s.at)
	s.evict(p)
	s.byNeighbour(p, partyOf(p, c.spec.Name))
	s.truth.mechanism, s.truth.cause, s.truth.trigger = []string{"kubelet_eviction"}, []string{"leak"}, []string{"none"}
	s.truth.actions, s.truth.notActions = []string{"fix_leak"}, []string{"rollback"}
}
