package incidents

import (
	"math"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// podLimitKinds are further kills by a limit that the containers of a pod share.
func podLimitKinds() []Kind {
	return []Kind{
		{Name: "pod_limit_lowered", Teaches: "a revision lowered the pod's own limit below what its containers held together in peace", build: podLimitLowered, on: modern},
		{Name: "sidecar_alert_names_it", Teaches: "the alert names the log shipper that used up the pod's limit, and the app was killed", build: sidecarTarget, on: modern},
	}
}

// podLimitLowered halves what a pod may use; each container stays far below its own limit.
func podLimitLowered(s *scene) {
	s.neighbours()
	h := s.helper()
	limit := pick[int64](s, 512, 700, 1024) * mib
	w := s.twoContainers(h, limit)
	podLimit(&w.current().template.Spec, limit, limit*17/10)
	r := s.change(w, s.at, func(t *corev1.PodTemplateSpec) { podLimit(&t.Spec, limit*6/10, limit) })
	p := s.addPod(w, r, s.node, s.ago(s.dur(20*time.Minute, 50*time.Minute)))
	r.created = p.created.Add(-2 * time.Second)
	share := s.between(0.58, 0.64)
	// Both come up to their usual sizes within minutes, and the sum of these no longer fits.
	kill := s.shared(p, p.main(), p.named(h.name), share, 0.1, 0.15, func(from time.Time) curve {
		span := s.at.Sub(from).Seconds()
		return func(t time.Time) float64 {
			return (1 - math.Exp(-8*max(0, t.Sub(from).Seconds())/span)) / (1 - math.Exp(-8))
		}
	})
	app, help := share*float64(limit), (1-share)*float64(limit)
	for _, o := range s.oldPods(w, w.before(), r.created, func(*container, time.Time) curve { return s.wobble(flat(app), 0.01) }) {
		c := o.named(h.name)
		s.run(c, o.created.Add(21*time.Second), o.gone, s.wobble(flat(help), 0.01))
	}
	name := kill.victim.of.c.spec.Name
	s.targetPod(p, name)
	s.truth = truth{
		mechanism: []string{"memcg_oom_kill"}, boundary: []string{"pod"}, cause: []string{"undersized_limit"}, trigger: []string{"config_change"},
		changeRevision: r.number, victim: partyOf(p, name), actions: []string{"rollback", "set_limit"}, notActions: []string{"fix_leak", "limit_culprit"},
		limitBetween: []string{mi(1.1 * float64(limit)), mi(1.5 * float64(limit))},
	}
}

// sidecarTarget is about who used up the memory, and not about whom the alert names.
func sidecarTarget(s *scene) {
	sidecarPodLimit(s)
	for _, p := range s.pods {
		if p.name == s.target["pod"] {
			s.targetPod(p, s.truth.culprit.Container)
		}
	}
}
