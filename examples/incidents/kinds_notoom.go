package incidents

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// notOOMKinds are ends (and alerts) that memory has nothing to do with, and one that it had to do with earlier.
func notOOMKinds() []Kind {
	return []Kind{
		{Name: "liveness", Teaches: "137 after a liveness probe failed and the grace period ran out", build: liveness},
		{Name: "liveness_high_memory", Teaches: "memory at 85 % is no kill: the probe was", build: livenessHigh},
		{Name: "startup_probe", Teaches: "killed while starting, by the startup probe", build: startupProbe},
		{Name: "grace_period_rollout", Teaches: "an old pod that did not stop within its grace period", build: graceRollout},
		{Name: "grace_period_drain", Teaches: "a drained node's pod that did not stop in time", build: graceDrain},
		{Name: "grace_period_scale_down", Teaches: "a replica too many that did not stop in time", build: graceScaleDown},
		{Name: "preemption", Teaches: "the scheduler preempted it for a pod of higher priority", build: preemption},
		{Name: "node_shutdown", Teaches: "the node was shut down", build: nodeShutdown},
		{Name: "manual_kill", Teaches: "137 that no source explains, with a log that covers the moment", build: manualKill},
		{Name: "sysrq", Teaches: "order −1 is somebody's sysrq-f", build: sysrq},
		{Name: "stale_oomkilled_label", Teaches: "a child was OOM killed hours ago; the container ended by itself, and is labelled OOMKilled all the same", build: staleLabel, on: noOOMGroup},
		{Name: "crash_exit", Teaches: "a panic with exit code 2 is no OOM", build: crashExit},
		{Name: "segfault", Teaches: "139 is a segmentation fault", build: segfault},
		{Name: "alert_page_cache", Teaches: "the working set is full of page cache, and nothing was killed", build: alertPageCache},
	}
}

// quietService is a service with steady memory at a share of its limit, whose first pod has run for days.
func (s *scene) quietService(share float64) *pod {
	limit := s.someLimit()
	w := s.service("deployment", 1+int32(s.rng.IntN(2)), limit/2, limit)
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 6*day)))
	s.run(p.main(), p.created.Add(20*time.Second), time.Time{}, s.wobble(steady(share)(p.main(), p.created), 0.02))
	if w.replicas > 1 {
		o := s.addPod(w, w.current(), s.nodes[len(s.nodes)-1], p.created)
		s.run(o.main(), o.created.Add(20*time.Second), time.Time{}, s.wobble(steady(share)(o.main(), o.created), 0.02))
	}
	return p
}

// notOOM fills in the truth of an end that was no OOM.
func (s *scene) notOOM(p *pod, mechanism string, actions ...string) {
	name := p.main().spec.Name
	s.targetPod(p, name)
	s.truth = truth{
		mechanism: []string{mechanism}, boundary: []string{"none"}, cause: []string{"not_oom"},
		victim: partyOf(p, name), notActions: []string{"set_limit", "fix_leak", "set_runtime_ceiling"}, actionsAny: actions,
	}
}

// ends lets the main container's current life end at the scene's moment, and a new one follow.
func (s *scene) ends(p *pod, reason string, code int32) *life {
	l := p.main().last()
	l.end, l.reason, l.exit = s.at, reason, code
	from := s.at.Add(s.restartGap())
	usual := l.anon(s.ago(time.Hour))
	s.run(p.main(), from, time.Time{}, warm(0.4*usual, usual, from, 5*time.Minute))
	return l
}

// probe is an HTTP probe every ten seconds.
func probe(path string, threshold int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(8080)}},
		PeriodSeconds: 10, FailureThreshold: threshold, TimeoutSeconds: 1,
	}
}

// giveProbes sets probes on a pod and on its workload's template.
func giveProbes(p *pod, live, start *corev1.Probe) {
	for _, c := range []*corev1.Container{p.main().spec, &p.rev.template.Spec.Containers[0]} {
		c.LivenessProbe, c.StartupProbe = live, start
	}
}

// livenessKill ends a pod's container by its liveness probe and the grace period.
func (s *scene) livenessKill(p *pod) {
	giveProbes(p, probe("/healthz", 3), nil)
	name := p.main().spec.Name
	s.event(p, name, s.ago(31*time.Second), "Warning", "Unhealthy",
		fmt.Sprintf("Liveness probe failed: Get \"http://%s:8080/healthz\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)", p.ip), 3)
	s.event(p, name, s.ago(30*time.Second), "Normal", "Killing", fmt.Sprintf("Container %s failed liveness probe, will be restarted", name), 1)
	s.ends(p, "Error", 137)
	s.notOOM(p, "sigkill_not_oom", "fix_probe", "no_memory_change")
	s.truth.mentions = []string{fmt.Sprintf("Get \"http://%s:8080/healthz\"", p.ip)} // as the event has it
}

func liveness(s *scene) {
	s.neighbours()
	s.livenessKill(s.quietService(s.between(0.3, 0.6)))
}

func livenessHigh(s *scene) {
	s.neighbours()
	s.livenessKill(s.quietService(s.between(0.82, 0.88)))
}

// startupProbe never becomes ready: each life lasts as long as the probe lets it.
func startupProbe(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	r := s.newImage(w, s.at)
	p := s.addPod(w, r, s.node, s.at)
	giveProbes(p, probe("/healthz", 3), probe("/started", 12))
	grow := func(c *container, from, _ time.Time) curve {
		return warm(0.1*c.room(limit), 0.35*c.room(limit), from, 40*time.Second)
	}
	s.lifetimes(p, s.at, s.someLengths(3, 150*time.Second, 156*time.Second), grow, exits("Error", 137))
	s.restarted(p.main(), time.Minute, grow)
	r.created = p.created.Add(-2 * time.Second)
	for _, o := range s.oldPods(w, w.before(), r.created, steady(0.4)) {
		o.gone, o.main().last().end = time.Time{}, time.Time{}
	}
	name := p.main().spec.Name
	s.event(p, name, s.ago(31*time.Second), "Warning", "Unhealthy",
		fmt.Sprintf("Startup probe failed: Get \"http://%s:8080/started\": dial tcp %s:8080: connect: connection refused", p.ip, p.ip), 36)
	s.event(p, name, s.ago(30*time.Second), "Normal", "Killing", fmt.Sprintf("Container %s failed startup probe, will be restarted", name), 3)
	s.notOOM(p, "sigkill_not_oom", "fix_probe", "no_memory_change")
}

// stopped deletes a pod: it does not stop within its grace period, and is killed at the scene's moment.
func (s *scene) stopped(p *pod) {
	name := p.main().spec.Name
	asked := s.ago(30 * time.Second)
	p.deleted = s.at
	l := p.main().last()
	l.end, l.reason, l.exit = s.at, "Error", 137
	s.event(p, name, asked, "Normal", "Killing", "Stopping container "+name, 1)
	log := s.log(p, name, false, l.start, asked)
	log.add(asked.Add(40*time.Millisecond), `level=info msg="received SIGTERM, draining connections"`)
	log.add(asked.Add(20*time.Second), `level=info msg="still waiting" open=%d`, 1+s.rng.IntN(9))
	s.notOOM(p, "sigkill_not_oom", "no_memory_change", "fix_probe")
}

func graceRollout(s *scene) {
	s.neighbours()
	p := s.quietService(s.between(0.4, 0.7))
	w := p.w
	old := p.rev
	r := s.newImage(w, s.ago(s.dur(42*time.Second, 70*time.Second)))
	o := s.addPod(w, r, s.nodes[len(s.nodes)-1], r.created.Add(time.Second))
	s.run(o.main(), o.created.Add(6*time.Second), time.Time{}, steady(0.35)(o.main(), o.created))
	for _, x := range s.pods {
		if x.w == w && x.rev == old && x != p {
			x.gone = r.created.Add(25 * time.Second)
			x.main().last().end = x.gone
		}
	}
	s.stopped(p)
}

func graceDrain(s *scene) {
	s.neighbours()
	p := s.quietService(s.between(0.4, 0.7))
	s.node.unschedulable = true
	s.nodeEvent(s.node, s.ago(45*time.Second), "NodeNotSchedulable", "Node "+s.node.name+" status is now: NodeNotSchedulable")
	p.conditions = append(p.conditions, corev1.PodCondition{
		Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI",
		Message: "Eviction API: evicting", LastTransitionTime: metav1.NewTime(s.ago(30 * time.Second)),
	})
	s.stopped(p)
	o := s.addPod(p.w, p.rev, s.nodes[len(s.nodes)-1], s.ago(28*time.Second))
	s.run(o.main(), s.ago(20*time.Second), time.Time{}, steady(0.3)(o.main(), s.at))
}

func graceScaleDown(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 2, limit/2, limit)
	var ps []*pod
	for i := range 3 {
		p := s.addPod(w, w.current(), s.nodes[i%len(s.nodes)], s.ago(s.dur(2*day, 6*day)))
		s.run(p.main(), p.created.Add(20*time.Second), time.Time{}, s.wobble(steady(0.5)(p.main(), s.at), 0.02))
		ps = append(ps, p)
	}
	e := s.newEvent(w.ns, w.name, s.ago(30*time.Second), "Normal", "ScalingReplicaSet",
		fmt.Sprintf("Scaled down replica set %s from 3 to 2", w.current().name), 1)
	e.InvolvedObject = corev1.ObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Namespace: w.ns, Name: w.name, UID: uid(w.uid)}
	e.Source = corev1.EventSource{Component: "deployment-controller"}
	s.events = append(s.events, e)
	s.stopped(ps[0])
}

func preemption(s *scene) {
	s.neighbours()
	p := s.quietService(s.between(0.4, 0.7))
	winner := s.neighbour(400)
	s.prioritize(winner, "business-critical", 1000000)
	winner.created = s.at.Add(3 * time.Second)
	winner.main().last().start = s.at.Add(12 * time.Second)
	message := fmt.Sprintf("Preempted by pod %s on node %s", winner.uid, s.node.name)
	p.conditions = append(p.conditions, corev1.PodCondition{
		Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "PreemptionByScheduler",
		Message:            "default-scheduler: preempting to accommodate a higher priority pod",
		LastTransitionTime: metav1.NewTime(s.ago(30 * time.Second)),
	})
	s.event(p, "", s.ago(30*time.Second), "Normal", "Preempted", message, 1)
	s.stopped(p)
}

func nodeShutdown(s *scene) {
	s.neighbours()
	p := s.quietService(s.between(0.4, 0.7))
	l := p.main().last()
	l.end, l.reason, l.exit = s.at, "Error", 137
	p.phase, p.reason, p.message = corev1.PodFailed, "Terminated", "Pod was terminated in response to imminent node shutdown."
	p.conditions = append(p.conditions, corev1.PodCondition{
		Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "TerminationByKubelet", Message: p.message,
		LastTransitionTime: metav1.NewTime(s.ago(30 * time.Second)),
	})
	s.node.conditions = []corev1.NodeCondition{
		s.nodeCondition(corev1.NodeMemoryPressure, "False", "KubeletHasSufficientMemory", s.ago(216*time.Hour)),
		s.nodeCondition(corev1.NodeReady, "False", "KubeletNotReady", s.ago(31*time.Second)),
	}
	s.node.conditions[1].Message = "node is shutting down"
	s.nodeEvent(s.node, s.ago(31*time.Second), "NodeNotReady", "Node "+s.node.name+" status is now: NodeNotReady")
	s.nodeEvent(s.node, s.ago(32*time.Second), "Shutdown", "Shutdown manager detected shutdown event")
	s.say(s.node, s.ago(32*time.Second), "systemd-logind[601]", "The system will power off now!")
	s.newPodInstead(p)
	s.notOOM(p, "sigkill_not_oom", "no_memory_change")
}

func manualKill(s *scene) {
	s.neighbours()
	p := s.quietService(s.between(0.3, 0.6))
	l := s.ends(p, "Error", 137)
	s.log(p, p.main().spec.Name, true, l.start, s.at)
	s.notOOM(p, "sigkill_not_oom")
	s.truth.cause = []string{"not_oom", "insufficient_evidence"}
	s.truth.maxConfidence = 0.5
}

// sysrq is somebody who asked the kernel to kill.
func sysrq(s *scene) {
	s.neighbours()
	p := s.bigPod(s.between(0.08, 0.12))
	s.klog(s.node).lines = append(s.klog(s.node).lines, kline{at: s.ago(time.Millisecond), prio: 6, text: "sysrq: Manual OOM execution"})
	r := s.globalKill(s.node, s.at, func(r *oomReport) {
		r.order = -1
		r.invoker = process{pid: 77121, comm: "kworker/1:2"}
	})
	if r.victim.of == nil || r.victim.of.c.pod != p {
		s.contradiction("the kernel chose %s", r.victim.comm)
	}
	s.restartLater(p.main())
	s.notOOM(p, "sigkill_not_oom", "no_memory_change")
}

// staleLabel lost a worker hours before the container ended for a reason of its own.
func staleLabel(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	w.procs[w.container().Name] = []procSpec{{comm: "uwsgi", share: 0.1}, {comm: "uwsgi", share: 0.6}, {comm: "uwsgi", share: 0.3}}
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 5*day)))
	c := p.main()
	room := c.room(limit)
	earlier := s.ago(s.dur(s.window/6, s.window/3)).Truncate(time.Second)
	l := s.run(c, p.created.Add(20*time.Second), time.Time{}, jump(s.wobble(flat(0.4*room), 0.02), room, earlier, 8*time.Second))
	s.cgroupKill(s.node, earlier, s.plat.containerPath(p, l.id), limit, []*life{l}, nil)
	c.extraKills = []time.Time{earlier}
	code := pick[int32](s, 0, 143)
	s.ends(p, "OOMKilled", code)
	text := map[int32]string{0: "goodbye: reached max lifetime, exiting", 143: "SIGINT/SIGTERM received...killing workers..."}[code]
	s.log(p, c.spec.Name, true, l.start, s.at).add(s.ago(400*time.Millisecond), "%s", text)
	s.notOOM(p, "other_exit")
	s.truth.notActions = []string{"set_limit", "rollback", "set_runtime_ceiling"}
}

func crashExit(s *scene) {
	s.neighbours()
	p := s.quietService(s.between(0.3, 0.8))
	l := s.ends(p, "Error", 2)
	log := s.log(p, p.main().spec.Name, true, l.start, s.ago(time.Second))
	log.add(s.ago(20*time.Millisecond), "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x6f1a2b]\n\ngoroutine 512 [running]:\nmain.(*server).quote(0x0, {0xc0004a6000, 0x40})\n\t/src/quote.go:88 +0x4b")
	s.notOOM(p, "other_exit")
}

func segfault(s *scene) {
	s.neighbours()
	p := s.quietService(s.between(0.3, 0.8))
	l := s.ends(p, "Error", 139)
	log := s.klog(s.node)
	log.lines = append(log.lines, kline{at: s.ago(3 * time.Millisecond), prio: 6, text: fmt.Sprintf(
		"%s[%d]: segfault at 18 ip 000055d0c21a9f41 sp 00007ffc2d8a1b70 error 4 in %s[55d0c2190000+9c000]", commOf(p.main().spec.Name), l.pid, commOf(p.main().spec.Name))})
	s.notOOM(p, "other_exit")
}

// alertPageCache is an alert on the working set. What grows is page cache in use.
func alertPageCache(s *scene) {
	s.neighbours()
	p := s.quietService(s.between(0.28, 0.34))
	l := p.main().last()
	limit := float64(p.main().limit())
	l.hot = warm(0.05*limit, 0.62*limit, s.ago(s.window*4/5), s.window/5)
	s.alert = map[string]string{"source": "alertmanager", "id": s.hex(10), "title": p.main().spec.Name + " working set above 90 % of its limit"}
	name := p.main().spec.Name
	s.targetPod(p, name)
	s.truth = truth{
		mechanism: []string{"not_killed"}, boundary: []string{"none"}, cause: []string{"not_oom"},
		notActions: []string{"fix_leak", "rollback", "set_limit"},
	}
}
