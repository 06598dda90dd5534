package rules

import (
	"github.com/oombot/oombot/investigations"
)

// findTrigger answers what set it off. A change counts only if the memory changed after it, at comparable age
// of the pods, and what was before did not show it.
func (s *scene) findTrigger() {
	s.trigger = investigations.TriggerUnknown
	if s.reason != nil {
		return
	}
	switch s.best.cause {
	case investigations.CauseInsufficientEvidence:
		return
	case investigations.CauseNoisyNeighbour:
		s.neighbourTrigger()
		return
	case investigations.CauseKernelMemory:
		if s.view != nil { // the node's, in which the victim's own revisions have no part
			if s.view.hasPast {
				s.trigger = investigations.TriggerNone
			}
			return
		}
	case investigations.CauseNodeOvercommit:
		if s.view != nil && s.view.hasPast {
			s.trigger = investigations.TriggerNone
		}
		return
	}
	for _, find := range []func() bool{s.resizeTrigger, s.revisionTrigger, s.limitRangeTrigger, s.configMapTrigger, s.loadTrigger} {
		if find() {
			return
		}
	}
	if s.seesPast() && s.seesChanges() && s.best.cause != investigations.CauseLoadSpike && !s.unseenConfig() && !s.lostPredecessor() {
		s.trigger = investigations.TriggerNone
	}
}

// unseenConfig says whether memory changed with a rollout that only restarted the pods, while the pods take in a
// ConfigMap of which it is not known when it changed: a restart is what reads its values anew.
func (s *scene) unseenConfig() bool {
	r, prev := s.revisions()
	if r == nil || prev == nil || s.led.ID("rules/trigger/nothing") == "" || !s.configTimeUnknown() {
		return false
	}
	before, after := s.livesBefore(r), s.livesFrom(r)
	if len(before) == 0 || len(after) == 0 {
		return false
	}
	changed, why := s.calmBefore(r, prev, before, after)
	if changed {
		s.changeWhy = append(s.changeWhy, why...)
	}
	return changed
}

// seesPast says whether the evidence reaches back far enough to say that nothing set it off.
func (s *scene) seesPast() bool { return s.life != nil && s.life.mass.n >= 8 || len(s.lives) >= 3 }

// seesChanges says whether a change would show: pods and revisions were read, so that their absence is one.
func (s *scene) seesChanges() bool {
	if len(s.ev.Pods.Pods) == 0 {
		return false
	}
	if s.workload != nil && len(s.workload.Revisions) > 0 || s.pod != nil && s.pod.OwnerName == "" {
		return true
	}
	// Replica sets hold the revisions of deployments, and controller revisions those of stateful sets and daemon sets:
	// where one kind was read and the other was not, the absence of a revision tells nothing.
	if s.pod != nil {
		switch s.pod.OwnerKind {
		case "replicaset", "statefulset", "daemonset":
			return false
		}
	}
	return s.ev.Rollouts.HasRevisions
}

// loadTrigger: traffic, a request or a job set it off.
func (s *scene) loadTrigger() bool {
	spike := s.best.cause == investigations.CauseLoadSpike
	if !spike && (s.best.cause != investigations.CauseUndersizedLimit || !s.follows().yes) {
		return false
	}
	if spike && (s.isJob() || s.jobBefore() != "") {
		s.trigger = investigations.TriggerScheduledJob
		s.changeWhy = append(s.changeWhy, s.sayJobs()...)
		return true
	}
	if b := s.burst(); b != "" {
		s.trigger = investigations.TriggerTraffic
		s.changeWhy = append(s.changeWhy, b)
		return true
	}
	if !spike {
		s.trigger = investigations.TriggerTraffic
		s.changeWhy = append(s.changeWhy, s.follows().fact)
		return true
	}
	if w := s.workBefore(); w != nil {
		s.trigger = investigations.TriggerTraffic
		if batchText(w.match.Text) {
			s.trigger = investigations.TriggerScheduledJob
		}
		s.changeWhy = append(s.changeWhy, s.sayWork(w))
		return true
	}
	return false
}

func (s *scene) sayJobs() []string {
	if s.isJob() {
		return []string{s.sayJob()}
	}
	return []string{s.jobBefore()}
}
