package grounding

import (
	"github.com/oombot/oombot/investigations"
)

// Kind is why a sentence, or a field, is refused.
type Kind string

// The kinds of reasons.
const (
	// NoFact is a citation of a fact that does not exist, NoCitation a claim without one.
	NoFact     Kind = "no_fact"
	NoCitation Kind = "no_citation"
	// The literals that no cited fact holds.
	Number  Kind = "number"
	Time    Kind = "time"
	Version Kind = "version"
	Name    Kind = "name"
	// Contradiction is a statement that the verdict or a cited fact excludes.
	Contradiction Kind = "contradiction"
	// Direction is a change that the cited facts don't show.
	Direction Kind = "direction"
	// Advice is a recommendation that the rules exclude.
	Advice Kind = "advice"
	// Markup is a link, a mention, a command, or formatting that does not belong into the text.
	Markup Kind = "markup"
	// Form is a field that is too long, empty or of no allowed value.
	Form Kind = "form"
)

// Reason is one claim that is refused.
type Reason struct {
	Kind Kind
	// Field is where it stands: "headline", "explanation", "recommendations[1].value".
	Field string
	// Claim is the sentence or the value, cut to 200 characters.
	Claim string
	// Says is one sentence for the model: what is wrong and what would be right.
	Says string
}

// Case is what a text is checked against.
type Case struct {
	// Facts are all of the investigation, those that function calls added among them.
	Facts []investigations.Fact
	// Result is the document of the rules: its target, blind spots, precedents, hypotheses, and what of its verdict the
	// program sets: mechanism, boundary, victim.
	Result *investigations.Result
	// Verdict is the one that the text belongs to: the cause, trigger, change, culprit and recommendations that the
	// program has built from what was submitted.
	Verdict investigations.Verdict
	// Program is what the program itself wrote of Verdict: a sentence in these words alone needs no citation.
	Program string
}
