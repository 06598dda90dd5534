package incidents

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// configKinds are settings outside of the pod template that changed between calm and trouble.
func configKinds() []Kind {
	return []Kind{
		{Name: "jvm_heap_raised_in_config_map", Teaches: "pods keep the values that a ConfigMap had at their start: the old ones ran with another heap", build: heapRaised},
		{Name: "jvm_heap_raised_untimed", Teaches: "without managed fields nobody knows which value the old pods had: they prove nothing for the new one", build: heapRaisedUntimed},
		{Name: "statefulset_limit_lowered", Teaches: "the pod that a statefulset makes anew has the old one's name: its lower limit came with the revision, and not in place", build: statefulSetLowered, step: 2 * time.Minute},
		{Name: "statefulset_limit_lowered_no_pods", Teaches: "the same, where only the metrics tell the two pods apart", build: statefulSetLoweredNoPods},
	}
}

// heapInConfigMap is a JVM whose heap was raised to the container's limit in a ConfigMap, followed by a restart of
// the pods by hand. Those before lived in peace with the value that is gone.
func (s *scene) heapInConfigMap() *pod {
	s.neighbours()
	limit := pick[int64](s, 1, 2) * gib
	w := s.javaService(limit)
	name := w.name + "-env"
	for _, r := range w.revisions {
		r.template.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: name},
		}}}
	}
	r := s.change(w, s.at, restartedAt(s.at))
	grow := s.plateau(0.45, s.between(0.955, 0.975), s.dur(6*time.Minute, 20*time.Minute))
	p := s.addPod(w, r, s.node, s.at)
	s.lifetimes(p, s.at, s.someLengths(2+s.rng.IntN(2), s.window/14, s.window/8), grow, s.killed)
	s.restarted(p.main(), 6*time.Hour, grow)
	r.created = p.created.Add(-2 * time.Second)
	restartedAt(r.created)(&r.template)
	p.annotations = r.template.Annotations
	s.oldPods(w, w.before(), r.created, steady(s.between(0.55, 0.7)))
	s.configMap(w.ns, name, s.ago(90*day), map[string]string{
		"JAVA_TOOL_OPTIONS": fmt.Sprintf("-Xmx%dm", int64(s.between(0.95, 1)*float64(limit))/mib), "LOG_LEVEL": "info",
	}, r.created.Add(-s.dur(time.Minute, 12*time.Minute)), "JAVA_TOOL_OPTIONS")
	s.ownLimit(p, p.main().spec.Name, "runtime_misconfiguration", "config_change")
	s.truth.actions, s.truth.notActions = []string{"set_runtime_ceiling"}, []string{"fix_leak"}
	return p
}

func heapRaised(s *scene) { s.heapInConfigMap() }

func heapRaisedUntimed(s *scene) {
	s.heapInConfigMap()
	for i, o := range s.objects["configmaps"] {
		m := o.(corev1.ConfigMap)
		m.ManagedFields = nil
		s.objects["configmaps"][i] = m
	}
	s.truth.trigger = []string{"unknown", "config_change"}
	s.truth.blindSpots = []string{"rollouts"}
}

// statefulSetLowered halves the limit of a statefulset below its usual size. The update begins with the last ordinal
// and waits for it; the first one still runs as before.
func statefulSetLowered(s *scene) {
	s.neighbours()
	old := pick[int64](s, 768, 1024, 2048) * mib
	lower := old / 2
	w := s.service("statefulset", 2, lower/2, old)
	settled := float64(lower) * s.between(1.15, 1.4)
	r := s.change(w, s.at, func(t *corev1.PodTemplateSpec) { setLimit(&t.Spec.Containers[0], lower) })
	p := s.addPod(w, r, s.node, s.at)
	p.name = w.name + "-1"
	s.crashLoop(p, s.at, 8+s.rng.IntN(4), healthy(settled, s.between(400, 800)))
	p.created = p.created.Add(-70 * time.Second) // the image was pulled
	r.created = p.created.Add(-10 * time.Second)
	for i, o := range s.oldPods(w, w.before(), p.created, func(*container, time.Time) curve { return s.wobble(flat(settled), 0.01) }) {
		o.name = fmt.Sprintf("%s-%d", w.name, i)
		o.gone = p.created.Add(-4 * time.Second)
		if i == 0 {
			o.gone = time.Time{}
		}
		o.main().last().end = o.gone
	}
	s.tooSmall(p, settled, "config_change")
	s.setOffBy(r.number)
	s.truth.actions = []string{"rollback"}
}

func statefulSetLoweredNoPods(s *scene) {
	statefulSetLowered(s)
	s.without = append(s.without, "kubernetes/pods.json")
	s.truth.limitBetween, s.truth.actions, s.truth.blindSpots = nil, nil, []string{"pods"}
}
