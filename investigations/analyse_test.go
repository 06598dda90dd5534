package investigations

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// analystFunc is an Analyst.
type analystFunc func(ctx context.Context, c Case) Analysis

func (f analystFunc) Analyse(ctx context.Context, c Case) Analysis { return f(ctx, c) }

// supposing is a Rules that is a Supposer too.
type supposing struct {
	rulesFunc
	suppose func(facts *Ledger, s Supposition) (Diagnosis, bool)
}

func (r supposing) Suppose(_ Request, _ Evidence, facts *Ledger, s Supposition) (Diagnosis, bool) {
	return r.suppose(facts, s)
}

func leaks(req Request, _ Evidence, facts *Ledger) Diagnosis {
	id := facts.Add(Fact{Tool: ToolMetrics, Says: "secret growth in metrics/x.json", Source: "metrics/x.json", Key: "rules/growth"})
	return Diagnosis{Target: req.Target, Verdict: Verdict{Cause: CauseLeak, Headline: "It leaks.", Explanation: "It leaks. [" + id + "]", WrittenBy: WrittenByRules}}
}

func options(a Analyst) Options {
	return Options{
		Analyst: a,
		Redact:  func(s string) string { return strings.ReplaceAll(s, "secret", "[redacted]") },
		Origins: func() map[string]Origin {
			return map[string]Origin{"metrics/x.json": {Name: "the query x", Source: "sum(x)"}}
		},
	}
}

func TestAnalystWritesTheVerdict(t *testing.T) {
	var published *Result
	opt := options(analystFunc(func(_ context.Context, c Case) Analysis {
		if published == nil {
			t.Error("the analyst is asked before the verdict of the rules is published")
		}
		v := c.Result.Verdict
		v.Headline, v.WrittenBy = "It leaks the secret.", WrittenByLLM
		return Analysis{Verdict: v, Facts: []Fact{c.Tidy(Fact{ID: "F3", Says: "a secret found later", Source: "metrics/x.json"})}, Use: LLMUse{Model: "m", Calls: 2, EndedBy: EndedSubmitted}}
	}))
	opt.Published = func(r *Result) { published = r }
	res, _ := run(t, leaks, opt, source{name: ToolPods})
	if got := res.Verdict; got.Headline != "It leaks the [redacted]." || got.WrittenBy != WrittenByLLM || got.Cause != CauseLeak {
		t.Errorf("the verdict is %+v", got)
	}
	want := []Fact{
		{ID: "F1", Tool: ToolPods, Says: "pods says so", Key: "pods/a"},
		{ID: "F2", Tool: ToolMetrics, Says: "[redacted] growth in the query x", Source: "sum(x)", Key: "rules/growth"},
		{ID: "F3", Says: "a [redacted] found later", Source: "sum(x)"},
	}
	if d := cmp.Diff(want, res.Facts); d != "" {
		t.Errorf("facts (-want +got):\n%s", d)
	}
	if d := cmp.Diff(LLMUse{Model: "m", Calls: 2, EndedBy: EndedSubmitted}, res.LLM); d != "" {
		t.Errorf("use (-want +got):\n%s", d)
	}
	if published.Verdict.WrittenBy != WrittenByRules || published.Verdict.Headline != "It leaks." || len(published.Facts) != 2 || published.LLM.EndedBy != EndedOff {
		t.Errorf("what was published changed: %+v", published)
	}
}

func TestAnAnalystThatBreaksLeavesTheVerdict(t *testing.T) {
	res, _ := run(t, leaks, options(analystFunc(func(context.Context, Case) Analysis { panic("boom") })), source{name: ToolPods})
	if res.Verdict.WrittenBy != WrittenByRules || res.Verdict.Headline != "It leaks." || res.LLM.EndedBy != EndedError {
		t.Errorf("%+v %+v", res.Verdict, res.LLM)
	}
}

func TestWithoutAnAnalystNothingIsPublished(t *testing.T) {
	res, _ := run(t, leaks, Options{Published: func(*Result) { t.Error("published") }}, source{name: ToolPods})
	if res.LLM.EndedBy != EndedOff {
		t.Errorf("ended by %s", res.LLM.EndedBy)
	}
}

func TestSuppositions(t *testing.T) {
	rules := supposing{rulesFunc: leaks, suppose: func(facts *Ledger, s Supposition) (Diagnosis, bool) {
		switch s.Cause {
		case CauseSidecar:
			return Diagnosis{}, false
		case CauseLoadSpike:
			panic("boom")
		}
		// It states its fact again, as it knows it, and one more.
		same := facts.Add(Fact{Tool: ToolMetrics, Says: "secret growth in metrics/x.json", Source: "metrics/x.json", Key: "rules/growth"})
		more := facts.Add(Fact{Tool: ToolMetrics, Says: "a secret limit", Source: "metrics/x.json", Key: "rules/limit"})
		return Diagnosis{Verdict: Verdict{Cause: s.Cause, Headline: "a secret", Explanation: "[" + same + "] [" + more + "]"}}, true
	}}
	opt := options(analystFunc(func(_ context.Context, c Case) Analysis {
		ledger := NewLedger(c.Result.Facts)
		found := ledger.Add(Fact{Says: "found by a function", Key: "ask/a"})
		for _, cause := range []Cause{CauseSidecar, CauseLoadSpike} {
			if _, ok := c.Suppose(ledger, Supposition{Cause: cause}); ok || len(ledger.Facts()) != 3 {
				t.Errorf("%s can be supposed, or changed the facts", cause)
			}
		}
		v, ok := c.Suppose(ledger, Supposition{Cause: CauseUndersizedLimit})
		if !ok || v.Cause != CauseUndersizedLimit || v.Headline != "a [redacted]" || v.Explanation != "[F2] [F4]" {
			t.Errorf("supposed %v: %+v", ok, v)
		}
		facts := ledger.Facts()
		if found != "F3" || len(facts) != 4 || facts[3].ID != "F4" || facts[3].Says != "a [redacted] limit" || facts[3].Source != "sum(x)" {
			t.Errorf("facts %+v", facts)
		}
		return Analysis{Verdict: v, Facts: facts[2:]}
	}))
	res, _, err := Run(t.Context(), request(), []Tool{source{name: ToolPods}}, rules, opt)
	if err != nil || len(res.Facts) != 4 {
		t.Errorf("%v, %d facts", err, len(res.Facts))
	}
}
