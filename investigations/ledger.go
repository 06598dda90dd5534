package investigations

import (
	"fmt"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"
)

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
// first is returned.
func (l *Ledger) Add(f Fact) string {
	if id, ok := l.byKey[f.Key]; ok && f.Key != "" {
		return id
	}
	f.ID = fmt.Sprintf("F%d", len(l.facts)+1)
	f.Values = maps.Clone(f.Values)
	f.Says = CleanText(f.Says, 600)
	f.Source = CleanText(f.Source, 300)
	l.facts = append(l.facts, f)
	if f.Key != "" {
		l.byKey[f.Key] = f.ID
	}
	return f.ID
}

// ID returns the id of the fact with that key, or "" where there is none.
func (l *Ledger) ID(key string) string { return l.byKey[key] }

// Facts returns all facts in the order of their numbers. The slice is the caller's.
func (l *Ledger) Facts() []Fact { return append([]Fact{}, l.facts...) }

// CleanText makes text from outside fit to print: valid UTF-8 on one line, without control or invisible
// formatting characters, at most limit bytes (cut at a rune, with an ellipsis).
func CleanText(s string, limit int) string {
	var b strings.Builder
	room := limit
	if len(s) > limit {
		room = limit - len("…")
	}
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			r = ' '
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
			r = '\uFFFD'
		}
		if b.Len()+utf8.RuneLen(r) > room {
			b.WriteString("…")
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
