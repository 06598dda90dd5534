package agent

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

const least = `"cause":"leak","trigger":"none","confidence":0.5,"headline":"h","explanation":"e [F1]"`

func TestReadSubmission(t *testing.T) {
	tests := []struct {
		name, arguments string
		want            submission
	}{
		{"the least", `{` + least + `}`, submission{}},
		{"more than was asked for", `{` + least + `,"mood":"good"}`, submission{}},
		{"nulls", `{` + least + `,"change_revision":null,"culprit":null,"recommendations":null}`, submission{}},
		{"a revision", `{` + least + `,"change_revision":12}`, submission{ChangeRevision: number{12, true}}},
		{"a revision in quotes", `{` + least + `,"change_revision":"12"}`, submission{ChangeRevision: number{12, true}}},
		{"no revision in quotes", `{` + least + `,"change_revision":""}`, submission{}},
		{"facts in a list", `{` + least + `,"recommendations":[{"action":"rollback","why":["F3","[F5]",""]}]}`, submission{Recommendations: []submitted{{Action: "rollback", Why: cites{"F3", "F5"}}}}},
		{"facts in a text", `{` + least + `,"recommendations":[{"action":"rollback","why":"[F3], F5"}]}`, submission{Recommendations: []submitted{{Action: "rollback", Why: cites{"F3", "F5"}}}}},
		{"a culprit", `{` + least + `,"culprit":{"pod":"a","container":"b"}}`, submission{Culprit: &party{Pod: "a", Container: "b"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readSubmission(tt.arguments)
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Cause, tt.want.Trigger, tt.want.Confidence, tt.want.Headline, tt.want.Explanation = "leak", "none", number{0.5, true}, "h", "e [F1]"
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(number{}, submission{})); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestSubmissionsThatCannotBeRead(t *testing.T) {
	tests := []struct{ name, arguments, says string }{
		{"nothing", ``, "no JSON object"},
		{"prose", `It leaks.`, "no JSON object"},
		{"cut", `{"cause": "leak", "headl`, "no JSON object"},
		{"a list", `[1]`, "no JSON object"},
		{"two", `{` + least + `} {}`, "more than one"},
		{"an empty one", `{}`, "lacks cause, trigger, confidence, headline, explanation"},
		{"blank", `{"cause":"leak","trigger":"none","confidence":0.5,"headline":" ","explanation":"e"}`, "lacks headline"},
		{"a confidence in words", `{` + strings.Replace(least, "0.5", `"high"`, 1) + `}`, "is no number"},
		{"a number for a text", `{"cause":7}`, "no JSON object"},
		{"an object for facts", `{` + least + `,"recommendations":[{"action":"rollback","why":{"F3":1}}]}`, "why is a list of facts"},
		{"huge", `{"cause":"` + strings.Repeat("x", mostArguments) + `"}`, "more than 65536 bytes"},
		{"deep", `{"cause":` + strings.Repeat("[", 20_000) + `}`, "no JSON object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := readSubmission(tt.arguments); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, want %q in it", err, tt.says)
			}
		})
	}
}

func TestAnUnreadableVerdictIsAskedForAgain(t *testing.T) {
	rules := example(t, leak, nil, nil)
	model := &scripted{answers: []turn{submits(`{"cause": "leak"`), submits(verdictOf(t, rules, nil))}}
	got := example(t, leak, agentOf(model), nil)
	if got.Verdict.WrittenBy != investigations.WrittenByLLM || got.LLM.RejectedClaims != 0 {
		t.Errorf("written by %s, %+v", got.Verdict.WrittenBy, got.LLM)
	}
	model = &scripted{answers: []turn{submits(`{"cause": "leak"`)}}
	got = example(t, leak, agentOf(model), nil)
	if got.Verdict.WrittenBy != investigations.WrittenByRules || got.LLM.EndedBy != investigations.EndedError || got.LLM.Calls != mostUseless {
		t.Errorf("written by %s, %+v", got.Verdict.WrittenBy, got.LLM)
	}
}

// FuzzAnswers has a model answer anything, as text and as calls: whatever it is, a verdict comes of it.
func FuzzAnswers(f *testing.F) {
	f.Add(`{`+least+`}`, SubmitVerdict, true)
	f.Add("```json\n{\"calls\":[{\"name\":\"pods\",\"arguments\":{}}]}\n```", "pods", false)
	f.Add(`{"submit_verdict":{}}`, "", false)
	f.Fuzz(func(t *testing.T, text, name string, call bool) {
		answer := says(text)
		if call {
			answer = calls(name, text)
		}
		r := &investigations.Result{
			Verdict: investigations.Verdict{Boundary: investigations.BoundaryContainer, Cause: investigations.CauseLeak, Confidence: 0.9, WrittenBy: investigations.WrittenByRules},
			Facts:   []investigations.Fact{{ID: "F1", Tool: investigations.ToolPods, Says: "Memory grew from 1 GiB to 2 GiB."}},
		}
		c := investigations.Case{Result: r, Evidence: &investigations.Evidence{}, Tidy: func(f investigations.Fact) investigations.Fact { return f }}
		got := agentOf(&scripted{answers: []turn{answer}}).Analyse(t.Context(), c)
		if got.Use.EndedBy == "" || got.Use.Calls > DefaultBudget().Calls {
			t.Errorf("%+v", got.Use)
		}
		if got.Verdict.Confidence > 0.9 || got.Verdict.Boundary != investigations.BoundaryContainer {
			t.Errorf("%+v", got.Verdict)
		}
	})
}
