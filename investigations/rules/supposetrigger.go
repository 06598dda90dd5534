package rules

import (
	"slices"

	"github.com/oombot/oombot/investigations"
)

// supposeTrigger finds what set it off and, where that is not what is supposed, takes the supposed for it. It says
// whether the evidence has the revision, and its template fits the trigger.
func (s *scene) supposeTrigger() bool {
	blind, t, revision := s.blind, s.supposed.Trigger, s.supposed.Revision
	rolled := t == "" || t == investigations.TriggerDeploy || t == investigations.TriggerConfigChange
	if t != "" && !slices.Contains(investigations.Triggers, t) || !rolled && revision != 0 {
		return false
	}
	s.findTrigger()
	if (t == "" || t == s.trigger) && (revision == 0 || s.change != nil && s.change.Revision == revision) {
		return true
	}
	s.supposed.unproven, s.supposed.against = true, s.changeWhy
	s.change, s.changeWhy, s.neighbour, s.undo, s.blind = nil, nil, nil, "", blind
	if rolled {
		return s.supposeRollout(t, revision)
	}
	s.trigger, s.changeWhy = t, s.loadFacts(t)
	return true
}

// supposeRollout takes the rollout of a revision for the trigger: that of the given number, else the one that was
// killed. Not so of a node's own shortage, in which no revision has a part.
func (s *scene) supposeRollout(t investigations.Trigger, number int64) bool {
	n := s
	switch s.best.cause {
	case investigations.CauseInsufficientEvidence, investigations.CauseNotOOM, investigations.CauseNodeOvercommit:
		return false
	case investigations.CauseKernelMemory:
		if s.view != nil {
			return false
		}
	case investigations.CauseNoisyNeighbour:
		top, _, _ := s.view.main()
		if top == nil || top.outside() {
			return false
		}
		n = s.ofNeighbour(top)
	}
	if n.workload == nil {
		return false
	}
	r, prev := n.revisions()
	if number != 0 {
		if r, prev = n.revisionNumber(number), nil; r != nil {
			prev = n.revisionBefore(r)
		}
	}
	if r == nil || prev == nil {
		return false
	}
	at, diffs := n.rolledOut(r), diffTemplates(prev.Template, r.Template)
	if at.After(s.at) || !slices.ContainsFunc(diffs, difference.memoryRelevant) {
		return false
	}
	n.blame(r, diffs, at)
	n.changeWhy = []string{n.sayRevision(r, prev, diffs, at)}
	if n != s {
		s.trigger, s.change, s.changeWhy, s.neighbour = n.trigger, n.change, n.changeWhy, n
	}
	return t == "" || t == n.trigger
}

// loadFacts are those that speak of load before the kill.
func (s *scene) loadFacts(t investigations.Trigger) []string {
	var out []string
	switch t {
	case investigations.TriggerTraffic:
		out = append(out, s.burst(), s.follows().fact)
	case investigations.TriggerScheduledJob:
		if s.isJob() || s.jobBefore() != "" {
			out = append(out, s.sayJobs()...)
		}
	default:
		return nil
	}
	if w := s.workBefore(); w != nil && (t == investigations.TriggerScheduledJob) == batchText(w.match.Text) {
		out = append(out, s.sayWork(w))
	}
	return unique(out)
}

// saySupposed says of a trigger that the evidence does not show what it is supposed to be.
func (s *scene) saySupposed() string {
	text := map[investigations.Trigger]string{
		investigations.TriggerTraffic:      "Set off by load.",
		investigations.TriggerScheduledJob: "Set off by a job.",
		investigations.TriggerNone:         "Nothing set it off: it was building up.",
		investigations.TriggerUnknown:      "What set it off can't be told.",
	}[s.trigger]
	if s.change != nil {
		text = s.sayChange()
	}
	why := unique(s.changeWhy)
	if len(why) == 0 {
		why = s.best.pro[:min(len(s.best.pro), 1)]
	}
	text += cite(why...)
	if against := unique(s.supposed.against); len(against) > 0 && s.trigger != investigations.TriggerUnknown {
		text += " No comparison in the evidence proves that:" + cite(against...) + "."
	}
	return text
}
