package rules

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/oombot/oombot/investigations"
)

// holder is somebody who holds memory of the node: a pod, or a program outside Kubernetes.
type holder struct {
	pod  *investigations.Pod // nil outside Kubernetes
	name string              // namespace/pod, or the program's name
	// usage at the kill, usual before, and request, in bytes. usual is NaN where nothing is known.
	usage, usual, request, limit float64
	// seen says that usage comes from metrics; else it is summed from the kernel's task table.
	seen bool
	// source is the recording that usage or usual rests on, and climb what it tells; empty for the metrics.
	source string
	climb  *climb
	// unasked says that what it requests is not known, byScore that it is told by its processes' oom_score_adj.
	unasked, byScore bool
	// rows are the processes of the kernel's table that belong to it.
	rows []investigations.KernelTask
	comm string
	pid  int64
}

// unnamed is the holder of what a node uses beyond its pods where no table tells which program, or whether the kernel.
const unnamed = "What is on the node beside its pods"

func newHolder(p *investigations.Pod, name string) *holder {
	return &holder{pod: p, name: name, usual: math.NaN()}
}

// growth is how much more it held than usual; 0 where its past is not known.
func (h *holder) growth() float64 {
	if math.IsNaN(h.usual) {
		return 0
	}
	return math.Max(0, h.usage-h.usual)
}

// excess is how much it held beyond what it asked for.
func (h *holder) excess() float64 { return math.Max(0, h.usage-h.request) }

// outside says that it is no pod.
func (h *holder) outside() bool { return h.pod == nil }

// nodeView is the memory of the node at the kill, by holder, the largest first.
type nodeView struct {
	holders          []*holder
	total, available float64
	// room is what ran out: the limit of the cgroup above the pods where the kernel tells it, else total.
	room float64
	// usage, requests and limits are sums over the pods; allocatable is the node's, all in bytes.
	usage, requests, limits, allocatable float64
	growth, excess                       float64
	hasPast                              bool
	// scraped says that metrics tell of the node's pods; else a flight recorder does, if anything.
	scraped bool
	// named is who is supposed to have used the memory up, or to be nobody in particular where it is nil; supposed says
	// that somebody supposes so.
	named    *holder
	supposed bool
}

// findNode draws the picture of the node, where a boundary above the pod broke.
func (s *scene) findNode() {
	switch s.boundary {
	case investigations.BoundaryNode, investigations.BoundaryNUMA, investigations.BoundaryNodeAllocatable, investigations.BoundarySlice:
		s.drawNode()
	}
}

// drawNode draws it.
func (s *scene) drawNode() {
	v := &nodeView{total: s.nodeTotal(), scraped: len(s.ev.Metrics.Queries[investigations.QueryNodePods].Series) > 0}
	v.room = v.total
	if limit := s.killLimit(); limit > 0 && s.amongPods() {
		v.room = limit
	}
	if s.nodeObj != nil {
		v.allocatable = float64(s.nodeObj.AllocatableBytes)
	}
	s.podHolders(v)
	s.tableHolders(v)
	s.askedByScore(v)
	s.unseenHolders(v)
	if !s.amongPods() {
		s.outsideTrend(v)
	}
	v.sum()
	s.view = v
}

// amongPods says that the cgroup whose limit ran out holds pods alone (kubepods, or a QoS class below it): what runs
// outside Kubernetes neither counts against it nor stands in the kernel's table of it (mm/memcontrol.c,
// mem_cgroup_scan_tasks).
func (s *scene) amongPods() bool {
	return s.kill != nil && s.kill.report.Kind == investigations.KernelMemcg && containsAny(s.kill.report.OOMMemcg, "kubepods") &&
		(s.boundary == investigations.BoundaryNodeAllocatable || s.boundary == investigations.BoundarySlice)
}

// killLimit is the limit that the kernel's report tells, in bytes; 0 where it tells none.
func (s *scene) killLimit() float64 {
	if s.kill == nil || s.kill.report.Memory == nil || s.kill.report.Memory.LimitKB == nil {
		return 0
	}
	return float64(*s.kill.report.Memory.LimitKB) * 1024
}

func (v *nodeView) sum() {
	sort.SliceStable(v.holders, func(i, j int) bool { return v.holders[i].usage > v.holders[j].usage })
	for _, h := range v.holders {
		if !h.outside() {
			v.usage += h.usage
			v.requests += h.request
			v.limits += h.limit
		}
		v.growth += h.growth()
		v.excess += h.excess()
		v.hasPast = v.hasPast || !math.IsNaN(h.usual)
	}
}

// podHolders adds every pod of the node, with its usage before the kill and what was usual.
func (s *scene) podHolders(v *nodeView) {
	series := map[string]points{}
	for _, sr := range s.ev.Metrics.Queries[investigations.QueryNodePods].Series {
		series[sr.Namespace+"/"+sr.Pod] = pointsOf(sr)
	}
	seen := map[string]bool{}
	for i := range s.ev.Pods.Pods {
		p := &s.ev.Pods.Pods[i]
		name := p.Namespace + "/" + p.Name
		if p.Node != s.node && series[name].len() == 0 {
			continue
		}
		if s.boundary == investigations.BoundarySlice && !s.inSlice(p) {
			continue
		}
		seen[name] = true
		h := newHolder(p, name)
		h.request, h.limit = podRequest(p)
		s.measure(h, series[name])
		s.recordedHolder(h)
		v.holders = append(v.holders, h)
	}
	for name, pts := range series {
		if !seen[name] && s.boundary != investigations.BoundarySlice {
			seen[name] = true
			h := newHolder(&investigations.Pod{Name: name}, name)
			h.pod.Namespace, h.pod.Name = splitName(name)
			h.unasked = true
			s.measure(h, pts)
			s.recordedHolder(h)
			v.holders = append(v.holders, h)
		}
	}
	s.recordedHolders(v, seen)
	slices.SortFunc(v.holders, func(a, b *holder) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
}

func splitName(n string) (ns, name string) {
	for i := range n {
		if n[i] == '/' {
			return n[:i], n[i+1:]
		}
	}
	return "", n
}

// inSlice says whether a pod lives below the QoS slice whose limit broke.
func (s *scene) inSlice(p *investigations.Pod) bool {
	if s.kill == nil || s.kill.report.QoS == "" {
		return true
	}
	path := s.kill.report.OOMMemcg
	switch {
	case containsAny(path, "burstable"):
		return p.QoS == "Burstable"
	case containsAny(path, "besteffort"):
		return p.QoS == "BestEffort"
	}
	return true
}

// measure takes usage just before the kill, and the usual: the median of what came at least half an hour
// before it, or of the first half of the series where it is shorter.
func (s *scene) measure(h *holder, p points) {
	at := seconds(s.at)
	x, _, ok := p.last(at + 1)
	if !ok || at-x > 600 {
		return
	}
	h.usage, h.seen = p.highBefore(at), true
	past := p.between(0, at-1800)
	if past.len() < 10 {
		all := p.between(0, at)
		past = points{all.X[:all.len()/2], all.Y[:all.len()/2]}
	}
	if past.len() >= 3 {
		h.usual = median(past.Y)
		// A pod that was not there before the rise brought all that it holds.
		if first := p.X[0]; first > seconds(s.req.From())+600 && at-first < 3600 {
			h.usual = math.Min(h.usual, past.Y[0])
		}
		if low, on := riseSinceStart(p.between(0, at), past); on && p.X[0] > seconds(s.req.From())+600 {
			h.usual = low
		}
	} else if p.len() > 0 && p.X[0] > seconds(s.req.From())+600 {
		h.usual = 0
	}
}

// riseSinceStart says whether a pod has been rising ever since it started, and from which level: such a pod has no
// usual level but that of its start.
func riseSinceStart(all, past points) (low float64, rising bool) {
	low = median(all.Y[:max(1, all.len()/10)])
	mid := median(past.Y)
	return low, mid > 1.3*low && all.Y[all.len()-1] > 1.5*mid
}

// podRequest sums up a pod's memory requests and limits; a limit of 0 means none.
func podRequest(p *investigations.Pod) (request, limit float64) {
	unlimited := false
	for _, c := range p.Containers {
		if c.Kind != investigations.ContainerApp && c.Kind != investigations.ContainerSidecar {
			continue
		}
		if c.MemoryRequest != nil {
			request += float64(*c.MemoryRequest)
		}
		if c.MemoryLimit != nil {
			limit += float64(*c.MemoryLimit)
		} else {
			unlimited = true
		}
	}
	if p.MemoryRequest != nil {
		request = float64(*p.MemoryRequest)
	}
	if unlimited {
		limit = 0
	}
	if p.MemoryLimit != nil {
		limit = float64(*p.MemoryLimit)
	}
	return request, limit
}

// outsideTrend judges, from what the node used beyond its pods, whether programs outside Kubernetes grew.
func (s *scene) outsideTrend(v *nodeView) {
	avail := s.nodeCurve(investigations.QueryNodeAvailable)
	if avail.len() < 10 || v.total <= 0 {
		return
	}
	at := seconds(s.at)
	if w := avail.between(at-180, at+30); w.len() > 0 {
		v.available = minOf(w.Y)
	}
	var pods []points
	for _, sr := range s.ev.Metrics.Queries[investigations.QueryNodePods].Series {
		pods = append(pods, pointsOf(sr))
	}
	if len(pods) == 0 {
		return
	}
	rest := func(x float64) float64 {
		used := v.total - avail.at(x)
		for _, p := range pods {
			if px, y, ok := p.last(x); ok && x-px <= 300 {
				used -= y
			}
		}
		return used
	}
	var past []float64
	for _, x := range avail.between(0, at-1800).thin(120).X {
		past = append(past, rest(x))
	}
	var now []float64
	for _, x := range avail.between(at-150, at-1).X {
		now = append(now, rest(x))
	}
	if len(past) < 3 || len(now) == 0 {
		return
	}
	grown := maxOf(now) - median(past)
	if grown < 0.05*v.total && s.outsideBurst(v, maxOf(now)) {
		return
	}
	if grown < 0.05*v.total {
		for _, h := range v.holders {
			if h.outside() {
				h.usual = h.usage
			}
		}
		return
	}
	// What grew outside the pods belongs to the largest program outside them, if one is large enough.
	var top *holder
	for _, h := range v.holders {
		if h.outside() && (top == nil || h.usage > top.usage) {
			top = h
		}
	}
	if top != nil && top.usage >= 0.4*grown {
		top.usual = math.Max(0, top.usage-grown)
		return
	}
	if len(s.kill.tasks()) == 0 {
		v.holders = append(v.holders, &holder{name: unnamed, usage: maxOf(now), usual: median(past), seen: true})
	}
}

func (k *kill) tasks() []investigations.KernelTask {
	if k == nil {
		return nil
	}
	return k.report.Tasks
}

// sayHolder states what a holder held, with the arithmetic, and returns the fact's id.
func (s *scene) sayHolder(h *holder) string {
	values := map[string]float64{"usage_bytes": h.usage, "request_bytes": h.request}
	text := fmt.Sprintf("%s held %s at that moment", h.name, bytesOf(h.usage))
	if !h.seen && len(h.rows) > 0 {
		text += fmt.Sprintf(" (%s in the kernel's table)", processes(len(h.rows)))
	}
	if !math.IsNaN(h.usual) {
		values["usual_bytes"], values["growth_bytes"] = h.usual, h.usage-h.usual
		text += fmt.Sprintf("; usual before was %s", bytesOf(h.usual))
	}
	tool, src := investigations.ToolMetrics, s.ev.Metrics.Queries[investigations.QueryNodePods].Source
	if h.source != "" {
		src = h.source
	}
	if !h.seen && s.kill != nil {
		tool, src = investigations.ToolKernlog, s.kill.source()
	}
	switch {
	case h.outside() && h.name != unnamed:
		text += "; it runs outside Kubernetes"
	case h.outside():
	case h.unasked:
		delete(values, "request_bytes")
		text += "; what it requests is not known"
	case h.byScore:
		text += fmt.Sprintf("; by the oom_score_adj of its processes it requests about %s", bytesOf(h.request))
	default:
		text += fmt.Sprintf("; it requests %s", bytesOf(h.request))
		if h.limit > 0 {
			text += fmt.Sprintf(" and may use %s", bytesOf(h.limit))
			values["limit_bytes"] = h.limit
		} else {
			text += " and has no limit"
		}
	}
	if h.climb != nil {
		values["rise_begins_unix"] = math.Round(h.climb.since)
		text += h.climb.words(s.view.room) + s.recordedGrower(h.pod.Namespace, h.pod.Name, "")
	}
	return s.fact("holder/"+h.name, tool, s.at, src, values, "%s.", text)
}
