package incidents

import "time"

// recordedKinds are kills that only the kernel and the node's agent saw: nothing scrapes there.
func recordedKinds() []Kind {
	return []Kind{
		{Name: "recorded_sidecar", Teaches: "nothing scrapes: the flight recorder shows that the helper used up the pod's limit", build: unscraped(recordedSidecar), on: modern},
		{Name: "recorded_sidecar_cgroups_only", Teaches: "the same, where nothing of Kubernetes was recorded either", build: cgroupsOnly(recordedSidecar), on: modern},
		{Name: "recorded_allocatable_hog", Teaches: "nothing scrapes: the flight recorder shows the pod that took what all pods may have", build: unscraped(allocatableHog), on: usualPaths},
		{Name: "recorded_allocatable_hog_cgroups_only", Teaches: "the same, where nothing of Kubernetes was recorded either", build: cgroupsOnly(allocatableHog), on: usualPaths},
		{Name: "recorded_neighbour", Teaches: "nothing scrapes: the flight recorder shows the pod that filled the machine", build: unscraped(noisyNeighbour)},
		{Name: "recorded_neighbour_cgroups_only", Teaches: "the same, where nothing of Kubernetes was recorded either", build: cgroupsOnly(noisyNeighbour)},
		{Name: "recorded_slice_cgroups_only", Teaches: "a limit on the BestEffort class: the kernel's table and the recorder together tell which pods are in it", build: cgroupsOnly(bestEffortSlice), on: usualPaths},
		{Name: "recorded_own_rise", Teaches: "nothing scrapes: the victim itself filled the machine", build: unscraped(nodeOwnRise)},
		{Name: "recorded_system_burst", Teaches: "a program of the machine took it: no pod of the recording did", build: unscraped(systemBurst)},
		{Name: "recorded_overcommit", Teaches: "no pod of the recording rose by what is missing: many together", build: unscraped(nodeOvercommit)},
	}
}

// unscraped lets an incident be seen by the kernel, Kubernetes and the flight recorder alone. What set it off and what the
// culprit usually needs is not known then.
func unscraped(build func(*scene)) func(*scene) {
	return func(s *scene) {
		build(s)
		back := 15 * time.Minute
		if s.opt.Small {
			back = 4 * time.Minute
		}
		s.recordNode(back)
		s.without = append(s.without, "metrics")
		s.truth.trigger, s.truth.changeRevision, s.truth.limitBetween, s.truth.mentions = nil, 0, nil, nil
		s.unseen(0.8, "metrics")
	}
}

// cgroupsOnly takes Kubernetes away as well: the recorder says how pods and containers are called.
func cgroupsOnly(build func(*scene)) func(*scene) {
	return func(s *scene) {
		unscraped(build)(s)
		s.without = append(s.without, "kubernetes", "logs")
		s.unseen(0.7, "metrics", "pods")
	}
}

// recordedSidecar has the helper use up the pod's limit within minutes.
func recordedSidecar(s *scene) {
	s.neighbours()
	h := s.helper()
	limit := pick[int64](s, 512, 700, 1024, 1536) * mib
	w := s.twoContainers(h, limit)
	p := s.addPod(w, w.current(), s.node, s.ago(s.dur(2*day, 5*day)))
	share := s.between(0.53, 0.56)
	r := s.shared(p, p.main(), p.named(h.name), share, 0.07, share, s.rising(s.dur(30*time.Second, 10*time.Minute)))
	s.byHelper(p, r, h)
}
