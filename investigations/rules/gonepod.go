package rules

import (
	"slices"

	"github.com/oombot/oombot/investigations"
)

// gonePod names the pod, and its container where it is the only one, of a report whose pod uid no recorded object
// has, where the request is about a workload: the pod was deleted since, but its series are still there. It is the
// workload's only unknown pod whose counter of kills rose then; or the only one with samples at the kill, where the
// process is called like one of its containers.
func (s *scene) gonePod(k *kill) (pod, container string, ok bool) {
	t := s.req.Target
	if k.pod != nil || k.report.PodUID == "" || t.Workload == "" || t.Pod != "" || k.at.IsZero() {
		return "", "", false
	}
	at, ours := seconds(k.at), s.workloadPodNames()
	alive, counted := map[string][]string{}, map[string][]string{}
	for _, sr := range s.ev.Metrics.Queries[investigations.QueryWorkingSet].Series {
		if !ours(sr.Namespace, sr.Pod) || s.findPod(sr.Namespace, sr.Pod) != nil {
			continue
		}
		if x, _, ok := pointsOf(sr).last(at); !ok || at-x > 600 {
			continue
		}
		alive[sr.Pod] = append(alive[sr.Pod], sr.Container)
		oom := s.curve(investigations.QueryOOMEvents, sr.Pod, sr.Container)
		if oom.at(at+180) > oom.at(at-60) {
			counted[sr.Pod] = append(counted[sr.Pod], sr.Container)
		}
	}
	found := alive
	if len(counted) == 1 {
		found = counted
	}
	if len(found) != 1 || len(counted) != 1 && !s.runsLike(k) {
		return "", "", false
	}
	for name, containers := range found {
		pod = name
		if len(containers) == 1 {
			container = containers[0]
		}
	}
	return pod, container, true
}

// adoptGonePod makes the pod that is gone what the investigation is about.
func (s *scene) adoptGonePod() {
	pod, container, ok := s.gonePod(s.kill)
	if !ok {
		return
	}
	s.target.Namespace, s.target.Pod = s.req.Target.Namespace, pod
	if s.container == "" {
		s.container = container
	}
}

// runsLike says whether the killed process is called like one of the workload's containers.
func (s *scene) runsLike(k *kill) bool {
	v, ok := k.victim()
	return ok && s.workload != nil && slices.ContainsFunc(s.workload.Template.Containers, func(c investigations.Container) bool {
		return nameAffinity(c, v.Comm) > 0
	})
}
