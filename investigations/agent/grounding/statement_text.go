package grounding

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations"
)

// stem takes the ending of a plural from a word.
func stem(w string) string {
	switch {
	case strings.HasPrefix(w, "li") && (w == "life" || w == "lives"):
		return "lif"
	case strings.HasSuffix(w, "sses"), strings.HasSuffix(w, "shes"):
		return w[:len(w)-2]
	case strings.HasSuffix(w, "es"):
		return strings.TrimSuffix(w[:len(w)-1], "e")
	case strings.HasSuffix(w, "ss"):
		return w
	}
	return strings.TrimSuffix(strings.TrimSuffix(w, "s"), "e")
}

// containsWord reports whether text holds what begins with part at the begin of a word.
func containsWord(text, part string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], part)
		if i < 0 {
			return false
		}
		i += at
		if i == 0 {
			return true
		}
		if r, _ := utf8.DecodeLastRuneInString(text[:i]); !unicode.IsLetter(r) {
			return true
		}
		at = i + len(part)
	}
}

// mostQuotes bounds how many quotation marks are looked at.
const mostQuotes = 16

// quoteLength is how many characters a quotation has at least, so that it is one and no single word.
const quoteLength = 12

// unquoted takes out of a text what stands in quotation marks and is, word for word, in a cited fact: it is the fact's and no
// claim. It reports whether the whole text only repeats a cited fact.
func unquoted(text string, cited []investigations.Fact) (string, bool) {
	if len(cited) == 0 {
		return text, false
	}
	facts := make([]string, len(cited))
	for i, f := range cited {
		facts[i] = plain(f.Says)
	}
	held := func(part string) bool {
		part = strings.TrimRight(plain(part), ".!;, ")
		return len(part) >= quoteLength && slices.ContainsFunc(facts, func(f string) bool {
			at := strings.Index(f, part)
			return at >= 0 && !denyingEnd(f[:at])
		})
	}
	if len(text) > 2*quoteLength && held(text) {
		return "", true
	}
	text = strings.NewReplacer("“", `"`, "”", `"`).Replace(text)
	var out strings.Builder
	for range mostQuotes {
		before, rest, ok := strings.Cut(text, `"`)
		out.WriteString(before)
		if !ok {
			return out.String(), false
		}
		// Quotations may hold quotation marks: the longest one that a fact holds counts.
		end, tries := -1, 0
		for i := strings.LastIndexByte(rest, '"'); i >= 0; i = strings.LastIndexByte(rest[:i], '"') {
			if tries++; tries > mostQuotes {
				break
			}
			if held(rest[:i]) {
				end = i
				break
			}
		}
		if end >= 0 {
			rest = rest[end+1:]
		}
		text = rest
	}
	out.WriteString(text)
	return out.String(), false
}

// denyingEnd reports whether a text ends in a negation, so that what follows it says the opposite.
func denyingEnd(text string) bool {
	words := strings.Fields(text)
	return len(words) > 0 && denying[words[len(words)-1]]
}

// plain is a text in small letters, its words parted by single spaces.
func plain(text string) string { return strings.Join(strings.Fields(strings.ToLower(text)), " ") }
