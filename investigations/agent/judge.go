package agent

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/grounding"
)

// mostHeadline is the length of a headline, in characters.
const mostHeadline = 160

// judged is a verdict that holds, with the ledger that has all the facts it rests on.
type judged struct {
	verdict investigations.Verdict
	ledger  *investigations.Ledger
}

// judge makes a verdict of what was submitted, or says why it does not hold. What the program sets is the rules', under
// the supposition that the submitted cause, trigger and culprit are right.
func (s *session) judge(sub submission) (*judged, []grounding.Reason) {
	ledger := investigations.NewLedger(s.ledger.Facts())
	base, reasons := s.suppose(sub, ledger)
	if len(reasons) > 0 {
		return nil, reasons
	}
	v := base
	v.WrittenBy = investigations.WrittenByLLM
	confidence := sub.Confidence.value
	if math.IsInf(confidence, 0) || confidence < 0 || confidence > 1 {
		reasons = append(reasons, grounding.Reason{Kind: grounding.Form, Field: "confidence", Says: "It is a number from 0 to 1."})
	}
	v.Confidence = min(confidence, base.Confidence, s.c.Result.Verdict.Confidence)
	v.Headline = plainText(sub.Headline)
	v.Explanation = plainParagraphs(sub.Explanation)
	var bad []grounding.Reason
	v.Recommendations, bad = s.advice(sub, base, ledger.Facts())
	reasons = append(reasons, bad...)
	if n := utf8.RuneCountInString(v.Headline); n > mostHeadline {
		reasons = append(reasons, grounding.Reason{
			Kind: grounding.Form, Field: "headline", Claim: v.Headline,
			Says: fmt.Sprintf("It has %d characters; at most %d are shown.", n, mostHeadline),
		})
	}
	gc := grounding.Case{Facts: ledger.Facts(), Result: s.c.Result, Verdict: v, Program: base.Headline + "\n" + base.Explanation}
	reasons = append(reasons, grounding.Verdict(gc)...)
	if len(reasons) > 0 {
		return nil, reasons
	}
	v.Headline = grounding.WithoutCitations(v.Headline)
	v.Explanation = grounding.Tidy(v.Explanation)
	return &judged{verdict: v, ledger: ledger}, nil
}

// refusal puts reasons into words.
func refusal(reasons []grounding.Reason) string {
	const most = 12
	more := max(len(reasons)-most, 0)
	return render("refused", map[string]any{"Reasons": reasons[:len(reasons)-more], "More": more})
}

// plainText is a text on one line.
func plainText(s string) string {
	return strings.TrimSpace(investigations.CleanText(strings.Join(strings.Fields(s), " "), 4000))
}

// mostExplanation is the length of an explanation, in bytes.
const mostExplanation = 8 << 10

// plainParagraphs is a text of paragraphs, each on lines of its own, without control characters.
func plainParagraphs(s string) string {
	var out []string
	gap := false
	for line := range strings.Lines(s) {
		line = plainText(line)
		if line == "" {
			gap = len(out) > 0
			continue
		}
		if gap {
			out = append(out, "")
			gap = false
		}
		out = append(out, line)
	}
	text := strings.Join(out, "\n")
	if len(text) > mostExplanation {
		text = text[:mostExplanation]
		text = strings.ToValidUTF8(text[:strings.LastIndexByte(text, '\n')+1], "")
	}
	return text
}
