package rules

import (
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// findBoundary answers whose limit ran out: from the kernel's report where there is one, else from how near
// container, pod and node were to their limits.
func (s *scene) findBoundary() {
	switch {
	case s.reason != nil:
		s.boundary = investigations.BoundaryNone
	case s.mechanism == investigations.RuntimeOOM:
		s.boundary = investigations.BoundaryHeap
	case s.mechanism == investigations.KubeletEviction:
		s.boundary = investigations.BoundaryNode
	case s.mechanism == investigations.SystemdOOMD:
		s.boundary = s.oomdBoundary()
	case s.startKill:
		s.boundary = investigations.BoundaryContainer
		if c := containerSpec(s.pod, s.container); s.pod != nil && s.pod.MemoryLimit != nil && (c == nil || c.MemoryLimit == nil || *s.pod.MemoryLimit < *c.MemoryLimit) {
			s.boundary = investigations.BoundaryPod
		}
	case s.kill != nil && s.kill.report.Boundary != investigations.BoundaryUnknown && s.kill.report.Boundary != "":
		s.boundary = s.kill.report.Boundary
	case s.mechanism == investigations.GlobalOOMKill:
		s.boundary = investigations.BoundaryNode
	case s.mechanism == investigations.MemcgOOMKill && s.ownLimit():
		s.boundary = investigations.BoundaryContainer
	case s.mechanism == investigations.MemcgOOMKill:
		s.boundary = s.boundaryFromUsage()
	}
	s.limitBytes = s.limitInForce()
}

// oomdBoundary: systemd-oomd watches a cgroup's pressure, or the machine's memory and swap.
func (s *scene) oomdBoundary() investigations.Boundary {
	text := s.userKill.Text
	i := strings.Index(text, "memory pressure for ")
	if i < 0 {
		return investigations.BoundaryNode
	}
	watched, _, _ := strings.Cut(text[i+len("memory pressure for "):], " ")
	watched = strings.TrimSuffix(watched, "/")
	switch {
	case strings.HasSuffix(watched, "/kubepods.slice") || strings.HasSuffix(watched, "/kubepods"):
		return investigations.BoundaryNodeAllocatable
	case watched == "" || watched == "/" || watched == "-.slice":
		return investigations.BoundaryNode
	}
	return investigations.BoundarySlice
}

// boundaryFromUsage infers the boundary of a kill that no kernel report describes.
func (s *scene) boundaryFromUsage() investigations.Boundary {
	usage, at, ok := s.lastUsage(s.target.Pod, s.container)
	limit := s.specLimit()
	switch {
	case ok && limit > 0 && usage >= 0.85*limit && usage/limit >= s.podFill():
		s.fact("boundary/near", investigations.ToolMetrics, at, s.usageSource(),
			map[string]float64{"working_set_bytes": usage, "limit_bytes": limit},
			"The last sample before the kill has the container's working set at %s, %s of its limit of %s.",
			bytesOf(usage), percent(usage/limit), bytesOf(limit))
		return investigations.BoundaryContainer
	case ok && s.podFill() >= 0.85:
		s.sayPodFill()
		return investigations.BoundaryPod
	case ok && limit > 0:
		s.fact("boundary/far", investigations.ToolMetrics, at, s.usageSource(),
			map[string]float64{"working_set_bytes": usage, "limit_bytes": limit},
			"The last sample before the kill has the container's working set at %s, only %s of its limit of %s.",
			bytesOf(usage), percent(usage/limit), bytesOf(limit))
		if s.nodeShort() {
			return investigations.BoundaryNode
		}
		if _, known := s.nodeFree(); known && !s.unreported {
			// The node had memory to spare, so the limit was its own: the sample missed the peak.
			return investigations.BoundaryContainer
		}
	case s.nodeShort():
		return investigations.BoundaryNode
	}
	return investigations.BoundaryUnknown
}

// podFill is the share of the pod's limit that its containers used together just before; 0 where the pod has
// one container, or no limit.
func (s *scene) podFill() float64 {
	limit := s.podLimit()
	if limit <= 0 || s.spec() == nil || len(s.spec().Containers) < 2 {
		return 0
	}
	return s.podUsage() / limit
}

func (s *scene) podUsage() float64 {
	var sum float64
	for _, c := range s.spec().Containers {
		if u, _, ok := s.lastUsage(s.target.Pod, c.Name); ok {
			sum += u
		}
	}
	return sum
}

func (s *scene) sayPodFill() {
	s.fact("boundary/pod", investigations.ToolMetrics, s.at, s.ev.Metrics.Queries[investigations.QueryWorkingSet].Source,
		map[string]float64{"working_set_bytes": s.podUsage(), "limit_bytes": s.podLimit()},
		"The containers of the pod together used %s just before, %s of the pod's limit of %s.", bytesOf(s.podUsage()), percent(s.podFill()), bytesOf(s.podLimit()))
}

// podLimit is the limit of the pod's cgroup: the pod-level one, else the sum where every container has one.
func (s *scene) podLimit() float64 {
	pod := s.spec()
	if pod == nil {
		return 0
	}
	if pod.MemoryLimit != nil {
		return float64(*pod.MemoryLimit)
	}
	var sum float64
	for _, c := range pod.Containers {
		if c.Kind != investigations.ContainerApp && c.Kind != investigations.ContainerSidecar {
			continue
		}
		if c.MemoryLimit == nil {
			return 0
		}
		sum += float64(*c.MemoryLimit)
	}
	return sum + float64(pod.OverheadMemoryBytes)
}

// specLimit is the container's own limit: what the kubelet put in force, else the spec's, else the metric's.
func (s *scene) specLimit() float64 { return s.containerLimit(s.target.Pod, s.container) }

func (s *scene) containerLimit(pod, container string) float64 {
	if p := s.findPod(s.target.Namespace, pod); p != nil {
		if c := containerSpec(p, container); c != nil {
			if c.MemoryLimit != nil {
				return float64(*c.MemoryLimit)
			}
			if c.AllocatedLimit != nil {
				return float64(*c.AllocatedLimit)
			}
		}
	}
	if p := s.curve(investigations.QueryLimit, pod, container); p.len() > 0 {
		return p.at(seconds(s.at))
	}
	return s.recordedLimit(pod, container)
}

// limitInForce is the limit that broke.
func (s *scene) limitInForce() float64 {
	if s.kill != nil && s.kill.report.Memory != nil && s.kill.report.Memory.LimitKB != nil {
		return float64(*s.kill.report.Memory.LimitKB) * 1024
	}
	switch s.boundary {
	case investigations.BoundaryContainer, investigations.BoundaryHeap:
		return s.specLimit()
	case investigations.BoundaryPod:
		return s.podLimit()
	case investigations.BoundaryNodeAllocatable:
		if s.nodeObj != nil {
			return float64(s.nodeObj.AllocatableBytes)
		}
	case investigations.BoundaryNode, investigations.BoundaryNUMA:
		if s.nodeObj != nil {
			return float64(s.nodeObj.CapacityBytes)
		}
	}
	return 0
}

// curve returns a container's series of a query, as points.
func (s *scene) curve(query, pod, container string) points {
	for _, sr := range s.ev.Metrics.Queries[query].Series {
		if sr.Pod == pod && (sr.Namespace == "" || sr.Namespace == s.target.Namespace) && sr.Container == container {
			return pointsOf(sr)
		}
	}
	return points{}
}

func pointsOf(sr investigations.Series) points {
	p := points{X: make([]float64, len(sr.T)), Y: sr.V}
	for i, t := range sr.T {
		p.X[i] = float64(t) / 1000
	}
	return p
}

// lastUsage returns the last sample of a container's working set before the kill, no older than ten minutes.
func (s *scene) lastUsage(pod, container string) (float64, time.Time, bool) {
	for _, q := range []string{investigations.QueryWorkingSet, investigations.QueryRSS} {
		x, y, ok := s.curve(q, pod, container).last(seconds(s.at))
		if ok && seconds(s.at)-x <= 600 {
			return y, fromSeconds(x), true
		}
	}
	if pod == s.target.Pod {
		if p, _, _ := s.recorded(container); p.len() > 0 && seconds(s.at)-p.X[p.len()-1] <= 600 {
			return p.Y[p.len()-1], fromSeconds(p.X[p.len()-1]), true
		}
	}
	return 0, time.Time{}, false
}

func (s *scene) nearLimit() bool {
	u, _, ok := s.lastUsage(s.target.Pod, s.container)
	l := s.specLimit()
	return ok && l > 0 && u >= 0.85*l
}

// nodeFree returns the lowest share of the node's memory that was available in the minutes around the kill.
func (s *scene) nodeFree() (float64, bool) {
	avail := s.nodeCurve(investigations.QueryNodeAvailable)
	total := s.nodeTotal()
	w := avail.between(seconds(s.at)-180, seconds(s.at)+30)
	if w.len() == 0 || total <= 0 {
		return 0, false
	}
	return minOf(w.Y) / total, true
}

// nodeShort says whether the node was close to running out: the kernel keeps a few percent for itself.
func (s *scene) nodeShort() bool {
	free, ok := s.nodeFree()
	if !ok {
		return false
	}
	if free < 0.05 {
		s.fact("node/short", investigations.ToolMetrics, s.at, s.ev.Metrics.Queries[investigations.QueryNodeAvailable].Source,
			map[string]float64{"available_share": free}, "The node had only %s of its memory available at that moment.", percent(free))
	}
	return free < 0.05
}

func (s *scene) nodeCurve(query string) points {
	for _, sr := range s.ev.Metrics.Queries[query].Series {
		if sr.Node == s.node || s.node == "" || len(s.ev.Metrics.Queries[query].Series) == 1 {
			return pointsOf(sr)
		}
	}
	return points{}
}

func (s *scene) nodeTotal() float64 {
	if s.nodeObj != nil && s.nodeObj.CapacityBytes > 0 {
		return float64(s.nodeObj.CapacityBytes)
	}
	if p := s.nodeCurve(investigations.QueryNodeTotal); p.len() > 0 {
		return p.Y[p.len()-1]
	}
	if s.kill != nil && s.kill.report.Node != nil && s.kill.report.Node.RAMPages != nil {
		return float64(*s.kill.report.Node.RAMPages) * s.kill.pageSize()
	}
	return 0
}
