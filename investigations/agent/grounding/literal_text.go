package grounding

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fractions are written out before normalization would pull them to the digit in front of them: 1½ is not 11/2.
var fractions = strings.NewReplacer("½", ".5", "¼", ".25", "¾", ".75", "⅓", ".333", "⅔", ".667", "⅛", ".125")

// arrows part words.
var arrows = strings.NewReplacer("->", " → ", "=>", " → ", ">=", ">", "<=", "<", "==", "=", "...", "…")

// plainText brings a text to the signs that the scanner knows: compatible forms and digits of any script become plain
// ones, dashes, quotes and blanks one of their kind, and what is not seen is dropped.
func plainText(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) {
		s = norm.NFKC.String(fractions.Replace(s))
		s = strings.Map(plainRune, s)
	}
	return arrows.Replace(s)
}

func plainRune(r rune) rune {
	switch r {
	case '‐', '‑', '−', '﹣':
		return '-'
	case '‒', '–':
		return '–'
	case '‘', '’', '‚', 'ʼ', '′':
		return '\''
	case '“', '”', '„', '«', '»', '″':
		return '"'
	case '⁄', '∕':
		return '/'
	case '×', '✕', '✖':
		return 'x'
	case '≈', '∼', '≃', '≅':
		return '~'
	case '≥', '≳', '›':
		return '>'
	case '≤', '≲', '‹':
		return '<'
	case '→', '⟶', '➔', '➜', '⇒':
		return '→'
	case '·', '•':
		return ' '
	}
	switch {
	case r < 0x80:
		return r
	case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r):
		return -1
	case unicode.IsDigit(r):
		return rune('0' + digitOf(r))
	case unicode.IsSpace(r):
		return ' '
	}
	return r
}

// litWord is a word of a text, without the signs around it.
type litWord struct {
	text, low string
	// hedge is the ~, < or > in front of it.
	hedge byte
	// open says that a sign as an opening bracket stands in front; after are the signs behind it.
	open  bool
	after string
	// quote is the index of the quotation that it stands in, counted from 1.
	quote int
}

// ends says whether something ends behind the word: a number does not go on there.
func (w litWord) ends() bool { return w.after != "" }

// maxText bounds a sentence, in bytes. What is longer is refused as a whole, so that nothing in it goes unseen.
const maxText = 8000

// litWords cuts a plain text into words. Separators (an arrow, a dash, an equals sign) are words of their own. Quoted
// are the quotations, whose words carry their index; a quotation that does not close is none.
func litWords(s string) (words []litWord, quoted []string) {
	spans := quotedSpans(s)
	start := 0
	for _, span := range spans {
		words = lexInto(words, s[start:span[0]], 0)
		inner := s[span[0]+1 : span[1]-1]
		quoted = append(quoted, inner)
		words = lexInto(words, inner, len(quoted))
		if n := len(words); n > 0 && words[n-1].after == "" {
			words[n-1].after = afterQuote(s[span[1]:])
		}
		start = span[1]
	}
	return lexInto(words, s[start:], 0), quoted
}

func afterQuote(rest string) string {
	if rest != "" && strings.IndexByte(",.;:)!?", rest[0]) >= 0 {
		return rest[:1]
	}
	return ""
}

func lexInto(words []litWord, s string, quote int) []litWord {
	for chunk := range strings.FieldsSeq(s) {
		for chunk != "" {
			at := strings.IndexAny(chunk, "→–—=|;&\"`")
			if at < 0 {
				words = lexChunk(words, chunk, quote)
				break
			}
			if at > 0 {
				words = lexChunk(words, chunk[:at], quote)
			}
			size := 1
			for size < 4 && at+size < len(chunk) && chunk[at+size]&0xC0 == 0x80 {
				size++
			}
			sep := chunk[at : at+size]
			if n := len(words); n > 0 && strings.ContainsAny(sep, "\"`;") {
				words[n-1].after += sep
			} else if !strings.ContainsAny(sep, "\"`;") {
				words = append(words, litWord{text: sep, low: sep, quote: quote})
			}
			chunk = chunk[at+size:]
		}
	}
	return words
}

// lexChunk appends one chunk without blanks, cut at commas that belong to no number.
func lexChunk(words []litWord, chunk string, quote int) []litWord {
	if from, to, ok := clockRange(chunk); ok {
		return lexChunk(append(lexChunk(words, from, quote), litWord{text: "–", low: "–", quote: quote}), to, quote)
	}
	for i := 1; i < len(chunk)-1; i++ {
		if chunk[i] == ',' && !commaOfNumber(chunk, i) {
			words = append(words, stripWord(chunk[:i+1], quote))
			chunk, i = chunk[i+1:], 0
		}
	}
	if w := stripWord(chunk, quote); w.text != "" {
		return append(words, w)
	} else if n := len(words); n > 0 {
		words[n-1].after += chunk
	}
	return words
}

// clockRange cuts 11:18-12:08, which is no time in a zone.
func clockRange(chunk string) (from, to string, ok bool) {
	from, to, ok = strings.Cut(chunk, "-")
	if !ok || len(from) < 4 || len(to) < 4 || !strings.Contains(from, ":") || !strings.Contains(to, ":") || strings.ContainsAny(from, "Tt.") {
		return "", "", false
	}
	var m moment
	return from, to, m.readClock(strings.Trim(from, "([")) && m.readClock(strings.Trim(to, ")].,;:"))
}

// commaOfNumber says whether the comma at i parts groups of three digits, or is the only one, as a decimal sign.
func commaOfNumber(s string, i int) bool {
	if !asciiDigit(s[i-1]) || !asciiDigit(s[i+1]) {
		return false
	}
	n := 0
	for j := i + 1; j < len(s) && asciiDigit(s[j]); j++ {
		n++
	}
	return n == 3 || strings.IndexByte(s, ',') == i && strings.IndexByte(s[i+1:], ',') < 0
}

func asciiDigit(b byte) bool { return b >= '0' && b <= '9' }

func stripWord(s string, quote int) litWord {
	w := litWord{quote: quote}
	s = strings.TrimSuffix(s, "(s)")
	for s != "" {
		last := s[len(s)-1]
		if strings.IndexByte(".,:!?'*_]}>(#-", last) < 0 && (last != ')' || strings.Count(s, "(") >= strings.Count(s, ")")) {
			break
		}
		w.after = string(last) + w.after
		s = s[:len(s)-1]
	}
	for s != "" {
		first := s[0]
		wrapped := first == '(' && (strings.Count(s, "(") > strings.Count(s, ")") || s[len(s)-1] == ')' && strings.Count(s, "(") == 1)
		switch {
		case wrapped && s[len(s)-1] == ')':
			s, w.after = s[1:len(s)-1], ")"+w.after
			w.open = true
		case wrapped || strings.IndexByte("[{'*),", first) >= 0 || first == '_' && len(s) > 1 && s[1] != '_':
			s, w.open = s[1:], true
		case first == '~' || first == '<' || first == '>':
			w.hedge, s = first, s[1:]
		default:
			w.text, w.low = possessive(s), ""
			w.low = strings.ToLower(w.text)
			return w
		}
	}
	return w
}

// possessive cuts the s of a possessive off.
func possessive(s string) string {
	if n := len(s) - 2; n > 0 && (strings.HasSuffix(s, "'s") || strings.HasSuffix(s, "'S")) {
		return s[:n]
	}
	return s
}
