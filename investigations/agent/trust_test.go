package agent

import (
	"testing"

	"github.com/oombot/oombot/investigations"
)

// remembered is a case whose rules' document is that of an example, with one precedent.
func remembered(r *investigations.Result, p investigations.Recalled) investigations.Case {
	return investigations.Case{
		Request: investigations.Request{At: r.At, Target: r.Target}, Result: r,
		Evidence: &investigations.Evidence{Memory: &investigations.MemoryEvidence{Precedents: []investigations.Recalled{p}}},
		Tidy:     func(f investigations.Fact) investigations.Fact { return f },
	}
}

func precedent(cause investigations.Cause, similarity float64, trust investigations.Trust) investigations.Recalled {
	return investigations.Recalled{
		Precedent: investigations.Precedent{ID: "01HAAAAAAAAAAAAAAAAAAAAAAA", Similarity: similarity, Trust: trust}, Cause: cause,
	}
}

func TestATrustedPrecedentSavesCallsAndTokens(t *testing.T) {
	for _, name := range []string{leak, "neighbour-is-a-backup-agent", "sidecar-in-a-pod-limit", "leak-after-deploy-again"} {
		rules := example(t, name, nil, nil)
		c := remembered(rules, precedent(rules.Verdict.Cause, 0.8, investigations.TrustConfirmed))
		bad := verdictOf(t, rules, func(m map[string]any) { m["explanation"] = "It grew. [F999]" })
		for what, answers := range map[string][]turn{
			"functions for ever": {calls("kernlog", `{"what":"tasks"}`, "metrics", `{}`, "pods", `{}`)},
			"a second try":       {submits(bad), submits(verdictOf(t, rules, nil))},
			"looks, then knows":  {calls("metrics", `{"query":"traffic"}`), submits(verdictOf(t, rules, nil))},
			"counts more tokens": {uses(submits(bad), 2200, 500), uses(submits(verdictOf(t, rules, nil)), 2700, 500)},
		} {
			model := &scripted{answers: answers}
			got := agentOf(model).Analyse(t.Context(), c)
			if used := got.Use.PromptTokens + got.Use.CompletionTokens; got.Use.Calls > trustedCalls || used > trustedTokens {
				t.Errorf("%s, %s: %d calls, %d tokens", name, what, got.Use.Calls, used)
			}
			if len(answers) == 2 && got.Verdict.WrittenBy != investigations.WrittenByLLM {
				t.Errorf("%s, %s: written by %s, ended by %s", name, what, got.Verdict.WrittenBy, got.Use.EndedBy)
			}
		}
	}
}

func TestTrusted(t *testing.T) {
	rules := example(t, leak, nil, nil)
	tests := []struct {
		p    investigations.Recalled
		want bool
	}{
		{precedent(investigations.CauseLeak, 0.8, investigations.TrustConfirmed), true},
		{precedent(investigations.CauseLeak, 0.8, investigations.TrustCorrected), true},
		{precedent(investigations.CauseLeak, 0.8, investigations.TrustUnjudged), false},
		{precedent(investigations.CauseLeak, 0.8, investigations.TrustRefuted), false},
		{precedent(investigations.CauseLeak, 0.5, investigations.TrustConfirmed), false},
		{precedent(investigations.CauseLoadSpike, 0.9, investigations.TrustConfirmed), false},
	}
	for _, tt := range tests {
		if got := trusted(remembered(rules, tt.p)); got != tt.want {
			t.Errorf("%+v: %v", tt.p, got)
		}
	}
}
