package agent

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/grounding"
)

// mostAdvice is how many recommendations a verdict has at most.
const mostAdvice = 8

// advice makes recommendations of those that were submitted, in their order. Workload, value, revision, command and note
// are the program's, whose own recommendation of the same action each must match; what it must not be without is added.
func (s *session) advice(sub submission, base investigations.Verdict, facts []investigations.Fact) ([]investigations.Recommendation, []grounding.Reason) {
	allowed := investigations.AllowedActions(base)
	var out []investigations.Recommendation
	var reasons []grounding.Reason
	for i, r := range sub.Recommendations {
		field := fmt.Sprintf("recommendations[%d]", i)
		if i >= mostAdvice {
			reasons = append(reasons, grounding.Reason{Kind: grounding.Form, Field: field, Says: fmt.Sprintf("There are more than %d.", mostAdvice)})
			break
		}
		action := investigations.Action(r.Action)
		if !slices.Contains(allowed, action) {
			reasons = append(reasons, grounding.Reason{
				Kind: grounding.Advice, Field: field, Claim: outside(r.Action, 60),
				Says: fmt.Sprintf("With cause %s and trigger %s only %s can be recommended.", base.Cause, base.Trigger, joinWords(allowed, ", ")),
			})
			continue
		}
		made, bad := matched(r, field, base, facts)
		reasons = append(reasons, bad...)
		if len(bad) == 0 && !slices.ContainsFunc(out, func(o investigations.Recommendation) bool { return sameAdvice(o, made) }) {
			out = append(out, made)
		}
	}
	if len(sub.Recommendations) == 0 {
		return base.Recommendations, reasons
	}
	return withRequired(out, base), reasons
}

// withRequired puts what a verdict must not be without before the rest, as the rules have it.
func withRequired(out []investigations.Recommendation, base investigations.Verdict) []investigations.Recommendation {
	var missing []investigations.Recommendation
	for _, action := range investigations.RequiredActions(base) {
		if slices.ContainsFunc(out, func(r investigations.Recommendation) bool { return r.Action == action }) {
			continue
		}
		for _, r := range base.Recommendations {
			if r.Action == action {
				missing = append(missing, r)
			}
		}
	}
	return append(missing, out...)
}

func sameAdvice(a, b investigations.Recommendation) bool {
	return a.Action == b.Action && a.Container == b.Container && a.Workload == b.Workload && a.Revision == b.Revision
}

// matched finds the program's recommendation that a submitted one means.
func matched(r submitted, field string, base investigations.Verdict, facts []investigations.Fact) (investigations.Recommendation, []grounding.Reason) {
	var reasons []grounding.Reason
	refuse := func(kind grounding.Kind, part, claim, format string, args ...any) {
		reasons = append(reasons, grounding.Reason{Kind: kind, Field: field + part, Claim: outside(claim, 100), Says: fmt.Sprintf(format, args...)})
	}
	why := checkWhy(r.Why, facts, func(id string) { refuse(grounding.NoFact, ".why", id, "There is no such fact.") })
	if len(why) == 0 && len(reasons) == 0 {
		refuse(grounding.NoCitation, ".why", "", "It cites no fact.")
	}
	var program *investigations.Recommendation
	for i := range base.Recommendations {
		b := &base.Recommendations[i]
		// Where the program names none, as in a rollback, a container may stand all the same.
		meant := r.Container == "" || b.Container == r.Container || b.Container == "" && knownContainer(r.Container, base)
		if string(b.Action) == r.Action && meant && (program == nil || fits(r, *b)) {
			program = b
		}
	}
	if program == nil {
		out := investigations.Recommendation{Action: investigations.Action(r.Action), Why: why}
		switch {
		case r.Container != "" && !knownContainer(r.Container, base):
			refuse(grounding.Name, ".container", r.Container, "The recommendation is for none of the containers that this is about.")
		case strings.TrimSpace(r.Value) != "":
			refuse(grounding.Number, ".value", r.Value, "The program has computed no value for it: leave it empty.")
		case r.Revision.given && r.Revision.value != 0:
			refuse(grounding.Number, ".revision", fmt.Sprint(r.Revision.value), "There is no revision to go with it: leave it out.")
		}
		out.Container = r.Container
		return out, reasons
	}
	if v := strings.TrimSpace(r.Value); v != "" && !grounding.SameQuantity(v, program.Value) {
		if program.Value == "" {
			refuse(grounding.Number, ".value", v, "The program has computed no value for it: leave it empty.")
		} else {
			refuse(grounding.Number, ".value", v, "The program has computed %s: take that, or leave it empty.", program.Value)
		}
	}
	if r.Revision.given && r.Revision.value != 0 && r.Revision.value != float64(program.Revision) {
		refuse(grounding.Number, ".revision", fmt.Sprint(r.Revision.value), "The revision to go back to is %d.", program.Revision)
	}
	out := *program
	out.Why = why
	return out, reasons
}

// fits says whether a submitted recommendation means b by more than its action.
func fits(r submitted, b investigations.Recommendation) bool {
	return r.Value != "" && grounding.SameQuantity(r.Value, b.Value) || r.Revision.given && r.Revision.value == float64(b.Revision) && b.Revision != 0
}

func knownContainer(name string, v investigations.Verdict) bool {
	for _, p := range []*investigations.Party{v.Victim, v.Culprit} {
		if p != nil && p.Container == name {
			return true
		}
	}
	return slices.ContainsFunc(v.Recommendations, func(r investigations.Recommendation) bool { return r.Container == name })
}

// checkWhy returns the facts of a list that exist, each once, and tells of those that don't.
func checkWhy(ids []string, facts []investigations.Fact, missing func(id string)) []string {
	var out []string
	for _, id := range ids {
		n := factNumber(id)
		if n < 1 || n > len(facts) || facts[n-1].ID != id {
			missing(id)
			continue
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
