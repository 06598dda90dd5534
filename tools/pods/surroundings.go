package pods

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

func nodeFact(name string, ev *investigations.PodEvidence) []investigations.Fact {
	i := slices.IndexFunc(ev.Nodes, func(n investigations.Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	n := &ev.Nodes[i]
	on := 0
	for j := range ev.Pods {
		if ev.Pods[j].Node == name {
			on++
		}
	}
	f := investigations.Fact{
		Key: "pods/node", Source: n.Source,
		Says: fmt.Sprintf("node %.100q: memory %s, of which pods may use %s; pods seen on it: %d; kernel %.60q, kubelet %.40q",
			n.Name, investigations.FormatBytes(n.CapacityBytes), investigations.FormatBytes(n.AllocatableBytes), on,
			n.KernelVersion, n.KubeletVersion),
		Values: map[string]float64{
			"capacity_bytes": float64(n.CapacityBytes), "allocatable_bytes": float64(n.AllocatableBytes), "pods": float64(on),
		},
	}
	for _, c := range n.Conditions {
		if c.Type == "MemoryPressure" && c.Status == "True" {
			f.Says += "; under memory pressure since " + stamp(c.At)
			f.At = c.At
		}
	}
	return []investigations.Fact{f}
}

// eventFact counts the events around the moment that are about the target's pods or their node, by reason.
func eventFact(req investigations.Request, events []investigations.Event, targets []*investigations.Pod, node string) []investigations.Fact {
	counts := map[string]int{}
	var newest *investigations.Event
	for i := range events {
		e := &events[i]
		if e.Last.Before(req.At.Add(-eventsBefore)) || e.First.After(req.At.Add(eventsAfter)) || !about(req.Target, e, targets, node) {
			continue
		}
		counts[e.Reason] += int(e.Count)
		if newest == nil || e.Last.After(newest.Last) {
			newest = e
		}
	}
	if newest == nil {
		return nil
	}
	var parts []string
	values := map[string]float64{}
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		if len(parts) < 8 {
			parts = append(parts, fmt.Sprintf("%.40q (%d)", reason, counts[reason]))
		}
	}
	return []investigations.Fact{{
		Key: "pods/events", At: newest.Last, Source: newest.Source, Values: values,
		Says: fmt.Sprintf("events around the moment about the target or its node: %s; the last one: %s", strings.Join(parts, ", "), investigations.Quote(newest.Message, 200)),
	}}
}

// about says whether an event is about one of the target's pods, or their node.
func about(t investigations.Target, e *investigations.Event, targets []*investigations.Pod, node string) bool {
	switch e.Kind {
	case "Node":
		return node != "" && e.Name == node
	case "Pod":
		if t.Pod != "" && e.Name == t.Pod && e.Namespace == t.Namespace {
			return true
		}
		return t.Node == "" && slices.ContainsFunc(targets, func(p *investigations.Pod) bool {
			return p.Name == e.Name && p.Namespace == e.Namespace
		})
	}
	return false
}

func rangeFact(namespace string, ranges []investigations.LimitRange) []investigations.Fact {
	for i := range ranges {
		l := &ranges[i]
		if l.Namespace != namespace || namespace == "" || l.DefaultLimit == nil {
			continue
		}
		f := investigations.Fact{
			Key: "pods/limitrange", Source: l.Source, At: l.Created,
			Says: fmt.Sprintf("LimitRange %.100q gives a container of namespace %.100q that sets none a memory limit of %s",
				l.Name, namespace, investigations.FormatBytes(*l.DefaultLimit)),
			Values: map[string]float64{"default_limit_bytes": float64(*l.DefaultLimit)},
		}
		if n := len(l.Changed); n > 0 && !l.Changed[n-1].At.IsZero() {
			f.At = l.Changed[n-1].At
			f.Says += ", last changed at " + stamp(f.At)
		}
		return []investigations.Fact{f}
	}
	return nil
}

func inventory(ev *investigations.PodEvidence) []investigations.Fact {
	if len(ev.Pods) == 0 {
		return nil
	}
	namespaces, nodes := map[string]bool{}, map[string]bool{}
	killed := 0
	for i := range ev.Pods {
		p := &ev.Pods[i]
		namespaces[p.Namespace] = true
		if p.Node != "" {
			nodes[p.Node] = true
		}
		for j := range p.Containers {
			if t := ended(&p.Containers[j]); t != nil && t.Reason == "OOMKilled" {
				killed++
			}
		}
	}
	return []investigations.Fact{{
		Key: "pods/inventory", Source: podsFile,
		Says: fmt.Sprintf("pods seen: %d, of namespaces: %d, on nodes: %d; containers whose last end was OOMKilled: %d",
			len(ev.Pods), len(namespaces), len(nodes), killed),
		Values: map[string]float64{
			"pods": float64(len(ev.Pods)), "namespaces": float64(len(namespaces)), "nodes": float64(len(nodes)),
			"oom_killed": float64(killed),
		},
	}}
}
