package agent

import (
	"testing"

	"github.com/oombot/oombot/investigations"
)

func TestCarries(t *testing.T) {
	me := &investigations.Party{Namespace: "shop", Pod: "a", Container: "app"}
	other := &investigations.Party{Namespace: "shop", Pod: "b", Container: "app"}
	verdict := func(c investigations.Cause, confidence float64, culprit *investigations.Party) investigations.Verdict {
		return investigations.Verdict{Cause: c, Confidence: confidence, Culprit: culprit}
	}
	sure := verdict(investigations.CauseLeak, 0.9, me)
	unsure := verdict(investigations.CauseLeak, 0.5, me)
	tests := []struct {
		name     string
		supposed investigations.Verdict
		rules    investigations.Verdict
		want     bool
	}{
		{"a close rival", verdict(investigations.CauseUndersizedLimit, 0.6, me), sure, true},
		{"a far one", verdict(investigations.CauseUndersizedLimit, 0.1, me), sure, false},
		{"a far one where the rules are not sure", verdict(investigations.CauseUndersizedLimit, 0.05, me), unsure, true},
		{"nothing known where the rules are sure", verdict(investigations.CauseInsufficientEvidence, 0.5, me), sure, false},
		{"nothing known where they are not", verdict(investigations.CauseInsufficientEvidence, 0.5, me), unsure, true},
		{"another culprit with little for it", verdict(investigations.CauseLeak, 0.2, other), sure, false},
		{"the same cause and culprit, less sure", verdict(investigations.CauseLeak, 0.1, me), sure, true},
	}
	for _, tt := range tests {
		if got := carries(tt.supposed, tt.rules); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestTrafficThatRose(t *testing.T) {
	rules := example(t, leak, nil, nil)
	s := newSession(agentOf(&scripted{}).opt, investigations.Case{Result: rules, Evidence: &investigations.Evidence{}})
	tests := []struct {
		says string
		want bool
	}{
		{"Traffic rose from 20.0 to 61.2 requests per second in the ten minutes before the kill, 3.1 times the level before.", true},
		{"Over that life traffic changed by +0 % around 24.2 requests per second.", false},
		{"4 lives of this revision grow in the same way, by 1.57 GiB an hour in the median.", false},
		{"traffic: 1 series with 121 samples from 2026-04-15T06:08:16Z to 2026-04-15T12:08:16Z, every 3 min", false},
	}
	for _, tt := range tests {
		fact := investigations.Fact{ID: "F1", Tool: investigations.ToolMetrics, Says: tt.says}
		if tt.want {
			fact.Values = map[string]float64{"before_per_second": 20, "now_per_second": 61.2}
		}
		if got := s.rose([]investigations.Fact{fact}); got != tt.want {
			t.Errorf("%q: %v", tt.says, got)
		}
	}
	if s.rose(nil) {
		t.Error("traffic rose, by no fact")
	}
}
