package functions

import (
	"cmp"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// mostNeighbours is how many pods of a node are told.
	mostNeighbours = 9
	// recentUse is how old a sample may be to stand for what a pod uses.
	recentUse = 15 * time.Minute
)

// findNode returns what is known of a node; nil where it was not read.
func (s *Set) findNode(name string) *investigations.Node {
	for i := range s.ev.Pods.Nodes {
		if s.ev.Pods.Nodes[i].Name == name {
			return &s.ev.Pods.Nodes[i]
		}
	}
	return nil
}

// nodeState tells the size, versions and conditions of a node.
func (s *Set) nodeState(name string, a *answer) {
	if !s.ev.Pods.HasNodes {
		s.blind(a, investigations.ToolPods)
		return
	}
	n := s.findNode(name)
	if n == nil {
		a.note("nothing found: %d nodes were read, and %s is none of them", len(s.ev.Pods.Nodes), quote(name, 80))
		return
	}
	t := say("node %s: memory %s, of which pods may use %s", quote(n.Name, 80), bytesOf("capacity", n.CapacityBytes), bytesOf("allocatable", n.AllocatableBytes))
	if n.SwapBytes != nil {
		t.and(", swap %s", bytesOf("swap", *n.SwapBytes))
	}
	t.and("; kernel %s, kubelet %s, runtime %s, system %s", quote(n.KernelVersion, 60), quote(n.KubeletVersion, 40), quote(n.Runtime, 40), quote(n.OSImage, 60))
	if n.Unschedulable {
		t.and("; it takes no new pods")
	}
	a.add(time.Time{}, n.Source, t)
	for _, c := range n.Conditions {
		a.add(c.At, n.Source, say("node %s: condition %s is %s since %s (%s)", quote(n.Name, 80), quote(c.Type, 40), quote(c.Status, 10), c.At, quote(c.Reason, 60)))
	}
}

// neighbour is a pod of a node.
type neighbour struct {
	pod      *investigations.Pod
	requests int64
	limits   int64 // 0: at least one container has none
	used     float64
	usedAt   time.Time
	measured bool
}

// neighbours tells of the pods on a node, those that use most first.
func (s *Set) neighbours(node string, a *answer) {
	if !s.ev.Pods.HasPods {
		s.blind(a, investigations.ToolPods)
		return
	}
	found := s.onNode(node)
	if len(found) == 0 {
		a.note("nothing found: %d pods were read, none of them runs on node %s", len(s.ev.Pods.Pods), quote(node, 80))
		return
	}
	var requests, limits int64
	unlimited := 0
	for _, n := range found {
		requests += n.requests
		if limits += n.limits; n.limits == 0 {
			unlimited++
		}
	}
	t := say("on node %s run %s that were read: memory requests %s in all, limits %s in all, without a limit %s", quote(node, 80),
		things("pods", len(found), "pod", "pods"), bytesOf("requests", requests), bytesOf("limits", limits), countOf("pods_without_limit", unlimited))
	if n := s.findNode(node); n != nil {
		t.and("; pods may use %s of the node", bytesOf("allocatable", n.AllocatableBytes))
	}
	a.add(time.Time{}, found[0].pod.Source, t)
	for i, n := range found {
		if i == mostNeighbours {
			a.note("%d smaller pods not shown", len(found)-i)
			return
		}
		t := say("pod %s on node %s: QoS class %s, memory request %s, limit ", quote(n.pod.Namespace+"/"+n.pod.Name, 200), quote(node, 80), quote(n.pod.QoS, 20), bytesOf("request", n.requests))
		if n.limits == 0 {
			t.and("none")
		} else {
			t.and("%s", bytesOf("limit", n.limits))
		}
		source := n.pod.Source
		if n.measured {
			t.and("; working set %s at %s", bytesOf("used", n.used), n.usedAt)
			source += "; " + s.ev.Metrics.Queries[investigations.QueryNodePods].Source
		}
		a.add(n.usedAt, source, t)
	}
}

// onNode returns the pods that run on a node, those that use most first, then those that may use most.
func (s *Set) onNode(node string) []neighbour {
	var out []neighbour
	index := map[[2]string]int{}
	for i := range s.ev.Pods.Pods {
		p := &s.ev.Pods.Pods[i]
		if p.Node != node || node == "" || p.Phase == "Succeeded" || p.Phase == "Failed" {
			continue
		}
		n := neighbour{pod: p}
		n.requests, n.limits = asksFor(p)
		index[[2]string{p.Namespace, p.Name}] = len(out)
		out = append(out, n)
	}
	if s.ev.Metrics != nil {
		moment := s.at()
		series := s.ev.Metrics.Queries[investigations.QueryNodePods].Series
		for i := range series {
			k, ok := index[[2]string{series[i].Namespace, series[i].Pod}]
			if !ok {
				continue
			}
			if j := lastBefore(&series[i], moment); j >= 0 && moment.Sub(time.UnixMilli(series[i].T[j])) <= recentUse {
				out[k].used, out[k].usedAt, out[k].measured = series[i].V[j], time.UnixMilli(series[i].T[j]), true
			}
		}
	}
	slices.SortStableFunc(out, func(x, y neighbour) int {
		return cmp.Or(cmp.Compare(y.used, x.used), cmp.Compare(y.limits, x.limits), cmp.Compare(y.requests, x.requests),
			cmp.Compare(x.pod.Namespace+"/"+x.pod.Name, y.pod.Namespace+"/"+y.pod.Name))
	})
	return out
}

// asksFor sums up what the containers of a pod that run together request, and their limits; 0 as the limit where one has
// none.
func asksFor(p *investigations.Pod) (requests, limits int64) {
	bounded := true
	for _, c := range p.Containers {
		if c.Kind != investigations.ContainerApp && c.Kind != investigations.ContainerSidecar {
			continue
		}
		if c.MemoryRequest != nil {
			requests += *c.MemoryRequest
		}
		if c.MemoryLimit == nil {
			bounded = false
		} else {
			limits += *c.MemoryLimit
		}
	}
	if !bounded {
		limits = 0
	}
	if p.MemoryRequest != nil {
		requests = *p.MemoryRequest
	}
	if p.MemoryLimit != nil {
		limits = *p.MemoryLimit
	}
	return requests, limits
}

// quota tells of a namespace's LimitRanges and quotas.
func (s *Set) quota(namespace string, a *answer) {
	for _, l := range s.ev.Pods.LimitRanges {
		if l.Namespace != namespace {
			continue
		}
		t := say("LimitRange %s: a container gets a memory limit of ", quote(l.Namespace+"/"+l.Name, 120))
		t.orNone("default_limit", l.DefaultLimit).and(" by default and a request of ").orNone("default_request", l.DefaultRequest)
		t.and("; it may have at most ").orNone("max", l.Max).and(", at least ").orNone("min", l.Min).and(", a pod at most ").orNone("pod_max", l.PodMax)
		at := time.Time{}
		for _, c := range l.Changed {
			if c.At.After(at) {
				at = c.At
			}
		}
		if !at.IsZero() {
			t.and("; last changed at %s", at)
		}
		a.add(at, l.Source, t)
	}
	for _, q := range s.ev.Pods.Quotas {
		if q.Namespace != namespace {
			continue
		}
		t := say("ResourceQuota %s: memory limits ", quote(q.Namespace+"/"+q.Name, 120))
		t.orNone("used_limits", q.UsedLimits).and(" used of ").orNone("hard_limits", q.HardLimits)
		t.and(", memory requests ").orNone("used_requests", q.UsedRequests).and(" used of ").orNone("hard_requests", q.HardRequests)
		a.add(time.Time{}, q.Source, t)
	}
	if a.empty() {
		s.foundNone(a, []string{"limitranges", "resourcequotas"}, "no LimitRange or ResourceQuota of namespace %s is among what was read", quote(namespace, 80))
	}
}
