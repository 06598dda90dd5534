package grounding

import (
	"strings"
	"unicode"
)

// connective openings: what begins so and holds no number and no claim of the lexicons claims nothing.
var openings = []string{
	"here is", "here are", "here's", "this is what", "this is how", "this is why", "the evidence", "evidence", "details", "in short", "in summary", "to summarise", "to summarize", "summary", "let me", "let us", "see below", "as follows",
	"key findings", "the findings", "main findings", "the following", "what happened", "what to do", "what it was", "what it is", "what set", "what next", "what is next", "what we", "why", "how", "recommendation", "next steps", "next step", "for context", "background", "conclusion", "root cause", "cause", "trigger", "impact", "timeline", "analysis", "explanation", "facts", "findings", "overview",
	"this explains", "that is all", "that is why", "taken together", "all of this", "together", "the facts", "putting it", "to sum up", "first", "second", "finally", "note", "caveat", "caveats", "blind spots", "confidence", "verdict", "in detail", "step by step", "the chain", "the sequence", "two things", "three things", "several things",
}

// Claims reports whether a sentence makes a claim, so that it needs a citation. A heading, a label, a question and a phrase that
// only leads over make none; neither does an empty one.
func Claims(s Sentence) bool {
	text := strings.TrimSpace(s.Text)
	if !strings.ContainsFunc(text, unicode.IsLetter) {
		return strings.ContainsFunc(text, unicode.IsDigit)
	}
	words := tokens(text)
	plain := make([]string, 0, len(words))
	numbers := 0
	for _, w := range words {
		if w == number {
			numbers++
		}
		if !isMark(w) {
			plain = append(plain, w)
		}
	}
	label := strings.HasSuffix(text, ":")
	switch {
	case numbers > 0:
		return true
	case strings.HasSuffix(text, "?"):
		return len(plain) > 5 && (plain[0] == "could" || plain[0] == "might" || plain[0] == "may")
	case len(plain) <= 8 && label:
		return says(words)
	case len(plain) <= 4 && !hasFinite(plain):
		return false
	}
	lower := strings.ToLower(strings.TrimLeft(text, "*_#> "))
	for _, o := range openings {
		if strings.HasPrefix(lower, o) && len(plain) <= 14 {
			if rest, ok := strings.CutPrefix(lower[len(o):], ":"); ok && len(strings.Fields(rest)) > 3 {
				return true
			}
			return says(words)
		}
	}
	return true
}

// says reports whether words hold an assertion that a lexicon knows.
func says(words []string) bool {
	for _, c := range part(words) {
		if !hasFinite(c.words) && len(c.words) < 4 {
			continue
		}
		if ends.has(c.words) || harmWords.has(c.words) || directionWords.has(c.words) && len(motions(&c)) > 0 {
			return true
		}
		for _, h := range causeWords.find(c.words) {
			if !strings.HasSuffix(h.label, "?") && h.label != "unknown" {
				return true
			}
		}
	}
	return false
}
