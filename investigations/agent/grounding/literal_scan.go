package grounding

import (
	"slices"
	"strings"
)

// bound is how a number is meant.
type bound int

const (
	exactly bound = iota
	about
	over
	under
)

// reading is one way to understand a number: a value in the base unit of its dimension (bytes, seconds), and what the
// last written digit is worth.
type reading struct {
	dim         dimension
	value, step float64
}

// literal is a number, a time, a version or a name that a sentence states.
type literal struct {
	kind Kind
	// text is how it was written.
	text     string
	readings []reading
	bound    bound
	// digits counts the significant ones that were written.
	digits int
	// role is what a bare number is the name of: a revision, a pid; nouns are the words that say what it counts.
	role  string
	nouns []string
	// counts are the two numbers of "2 of 3" written as 2/3.
	counts []float64
	// ordinal is a third or 3rd; it holds where there are that many.
	ordinal bool
	// phrase is a number in words, as half, which a fact may say in the same word.
	phrase string
	moment *moment
	// general is a number that everybody knows, of what was not: "not 137".
	general bool
	// rest says that a share may be of what is left.
	rest bool
	// measure is what an amount is said to be.
	measure measure
	// of is what a factor is of: "twice its limit".
	of measure
	// sure says that it may be how sure the verdict is.
	sure bool
	// quoted is a name in quotes, placed one that stands where a name belongs, as in "the X pod".
	quoted, placed bool
	// from and to are the words that it spans, the end excluded.
	from, to int
}

// scanner finds the literals of one text.
type scanner struct {
	words  []litWord
	quoted []string
	found  []literal
	// claim says that the text is one that is checked, and no fact.
	claim bool
}

// maxLiterals bounds how many literals of one sentence are found.
const maxLiterals = 500

// scanText returns the literals of a text, each word in at most one. Of a quotation of several words, verbatim asks
// whether it is one as a whole; nil means that none is.
func scanText(text string, verbatim func(quote string) bool) (found []literal) {
	return scanned(text, verbatim).found
}

// scanned is the scanner that has read a text.
func scanned(text string, verbatim func(quote string) bool) *scanner {
	s := &scanner{claim: verbatim != nil}
	s.words, s.quoted = litWords(plainText(text))
	whole := s.quotations(verbatim)
	for i := 0; i < len(s.words) && len(s.found) < maxLiterals; {
		if q := s.words[i].quote; q > 0 && whole[q] {
			i++
			continue
		}
		i += max(1, s.literalAt(i))
	}
	if slices.ContainsFunc(s.words, func(w litWord) bool {
		return strings.HasPrefix(w.low, "confiden") || strings.HasPrefix(w.low, "certain") || strings.HasPrefix(w.low, "probab") || w.low == "sure" || w.low == "likely" || w.low == "score"
	}) {
		for i := range s.found {
			s.found[i].sure = true
		}
	}
	if slices.ContainsFunc(s.words, func(w litWord) bool { return remaining[w.low] }) {
		for i := range s.found {
			s.found[i].rest = true
		}
	}
	return s
}

// remaining are words that make a share one of what is left.
var remaining = map[string]bool{
	"spare": true, "left": true, "free": true, "remaining": true, "unused": true, "headroom": true, "idle": true, "room": true, "margin": true, "untouched": true,
}

// quotations finds the quotations of several words. Those that hold are not looked into any more.
func (s *scanner) quotations(verbatim func(string) bool) map[int]bool {
	whole := map[int]bool{}
	if verbatim == nil {
		return whole
	}
	for i, q := range s.quoted {
		if len(strings.Fields(q)) < 3 {
			continue
		}
		whole[i+1] = true
		if !verbatim(q) {
			s.found = append(s.found, literal{kind: Name, text: q, quoted: true})
		}
	}
	return whole
}

// literalAt adds the literal that begins with word i, and returns how many words it takes.
func (s *scanner) literalAt(i int) int {
	for _, read := range []func(int) ([]literal, int){s.momentAt, s.versionAt, s.spanAt, s.numberAt, s.nameAt} {
		if found, n := read(i); n > 0 {
			for k := range found {
				found[k].from, found[k].to = i, i+n
			}
			s.found = append(s.found, found...)
			return n
		}
	}
	return 1
}

// at returns word i; beyond the ends it is empty.
func (s *scanner) at(i int) litWord {
	if i < 0 || i >= len(s.words) {
		return litWord{}
	}
	return s.words[i]
}

// next returns the word behind i in lower case, unless a comma or a stop parts them.
func (s *scanner) next(i int) string {
	if s.at(i).ends() || s.at(i+1).open {
		return ""
	}
	return s.at(i + 1).low
}

// writtenAs returns words[i:j] as they were written, but for signs.
func (s *scanner) writtenAs(i, j int) string {
	var parts []string
	for _, w := range s.words[i:min(j, len(s.words))] {
		parts = append(parts, w.text)
	}
	return strings.Join(parts, " ")
}

var hedgesBefore = map[string]bound{
	"about": about, "around": about, "roughly": about, "approximately": about, "approx": about, "circa": about, "ca": about,
	"some": about, "almost": under, "nearly": under, "under": under, "below": under, "within": under,
	"over": over, "above": over, "exceeding": over, "least": over, "most": under, "beyond": over, "past": over,
	"exceeded": over, "exceeds": over, "c": about, "towards": under, "toward": under, "approaching": under,
}

// hedge tells how the number that begins with word i and ends before j is meant.
func (s *scanner) hedge(i, j int) bound {
	switch s.at(i).hedge {
	case '~':
		return about
	case '<':
		return under
	case '>':
		return over
	}
	if s.at(j-1).after == "" {
		switch two := s.at(j).low + " " + s.at(j+1).low; two {
		case "or so", "or thereabouts":
			return about
		case "or less", "or under":
			return under
		case "or more", "or over":
			return over
		}
	}
	k := i - 1
	for k >= 0 && (s.at(k).low == "a" || s.at(k).low == "an" || s.at(k).low == "the") {
		k--
	}
	before, b := s.at(k), s.at(k-1).low
	if before.ends() {
		return exactly
	}
	switch {
	case before.low == "good" && s.at(k+1).low != "the":
		return over
	case (before.low == "before" || before.low == "after") && (b == "shortly" || b == "just" || b == "right" || b == "briefly" || b == "little" || b == "bit"):
		return about
	case before.low == "even" && b == "not", before.low == "quite" && b == "not":
		return under
	case before.low == "than" && (b == "more" || b == "greater" || b == "larger" || b == "higher" || b == "longer"):
		return over
	case before.low == "than" && (b == "less" || b == "fewer" || b == "lower" || b == "shorter" || b == "smaller"):
		return under
	case before.low == "to" && (b == "close" || b == "up" || b == "near" || b == "next"):
		return under
	case before.low == "of" && b == "order":
		return about
	}
	return hedgesBefore[before.low]
}
