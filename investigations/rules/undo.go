package rules

import "strings"

// adviseUndo says with the first advice how to take back a change that is no revision.
func (s *scene) adviseUndo() {
	if len(s.advice) == 0 || s.undo == "" {
		return
	}
	a := &s.advice[0]
	a.Note = strings.TrimSpace(a.Note + " " + s.undo)
	a.Why = unique(append(a.Why, s.changeWhy...))
}
