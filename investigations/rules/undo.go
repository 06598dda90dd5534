package rules

import (
	"fmt"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// adviseRollback: where a revision set it off, going back is the quickest way out. A change that is no revision of the
// workload can't be rolled back with it; how to undo it stands with the other advice.
func (s *scene) adviseRollback() {
	if n := s.neighbour; n != nil {
		n.adviseRollback()
		s.advice = append(n.advice, s.advice...)
		return
	}
	if s.change == nil || s.best.cause == investigations.CauseInsufficientEvidence || s.trigger != investigations.TriggerDeploy && s.trigger != investigations.TriggerConfigChange {
		return
	}
	cur := s.revisionNumber(s.change.Revision)
	if cur == nil || s.workload == nil {
		s.adviseUndo()
		return
	}
	prev := s.revisionBefore(cur)
	if prev == nil {
		return
	}
	r := investigations.Recommendation{
		Action: investigations.ActionRollback, Workload: s.change.Workload, Revision: prev.Number, Why: append([]string{}, s.changeWhy...),
		Note: fmt.Sprintf("Revision %d is the last one that did not show it.", prev.Number),
	}
	if s.supposed != nil && s.supposed.unproven {
		r.Note = fmt.Sprintf("Revision %d was in force before that change.", prev.Number)
	}
	if s.workload.Kind != "job" && s.workload.Kind != "cronjob" {
		r.Command = kubectl("rollout", "undo", "-n", s.target.Namespace, s.workload.Ref(), fmt.Sprintf("--to-revision=%d", prev.Number))
	}
	if g := s.gitOwner(); g != "" {
		r.Note += " " + g
	}
	s.advice = append([]investigations.Recommendation{r}, s.advice...)
}

func (s *scene) revisionNumber(n int64) *investigations.Revision {
	if s.workload == nil || n == 0 {
		return nil
	}
	for i := range s.workload.Revisions {
		if s.workload.Revisions[i].Number == n {
			return &s.workload.Revisions[i]
		}
	}
	return nil
}

// adviseUndo says with the first advice how to take back a change that is no revision.
func (s *scene) adviseUndo() {
	if len(s.advice) == 0 || s.undo == "" {
		return
	}
	a := &s.advice[0]
	a.Note = strings.TrimSpace(a.Note + " " + s.undo)
	a.Why = unique(append(a.Why, s.changeWhy...))
}
