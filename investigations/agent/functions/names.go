package functions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// names are those that the evidence knows, each list sorted.
type names struct {
	namespaces, pods, containers, nodes, workloads []string
}

// collectNames reads the evidence once.
func (s *Set) collectNames() *names {
	namespaces, pods, containers, nodes, workloads := set{}, set{}, set{}, set{}, set{}
	party := func(ns, pod, container, node string) {
		namespaces.add(ns)
		pods.add(pod)
		containers.add(container)
		nodes.add(node)
	}
	t := s.target()
	party(t.Namespace, t.Pod, t.Container, t.Node)
	workloads.add(t.Workload)
	if k := s.ev.Kernel; k != nil {
		for i := range k.Logs {
			nodes.add(k.Logs[i].Node)
		}
	}
	if p := s.ev.Pods; p != nil {
		for i := range p.Pods {
			party(p.Pods[i].Namespace, p.Pods[i].Name, "", p.Pods[i].Node)
			for _, c := range p.Pods[i].Containers {
				containers.add(c.Name)
			}
		}
		for i := range p.Nodes {
			nodes.add(p.Nodes[i].Name)
		}
		for i := range p.Namespaces {
			namespaces.add(p.Namespaces[i].Name)
		}
	}
	if r := s.ev.Rollouts; r != nil {
		for i := range r.Workloads {
			namespaces.add(r.Workloads[i].Namespace)
			workloads.add(r.Workloads[i].Ref())
		}
	}
	s.measuredNames(party)
	return &names{
		namespaces: namespaces.sorted(), pods: pods.sorted(), containers: containers.sorted(), nodes: nodes.sorted(),
		workloads: workloads.sorted(),
	}
}

// measuredNames reads those of series, logs and profiles, which may be of pods that are gone.
func (s *Set) measuredNames(party func(ns, pod, container, node string)) {
	if m := s.ev.Metrics; m != nil {
		for _, q := range m.Queries {
			for i := range q.Series {
				party(q.Series[i].Namespace, q.Series[i].Pod, q.Series[i].Container, q.Series[i].Node)
			}
		}
		for i := range m.Recorder {
			party("", "", "", m.Recorder[i].Node)
			for j := range m.Recorder[i].Series {
				r := &m.Recorder[i].Series[j]
				party(r.Namespace, r.Pod, r.Container, "")
			}
		}
	}
	if l := s.ev.Logs; l != nil {
		for i := range l.Logs {
			party(l.Logs[i].Namespace, l.Logs[i].Pod, l.Logs[i].Container, "")
		}
	}
	if p := s.ev.Profiles; p != nil {
		for i := range p.Profiles {
			party(p.Profiles[i].Namespace, p.Profiles[i].Pod, p.Profiles[i].Container, "")
		}
	}
}

type set map[string]bool

func (s set) add(name string) {
	if name != "" {
		s[name] = true
	}
}

func (s set) sorted() []string { return slices.Sorted(maps.Keys(s)) }

// party is which pod and container a call asks for; what is empty was not given.
type party struct{ namespace, pod, container string }

// party reads the arguments namespace, pod and container. A pod may be written as facts write it, with its namespace in
// front or its container behind, between slashes.
func (s *Set) party(function string, a args) (party, error) {
	n := s.names()
	p := party{a.text("namespace"), a.text("pod"), a.text("container")}
	if parts := strings.Split(p.pod, "/"); len(parts) > 1 && len(parts) <= 3 {
		if i := slices.IndexFunc(parts, func(x string) bool { return has(n.pods, x) }); i >= 0 {
			p.pod = parts[i]
			if i > 0 && p.namespace == "" {
				p.namespace = parts[i-1]
			}
			if i+1 < len(parts) && p.container == "" {
				p.container = parts[i+1]
			}
		}
	}
	for _, x := range []struct {
		argument, value string
		known           []string
	}{{"namespace", p.namespace, n.namespaces}, {"pod", p.pod, n.pods}, {"container", p.container, n.containers}} {
		if err := known(function, x.argument, x.value, x.known); err != nil {
			return p, err
		}
	}
	return p, nil
}

// node reads the argument of that name; a node may be written as node/NAME.
func (s *Set) node(function string, a args) (string, error) {
	name := strings.TrimPrefix(a.text("node"), "node/")
	return name, known(function, "node", name, s.names().nodes)
}

// fits says whether something of that namespace, pod and container is asked for.
func (p party) fits(namespace, pod, container string) bool {
	return (p.namespace == "" || p.namespace == namespace) && (p.pod == "" || p.pod == pod) &&
		(p.container == "" || p.container == container)
}

func (p party) String() string {
	var parts []string
	for _, x := range []string{p.namespace, p.pod, p.container} {
		if x != "" {
			parts = append(parts, x)
		}
	}
	if len(parts) == 0 {
		return "anything"
	}
	return quote(strings.Join(parts, "/"), 300)
}

func has(sorted []string, name string) bool {
	_, found := slices.BinarySearch(sorted, name)
	return found
}

// known refuses a name that no part of the evidence holds.
func known(function, argument, name string, sorted []string) error {
	if name == "" || has(sorted, name) {
		return nil
	}
	wrong := &ArgumentError{Function: function, Argument: argument}
	if !investigations.IsName(name) {
		wrong.Says = plain(fmt.Sprintf("%s is %s, which can be no name", argument, quote(name, 60)), maxSays)
		return wrong
	}
	says := fmt.Sprintf("no %s %s is in what was read%s", argument, quote(name, 80), perhapsName(name, sorted))
	if len(sorted) == 0 {
		says += "; nothing that was read names any"
	} else {
		says += "; there are: " + list(sorted, mostNamed)
	}
	wrong.Says = plain(says, maxSays)
	return wrong
}

func perhapsName(name string, known []string) string {
	if n := nearest(name, known); n != "" {
		return " (did you mean " + quote(n, 80) + "?)"
	}
	return ""
}

// list quotes names, at most so many.
func list(names []string, most int) string {
	var out []string
	for _, n := range names[:min(len(names), most)] {
		out = append(out, quote(n, 80))
	}
	text := strings.Join(out, ", ")
	if rest := len(names) - most; rest > 0 {
		text += fmt.Sprintf(" and %d more", rest)
	}
	return text
}
