package memorytest

import (
	"errors"
	"math"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

var keepTests = []check{
	{"what is kept comes back whole", func(s *store) {
		traces := history(40)
		s.keep(traces...)
		for _, want := range traces {
			s.same("trace "+want.Result.ID, want, s.trace(want.Result.ID))
		}
	}},
	{"every field comes back", func(s *store) {
		want := full()
		s.keep(want)
		s.same("trace", memory.Normalized(want), s.trace(want.Result.ID))
		s.same("head", []investigations.Head{memory.HeadOf(memory.Normalized(want))}, s.heads(investigations.Filter{}))
	}},
	{"the shape is that of the document", func(s *store) {
		bare := investigations.Trace{Result: investigations.Result{ID: "bare"}}
		s.keep(bare)
		got := s.trace("bare")
		if got.Feedback == nil || got.ShownAt == nil || got.Result.Facts == nil || got.Result.Verdict.Recommendations == nil {
			s.Errorf("lists are nil: %+v", got)
		}
		if got.Version != investigations.TraceVersion || got.Outcome.State != investigations.OutcomeUnknown {
			s.Errorf("version %d, outcome %q", got.Version, got.Outcome.State)
		}
	}},
	{"a trace that is not there is not found", func(s *store) {
		s.keep(history(3)...)
		for _, id := range []string{"nobody", "", "01", Trace(1, 4).Result.ID} {
			if _, err := s.Trace(s.Context(), id); !errors.Is(err, investigations.ErrNotFound) {
				s.Errorf("Trace(%q): %v, want ErrNotFound", id, err)
			}
		}
	}},
	{"nothing kept is nothing", func(s *store) {
		s.keep()
		s.same("ids", []string(nil), s.listed(investigations.Filter{}))
	}},
	{"all or none", keepsAllOrNone},
	{"what is kept and read is nobody else's", func(s *store) {
		given, want := full(), full()
		s.keep(given)
		deface(given)
		id := want.Result.ID
		s.same("after the giver changed what it gave", memory.Normalized(want), s.trace(id))
		deface(s.trace(id))
		for _, h := range s.heads(investigations.Filter{}) {
			h.Actions[0], h.Feedback[0].By, h.Features.Changed[0] = "defaced", "defaced", "defaced"
		}
		s.same("after a reader changed what it read", memory.Normalized(want), s.trace(id))
		s.same("heads after a reader changed them", []investigations.Head{memory.HeadOf(memory.Normalized(want))}, s.heads(investigations.Filter{}))
	}},
	{"the same kill again revises", func(s *store) {
		old, newer := full(), Trace(2, 7)
		newer.Result.ID = old.Result.ID
		newer.AskedBy, newer.ShownAt = "U9", []string{"https://chat.example/2", old.ShownAt[0]}
		newer.Feedback = []investigations.Feedback{{By: "U3", Vote: investigations.VoteDown, At: Epoch.Add(-time.Hour)}, old.Feedback[0]}
		newer.Outcome = investigations.Outcome{State: investigations.OutcomeFixFailed, At: old.Outcome.At.Add(-time.Hour), Why: "an older one"}
		s.keep(old)
		s.keep(newer)
		want := memory.Revise(memory.Normalized(old), memory.Normalized(newer))
		got := s.trace(old.Result.ID)
		s.same("the revised trace", want, got)
		if got.AskedBy != "U1" || len(got.Feedback) != 4 || len(got.ShownAt) != 2 || got.Outcome.State != investigations.OutcomeFixHeld {
			s.Errorf("asked by %q, feedback %+v, shown at %q, outcome %+v", got.AskedBy, got.Feedback, got.ShownAt, got.Outcome)
		}
		s.same("heads", []investigations.Head{memory.HeadOf(want)}, s.heads(investigations.Filter{}))
	}},
	{"of two outcomes the later holds", func(s *store) {
		first, second := brief("a", 1, investigations.Features{}), brief("a", 1, investigations.Features{})
		first.Outcome = investigations.Outcome{State: investigations.OutcomeFixApplied, At: Epoch}
		second.Outcome = investigations.Outcome{State: investigations.OutcomeFixFailed, At: Epoch.Add(time.Hour)}
		s.keep(first)
		s.keep(second)
		s.same("outcome", second.Outcome, s.trace("a").Outcome)
	}},
	{"an id twice in one call revises, too", func(s *store) {
		first, second := brief("a", 1, investigations.Features{Namespace: "x"}), brief("a", 1, investigations.Features{Namespace: "y"})
		first.AskedBy, first.ShownAt = "U1", []string{"https://chat.example/1"}
		s.keep(first, brief("b", 2, investigations.Features{}), second)
		s.same("trace", memory.Revise(memory.Normalized(first), memory.Normalized(second)), s.trace("a"))
		s.same("ids", []string{"b", "a"}, s.listed(investigations.Filter{}))
	}},
	{"a kill whose time is corrected moves", func(s *store) {
		s.keep(brief("a", 1, investigations.Features{}), brief("b", 2, investigations.Features{}))
		s.keep(brief("a", 3, investigations.Features{}))
		s.same("ids", []string{"a", "b"}, s.listed(investigations.Filter{}))
		s.same("ids since", []string{"a"}, s.listed(investigations.Filter{Since: Epoch.Add(3 * time.Minute)}))
		s.same("ids before", []string{"b"}, s.listed(investigations.Filter{Before: Epoch.Add(3 * time.Minute)}))
	}},
	{"kept twice is kept once", func(s *store) {
		traces := history(10)
		s.keep(traces...)
		s.keep(traces...)
		for _, want := range traces {
			s.same("trace", want, s.trace(want.Result.ID))
		}
		if n := len(s.listed(investigations.Filter{})); n != 10 {
			s.Errorf("%d traces are listed, want 10", n)
		}
	}},
}

var amendTests = []check{
	{"feedback, outcome and places are added", func(s *store) {
		s.keep(full())
		before := s.trace("full")
		a := investigations.Amendment{
			Feedback: []investigations.Feedback{{By: "U7", Vote: investigations.VoteUp, At: Epoch.Add(time.Hour), Note: "yes"}},
			Outcome:  &investigations.Outcome{State: investigations.OutcomeFixFailed, At: Epoch.Add(999 * time.Hour), Why: "killed again", Fix: []investigations.Action{investigations.ActionSetLimit}},
			ShownAt:  []string{"https://chat.example/7"},
		}
		for range 2 { // a second time changes nothing
			if err := s.Amend(s.Context(), "full", a); err != nil {
				s.Fatalf("Amend: %v", err)
			}
			s.same("amended", memory.Amend(before, a), s.trace("full"))
			s.same("heads", []investigations.Head{memory.HeadOf(memory.Amend(before, a))}, s.heads(investigations.Filter{}))
		}
	}},
	{"nothing learned changes nothing", func(s *store) {
		s.keep(full())
		before := s.trace("full")
		if err := s.Amend(s.Context(), "full", investigations.Amendment{}); err != nil {
			s.Fatalf("Amend: %v", err)
		}
		s.same("amended", before, s.trace("full"))
	}},
	{"what is not there is not found", func(s *store) {
		s.keep(full())
		err := s.Amend(s.Context(), "nobody", investigations.Amendment{ShownAt: []string{"https://chat.example/7"}})
		if !errors.Is(err, investigations.ErrNotFound) {
			s.Errorf("Amend of a trace that is not there: %v, want ErrNotFound", err)
		}
		s.same("ids", []string{"full"}, s.listed(investigations.Filter{}))
	}},
	{"judgements and fixes become edges", func(s *store) {
		s.keep(brief("a", 1, investigations.Features{Cause: investigations.CauseLeak}))
		a := investigations.Amendment{
			Feedback: []investigations.Feedback{{By: "U7", Vote: investigations.VoteDown, At: Epoch, Cause: investigations.CauseLoadSpike}},
			Outcome:  &investigations.Outcome{State: investigations.OutcomeFixApplied, At: Epoch, Fix: []investigations.Action{investigations.ActionScaleOut}},
		}
		if err := s.Amend(s.Context(), "a", a); err != nil {
			s.Fatalf("Amend: %v", err)
		}
		s.same("edges", sorted(memory.EdgesOf(s.trace("a"))), sorted(s.edges(memory.Incident("a"))))
		s.same("edges of the cause that was wrong", []string(nil), sorted(s.edges(cause(investigations.CauseLeak))))
		if n := len(s.edges(cause(investigations.CauseLoadSpike))); n != 1 {
			s.Errorf("the right cause has %d edges, want 1", n)
		}
	}},
}

// keepsAllOrNone gives a store good traces with one that can't be kept among them.
func keepsAllOrNone(s *store) {
	unprintable := brief("late", 3, investigations.Features{})
	unprintable.StoredAt = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
	nan := brief("nan", 3, investigations.Features{})
	nan.Influences = []investigations.Influence{{Precedent: "x", Before: math.NaN()}}
	s.keep(brief("old", 1, investigations.Features{Comm: "old"}))
	refused := 0
	for _, bad := range []investigations.Trace{{}, unprintable, nan} {
		good, revised := brief("good", 2, investigations.Features{Comm: "good", Node: "n1"}), brief("old", 1, investigations.Features{Comm: "new"})
		if err := s.Keep(s.Context(), good, revised, bad); err == nil {
			s.forget(investigations.Filter{IDs: []string{"good", bad.Result.ID}})
			s.keep(brief("old", 1, investigations.Features{Comm: "old"}))
			continue
		}
		refused++
		s.same("ids", []string{"old"}, s.listed(investigations.Filter{}))
		if got := s.trace("old").Features.Comm; got != "old" {
			s.Errorf("a call that failed revised a trace: comm %q", got)
		}
		c := s.candidates(investigations.Cue{Terms: memory.Terms(investigations.Features{Comm: "good"}), Limit: 5})
		if len(c.Heads) != 0 || c.Having[0] != 0 || c.Traces != 1 {
			s.Errorf("a call that failed left candidates: %+v", c)
		}
		s.same("edges", []string(nil), sorted(s.edges(memory.Incident("good"))))
	}
	if refused == 0 {
		s.Error("no trace was refused, not even one without an id")
	}
}

// full is a trace with something in every field.
func full() investigations.Trace {
	t := Trace(1, 5)
	t.Result.ID, t.AskedBy = "full", "U1"
	t.Features.Changed, t.Features.Functions, t.Features.Culprit = []string{"image", "env A"}, []string{"a.B", "c.D"}, "istio-proxy"
	t.Feedback = []investigations.Feedback{
		{By: "U1", Vote: investigations.VoteUp, At: Epoch.Add(time.Minute), Judged: investigations.CauseLeak},
		{By: "U2", Vote: investigations.VoteDown, At: Epoch.Add(2 * time.Minute), Cause: investigations.CauseSidecar, Note: "it was “istio” — \u2028 <b>&amp;</b> \\ud800 \x00\x1f", Judged: investigations.CauseLeak},
		{By: "U1", Vote: investigations.VoteRetracted, At: Epoch.Add(3 * time.Minute).In(time.FixedZone("", 3600)), Judged: investigations.CauseLeak},
	}
	t.Outcome = investigations.Outcome{State: investigations.OutcomeFixHeld, At: Epoch.Add(time.Hour), Why: "no kill came", Fix: []investigations.Action{investigations.ActionRollback}}
	t.ShownAt = []string{"https://chat.example/1"}
	t.Links = []investigations.Link{{Type: investigations.EdgeSameRootAs, ID: "x"}, {Type: investigations.EdgeRecurredAs, ID: "y"}}
	t.Influences = []investigations.Influence{{Precedent: "x", Cause: investigations.CauseLeak, Before: 0.1, After: 1.0 / 3, Why: "its fix held"}}
	t.Sources = append(t.Sources, investigations.SourceAnswer{Tool: "logs", File: "logs/x", Asked: "{a=\"b\"}", Bytes: 1 << 40, Error: "timeout"})
	t.State.Workloads[0].Now.Volumes = map[string]int64{"tmp": 0, "shm": 64 << 20}
	t.Result.Verdict.Change = &investigations.Change{Workload: "deployment/a", Revision: 3, At: Epoch, What: []string{"image: 1 -> 2"}}
	t.Result.LLM = investigations.LLMUse{Model: "m", Calls: 2, PromptTokens: 3, CompletionTokens: 4, Cost: 0.125, RejectedClaims: 1, EndedBy: "submitted"}
	t.Result.Facts[0].At = time.Date(2026, 3, 4, 5, 6, 7, 123456789, time.UTC)
	t.StoredAt = time.Date(2026, 3, 4, 5, 6, 7, 987654321, time.UTC)
	return t
}

// deface writes into whatever a trace shares with its copies.
func deface(t investigations.Trace) {
	t.Feedback[0].By, t.ShownAt[0], t.Links[0].ID = "defaced", "defaced", "defaced"
	t.Result.Facts[0].Says, t.Result.Verdict.Victim.Comm = "defaced", "defaced"
	t.Result.Facts[0].Values["defaced"] = 1
	t.Features.Changed[0], t.State.Workloads[0].Workload = "defaced", "defaced"
	t.State.Workloads[0].Now.Volumes["defaced"] = 1
	t.Outcome.Fix[0] = "defaced"
}

func cause(c investigations.Cause) investigations.GraphNode {
	return investigations.GraphNode{Kind: investigations.NodeCause, Name: string(c)}
}
