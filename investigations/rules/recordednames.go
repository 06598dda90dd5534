package rules

import (
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// nameRecorded gives the cgroups of flight recorders the names that Kubernetes, or the request, has for their ids. An agent
// that reaches no API knows none of a pod, and writes the first digits of a container's id for its name. The evidence is not
// changed.
func (s *scene) nameRecorded() {
	if len(s.ev.Metrics.Recorder) == 0 {
		return
	}
	byUID := s.podsByUID()
	if uid := s.req.PodUID; uid != "" && byUID[uid] == nil && s.target.Pod != "" {
		byUID[uid] = &investigations.Pod{Namespace: s.target.Namespace, Name: s.target.Pod, UID: uid}
	}
	m := *s.ev.Metrics
	m.Recorder = slices.Clone(m.Recorder)
	for i := range m.Recorder {
		r := &m.Recorder[i]
		r.Series, r.Top = slices.Clone(r.Series), slices.Clone(r.Top)
		for j := range r.Series {
			x := &r.Series[j]
			s.nameCgroup(byUID, x.PodUID, x.ContainerID, &x.Namespace, &x.Pod, &x.Container)
			x.Series.Namespace, x.Series.Pod, x.Series.Container = x.Namespace, x.Pod, x.Container
		}
		for j := range r.Top {
			t := &r.Top[j]
			s.nameCgroup(byUID, t.PodUID, t.ContainerID, &t.Namespace, &t.Pod, &t.Container)
		}
		s.nameOnly(r)
		r.Series = joinLives(r.Series)
	}
	s.ev.Metrics = &m
}

// digits says whether a container is called by the first digits of its id.
func digits(id, container string) bool {
	return len(container) >= 12 && strings.HasPrefix(id, container)
}

// nameOnly names the only container that a recording has of the target's pod, where nothing else does: as the request calls
// it, or the workload its only one.
func (s *scene) nameOnly(r *investigations.Recorder) {
	name := s.target.Container
	if w := s.workload; name == "" && w != nil {
		name = onlyContainer(&investigations.Pod{Containers: w.Template.Containers})
	}
	of := recordedContainers(r, s.target.Namespace, s.target.Pod)
	if name == "" || len(of) != 1 || of[0] == name {
		return
	}
	for j := range r.Series {
		if x := &r.Series[j]; x.Pod == s.target.Pod && x.Namespace == s.target.Namespace && digits(x.ContainerID, x.Container) {
			x.Container, x.Series.Container = name, name
		}
	}
	for j := range r.Top {
		if x := &r.Top[j]; x.Pod == s.target.Pod && x.Namespace == s.target.Namespace && digits(x.ContainerID, x.Container) {
			x.Container = name
		}
	}
}

// joinLives makes one of the series of a container's lives, each of which has an id of its own.
func joinLives(in []investigations.RecorderSeries) []investigations.RecorderSeries {
	type key struct{ namespace, pod, container, name string }
	at := map[key]int{}
	out := in[:0:0]
	for _, x := range in {
		k := key{x.Namespace, x.Pod, x.Container, x.Name}
		i, ok := at[k]
		if !ok || x.Pod == "" || x.Container == "" || len(x.Series.T) == 0 || len(out[i].Series.T) == 0 {
			at[k] = len(out)
			out = append(out, x)
			continue
		}
		a, b := out[i], x
		if b.Series.T[0] < a.Series.T[0] {
			a, b = b, a
		}
		n, _ := slices.BinarySearch(a.Series.T, b.Series.T[0]) // of a time that both have the later life holds
		b.Series.T, b.Series.V = slices.Concat(a.Series.T[:n], b.Series.T), slices.Concat(a.Series.V[:n], b.Series.V)
		out[i] = b
	}
	return out
}

// nameCgroup fills in what names of a cgroup are missing, or are its id.
func (s *scene) nameCgroup(byUID map[string]*investigations.Pod, uid, id string, namespace, pod, container *string) {
	if uid == "" && id == "" {
		return
	}
	p, name := s.whose(byUID, uid, id)
	if p == nil {
		return
	}
	if *pod == "" {
		*namespace, *pod = p.Namespace, p.Name
	}
	if id == "" || *pod != p.Name || *container != "" && !strings.HasPrefix(id, *container) {
		return
	}
	if name == "" {
		name = onlyContainer(p)
	}
	if name != "" {
		*container = name
	}
}
