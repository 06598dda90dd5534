package grounding

import (
	"strings"

	"github.com/oombot/oombot/investigations"
)

// claimLength is how much of a sentence a reason repeats, in runes.
const claimLength = 200

// longest is how much of a sentence is looked at, in bytes. What is longer is no sentence.
const longest = 4000

// Statements returns the reasons for which what a sentence says does not follow: it contradicts the verdict on the mechanism,
// the boundary, the cause or the trigger, tells of a change that cited does not show, of what was not seen, of what
// happened before, of persons or business without a fact, or advises what the verdict does not recommend. cited are the
// facts that the sentence cites. Numbers, times and names in it are not looked at.
func Statements(c Case, field string, s Sentence, cited []investigations.Fact) []Reason {
	text := s.Text
	if len(text) > longest {
		text = text[:longest]
	}
	text, repeats := unquoted(text, cited)
	if repeats {
		return nil
	}
	r := &reader{c: c, verdict: verdictOf(c), field: field, claim: cut(s.Raw, s.Text), headline: strings.HasPrefix(field, "headline"), facts: cited}
	r.clauses = clauses(text)
	if strings.HasSuffix(strings.TrimSpace(text), "?") { // a question asks for one of several answers
		for i := range r.clauses {
			r.clauses[i].rival = true
		}
	}
	for i := range r.clauses {
		cl := &r.clauses[i]
		r.checkEnds(cl)
		r.checkCause(cl)
		r.checkTrigger(cl)
		r.checkDirection(cl)
		r.checkQuantity(cl)
		r.checkAbsence(cl)
		r.checkPrecedent(cl)
		r.checkHarm(cl)
		r.checkSources(cl)
		r.checkSureness(cl)
		r.checkProbe(cl)
		r.checkMost(cl)
	}
	r.checkChange(text)
	r.checkParties(text)
	r.checkOverlap(s)
	r.checkDetails(text)
	r.checkAdvice(s)
	return r.reasons
}

// verdictOf is the verdict of the text, with what only the rules can set.
func verdictOf(c Case) investigations.Verdict {
	v := c.Verdict
	if c.Result != nil {
		v.Mechanism, v.Boundary = c.Result.Verdict.Mechanism, c.Result.Verdict.Boundary
	}
	return v
}

// reader looks at one sentence.
type reader struct {
	c        Case
	verdict  investigations.Verdict
	field    string
	claim    string
	headline bool
	clauses  []clause
	facts    []investigations.Fact
	read     []factText
	// parts are the facts read for their trends, by the kind of subject.
	parts   map[string][]measured
	reasons []Reason
}

// factText is a fact's sentence, parted like the sentences that cite it.
type factText struct {
	fact    investigations.Fact
	lower   string
	clauses []clause
	// ends are the hits of ends in each clause.
	ends [][]hit
}

// cited returns the facts that the sentence cites, read once. A headline cites none: it stands on all.
func (r *reader) cited() []factText {
	if r.read == nil {
		facts := r.facts
		if r.headline && len(facts) == 0 {
			facts = r.c.Facts
		}
		r.read = make([]factText, 0, len(facts))
		for _, f := range facts {
			t := factText{fact: f, lower: strings.ToLower(f.Says), clauses: clauses(f.Says)}
			for i := range t.clauses {
				t.ends = append(t.ends, narrowed(ends.find(t.clauses[i].words)))
			}
			r.read = append(r.read, t)
		}
	}
	return r.read
}

// anyFact reports whether any fact of the case has the word.
func (r *reader) anyFact(word string) bool {
	for _, f := range r.c.Facts {
		if strings.Contains(strings.ToLower(f.Says), word) {
			return true
		}
	}
	return false
}

// refuse adds a reason; one of a kind is enough for a sentence.
func (r *reader) refuse(kind Kind, says string) {
	for _, have := range r.reasons {
		if have.Kind == kind && have.Says == says {
			return
		}
	}
	r.reasons = append(r.reasons, Reason{Kind: kind, Field: r.field, Claim: r.claim, Says: says})
}

// cut returns the first of the texts that is not empty, in at most claimLength runes.
func cut(texts ...string) string {
	for _, t := range texts {
		t = strings.TrimSpace(t)
		if t == "" {
			continue
		}
		if n := 0; len(t) > claimLength {
			for i := range t {
				if n++; n > claimLength {
					return t[:i]
				}
			}
		}
		return t
	}
	return ""
}
