package grounding

import (
	"fmt"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// Bounds on the answer to one sentence, and on how often the fact that should have been cited is looked for.
const (
	maxReasons = 30
	maxHints   = 24
	// maxHinted is how many facts are looked through for the one that should have been cited.
	maxHinted = 400
	maxClaim  = 200
)

// Literals returns the reasons for which the sentence's literals don't hold: each number, time, duration, quantity,
// version or name that neither a fact among cited holds nor the case itself makes known (who was killed, when and
// where, and what the program built of the verdict). Where another fact of the case holds it, the reason says which.
func Literals(c Case, field string, s Sentence, cited []investigations.Fact) []Reason {
	return NewLiteralCheck(c).Reasons(field, s, cited)
}

// LiteralCheck is Literals for many sentences of one case: it reads each fact once. It is not safe for concurrent use.
type LiteralCheck struct {
	c     Case
	own   *held
	facts map[string]*held
	// figures are the numbers of the facts' sentences, and known the parties that the case tells apart.
	figures map[string][]figure
	known   parties
	hints   int
}

// NewLiteralCheck returns a check of texts of c, whose facts are left as they are meanwhile.
func NewLiteralCheck(c Case) *LiteralCheck {
	return &LiteralCheck{c: c, own: holdingOfCase(c), facts: map[string]*held{}, figures: map[string][]figure{}}
}

// Reasons does what Literals does.
func (l *LiteralCheck) Reasons(field string, s Sentence, cited []investigations.Fact) []Reason {
	if len(s.Text) > maxText {
		return []Reason{{Kind: Form, Field: field, Claim: cutClaim(s.Raw), Says: "the sentence is too long to be checked: write shorter ones"}}
	}
	h := l.holdings(cited)
	h.direct = strings.HasPrefix(field, "headline")
	found := scanText(s.Text, func(q string) bool { return quoteHeld(h.facts, q) })
	var reasons []Reason
	told := map[string]bool{}
	for _, lit := range found {
		if told[lit.text] || h.holds(lit) {
			continue
		}
		if told[lit.text] = true; len(told) > maxReasons {
			break
		}
		reasons = append(reasons, Reason{Kind: lit.kind, Field: field, Claim: cutClaim(s.Raw), Says: refusal(lit, l.holderOf(lit), len(cited))})
	}
	if len(found) >= maxLiterals {
		reasons = append(reasons, Reason{
			Kind: Form, Field: field, Claim: cutClaim(s.Raw),
			Says: "the sentence holds too many numbers and names to be checked: write shorter ones",
		})
	}
	return reasons
}

func (l *LiteralCheck) holdings(cited []investigations.Fact) *held {
	facts, tools := make([]*held, len(cited)), make([]string, len(cited))
	for i, f := range cited {
		facts[i], tools[i] = l.holding(f), f.Tool
	}
	return together(facts, tools, l.own)
}

// holding reads a fact, once: it is known by its id.
func (l *LiteralCheck) holding(f investigations.Fact) *held {
	h, ok := l.facts[f.ID]
	if !ok || f.ID == "" {
		h = holdingOf(f)
		l.facts[f.ID] = h
	}
	return h
}

// holderOf returns the id of a fact that holds a literal; empty where none does, or enough have been looked for.
func (l *LiteralCheck) holderOf(lit literal) string {
	if l.hints++; l.hints > maxHints {
		return ""
	}
	for _, f := range l.c.Facts[:min(len(l.c.Facts), maxHinted)] {
		if l.holding(f).holds(lit) {
			return f.ID
		}
	}
	return ""
}

// holds says whether a literal is held.
func (h *held) holds(lit literal) bool {
	switch lit.kind {
	case Time:
		return h.holdsMoment(lit)
	case Version:
		return versionHeld(h.corpus, lit.text) || nameHeld(h.corpus, lit.text)
	case Name:
		if strings.ContainsRune(lit.text, ' ') {
			return quoteHeld(h.facts, lit.text)
		}
		return nameHeld(h.corpus, lit.text)
	}
	return h.holdsNumber(lit)
}

// refusal says what is wrong with a literal, and what would be right.
func refusal(lit literal, holder string, cited int) string {
	what := map[Kind]string{Number: "number", Time: "time", Version: "version", Name: "name"}[lit.kind]
	text := investigations.CleanText(lit.text, 80)
	switch {
	case holder != "":
		return fmt.Sprintf("the %s %q stands in %s: cite it there, or leave the %s out", what, text, holder, what)
	case cited == 0:
		return fmt.Sprintf("no fact is cited that holds the %s %q: cite the one that does, or leave it out", what, text)
	case lit.kind == Time && lit.moment.zone == nil:
		return fmt.Sprintf("no cited fact holds the time %q (times are UTC unless a zone stands with them): write one that does", text)
	}
	return fmt.Sprintf("no cited fact holds the %s %q: write what they hold, or leave it out", what, text)
}

func cutClaim(s string) string { return investigations.CleanText(s, maxClaim) }

// QuantityHeld says whether the facts hold a Kubernetes quantity, as 768Mi, or it is one of those that the rules
// recommend.
func QuantityHeld(c Case, value string, cited []investigations.Fact) bool {
	r, ok := parseQuantity(value)
	if !ok {
		return false
	}
	if c.Result != nil {
		for _, rec := range c.Result.Verdict.Recommendations {
			if own, ok := parseQuantity(rec.Value); ok && own.value == r.value {
				return true
			}
		}
	}
	return NewLiteralCheck(c).holdings(cited).holdsNumber(literal{kind: Number, text: value, readings: []reading{r}, digits: minDigits})
}

// RevisionHeld says whether a cited fact names the revision.
func RevisionHeld(n int64, cited []investigations.Fact) bool {
	return NewLiteralCheck(Case{}).holdings(cited).holdsRole(roleRevision, float64(n))
}
