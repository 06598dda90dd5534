package rules

import (
	"strings"

	"github.com/oombot/oombot/investigations"
)

// sidecar: the pod's shared limit was used up by another container than the one that the pod is there for.
func (s *scene) sidecar() hypothesis {
	var h hypothesis
	if s.culprit == nil || s.knownSpec() == nil || s.culprit.Container == "" || s.shmemShare() >= 0.35 {
		return h
	}
	if s.culprit.Container == s.mainContainer() {
		return h
	}
	var ids []string
	for _, c := range s.knownSpec().Containers {
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
	if _, id := s.loweredLimit(); id != "" {
		// Together they held as much before, when they were allowed to.
		h.support(-0.5, id)
	}
	return h
}

// mainContainer is the container that the pod is there for, whichever one an alert names: the one that an
// annotation names, or that is called like the workload; else the victim where another one used up the memory, or
// the first, which is kubectl's default too.
func (s *scene) mainContainer() string {
	if c := s.knownSpec().Annotations["kubectl.kubernetes.io/default-container"]; c != "" {
		return c
	}
	_, workload, _ := strings.Cut(s.target.Workload, "/")
	for _, like := range []func(name string) bool{
		func(n string) bool { return n == workload },
		func(n string) bool { return workload != "" && strings.Contains("-"+workload+"-", "-"+n+"-") },
		func(n string) bool {
			return s.victim != nil && s.culprit != nil && n == s.victim.Container && n != s.culprit.Container
		},
		func(string) bool { return true },
	} {
		for _, c := range s.knownSpec().Containers {
			if c.Kind == investigations.ContainerApp && like(c.Name) {
				return c.Name
			}
		}
	}
	return ""
}
