package rules

import (
	"math"
	"slices"

	"github.com/oombot/oombot/investigations"
)

var _ investigations.Supposer = Rules{}

// supposed is what a scene takes for given, and what the evidence makes of it.
type supposed struct {
	investigations.Supposition
	// sure and ceiling are of the diagnosis without a supposition: the share of each score that is shown, and the highest
	// confidence that this one may have.
	sure, ceiling float64
	// moved says that the culprit is not the one that the evidence names; share is its part in what was gained, 0 to 1.
	moved bool
	share float64
	// bare says that nothing speaks for the cause.
	bare bool
	// unproven says that the trigger is not the one that the evidence shows; against is what it shows.
	unproven bool
	against  []string
}

// Suppose implements investigations.Supposer. The facts of the ledger are those that the tools stated, and those of
// Diagnose on the same evidence, as it left them: one whose sentence was changed since is stated again.
//
// not_oom can't be supposed where the evidence has no other end, nor sidecar in a pod without another container. A
// change is what the revision's template shows, so that a trigger which says otherwise (deploy where the images are the
// same) is refused, as is one of a revision that concerns no memory or came later. For noisy_neighbour the revision is
// that of the neighbour's workload. Where the trigger alone is deploy or config_change, the revision is the rules' own,
// else the one that was killed; where the revision alone is given, its template says which trigger it is. A culprit that
// the evidence does not name lowers the confidence to half at most, and by its part in what was gained before the kill.
func (Rules) Suppose(
	req investigations.Request, ev investigations.Evidence, facts *investigations.Ledger, given investigations.Supposition,
) (investigations.Diagnosis, bool) {
	own := copyOf(facts)
	plain := judged(req, ev, own.ledger)
	d := plain.conclude()
	if given == (investigations.Supposition{}) {
		return own.settle(d, facts), true
	}
	own = copyOf(facts)
	s := looked(req, ev, own.ledger)
	s.supposed = &supposed{Supposition: given, sure: plain.sure()}
	if !s.supposeCulprit() || !s.supposeCause() || !s.supposeTrigger() {
		return investigations.Diagnosis{}, false
	}
	s.supposed.ceiling = s.mostOf(d)
	return own.settle(s.conclude(), facts), true
}

// mostOf is the highest confidence that a supposition may have beside the diagnosis without it.
func (s *scene) mostOf(d investigations.Diagnosis) float64 {
	most := d.Verdict.Confidence
	if c := s.best.cause; c != d.Verdict.Cause && c != investigations.CauseInsufficientEvidence {
		score := 0.0
		for _, h := range d.Hypotheses {
			if h.Cause == c {
				score = h.Score
			}
		}
		most = math.Min(most, score)
	}
	if s.supposed.moved {
		most *= math.Min(0.5, s.supposed.share)
	}
	return most
}

// supposeCause weighs the causes and takes the supposed one for the best; it says whether the boundary admits it.
func (s *scene) supposeCause() bool {
	culprit, c := s.culprit, s.supposed.Cause
	s.weigh()
	s.doubtShares()
	if c != investigations.CauseInsufficientEvidence && c != "" || s.supposed.Culprit != nil {
		s.culprit = culprit // which is dropped where the evidence carries no cause
	}
	switch {
	case c == "" || c == s.best.cause:
		c = s.best.cause
	case !s.admits(c):
		return false
	}
	i := slices.IndexFunc(s.hypotheses, func(h hypothesis) bool { return h.cause == c })
	if i < 0 {
		h := hypothesis{cause: c}
		if c == investigations.CauseInsufficientEvidence {
			h = s.insufficient()
			if s.supposed.Culprit == nil {
				s.dropShakyCulprit()
			}
		}
		i, s.hypotheses = len(s.hypotheses), append(s.hypotheses, h)
	}
	if s.best = s.hypotheses[i]; len(s.best.pro) == 0 {
		s.supposed.bare = true
		s.best.pro = s.ending()
	}
	if c == investigations.CauseMemoryBackedVolume {
		s.volume = s.findVolume()
	}
	return true
}

// admits says whether a cause may be supposed.
func (s *scene) admits(c investigations.Cause) bool {
	if !slices.Contains(investigations.AllowedCauses(s.boundary, s.sameContainer()), c) {
		return false
	}
	switch c {
	case investigations.CauseNotOOM:
		return s.reason != nil
	case investigations.CauseNoisyNeighbour:
		return !s.sameContainer()
	case investigations.CauseSidecar:
		p := s.culprit
		return p != nil && s.spec() != nil && p.Pod == s.target.Pod && p.Container != "" && p.Container != s.mainContainer()
	}
	return true
}

// ending are the facts that say what ended, or what little is known.
func (s *scene) ending() []string {
	if ids := unique(s.endFacts()); len(ids) > 0 {
		return ids
	}
	return s.insufficient().pro
}

// doubtShares turns the fact that names the culprit in a pod against the causes that it supports, where another one is
// supposed.
func (s *scene) doubtShares() {
	id := s.led.ID("rules/culprit/pod")
	if !s.supposed.moved || id == "" {
		return
	}
	for i := range s.hypotheses {
		if h := &s.hypotheses[i]; h.cause != investigations.CauseInsufficientEvidence && slices.Contains(h.pro, id) {
			h.pro = slices.DeleteFunc(slices.Clone(h.pro), func(x string) bool { return x == id })
			h.con = append(slices.Clone(h.con), id)
		}
	}
}

// supposedDoubts are what speaks against taking it for given.
func (s *scene) supposedDoubts() (why []string) {
	switch top := s.hypotheses[0]; {
	case top.cause == investigations.CauseInsufficientEvidence && s.best.cause != top.cause:
		why = append(why, "the evidence carries no cause")
	case top.cause != s.best.cause && top.score > s.best.score:
		why = append(why, "the evidence speaks more for another cause ("+causeWord(top.cause)+")")
	}
	if s.supposed.moved {
		why = append(why, "the evidence does not name that culprit")
	}
	return why
}
