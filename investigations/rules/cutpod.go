package rules

import (
	"slices"

	"github.com/oombot/oombot/investigations"
)

// completePods gives pods without any container those of their workload's template. The API server admits no pod
// without a container (validation of PodSpec.Containers), so such an object was cut or could not be read, and the
// template that it was made from says what it ran. How its containers ended stays unknown. The evidence that was
// handed in is not changed.
func (s *scene) completePods() {
	cut := func(p investigations.Pod) bool { return len(p.Containers) == 0 }
	if !slices.ContainsFunc(s.ev.Pods.Pods, cut) {
		return
	}
	ev := *s.ev.Pods
	ev.Pods = slices.Clone(ev.Pods)
	for i := range ev.Pods {
		p := &ev.Pods[i]
		if w := s.workloadOf(p); cut(*p) && w != nil {
			t := templateOf(w, p)
			p.Containers, p.Volumes = slices.Clone(t.Containers), t.Volumes
		}
	}
	s.ev.Pods, s.names = &ev, nil // names point at the pods as they were
}

// templateOf returns the pod template that a workload made the pod from: that of the revision whose name or hash
// the pod carries, else the present one.
func templateOf(w *investigations.Workload, p *investigations.Pod) investigations.PodTemplate {
	for _, r := range w.Revisions {
		if r.Name == p.OwnerName || r.Hash != "" && (r.Hash == p.Labels["pod-template-hash"] || r.Hash == p.Labels["controller-revision-hash"]) {
			return r.Template
		}
	}
	return w.Template
}

// hasStatus says whether Kubernetes told anything of how the container fares. Only then is its silence about an
// end a sign that none took place.
func hasStatus(c *investigations.Container) bool {
	return c != nil && (c.ContainerID != "" || c.State != investigations.ContainerState{} || c.LastState != investigations.ContainerState{})
}
