package pods

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxFacts bounds the inventory; maxPods and maxContainers the part of it that is the target's.
	maxFacts, maxPods, maxContainers = 10, 2, 4
	// eventsBefore and eventsAfter are how far from the moment an event is told of.
	eventsBefore, eventsAfter = time.Hour, 30 * time.Minute
)

// facts say what the files hold of the target and its surroundings.
func facts(req investigations.Request, ev *investigations.PodEvidence) []investigations.Fact {
	var out []investigations.Fact
	targets := targetPods(req.Target, ev.Pods, maxPods)
	for _, p := range targets {
		if req.Target.Node == "" {
			out = append(out, podFact(p))
			out = append(out, containerFacts(req.Target.Container, p, maxContainers/len(targets))...)
		}
	}
	if node := targetNode(req.Target, ev.Pods); node != "" {
		out = append(out, nodeFact(node, ev)...)
	}
	out = append(out, eventFact(req, ev.Events, targets)...)
	out = append(out, rangeFact(req.Target.Namespace, ev.LimitRanges)...)
	out = append(out, inventory(ev)...)
	out = out[:min(len(out), maxFacts)]
	for i := range out {
		out[i].Tool = investigations.ToolPods
		out[i].Says = investigations.CleanText(out[i].Says, 600)
		out[i].Source = investigations.CleanText(out[i].Source, 300)
		if len(out[i].Values) == 0 {
			out[i].Values = nil
		}
	}
	return out
}

func podFact(p *investigations.Pod) investigations.Fact {
	says := fmt.Sprintf("pod %.200q", p.Namespace+"/"+p.Name)
	if p.OwnerName != "" {
		says += fmt.Sprintf(" of %.200q", p.OwnerKind+"/"+p.OwnerName)
	}
	if p.Node != "" {
		says += fmt.Sprintf(" on node %.100q", p.Node)
	}
	says += fmt.Sprintf(": QoS class %.40q, phase %.40q", p.QoS, p.Phase)
	if !p.Created.IsZero() {
		says += ", created at " + stamp(p.Created)
	}
	if p.Reason != "" {
		says += fmt.Sprintf(", reason %.60q (%.150q)", p.Reason, p.Message)
	}
	if !p.Deleted.IsZero() {
		says += ", deletion asked for, to end by " + stamp(p.Deleted)
	}
	f := investigations.Fact{Key: "pods/target/" + p.Namespace + "/" + p.Name, Says: says, Source: p.Source, Values: map[string]float64{}}
	if p.MemoryLimit != nil {
		f.Says += ", pod-level memory limit " + investigations.FormatBytes(*p.MemoryLimit)
		f.Values["pod_limit_bytes"] = float64(*p.MemoryLimit)
	}
	return f
}

// containerFacts tell of the container that is asked for, else of those that ended or restarted, else of all.
func containerFacts(only string, p *investigations.Pod, limit int) []investigations.Fact {
	told := func(c *investigations.Container) bool {
		return c.Restarts > 0 || ended(c) != nil
	}
	some := slices.ContainsFunc(p.Containers, func(c investigations.Container) bool { return told(&c) })
	var out []investigations.Fact
	for i := range p.Containers {
		c := &p.Containers[i]
		if only != "" && c.Name != only || only == "" && some && !told(c) || len(out) == limit {
			continue
		}
		out = append(out, containerFact(p, c))
	}
	return out
}

// ended returns how a container ended: now, if it has ended, or the last time.
func ended(c *investigations.Container) *investigations.Termination {
	if c.State.Terminated != nil {
		return c.State.Terminated
	}
	return c.LastState.Terminated
}

func containerFact(p *investigations.Pod, c *investigations.Container) investigations.Fact {
	f := investigations.Fact{
		Key: "pods/container/" + p.Namespace + "/" + p.Name + "/" + c.Name, Source: p.Source,
		Values: map[string]float64{"restarts": float64(c.Restarts)},
	}
	amount := func(key string, b *int64) string {
		if b == nil {
			return "none"
		}
		f.Values[key] = float64(*b)
		return investigations.FormatBytes(*b)
	}
	f.Says = fmt.Sprintf("container %.100q (%s): memory limit %s, request %s, restarts: %d", c.Name, c.Kind,
		amount("limit_bytes", c.MemoryLimit), amount("request_bytes", c.MemoryRequest), c.Restarts)
	if c.AllocatedLimit != nil && (c.MemoryLimit == nil || *c.AllocatedLimit != *c.MemoryLimit) {
		f.Says += "; limit in force " + amount("limit_in_force_bytes", c.AllocatedLimit)
	}
	switch {
	case !c.State.RunningSince.IsZero():
		f.Says += "; running since " + stamp(c.State.RunningSince)
	case c.State.WaitingReason != "":
		f.Says += fmt.Sprintf("; waiting: %.60q %.150q", c.State.WaitingReason, c.State.WaitingMessage)
	}
	if t := ended(c); t != nil {
		f.At = t.FinishedAt
		f.Values["exit_code"] = float64(t.ExitCode)
		f.Says += fmt.Sprintf("; its last end was %.60q with exit code %d", t.Reason, t.ExitCode)
		if !t.FinishedAt.IsZero() {
			f.Says += " at " + stamp(t.FinishedAt)
		}
		if life := t.FinishedAt.Sub(t.StartedAt); !t.StartedAt.IsZero() && life >= 0 && !t.FinishedAt.IsZero() {
			f.Values["lifetime_s"] = life.Seconds()
			f.Says += ", after " + investigations.FormatDuration(life)
		}
	}
	return f
}

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
		Says: fmt.Sprintf("node %.100q: memory %s, of which pods may use %s; pods on it in the recording: %d; kernel %.60q, kubelet %.40q",
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

// eventFact counts the events around the moment that are about the target's pods, by reason.
func eventFact(req investigations.Request, events []investigations.Event, targets []*investigations.Pod) []investigations.Fact {
	counts := map[string]int{}
	var newest *investigations.Event
	for i := range events {
		e := &events[i]
		if e.Last.Before(req.At.Add(-eventsBefore)) || e.First.After(req.At.Add(eventsAfter)) || !about(req.Target, e, targets) {
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
		Says: fmt.Sprintf("events around the moment about the target: %s; the last one: %.200q", strings.Join(parts, ", "), newest.Message),
	}}
}

// about says whether an event is about one of the target's pods, or the node.
func about(t investigations.Target, e *investigations.Event, targets []*investigations.Pod) bool {
	switch e.Kind {
	case "Node":
		return t.Node != "" && e.Name == t.Node
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
		Says: fmt.Sprintf("the recording holds %d pods of %d namespaces on %d nodes; containers whose last end was OOMKilled: %d",
			len(ev.Pods), len(namespaces), len(nodes), killed),
		Values: map[string]float64{
			"pods": float64(len(ev.Pods)), "namespaces": float64(len(namespaces)), "nodes": float64(len(nodes)),
			"oom_killed": float64(killed),
		},
	}}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
