package functions

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// The bounds of an answer.
const (
	mostFacts = 12
	// mostLines is how many lines of logs an answer holds, each a fact.
	mostLines = 20
	// maxFactText and maxNote are bytes: together less than 8 KiB.
	maxFactText = 6400
	maxNote     = 1500
	maxFact     = 600
	// mostBlind is how many blind spots a note names.
	mostBlind = 3
)

// answer gathers facts within the bounds, in the order in which they come.
type answer struct {
	tool  string
	most  int
	facts []investigations.Fact
	seen  map[string]bool
	notes []string
	text  int
	left  int
	// couldNot says that the source could not be looked at, as a note says already.
	couldNot bool
}

func newAnswer(tool string, most int) *answer {
	return &answer{tool: tool, most: most, seen: map[string]bool{}}
}

// full says whether no further fact will be taken, so that it need not be worded: it is skipped.
func (a *answer) full() bool { return len(a.facts) >= a.most || a.text >= maxFactText }

// skip counts n facts that were not worded.
func (a *answer) skip(n int) { a.left += max(n, 0) }

// add takes a fact. One that is said already is not said again, and one beyond the bounds is counted.
func (a *answer) add(at time.Time, source string, s *sentence) {
	f := investigations.Fact{
		Tool: a.tool, At: at.UTC(), Says: investigations.WithoutCitations(atMost(s.text.String(), maxFact)),
		Source: plain(source, 300),
	}
	if f.Source == "" {
		f.Source = a.tool
	}
	if len(s.values) > 0 {
		f.Values = s.values
	}
	f.Key = keyOf(f)
	if a.seen[f.Key] {
		return
	}
	if a.full() || a.text+len(f.Says)+len(f.Source) > maxFactText {
		a.left++
		a.text = maxFactText // what is smaller and comes later does not slip in
		return
	}
	a.seen[f.Key] = true
	a.text += len(f.Says) + len(f.Source)
	a.facts = append(a.facts, f)
}

// atMost cuts a sentence between two of its parts, so that no number is cut in two.
func atMost(text string, limit int) string {
	clean := investigations.CleanText(text, len(text)*3) // what is replaced can be longer
	if len(clean) <= limit {
		return clean
	}
	const rest = "; …"
	if i := strings.LastIndex(clean[:limit-len(rest)+1], "; "); i > limit/3 {
		return clean[:i] + rest
	}
	return investigations.CleanText(clean, limit)
}

// keyOf is made of what a fact says: two that say the same are one, whatever was asked.
func keyOf(f investigations.Fact) string {
	sum := sha256.Sum256([]byte(f.At.Format(time.RFC3339Nano) + "\n" + f.Source + "\n" + f.Says))
	return "ask/" + f.Tool + "/" + hex.EncodeToString(sum[:10])
}

// note adds what else is to be known. Text from outside in it is quoted.
func (a *answer) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(a.notes, text) {
		a.notes = append(a.notes, text)
	}
}

func (a *answer) empty() bool { return len(a.facts) == 0 && a.left == 0 }

// done returns the answer.
func (a *answer) done() Answer {
	if a.left > 0 {
		a.notes = slices.Insert(a.notes, 0, fmt.Sprintf("%d more not shown: ask for less at once", a.left))
	}
	return Answer{Facts: a.facts, Note: plain(strings.Join(a.notes, ". "), maxNote)}
}

// blind notes that a source could not be looked at, and why.
func (s *Set) blind(a *answer, tool string) {
	a.couldNot = true
	if why := s.blindSpots(tool); why != "" {
		a.note("could not look: %s", why)
		return
	}
	a.note("could not look: %s was not read for this investigation; it would tell %s", tool, investigations.WouldTell(tool))
}

// unseen notes what of a source could not be seen, where nothing was found in the rest.
func (s *Set) unseen(a *answer, tool string) {
	if why := s.blindSpots(tool); why != "" && !a.couldNot {
		a.note("not seen: %s", why)
	}
}

// foundNone notes that nothing was found, or that it could not be looked for: a blind spot of the tool names one of the
// resources that would hold it.
func (s *Set) foundNone(a *answer, resources []string, format string, args ...any) {
	for _, b := range s.res.BlindSpots {
		if b.Tool != a.tool {
			continue
		}
		for _, r := range resources {
			if !strings.Contains(b.Why, r) {
				continue
			}
			a.couldNot = true
			a.note("could not look: %s was not read (%s)", r, plain(b.Why, 200))
			return
		}
	}
	a.note("nothing found: "+format, args...)
}

// blindSpots returns those of a tool; "" where there are none.
func (s *Set) blindSpots(tool string) string {
	var out []string
	more := 0
	for _, b := range s.res.BlindSpots {
		switch {
		case b.Tool != tool:
		case len(out) == mostBlind:
			more++
		case b.WouldTell == "":
			out = append(out, plain(b.Why, 200))
		default:
			out = append(out, plain(b.Why, 200)+" (would tell "+plain(b.WouldTell, 120)+")")
		}
	}
	if more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, "; ")
}
