package grounding

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestAdvises(t *testing.T) {
	const (
		limit    = investigations.ActionSetLimit
		rollback = investigations.ActionRollback
		leak     = investigations.ActionFixLeak
		ceiling  = investigations.ActionSetRuntimeCeiling
		volume   = investigations.ActionCapVolume
		culprit  = investigations.ActionLimitCulprit
		node     = investigations.ActionMoveOrResizeNode
		scale    = investigations.ActionScaleOut
		load     = investigations.ActionReduceLoad
		probe    = investigations.ActionFixProbe
		more     = investigations.ActionCollectMore
	)
	tests := []struct {
		text string
		want []investigations.Action
	}{
		{"Raise the memory limit to 3 GiB.", []investigations.Action{limit}},
		{"The limit should be raised.", []investigations.Action{limit}},
		{"We recommend doubling the memory limit.", []investigations.Action{limit}},
		{"Please give the container more memory.", []investigations.Action{limit}},
		{"A higher limit is needed.", []investigations.Action{limit}},
		{"Consider increasing the memory limit as a short-term mitigation.", []investigations.Action{limit}},
		{"Roll back to revision 18.", []investigations.Action{rollback}},
		{"Roll back to revision 18 and fix the leak.", []investigations.Action{rollback, leak}},
		{"The deploy should be reverted.", []investigations.Action{rollback}},
		{"Reverting the rollout is recommended.", []investigations.Action{rollback}},
		{"Pin the previous image.", []investigations.Action{rollback}},
		{"Fix the leak in session.(*Store).Put.", []investigations.Action{leak}},
		{"Lower -Xmx to 336m.", []investigations.Action{ceiling}},
		{"Set a sizeLimit on the volume.", []investigations.Action{volume}},
		{"Put a memory limit on the sidecar.", []investigations.Action{culprit}},
		{"Move the pod to another node.", []investigations.Action{node}},
		{"Add more replicas.", []investigations.Action{scale}},
		{"Stream the upload instead of loading it at once.", []investigations.Action{load}},
		{"Fix the liveness probe.", []investigations.Action{probe}},
		{"Take a heap profile now and another one hours later.", []investigations.Action{more}},
		{"Restart the pod.", []investigations.Action{Unlisted}},
		{"Delete the namespace.", []investigations.Action{Unlisted}},
		{"You should contact the team.", []investigations.Action{Unlisted}},
		{"Disable the OOM killer.", []investigations.Action{Unlisted}},
		{"Scale the deployment down to zero.", []investigations.Action{Unlisted}},
		{"Remove the memory limit.", []investigations.Action{Unlisted}},

		{"A higher limit cures no leak.", nil},
		{"Do not raise the limit.", nil},
		{"Raising the limit would only postpone the next kill.", nil},
		{"As a stop-gap only, a higher limit would buy 38 min.", nil},
		{"Rolling back would not help.", nil},
		{"The limit was raised with revision 12.", nil},
		{"The rollout lowered the limit.", nil},
		{"The container restarted 3 times.", nil},
		{"The kernel killed it at its memory limit.", nil},
		{"Memory rose to the limit.", nil},
		{"There is no need to restart the pod.", nil},
		{"Instead of raising the limit, the leak was found.", nil},
		{"It leaks memory.", nil},
		{"", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, Advises(Sentence{Text: tt.text})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestAdviceIsOfTheVerdict(t *testing.T) {
	c := loadCase(t, "leak-after-deploy")
	c.Verdict.Recommendations = nil
	s := Sentence{Text: "Roll back to revision 18."}
	got := Statements(c, "explanation", s, nil)
	if len(got) != 1 || got[0].Kind != Advice {
		t.Errorf("a verdict without recommendations: got %+v, want one reason of kind advice", got)
	}
	c.Verdict.Recommendations = []investigations.Recommendation{{Action: investigations.ActionRollback}}
	if got := Statements(c, "explanation", s, nil); len(got) != 0 {
		t.Errorf("a verdict that recommends it: got %+v, want none", got)
	}
}
