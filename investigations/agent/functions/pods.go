package functions

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// What may be asked of pods.
const (
	podSpec       = "spec"
	podState      = "state"
	podEvents     = "events"
	podNeighbours = "neighbours"
	podNode       = "node"
	podQuota      = "quota"
)

// mostPods is how many pods are told of where none was named.
const mostPods = 4

// pods answers from the pods, their node and namespace.
func (s *Set) pods(_ context.Context, args args, a *answer) error {
	p, err := s.party("pods", args)
	if err != nil {
		return err
	}
	node, err := s.node("pods", args)
	if err != nil {
		return err
	}
	if s.ev.Pods == nil {
		s.blind(a, investigations.ToolPods)
		return nil
	}
	what := args.text("what")
	if what == "" && node != "" && p.pod == "" {
		what = podNode
	}
	chosen := s.choosePods(p)
	switch what {
	case podEvents:
		s.events(p, node, chosen, a)
	case podNeighbours:
		s.neighbours(s.nodeOf(node, chosen), a)
	case podNode:
		s.nodeState(s.nodeOf(node, chosen), a)
	case podQuota:
		ns := p.namespace
		if ns == "" && len(chosen) > 0 {
			ns = chosen[0].Namespace
		}
		if ns == "" {
			ns = s.target().Namespace
		}
		s.quota(ns, a)
	default:
		if !s.ev.Pods.HasPods {
			s.blind(a, investigations.ToolPods)
			return nil
		}
		if len(chosen) == 0 {
			a.note("nothing found: %d pods were read, and %s is none of them; it may be gone", len(s.ev.Pods.Pods), s.asked(p))
		}
		for _, pod := range chosen[:min(len(chosen), mostPods)] {
			if what != podState {
				specOf(pod, a)
			}
			if what != podSpec {
				stateOf(pod, a)
			}
		}
		a.skip(len(chosen) - mostPods)
	}
	return nil
}

// asked is what a call is about: what it names, or else the target.
func (s *Set) asked(p party) string {
	if p == (party{}) {
		return quote(s.target().String(), 200)
	}
	return p.String()
}

// choosePods returns the pods that a call is about: those that it names, else the target, else those of its
// workload; the target's own first.
func (s *Set) choosePods(p party) []*investigations.Pod {
	t := s.target()
	p.container = ""
	if p.pod == "" && p.namespace == "" && t.Pod != "" {
		p.namespace, p.pod = t.Namespace, t.Pod
	}
	var out []*investigations.Pod
	for i := range s.ev.Pods.Pods {
		pod := &s.ev.Pods.Pods[i]
		if !p.fits(pod.Namespace, pod.Name, "") || p.pod == "" && p.namespace == "" && !s.ofTarget(pod) {
			continue
		}
		out = append(out, pod)
	}
	rank := func(pod *investigations.Pod) int {
		switch {
		case pod.Namespace == t.Namespace && pod.Name == t.Pod:
			return 0
		case s.ofTarget(pod):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(x, y *investigations.Pod) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), strings.Compare(x.Namespace, y.Namespace), strings.Compare(x.Name, y.Name))
	})
	return out
}

// ofTarget says whether a pod is of the target's workload, by the name of its owner.
func (s *Set) ofTarget(pod *investigations.Pod) bool {
	t := s.target()
	_, name, found := strings.Cut(t.Workload, "/")
	return found && pod.Namespace == t.Namespace && (pod.OwnerName == name || strings.HasPrefix(pod.OwnerName, name+"-"))
}

// nodeOf is the node that a call is about.
func (s *Set) nodeOf(named string, chosen []*investigations.Pod) string {
	if named == "" && len(chosen) > 0 {
		named = chosen[0].Node
	}
	if named == "" {
		named = s.target().Node
	}
	return named
}

// specOf tells what a pod asks for.
func specOf(p *investigations.Pod, a *answer) {
	t := say("pod %s of %s on node %s: QoS class %s", quote(p.Namespace+"/"+p.Name, 200), quote(p.OwnerKind+"/"+p.OwnerName, 120), quote(p.Node, 80), quote(p.QoS, 20))
	if p.Priority != nil {
		t.and(", priority %s", countOf("priority", *p.Priority))
	}
	if p.PriorityClass != "" {
		t.and(", priority class %s", quote(p.PriorityClass, 60))
	}
	if p.MemoryLimit != nil {
		t.and(", pod-level memory limit %s", bytesOf("pod_limit", *p.MemoryLimit))
	}
	if p.MemoryRequest != nil {
		t.and(", pod-level memory request %s", bytesOf("pod_request", *p.MemoryRequest))
	}
	if p.TerminationGraceS != nil {
		t.and(", termination grace %s", secondsOf("grace", time.Duration(*p.TerminationGraceS)*time.Second))
	}
	memory := slices.DeleteFunc(slices.Clone(p.Volumes), func(v investigations.Volume) bool { return !v.Memory })
	for i, v := range memory[:min(len(memory), 3)] {
		t.and("; volume %s is kept in memory, ", quote(v.Name, 60))
		if v.SizeLimit == nil {
			t.and("without a size limit")
		} else {
			t.and("at most %s", bytesOf(numbered("volume", i), *v.SizeLimit))
		}
	}
	a.add(time.Time{}, p.Source, t)
	for i := range p.Containers {
		a.add(time.Time{}, p.Source, containerSpec(say("container %s of pod %s", quote(p.Containers[i].Name, 60), quote(p.Name, 120)), &p.Containers[i]))
	}
}

// containerSpec appends what a container asks for.
func containerSpec(t *sentence, c *investigations.Container) *sentence {
	t.and(" (%s): image %s, memory request ", c.Kind, quote(c.Image, 140))
	t.orNone("request", c.MemoryRequest).and(", limit ").orNone("limit", c.MemoryLimit)
	if c.AllocatedLimit != nil {
		t.and(", in force %s", bytesOf("allocated", *c.AllocatedLimit))
	}
	if line := strings.Join(slices.Concat(c.Command, c.Args), " "); line != "" {
		t.and("; command line %s", quote(line, 140))
	}
	steering := 0
	for _, e := range c.Env {
		if e.Value != "" && steering < 3 {
			steering++
			t.and("; %s=%s", quote(e.Name, 60), quoteValue(e.Name, e.Value, 80))
		}
	}
	if rest := len(c.Env) - steering; rest > 0 {
		t.and("; %s whose value is not kept", things("other_variables", rest, "variable", "variables"))
	}
	if c.HasLiveness {
		t.and("; it has a liveness probe")
	}
	return t
}

// orNone appends an amount, or "none".
func (s *sentence) orNone(key string, v *int64) *sentence {
	if v == nil {
		return s.and("none")
	}
	return s.and("%s", bytesOf(key, *v))
}
