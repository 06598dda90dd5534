package rules

import (
	"strings"

	"github.com/oombot/oombot/investigations"
)

// index finds objects by name. A recording may hold tens of thousands of pods and workloads, and nearly every question
// follows the owners of each pod.
type index struct {
	// pods are by name, workloads by namespace and lower-case name, revisions by namespace and name; each in the order
	// of the evidence.
	pods      map[string][]*investigations.Pod
	workloads map[string][]*investigations.Workload
	revisions map[string][]ownedRevision
}

// ownedRevision is a revision with its workload.
type ownedRevision struct {
	uid string
	of  *investigations.Workload
}

// byName returns the index of the scene's evidence, which does not change.
func (s *scene) byName() *index {
	if s.names != nil {
		return s.names
	}
	x := &index{
		pods: map[string][]*investigations.Pod{}, workloads: map[string][]*investigations.Workload{}, revisions: map[string][]ownedRevision{},
	}
	for i := range s.ev.Pods.Pods {
		p := &s.ev.Pods.Pods[i]
		x.pods[p.Name] = append(x.pods[p.Name], p)
	}
	for i := range s.ev.Rollouts.Workloads {
		w := &s.ev.Rollouts.Workloads[i]
		key := w.Namespace + "/" + strings.ToLower(w.Name)
		x.workloads[key] = append(x.workloads[key], w)
		for k := range w.Revisions {
			r := &w.Revisions[k]
			x.revisions[w.Namespace+"/"+r.Name] = append(x.revisions[w.Namespace+"/"+r.Name], ownedRevision{r.UID, w})
		}
	}
	s.names = x
	return x
}

// ofRevision returns the workload of a revision that is known by its name and, where both sides have one, its uid.
func (x *index) ofRevision(ns, name, uid string) *investigations.Workload {
	for _, r := range x.revisions[ns+"/"+name] {
		if r.uid == "" || uid == "" || r.uid == uid {
			return r.of
		}
	}
	return nil
}
