package incidents

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// neighbourKinds are nodes that one pod filled, told apart by who it was and what had changed for it.
func neighbourKinds() []Kind {
	return []Kind{
		{Name: "node_own_rise", Teaches: "the victim itself filled the node within about an hour: it is the culprit, whatever its curve is called", build: nodeOwnRise},
		{Name: "node_own_rise_deploy", Teaches: "the victim filled the node itself, from its new image on", build: nodeOwnRiseDeploy},
		{Name: "eviction_own_rise", Teaches: "the evicted pod itself filled the node within about an hour", build: evictionOwnRise},
		{Name: "noisy_neighbour_moved", Teaches: "the neighbour's pod is young, but its revision is old: no rollout", build: noisyMoved},
		{Name: "noisy_neighbour_deploy", Teaches: "the neighbour's new image filled the node: roll the neighbour back", build: noisyDeploy},
		{Name: "noisy_neighbour_burst", Teaches: "the neighbour took the node between two scrapes: only the kernel's table shows it", build: noisyBurst},
		{Name: "noisy_system_burst", Teaches: "a program of the machine took it between two scrapes", build: systemBurst},
		{Name: "node_driver_memory", Teaches: "most of the machine is in no pod, no process and no counter: neither a neighbour nor overcommit", build: nodeDriver},
		{Name: "node_huge_pages", Teaches: "most of the machine was set aside for huge pages", build: nodeHugePages},
		{Name: "node_quiet", Teaches: "a node on which nothing was killed: its log covers the moment", build: nodeQuiet},
		{Name: "noisy_neighbour_innocent_deploy", Teaches: "the neighbour's new image was level for hours before it took the node", build: noisyInnocentDeploy},
		{Name: "noisy_neighbour_limit_removed", Teaches: "the neighbour lost its limit with the image unchanged", build: noisyLimitRemoved},
	}
}

// ownRise runs a pod without a limit that fills the node, less what spare says, within a rise before the kill.
func (s *scene) ownRise(spare float64) (*pod, curve) {
	w := s.service("deployment", 1, 128*mib, 0)
	p := s.addPod(w, w.current(), s.node, s.ago(s.window+s.dur(day, 3*day)))
	base := 0.04 * float64(s.node.total())
	l := s.run(p.main(), p.created.Add(20*time.Second), time.Time{}, flat(base))
	room := s.headroom(s.node, s.at.Add(-time.Second))
	l.anon = ramp(base, base+room-spare*float64(s.node.total()), s.ago(s.dur(48*time.Minute, 88*time.Minute)), s.at)
	return p, flat(base)
}

// ownFault fills in the truth of a victim that filled the node itself. Whether a rise of an hour is called a leak or a
// load is open; whose it is, is not.
func (s *scene) ownFault(p *pod) {
	s.byNeighbour(p, partyOf(p, p.main().spec.Name))
	s.truth.cause = []string{"leak", "load_spike"}
	s.truth.actions, s.truth.notActions = nil, []string{"rollback", "limit_culprit"}
}

func nodeOwnRise(s *scene) {
	s.neighbours()
	p, calm := s.ownRise(0)
	s.nodeKill(p, nil)
	p.main().last().anon = calm
	s.ownFault(p)
}

// nodeOwnRiseDeploy has a new image whose only pod rises from its start on, where the one before was level for days.
func nodeOwnRiseDeploy(s *scene) {
	s.neighbours()
	w := s.service("deployment", 1, 128*mib, 0)
	base := 0.04 * float64(s.node.total())
	at := s.ago(s.dur(70*time.Minute, 200*time.Minute))
	s.newImage(w, at)
	s.oldPods(w, w.before(), at, func(*container, time.Time) curve { return flat(base) })
	p := s.addPod(w, w.current(), s.node, at.Add(4*time.Second))
	l := s.run(p.main(), at.Add(20*time.Second), time.Time{}, flat(base))
	room := s.headroom(s.node, s.at.Add(-time.Second))
	l.anon = leak(base, base+room, at.Add(20*time.Second), s.at)
	s.nodeKill(p, nil)
	p.main().last().anon = flat(base)
	s.ownFault(p)
	s.truth.trigger, s.truth.changeRevision = []string{"deploy"}, w.current().number
	s.truth.actions, s.truth.notActions = []string{"rollback"}, []string{"set_limit", "limit_culprit"}
}

func evictionOwnRise(s *scene) {
	s.neighbours()
	p, _ := s.ownRise(0.004)
	s.evict(p)
	s.ownFault(p)
	s.truth.mechanism = []string{"kubelet_eviction"}
}

// sinceMoved is when a hog was placed anew: an hour and more before the kill.
func (s *scene) sinceMoved() time.Time { return s.ago(s.dur(64*time.Minute, 100*time.Minute)) }

// movedHog is a hog that was placed anew at a moment, and rises from another one on. Where the workload is changed with
// the move, its pod of the revision before ran until then, at the level of its start.
func (s *scene) movedHog(moved, from time.Time, edit func(*corev1.PodTemplateSpec)) (*pod, *workload) {
	h, l := s.hog(pick(s, "deployment", "daemonset", "statefulset"), from)
	w := h.w
	w.created = s.ago(s.dur(60*day, 90*day))
	w.current().created = s.ago(s.dur(20*day, 40*day))
	if edit == nil {
		h.created, l.start = moved, moved.Add(12*time.Second)
		return h, w
	}
	rise := l.anon
	h.created = s.ago(s.window + s.dur(2*day, 6*day))
	h.gone = moved.Add(s.dur(20*time.Second, 50*time.Second))
	l.start, l.end, l.anon = h.created.Add(20*time.Second), h.gone, flat(rise(h.created))
	if w.kind == "deployment" && s.rng.IntN(2) == 0 { // where the node's metrics never saw it
		h.node = s.addNode(16 * gib)
	}
	s.change(w, moved, edit)
	p := s.addPod(w, w.current(), s.node, moved)
	s.run(p.main(), moved.Add(12*time.Second), time.Time{}, rise).noise = l.noise
	return p, w
}

func noisyMoved(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.05, 0.09))
	moved := s.sinceMoved()
	h, _ := s.movedHog(moved, moved, nil)
	s.nodeKill(p, nil)
	s.byNeighbour(p, partyOf(h, h.main().spec.Name))
	s.truth.trigger = []string{"none", "unknown"}
}

// byChangedNeighbour fills in the truth of a node that a neighbour's new revision filled.
func (s *scene) byChangedNeighbour(victim, h *pod, w *workload, trigger string) {
	s.byNeighbour(victim, partyOf(h, h.main().spec.Name))
	s.truth.trigger, s.truth.changeRevision = []string{trigger}, w.current().number
	s.truth.actions, s.truth.notActions = []string{"limit_culprit", "rollback"}, []string{"set_limit", "fix_leak"}
}

// otherImage is the change of a new version.
func otherImage(t *corev1.PodTemplateSpec) {
	t.Spec.Containers[0].Image = bump(t.Spec.Containers[0].Image)
}

// noisyInnocentDeploy has a neighbour whose new image was level for hours before it took the node within minutes.
func noisyInnocentDeploy(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.05, 0.09))
	h, _ := s.movedHog(s.ago(s.dur(150*time.Minute, 8*time.Hour)), s.ago(s.dur(4*time.Minute, 25*time.Minute)), otherImage)
	s.nodeKill(p, nil)
	s.byNeighbour(p, partyOf(h, h.main().spec.Name))
	s.truth.trigger = []string{"none", "unknown"}
}

func noisyDeploy(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.05, 0.09))
	moved := s.sinceMoved()
	h, w := s.movedHog(moved, moved, otherImage)
	s.nodeKill(p, nil)
	s.byChangedNeighbour(p, h, w, "deploy")
}

func noisyLimitRemoved(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.05, 0.09))
	moved := s.sinceMoved()
	h, w := s.movedHog(moved, moved, func(t *corev1.PodTemplateSpec) { t.Spec.Containers[0].Resources.Limits = nil })
	setLimit(&w.before().template.Spec.Containers[0], s.node.total()/8/mib*mib)
	s.nodeKill(p, nil)
	s.byChangedNeighbour(p, h, w, "config_change")
}

func noisyBurst(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.05, 0.09))
	h, l := s.hog("deployment", s.ago(s.dur(4*time.Second, 10*time.Second)))
	rise := l.anon
	l.anon = func(t time.Time) float64 {
		if !t.Before(s.at) { // its workers are done
			return rise(h.created)
		}
		return rise(t.Add(2 * time.Second)) // at its height when the kernel looks
	}
	s.nodeKill(p, nil)
	s.byNeighbour(p, partyOf(h, h.main().spec.Name))
}

// notPods fills in the truth of a machine whose memory neither pods nor programs hold.
func (s *scene) notPods(victim *pod) {
	s.byNeighbour(victim, nil)
	s.truth.cause, s.truth.actions = []string{"kernel_memory", "insufficient_evidence"}, nil
	s.truth.notActions = []string{"set_limit", "fix_leak", "rollback", "limit_culprit", "set_request"}
}

// nodeDriver lets a driver take memory by pages, which the kernel counts nowhere.
func nodeDriver(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.06, 0.1))
	room := s.headroom(s.node, s.at.Add(-time.Second))
	s.node.pinned = ramp(0, room, s.ago(s.window*time.Duration(s.rng.Int64N(3))/4+s.dur(20*time.Minute, 40*time.Minute)), s.at)
	s.nodeKill(p, nil)
	s.notPods(p)
}

func nodeHugePages(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.06, 0.1))
	room := s.headroom(s.node, s.at.Add(-time.Second))
	s.node.huge = int64(room) / (2 * mib) * (2 * mib)
	s.nodeKill(p, nil)
	s.notPods(p)
	s.truth.mentions = []string{"huge pages"}
}

// nodeQuiet is an alert about a node where all is well.
func nodeQuiet(s *scene) {
	s.neighbours()
	s.bigPod(s.between(0.06, 0.1))
	s.target = map[string]string{"node": s.node.name}
	s.truth = truth{
		mechanism: []string{"not_killed"}, boundary: []string{"none"}, cause: []string{"not_oom"},
		actions: []string{"no_memory_change"}, notActions: []string{"set_limit", "fix_leak", "rollback", "limit_culprit"},
	}
}

// systemBurst is noisySystem within seconds: the program is at its height when the kernel looks, and gone after.
func systemBurst(s *scene) {
	s.neighbours()
	s.manyPods(0.3)
	p := s.bigPod(s.between(0.06, 0.1))
	comm := pick(s, "backup-agent", "rsync", "osqueryd", "clamd", "mongod")
	n := s.node
	n.daemons = append(n.daemons, process{pid: s.freshPID(), comm: comm, anon: 90 * mib, file: 3 * mib, path: "/system.slice/" + comm + ".service"})
	d := &n.daemons[len(n.daemons)-1]
	room := s.headroom(n, s.at.Add(-time.Second))
	rise := ramp(90*mib, 90*mib+room, s.ago(s.dur(5*time.Second, 12*time.Second)), s.ago(2*time.Second))
	d.grows = stepAt(rise, flat(60*mib), s.at)
	s.nodeKill(p, nil)
	s.byNeighbour(p, &party{Node: n.name, Comm: comm})
}
