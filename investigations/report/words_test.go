package report

import (
	"strings"
	"testing"

	inv "github.com/oombot/oombot/investigations"
)

// TestWordsForEveryValue fails where an enumeration has a value that is still told by its name in code.
func TestWordsForEveryValue(t *testing.T) {
	check := func(value, words string) {
		t.Helper()
		if words == "" || strings.Contains(words, "_") || strings.Contains(value, "_") && words == value {
			t.Errorf("%s is told as %q", value, words)
		}
	}
	for _, m := range inv.Mechanisms {
		check(string(m), howWords(m))
		check(string(m), EndedWord(m))
	}
	for _, b := range inv.Boundaries {
		check(string(b), BoundaryWords(b))
	}
	for _, c := range inv.Causes {
		check(string(c), CauseWords(c))
	}
	for _, tr := range inv.Triggers {
		check(string(tr), TriggerWords(tr))
	}
	for _, o := range inv.OutcomeStates {
		check(string(o), OutcomeWords(o))
	}
	for _, a := range inv.Actions {
		check(string(a), ActionWords(inv.Recommendation{Action: a}))
	}
}

// TestWordsForUnknownValues: what a later version may bring is printed as it is.
func TestWordsForUnknownValues(t *testing.T) {
	for _, got := range []string{
		howWords("new"), BoundaryWords("new"), CauseWords("new"), TriggerWords("new"), OutcomeWords("new"),
		ActionWords(inv.Recommendation{Action: "new"}),
	} {
		if got != "new" {
			t.Errorf("told as %q, want the value itself", got)
		}
	}
}

func TestActionWords(t *testing.T) {
	const workload = "deployment/api"
	tests := []struct {
		rec  inv.Recommendation
		want string
	}{
		{inv.Recommendation{Action: inv.ActionSetLimit, Container: "api", Value: "768Mi"}, "Set the memory limit of container api to 768Mi"},
		{inv.Recommendation{Action: inv.ActionSetRequest, Workload: workload, Container: "api", Value: "512Mi"}, "Set the memory request of container api of deployment/api to 512Mi"},
		{inv.Recommendation{Action: inv.ActionRollback, Workload: workload, Revision: 11}, "Roll back deployment/api to revision 11"},
		{inv.Recommendation{Action: inv.ActionRollback}, "Roll back the change"},
		{inv.Recommendation{Action: inv.ActionRollback, Revision: 3}, "Roll back the workload to revision 3"},
		{inv.Recommendation{Action: inv.ActionCapVolume, Value: "64Mi"}, "Cap the memory-backed volume at 64Mi"},
		{inv.Recommendation{Action: inv.ActionLimitCulprit}, "Limit the memory of the culprit"},
		{inv.Recommendation{Action: inv.ActionSetRuntimeCeiling, Container: "api", Value: "460MiB"}, "Set the runtime's memory ceiling of container api to 460MiB"},
		{inv.Recommendation{Action: inv.ActionReduceLoad, Workload: workload}, "Reduce the load on deployment/api, or the size of one request or batch"},
	}
	for _, tt := range tests {
		if got := ActionWords(tt.rec); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.rec, got, tt.want)
		}
	}
}

func TestConfidenceWords(t *testing.T) {
	for in, want := range map[float64]string{0: "0 % (very low)", 0.4: "40 % (low)", 0.65: "65 % (fair)", 0.93: "93 % (high)", 1: "100 % (high)"} {
		if got := ConfidenceWords(in); got != want {
			t.Errorf("%v is %q, want %q", in, got, want)
		}
	}
}
