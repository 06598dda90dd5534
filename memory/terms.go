package memory

import (
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// TermsVersion is raised whenever TermsOf says something else of the same head: a store builds its index anew then.
const TermsVersion = 1

// TermsOf returns the terms that a trace is found by: those of its features, and where people named another cause
// than its verdict those of the right one, too.
func TermsOf(h investigations.Head) []string {
	out := Terms(h.Features)
	if h.Features.Workload == "" && h.Target.Pod != "" {
		out = append(out, termOf("pod", h.Features.Cluster, h.Features.Namespace, h.Target.Pod))
	}
	if right := EffectiveCause(h); right != h.Features.Cause {
		f := h.Features
		f.Cause = right
		for _, t := range Terms(f) {
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}

// Terms returns the terms of features, each once: one by one, and the mechanism as a whole, which finds incidents of software that was never seen before.
func Terms(f investigations.Features) []string {
	t := terms{seen: map[string]bool{}}
	t.add("cause", string(f.Cause))
	t.add("comm", f.Comm)
	t.add("image", f.Image)
	t.add("culprit", f.Culprit)
	for _, c := range f.Changed {
		if !commonFields[c] {
			t.add("changed", c)
		}
	}
	for _, fn := range f.Functions {
		t.add("function", fn)
	}
	if f.Workload != "" {
		t.add("workload", f.Cluster, f.Namespace, f.Workload)
		t.add("container", f.Cluster, f.Namespace, f.Workload, f.Container)
	}
	if f.Node != "" {
		t.add("node", f.Cluster, f.Node)
	}
	t.add("how", string(f.Boundary), string(f.Cause), string(f.Shape), f.Runtime, string(f.Trigger))
	t.add("how", string(f.Boundary), string(f.Cause), f.Comm)
	t.add("how", string(f.Boundary), string(f.Cause), strings.Join(f.Changed, ","))
	return t.all
}

// commonFields are changed in most rollouts and find nothing by themselves.
var commonFields = map[string]bool{"image": true}

type terms struct {
	all  []string
	seen map[string]bool
}

// add adds a term unless its last part is empty.
func (t *terms) add(field string, parts ...string) {
	if parts[len(parts)-1] == "" {
		return
	}
	term := termOf(field, parts...)
	if !t.seen[term] {
		t.seen[term] = true
		t.all = append(t.all, term)
	}
}

// termOf joins a field and its value. The parts can't run into each other: none holds the separator.
func termOf(field string, parts ...string) string {
	term := field
	for _, p := range parts {
		term += separator + strings.ReplaceAll(p, separator, " ")
	}
	return term
}

// fieldOf is the field of a term.
func fieldOf(term string) string {
	field, _, _ := strings.Cut(term, separator)
	return field
}

const separator = "\x1f"
