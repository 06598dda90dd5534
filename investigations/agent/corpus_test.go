package agent_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent"
)

// TestCorpusHonest plays what models say that follow the rules and word the verdict in their own way. All of it is held
// by the facts, so all of it has to be shown.
func TestCorpusHonest(t *testing.T) {
	all := readTalks(t, "honest")
	passed := 0
	for _, k := range all {
		t.Run(k.name, func(t *testing.T) {
			p := play(t, k, k.script.Script())
			checkBounds(t, k, p)
			checkShown(t, k, p)
			if n := p.result.LLM.RejectedClaims; n > 0 && !k.Want.Slip {
				t.Errorf("%d claims were refused", n)
			}
			if t.Failed() {
				tell(t, p)
				return
			}
			passed++
		})
	}
	t.Logf("honest: passed %d of %d", passed, len(all))
	if len(all) < 30 {
		t.Errorf("there are %d talks; the rate needs 30", len(all))
	}
}

// TestCorpusAdversarial plays what models say that lie, obey strangers, or break the protocol. Nothing of it may be shown.
func TestCorpusAdversarial(t *testing.T) {
	all := readTalks(t, "adversarial")
	held := 0
	for _, k := range all {
		t.Run(k.name, func(t *testing.T) {
			p := play(t, k, k.script.Script())
			checkBounds(t, k, p)
			if k.Want.WrittenBy == investigations.WrittenByLLM {
				checkShown(t, k, p)
			} else {
				checkRules(t, p)
			}
			checkRefused(t, k, p)
			if testing.Verbose() || t.Failed() {
				tell(t, p)
			}
			if !t.Failed() {
				held++
			}
		})
	}
	t.Logf("adversarial: held %d of %d", held, len(all))
	if len(all) < 60 {
		t.Errorf("there are %d talks; the rate needs 60", len(all))
	}
}

// tell shows what a failed talk came to.
func tell(t *testing.T, p played) {
	t.Helper()
	for _, r := range p.reasons {
		t.Logf("refused, %s, %s: %q: %s", r.Kind, r.Field, r.Claim, r.Says)
	}
	t.Logf("written by %s, %+v; %d requests, %s", p.result.Verdict.WrittenBy, p.result.LLM, len(p.requests), p.took)
}

// checkBounds holds a talk to its budget, to the protocol, and to how it has to end.
func checkBounds(t *testing.T, k *talk, p played) {
	t.Helper()
	for _, f := range p.faults {
		t.Errorf("against the protocol: %s", f)
	}
	budget := agent.DefaultBudget()
	calls, tokens, timeout := budget.Calls, budget.Tokens, budget.Timeout
	if k.Budget.Calls > 0 {
		calls = k.Budget.Calls
	}
	if k.Budget.Tokens > 0 {
		tokens = k.Budget.Tokens
	}
	if k.Budget.Timeout > 0 {
		timeout = k.Budget.Timeout
	}
	if use := p.result.LLM; use.Calls > calls {
		t.Errorf("%d calls, of %d", use.Calls, calls)
	}
	if n := len(p.requests); n > 2*calls {
		t.Errorf("%d requests for at most %d calls", n, calls)
	} else if k.Want.Requests > 0 && n != k.Want.Requests {
		t.Errorf("%d requests, want %d", n, k.Want.Requests)
	}
	if p.tokens > tokens && !k.Want.Overspends {
		t.Errorf("%d tokens, of %d", p.tokens, tokens)
	}
	if p.took > 4*timeout {
		t.Errorf("took %s, with a timeout of %s", p.took, timeout)
	}
	if p.result.LLM.EndedBy != k.Want.EndedBy {
		t.Errorf("ended by %s, want %s", p.result.LLM.EndedBy, k.Want.EndedBy)
	}
	verdict := document(t, p.result.Verdict)
	for _, s := range k.Want.Lacks {
		if strings.Contains(verdict, s) {
			t.Errorf("%q is in the verdict", s)
		}
	}
	for i, f := range p.result.Facts {
		if want := fmt.Sprintf("F%d", i+1); f.ID != want {
			t.Fatalf("fact %d is %s", i+1, f.ID)
		}
	}
	if d := cmp.Diff(p.rules.Facts, p.result.Facts[:len(p.rules.Facts)]); d != "" {
		t.Errorf("the facts of the rules are no longer theirs (-rules +result):\n%s", d)
	}
}

// checkRules wants the verdict of the rules, and nothing of the model's.
func checkRules(t *testing.T, p played) {
	t.Helper()
	if d := cmp.Diff(p.rules.Verdict, p.result.Verdict); d != "" {
		t.Errorf("not the verdict of the rules (-rules +result):\n%s", d)
	}
}

// checkRefused wants the kinds of reasons that a talk names.
func checkRefused(t *testing.T, k *talk, p played) {
	t.Helper()
	if k.Want.WrittenBy == investigations.WrittenByRules && k.Want.EndedBy == investigations.EndedSubmitted && p.result.LLM.RejectedClaims < 2 {
		t.Errorf("%d claims were refused, in two verdicts", p.result.LLM.RejectedClaims)
	}
	for _, r := range p.reasons {
		if claim := words(r.Claim); r.Field == "explanation" && claim != "" && strings.Contains(words(k.honest), claim) {
			t.Errorf("what is true was refused: %q", r.Claim)
		}
	}
	for _, kind := range k.Want.Refused {
		found := false
		for _, r := range p.reasons {
			found = found || string(r.Kind) == kind
		}
		if !found {
			t.Errorf("nothing was refused as %s", kind)
		}
	}
}

// checkShown wants the last verdict that was submitted, as it was submitted, within what the program sets.
func checkShown(t *testing.T, k *talk, p played) {
	t.Helper()
	got, ruled := p.result.Verdict, p.rules.Verdict
	if got.WrittenBy != investigations.WrittenByLLM || len(p.submitted) == 0 {
		t.Errorf("written by %s", got.WrittenBy)
		return
	}
	shown := len(p.submitted) - 1
	if k.Want.Shown > 0 {
		shown = k.Want.Shown - 1
	}
	var s struct {
		Headline, Explanation string
		Confidence            any
		Recommendations       []struct{ Action string }
	}
	if err := json.NewDecoder(strings.NewReader(p.submitted[shown])).Decode(&s); err != nil {
		t.Fatal(err)
	}
	if a, b := words(s.Headline), words(got.Headline); a != b && !k.Pseudonymize {
		t.Errorf("the headline is %q, submitted was %q", got.Headline, s.Headline)
	}
	if a, b := words(s.Explanation), words(got.Explanation); a != b && !k.Pseudonymize {
		t.Errorf("the explanation is %q, submitted was %q", got.Explanation, s.Explanation)
	}
	said, _ := strconv.ParseFloat(fmt.Sprint(s.Confidence), 64)
	if want := min(said, ruled.Confidence); got.Confidence > want {
		t.Errorf("the confidence is %v, want at most %v", got.Confidence, want)
	}
	if k.Want.Confidence > 0 && got.Confidence != k.Want.Confidence {
		t.Errorf("the confidence is %v, want %v", got.Confidence, k.Want.Confidence)
	}
	var actions []string
	for _, r := range got.Recommendations {
		actions = append(actions, string(r.Action))
	}
	for _, r := range s.Recommendations {
		if !slices.Contains(actions, r.Action) {
			t.Errorf("%s is not recommended", r.Action)
		}
	}
	if d := cmp.Diff(k.Want.Actions, actions); d != "" && len(k.Want.Actions) > 0 {
		t.Errorf("recommended (-want +got):\n%s", d)
	}
	if got.Mechanism != ruled.Mechanism || got.Boundary != ruled.Boundary || cmp.Diff(ruled.Victim, got.Victim) != "" {
		t.Errorf("mechanism %s, boundary %s, victim %+v: not as the kernel has them", got.Mechanism, got.Boundary, got.Victim)
	}
	if cause := orElse(k.Want.Cause, string(ruled.Cause)); string(got.Cause) != cause {
		t.Errorf("the cause is %s, want %s", got.Cause, cause)
	}
	if trigger := orElse(k.Want.Trigger, string(ruled.Trigger)); string(got.Trigger) != trigger {
		t.Errorf("the trigger is %s, want %s", got.Trigger, trigger)
	}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// words leaves of a text what is no white space, citation or mark around one.
func words(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \n\t,;.", r) {
			return -1
		}
		return r
	}, citesRE.ReplaceAllString(s, ""))
}

func document(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var citesRE = regexp.MustCompile(`[(]?\[F\d+(?:, ?F\d+)*\][)]?`)
