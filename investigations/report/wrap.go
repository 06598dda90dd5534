package report

import (
	"regexp"
	"strings"
	"unicode"
)

// width returns how many columns of a terminal s takes: two for East Asian wide characters and emoji, none for
// combining marks. It is meant for clean text.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide are the ranges of Unicode's East_Asian_Width W and F that text meets in practice, and the emoji that
// terminals draw over two columns.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115f, 1},
		{0x231a, 0x231b, 1},
		{0x23e9, 0x23ec, 1},
		{0x25fd, 0x25fe, 1},
		{0x2614, 0x2615, 1},
		{0x2648, 0x2653, 1},
		{0x26a1, 0x26a1, 1},
		{0x26aa, 0x26ab, 1},
		{0x26bd, 0x26be, 1},
		{0x26c4, 0x26c5, 1},
		{0x26ce, 0x26ce, 1},
		{0x26d4, 0x26d4, 1},
		{0x26ea, 0x26ea, 1},
		{0x26f2, 0x26f5, 1},
		{0x26fa, 0x26fd, 1},
		{0x2705, 0x2705, 1},
		{0x270a, 0x270b, 1},
		{0x2728, 0x2728, 1},
		{0x274c, 0x274e, 1},
		{0x2753, 0x2757, 1},
		{0x2795, 0x2797, 1},
		{0x27b0, 0x27bf, 1},
		{0x2b1b, 0x2b1c, 1},
		{0x2b50, 0x2b55, 1},
		{0x2e80, 0x303e, 1},
		{0x3041, 0x4dbf, 1},
		{0x4e00, 0xa4cf, 1},
		{0xa960, 0xa97c, 1},
		{0xac00, 0xd7a3, 1},
		{0xf900, 0xfaff, 1},
		{0xfe10, 0xfe19, 1},
		{0xfe30, 0xfe6f, 1},
		{0xff01, 0xff60, 1},
		{0xffe0, 0xffe6, 1},
	},
	R32: []unicode.Range32{
		{0x16fe0, 0x18cff, 1},
		{0x1aff0, 0x1b2ff, 1},
		{0x1f004, 0x1f004, 1},
		{0x1f0cf, 0x1f0cf, 1},
		{0x1f18e, 0x1f18e, 1},
		{0x1f191, 0x1f19a, 1},
		{0x1f200, 0x1f64f, 1},
		{0x1f680, 0x1f6ff, 1},
		{0x1f7e0, 0x1f7eb, 1},
		{0x1f90c, 0x1f9ff, 1},
		{0x1fa70, 0x1faff, 1},
		{0x20000, 0x3fffd, 1},
	},
}

var (
	number   = regexp.MustCompile(`^[([~<>≥≤+−-]?\d[\d.,]*$`)
	unit     = regexp.MustCompile(`^(B|[KMGTPE]iB|%|ms|s|min|h|d)([/.,:;)\]].*)?$`)
	citation = regexp.MustCompile(`\[F\d+(?:, ?F\d+)*\]`)
)

// wrap breaks text at spaces into lines of at most limit columns. It keeps a number with its unit and a
// citation with the word before it, where they fit together. A word longer than a line, such as the path of a
// cgroup, is broken behind one of its separators; where it has none it stands on its own.
func wrap(text string, limit int) []string {
	var words []string
	for _, word := range strings.Fields(text) {
		words = append(words, breakWord(word, limit)...)
	}
	return fill(words, limit)
}

// wrapWhole is wrap for what is there to be copied: it never breaks a word.
func wrapWhole(text string, limit int) []string { return fill(strings.Fields(text), limit) }

// breakWord breaks a word behind separators into pieces of at most limit columns, as far as it has any in the
// later half of a line.
func breakWord(word string, limit int) []string {
	var pieces []string
	for width(word) > limit {
		used, end := 0, 0
		for i, r := range word {
			if used += runeWidth(r); used > limit {
				break
			}
			if used > limit/2 && strings.ContainsRune("/-_.:,=&", r) {
				end = i + 1
			}
		}
		if end == 0 {
			break
		}
		pieces, word = append(pieces, word[:end]), word[end:]
	}
	return append(pieces, word)
}

// fill puts words into lines.
func fill(words []string, limit int) []string {
	var lines []string
	line, used := "", 0
	for _, token := range glue(words, limit) {
		w := width(token)
		switch {
		case line == "":
			line, used = token, w
		case used+1+w <= limit:
			line += " " + token
			used += 1 + w
		default:
			lines = append(lines, line)
			line, used = token, w
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// glue joins the words that belong together into tokens of at most half a line.
func glue(words []string, limit int) []string {
	var tokens []string
	for i, word := range words {
		if n := len(tokens); n > 0 && together(words, i) && width(tokens[n-1])+1+width(word) <= limit/2 {
			tokens[n-1] += " " + word
		} else {
			tokens = append(tokens, word)
		}
	}
	return tokens
}

// together says whether a word should stay on the line of the one before it.
func together(words []string, i int) bool {
	word, last := words[i], words[i-1]
	switch {
	case strings.HasPrefix(word, "[F"), last == "(pid":
		return true
	case number.MatchString(last):
		return unit.MatchString(word)
	case last == "h" || last == "d" || last == "min": // as in "3 h 13 min"
		return number.MatchString(word) && i+1 < len(words) && unit.MatchString(words[i+1])
	}
	return false
}
