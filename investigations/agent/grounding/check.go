package grounding

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// check is a case with what is read of it once.
type check struct {
	Case
	literals *LiteralCheck
}

func newCheck(c Case) check { return check{Case: c, literals: NewLiteralCheck(c)} }

// Verdict checks the headline and the explanation of c.Verdict and returns every reason for which they are refused.
func Verdict(c Case) []Reason {
	k := newCheck(c)
	return append(k.text("explanation", c.Verdict.Explanation), k.headline()...)
}

// headline checks a headline, which carries no citations: all facts that the verdict cites hold it.
func (k check) headline() []Reason {
	c := k.Case
	ids := Citations(c.Verdict.Explanation + "\n" + c.Verdict.Headline)
	for _, r := range c.Verdict.Recommendations {
		ids = append(ids, r.Why...)
	}
	cited, _ := c.resolve(ids)
	const field = "headline"
	text := WithoutCitations(c.Verdict.Headline)
	s := Sentence{Text: text, Raw: c.Verdict.Headline, Cites: ids}
	reasons := MarkupIn(c, field, c.Verdict.Headline)
	reasons = append(reasons, k.literals.Reasons(field, s, cited)...)
	reasons = append(reasons, k.literals.checkBound(field, s, cited)...)
	return append(reasons, Statements(c, field, s, cited)...)
}

// text checks a text sentence by sentence. Field is its name in the reasons.
func (k check) text(field, text string) []Reason {
	reasons := MarkupIn(k.Case, field, text)
	cites := false
	for _, s := range Sentences(text) {
		cites = cites || len(s.Cites) > 0
		reasons = append(reasons, k.sentence(field, s)...)
	}
	if !cites {
		reasons = append(reasons, Reason{Kind: NoCitation, Field: field, Says: "It cites no fact at all."})
	}
	return reasons
}

// Kept returns text without the sentences that are refused, and how many there were. Paragraphs in which nothing is left
// go with them. It is for texts in which each sentence stands on its own.
func Kept(c Case, field, text string) (string, []Reason) {
	k := newCheck(c)
	var reasons []Reason
	var paragraphs [][]string
	last := -1
	for _, s := range Sentences(text) {
		bad := append(MarkupIn(c, field, s.Raw), k.sentence(field, s)...)
		if reasons = append(reasons, bad...); len(bad) > 0 {
			continue
		}
		if s.Paragraph != last {
			paragraphs = append(paragraphs, nil)
			last = s.Paragraph
		}
		n := len(paragraphs) - 1
		paragraphs[n] = append(paragraphs[n], strings.TrimSpace(s.Raw))
	}
	var out []string
	for _, p := range paragraphs {
		out = append(out, strings.Join(p, " "))
	}
	return strings.Join(out, "\n\n"), reasons
}

// sentence checks one sentence.
func (k check) sentence(field string, s Sentence) []Reason {
	c := k.Case
	cited, missing := c.resolve(s.Cites)
	var reasons []Reason
	for _, id := range missing {
		reasons = append(reasons, Reason{Kind: NoFact, Field: field, Claim: clip(s.Raw), Says: fmt.Sprintf("There is no fact %s.", id)})
	}
	if len(s.Cites) == 0 && Claims(s) && !Absent(c, s) && !c.restates(s) {
		return append(reasons, Reason{
			Kind: NoCitation, Field: field, Claim: clip(s.Raw), Says: "It cites no fact: end it with those that it rests on, or leave it out.",
		})
	}
	reasons = append(reasons, k.literals.Reasons(field, s, cited)...)
	reasons = append(reasons, k.literals.checkBound(field, s, cited)...)
	return append(reasons, Statements(c, field, s, cited)...)
}

// resolve returns the facts of ids, each once, and the ids that are of none.
func (c Case) resolve(ids []string) (facts []investigations.Fact, missing []string) {
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		i := slices.IndexFunc(c.Facts, func(f investigations.Fact) bool { return f.ID == id })
		if i < 0 {
			missing = append(missing, id)
			continue
		}
		facts = append(facts, c.Facts[i])
	}
	return facts, missing
}

func clip(s string) string { return investigations.CleanText(strings.TrimSpace(s), 200) }

var (
	bracketed = regexp.MustCompile(`\s*[\[(]\s*F\d+(?:\s*[,;–—-]\s*F\d+)*\s*[\])]`)
	ticks     = strings.NewReplacer("`", "", "**", "", "__", "")
)

// SameQuantity says whether two Kubernetes quantities are the same, as 1Gi and 1024Mi.
func SameQuantity(a, b string) bool {
	x, okX := parseQuantity(a)
	y, okY := parseQuantity(b)
	return okX && okY && x.value == y.value
}

// WithoutCitations returns text without the citations in brackets.
func WithoutCitations(text string) string {
	return strings.TrimSpace(bracketed.ReplaceAllString(text, ""))
}

// Tidy returns a checked text without the formatting that may stand around names, and with each citation in its own
// square brackets.
func Tidy(text string) string {
	return bracketed.ReplaceAllStringFunc(ticks.Replace(text), func(m string) string {
		lead := m[:len(m)-len(strings.TrimLeft(m, " \t\n"))]
		ids := Citations(m)
		for i, id := range ids {
			ids[i] = "[" + id + "]"
		}
		return lead + strings.Join(ids, " ")
	})
}
