package grounding

import (
	"strings"
	"unicode"
)

// smallWords join others and claim nothing.
var smallWords = wordSet(`a an the this that these those it its they their of by to in on at as for from with into and or so
	is are was were be been being has have had which who what because since until after before therefore thus cause trigger`)

func wordSet(list string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(list) {
		out[w] = true
	}
	return out
}

// restates says whether a sentence says in the program's own words what the program stands for: each of its words is
// among them, or a small one. "Cause: it leaks memory since revision 19." needs no fact of its own, since the sentences
// around it bring them.
func (c Case) restates(s Sentence) bool {
	own := map[string]bool{}
	for _, w := range plainWords(c.Program) {
		own[w] = true
	}
	words := plainWords(s.Text)
	content := 0
	for _, w := range words {
		if smallWords[w] {
			continue
		}
		if !own[w] {
			return false
		}
		content++
	}
	return content > 0
}

// plainWords are the words of a text in lower case, numbers and names among them, without what stands around them.
func plainWords(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), unicode.IsSpace)
	out := words[:0]
	for _, w := range words {
		if w = strings.TrimFunc(w, func(r rune) bool { return unicode.IsPunct(r) && r != ')' && r != '(' || r == '`' }); w != "" {
			out = append(out, w)
		}
	}
	return out
}
