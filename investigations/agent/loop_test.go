package agent

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

const leak = "leak-after-deploy"

// verdictOf turns the rules' verdict into what a model would submit that agrees with all of it.
func verdictOf(t *testing.T, r *investigations.Result, change func(map[string]any)) string {
	t.Helper()
	v := r.Verdict
	m := map[string]any{
		"cause": v.Cause, "trigger": v.Trigger, "confidence": v.Confidence, "headline": v.Headline, "explanation": v.Explanation,
	}
	if v.Change != nil {
		m["change_revision"] = v.Change.Revision
	}
	var recs []map[string]any
	for _, rec := range v.Recommendations {
		recs = append(recs, map[string]any{"action": rec.Action, "why": rec.Why, "container": rec.Container})
	}
	m["recommendations"] = recs
	if change != nil {
		change(m)
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAVerdictThatHoldsIsShown(t *testing.T) {
	rules := example(t, leak, nil, nil)
	text := verdictOf(t, rules, func(m map[string]any) { m["confidence"] = 1.0 })
	model := &scripted{answers: []turn{submits(text)}}
	var published *investigations.Result
	got := example(t, leak, agentOf(model), func(r *investigations.Result) {
		if len(model.asked) > 0 {
			t.Error("the model was asked before the verdict of the rules was published")
		}
		published = r
	})
	if published == nil || published.Verdict.WrittenBy != investigations.WrittenByRules {
		t.Error("the verdict of the rules was not published as theirs")
	}
	if got.Verdict.WrittenBy != investigations.WrittenByLLM {
		t.Fatalf("written by %s; %+v", got.Verdict.WrittenBy, got.LLM)
	}
	want := rules.Verdict
	want.WrittenBy = investigations.WrittenByLLM
	if d := cmp.Diff(want, got.Verdict); d != "" {
		t.Errorf("the verdict differs from that of the rules, with which the model agreed (-rules +model):\n%s", d)
	}
	if got.LLM.EndedBy != investigations.EndedSubmitted || got.LLM.Calls != 1 || got.LLM.RejectedClaims != 0 {
		t.Errorf("use is %+v", got.LLM)
	}
}

func TestARefusedVerdictIsSentBackOnce(t *testing.T) {
	rules := example(t, leak, nil, nil)
	bad := verdictOf(t, rules, func(m map[string]any) { m["explanation"] = "The kernel killed it. [F27] Memory grew. [F99]" })
	t.Run("and shown when it holds then", func(t *testing.T) {
		model := &scripted{answers: []turn{submits(bad), submits(verdictOf(t, rules, nil))}}
		got := example(t, leak, agentOf(model), nil)
		if got.Verdict.WrittenBy != investigations.WrittenByLLM || got.LLM.RejectedClaims != 1 || got.LLM.Calls != 2 {
			t.Errorf("written by %s, use %+v", got.Verdict.WrittenBy, got.LLM)
		}
		if last := model.asked[1].Messages[len(model.asked[1].Messages)-1]; !strings.Contains(last.Text, "There is no fact F99.") || last.Answers == "" {
			t.Errorf("the model was told %+v", last)
		}
	})
	t.Run("and that of the rules stands when it does not", func(t *testing.T) {
		model := &scripted{answers: []turn{submits(bad)}}
		got := example(t, leak, agentOf(model), nil)
		if d := cmp.Diff(rules.Verdict, got.Verdict); d != "" {
			t.Errorf("not the verdict of the rules (-rules +got):\n%s", d)
		}
		if got.LLM.RejectedClaims != 2 || got.LLM.Calls != 2 || got.LLM.EndedBy != investigations.EndedSubmitted {
			t.Errorf("use is %+v", got.LLM)
		}
	})
}

func TestWhatTheProgramSetsCannotBeSubmitted(t *testing.T) {
	rules := example(t, leak, nil, nil)
	tests := []struct {
		name   string
		change func(map[string]any)
		says   string
	}{
		{"a cause that the boundary excludes", func(m map[string]any) { m["cause"] = "noisy_neighbour" }, "Where the boundary is container, the cause is one of"},
		{"a cause of its own", func(m map[string]any) { m["cause"] = "cosmic_rays" }, "the cause is one of"},
		{"a trigger of its own", func(m map[string]any) { m["trigger"] = "moon" }, "The trigger is one of"},
		{"no trigger where the rules found one", func(m map[string]any) { m["trigger"] = "none" }, "The rules found deploy"},
		{"a revision that no fact names", func(m map[string]any) { m["change_revision"] = 77 }, "By the facts it was revision 19."},
		{"another revision that a fact names", func(m map[string]any) { m["change_revision"] = 18 }, "By the facts it was revision 19."},
		{"traffic that did not rise", func(m map[string]any) { m["trigger"] = "traffic" }, "No cited fact tells of traffic that rose"},
		{"a job of which no fact tells", func(m map[string]any) { m["trigger"] = "scheduled_job" }, "No cited fact tells of a job"},
		{"a cause that the facts speak against", func(m map[string]any) { m["cause"], m["trigger"] = "load_spike", "unknown" }, "The facts carry leak with a confidence of 0.97"},
		{"no cause where the facts carry one", func(m map[string]any) { m["cause"], m["trigger"] = "insufficient_evidence", "unknown" }, "The facts carry leak"},
		{"a broken revision", func(m map[string]any) { m["change_revision"] = 1.5 }, "change_revision"},
		{"another pod as culprit of a container's own limit", func(m map[string]any) {
			m["culprit"] = map[string]any{"namespace": "ads", "pod": "other-0", "container": "x"}
		}, "the culprit is in it"},
		{"an excluded action", func(m map[string]any) {
			m["recommendations"] = []map[string]any{{"action": "set_limit", "value": "4Gi", "why": []string{"F29"}}}
		}, "can be recommended"},
		{"an unknown action", func(m map[string]any) {
			m["recommendations"] = []map[string]any{{"action": "delete_namespace", "why": []string{"F29"}}}
		}, "can be recommended"},
		{"another revision to go back to", func(m map[string]any) {
			m["recommendations"] = []map[string]any{{"action": "rollback", "revision": 17, "why": []string{"F36"}}}
		}, "The revision to go back to is 18."},
		{"an advice without a fact", func(m map[string]any) {
			m["recommendations"] = []map[string]any{{"action": "rollback", "why": []string{}}}
		}, "It cites no fact."},
		{"an advice by a fact that does not exist", func(m map[string]any) {
			m["recommendations"] = []map[string]any{{"action": "rollback", "why": []string{"F400"}}}
		}, "There is no such fact."},
		{"a confidence above one", func(m map[string]any) { m["confidence"] = 7 }, "from 0 to 1"},
		{"a headline that is too long", func(m map[string]any) { m["headline"] = strings.Repeat("gateway ", 30) }, "at most 160"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			model := &scripted{answers: []turn{submits(verdictOf(t, rules, tt.change))}}
			got := example(t, leak, agentOf(model), nil)
			if d := cmp.Diff(rules.Verdict, got.Verdict); d != "" {
				t.Errorf("not the verdict of the rules (-rules +got):\n%s", d)
			}
			if got.LLM.RejectedClaims < 2 {
				t.Errorf("rejected claims: %d", got.LLM.RejectedClaims)
			}
			if told := texts(model.asked[1]); !strings.Contains(told, tt.says) {
				t.Errorf("the reason %q was not sent back", tt.says)
			}
		})
	}
}

func TestRequiredAdviceIsAdded(t *testing.T) {
	rules := example(t, leak, nil, nil)
	model := &scripted{answers: []turn{submits(verdictOf(t, rules, func(m map[string]any) {
		m["recommendations"] = []map[string]any{{"action": "fix_leak", "why": []string{"F33"}}}
	}))}}
	got := example(t, leak, agentOf(model), nil)
	want := []investigations.Recommendation{rules.Verdict.Recommendations[0], rules.Verdict.Recommendations[1]}
	want[1].Why = []string{"F33"}
	if d := cmp.Diff(want, got.Verdict.Recommendations); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestARollbackMayNameItsContainer(t *testing.T) {
	rules := example(t, leak, nil, nil)
	for container, want := range map[string]string{"gateway": investigations.WrittenByLLM, "": investigations.WrittenByLLM, "elsewhere": investigations.WrittenByRules} {
		model := &scripted{answers: []turn{submits(verdictOf(t, rules, func(m map[string]any) {
			m["recommendations"] = []map[string]any{{"action": "rollback", "revision": 18, "container": container, "value": "", "why": []string{"F36"}}}
		}))}}
		got := example(t, leak, agentOf(model), nil)
		if got.Verdict.WrittenBy != want || got.Verdict.Recommendations[0].Command != rules.Verdict.Recommendations[0].Command {
			t.Errorf("container %q: written by %s, %+v", container, got.Verdict.WrittenBy, got.Verdict.Recommendations)
		}
	}
}

func TestFunctions(t *testing.T) {
	rules := example(t, leak, nil, nil)
	model := &scripted{answers: []turn{
		calls("metrics", `{"query":"traffic"}`, "profiles", `{}`, "rm_rf", `{}`, "kernlog", `not json`),
		calls("metrics", `{"query":"traffic"}`),
		submits(verdictOf(t, rules, nil)),
	}}
	got := example(t, leak, agentOf(model), nil)
	if got.Verdict.WrittenBy != investigations.WrittenByLLM {
		t.Fatalf("written by %s, use %+v", got.Verdict.WrittenBy, got.LLM)
	}
	if len(got.Facts) <= len(rules.Facts) {
		t.Error("what the functions read is not among the facts")
	}
	for i, f := range got.Facts {
		if want := fmt.Sprintf("F%d", i+1); f.ID != want {
			t.Fatalf("fact %d is %s", i+1, f.ID)
		}
	}
	second := model.asked[1].Messages
	if n := len(second); n != 2+1+4 {
		t.Fatalf("%d messages", n)
	}
	for i, want := range []string{"F39 metrics", "F", `there is no function "rm_rf"`, "Error: "} {
		m := second[3+i]
		if m.Role != investigations.RoleFunction || m.Answers != fmt.Sprintf("c%d", 2*i) || !strings.Contains(m.Text, want) {
			t.Errorf("call %d was answered %+v, want %q in it", i, m, want)
		}
	}
	if args := second[2].Calls[3].Arguments; args != "{}" {
		t.Errorf("broken arguments went back as %s: strict endpoints refuse them", args)
	}
	third := model.asked[2].Messages
	if last := third[len(third)-1].Text; !strings.HasPrefix(last, "As before: F39") {
		t.Errorf("the same question was answered %q", last)
	}
}

func TestIDsOfCalls(t *testing.T) {
	rules := example(t, leak, nil, nil)
	model := &scripted{answers: []turn{
		func(investigations.ChatRequest) (investigations.ChatReply, error) {
			return investigations.ChatReply{Calls: []investigations.FunctionCall{
				{Name: "pods", Arguments: "{}"}, {ID: "a", Name: "kernlog", Arguments: "{}"}, {ID: "a", Name: "logs", Arguments: ""},
			}}, nil
		},
		submits(verdictOf(t, rules, nil)),
	}}
	example(t, leak, agentOf(model), nil)
	seen := map[string]bool{}
	m := model.asked[1].Messages
	for i, c := range m[2].Calls {
		if c.ID == "" || seen[c.ID] || m[3+i].Answers != c.ID {
			t.Errorf("call %d has id %q, its answer %q", i, c.ID, m[3+i].Answers)
		}
		seen[c.ID] = true
	}
}
