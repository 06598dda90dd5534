package rules

import (
	"github.com/oombot/oombot/investigations"
)

// sidecar: the pod's shared limit was used up by another container than the one that the pod is there for.
func (s *scene) sidecar() hypothesis {
	var h hypothesis
	if s.culprit == nil || s.spec() == nil || s.culprit.Container == "" || s.shmemShare() >= 0.35 {
		return h
	}
	if s.culprit.Container == s.mainContainer() || s.sameContainer() && s.req.Target.Container == s.culprit.Container {
		return h
	}
	var ids []string
	for _, c := range s.spec().Containers {
		if id := s.led.ID("rules/share/" + c.Name); id != "" {
			ids = append(ids, id)
		}
	}
	weight := 0.75
	if s.sharedByExcess {
		weight = 0.58 // who holds most beyond its request need not be who grew
	}
	h.support(weight, append([]string{s.led.ID("rules/culprit/pod")}, ids...)...)
	if !s.sameContainer() {
		h.support(0.08)
	}
	return h
}

// mainContainer is the container that the pod is there for: the target's, the one that an annotation names, or
// the first.
func (s *scene) mainContainer() string {
	if s.req.Target.Container != "" {
		return s.req.Target.Container
	}
	if c := s.spec().Annotations["kubectl.kubernetes.io/default-container"]; c != "" {
		return c
	}
	for _, c := range s.spec().Containers {
		if c.Kind == investigations.ContainerApp {
			return c.Name
		}
	}
	return ""
}
