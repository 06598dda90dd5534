package pods

import (
	"fmt"
	"slices"
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
	node := targetNode(req.Target, ev.Pods)
	if node != "" {
		out = append(out, nodeFact(node, ev)...)
	}
	out = append(out, eventFact(req, ev.Events, targets, node)...)
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
		says += fmt.Sprintf(", reason %.60q (%s)", p.Reason, investigations.Quote(p.Message, 150))
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
		f.Says += fmt.Sprintf("; waiting: %.60q %s", c.State.WaitingReason, investigations.Quote(c.State.WaitingMessage, 150))
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

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
