package grounding

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentence is one claim of a text, with what it cites.
type Sentence struct {
	// Text is without citations, list marks and invisible characters; its words are parted by single spaces.
	Text string
	// Raw is as it was written, citations included.
	Raw string
	// Cites are the ids of the cited facts, in order, each once; whether such facts exist is not looked at.
	Cites []string
	// Paragraph counts from 0; an empty line begins a new one.
	Paragraph int
}

var (
	listMarkRE = regexp.MustCompile(`^\s*(?:[-*•+–]\s+|\(?\d{1,2}[.)]\s+|\(?[a-z][.)]\s+|#{1,6}\s+|>\s*)+`)
	// countedRE is the mark of an item within a line: 2) or (2).
	countedRE = regexp.MustCompile(`^\s*\(?\d{1,2}\)\s+`)
	emptyRE   = regexp.MustCompile(`\n[ \t]*(?:\n[ \t]*)+`)
	// onlyCitesRE is what may stand around citations in a sentence that says nothing else.
	onlyCitesRE = regexp.MustCompile(`(?i)^(?:\W|\b(?:see|also|cf|facts?|sources?|and|per|ref|refs)\b)*$`)
)

// noStop are words whose full stop ends no sentence.
var noStop = map[string]bool{
	"e.g": true, "i.e": true, "vs": true, "approx": true, "ca": true, "cf": true, "resp": true, "incl": true, "excl": true,
	"viz": true, "al": true, "fig": true, "st": true, "dr": true, "mr": true, "mrs": true, "ms.": true, "eg": true, "ie": true,
}

// mayStop are words whose full stop ends a sentence only where a capital follows; beforeDigit only where no digit does.
var (
	mayStop = map[string]bool{
		"etc": true, "a.m": true, "p.m": true, "am": true, "pm": true, "max": true, "min": true, "sec": true, "secs": true,
		"hr": true, "hrs": true, "mins": true, "avg": true, "est": true, "u.s": true,
	}
	beforeDigit = map[string]bool{"no": true, "nos": true, "rev": true, "ver": true, "v": true, "p": true, "pp": true, "ch": true}
)

// Sentences cuts text into its claims. A citation behind the full stop belongs to the sentence before it, except in a
// paragraph that begins with one and ends without: there each stands before its sentence. A list item, and a short
// line of its own as a heading, is a sentence; a line that only goes on is not.
func Sentences(text string) []Sentence {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n\n").Replace(text)
	var all []draft
	for i, paragraph := range emptyRE.Split(strings.Trim(text, "\n"), -1) {
		leading := citesLead(paragraph)
		for _, line := range claimLines(paragraph) {
			for n, raw := range cutLine(line, leading) {
				mark := countedRE
				if n == 0 {
					mark = listMarkRE
				}
				says := mark.ReplaceAllString(raw, "")
				all = addDraft(all, strings.TrimSpace(raw), says, i)
			}
		}
	}
	sentences := make([]Sentence, len(all))
	for i, d := range all {
		raw := strings.Join(d.raw, " ")
		sentences[i] = Sentence{Text: d.text, Raw: raw, Cites: Citations(raw), Paragraph: d.paragraph}
	}
	return sentences
}

// draft is a sentence whose parts are not yet joined.
type draft struct {
	text      string
	raw       []string
	paragraph int
}

// addDraft appends raw, which says so much, or adds it to the last sentence where it is nothing but citations.
func addDraft(all []draft, raw, says string, paragraph int) []draft {
	text := strings.TrimSpace(visible(withoutCitations(says)))
	cites := len(citationsIn(raw)) > 0
	switch {
	case !cites && !strings.ContainsFunc(text, wordRune):
		return all
	case cites && len(all) > 0 && onlyCitesRE.MatchString(text):
		last := &all[len(all)-1]
		last.raw = append(last.raw, raw)
		return all
	}
	return append(all, draft{text: text, raw: []string{raw}, paragraph: paragraph})
}

// visible drops characters that are not seen, as zero-width spaces and marks of direction.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}

// citesLead says whether each citation of the paragraph stands before the sentence that it belongs to.
func citesLead(paragraph string) bool {
	p := strings.TrimSpace(listMarkRE.ReplaceAllString(paragraph, ""))
	groups := citedGroupRE.FindAllStringIndex(p, -1)
	if len(groups) == 0 || groups[0][0] != 0 {
		return false
	}
	return strings.ContainsFunc(p[groups[len(groups)-1][1]:], unicode.IsLetter)
}

// wrapWidth is the length from which on a line without a full stop counts as one that goes on.
const wrapWidth = 50

// claimLines cuts a paragraph into lines, and joins those that only go on.
func claimLines(paragraph string) []string {
	var lines [][]string
	before := ""
	for line := range strings.SplitSeq(paragraph, "\n") {
		line = strings.TrimRight(line, " \t")
		if n := len(lines); n > 0 && goesOn(before, line) {
			lines[n-1] = append(lines[n-1], strings.TrimSpace(line))
		} else {
			lines = append(lines, []string{line})
		}
		before = line
	}
	joined := make([]string, len(lines))
	for i, parts := range lines {
		joined[i] = strings.Join(parts, " ")
	}
	return joined
}

func goesOn(line, next string) bool {
	if listMarkRE.MatchString(next) || strings.HasPrefix(strings.TrimSpace(line), "#") || strings.HasSuffix(line, ":") {
		return false
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimSpace(next))
	return !unicode.IsUpper(first) || len(line) >= wrapWidth
}

// maxApart is how many signs may stand between a full stop and the citation that belongs to it.
const maxApart = 8

// cutLine cuts one line at its full stops. With leading, citations behind a full stop begin the next sentence.
func cutLine(line string, leading bool) []string {
	var parts []string
	start := len(listMarkRE.FindString(line))
	head := line[:start]
	groups := citedGroupRE.FindAllStringIndex(line, -1)
	quotes := quotedSpans(line)
	for i := start; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		i += size
		if !strings.ContainsRune(".!?…。", r) {
			continue
		}
		for len(quotes) > 0 && quotes[0][1] < i {
			quotes = quotes[1:]
		}
		for len(groups) > 0 && groups[0][0] < i {
			groups = groups[1:]
		}
		quoted := len(quotes) > 0 && quotes[0][0] < i && i < quotes[0][1]-1
		if quoted || !stopsAt(line, start, i, r) {
			continue
		}
		end := pastClosers(line, i)
		if !leading {
			for len(groups) > 0 && groups[0][0] <= end+maxApart && strings.Trim(line[end:groups[0][0]], " \t,;.") == "" {
				end = groups[0][1]
				groups = groups[1:]
			}
			end += len(line[end:]) - len(strings.TrimLeft(line[end:], ".,;"))
		}
		parts = append(parts, head+line[start:end])
		head, start, i = "", end, end
	}
	if rest := head + line[start:]; strings.TrimSpace(rest) != "" {
		parts = append(parts, rest)
	}
	return parts
}

// closers may stand between a full stop and the blank behind it.
const closers = `"'”’»)]}*_` + "`"

func pastClosers(line string, i int) int {
	for i < len(line) {
		r, size := utf8.DecodeRuneInString(line[i:])
		if !strings.ContainsRune(closers, r) {
			break
		}
		i += size
	}
	return i
}

// stopsAt says whether the sign that ends before i ends a sentence that begins at start.
func stopsAt(line string, start, i int, sign rune) bool {
	end := pastClosers(line, i)
	rest := line[end:]
	if rest != "" && !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, "\t") {
		at := citedGroupRE.FindStringIndex(rest[:min(len(rest), 40)])
		return at != nil && at[0] == 0
	}
	rest = strings.TrimLeft(rest, " \t")
	next, _ := utf8.DecodeRuneInString(rest)
	if sign == '…' || strings.HasSuffix(line[:i], "..") {
		return rest == "" || !unicode.IsLower(next)
	}
	if sign != '.' || rest == "" {
		return true
	}
	before := line[max(start, i-24) : i-1]
	if at := strings.LastIndexAny(before, " \t([\"'/"); at >= 0 {
		before = before[at+1:]
	}
	word := strings.ToLower(before)
	switch {
	case noStop[word]:
		return false
	case mayStop[word]:
		return !unicode.IsLower(next) && !unicode.IsDigit(next)
	case beforeDigit[word]:
		return !unicode.IsDigit(next)
	}
	return true
}

// maxQuoted bounds how far the end of a quotation is looked for: one that is never closed hides no full stop.
const maxQuoted = 240

// quotedSpans returns where a line quotes, from the opening sign to behind the closing one.
func quotedSpans(line string) [][2]int {
	var spans [][2]int
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		closing, ok := quoteSigns[r]
		i += size
		if !ok {
			continue
		}
		if n := strings.Index(line[i:min(len(line), i+maxQuoted)], closing); n >= 0 {
			end := i + n + len(closing)
			spans = append(spans, [2]int{i - size, end})
			i = end
		}
	}
	return spans
}

// quoteSigns are the signs that open a quotation, and those that close it.
var quoteSigns = map[rune]string{'"': `"`, '`': "`", '“': "”", '„': "“", '«': "»"}
