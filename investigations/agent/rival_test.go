package agent

import (
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// close is a Supposer's case with a rival near the verdict: rules of an example, whose hypotheses are set.
func closeRival(r *investigations.Result) investigations.Case {
	doc := *r
	doc.Hypotheses = []investigations.Hypothesis{
		{Cause: investigations.CauseLeak, Score: 0.8, For: []string{"F29"}},
		{Cause: investigations.CauseUndersizedLimit, Score: 0.7, For: []string{"F27"}, Against: []string{"F30"}},
	}
	return investigations.Case{
		Request: investigations.Request{At: r.At, Target: r.Target}, Result: &doc, Evidence: &investigations.Evidence{},
		Tidy: func(f investigations.Fact) investigations.Fact { return f },
		Suppose: func(_ *investigations.Ledger, s investigations.Supposition) (investigations.Verdict, bool) {
			v := doc.Verdict
			v.Cause, v.Confidence, v.Recommendations = s.Cause, 0.7, nil
			v.Headline, v.Explanation = "The limit is below what it needs.", "The limit is below what it needs. [F27]"
			v.Trigger, v.Change = investigations.TriggerUnknown, nil
			return v, s.Cause == investigations.CauseUndersizedLimit
		},
	}
}

func TestSecondLook(t *testing.T) {
	rules := example(t, leak, nil, nil)
	good := verdictOf(t, rules, nil)
	with := func(confidence float64) string {
		return verdictOf(t, rules, func(m map[string]any) { m["confidence"] = confidence })
	}
	other := verdictOf(t, rules, func(m map[string]any) {
		m["cause"], m["trigger"], m["confidence"] = "undersized_limit", "unknown", 0.9
		m["headline"], m["explanation"], m["recommendations"] = "The limit is below what it needs.", "The limit is below what it needs. [F27]", nil
		delete(m, "change_revision")
	})
	ungrounded := verdictOf(t, rules, func(m map[string]any) { m["confidence"], m["explanation"] = 0.5, "It grew. [F99]" })
	tests := []struct {
		name       string
		second     turn
		cause      investigations.Cause
		confidence float64
		rejected   int
	}{
		{"the same again", submits(good), investigations.CauseLeak, 0.97, 0},
		{"a doubt", submits(with(0.6)), investigations.CauseLeak, 0.6, 0},
		{"more confidence than before", submits(with(1)), investigations.CauseLeak, 0.97, 0},
		{"the rival", submits(other), investigations.CauseUndersizedLimit, 0.7, 0},
		{"a doubt whose words do not hold", submits(ungrounded), investigations.CauseLeak, 0.5, 1},
		{"no answer", fails(investigations.ModelError{Fault: investigations.ModelDown}), investigations.CauseLeak, 0.97, 0},
		{"prose", says("Let me think."), investigations.CauseLeak, 0.97, 0},
		{"a function", calls("metrics", "{}"), investigations.CauseLeak, 0.97, 0},
		{"garbage", submits("{"), investigations.CauseLeak, 0.97, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			model := &scripted{answers: []turn{submits(good), tt.second}}
			got := agentOf(model).Analyse(t.Context(), closeRival(rules))
			v := got.Verdict
			if v.WrittenBy != investigations.WrittenByLLM || v.Cause != tt.cause || v.Confidence != tt.confidence || got.Use.RejectedClaims != tt.rejected {
				t.Errorf("%s %s %v, %+v", v.WrittenBy, v.Cause, v.Confidence, got.Use)
			}
			if got.Use.EndedBy != investigations.EndedSubmitted || len(model.asked) != 2 {
				t.Errorf("ended by %s after %d requests", got.Use.EndedBy, len(model.asked))
			}
			if told := texts(model.asked[1]); !strings.Contains(told, "strongest rival once more: undersized_limit, score 0.7 against 0.8") ||
				strings.Count(told, "F27 kernlog") != 2 {
				t.Error("the rival and its facts were not put to the model")
			}
		})
	}
}

func TestNoSecondLook(t *testing.T) {
	rules := example(t, leak, nil, nil)
	good := verdictOf(t, rules, nil)
	t.Run("where no rival is close", func(t *testing.T) {
		model := &scripted{answers: []turn{submits(good)}}
		example(t, leak, agentOf(model), nil)
		if len(model.asked) != 1 {
			t.Errorf("%d requests", len(model.asked))
		}
	})
	t.Run("where the budget does not carry it", func(t *testing.T) {
		model := &scripted{answers: []turn{submits(good)}}
		got := agentOf(model, budget(Budget{Calls: 1})).Analyse(t.Context(), closeRival(rules))
		if len(model.asked) != 1 || got.Verdict.WrittenBy != investigations.WrittenByLLM || got.Use.EndedBy != investigations.EndedSubmitted {
			t.Errorf("%d requests, written by %s, ended by %s", len(model.asked), got.Verdict.WrittenBy, got.Use.EndedBy)
		}
	})
}
