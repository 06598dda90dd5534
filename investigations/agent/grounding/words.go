package grounding

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// number stands for any token that begins with a digit, or with a sign and a digit.
const number = "#"

// entry is one line of a lexicon: what the phrases mean, and the phrases.
//
// A phrase is words with a space between them. Each may be a choice ("rose|grew"), end in ~ for any ending
// ("evict~"), be optional ("?memory"), a list from the lists ("<rose>"), or a gap of up to n words ("*3").
// A gap crosses no punctuation.
type entry struct {
	label   string
	phrases []string
}

// slot is a place of a phrase.
type slot struct {
	words    []string
	prefixes []string
	optional bool
	gap      int
}

func (s slot) accepts(word string) bool {
	if slices.Contains(s.words, word) {
		return true
	}
	for _, p := range s.prefixes {
		if strings.HasPrefix(word, p) {
			return true
		}
	}
	return false
}

type phrase struct {
	label string
	slots []slot
}

// lexicon finds phrases. It is made when it is first asked: most commands of the program never do.
type lexicon func() index

// index holds phrases by their first words.
type index struct {
	byWord map[string][]phrase
	// byHead holds phrases whose first word is a prefix, by its first two letters.
	byHead map[string][]phrase
}

// hit is a phrase found: its label and the words it spans, end excluded.
type hit struct {
	label    string
	from, to int
	// turned says that a negation stands in a gap of the phrase.
	turned bool
}

func compile(entries []entry) lexicon {
	return sync.OnceValue(func() index { return indexOf(entries) })
}

func indexOf(entries []entry) index {
	l := index{byWord: map[string][]phrase{}, byHead: map[string][]phrase{}}
	for _, e := range entries {
		for _, text := range e.phrases {
			p := phrase{label: e.label}
			for field := range strings.FieldsSeq(text) {
				p.slots = append(p.slots, slotOf(field))
			}
			for _, w := range p.slots[0].words {
				l.byWord[w] = append(l.byWord[w], p)
			}
			for _, w := range p.slots[0].prefixes {
				l.byHead[w[:2]] = append(l.byHead[w[:2]], p)
			}
		}
	}
	return l
}

func slotOf(field string) slot {
	var s slot
	if rest, ok := strings.CutPrefix(field, "*"); ok {
		for _, r := range rest {
			s.gap = s.gap*10 + int(r-'0')
		}
		return s
	}
	field, s.optional = strings.CutPrefix(field, "?")
	for word := range strings.SplitSeq(field, "|") {
		if list, ok := lists[strings.Trim(word, "<>")]; ok && strings.HasPrefix(word, "<") {
			inner := slotOf(list)
			s.words, s.prefixes = append(s.words, inner.words...), append(s.prefixes, inner.prefixes...)
			continue
		}
		if p, ok := strings.CutSuffix(word, "~"); ok {
			s.prefixes = append(s.prefixes, p)
			continue
		}
		s.words = append(s.words, word)
	}
	return s
}

// find returns the hits in the order of their first words; of those with one label that begin at one word, the longest.
func (l lexicon) find(words []string) []hit {
	var hits []hit
	in := l()
	for i, w := range words {
		hits = matchAll(hits, in.byWord[w], words, i)
		if len(w) >= 2 {
			hits = matchAll(hits, in.byHead[w[:2]], words, i)
		}
	}
	return hits
}

// has reports whether any phrase is found.
func (l lexicon) has(words []string) bool { return len(l.find(words)) > 0 }

func matchAll(hits []hit, phrases []phrase, words []string, at int) []hit {
next:
	for _, p := range phrases {
		end, turned, ok := match(p.slots, words, at)
		if !ok {
			continue
		}
		for i := range hits {
			if hits[i].label == p.label && hits[i].from == at {
				if end > hits[i].to {
					hits[i].to, hits[i].turned = end, turned
				}
				continue next
			}
		}
		hits = append(hits, hit{label: p.label, from: at, to: end, turned: turned})
	}
	return hits
}

// match reports whether the slots fit the words from at on, where the match ends, and whether a gap holds a negation. Its
// depth is bounded by the number of slots.
func match(slots []slot, words []string, at int) (end int, turned, ok bool) {
	if len(slots) == 0 {
		return at, false, true
	}
	s := slots[0]
	if s.gap > 0 {
		for skip := 0; skip <= s.gap; skip++ {
			if end, inner, ok := match(slots[1:], words, at+skip); ok {
				return end, turned || inner, true
			}
			if at+skip >= len(words) || isMark(words[at+skip]) {
				return 0, false, false
			}
			turned = turned || denying[words[at+skip]]
		}
		return 0, false, false
	}
	if at < len(words) && s.accepts(words[at]) {
		if end, turned, ok := match(slots[1:], words, at+1); ok {
			return end, turned, true
		}
	}
	if s.optional {
		return match(slots[1:], words, at)
	}
	return 0, false, false
}

// denying are the negations that a gap may hold.
var denying = map[string]bool{"not": true, "no": true, "never": true, "neither": true, "nor": true, "hardly": true, "without": true}

// isMark reports whether a token is punctuation.
func isMark(token string) bool {
	r, _ := utf8.DecodeRuneInString(token)
	return token != number && !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '/' && r != '-' && r != '_'
}

// shortForms are written out, so that a negation is one word.
var shortForms = strings.NewReplacer(
	"’", "'", "‘", "'", "“", `"`, "”", `"`, "‑", "-", "‐", "-", "→", " to ", "->", " to ", "–", "—",
	"`", "", "**", "", "__", "",
	"can't", "can not", "cannot", "can not", "won't", "will not", "shan't", "shall not", "ain't", "is not",
	"n't", " not", "'re ", " are ", "'ve ", " have ", "'ll ", " will ", "it's", "it is", "that's", "that is",
	"there's", "there is", "what's", "what is", "let's", "let us", "e.g.", "for example", "i.e.", "that is", "w/o", "without",
	"/dev/shm", "shm", "neighbor", "neighbour", " - ", " — ", "--", "—",
)

// tokens cuts a text into lower-case words and marks of punctuation. Numbers become one token, a hyphen or a slash
// parts words that are known and leaves names as they are.
func tokens(text string) []string {
	text = shortForms.Replace(strings.ToLower(text))
	out := make([]string, 0, len(text)/5+4)
	for len(text) > 0 {
		n := strings.IndexFunc(text, func(r rune) bool { return !inWord(r) })
		if n < 0 {
			n = len(text)
		}
		if n > 0 {
			out = appendWord(out, text[:n])
			text = text[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		if !unicode.IsSpace(r) {
			out = append(out, string(r))
		}
		text = text[size:]
	}
	return out
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_/.'@%+:$*", r)
}

func appendWord(out []string, w string) []string {
	w = strings.TrimLeft(w, "*'_:.")
	var tail []string
	for len(w) > 0 && strings.IndexByte(":.'*_", w[len(w)-1]) >= 0 {
		if w[len(w)-1] == ':' {
			tail = append(tail, ":")
		}
		if w[len(w)-1] == '.' {
			tail = append(tail, ".")
		}
		w = w[:len(w)-1]
	}
	w = strings.TrimSuffix(w, "'s")
	switch {
	case w == "":
	case isNumber(w):
		out = append(out, number)
	case strings.ContainsAny(w, "-/"):
		out = append(out, parts(w)...)
	default:
		out = append(out, w)
	}
	slices.Reverse(tail)
	return append(out, tail...)
}

func isNumber(w string) bool {
	w = strings.TrimLeft(w, "+-$")
	return w != "" && w[0] >= '0' && w[0] <= '9'
}

// parts cuts at hyphens and slashes where every part is a known word or a number.
func parts(w string) []string {
	all := strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '/' })
	if len(all) == 0 {
		return nil
	}
	for i, p := range all {
		if isNumber(p) {
			all[i] = number
			if i == len(all)-1 && i > 0 {
				return []string{w} // a name that ends in a number, as of a pod of a StatefulSet
			}
			continue
		}
		if inNames[p] || !known(p) {
			return []string{w}
		}
	}
	return all
}
