package investigations

import "context"

// Analyst looks at a case that the rules have judged, and may judge and word it anew, within what the rules allow. It
// answers in bounded time whatever goes wrong, and then with the rules' verdict.
type Analyst interface {
	Analyse(ctx context.Context, c Case) Analysis
}

// Case is an investigation that the rules have judged. Whoever gets one leaves it as it is.
type Case struct {
	Request Request
	// Result is the document as the rules wrote it; it has passed redaction.
	Result *Result
	// Evidence is what the sources read.
	Evidence *Evidence
	// Suppose judges under a supposition, as Supposer says. The ledger holds the facts of Result and those found since; what
	// follows adds its own. It is nil where the rules can't; what it returns has passed redaction.
	Suppose func(facts *Ledger, s Supposition) (Verdict, bool)
	// Tidy makes a fact that was found later read like those of Result: redacted, with the place that a person can open
	// as its source. It is never nil.
	Tidy func(Fact) Fact
	// Recall finds further precedents; it may be nil.
	Recall Recaller
}

// Analysis is what an Analyst found.
type Analysis struct {
	Verdict Verdict
	// Facts are those that were added to the case's, numbered on from them.
	Facts []Fact
	Use   LLMUse
}

// Supposition is what the rules are to take for given. Zero fields leave the rules their own answer.
type Supposition struct {
	Cause   Cause
	Trigger Trigger
	// Revision is that which set it off, where Trigger is deploy, config_change or not given: of the target's workload, and
	// for noisy_neighbour of the culprit's.
	Revision int64
	Culprit  *Party
}

// Supposer is a Rules that can also judge under a supposition: the boundary, the mechanism and the victim are what the
// evidence says, and what follows from the supposed (recommendations, commands, the change, the next kill, a
// confidence that is never above that of the supposed cause's own score) is built in the same way as for Diagnose. It
// reports false where the boundary excludes the cause, or the evidence has no such revision or culprit.
type Supposer interface {
	Suppose(req Request, ev Evidence, facts *Ledger, s Supposition) (Diagnosis, bool)
}
