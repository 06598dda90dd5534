package memorytest

import (
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

var candidatesTests = []check{
	{"those that share rare terms come first", func(s *store) {
		for i := range 40 { // what all have in common
			s.keep(brief(fmt.Sprintf("plain-%d", i), i, investigations.Features{Comm: "java", Cause: investigations.CauseLeak}))
		}
		s.keep(brief("image", 1, investigations.Features{Comm: "java", Cause: investigations.CauseLeak, Image: "registry.example/rare"}))
		s.keep(brief("both", 0, investigations.Features{Comm: "java", Cause: investigations.CauseLeak, Image: "registry.example/rare", Functions: []string{"a.B"}}))
		s.keep(brief("stranger", 60, investigations.Features{Comm: "node", Cause: investigations.CauseSidecar}))
		cue := investigations.Cue{Limit: 3, Terms: memory.Terms(investigations.Features{Comm: "java", Cause: investigations.CauseLeak, Image: "registry.example/rare", Functions: []string{"a.B"}})}
		c := s.candidates(cue)
		if got := ids(c.Heads); len(got) < 2 || len(got) > 3 || got[0] != "both" || got[1] != "image" {
			s.Errorf("candidates are %q, want both, image and perhaps a plain one", got)
		}
		s.same("head", s.heads(investigations.Filter{IDs: []string{"both"}})[0], c.Heads[0])
		s.same("having", counted(s, cue.Terms), c.Having)
		if c.Traces != 43 {
			s.Errorf("there are %d traces, want 43", c.Traces)
		}
		cue.Limit = 1000
		if got := ids(s.candidates(cue).Heads); slices.Contains(got, "stranger") {
			s.Errorf("candidates are %q, with one that shares no term", got)
		}
	}},
	{"one rare term weighs more than two that all have", func(s *store) {
		s.keep(brief("rare", 0, investigations.Features{Image: "registry.example/rare"}))
		for i := range 60 {
			s.keep(brief(fmt.Sprintf("plain-%d", i), i+1, investigations.Features{Comm: "java", Node: "n1"}))
		}
		c := s.candidates(investigations.Cue{Terms: memory.Terms(investigations.Features{Image: "registry.example/rare", Comm: "java", Node: "n1"}), Limit: 3})
		if got := ids(c.Heads); len(got) == 0 || got[0] != "rare" {
			s.Errorf("candidates are %q, want rare first", got)
		}
	}},
	{"one that shares a rare term is found among many that share common ones", func(s *store) {
		var traces []investigations.Trace
		for i := range 400 {
			traces = append(traces, Trace(1, i))
		}
		traces[77].Features.Image = "registry.example/unique"
		s.keep(traces...)
		f := traces[200].Features
		f.Image = "registry.example/unique"
		found := false
		for _, h := range s.candidates(investigations.Cue{Terms: memory.Terms(f), Without: traces[200].Result.ID, Limit: 200}).Heads {
			found = found || h.ID == traces[77].Result.ID
		}
		if !found {
			s.Error("it is not among 200 candidates")
		}
	}},
	{"terms are counted right, in the order of the cue", func(s *store) {
		traces := history(150)
		s.keep(traces...)
		for _, t := range traces[:20] {
			terms := append(memory.TermsOf(memory.HeadOf(t)), "no such term", "")
			slices.Reverse(terms)
			terms = append(terms, terms[3]) // asked for twice
			s.same("having", counted(s, terms), s.candidates(investigations.Cue{Terms: terms, Limit: 5}).Having)
		}
	}},
	{"never the incident itself, never one twice, never too many", func(s *store) {
		traces := history(60)
		s.keep(traces...)
		for _, t := range traces[:20] {
			for _, limit := range []int{1, 3, 100} {
				c := s.candidates(investigations.Cue{Terms: memory.Terms(memory.FeaturesOf(t)), Without: t.Result.ID, Limit: limit})
				got := ids(c.Heads)
				if slices.Contains(got, t.Result.ID) || len(got) > limit {
					s.Errorf("candidates of %s, at most %d, are %q", t.Result.ID, limit, got)
				}
				if slices.Sort(got); len(slices.Compact(slices.Clone(got))) != len(got) {
					s.Errorf("candidates of %s hold one twice: %q", t.Result.ID, got)
				}
				if c.Traces != 60 {
					s.Errorf("there are %d traces, want 60: the incident itself counts", c.Traces)
				}
			}
		}
	}},
	{"a cue without terms finds nothing", func(s *store) {
		s.keep(history(5)...)
		c := s.candidates(investigations.Cue{Limit: 5})
		if len(c.Heads) != 0 || len(c.Having) != 0 || c.Traces != 5 {
			s.Errorf("got %+v", c)
		}
	}},
	{"an empty store answers", func(s *store) {
		c := s.candidates(investigations.Cue{Terms: []string{"cause\x1fleak"}, Limit: 5})
		if len(c.Heads) != 0 || c.Traces != 0 {
			s.Errorf("got %+v", c)
		}
		s.same("having", []int64{0}, c.Having)
	}},
	{"a corrected trace is found by its right cause", func(s *store) {
		s.keep(history(10)...)
		s.keep(brief("a", 1, investigations.Features{Cause: investigations.CauseLeak, Comm: "rare-comm"}))
		right := investigations.Features{Cause: investigations.CauseMemoryBackedVolume, Comm: "rare-comm"}
		correct := investigations.Amendment{Feedback: []investigations.Feedback{{By: "U1", Vote: investigations.VoteDown, At: Epoch, Cause: right.Cause}}}
		if err := s.Amend(s.Context(), "a", correct); err != nil {
			s.Fatalf("Amend: %v", err)
		}
		s.same("having", counted(s, memory.Terms(right)), s.candidates(investigations.Cue{Terms: memory.Terms(right), Limit: 5}).Having)
		onlyRight := without(memory.Terms(right), memory.Terms(memory.FeaturesOf(s.trace("a"))))
		if got := ids(s.candidates(investigations.Cue{Terms: onlyRight, Limit: 1}).Heads); !slices.Equal(got, []string{"a"}) {
			s.Errorf("candidates by the right cause are %q, want a", got)
		}
		retract := investigations.Amendment{Feedback: []investigations.Feedback{{By: "U1", Vote: investigations.VoteRetracted, At: Epoch.Add(time.Hour)}}}
		if err := s.Amend(s.Context(), "a", retract); err != nil {
			s.Fatalf("Amend: %v", err)
		}
		s.same("having, after it was taken back", counted(s, onlyRight), s.candidates(investigations.Cue{Terms: onlyRight, Limit: 5}).Having)
	}},
	{"what was revised or forgotten is found no more", func(s *store) {
		old, newer := investigations.Features{Comm: "old", Image: "registry.example/old"}, investigations.Features{Comm: "new", Image: "registry.example/new"}
		s.keep(brief("a", 1, old), brief("b", 2, old), brief("c", 3, old))
		s.keep(brief("a", 1, newer))
		s.forget(investigations.Filter{IDs: []string{"b"}})
		c := s.candidates(investigations.Cue{Terms: memory.Terms(old), Limit: 9})
		s.same("found by what it was", []string{"c"}, ids(c.Heads))
		s.same("having", counted(s, memory.Terms(old)), c.Having)
		s.same("found by what it is", []string{"a"}, ids(s.candidates(investigations.Cue{Terms: memory.Terms(newer), Limit: 9}).Heads))
		if c.Traces != 2 {
			s.Errorf("there are %d traces, want 2", c.Traces)
		}
	}},
	{"what is amended is found as it is now", func(s *store) {
		s.keep(brief("a", 1, investigations.Features{Comm: "rare-comm"}))
		o := investigations.Outcome{State: investigations.OutcomeFixHeld, At: Epoch, Why: "it held"}
		if err := s.Amend(s.Context(), "a", investigations.Amendment{Outcome: &o}); err != nil {
			s.Fatalf("Amend: %v", err)
		}
		c := s.candidates(investigations.Cue{Terms: memory.Terms(investigations.Features{Comm: "rare-comm"}), Limit: 9})
		if len(c.Heads) != 1 || c.Heads[0].Outcome.State != o.State {
			s.Errorf("got %+v", c.Heads)
		}
	}},
}

// counted counts how many of the listed traces have each term.
func counted(s *store, terms []string) []int64 {
	s.Helper()
	out := make([]int64, len(terms))
	for _, h := range s.heads(investigations.Filter{}) {
		has := memory.TermsOf(h)
		for i, t := range terms {
			if slices.Contains(has, t) {
				out[i]++
			}
		}
	}
	return out
}

func without(from, these []string) []string {
	return slices.DeleteFunc(slices.Clone(from), func(v string) bool { return slices.Contains(these, v) })
}

var edgesTests = []check{
	{"every edge of every trace, from both ends", func(s *store) {
		traces := history(60)
		s.keep(traces...)
		touching := map[investigations.GraphNode]map[string]bool{}
		for _, t := range traces {
			for _, e := range memory.EdgesOf(t) {
				for _, n := range []investigations.GraphNode{e.From, e.To} {
					if touching[n] == nil {
						touching[n] = map[string]bool{}
					}
					touching[n][sorted([]investigations.Edge{e})[0]] = true
				}
			}
		}
		for n, want := range touching {
			got := map[string]bool{}
			for _, e := range sorted(s.edges(n)) {
				if got[e] {
					s.Errorf("edge %s is there twice", e)
				}
				got[e] = true
			}
			s.same(fmt.Sprintf("edges of %v", n), want, got)
		}
	}},
	{"those that lead away first, and the newest of them", func(s *store) {
		s.keep(brief("a", 1, investigations.Features{}))
		var away, towards []investigations.Edge
		for i := range 6 {
			t := brief(fmt.Sprintf("b%d", i), 2+i, investigations.Features{})
			typ := investigations.EdgeInheritedFrom
			if i%2 == 0 {
				typ = investigations.EdgeRecurredAs
			}
			t.Links = []investigations.Link{{Type: typ, ID: "a"}}
			s.keep(t)
			for _, e := range memory.EdgesOf(t) {
				switch memory.Incident("a") {
				case e.From:
					away = append([]investigations.Edge{e}, away...)
				case e.To:
					towards = append([]investigations.Edge{e}, towards...)
				}
			}
		}
		want := slices.Concat(away, memory.EdgesOf(s.trace("a")), towards) // its own edge is as old as itself
		for limit := range 9 {
			got, total, err := s.Edges(s.Context(), memory.Incident("a"), limit)
			if err != nil || total != len(want) {
				s.Errorf("at most %d: %d in all, %v; want %d", limit, total, err, len(want))
			}
			s.same(fmt.Sprintf("at most %d", limit), want[:min(limit, len(want))], got)
		}
	}},
	{"a node that all have tells how many there are", func(s *store) {
		for i := range 50 {
			s.keep(brief(fmt.Sprintf("t%02d", i), i, investigations.Features{Runtime: "java"}))
		}
		n := investigations.GraphNode{Kind: investigations.NodeRuntime, Name: "java"}
		got, total, err := s.Edges(s.Context(), n, 3)
		if err != nil || total != 50 {
			s.Errorf("Edges: %d in all, %v; want 50", total, err)
		}
		var want []investigations.Edge
		for _, id := range []string{"t49", "t48", "t47"} {
			want = append(want, investigations.Edge{From: memory.Incident(id), Type: investigations.EdgeRuns, To: n})
		}
		s.same("the newest three", want, got)
	}},
	{"a node that is not there has none", func(s *store) {
		s.keep(brief("a", 1, investigations.Features{Node: "n1"}))
		for _, n := range []investigations.GraphNode{{}, {Kind: investigations.NodeMachine, Name: "/n"}, {Kind: investigations.NodeMachine, Name: "/n11"}, {Kind: investigations.NodeMachine}, {Kind: "planet", Name: "/n1"}} {
			s.same(fmt.Sprintf("edges of %v", n), []investigations.Edge(nil), s.edges(n))
		}
	}},
	{"a revised trace has the edges of its newer result", func(s *store) {
		s.keep(brief("a", 1, investigations.Features{Node: "n1", Runtime: "java"}))
		s.keep(brief("a", 1, investigations.Features{Node: "n2", Runtime: "java"}))
		s.same("edges", sorted(memory.EdgesOf(s.trace("a"))), sorted(s.edges(memory.Incident("a"))))
		s.same("edges of the node that it left", []investigations.Edge(nil), s.edges(investigations.GraphNode{Kind: investigations.NodeMachine, Name: "/n1"}))
	}},
	{"a trace that others lead to is forgotten with its own edges only", func(s *store) {
		later := brief("b", 2, investigations.Features{})
		later.Links = []investigations.Link{{Type: investigations.EdgeInheritedFrom, ID: "a"}, {Type: investigations.EdgeRecurredAs, ID: "a"}}
		s.keep(brief("a", 1, investigations.Features{Node: "n1"}), later)
		s.forget(investigations.Filter{IDs: []string{"b"}})
		s.same("edges of what is left", sorted(memory.EdgesOf(s.trace("a"))), sorted(s.edges(memory.Incident("a"))))
	}},
}
