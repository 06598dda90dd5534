package investigations

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CleanText makes text from outside fit to print: valid UTF-8 on one line, without control or invisible
// formatting characters (each becomes U+FFFD), at most limit bytes. What is longer is cut at a rune and ends
// in an ellipsis; a limit below the ellipsis' three bytes leaves nothing of it.
func CleanText(s string, limit int) string {
	const ellipsis = "…"
	var b strings.Builder
	cut := 0 // the longest length that leaves room for the ellipsis
	for _, r := range s {
		r = cleanRune(r)
		if b.Len()+utf8.RuneLen(r) > limit {
			if limit < len(ellipsis) {
				return ""
			}
			return b.String()[:cut] + ellipsis
		}
		b.WriteRune(r)
		if b.Len() <= limit-len(ellipsis) {
			cut = b.Len()
		}
	}
	return b.String()
}

func cleanRune(r rune) rune {
	switch {
	case r == '\n' || r == '\t' || r == '\r':
		return ' '
	case unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
		return utf8.RuneError
	}
	return r
}

// Quote puts text from outside into plain quotes, as a sentence quotes it: cleaned, at most limit bytes of it, and
// otherwise letter for letter, quotes and backslashes included, so that a reader finds it again in its source.
func Quote(s string, limit int) string { return `"` + CleanText(s, limit) + `"` }
