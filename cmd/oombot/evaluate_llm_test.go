package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/eval"
)

// bothGraded is a bundle whose cause and trigger the rules and a model got right or not.
func bothGraded(name string, rules, model [2]bool, m modelGrade) evaluated {
	grades := func(right [2]bool, wrong string) []eval.Grade {
		out := []eval.Grade{{Field: eval.FieldCause, Right: right[0], Want: "leak", Got: "leak"}, {Field: eval.FieldTrigger, Right: right[1], Want: "deploy", Got: "deploy"}}
		for i := range out {
			if !right[i] {
				out[i].Got = wrong
			}
		}
		return out
	}
	e := evaluated{Bundle: name, Grades: grades(rules, "unknown"), MisledBy: []investigations.Fact{}}
	e.Status = eval.StatusOf(e.Grades)
	m.Grades = grades(model, "none")
	m.Status = eval.StatusOf(m.Grades)
	e.LLM = &m
	return e
}

func use(ended string, calls, rejected int) investigations.LLMUse {
	return investigations.LLMUse{
		Model: "m", Calls: calls, PromptTokens: 1000 * calls, CompletionTokens: 10 * calls, Cost: 0.25 * float64(calls), RejectedClaims: rejected, EndedBy: ended,
	}
}

func fourBundles() []evaluated {
	both, none := [2]bool{true, true}, [2]bool{}
	return []evaluated{
		bothGraded("same", both, both, modelGrade{WrittenBy: investigations.WrittenByLLM, TookMS: 300, Use: use(investigations.EndedSubmitted, 2, 1)}),
		bothGraded("better", [2]bool{true, false}, both, modelGrade{WrittenBy: investigations.WrittenByLLM, TookMS: 100, Use: use(investigations.EndedSubmitted, 1, 0)}),
		bothGraded("worse", both, [2]bool{false, true}, modelGrade{WrittenBy: investigations.WrittenByLLM, TookMS: 9000, Use: use(investigations.EndedSubmitted, 6, 3)}),
		bothGraded("wrong", none, none, modelGrade{WrittenBy: investigations.WrittenByRules, TookMS: 500, Use: use(investigations.EndedTime, 0, 0)}),
		{Bundle: "broken", Status: eval.Errored, Error: "it is empty", Grades: []eval.Grade{}},
	}
}

func TestScoreModel(t *testing.T) {
	want := &modelScore{
		Model: "m", Passed: 2, Failed: 2, Written: 3, Of: 4, RejectedClaims: 4,
		Fields:  []eval.Score{{Field: eval.FieldCause, Right: 2, Of: 4}, {Field: eval.FieldTrigger, Right: 3, Of: 4}},
		EndedBy: map[string]int{investigations.EndedSubmitted: 3, investigations.EndedTime: 1},
		Calls:   9, PromptTokens: 9000, CompletionTokens: 90, Cost: 2.25, MedianMS: 400, MostMS: 9000,
	}
	if d := cmp.Diff(want, scoreModel("m", fourBundles())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := scoreModel("m", fourBundles()[:3]); got.MedianMS != 300 {
		t.Errorf("the median of three is %d", got.MedianMS)
	}
	empty := &modelScore{Model: "m", Fields: []eval.Score{}, EndedBy: map[string]int{}}
	if d := cmp.Diff(empty, scoreModel("m", nil)); d != "" {
		t.Errorf("of nothing (-want +got):\n%s", d)
	}
}

func TestEvaluationWithAModelInText(t *testing.T) {
	bundles := fourBundles()
	var grades [][]eval.Grade
	for _, b := range bundles {
		grades = append(grades, b.Grades)
	}
	e := &evaluation{Version: 1, Passed: 2, Failed: 2, Errors: 1, Fields: eval.Tally(grades), Bundles: bundles, LLM: scoreModel("m", bundles)}
	var b strings.Builder
	if err := writeEvaluation(&b, e); err != nil {
		t.Fatal(err)
	}
	const want = `PASS  same
      llm PASS, written by the model, 1 claim refused, 2 calls, 2020 tokens, 300 ms
FAIL  better
      trigger: want deploy, got unknown
      llm PASS, written by the model, 1 call, 1010 tokens, 100 ms
      llm trigger: right, got deploy
PASS  worse
      llm FAIL, written by the model, 3 claims refused, 6 calls, 6060 tokens, 9 s
      llm cause: want leak, got none
FAIL  wrong
      cause: want leak, got unknown
      trigger: want deploy, got unknown
      llm FAIL, written by the rules, ended by time, 0 calls, 0 tokens, 500 ms
      llm cause: want leak, got none
      llm trigger: want deploy, got none
ERROR broken: it is empty

field            rules  model  of
cause                3      2   4   75 %   50 %
trigger              2      3   4   50 %   75 %

5 bundles: 2 passed, 2 failed, 1 error
with m: 2 passed, 2 failed
  written by the model: 3 of 4, 4 claims refused
  ended by: submitted 3, time 1
  9 calls, 9000 prompt tokens, 90 completion tokens, cost 2.25
  time of the model for a bundle: median 400 ms, at most 9 s
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestEvaluatedIsToldAtATerminal(t *testing.T) {
	var errs strings.Builder
	a := newApp(nil, nil, nil, &errs)
	if a.tellEvaluated(3) != nil {
		t.Error("somebody is told where nobody watches")
	}
	a.stderr.terminal = true
	told := a.tellEvaluated(10)
	for _, b := range fourBundles()[:2] {
		told(b)
	}
	const want = "1/10 PASS same: llm PASS, written by the model, 1 claim refused, 2 calls, 2020 tokens, 300 ms 2/10 FAIL better: llm PASS, " +
		"written by the model, 1 call, 1010 tokens, 100 ms"
	if got := strings.Join(strings.Fields(errs.String()), " "); got != want {
		t.Errorf("got %q", errs.String())
	}
}
