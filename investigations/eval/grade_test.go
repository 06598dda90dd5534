package eval

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// leaking is the result that most tests compare truths with.
func leaking() *investigations.Result {
	return &investigations.Result{
		Verdict: investigations.Verdict{
			Mechanism: investigations.MemcgOOMKill,
			Boundary:  investigations.BoundaryContainer,
			Cause:     investigations.CauseLeak,
			Trigger:   investigations.TriggerDeploy,
			Change:    &investigations.Change{Workload: "deployment/checkout", Revision: 12, What: []string{"image: 1.4 -> 1.5"}},
			Victim: &investigations.Party{
				Namespace: "shop", Pod: "checkout-1", Container: "checkout", Node: "n1", PID: 4711, Comm: "java",
			},
			Confidence:  0.9,
			Headline:    "checkout leaks since revision 12",
			Explanation: "It grows by 3 MiB a minute <always> [F1].",
			Recommendations: []investigations.Recommendation{
				{Action: investigations.ActionRollback, Revision: 11, Command: "kubectl rollout undo deployment/checkout"},
				{Action: investigations.ActionSetLimit, Container: "checkout", Value: "768Mi"},
			},
		},
		Hypotheses: []investigations.Hypothesis{
			{Cause: investigations.CauseLeak, Score: 0.9, For: []string{"F1", "F3"}},
			{Cause: investigations.CauseLoadSpike, Score: 0.2, For: []string{"F2"}},
		},
		Facts: []investigations.Fact{
			{ID: "F1", Says: "memory grew", Source: "metrics/container_rss.json"},
			{ID: "F2", Says: "traffic rose"},
			{ID: "F3", Says: `session.(*Store).Put holds "everything"`, Values: map[string]float64{"bytes": 536870912}},
		},
		BlindSpots: []investigations.BlindSpot{{Tool: "profiles", Why: "none"}, {Tool: "logs", Why: "none"}},
	}
}

func TestGradeResult(t *testing.T) {
	tests := []struct {
		truth     string
		want, got string
		right     bool
	}{
		{"mechanism: memcg_oom_kill", "memcg_oom_kill", "memcg_oom_kill", true},
		{"mechanism: global_oom_kill", "global_oom_kill", "memcg_oom_kill", false},
		{"boundary: [pod, container]", "pod or container", "container", true},
		{"cause: load_spike", "load_spike", "leak", false},
		{"trigger: [none, unknown]", "none or unknown", "deploy", false},
		{"change_revision: 12", "12", "12", true},
		{"change_revision: [10, 11]", "10 or 11", "12", false},
		{
			"victim: {pod: checkout-1, container: checkout}", "pod checkout-1, container checkout",
			"namespace shop, pod checkout-1, container checkout, node n1, pid 4711, comm java", true,
		},
		{
			"victim: {pod: checkout-1, container: sidecar}", "pod checkout-1, container sidecar",
			"namespace shop, pod checkout-1, container checkout, node n1, pid 4711, comm java", false,
		},
		{
			"victim: [{namespace: x}, {node: n1, pid: 4711, comm: java}]", "namespace x or node n1, pid 4711, comm java",
			"namespace shop, pod checkout-1, container checkout, node n1, pid 4711, comm java", true,
		},
		{"culprit: {pod: checkout-1}", "pod checkout-1", "none", false},
		{"actions: [rollback, set_limit]", "rollback and set_limit", "rollback, set_limit", true},
		{"actions: [rollback, fix_leak]", "rollback and fix_leak", "rollback, set_limit", false},
		{"actions_any: [fix_leak, rollback]", "fix_leak or rollback", "rollback, set_limit", true},
		{"actions_any: [fix_leak, protect]", "fix_leak or protect", "rollback, set_limit", false},
		{"not_actions: [protect, fix_probe]", "neither protect nor fix_probe", "rollback, set_limit", true},
		{"not_actions: [protect, set_limit]", "neither protect nor set_limit", "rollback, set_limit", false},
		{"limit_between: [600Mi, 768Mi]", "600Mi to 768Mi", "768Mi", true},
		{"limit_between: [0.75Gi, 1Gi]", "0.75Gi to 1Gi", "768Mi", true},
		{"limit_between: [600Mi, 767Mi]", "600Mi to 767Mi", "768Mi", false},
		{"limit_between: [769Mi, 1Gi]", "769Mi to 1Gi", "768Mi", false},
		{`mentions: "session.(*Store).Put"`, `"session.(*Store).Put"`, "all of them", true},
		{
			`mentions: ["<always>", 536870912, 'holds "everything"', "rollout undo", "image: 1.4"]`,
			`"<always>" and "536870912" and "holds \"everything\"" and "rollout undo" and "image: 1.4"`, "all of them", true,
		},
		{"mentions: [java, Java]", `"java" and "Java"`, `without "Java"`, false},
		{"blind_spots: [logs, profiles]", "logs and profiles", "profiles, logs", true},
		{"blind_spots: [kernlog, profiles]", "kernlog and profiles", "profiles, logs", false},
		{"max_confidence: 0.9", "at most 0.9", "0.9", true},
		{"max_confidence: 0.85", "at most 0.85", "0.9", false},
	}
	for _, tt := range tests {
		truth, err := ParseTruth([]byte(tt.truth))
		if err != nil {
			t.Fatal(err)
		}
		grades := GradeResult(truth, leaking())
		if len(grades) != 1 {
			t.Errorf("%s: %d grades, want one", tt.truth, len(grades))
			continue
		}
		g := grades[0]
		if want := (Grade{g.Field, tt.right, tt.want, tt.got}); g != want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", tt.truth, g, want)
		}
	}
}

// TestGradeEmptyResult checks that a result which says nothing is wrong in every field that asks for something.
func TestGradeEmptyResult(t *testing.T) {
	truth, err := ParseTruth([]byte(`
{mechanism: unknown, boundary: none, cause: leak, trigger: none, change_revision: 3, victim: {pod: a}, culprit: {pod: a},
actions: [rollback], actions_any: [rollback], not_actions: [rollback], limit_between: [1Mi, 2Mi], mentions: [a],
blind_spots: [logs], max_confidence: 0}`))
	if err != nil {
		t.Fatal(err)
	}
	right := map[string]bool{FieldNotActions: true, FieldMaxConfidence: true}
	var fields []string
	for _, g := range GradeResult(truth, &investigations.Result{}) {
		fields = append(fields, g.Field)
		if g.Right != right[g.Field] {
			t.Errorf("%s is graded %t", g.Field, g.Right)
		}
	}
	if diff := cmp.Diff(Fields, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestMisled(t *testing.T) {
	r := leaking()
	r.Verdict.Cause = investigations.CauseLoadSpike
	if got := ids(Misled(r)); got != "[F2]" {
		t.Errorf("a verdict of load_spike was misled by %s, want [F2]", got)
	}
	r.Verdict.Cause = investigations.CauseInsufficientEvidence
	if got := ids(Misled(r)); got != "[F1 F3]" {
		t.Errorf("without a hypothesis of its own, the verdict was misled by %s, want those of the best, [F1 F3]", got)
	}
	if got := Misled(&investigations.Result{Facts: r.Facts}); len(got) != 0 {
		t.Errorf("without hypotheses, the verdict was misled by %v", got)
	}
}

func ids(facts []investigations.Fact) string {
	out := []string{}
	for _, f := range facts {
		out = append(out, f.ID)
	}
	return fmt.Sprint(out)
}

func TestTally(t *testing.T) {
	grade := func(field string, right bool) Grade { return Grade{Field: field, Right: right} }
	got := Tally([][]Grade{
		{grade(FieldVictim, true), grade(FieldCause, true)},
		{grade(FieldCause, false)},
		nil,
	})
	want := []Score{{FieldCause, 1, 2}, {FieldVictim, 1, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scores (-want +got):\n%s", diff)
	}
	if s := StatusOf([]Grade{grade(FieldCause, true)}); s != Pass {
		t.Errorf("all right is %s", s)
	}
	if s := StatusOf([]Grade{grade(FieldCause, true), grade(FieldVictim, false)}); s != Fail {
		t.Errorf("one wrong is %s", s)
	}
	if s := StatusOf(nil); s != Pass {
		t.Errorf("a truth without fields is %s", s)
	}
}

func ExampleGradeResult() {
	truth, err := ParseTruth([]byte("cause: [leak, undersized_limit]\ntrigger: none"))
	if err != nil {
		fmt.Println(err)
		return
	}
	result := &investigations.Result{Verdict: investigations.Verdict{
		Cause: investigations.CauseLeak, Trigger: investigations.TriggerDeploy,
	}}
	for _, g := range GradeResult(truth, result) {
		fmt.Printf("%s: right %t, want %s, got %s\n", g.Field, g.Right, g.Want, g.Got)
	}
	// Output:
	// cause: right true, want leak or undersized_limit, got leak
	// trigger: right false, want none, got deploy
}
