package agent

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/grounding"
)

// suppose returns the verdict of the rules with the submitted cause, trigger and culprit in place of their own, where the
// rules and the facts allow them.
func (s *session) suppose(sub submission, ledger *investigations.Ledger) (investigations.Verdict, []grounding.Reason) {
	rules := s.c.Result.Verdict
	refuse := func(field, claim, format string, args ...any) []grounding.Reason {
		return []grounding.Reason{{Kind: grounding.Contradiction, Field: field, Claim: claim, Says: fmt.Sprintf(format, args...)}}
	}
	cause, trigger := investigations.Cause(sub.Cause), investigations.Trigger(sub.Trigger)
	if !slices.Contains(s.causes, cause) {
		return rules, refuse("cause", outside(sub.Cause, 60), "Where the boundary is %s, the cause is one of %s.", rules.Boundary, joinWords(s.causes, ", "))
	}
	if !slices.Contains(investigations.Triggers, trigger) {
		return rules, refuse("trigger", outside(sub.Trigger, 60), "The trigger is one of %s.", joinWords(investigations.Triggers, ", "))
	}
	what := investigations.Supposition{}
	if cause != rules.Cause {
		what.Cause = cause
	}
	if r := s.supposeTrigger(sub, &what, ledger); len(r) > 0 {
		return rules, r
	}
	if r := s.supposeCulprit(sub, &what); len(r) > 0 {
		return rules, r
	}
	if what == (investigations.Supposition{}) {
		return rules, nil
	}
	if s.c.Suppose == nil {
		return rules, refuse("cause", sub.Cause, "The rules can't judge under another cause or trigger than theirs.")
	}
	what.Cause, what.Trigger = cause, trigger
	v, ok := s.c.Suppose(ledger, what)
	if !ok {
		return rules, refuse("cause", outside(sub.Cause, 60), "The evidence does not allow cause %s with trigger %s and that culprit or revision.", cause, trigger)
	}
	if !carries(v, rules) {
		return rules, refuse("cause", outside(sub.Cause, 60), "The facts carry %s with a confidence of %.2f, and this with %.2f at most: keep it, and say in the explanation what speaks against it.",
			rules.Cause, rules.Confidence, v.Confidence)
	}
	if rules.Trigger != investigations.TriggerUnknown && v.Trigger != rules.Trigger && v.Trigger != investigations.TriggerUnknown {
		v.Confidence = min(v.Confidence, rules.Confidence*otherTrigger)
	}
	return v, nil
}

const (
	// sureRules is the confidence from which the rules' verdict gives way only to one that the facts carry half as well.
	sureRules = 0.6
	// otherTrigger is what is left of the confidence where another trigger than the one that the rules found is named.
	otherTrigger = 0.75
)

// carries says whether the facts carry a supposed verdict well enough to put it in the place of the rules'. A model that
// was talked into another one must not take a sure verdict away.
func carries(v, rules investigations.Verdict) bool {
	if rules.Confidence < sureRules || v.Cause == rules.Cause && samePlace(v.Culprit, rules.Culprit) {
		return true
	}
	return v.Cause != investigations.CauseInsufficientEvidence && v.Confidence >= rules.Confidence/2
}

func samePlace(a, b *investigations.Party) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Namespace == b.Namespace && a.Pod == b.Pod && a.Container == b.Container
}

// supposeTrigger looks whether another trigger than the rules' has facts for it.
func (s *session) supposeTrigger(sub submission, what *investigations.Supposition, ledger *investigations.Ledger) []grounding.Reason {
	rules := s.c.Result.Verdict
	trigger := investigations.Trigger(sub.Trigger)
	refuse := func(field, format string, args ...any) []grounding.Reason {
		return []grounding.Reason{{Kind: grounding.Contradiction, Field: field, Claim: outside(sub.Trigger, 40), Says: fmt.Sprintf(format, args...)}}
	}
	revision := int64(0)
	byChange := trigger == investigations.TriggerDeploy || trigger == investigations.TriggerConfigChange
	if byChange && sub.ChangeRevision.given {
		if revision = int64(sub.ChangeRevision.value); float64(revision) != sub.ChangeRevision.value || revision < 0 {
			return refuse("change_revision", "It is the number of a revision that a fact names.")
		}
	}
	ruled := int64(0)
	if rules.Change != nil {
		ruled = rules.Change.Revision
	}
	if trigger == rules.Trigger && (!byChange || revision == 0 || revision == ruled) {
		return nil
	}
	what.Trigger, what.Revision = trigger, revision
	cited := s.citedBy(sub, ledger.Facts())
	switch trigger {
	case investigations.TriggerUnknown:
		return nil
	case investigations.TriggerNone:
		if rules.Trigger == investigations.TriggerUnknown && cause(rules.Cause) {
			return nil
		}
		return refuse("trigger", "The rules found %s by the facts; it can be kept, or unknown.", rules.Trigger)
	case investigations.TriggerDeploy, investigations.TriggerConfigChange:
		if ruled != 0 && revision != ruled {
			return refuse("change_revision", "By the facts it was revision %d.", ruled)
		}
		if revision == 0 {
			return refuse("change_revision", "With trigger %s goes the number of the revision, which a fact names.", trigger)
		}
		if !grounding.RevisionHeld(revision, ledger.Facts()) {
			return refuse("change_revision", "No fact names revision %d.", revision)
		}
		return nil
	case investigations.TriggerTraffic:
		if !s.rose(cited) && !mention(cited, "follows the present traffic") && !mention(ofTool(cited, investigations.ToolLogs), "request", "connection") {
			return refuse("trigger", "No cited fact tells of traffic that rose, or of a request that set it off.")
		}
	case investigations.TriggerScheduledJob:
		if !mention(cited, "job", "cron", "batch", "schedule", "nightly", "backup") {
			return refuse("trigger", "No cited fact tells of a job that set it off.")
		}
	}
	return nil
}

func cause(c investigations.Cause) bool {
	return c != investigations.CauseInsufficientEvidence && c != investigations.CauseNotOOM
}

// citedBy are the facts that a submission cites anywhere.
func (s *session) citedBy(sub submission, facts []investigations.Fact) []investigations.Fact {
	ids := map[string]bool{}
	for _, id := range grounding.Citations(sub.Headline + "\n" + sub.Explanation) {
		ids[id] = true
	}
	for _, r := range sub.Recommendations {
		for _, id := range r.Why {
			ids[id] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(facts), func(f investigations.Fact) bool { return !ids[f.ID] })
}

// rose says whether the cited facts show that traffic rose.
func (s *session) rose(cited []investigations.Fact) bool {
	gc := grounding.Case{Facts: cited, Result: s.c.Result, Verdict: s.c.Result.Verdict}
	for _, r := range grounding.Statements(gc, "trigger", grounding.Sentence{Text: "Traffic rose.", Raw: "Traffic rose."}, cited) {
		if r.Kind == grounding.Direction {
			return false
		}
	}
	return len(cited) > 0
}

func ofTool(facts []investigations.Fact, tool string) []investigations.Fact {
	return slices.DeleteFunc(slices.Clone(facts), func(f investigations.Fact) bool { return f.Tool != tool })
}

func mention(facts []investigations.Fact, words ...string) bool {
	return slices.ContainsFunc(facts, func(f investigations.Fact) bool {
		says := strings.ToLower(f.Says)
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(says, w) })
	})
}

// supposeCulprit looks whether another culprit than the rules' can be one.
func (s *session) supposeCulprit(sub submission, what *investigations.Supposition) []grounding.Reason {
	p := sub.Culprit
	if p == nil || *p == (party{}) {
		return nil
	}
	rules := s.c.Result.Verdict
	claim := outside(strings.Trim(p.Namespace+"/"+p.Pod+"/"+p.Container, "/"), 200)
	refuse := func(format string, args ...any) []grounding.Reason {
		return []grounding.Reason{{Kind: grounding.Contradiction, Field: "culprit", Claim: claim, Says: fmt.Sprintf(format, args...)}}
	}
	if investigations.Cause(sub.Cause) == investigations.CauseNotOOM {
		return refuse("Where nothing ran out of memory there is no culprit.")
	}
	same := func(q *investigations.Party) bool {
		return q != nil && (p.Namespace == "" || p.Namespace == q.Namespace) && (p.Pod == "" || p.Pod == q.Pod) &&
			(p.Container == "" || p.Container == q.Container)
	}
	if same(rules.Culprit) {
		return nil
	}
	if rules.Boundary == investigations.BoundaryContainer || rules.Boundary == investigations.BoundaryHeap {
		if same(rules.Victim) {
			return nil
		}
		return refuse("Where a %s's own limit ran out, the culprit is in it.", rules.Boundary)
	}
	what.Culprit = &investigations.Party{Namespace: p.Namespace, Pod: p.Pod, Container: p.Container}
	if what.Culprit.Namespace == "" {
		what.Culprit.Namespace = s.c.Result.Target.Namespace
	}
	return nil
}
