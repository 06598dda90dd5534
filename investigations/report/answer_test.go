package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	inv "github.com/oombot/oombot/investigations"
)

// leaking is a closed case to be asked about.
func leaking() *inv.Result {
	at := time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)
	me := inv.Party{Namespace: "shop", Pod: "checkout-1", Container: "app", Node: "n1"}
	return &inv.Result{
		ID: "01KAXW8B4MZ5W1N9N9N9N9N9N9", At: at, Target: inv.Target{Namespace: "shop", Pod: "checkout-1", Container: "app"},
		Verdict: inv.Verdict{
			Mechanism: inv.MemcgOOMKill, Boundary: inv.BoundaryContainer, Cause: inv.CauseLeak, Trigger: inv.TriggerDeploy, Confidence: 0.9,
			Victim: &me, Culprit: &me, Headline: "checkout-1/app was killed at its memory limit: it leaks memory.",
			Change:          &inv.Change{Workload: "deployment/checkout", Revision: 12, At: at.Add(-time.Hour), What: []string{"image: 1.4.1 -> 1.5.0"}},
			Explanation:     "The kernel killed it. [F1]\n\nCause: it leaks memory. [F2]\n\nSet off by: image: 1.4.1 -> 1.5.0. [F3]\n\nThe confidence is held down by: no kernel report. [F4]",
			Recommendations: []inv.Recommendation{{Action: inv.ActionRollback, Workload: "deployment/checkout", Revision: 11, Why: []string{"F3"}, Note: "Revision 11 did not show it."}},
			NextKill:        &inv.NextKill{At: at.Add(time.Hour), Why: []string{"F2"}},
		},
		Hypotheses: []inv.Hypothesis{
			{Cause: inv.CauseLeak, Score: 0.9, For: []string{"F2"}},
			{Cause: inv.CauseLoadSpike, Score: 0.1, Against: []string{"F5"}},
		},
		Facts: []inv.Fact{
			{ID: "F1", Says: "The kernel killed app."},
			{ID: "F2", Says: "Memory grew in 3 lives."},
			{ID: "F3", Says: "Revision 12 came into force."},
			{ID: "F4", Says: "There is no kernel report."},
			{ID: "F5", Says: "Traffic changed by +0 %."},
			{ID: "F6", Tool: inv.ToolMemory, Says: "It looked like this in May."},
		},
		BlindSpots: []inv.BlindSpot{{Tool: inv.ToolProfiles, Why: "none was recorded", WouldTell: "which functions hold the growth"}},
		Precedents: []inv.Precedent{{ID: "01HAAAAAAAAAAAAAAAAAAAAAAA", Similarity: 0.88, Why: []string{"same image repository"}, Outcome: inv.OutcomeFixHeld}},
	}
}

func TestAnswer(t *testing.T) {
	tests := []struct {
		question string
		want     []string
	}{
		{"Why not the sidecar?", []string{"Sidecar is ruled out by whose limit ran out: container limit.", "[F1]"}},
		{"is it really a leak", []string{"Yes: the verdict is leak, confidence 0.90.", "For it:\n- Memory grew in 3 lives. [F2]"}},
		{"could it be TRAFFIC?", []string{"No: load spike scores 0.10, leak, which is the verdict, 0.90.", "Against it:\n- Traffic changed by +0 %. [F5]", "For leak speaks:\n- Memory grew in 3 lives. [F2]"}},
		{"is the limit too small?", []string{"For undersized limit no fact was found, and none against it. The verdict is leak, confidence 0.90. [F1]"}},
		{"When will it happen again?", []string{"at about 2026-03-04 03:17:09 UTC. [F2]"}},
		{"should I raise the limit?", []string{"What to do:\n- Roll back deployment/checkout to revision 11. [F3] Revision 11 did not show it."}},
		{"what set it off", []string{"Set off by a deploy: deployment/checkout revision 12 at 2026-03-04 01:17:09 UTC (image: 1.4.1 -> 1.5.0). [F3]"}},
		{"how sure are you?", []string{"The confidence is 90 % (high). It is held down by: no kernel report. [F4] The next likely cause is load spike, score 0.10."}},
		{"who is the victim", []string{"Victim: shop/checkout-1/app on n1. Culprit: the same container. [F1]"}},
		{"what could you not see?", []string{"- profiles: none was recorded; it would tell which functions hold the growth"}},
		{"did this happen before", []string{"01HAAAAAAAAAAAAAAAAAAAAAAA, 88 % alike, the fix held: same image repository [F6]"}},
		{"tell me about May", []string{"it leaks memory. [F1]", "No fact of this investigation answers the question."}},
		{"which lives grew?", []string{"What the facts say in these words:\n- Memory grew in 3 lives. [F2]"}},
		{"", []string{"No fact of this investigation answers the question."}},
	}
	for _, tt := range tests {
		got := Answer(leaking(), tt.question)
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("%q was answered\n%s\nwant in it\n%s", tt.question, got, want)
			}
		}
	}
}

func TestAnswersCiteFactsThatExist(t *testing.T) {
	r := leaking()
	known := map[string]bool{}
	for _, f := range r.Facts {
		known[f.ID] = true
	}
	for _, topic := range topics {
		text := Answer(r, strings.TrimSuffix(topic.words[0], "*"))
		for _, id := range Citations(text) {
			if !known[id] {
				t.Errorf("%q cites %s", text, id)
			}
		}
	}
	empty := Answer(&inv.Result{}, "why not the sidecar, what to do, when again, who, and what could you not see before?")
	if cites := Citations(empty); len(cites) > 0 || empty == "" {
		t.Errorf("of an empty case it says %q", empty)
	}
}

func TestCitations(t *testing.T) {
	if d := cmp.Diff([]string{"F3", "F5", "F10"}, Citations("a [F3] b [F5, F3] c [F10] (F7) F8")); d != "" {
		t.Error(d)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add("why not the sidecar?")
	f.Fuzz(func(t *testing.T, question string) {
		if Answer(leaking(), question) == "" {
			t.Error("no answer")
		}
	})
}
