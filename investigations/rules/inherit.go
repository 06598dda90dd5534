package rules

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// What past incidents may do to a verdict.
const (
	// mostInherited is how far all precedents together may raise, or lower, the score of one cause. It is less than
	// any single piece of evidence weighs.
	mostInherited = 0.05
	// alikeEnough is the similarity from which a precedent changes scores, and worthCiting that from which it is cited.
	alikeEnough = 0.6
	worthCiting = 0.5
	// mostCited is how many are cited, and mostReasons how many reasons are given for each.
	mostCited   = 3
	mostReasons = 4
)

// inherit lets judged precedents raise and lower the causes that the evidence carries. One that nobody judged, and of
// whose fix nothing is known, is only an earlier opinion of these same rules, and changes nothing. A precedent brings
// no cause in which the evidence has not, none that the boundary excludes is among the hypotheses, and a doubt alone
// takes the lead from none: it lowers the confidence.
func (s *scene) inherit() {
	if len(s.hypotheses) == 0 {
		return
	}
	lead := s.hypotheses[0].cause
	sum, raised := map[investigations.Cause]float64{}, map[investigations.Cause]bool{}
	for i := range s.precedents() {
		p := &s.precedents()[i]
		if p.Similarity < alikeEnough {
			continue
		}
		switch p.Trust {
		case investigations.TrustConfirmed:
			raised[p.Cause] = s.lean(p, p.Cause, 1, sum) || raised[p.Cause]
		case investigations.TrustCorrected:
			raised[p.Cause] = s.lean(p, p.Cause, 1, sum) || raised[p.Cause]
			s.lean(p, p.Told, -1, sum)
		case investigations.TrustRefuted:
			s.lean(p, p.Told, -1, sum)
		case investigations.TrustUnjudged, investigations.TrustDisputed:
		}
	}
	// What was only left standing when the leader was lowered does not pass it.
	for i := range s.hypotheses {
		h := &s.hypotheses[i]
		if h.cause == lead {
			for _, rival := range s.hypotheses {
				if rival.cause != lead && !raised[rival.cause] {
					h.score = math.Max(h.score, rival.score)
				}
			}
		}
	}
	slices.SortStableFunc(s.hypotheses, func(a, b hypothesis) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(isnt(a.cause, lead), isnt(b.cause, lead)))
	})
}

func isnt(c, lead investigations.Cause) int {
	if c == lead {
		return 0
	}
	return 1
}

// lean raises (sign 1) or lowers (sign -1) a cause that the evidence carries, by the precedent's similarity and within
// the bounds; it says whether it did.
func (s *scene) lean(p *investigations.Recalled, cause investigations.Cause, sign float64, sum map[investigations.Cause]float64) bool {
	i := slices.IndexFunc(s.hypotheses, func(h hypothesis) bool { return h.cause == cause })
	if i < 0 || s.hypotheses[i].score <= 0 {
		return false
	}
	h := &s.hypotheses[i]
	was := sum[cause]
	sum[cause] = clamp(was+sign*mostInherited*p.Similarity, -mostInherited, mostInherited)
	before := h.score
	h.score = clamp(h.score+sum[cause]-was, 0, 0.97)
	id := s.sayPrecedent(p)
	if sign > 0 {
		h.pro = append(h.pro, id)
	} else {
		h.con = append(h.con, id)
	}
	s.influences = append(s.influences, investigations.Influence{
		Precedent: p.ID, Cause: cause, Before: round2(before), After: round2(h.score), Why: trustWords(p),
	})
	return sign > 0
}

// precedents are the past incidents that were recalled for this one.
func (s *scene) precedents() []investigations.Recalled {
	if s.ev.Memory == nil {
		return nil
	}
	return s.ev.Memory.Precedents
}

// sayPrecedent states a precedent as a fact.
func (s *scene) sayPrecedent(p *investigations.Recalled) string {
	where := p.Target.Workload
	switch {
	case where == "":
		where = p.Target.String()
	case p.Target.Namespace != "":
		where = p.Target.Namespace + "/" + where
	}
	says := "its cause was " + causeWord(p.Cause)
	if p.Cause != p.Told {
		says = fmt.Sprintf("its verdict said %s, people say %s", causeWord(p.Told), causeWord(p.Cause))
	}
	text := fmt.Sprintf("Incident %s, %s at %s, is %s alike (%s): %s.", p.ID, outside(where, 120), stamp(p.At),
		percent(p.Similarity), outside(strings.Join(p.Why[:min(len(p.Why), mostReasons)], ", "), 240), says)
	if p.Trust != investigations.TrustConfirmed || p.Ups > 0 { // else what was learned says it
		text += " " + upperFirst(trustWords(p)) + "."
	}
	if w := learnedWords(p.Learned); w != "" {
		text += " " + w
	}
	if p.Note != "" {
		text += " A person wrote: " + investigations.Quote(p.Note, 120) + "."
	}
	return s.led.Add(investigations.Fact{
		Key: "memory/" + p.ID, Tool: investigations.ToolMemory, At: p.At.UTC(), Says: text, Source: "oombot history show " + p.ID,
		Values: map[string]float64{"similarity": p.Similarity, "up_votes": float64(p.Ups), "down_votes": float64(p.Downs)},
	})
}

func causeWord(c investigations.Cause) string { return strings.ReplaceAll(string(c), "_", " ") }

// trustWords say who stands behind a precedent.
func trustWords(p *investigations.Recalled) string {
	switch {
	case p.Trust == investigations.TrustConfirmed && p.Ups > 0:
		return fmt.Sprintf("judged right by %s", people(p.Ups))
	case p.Trust == investigations.TrustConfirmed:
		return "its fix held"
	case p.Trust == investigations.TrustCorrected:
		return fmt.Sprintf("judged wrong by %s, who named the right cause", people(p.Downs))
	case p.Trust == investigations.TrustRefuted:
		return fmt.Sprintf("judged wrong by %s", people(p.Downs))
	case p.Trust == investigations.TrustDisputed && p.Ups+p.Downs > 0:
		return fmt.Sprintf("judged right by %d and wrong by %d", p.Ups, p.Downs)
	case p.Trust == investigations.TrustDisputed:
		return "in doubt, since its fix did not hold"
	}
	return "nobody has judged it"
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// learnedWords say what became of a precedent's advice; empty where nothing is known.
func learnedWords(o investigations.Outcome) string {
	fix := strings.ReplaceAll(actionWords(o.Fix), "_", " ")
	if fix == "" {
		fix = "its advice"
	}
	switch o.State {
	case investigations.OutcomeFixApplied:
		return upperFirst(fix) + " was done after it; whether it holds is not known yet."
	case investigations.OutcomeFixHeld:
		return upperFirst(fix) + " was done after it, and held."
	case investigations.OutcomeFixFailed:
		return upperFirst(fix) + " was done after it, and did not hold: it was killed again."
	case investigations.OutcomeRecurredUnfixed:
		return "It was killed again, and nothing of its advice had been done."
	case investigations.OutcomeUnknown:
	}
	return ""
}

func actionWords(all []investigations.Action) string {
	var out []string
	for _, a := range all {
		out = append(out, string(a))
	}
	return strings.Join(out, " and ")
}

func upperFirst(t string) string {
	if t == "" {
		return ""
	}
	return strings.ToUpper(t[:1]) + t[1:]
}

// cited are the precedents that the verdict cites, the best first.
func (s *scene) cited() []*investigations.Recalled {
	var out []*investigations.Recalled
	for i := range s.precedents() {
		if p := &s.precedents()[i]; p.Similarity >= worthCiting && len(out) < mostCited {
			out = append(out, p)
		}
	}
	return out
}

// adviseInherited adds to an advice what became of it in the same workload. What did not hold is said, and comes last.
func (s *scene) adviseInherited() {
	failed := map[investigations.Action]bool{}
	for _, p := range s.cited() {
		for i := range s.advice {
			r := &s.advice[i]
			if !p.SameWorkload || !slices.Contains(p.Learned.Fix, r.Action) {
				continue
			}
			switch p.Learned.State {
			case investigations.OutcomeFixFailed:
				failed[r.Action] = true
				s.remark(r, p, "It was done after "+p.ID+" and did not hold.")
			case investigations.OutcomeFixHeld:
				s.remark(r, p, "It was done after "+p.ID+" and held.")
			case investigations.OutcomeFixApplied, investigations.OutcomeRecurredUnfixed, investigations.OutcomeUnknown:
			}
		}
	}
	slices.SortStableFunc(s.advice, func(a, b investigations.Recommendation) int {
		switch {
		case failed[a.Action] == failed[b.Action]:
			return 0
		case failed[a.Action]:
			return 1
		}
		return -1
	})
}

func (s *scene) remark(r *investigations.Recommendation, p *investigations.Recalled, text string) {
	r.Note = strings.TrimSpace(r.Note + " " + text)
	r.Why = unique(append(slices.Clone(r.Why), s.sayPrecedent(p)))
}

// sayInherited tells of precedents: what was seen before, and where an earlier verdict like this one was wrong.
func (s *scene) sayInherited() string {
	var out []string
	for _, p := range s.cited() {
		id := s.sayPrecedent(p)
		lead := "Seen before: "
		switch {
		case p.Trust == investigations.TrustRefuted && p.Told == s.best.cause:
			lead = "Careful, a verdict like this one was wrong: "
		case p.Trust == investigations.TrustCorrected, p.Trust == investigations.TrustRefuted:
			lead = "An earlier verdict was wrong: "
		case p.Learned.State == investigations.OutcomeFixFailed:
			lead = "Careful, what was done then did not hold: "
		}
		out = append(out, lead+s.saysOf(id)+cite(id))
	}
	return strings.Join(out, "\n\n")
}
