package grounding

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// figure is a number, a time or a version of a text, with what the words around it say of it.
type figure struct {
	literal
	marks    marks
	revision string
	// side is the older (-1) or the newer (1) of two revisions that it is told of.
	side side
	// owners are the names that stand with it, in small letters.
	owners []string
}

// figuresIn reads a text. Of a fact each number has all marks of the words around it; of a sentence those of the nearest
// words, so that a number is held to no more than what is said of it.
func figuresIn(text string) []figure {
	s := scanned(text, nil)
	out := make([]figure, 0, len(s.found))
	for i, lit := range s.found {
		if lit.kind == Name || lit.phrase != "" {
			continue
		}
		before, after := s.between(i)
		one := figure{literal: lit, revision: s.revisionOf(i)}
		one.marks = s.marksOf(lit, before, after)
		one.side = s.sideBefore(lit, before)
		if s.comesBefore(i) {
			one.side = -1
		}
		one.owners = s.ownersOf(lit, before)
		out = append(out, one)
	}
	return out
}

// between returns the words at which the numbers around literal i end and begin.
func (s *scanner) between(i int) (before, after int) {
	after = len(s.words)
	for j := i - 1; j >= 0; j-- {
		if s.found[j].kind != Name {
			before = s.found[j].to
			break
		}
	}
	for j := i + 1; j < len(s.found); j++ {
		if s.found[j].kind != Name {
			return before, s.found[j].from
		}
	}
	return before, after
}

// maxNear is how many words to the left of a number say something of it, and maxBehind to its right.
const (
	maxNear   = 7
	maxBehind = 5
)

// marksOf are the marks of the words around a literal, between the numbers on its two sides.
func (s *scanner) marksOf(lit literal, before, after int) marks {
	var m marks
	left := make([]string, 0, maxNear)
	for i := lit.from - 1; i >= max(before, lit.from-maxNear); i-- {
		if w := s.at(i); i < lit.from && w.ends() && !strings.HasSuffix(w.after, ":") {
			break
		}
		left = append(left, s.at(i).low)
	}
	for i, j := 0, len(left)-1; i < j; i, j = i+1, j-1 {
		left[i], left[j] = left[j], left[i]
	}
	m |= markWords.of(left)
	if n := len(left); n > 0 && (left[n-1] == "from" || n > 1 && left[n-2] == "from") {
		m |= markBefore
	}
	var right []string
	for i := lit.to; i < min(after, lit.to+maxBehind) && !s.at(i-1).ends(); i++ {
		if partsNumbers[s.at(i).low] {
			break
		}
		right = append(right, s.at(i).low)
	}
	if lit.kind != Time {
		m |= markWords.of(right)&^(markLimit|markRequest) | markWords.of(right[:min(len(right), 2)])
	}
	if m&markLife != 0 && slices.ContainsFunc(s.found, func(o literal) bool { return o.role == roleRevision && o.to == before }) {
		m |= markForce
	}
	switch {
	case len(lit.readings) == 0:
	case lit.readings[0].dim == dimShare:
		m &^= markLimit | markRequest | markUse | markFree
	case lit.readings[0].dim != dimBytes:
		m &^= kindMarks | markProcesses
	}
	for _, r := range lit.readings {
		switch {
		case r.dim == dimRequests: // those that come in
			m &^= markRequest
		case r.dim == dimSeconds && slices.Contains(left, "by"): // what a life would be longer by
			m &^= markLife
		}
	}
	if m&markHeap != 0 && m&markBeside != 0 {
		m |= markWhole
	}
	if lit.role == roleRevision || lit.kind == Version {
		m = 0
	}
	return m | s.passage(lit, left, after)
}

// passage marks the ends of "from A to B" and "A -> B".
func (s *scanner) passage(lit literal, left []string, after int) marks {
	var m marks
	switch next := s.at(lit.to).low; {
	case s.at(lit.to-1).ends() || after != lit.to+1:
	case next == "→", next == "to" && len(left) > 0 && left[len(left)-1] == "from":
		m |= markBefore
	}
	if len(left) == 1 && (left[0] == "→" || left[0] == "to") && lit.from >= 2 {
		for _, o := range s.found {
			if o.to == lit.from-1 && (left[0] == "→" || s.at(o.from-1).low == "from") {
				m |= markAt
			}
		}
	}
	return m
}

// partsNumbers are words behind a number that turn to something else.
var partsNumbers = wordsOf(`no without any and but while whereas against under out over with than which when because although though or from versus vs to → by`)

// checkBound returns the reasons for which numbers, times and versions that the cited facts hold are told of something
// else than the facts tell of them: of a limit instead of a request, of the level before instead of the one at the kill, of
// another revision, or of another pod.
func (l *LiteralCheck) checkBound(field string, s Sentence, cited []investigations.Fact) []Reason {
	if len(s.Text) > maxText {
		return nil
	}
	var reasons []Reason
	parties := l.parties()
	all := markWords.of(tokens(s.Text))
	for _, one := range figuresIn(s.Text) {
		holders := l.holders(one, cited)
		if len(holders) == 0 {
			continue
		}
		wrong := ""
		for i, h := range holders {
			this := one.differs(h.figure)
			if this != "" && (l.excused(one, h) || one.kind == Time && one.marks == markStart && all&h.marks != 0) {
				this = "" // "it started at 10:29, when revision 19 was rolled out"
			}
			if this == "" && !parties.owns(one.owners, h.fact) {
				this = "another one"
			}
			if i == 0 {
				wrong = this
			}
			if this == "" {
				wrong = ""
				break
			}
		}
		if wrong == "" {
			continue
		}
		reasons = append(reasons, Reason{
			Kind: one.kind, Field: field, Claim: cutClaim(s.Raw),
			Says: fmt.Sprintf("the cited facts tell %q of %s: write of it what they say", investigations.CleanText(one.text, 80), wrong),
		})
	}
	return append(reasons, l.checkForeign(field, s, cited)...)
}

// nearby is the share by which a number may be off and still be the other one of a comparison.
const nearby = 0.01

// excused says whether a number may be told of what the fact tells another number of: of the level before, where both are
// about the same, of a limit that the case has elsewhere, or of what the verdict recommends.
func (l *LiteralCheck) excused(one figure, h holder) bool {
	if one.dimension() != dimBytes {
		return false
	}
	for _, t := range l.figuresOf(h.fact) {
		if t.dimension() == dimBytes && one.differs(t) == "" && math.Abs(t.readings[0].value-h.readings[0].value) <= nearby*h.readings[0].value && t.marks&one.marks != 0 {
			return true
		}
	}
	for _, rec := range l.c.Verdict.Recommendations {
		if q, ok := parseQuantity(rec.Value); ok && matches(one.readings[0], one.bound, q.value) {
			return true
		}
	}
	if one.marks&markLimit == 0 {
		return false
	}
	for _, f := range l.c.Facts[:min(len(l.c.Facts), maxHinted)] {
		for _, t := range l.figuresOf(f) {
			if t.marks&markLimit != 0 && one.standsFor(t) {
				return true
			}
		}
	}
	return false
}

// holder is a number of a fact that a number of a sentence stands for.
type holder struct {
	figure
	fact investigations.Fact
}

// holders are the numbers of the facts' sentences that one stands for.
func (l *LiteralCheck) holders(one figure, cited []investigations.Fact) []holder {
	var out []holder
	for _, f := range cited {
		for _, t := range l.figuresOf(f) {
			if one.standsFor(t) {
				out = append(out, holder{t, f})
			}
		}
	}
	if r := l.c.Result; len(out) == 0 && one.kind == Time && r != nil && one.moment.clock && one.moment.is(r.At, exactly) {
		out = append(out, holder{figure: figure{literal: one.literal, marks: markEnd}})
	}
	return out
}

// figuresOf reads a fact, once.
func (l *LiteralCheck) figuresOf(f investigations.Fact) []figure {
	all, ok := l.figures[f.ID]
	if !ok || f.ID == "" {
		all = figuresIn(f.Says)
		sides(all)
		for i := range all {
			if strings.Contains(f.Says, "relation asks") {
				all[i].marks &^= markRequest
			}
			if all[i].marks&markProcesses != 0 {
				all[i].marks &^= markUse
			}
			all[i].marks |= markWords.fallback(f.Says, all[i])
		}
		l.figures[f.ID] = all
	}
	return all
}

// standsFor says whether a literal of a sentence is the one of a fact.
func (one figure) standsFor(t figure) bool {
	if one.kind != t.kind {
		return false
	}
	switch one.kind {
	case Version:
		return strings.TrimLeft(strings.ToLower(one.text), "v") == strings.TrimLeft(strings.ToLower(t.text), "v")
	case Time:
		return sameMoment(*one.moment, *t.moment)
	case Number:
		for _, a := range one.readings {
			if a.dim == dimCount && (one.role != roleRevision || t.role != roleRevision) && (one.text != t.text || !strings.Contains(one.text, ".")) {
				continue
			}
			for _, b := range t.readings {
				if a.dim == b.dim && matches(a, one.bound, b.value) {
					return true
				}
			}
		}
	}
	return false
}

// sameMoment says whether two times are the same as far as both are written.
func sameMoment(a, b moment) bool {
	if a.day > 0 && b.day > 0 && (a.day != b.day || a.month != b.month) {
		return false
	}
	if !a.clock && a.day > 0 && b.day > 0 {
		return true
	}
	if a.clock != b.clock {
		return false
	}
	return a.clock && math.Abs(wrapDay(a.seconds-offsetOf(a.zone)-b.seconds+offsetOf(b.zone))) <= max(1, a.accuracy.Seconds()/2)
}

// differs says of what the fact tells the number, where the sentence tells it of something else.
func (one figure) differs(t figure) string {
	if says := one.marks.against(t.marks); says != "" {
		return says
	}
	if one.revision != "" && t.revision != "" && one.revision != t.revision && one.role != roleRevision && one.dimension() != dimSeconds && one.kind == Number {
		return "revision " + t.revision
	}
	if one.side != 0 && t.side == -one.side && one.kind == Number && one.role == "" {
		return "the other revision"
	}
	return ""
}

func (one figure) dimension() dimension {
	if len(one.readings) == 0 {
		return ""
	}
	return one.readings[0].dim
}
