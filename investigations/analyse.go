package investigations

import (
	"context"
	"runtime/debug"
)

// Who writes a verdict, in Verdict.WrittenBy.
const (
	WrittenByRules = "rules"
	WrittenByLLM   = "llm"
)

// What ended the work of a model, in LLMUse.EndedBy.
const (
	// EndedOff is that none was asked.
	EndedOff = "off"
	// EndedSubmitted is that it gave a verdict, whether that stands or not.
	EndedSubmitted = "submitted"
	EndedCalls     = "calls"
	EndedTokens    = "tokens"
	EndedTime      = "time"
	EndedMoney     = "money"
	// EndedError is an endpoint that could not be asked, or did not answer as one.
	EndedError = "error"
)

// analyse has the analyst look at a document of the rules, and puts what it found into it. Where it breaks, the rules'
// verdict stands. ledger has the document's facts as the rules know them, before anything was redacted.
func analyse(ctx context.Context, req Request, res *Result, ev *Evidence, ledger *Ledger, rules Rules, opt Options) {
	doc := *res // others may hold the rules' document: it stays as it is
	if opt.Published != nil {
		opt.Published(&doc)
	}
	var origins map[string]Origin
	if opt.Origins != nil {
		origins = opt.Origins()
	}
	tidy := func(f Fact) Fact {
		one := Result{Facts: []Fact{f}}
		one.rename(origins)
		one.redact(opt.Redact)
		return one.Facts[0]
	}
	c := Case{Request: req, Result: &doc, Evidence: ev, Tidy: tidy, Recall: opt.Memory}
	if s, ok := rules.(Supposer); ok {
		c.Suppose = func(facts *Ledger, what Supposition) (Verdict, bool) {
			return suppose(s, req, *ev, ledger, facts, what, tidy, opt)
		}
	}
	a := askAnalyst(ctx, c, opt)
	out := doc
	out.Verdict, out.LLM = a.Verdict, a.Use
	out.Facts = append(append([]Fact{}, doc.Facts...), a.Facts...)
	out = out.Normalized()
	out.redact(opt.Redact)
	*res = out
}

// suppose has the rules judge under a supposition; what they find is tidied as the rest of the document is. They know
// their own facts again as those of raw, in whose place the tidied ones of facts stand.
func suppose(
	s Supposer, req Request, ev Evidence, raw, facts *Ledger, what Supposition, tidy func(Fact) Fact, opt Options,
) (v Verdict, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			opt.Log.Error("rules panicked under a supposition", "err", p)
			opt.Log.Debug("rules panicked under a supposition", "stack", string(debug.Stack()))
			v, ok = Verdict{}, false
		}
	}()
	trial := raw.clone()
	for _, f := range facts.facts[len(raw.facts):] {
		trial.Add(f)
	}
	d, ok := s.Suppose(req, ev, trial, what)
	if !ok {
		return Verdict{}, false
	}
	for _, f := range trial.facts[len(facts.facts):] {
		facts.Add(tidy(f))
	}
	one := Result{Verdict: d.Verdict}
	one = one.Normalized()
	one.redact(opt.Redact)
	return one.Verdict, true
}

// askAnalyst asks the analyst and takes the rules' verdict where it breaks.
func askAnalyst(ctx context.Context, c Case, opt Options) (a Analysis) {
	defer func() {
		if p := recover(); p != nil {
			opt.Log.Error("the analyst panicked", "err", p)
			opt.Log.Debug("the analyst panicked", "stack", string(debug.Stack()))
			a = Analysis{Verdict: c.Result.Verdict, Use: LLMUse{EndedBy: EndedError}}
		}
	}()
	return opt.Analyst.Analyse(ctx, c)
}
