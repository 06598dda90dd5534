package investigations

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

var citationRE = regexp.MustCompile(`\[(F\d+)\]`)

// WithoutCitations turns what looks like a citation ("[F9]") into plain text ("(F9)"). Texts from outside, as an
// image's name or a line of a log, must not bring citations into a verdict: its readers take them for facts.
func WithoutCitations(text string) string { return citationRE.ReplaceAllString(text, "($1)") }

// Ledger numbers the facts of one investigation, F1 upwards. It is not safe for concurrent use.
type Ledger struct {
	facts []Fact
	byKey map[string]string
}

// NewLedger returns a ledger that holds facts, in their order.
func NewLedger(facts []Fact) *Ledger {
	l := &Ledger{byKey: map[string]string{}}
	for _, f := range facts {
		l.Add(f)
	}
	return l
}

// Add numbers f and returns its id. A fact whose Key is there already is not added again: the id of the
// first is returned. Its texts are cleaned, what looks like a citation in them is taken for text, its time is turned to UTC, and values that are no finite number
// are dropped; f itself is not changed.
func (l *Ledger) Add(f Fact) string {
	if id, ok := l.byKey[f.Key]; ok && f.Key != "" {
		return id
	}
	f.ID = fmt.Sprintf("F%d", len(l.facts)+1)
	f.At = printable(f.At)
	f.Values = tidyValues(f.Values)
	f.Says = WithoutCitations(CleanText(f.Says, 600))
	f.Source = CleanText(f.Source, 300)
	l.facts = append(l.facts, f)
	if f.Key != "" {
		l.byKey[f.Key] = f.ID
	}
	return f.ID
}

// clone returns a ledger of its own with the same facts.
func (l *Ledger) clone() *Ledger {
	return &Ledger{facts: slices.Clone(l.facts), byKey: maps.Clone(l.byKey)}
}

// ID returns the id of the fact with that key, or "" where there is none.
func (l *Ledger) ID(key string) string { return l.byKey[key] }

// Facts returns all facts in the order of their numbers. The slice is the caller's.
func (l *Ledger) Facts() []Fact { return append([]Fact{}, l.facts...) }
