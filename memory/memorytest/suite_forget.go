package memorytest

import (
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

var forgetTests = []check{
	{"each filter takes away what it lists", forgetsByFilter},
	{"the newest only, where there is a limit", func(s *store) {
		s.keep(brief("a", 1, investigations.Features{}), brief("b", 2, investigations.Features{}), brief("c", 3, investigations.Features{}))
		if n := s.forget(investigations.Filter{Limit: 2}); n != 2 {
			s.Errorf("%d were forgotten, want 2", n)
		}
		s.same("ids", []string{"a"}, s.listed(investigations.Filter{}))
	}},
	{"everything", func(s *store) {
		traces := history(30)
		s.keep(traces...)
		if n := s.forget(investigations.Filter{}); n != 30 {
			s.Errorf("%d were forgotten, want 30", n)
		}
		for _, t := range traces {
			s.same("edges", []string(nil), edgesAround(s, t))
		}
		s.same("ids", []string(nil), s.listed(investigations.Filter{}))
		s.keep(traces[0]) // and it begins anew
		s.same("trace", traces[0], s.trace(traces[0].Result.ID))
	}},
	{"what is forgotten and kept again is as new", func(s *store) {
		first := brief("a", 1, investigations.Features{Comm: "java"})
		first.AskedBy, first.ShownAt = "U1", []string{"https://chat.example/1"}
		s.keep(first)
		s.forget(investigations.Filter{IDs: []string{"a"}})
		second := brief("a", 1, investigations.Features{Comm: "node"})
		s.keep(second)
		s.same("trace", memory.Normalized(second), s.trace("a"))
	}},
	{"an edge of several traces stays until the last is gone", func(s *store) {
		f := investigations.Features{Image: "registry.example/shop/api", Version: "1.5.0"}
		s.keep(brief("a", 1, f), brief("b", 2, f))
		version := investigations.GraphNode{Kind: investigations.NodeVersion, Name: "registry.example/shop/api:1.5.0"}
		image := investigations.GraphNode{Kind: investigations.NodeImage, Name: "registry.example/shop/api"}
		shared := investigations.Edge{From: version, Type: investigations.EdgeRuns, To: image}
		s.same("edges of the image", []investigations.Edge{shared}, s.edges(image))
		s.forget(investigations.Filter{IDs: []string{"b"}})
		s.same("edges of the image, with one trace left", []investigations.Edge{shared}, s.edges(image))
		s.same("edges of the version", []investigations.Edge{shared, {From: memory.Incident("a"), Type: investigations.EdgeRuns, To: version}}, s.edges(version))
		s.forget(investigations.Filter{IDs: []string{"a"}})
		s.same("edges of the image, with none left", []investigations.Edge(nil), s.edges(image))
		s.same("edges of the version, with none left", []investigations.Edge(nil), s.edges(version))
	}},
	{"a shared edge stays where one of its traces is revised", func(s *store) {
		f := investigations.Features{Image: "registry.example/shop/api", Version: "1.5.0"}
		image := investigations.GraphNode{Kind: investigations.NodeImage, Name: f.Image}
		s.keep(brief("a", 1, f), brief("b", 2, f))
		s.keep(brief("b", 2, investigations.Features{Image: "registry.example/other", Version: "1"}))
		if n := len(s.edges(image)); n != 1 {
			s.Errorf("the image has %d edges, want the one of trace a", n)
		}
		s.keep(brief("a", 1, investigations.Features{}))
		s.same("edges of the image", []investigations.Edge(nil), s.edges(image))
	}},
	{"an id is no prefix", func(s *store) {
		s.keep(brief("a", 1, investigations.Features{Node: "n"}), brief("ab", 2, investigations.Features{Node: "nn"}), brief("a\x00", 3, investigations.Features{Node: "n\x00"}))
		if n := s.forget(investigations.Filter{IDs: []string{"a"}}); n != 1 {
			s.Errorf("%d were forgotten, want 1", n)
		}
		s.same("ids", []string{"a\x00", "ab"}, s.listed(investigations.Filter{}))
		for _, id := range []string{"ab", "a\x00"} {
			s.same("edges of "+id, sorted(memory.EdgesOf(s.trace(id))), sorted(s.edges(memory.Incident(id))))
		}
	}},
}

func forgetsByFilter(s *store) {
	traces := history(60)
	some := memory.HeadOf(traces[30])
	for _, f := range []investigations.Filter{
		{IDs: []string{traces[3].Result.ID, traces[33].Result.ID, "nobody"}},
		{Cluster: some.Features.Cluster},
		{Namespace: some.Features.Namespace},
		{Workload: some.Features.Workload},
		{Container: some.Features.Container},
		{Cause: investigations.CauseLeak},
		{Before: some.At},
		{Since: some.At},
		{Words: []string{"steady"}},
		{Cause: investigations.CauseLeak, Before: some.At.Add(24 * time.Hour), Limit: 3},
		{Namespace: "nowhere"},
	} {
		what := fmt.Sprintf("forget %+v", f)
		s.keep(traces...)
		gone := s.listed(f)
		if n := s.forget(f); n != len(gone) {
			s.Errorf("%s: %d were forgotten, want %d", what, n, len(gone))
		}
		var left []investigations.Trace
		for _, t := range traces {
			if !slices.Contains(gone, t.Result.ID) {
				left = append(left, t)
			}
		}
		want, got := spanned(left), map[string]bool{}
		for _, t := range traces {
			for _, e := range edgesAround(s, t) {
				got[e] = true
			}
		}
		s.same(what+": edges", want, got)
		if n := len(s.listed(investigations.Filter{})); n != len(left) {
			s.Errorf("%s: %d are left, want %d", what, n, len(left))
		}
		if n := s.forget(f); n != 0 && f.Limit == 0 {
			s.Errorf("%s: %d more were forgotten the second time", what, n)
		}
	}
}

// spanned is the set of the edges of traces.
func spanned(traces []investigations.Trace) map[string]bool {
	out := map[string]bool{}
	for _, t := range traces {
		for _, e := range sorted(memory.EdgesOf(t)) {
			out[e] = true
		}
	}
	return out
}

// edgesAround returns the edges of every node that a trace touches.
func edgesAround(s *store, t investigations.Trace) []string {
	s.Helper()
	nodes := map[investigations.GraphNode]bool{}
	for _, e := range memory.EdgesOf(t) {
		nodes[e.From], nodes[e.To] = true, true
	}
	var out []string
	for n := range nodes {
		out = append(out, sorted(s.edges(n))...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
