package rules

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// recordedName returns what a flight recorder of the node calls the cgroup of a kernel report; pod is empty where it does
// not know it. Where Kubernetes was not read, or has forgotten the pod, nothing else does.
func (s *scene) recordedName(uid, containerID string) (namespace, pod, container string) {
	if uid == "" && containerID == "" {
		return "", "", ""
	}
	for i := range s.ev.Metrics.Recorder {
		for j := range s.ev.Metrics.Recorder[i].Series {
			x := &s.ev.Metrics.Recorder[i].Series[j]
			if x.Pod == "" || x.Namespace == "" || x.PodUID != uid && (x.ContainerID == "" || x.ContainerID != containerID) {
				continue
			}
			namespace, pod = x.Namespace, x.Pod
			if x.ContainerID != "" && x.ContainerID == containerID {
				return namespace, pod, x.Container
			}
		}
	}
	return namespace, pod, ""
}

// recordedOther says that the recorder knows a report's cgroup to be of another pod than the request's.
func (s *scene) recordedOther(k *kill) bool {
	t := s.req.Target
	if t.Pod == "" || k.pod != nil {
		return false
	}
	ns, pod, _ := s.recordedName(k.report.PodUID, k.report.ContainerID)
	return pod != "" && (pod != t.Pod || t.Namespace != "" && ns != t.Namespace)
}

// adoptRecorded takes the names of the pod and the container that were killed from the recorder, where Kubernetes does
// not know them: the report is then matched by its cgroup.
func (s *scene) adoptRecorded() {
	t := s.req.Target
	ns, pod, container := s.recordedName(s.kill.report.PodUID, s.kill.report.ContainerID)
	if pod == "" || t.Pod != "" && (pod != t.Pod || cmp.Or(t.Namespace, ns) != ns) || !fitsWorkload(t, ns, pod) {
		return
	}
	s.kill.byTime = false
	s.target.Namespace, s.target.Pod = ns, pod
	if container != "" {
		s.container = container
	}
	if t.Node != "" {
		s.target.Container = s.container
	}
}

// fitsWorkload says whether a pod is called as those of the target's workload are; of a target that is no workload every
// pod is.
func fitsWorkload(t investigations.Target, ns, pod string) bool {
	if t.Workload == "" {
		return true
	}
	_, name, both := strings.Cut(t.Workload, "/")
	if !both {
		name = t.Workload
	}
	rest, ok := strings.CutPrefix(pod, name+"-")
	return ok && len(rest) <= 24 && strings.Count(rest, "-") <= 1 && cmp.Or(t.Namespace, ns) == ns
}

// knownSpec is the pod of the kill as Kubernetes or its workload describe it, else as far as the recorder tells of its
// containers; nil where nothing does.
func (s *scene) knownSpec() *investigations.Pod {
	if p := s.spec(); p != nil {
		return p
	}
	for i := range s.ev.Metrics.Recorder {
		if p := recordedPod(&s.ev.Metrics.Recorder[i], s.target.Namespace, s.target.Pod); p != nil {
			return p
		}
	}
	return nil
}

// recordedPod describes a pod as far as a recording does: its containers with the limits that the cgroups had. What they
// request is not known.
func recordedPod(r *investigations.Recorder, namespace, pod string) *investigations.Pod {
	names := recordedContainers(r, namespace, pod)
	if pod == "" || len(names) == 0 {
		return nil
	}
	p := &investigations.Pod{Namespace: namespace, Name: pod, Node: r.Node, Source: r.Source}
	for _, name := range names {
		p.Containers = append(p.Containers, investigations.Container{Name: name, Kind: investigations.ContainerApp})
	}
	for i := range r.Series {
		x := &r.Series[i]
		n := len(x.Series.V)
		if x.Namespace != namespace || x.Pod != pod || n == 0 || !slices.Contains([]string{investigations.RecordedLimit, "max"}, investigations.RecordedName(x.Name)) {
			continue
		}
		limit := int64(x.Series.V[n-1])
		if x.Container == "" {
			p.MemoryLimit = &limit
		} else if c := containerSpec(p, x.Container); c != nil {
			c.MemoryLimit = &limit
		}
		p.UID = cmp.Or(p.UID, x.PodUID)
	}
	return p
}

// recordedHolders adds the pods of the node that only its recorder tells of.
func (s *scene) recordedHolders(v *nodeView, seen map[string]bool) {
	for i := range s.ev.Metrics.Recorder {
		r := &s.ev.Metrics.Recorder[i]
		if s.node != "" && r.Node != s.node {
			continue
		}
		for j := range r.Series {
			x := &r.Series[j]
			name := x.Namespace + "/" + x.Pod
			if x.Namespace == "" || x.Pod == "" || seen[name] {
				continue
			}
			seen[name] = true
			p := recordedPod(r, x.Namespace, x.Pod)
			if p == nil || s.boundary == investigations.BoundarySlice && !s.inRecordedSlice(p) {
				continue
			}
			h := newHolder(p, name)
			h.unasked = true
			s.recordedHolder(h)
			if h.seen {
				v.holders = append(v.holders, h)
			}
		}
	}
}

// leastLargest is how many containers beside the victim's pod a recording needs for them to be the node's largest.
const leastLargest = 3

// unseenHolders finds the pods that a recording of the node's largest does not have, and that the kernel's table has as
// larger than the least of them: they came since.
func (s *scene) unseenHolders(v *nodeView) {
	r := s.recordingAlone()
	if r == nil {
		return
	}
	n, most, last := 0, math.Inf(1), 0.0
	seen := map[string]bool{}
	for i := range r.Series {
		x := &r.Series[i]
		key := x.Namespace + "/" + x.Pod + "/" + x.Container
		if x.Pod == "" || x.Container == "" || x.Pod == s.target.Pod && x.Namespace == s.target.Namespace || seen[key] {
			continue
		}
		seen[key] = true
		if p, _ := s.recordedHeld(x.Namespace, x.Pod, x.Container); p.len() > 0 {
			n, most, last = n+1, math.Min(most, p.Y[p.len()-1]), math.Max(last, p.X[p.len()-1])
		}
	}
	if n < leastLargest {
		return
	}
	for _, h := range v.holders {
		if h.outside() || h.climb != nil || h.seen || s.isVictim(h) || len(h.rows) == 0 || s.rowBytes(h.rows) < 2*most {
			continue
		}
		h.usual, h.source, h.climb = most, r.Source, unseenClimb(most, last, r.Source)
	}
}

// unseenShares does the same for the containers of the victim's pod, of which a recording has all.
func (s *scene) unseenShares(shares []share) {
	last := 0.0
	source := ""
	for _, x := range shares {
		if x.climb != nil {
			last, source = math.Max(last, x.climb.X[x.climb.len()-1]), x.source
		}
	}
	if source == "" {
		return
	}
	for i := range shares {
		if x := &shares[i]; x.climb == nil && x.usage > 0 && math.IsNaN(x.usual) && len(x.rows) > 0 {
			x.usual, x.source, x.climb = 0, source, unseenClimb(0, last, source)
		}
	}
}

// inRecordedSlice says whether a pod of which only its cgroup is known is below the cgroup whose limit broke: the victim
// is, and every pod of which the kernel's table of that cgroup has a process.
func (s *scene) inRecordedSlice(p *investigations.Pod) bool {
	name := p.Namespace + "/" + p.Name
	return p.Namespace == s.target.Namespace && p.Name == s.target.Pod ||
		slices.ContainsFunc(s.kill.tasks(), func(t investigations.KernelTask) bool { return s.recordedOwner(t) == name })
}

// askedByScore takes what pods request from oom_score_adj, where Kubernetes was not asked: for Burstable pods the kubelet
// sets it by each container's share of the node, for BestEffort pods, which request nothing, to 1000 (pkg/kubelet/qos,
// policy.go). Of other scores it can't be told.
func (s *scene) askedByScore(v *nodeView) {
	for _, h := range v.holders {
		if h.outside() || !h.unasked || len(h.rows) == 0 {
			continue
		}
		asked := map[int64]bool{}
		known := true
		for _, t := range h.rows {
			switch adj := t.OOMScoreAdj; {
			case adj == -998: // the pod's sandbox
			case adj >= 3 && adj <= 1000:
				asked[adj] = true
			default:
				known = false
			}
		}
		if !known || len(asked) == 0 || v.total <= 0 {
			continue
		}
		for adj := range asked {
			h.request += float64(1000-adj) / 1000 * v.total
		}
		h.unasked, h.byScore = false, true
	}
}
