package eval

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestParseTruth(t *testing.T) {
	const file = `
mechanism: memcg_oom_kill
boundary: [container, pod]
cause: leak
trigger: [deploy]
change_revision: [11, 12]
victim: {namespace: shop, pod: checkout-1, container: checkout, pid: 4711}
culprit: [{pod: checkout-1}, {pod: checkout-2}]
actions: [rollback, fix_leak]
actions_any: rollback
not_actions: [set_limit]
limit_between: [600Mi, 0.9Gi]
mentions: ["session.(*Store).Put", 137]
blind_spots: profiles
max_confidence: 0.7
`
	most := 0.7
	want := &Truth{
		Mechanism:      OneOf[investigations.Mechanism]{investigations.MemcgOOMKill},
		Boundary:       OneOf[investigations.Boundary]{investigations.BoundaryContainer, investigations.BoundaryPod},
		Cause:          OneOf[investigations.Cause]{investigations.CauseLeak},
		Trigger:        OneOf[investigations.Trigger]{investigations.TriggerDeploy},
		ChangeRevision: OneOf[int64]{11, 12},
		Victim:         OneOf[Party]{{Namespace: "shop", Pod: "checkout-1", Container: "checkout", PID: 4711}},
		Culprit:        OneOf[Party]{{Pod: "checkout-1"}, {Pod: "checkout-2"}},
		Actions:        OneOf[investigations.Action]{investigations.ActionRollback, investigations.ActionFixLeak},
		ActionsAny:     OneOf[investigations.Action]{investigations.ActionRollback},
		NotActions:     OneOf[investigations.Action]{investigations.ActionSetLimit},
		LimitBetween:   []string{"600Mi", "0.9Gi"},
		Mentions:       OneOf[literal]{"session.(*Store).Put", "137"},
		BlindSpots:     OneOf[string]{"profiles"},
		MaxConfidence:  &most,
	}
	got, err := ParseTruth([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("truth (-want +got):\n%s", diff)
	}
}

func TestParseTruthLeftOut(t *testing.T) {
	for _, file := range []string{"", "{}", "cause: null", "# nothing known", "limit_between: null"} {
		got, err := ParseTruth([]byte(file))
		if err != nil {
			t.Errorf("ParseTruth(%q): %v", file, err)
			continue
		}
		if diff := cmp.Diff(&Truth{}, got); diff != "" {
			t.Errorf("ParseTruth(%q) (-want +got):\n%s", file, diff)
		}
	}
}

func TestParseTruthFaults(t *testing.T) {
	tests := []struct{ file, says string }{
		{"cause: leek", `cause: "leek" is none of leak, `},
		{"boundary: [container, cgroup]", `boundary: "cgroup"`},
		{"mechanism: 5", "cannot unmarshal number"},
		{"trigger: {deploy: 1}", "cannot unmarshal object"},
		{"coause: leak", `unknown field "coause"`},
		{"cause: leak\ncause: load_spike", "already set in map"},
		{"victim: {pods: a}", `unknown field "pods"`},
		{"victim: [{pod: a, node: [n]}]", "cannot unmarshal array"},
		{"actions: [rolback]", `actions: "rolback"`},
		{"not_actions: set-limit", `not_actions: "set-limit"`},
		{"blind_spots: [kernel]", `blind_spots: "kernel" is none of kernlog, `},
		{"limit_between: [600Mi]", "has 1 values, and takes two"},
		{"limit_between: []", "has 0 values, and takes two"},
		{"limit_between: [600Mi, much]", `"much" is no quantity`},
		{"limit_between: [few, 1Gi]", `"few" is no quantity`},
		{"limit_between: [2Gi, 1Gi]", "2Gi is more than 1Gi"},
		{"max_confidence: 70", "between 0 and 1"},
		{"mentions: [[a]]", "a list or a map stands where a text belongs"},
		{"change_revision: twelve", "cannot unmarshal string"},
		{"- a list", "cannot unmarshal array"},
		{"a: [", "did not find"},
	}
	for _, tt := range tests {
		_, err := ParseTruth([]byte(tt.file))
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("ParseTruth(%q) = %v, want an error that says %q", tt.file, err, tt.says)
		}
	}
}

func FuzzParseTruth(f *testing.F) {
	f.Add([]byte("cause: [leak]\nvictim: {pod: a}\nlimit_between: [1Mi, 2Mi]\nmentions: 7"))
	f.Add([]byte("change_revision: null\nmax_confidence: 1e999"))
	f.Add([]byte("mentions: [~]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		truth, err := ParseTruth(data)
		if err != nil {
			return
		}
		r := investigations.Result{}
		for _, g := range GradeResult(truth, &r) {
			if g.Field == "" || g.Want == "" || g.Got == "" && g.Right {
				t.Errorf("grade %+v says nothing", g)
			}
		}
	})
}
