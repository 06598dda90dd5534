package grounding

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxCitedRange bounds how many facts a range as [F3-F9] stands for; of a longer one only both ends count.
const maxCitedRange = 40

var (
	citedIDRE = regexp.MustCompile(`[Ff]\p{Nd}{1,6}`)
	// citedGroupRE is a bracket that holds nothing but citations.
	citedGroupRE = regexp.MustCompile(`(?i)[\[(【]+\s*(?:(?:see(?: also)?|cf\.?|facts?|sources?|evidence|per|from|refs?\.?):?\s+)?\^?F\p{Nd}{1,6}` +
		`(?:(?:\s*(?:[,;&/+|–—‑-]|\.\.+|…|and|or|to|through)\s*|\s+)+F\p{Nd}{1,6})*\s*[\])】]+`)
	citedRangeRE = regexp.MustCompile(`^\s*(?:[–—‑-]|\.\.+|…|to|through)\s*$`)
)

// citation is where an id stands in a text.
type citation struct {
	start, end int
	number     int
}

// Citations returns the ids of the facts that text cites, in order, each once: [F3], [F3, F5], [F3][F5], [F3–F5] (all of
// the range), (F3), "see F3" and F3 alone. A small f counts within brackets only.
func Citations(text string) []string {
	var ids []string
	seen := map[int]bool{}
	add := func(n int) {
		if !seen[n] {
			seen[n] = true
			ids = append(ids, "F"+strconv.Itoa(n))
		}
	}
	var last *citation
	for _, c := range citationsIn(text) {
		if last != nil && citedRangeRE.MatchString(text[last.end:c.start]) && c.number-last.number <= maxCitedRange {
			for n := last.number + 1; n < c.number; n++ {
				add(n)
			}
		}
		add(c.number)
		last = &c
	}
	return ids
}

// citationsIn finds every id that stands as a word of its own.
func citationsIn(text string) []citation {
	groups := citedGroupRE.FindAllStringIndex(text, -1)
	var found []citation
	for _, at := range citedIDRE.FindAllStringIndex(text, -1) {
		for len(groups) > 0 && groups[0][1] <= at[0] {
			groups = groups[1:]
		}
		grouped := len(groups) > 0 && groups[0][0] <= at[0]
		follows := len(found) > 0 && found[len(found)-1].end == at[0]-1
		if !grouped && (text[at[0]] == 'f' || !standsAlone(text, at[0], at[1], follows)) {
			continue
		}
		found = append(found, citation{start: at[0], end: at[1], number: citedNumber(text[at[0]:at[1]])})
	}
	return found
}

// standsAlone says whether text[start:end] is no part of a name or a number. What follows a citation directly but for
// one sign may be the other end of a range.
func standsAlone(text string, start, end int, follows bool) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	if start > 0 && (wordRune(before) || strings.ContainsRune("-.#/\\@:", before) && !follows) {
		return false
	}
	after, size := utf8.DecodeRuneInString(text[end:])
	if size == 0 {
		return true
	}
	next, _ := utf8.DecodeRuneInString(text[end+size:])
	if wordRune(after) {
		return false
	}
	return !strings.ContainsRune("-./:@", after) || !wordRune(next) || next == 'F'
}

func wordRune(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// citedNumber reads the digits of an id, in whatever script.
func citedNumber(id string) int {
	n := 0
	for _, r := range id[1:] {
		n = n*10 + digitOf(r)
	}
	return n
}

// digitOf returns the value of a decimal digit: those of a script stand in one run of ten that begins with its zero.
func digitOf(r rune) int {
	if r >= '0' && r <= '9' {
		return int(r - '0')
	}
	zero := r
	for unicode.IsDigit(zero-1) && r-zero < 9 {
		zero--
	}
	return int(r - zero)
}

// withoutCitations cuts citations out of text: groups with their brackets, others by themselves, and the commas and
// stops that are left over with them.
func withoutCitations(text string) string {
	text = citedGroupRE.ReplaceAllString(text, " ")
	var out strings.Builder
	end := 0
	for _, c := range citationsIn(text) {
		out.WriteString(text[end:c.start])
		end = c.end
	}
	out.WriteString(text[end:])
	var words []string
	for _, w := range strings.Fields(out.String()) {
		if n := len(words); n > 0 && strings.Trim(w, ",;.") == "" {
			if strings.Trim(words[n-1], ",;.!?…:") == words[n-1] {
				words[n-1] += w[len(w)-1:]
			}
			continue
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}
