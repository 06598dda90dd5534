package rules

import (
	"testing"

	"github.com/oombot/oombot/investigations"
)

// The scores that are printed must not put another cause above the one that the verdict names.
func TestScoresFollowTheConfidence(t *testing.T) {
	leak := hypothesis{cause: investigations.CauseLeak, score: 0.46}
	s := &scene{confidence: 0.31, best: leak, hypotheses: []hypothesis{leak, {cause: investigations.CauseUndersizedLimit, score: 0.45}}}
	d := s.diagnosis()
	if got := d.Hypotheses[0].Score; got != 0.31 {
		t.Errorf("the verdict's cause has %v, want its confidence of 0.31", got)
	}
	if got := d.Hypotheses[1].Score; got >= 0.31 || got < 0.28 {
		t.Errorf("the rival has %v, want a little less than 0.31", got)
	}
}
