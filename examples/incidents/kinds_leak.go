package incidents

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// leakKinds are containers that never give memory back.
func leakKinds() []Kind {
	return []Kind{
		{Name: "leak_after_deploy", Teaches: "a leak that began with a new image: roll back, a higher limit only buys time", build: leakAfterDeploy},
		{Name: "leak_old", Teaches: "lifetimes that end at the same age with no change near: a leak without a trigger", build: leakOld},
		{Name: "leak_per_request", Teaches: "memory that follows the sum of requests, not their present rate, is a leak", build: leakPerRequest},
		{Name: "leak_with_profiles", Teaches: "heap profiles name the function that holds the growth", build: leakWithProfiles},
		{Name: "leak_recurred", Teaches: "the same workload leaks by the same function again, nine days after leak_with_profiles of the same seed", build: leakWithProfiles, sequelTo: "leak_with_profiles"},
		{Name: "leak_slow_days", Teaches: "a leak over days needs a window of days", build: leakSlowDays, window: 7 * day, step: 5 * time.Minute},
		{Name: "leak_statefulset", Teaches: "controller revisions hold the change of a statefulset", build: leakStatefulSet},
		{Name: "leak_daemonset", Teaches: "a daemonset leaks on every node after its update", build: leakDaemonSet},
		{Name: "leak_red_herring_deploy", Teaches: "a deploy hours before the kill is innocent where the old revision leaked too", build: leakRedHerring},
		{Name: "leak_rollout_restart", Teaches: "a rollout that only restarted the pods changed nothing", build: leakRolloutRestart},
		{Name: "leak_partitioned_rollout", Teaches: "a new revision that the victim does not run yet can't have set it off", build: leakPartitioned},
		{Name: "leak_after_rollback", Teaches: "a rollback gives an old replica set a new number: its age is not when it came into force", build: leakAfterRollback},
		{Name: "leak_bare_pod", Teaches: "a pod without a controller has no revision to go back to", build: leakBarePod},
		{Name: "leak_env_change", Teaches: "the same image with another environment is a change of configuration", build: leakEnvChange},
		{Name: "leak_config_map", Teaches: "the managed fields of a ConfigMap tell when it changed", build: leakConfigMap},
	}
}

// ownLimit fills in the truth of a kernel kill by the container's own limit.
func (s *scene) ownLimit(p *pod, container, cause string, trigger ...string) {
	s.truth.mechanism, s.truth.boundary = []string{"memcg_oom_kill"}, []string{"container"}
	s.truth.cause, s.truth.trigger = []string{cause}, trigger
	s.truth.victim, s.truth.culprit = partyOf(p, container), partyOf(p, container)
	s.targetPod(p, container)
}

// isLeak fills in the truth of a leak; revision 0 means that no revision set it off.
func (s *scene) isLeak(p *pod, revision int64, trigger ...string) {
	s.ownLimit(p, p.main().spec.Name, "leak", trigger...)
	s.truth.actions, s.truth.notActions = []string{"fix_leak"}, []string{"set_limit", "rollback"}
	if revision != 0 {
		s.truth.changeRevision = revision
		s.truth.actions, s.truth.actionsAny = []string{"rollback"}, []string{"rollback", "fix_leak"}
		s.truth.notActions = []string{"set_limit"}
	}
}

// someLife is how long a leaking container lasts, so that two to five of them fit into the window.
func (s *scene) someLife() time.Duration { return s.dur(s.window/9, s.window/5) }

// leakFrom lets the workload's current revision leak from its first pods on: the first pod is killed at the
// scene's moment after n lives. It returns that pod and when the revision began.
func (s *scene) leakFrom(w *workload, n int, long time.Duration, grow growth) (*pod, time.Time) {
	p := s.addPod(w, w.current(), s.node, s.at)
	s.mortal(p, s.at, n, long, grow)
	for i := 1; i < int(w.replicas); i++ {
		s.sibling(w, w.current(), s.nodes[i%len(s.nodes)], p.created.Add(s.dur(25*time.Second, 80*time.Second)), long, grow)
	}
	return p, p.created
}

func leakAfterDeploy(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", int32(1+s.rng.IntN(3)), limit/2, limit)
	r := s.newImage(w, s.at)
	s.takeUp(w)
	share := s.between(0.22, 0.4)
	p, began := s.leakFrom(w, 2+s.rng.IntN(2), s.someLife(), byTime(share))
	r.created = began.Add(-2 * time.Second)
	s.oldPods(w, w.before(), began, steady(share*1.1))
	s.isLeak(p, r.number, "deploy")
}

// takeUp makes the incident a sequel, where its kind is one: what came before is as it was, the rest is new. The
// release that leaked then was rolled back; this is the next one.
func (s *scene) takeUp(w *workload) {
	if s.kind.sequelTo == "" {
		return
	}
	s.rng = newRand(s.kind.Name, s.seed)
	for i, r := range w.revisions {
		r.number += int64(i)
	}
	c := w.container()
	c.Image = bump(c.Image)
	r := w.current()
	r.number++
	r.hash, r.uid = s.suffix(9), s.uid()
	r.name = w.name + "-" + r.hash
}

func leakOld(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", int32(1+s.rng.IntN(2)), limit/2, limit)
	long := s.someLife()
	p, _ := s.leakFrom(w, 2+int(s.window*3/long)+s.rng.IntN(20), long, byTime(s.between(0.2, 0.4)))
	s.isLeak(p, 0, "none")
}

func leakPerRequest(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	s.traffic = dailyTraffic(s.between(40, 160), s.between(0.5, 0.75), s.ago(s.dur(0, day)))
	p := s.addPod(w, w.current(), s.node, s.at)
	c, room, share := p.main(), 0.0, s.between(0.2, 0.35)
	room = c.room(limit)
	perLife := integral(s.traffic, s.ago(day), s.at) / s.between(3.5, 5.5)
	if s.window < day {
		perLife = integral(s.traffic, s.ago(s.window), s.at) / 3
	}
	type span struct{ from, to time.Time }
	var spans []span
	end := s.at
	for range 9 {
		from := startOfRequests(s.traffic, end, perLife*s.between(0.985, 1.015))
		spans = append([]span{{from, end}}, spans...)
		end = from.Add(-s.restartGap())
	}
	p.created = spans[0].from.Add(-20 * time.Second)
	for _, x := range spans {
		s.oomKill(s.run(c, x.from, x.to, leakByRequest(share*room, room, x.from, x.to, s.traffic)))
	}
	from := s.at.Add(s.restartGap())
	s.run(c, from, time.Time{}, leakByRequest(share*room, room, from, endOfRequests(s.traffic, from, perLife, from.Add(2*day)), s.traffic))
	s.isLeak(p, 0, "none", "traffic")
}

// startOfRequests returns when a life began that served so many requests by its end.
func startOfRequests(traffic curve, end time.Time, requests float64) time.Time {
	var sum float64
	t := end
	for sum < requests {
		t = t.Add(-10 * time.Second)
		sum += traffic(t) * 10
	}
	return t
}

func leakWithProfiles(s *scene) {
	leakAfterDeploy(s)
	var victim *pod
	for _, p := range s.pods {
		if p.name == s.target["pod"] {
			victim = p
		}
	}
	w := victim.w
	guilty := []string{
		"session.(*Store).Put", "github.com/acme/" + w.name + "/internal/cache.(*Cache).Add",
		"github.com/acme/" + w.name + "/events.(*Bus).Subscribe", "main.(*tracker).remember",
	}[(len(w.name)+int(s.seed))%4]
	held := func(base, growth float64) []stackBytes {
		return []stackBytes{
			{[]string{guilty, "net/http.HandlerFunc.ServeHTTP", "net/http.(*conn).serve"}, int64(growth)},
			{[]string{"bytes.growSlice", "bytes.(*Buffer).Grow", "encoding/json.Marshal", "main.handle", "net/http.(*conn).serve"}, int64(base * 0.2)},
			{[]string{"main.loadCatalog", "main.main", "runtime.main"}, int64(base * 0.5)},
			{[]string{"bufio.NewReaderSize", "net/http.newBufioReader", "net/http.(*conn).serve"}, int64(base * 0.1)},
			{[]string{"runtime.malg", "runtime.newproc1"}, int64(base * 0.04)},
		}
	}
	add := func(p *pod, at time.Time) {
		l := p.main().living(at)
		base := float64(l.at(l.start.Add(time.Minute)).anon) * 0.8
		s.profiles = append(s.profiles, heapProfile{p, p.main().spec.Name, at, held(base, max(base/50, float64(l.at(at).anon)*0.9-base))})
	}
	last := victim.main().lives[len(victim.main().lives)-2]
	long := last.end.Sub(last.start)
	for _, p := range s.pods {
		if p.w == w && !p.gone.IsZero() {
			add(p, p.gone.Add(-20*time.Minute))
			break
		}
	}
	add(victim, last.start.Add(long/8))
	add(victim, last.start.Add(long*9/10))
	s.truth.mentions = []string{guilty}
}

func leakSlowDays(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	s.traffic = dailyTraffic(80, 0.5, s.at)
	p, _ := s.leakFrom(w, 3+s.rng.IntN(3), s.dur(50*time.Hour, 70*time.Hour), byTime(s.between(0.2, 0.35)))
	s.isLeak(p, 0, "none")
}

func leakStatefulSet(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("statefulset", 2, limit/2, limit)
	r := s.newImage(w, s.at)
	share := s.between(0.25, 0.4)
	p, began := s.leakFrom(w, 2, s.someLife(), byTime(share))
	r.created = began.Add(-15 * time.Second)
	// The same names: the pods were replaced one by one.
	for i, old := range s.oldPods(w, w.before(), began, steady(share)) {
		old.name = fmt.Sprintf("%s-%d", w.name, i)
		old.gone = began.Add(-5 * time.Second)
		old.main().last().end = old.gone
	}
	s.isLeak(p, r.number, "deploy")
}

func leakDaemonSet(s *scene) {
	s.neighbours()
	if len(s.nodes) == 1 {
		s.addNode(s.node.ramPages * pageSize)
	}
	limit := pick[int64](s, 200, 256, 400) * mib
	w := s.service("daemonset", int32(len(s.nodes)), limit/2, limit)
	r := s.newImage(w, s.at)
	share := s.between(0.25, 0.4)
	p, began := s.leakFrom(w, 2, s.someLife(), byTime(share))
	r.created = began.Add(-15 * time.Second)
	s.oldPods(w, w.before(), began, steady(share))
	s.isLeak(p, r.number, "deploy")
}

// leakRedHerring has a deploy within the last life's reach, but both revisions leak at the same pace.
func leakRedHerring(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	old := w.current()
	r := s.newImage(w, s.at)
	grow, long := byTime(s.between(0.22, 0.35)), s.dur(s.window/7, s.window/5)
	p, began := s.leakFrom(w, 1, long, grow)
	r.created = began.Add(-2 * time.Second)
	before := s.addPod(w, old, s.node, began)
	before.gone = began.Add(40 * time.Second)
	s.mortal(before, began.Add(-s.dur(long/8, long/4)), 14, long, grow)
	before.main().last().end = before.gone
	s.isLeak(p, 0, "none")
}

func leakRolloutRestart(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	old := w.current()
	r := s.change(w, s.at, restartedAt(s.at))
	grow, long := byTime(s.between(0.22, 0.35)), s.dur(s.window/8, s.window/6)
	p, began := s.leakFrom(w, 2, long, grow)
	r.created = began.Add(-2 * time.Second)
	restartedAt(r.created)(&r.template)
	p.annotations = r.template.Annotations
	before := s.addPod(w, old, s.node, began)
	before.gone = began.Add(35 * time.Second)
	s.mortal(before, began.Add(-s.dur(long/6, long/3)), 14, long, grow)
	before.main().last().end = before.gone
	s.isLeak(p, 0, "none")
}

// leakPartitioned rolls a new image out to the second pod only; the first, with the old one, is killed.
func leakPartitioned(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("statefulset", 2, limit/2, limit)
	old, long, grow := w.current(), s.someLife(), byTime(s.between(0.22, 0.35))
	p := s.addPod(w, old, s.node, s.at)
	s.mortal(p, s.at, 16, long, grow)
	r := s.newImage(w, s.ago(long+s.dur(long/6, long/3)))
	w.partition, old.replicas, r.replicas = 1, 1, 1
	s.sibling(w, r, s.nodes[len(s.nodes)-1], r.created.Add(20*time.Second), long, grow)
	s.isLeak(p, 0, "none")
}

// leakAfterRollback goes back to an image of weeks ago, which leaks; the one in between did not.
func leakAfterRollback(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 2, limit/2, limit)
	good := w.current()
	back := w.before()
	w.revisions = []*revision{w.revisions[0], good, back}
	back.number = good.number + 1
	back.replicas, good.replicas = w.replicas, 0
	share := s.between(0.22, 0.4)
	p, began := s.leakFrom(w, 2, s.someLife(), byTime(share))
	s.oldPods(w, good, began, steady(share))
	s.isLeak(p, back.number, "deploy")
}

// leakBarePod has no controller at all.
func leakBarePod(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("", 1, limit/2, limit)
	p, _ := s.leakFrom(w, 9, s.someLife(), byTime(s.between(0.2, 0.4)))
	s.isLeak(p, 0, "none")
}

func leakEnvChange(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 2, limit/2, limit)
	w.container().Env = []corev1.EnvVar{{Name: "LOG_LEVEL", Value: "info"}, {Name: "DEDUPE_WINDOW", Value: "30s"}}
	r := s.change(w, s.at, func(t *corev1.PodTemplateSpec) {
		t.Spec.Containers[0].Env[1] = pick(s, corev1.EnvVar{Name: "DEDUPE_WINDOW", Value: "0"},
			corev1.EnvVar{Name: "DEDUPE_WINDOW", Value: "8760h"})
	})
	share := s.between(0.25, 0.4)
	p, began := s.leakFrom(w, 2, s.someLife(), byTime(share))
	r.created = began.Add(-2 * time.Second)
	s.oldPods(w, w.before(), began, steady(share))
	s.isLeak(p, r.number, "config_change")
}

// leakConfigMap changes a ConfigMap that the pods read at their start, and restarts them.
func leakConfigMap(s *scene) {
	s.neighbours()
	limit := s.someLimit()
	w := s.service("deployment", 1, limit/2, limit)
	name := w.name + "-config"
	for _, r := range w.revisions {
		r.template.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: name},
		}}}
	}
	r := s.change(w, s.at, restartedAt(s.at))
	share := s.between(0.25, 0.4)
	p, began := s.leakFrom(w, 2, s.someLife(), byTime(share))
	r.created = began.Add(-2 * time.Second)
	restartedAt(r.created)(&r.template)
	p.annotations = r.template.Annotations
	s.oldPods(w, w.before(), began, steady(share))
	s.configMap(w.ns, name, s.ago(90*day), map[string]string{"RETAIN_SESSIONS": "true", "LOG_LEVEL": "info"},
		began.Add(-s.dur(time.Minute, 4*time.Minute)), "RETAIN_SESSIONS")
	s.isLeak(p, 0, "config_change")
	s.truth.actions, s.truth.actionsAny = nil, []string{"rollback", "fix_leak"}
	s.truth.notActions = []string{"set_limit"}
}
