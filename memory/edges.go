package memory

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// EdgesOf returns the edges that a trace spans, each once. A store keeps them under the trace's id: they go when the trace is
// revised or forgotten.
func EdgesOf(t investigations.Trace) []investigations.Edge {
	me := Incident(t.Result.ID)
	f := FeaturesOf(t)
	e := edges{seen: map[investigations.Edge]bool{}}
	add := func(typ investigations.EdgeType, kind investigations.NodeKind, name string) {
		if name != "" {
			e.add(investigations.Edge{From: me, Type: typ, To: investigations.GraphNode{Kind: kind, Name: name}})
		}
	}
	if f.Workload != "" {
		add(investigations.EdgeOn, investigations.NodeWorkload, strings.Join([]string{f.Cluster, f.Namespace, f.Workload}, "/"))
	}
	if f.Node != "" {
		add(investigations.EdgeOn, investigations.NodeMachine, f.Cluster+"/"+f.Node)
	}
	if f.Image != "" && f.Version != "" {
		version := investigations.GraphNode{Kind: investigations.NodeVersion, Name: f.Image + ":" + f.Version}
		add(investigations.EdgeRuns, version.Kind, version.Name)
		e.add(investigations.Edge{From: version, Type: investigations.EdgeRuns, To: investigations.GraphNode{Kind: investigations.NodeImage, Name: f.Image}})
	} else {
		add(investigations.EdgeRuns, investigations.NodeImage, f.Image)
	}
	add(investigations.EdgeRuns, investigations.NodeRuntime, f.Runtime)
	add(investigations.EdgeCausedBy, investigations.NodeCause, string(EffectiveCause(HeadOf(t))))
	for _, name := range f.Functions {
		add(investigations.EdgeCausedBy, investigations.NodeFunction, name)
	}
	if c := t.Result.Verdict.Change; c != nil {
		add(investigations.EdgeTriggeredBy, investigations.NodeChange, changeName(f, c))
	}
	for _, a := range t.Outcome.Fix {
		add(investigations.EdgeFixedBy, investigations.NodeFix, string(a))
	}
	for _, b := range Standing(t.Feedback) {
		add(investigations.EdgeJudgedBy, investigations.NodePerson, b.By)
	}
	for _, l := range t.Links {
		if l.Type == investigations.EdgeRecurredAs {
			e.add(investigations.Edge{From: Incident(l.ID), Type: l.Type, To: me})
			continue
		}
		add(l.Type, investigations.NodeIncident, l.ID)
	}
	return e.all
}

// Incident is the node of a trace.
func Incident(id string) investigations.GraphNode {
	return investigations.GraphNode{Kind: investigations.NodeIncident, Name: id}
}

// changeName names a change by workload, revision and what it changed.
func changeName(f investigations.Features, c *investigations.Change) string {
	name := f.Namespace + "/" + cmp.Or(c.Workload, f.Workload)
	if c.Revision > 0 {
		name += fmt.Sprintf(" revision %d", c.Revision)
	}
	return investigations.CleanText(name+": "+strings.Join(c.What, "; "), 300)
}

// edges collects edges, each once.
type edges struct {
	all  []investigations.Edge
	seen map[investigations.Edge]bool
}

func (e *edges) add(x investigations.Edge) {
	if !e.seen[x] && x.From != x.To {
		e.seen[x] = true
		e.all = append(e.all, x)
	}
}
