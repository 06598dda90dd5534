package grounding

import (
	"slices"
	"strings"
)

// How far a negation reaches, in words: before what it denies, and after it.
const (
	reachBefore = 9
	reachAfter  = 7
	// shortAside is how long a part without a verb may be that only says when the one before was.
	shortAside = 5
)

// clause is a part of a sentence that says one thing.
type clause struct {
	words []string
	// denied says that what stands in it is ruled out by the word that opens it, as in "rather than a leak".
	denied bool
	// causal says that it stands behind "because", "due to" or a label like "Cause:".
	causal bool
	// because says that it stands behind that word.
	because bool
	// inner says that it stood in brackets.
	inner bool

	// What the hedges in it are, by their labels, and where negations stand.
	rival, unreal, soft, past bool
	nots, denies              []hit
}

// parters part clauses; those that deny open a clause that is ruled out.
var parters = map[string]bool{
	";": true, "—": true, ":": true, ".": true, "!": true, "?": true, "but": true, "whereas": true, "while": true, "although": true, "though": true,
	"however": true, "yet": true, "because": true, "which": true, "where": true, "when": true, "until": true, "\n": true,
}

// contrasts open a part that takes over no negation of the one before: "not a leak, just load".
var contrasts = map[string]bool{"just": true, "rather": true, "but": true, "only": true, "simply": true, "instead": true, "merely": true, "it": true, "this": true, "the": true, "they": true, "that": true}

// finite words make a clause of a part behind a comma or an "and".
var finite = map[string]bool{}

func init() {
	for w := range strings.FieldsSeq("is was were are has had have did does do can could would will may might should must ran hit grew rose fell stayed held reached exceeded broke took used killed ended lived kept came went leaks leaked shows showed caused triggered introduced brought set follows followed remains remained exhausted filled climbed dropped evicted exited crashed made pushed explains points accounts happened started began changed increased decreased needed needs spiked surged doubled stepped jumped intervened acted") {
		finite[w] = true
	}
}

// clauses cuts a sentence into its clauses and finds what in each denies or weakens.
func clauses(text string) []clause {
	outer, inner := unbracket(tokens(text))
	cut := part(outer)
	for _, words := range inner {
		for _, c := range part(words) {
			c.inner = true
			cut = append(cut, c)
		}
	}
	rival := false
	for i := range cut {
		cut[i].weigh()
		if before := i - 1; cut[i].because && before >= 0 && (len(cut[before].nots) > 0 || len(cut[before].denies) > 0 || cut[before].unreal) {
			cut[i].causal = false // it tells why something is not so
		}
		if before := i - 1; before >= 0 && cut[i].tellsHowLongAgo() {
			cut[before].past = true // "it was killed at 05:30, 87 min before"
		}
		// What stands in brackets is as certain as what it explains.
		cut[i].rival = cut[i].rival || cut[i].inner && rival
		rival = rival || cut[i].rival
	}
	return cut
}

// tellsHowLongAgo reports whether the clause is no more than "87 minutes before".
func (c *clause) tellsHowLongAgo() bool {
	n := len(c.words)
	return n > 1 && n <= shortAside && slices.Contains(c.words, number) && slices.Contains([]string{"before", "earlier", "ago", "previously"}, c.words[n-1])
}

// unbracket takes out what stands in brackets.
func unbracket(words []string) (outer []string, inner [][]string) {
	depth := 0
	for _, w := range words {
		switch {
		case w == "(" || w == "[" || w == "{":
			if depth == 0 {
				inner = append(inner, nil)
			}
			depth++
		case w == ")" || w == "]" || w == "}":
			depth = max(0, depth-1)
		case depth > 0:
			inner[len(inner)-1] = append(inner[len(inner)-1], w)
		case w != `"` && w != "'":
			outer = append(outer, w)
		}
	}
	return outer, inner
}

func part(words []string) []clause {
	var out []clause
	var now clause
	flush := func(next clause) {
		if len(now.words) > 0 {
			if len(out) > 0 && !now.denied && finite[now.words[0]] && now.words[0] != "set" && (len(now.words) < 2 || now.words[1] != "why") {
				now.words = append(subject(out[len(out)-1].words), now.words...)
			}
			out = append(out, now)
		}
		now = next
	}
	for i, w := range words {
		rest := words[i+1:]
		switch {
		case w == "," && len(rest) > 0 && rest[0] == "albeit":
		case w == "," && i > 0:
			flush(afterComma(now, rest))
		case w == "and" && clauseFollows(rest):
			flush(clause{causal: now.causal && !hasFinite(now.words)})
		case w == "than" && i > 0 && words[i-1] != "rather" && slices.Contains(now.words, "rather"):
			flush(clause{denied: true, words: []string{w}})
		case w == "rather" && len(rest) > 0 && rest[0] == "than", w == "instead" && len(rest) > 0 && rest[0] == "of":
			flush(clause{denied: true, words: []string{w}})
		case w == ":" && len(now.words) <= 4:
			flush(clause{causal: labels(now.words), denied: dismissing[strings.Join(now.words, " ")]})
		case parters[w]:
			flush(clause{causal: w == "because", because: w == "because"})
		default:
			now.words = append(now.words, w)
		}
	}
	flush(clause{})
	return out
}

// dismissing are labels of what is ruled out.
var dismissing = map[string]bool{
	"ruled out": true, "excluded": true, "rivals ruled out": true, "dismissed": true, "not": true, "not the cause": true, "what it is not": true, "what it was not": true,
	"not involved": true, "also ruled out": true, "alternatives ruled out": true,
}

// labels reports whether words are the label of a cause, as "root cause".
func labels(words []string) bool {
	for _, h := range causal.find(words) {
		if h.to == len(words) && !negators.has(words) {
			return true
		}
	}
	return false
}

// subject is what stands before the first verb of a clause: a clause that begins with its verb goes on about it.
func subject(words []string) []string {
	for i, w := range words {
		if finite[w] {
			return slices.Clone(words[:i])
		}
	}
	return nil
}

// afterComma is the clause that follows a comma: of a list, it keeps what the one before denies.
func afterComma(before clause, rest []string) clause {
	if len(rest) == 0 {
		return clause{}
	}
	if rest[0] == "not" {
		return clause{denied: true}
	}
	upTo := rest
	for i, w := range rest {
		if parters[w] || w == "," {
			upTo = rest[:i]
			break
		}
	}
	if contrasts[rest[0]] || hasFinite(upTo) || denying[rest[0]] {
		return clause{}
	}
	before.weigh()
	return clause{denied: before.denied || len(before.nots) > 0, causal: before.causal}
}

func hasFinite(words []string) bool {
	for _, w := range words {
		if finite[w] {
			return true
		}
	}
	return false
}

// clauseFollows reports whether what follows an "and" is a clause of its own: it has a verb before its next break.
func clauseFollows(words []string) bool {
	for i, w := range words {
		if i > 7 || parters[w] || w == "," || w == "and" {
			return false
		}
		if finite[w] {
			return true
		}
	}
	return false
}

func (c *clause) weigh() {
	for _, h := range hedges.find(c.words) {
		switch h.label {
		case "rival":
			c.rival = c.rival || !allows(c.words[h.from:])
		case "unreal":
			c.unreal = true
		case "soft":
			c.soft = true
		case "past":
			c.past = true
		}
	}
	var lifts []hit
	all := negators.find(c.words)
	for _, h := range all {
		if h.label == "lift" {
			lifts = append(lifts, h)
		}
	}
	for _, h := range all {
		if h.label == "not" && !covered(h, lifts) {
			c.nots = append(c.nots, h)
		}
	}
	for _, h := range denials.find(c.words) {
		last := hit{from: h.to - 1, to: h.to}
		if !covered(h, lifts) && (c.words[last.from] != "no" || !covered(last, lifts)) { // "has no limit"
			c.denies = append(c.denies, h)
		}
	}
}

// allows reports whether "may" tells of a permission, as in "the memory nodes it may use", and not of a possibility.
func allows(words []string) bool {
	return len(words) > 1 && (words[0] == "may" || words[0] == "could") && (words[1] == "use" || words[1] == "grow" || words[1] == "hold" || words[1] == "not" && words[0] == "could")
}

// covered reports whether one of the hits holds the first word of h.
func covered(h hit, by []hit) bool {
	for _, b := range by {
		if b.from <= h.from && h.from < b.to {
			return true
		}
	}
	return false
}

// emptyObjects deny the verb that they follow: "the kernel killed nothing".
var emptyObjects = []string{"nothing", "nobody", "none"}

// negates reports whether the clause denies what was found in it.
func (c *clause) negates(h hit) bool {
	before, behind := c.denial(h)
	return before || behind
}

// denial reports whether a negation stands before what was found, or in it, and whether one stands behind it. Two of the
// kind of "not ruled out" lift each other.
func (c *clause) denial(h hit) (before, behind bool) {
	if c.denied {
		return true, false
	}
	plain, out := h.turned, false
	for _, not := range c.nots {
		if not.from < h.from && h.to < not.to { // "I rule a leak out"
			out = true
			continue
		}
		if not.to > h.from || h.from-not.to > reachBefore || c.passed(not, h) {
			continue
		}
		if denying[c.words[not.from]] || c.words[not.from] == "none" || c.words[not.from] == "nothing" {
			plain = true
		} else {
			out = true
		}
	}
	if plain || out {
		return plain != out, false
	}
	for _, not := range c.nots {
		if not.from == h.to && slices.Contains(emptyObjects, c.words[not.from]) {
			return false, true
		}
	}
	for _, d := range c.denies {
		if d.from >= h.to-1 && d.to > h.to && d.from-h.to <= reachAfter {
			return false, true
		}
	}
	return false, false
}

// passed reports whether a negation of a thing that is missing ends before what was found: "a pod without a memory limit exhausted
// the node", "the absence of a limit allowed it to grow".
func (c *clause) passed(not, h hit) bool {
	switch c.words[not.from] {
	case "without", "absence", "lack", "lacks", "lacked":
	default:
		return false
	}
	for i := not.to; i <= h.from && i < len(c.words); i++ {
		w := c.words[i]
		if i > not.to && (finite[w] || enabling[w] || strings.HasSuffix(w, "ed") && len(w) > 4) && !participles[c.words[i-1]] {
			return true
		}
	}
	return false
}

// enabling are verbs of what is missing; participles stand before one that the negation reaches.
var (
	enabling    = map[string]bool{"allows": true, "means": true, "meant": true, "lets": true, "let": true, "made": true, "makes": true, "exhausts": true, "fills": true, "consumes": true, "takes": true, "eats": true, "drives": true, "pushes": true, "left": true, "leaves": true}
	participles = map[string]bool{"having": true, "being": true, "ever": true, "actually": true, "been": true, "a": true, "an": true, "any": true, "the": true, "its": true}
)
