package incidents

import (
	"fmt"
	"math"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// undersizedKinds are limits that healthy memory does not fit under.
func undersizedKinds() []Kind {
	return []Kind{
		{Name: "undersized_plateau", Teaches: "every lifetime comes to the same plateau just under the limit", build: undersizedPlateau},
		{Name: "undersized_follows_traffic", Teaches: "memory that comes down with traffic is no leak: more replicas or a higher limit", build: undersizedFollowsTraffic},
		{Name: "limit_lowered", Teaches: "a limit lowered below the plateau that the old revision shows", build: limitLowered},
		{Name: "limit_lowered_with_image", Teaches: "a new image with a lower limit, whose memory is the old one's", build: limitLoweredWithImage},
		{Name: "limitrange_default", Teaches: "the limit is in no template: a LimitRange put it in", build: limitRangeDefault},
		{Name: "limit_typo_startup", Teaches: "a limit of a few MiB kills runc's init: StartError 128, never OOMKilled", build: limitTypoStartup},
		{Name: "limit_typo_sandbox", Teaches: "512m is half a byte: the pod's sandbox is killed at its start", build: limitTypoSandbox},
		{Name: "cache_warmup_then_limit", Teaches: "a curve that flattens is a cache warming up, and the limit is too low for it", build: cacheWarmup},
		{Name: "old_revision_higher_limit", Teaches: "an older revision under a higher limit shows the uncensored peak", build: higherLimitBefore},
	}
}

// mi writes bytes as a quantity of whole MiB.
func mi(bytes float64) string { return fmt.Sprintf("%dMi", int64(math.Round(bytes/mib))) }

// tooSmall fills in the truth of a limit that is too low for healthy memory that peaks at peak bytes.
func (s *scene) tooSmall(p *pod, peak float64, trigger ...string) {
	s.ownLimit(p, p.main().spec.Name, "undersized_limit", trigger...)
	s.truth.actions, s.truth.notActions = []string{"set_limit"}, []string{"fix_leak", "rollback"}
	s.truth.limitBetween = []string{mi(peak * 1.05), mi(peak * 1.7)}
}

// setOffBy adds to the truth that a revision set it off.
func (s *scene) setOffBy(revision int64) {
	s.truth.changeRevision = revision
	s.truth.actions, s.truth.notActions = append(s.truth.actions, "rollback"), []string{"fix_leak"}
}

// plateau warms up from a share of the room to another, wobbles there, and meets the limit by chance.
func (s *scene) plateau(from, to float64, tau time.Duration) growth {
	return func(c *container, start, full time.Time) curve {
		room := c.room(c.limit())
		return jump(s.wobble(warm(from*room, to*room, start, tau), 0.012), room, full, 45*time.Second)
	}
}

func undersizedPlateau(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 2, limit*3/4, limit)
	grow := s.plateau(0.45, s.between(0.95, 0.975), s.dur(4*time.Minute, 12*time.Minute))
	p := s.addPod(w, w.current(), s.node, s.at)
	s.lifetimes(p, s.at, s.someLengths(4+s.rng.IntN(4), s.window/12, s.window/3), grow, s.killed)
	s.restarted(p.main(), 8*time.Hour, grow)
	o := s.addPod(w, w.current(), s.nodes[len(s.nodes)-1], p.created)
	c, from := o.main(), o.created.Add(20*time.Second)
	s.run(c, from, time.Time{}, grow(c, from, s.to.Add(time.Hour)))
	s.tooSmall(p, float64(limit), "none", "unknown")
}

func undersizedFollowsTraffic(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 2, limit/2, limit)
	peak := s.at.Add(s.dur(10*time.Minute, 40*time.Minute))
	daily := dailyTraffic(s.between(50, 150), s.between(0.5, 0.7), peak)
	s.traffic = func(t time.Time) float64 { // each day has a little more than the last
		return daily(t) * (1 + 0.07*t.Sub(s.at).Hours()/24)
	}
	top := s.traffic(s.at)
	follow := func(share float64) growth {
		return func(c *container, from, full time.Time) curve {
			room := c.room(c.limit())
			present := func(t time.Time) float64 { return room * (0.18 + share*s.traffic(t)/top) }
			young := func(t time.Time) float64 { // it takes some minutes to be in use
				return present(t) * (1 - 0.5*math.Exp(-t.Sub(from).Minutes()/2))
			}
			return jump(s.wobble(young, 0.006), room, full, 50*time.Second)
		}
	}
	grow := follow(0.79)
	p := s.addPod(w, w.current(), s.node, s.at)
	s.lifetimes(p, s.at, []time.Duration{s.dur(3*day, 5*day), s.dur(24*time.Minute, 40*time.Minute), s.dur(11*time.Minute, 20*time.Minute)}, grow, s.killed)
	s.restarted(p.main(), 15*time.Minute, grow)
	o := s.addPod(w, w.current(), s.nodes[len(s.nodes)-1], p.created)
	c, from := o.main(), o.created.Add(20*time.Second)
	s.run(c, from, time.Time{}, follow(0.775)(c, from, s.to.Add(time.Hour)))
	s.tooSmall(p, float64(limit), "traffic", "none")
	s.truth.actions = []string{"set_limit", "scale_out"}
}

// healthy is memory that would settle at a number of bytes, whatever the limit: lives under a lower limit end
// where the warm-up meets it.
func healthy(settled, tau float64) func(c *container, from time.Time) (curve, time.Duration) {
	return func(c *container, from time.Time) (curve, time.Duration) {
		room := c.room(c.limit())
		grow := warm(settled*0.2, settled, from, time.Duration(tau*float64(time.Second)))
		if room >= settled {
			return grow, 0
		}
		return grow, time.Duration(tau * math.Log((settled*0.8)/(settled-room)) * float64(time.Second))
	}
}

// crashLoop lets the main container be killed n times on its way to a healthy size that the limit does not
// admit, with the kubelet's growing pauses, the last time at end.
func (s *scene) crashLoop(p *pod, end time.Time, n int, memory func(*container, time.Time) (curve, time.Duration)) {
	c := p.main()
	_, long := memory(c, end)
	long = max(long.Truncate(time.Second), 5*time.Second)
	var starts []time.Time
	for i := range n {
		starts = append([]time.Time{end.Add(-long)}, starts...)
		pause := min(10*time.Second<<max(0, n-2-i), 5*time.Minute)
		end = starts[0].Add(-pause - s.dur(time.Second, 4*time.Second))
	}
	p.created = starts[0].Add(-s.dur(5*time.Second, 15*time.Second))
	for _, from := range starts {
		grow, _ := memory(c, from)
		s.oomKill(s.run(c, from, from.Add(long), grow))
	}
	c.waiting = "CrashLoopBackOff"
	c.waitingMessage = fmt.Sprintf("back-off 5m0s restarting failed container=%s pod=%s_%s(%s)", c.spec.Name, p.name, p.ns, p.uid)
}

// lowered is the common part of a revision that brings the limit below the usual size.
func (s *scene) lowered(edit func(c *corev1.Container)) {
	s.neighbours()
	old := pick[int64](s, 768, 1024, 1536, 2048) * mib
	lower := old / 2
	w := s.service("deployment", 2, lower/2, old)
	settled := float64(lower) * s.between(1.15, 1.4)
	memory := healthy(settled, s.between(240, 700))
	r := s.change(w, s.at, func(t *corev1.PodTemplateSpec) {
		setLimit(&t.Spec.Containers[0], lower)
		edit(&t.Spec.Containers[0])
	})
	p := s.addPod(w, r, s.node, s.at)
	s.crashLoop(p, s.at, 4+s.rng.IntN(3), memory)
	r.created = p.created.Add(-2 * time.Second)
	for _, o := range s.oldPods(w, w.before(), r.created, func(*container, time.Time) curve { return s.wobble(flat(settled), 0.01) }) {
		if o.node != s.node { // the rollout waits for the first new pod
			o.gone, o.main().last().end = time.Time{}, time.Time{}
		}
	}
	s.tooSmall(p, settled, "config_change")
	s.setOffBy(r.number)
	s.truth.actions = []string{"rollback"}
}

func limitLowered(s *scene) { s.lowered(func(*corev1.Container) {}) }

func limitLoweredWithImage(s *scene) {
	s.lowered(func(c *corev1.Container) { c.Image = bump(c.Image) })
	s.truth.trigger = []string{"deploy"}
}

// higherLimitBefore is a limit that was lowered some weeks ago, long before a growing plateau met it.
func higherLimitBefore(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit*2)
	before := w.current()
	s.change(w, s.ago(s.window*2/3), func(t *corev1.PodTemplateSpec) { setLimit(&t.Spec.Containers[0], limit) })
	settled := float64(limit) * s.between(1.06, 1.12)
	memory := healthy(settled, s.window.Seconds()/20)
	p := s.addPod(w, w.current(), s.node, s.at)
	c := p.main()
	from := w.current().created.Add(12 * time.Second)
	p.created = from.Add(-9 * time.Second)
	for {
		grow, long := memory(c, from)
		end := from.Add(long).Truncate(time.Second)
		if end.After(s.ago(long)) { // the last life ends now
			end = s.at
			grow, _ = memory(c, end.Add(-long).Truncate(time.Second))
			s.oomKill(s.run(c, end.Add(-long).Truncate(time.Second), end, grow))
			break
		}
		s.oomKill(s.run(c, from, end, grow))
		from = end.Add(s.restartGap())
	}
	from = s.at.Add(s.restartGap())
	grow, _ := memory(c, from)
	s.run(c, from, time.Time{}, grow)
	s.oldPods(w, before, w.current().created, func(*container, time.Time) curve { return s.wobble(flat(settled), 0.01) })
	s.tooSmall(p, settled, "config_change")
	s.setOffBy(w.current().number)
	s.truth.actions = []string{"rollback"}
}

func limitRangeDefault(s *scene) {
	s.neighbours()
	lower := pick[int64](s, 256, 512, 768) * mib
	w := s.service("deployment", 1, 0, 0)
	settled := float64(lower) * s.between(1.2, 1.6)
	r := s.change(w, s.at, restartedAt(s.at))
	p := s.addPod(w, r, s.node, s.at)
	c := p.main()
	c.spec.Resources = corev1.ResourceRequirements{
		Requests: corev1.ResourceList{"memory": bytes64(lower / 2)}, Limits: corev1.ResourceList{"memory": bytes64(lower)},
	}
	s.crashLoop(p, s.at, 4+s.rng.IntN(3), healthy(settled, s.between(240, 700)))
	r.created = p.created.Add(-2 * time.Second)
	restartedAt(r.created)(&r.template)
	p.annotations = map[string]string{
		"kubectl.kubernetes.io/restartedAt": r.created.Format(time.RFC3339),
		"kubernetes.io/limit-ranger":        fmt.Sprintf("LimitRanger plugin set: memory request for container %s; memory limit for container %s", c.spec.Name, c.spec.Name),
	}
	s.oldPods(w, w.before(), r.created, func(*container, time.Time) curve { return s.wobble(flat(settled), 0.01) })
	added := r.created.Add(-s.dur(10*time.Minute, 3*time.Hour))
	m := s.meta(w.ns, "defaults", s.uid(), added)
	m.ManagedFields = []metav1.ManagedFieldsEntry{managedBy("kubectl-client-side-apply", "v1", added, `{"f:spec":{"f:limits":{}}}`)}
	s.objects["limitranges"] = append(s.objects["limitranges"], corev1.LimitRange{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "LimitRange"}, ObjectMeta: m,
		Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypeContainer, Default: corev1.ResourceList{"memory": bytes64(lower)},
			DefaultRequest: corev1.ResourceList{"memory": bytes64(lower / 2)},
		}}},
	})
	s.tooSmall(p, settled, "config_change")
	s.truth.notActions = []string{"fix_leak", "rollback"} // no revision brought it, so none takes it back
}

// initKilled is what the kubelet says where a limit is too low for runc's first process.
const initKilled = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: " +
	"container init was OOM-killed (memory limit too low?): unknown"

func limitTypoStartup(s *scene) {
	s.neighbours()
	old := pick[int64](s, 512, 1024) * mib
	w := s.service("deployment", 1, old/2, old)
	tiny := pick[int64](s, 4, 5, 6) * mib
	r := s.change(w, s.at, func(t *corev1.PodTemplateSpec) {
		setLimit(&t.Spec.Containers[0], tiny)
		t.Spec.Containers[0].Resources.Requests["memory"] = bytes64(tiny)
	})
	p := s.addPod(w, r, s.node, s.ago(s.dur(3*time.Minute, 9*time.Minute)))
	r.created = p.created.Add(-2 * time.Second)
	w.procs[p.main().spec.Name] = []procSpec{{comm: "runc:[2:INIT]", share: 1}}
	c := p.main()
	for i := range 4 {
		end := s.ago(time.Duration(3-i) * 40 * time.Second)
		l := s.run(c, end.Add(-300*time.Millisecond), end, flat(float64(tiny)*0.86))
		l.cold, l.hot, l.slab = flat(0), flat(0.03*float64(tiny)), flat(0.1*float64(tiny))
		s.oomKill(l)
		l.start, l.reason, l.exit = time.Unix(0, 0).UTC(), "StartError", 128
		l.message = "failed to create containerd task: " + initKilled
	}
	c.waiting, c.waitingMessage = "CrashLoopBackOff", "back-off 1m20s restarting failed container="+c.spec.Name
	s.event(p, c.spec.Name, s.at, "Warning", "Failed", "Error: failed to create containerd task: "+initKilled, 4)
	s.oldPods(w, w.before(), r.created, steady(0.6))
	for _, o := range s.pods {
		if o.w == w && o.rev == w.before() { // still serving: the rollout can't go on
			o.gone, o.main().last().end = time.Time{}, time.Time{}
		}
	}
	p.noMetrics = true
	s.tooSmall(p, 0.6*float64(old), "config_change")
	s.setOffBy(r.number)
	s.truth.actions, s.truth.limitBetween = []string{"rollback"}, nil
}

func limitTypoSandbox(s *scene) {
	s.neighbours()
	w := s.service("deployment", 1, 256*mib, 512*mib)
	r := s.change(w, s.at, func(t *corev1.PodTemplateSpec) {
		half := corev1.ResourceList{"memory": resource.MustParse("512m")}
		t.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: half, Limits: half}
	})
	p := s.addPod(w, r, s.node, s.ago(s.dur(2*time.Minute, 6*time.Minute)))
	r.created = p.created.Add(-2 * time.Second)
	p.phase, p.noMetrics = corev1.PodPending, true
	p.main().waiting = "ContainerCreating"
	runc := process{
		pid: s.freshPID(), comm: "runc:[2:INIT]", anon: 1400 * kib, file: 3900 * kib, adj: p.main().oomScoreAdj(),
		path: s.plat.podPath(p) + "/" + s.plat.leaf(s.hex(64)), virtual: 1100 * mib,
	}
	s.record(s.node, oomReport{
		at: s.at, memcg: s.plat.podPath(p), failcnt: 21, tasks: []process{runc}, victim: runc, invoker: runc,
	})
	s.event(p, "", s.at, "Warning", "FailedCreatePodSandBox",
		"Failed to create pod sandbox: rpc error: code = Unknown desc = failed to create containerd task: "+initKilled, 5)
	for _, o := range s.oldPods(w, w.before(), r.created, steady(0.6)) {
		o.gone, o.main().last().end = time.Time{}, time.Time{}
	}
	s.targetPod(p, "")
	s.truth = truth{
		mechanism: []string{"memcg_oom_kill"}, boundary: []string{"pod", "container"}, cause: []string{"undersized_limit"},
		trigger: []string{"config_change"}, changeRevision: r.number, victim: &party{Namespace: p.ns, Pod: p.name},
		actions: []string{"rollback"}, notActions: []string{"fix_leak"},
	}
}

// cacheWarmup is a cache that fills after the start, slower each hour, and settles a little above the limit.
func cacheWarmup(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("statefulset", 2, limit/2, limit)
	tau := s.window.Seconds() / 14
	grow := func(settled float64) growth {
		return func(c *container, from, full time.Time) curve {
			room := c.room(c.limit())
			t := time.Duration(tau * float64(time.Second))
			return jump(s.wobble(warm(0.15*room, settled*room, from, t), 0.008), room, full, time.Minute)
		}
	}
	p := s.addPod(w, w.current(), s.node, s.at)
	s.lifetimes(p, s.at, s.someLengths(4, s.window/4, s.window/2), grow(0.972), s.killed)
	s.restarted(p.main(), s.window/3, grow(0.972))
	o := s.addPod(w, w.current(), s.nodes[len(s.nodes)-1], p.created)
	c, from := o.main(), o.created.Add(20*time.Second)
	s.run(c, from, time.Time{}, grow(0.965)(c, from, s.to.Add(time.Hour)))
	s.tooSmall(p, float64(limit), "none", "unknown")
}
