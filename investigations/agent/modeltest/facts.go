package modeltest

import (
	"regexp"
	"strings"
)

// Fact is a line of a prompt that begins with an id, as "- F27 kernlog 2026-04-15T12:08:16Z: The kernel killed …".
type Fact struct {
	// ID is F1, F2, …
	ID string
	// Text is what follows the id, with the indented lines below it.
	Text string
}

var (
	// factLine is the beginning of a fact: an id, perhaps behind a list's mark, in brackets or emphasized.
	factLine = regexp.MustCompile("^[ \t]*(?:(?:[-*+•>|#]+|\\d{1,3}[.)])[ \t]*)*[\\[(*_`\"]*(F[1-9]\\d*)\\b[\\])*_`\":.]*[ \t]*(.*)$")
	// factHead is what stands before a fact's sentence: a source and a time, perhaps in brackets, and a colon, dash or bar.
	factHead = regexp.MustCompile(`^[\[(|]?\s*(?:(?:kernlog|pods|rollouts|metrics|logs|profiles|memory)\b)?[\s,|@]*(?:at )?` +
		`(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| ?UTC)?)?[\])]?\s*(?:[:|–—-]\s+|\s)?`)
	// factValues are values, as they stand behind it.
	factValues = regexp.MustCompile(`\s*[{(\[](?:\s*"?\w+"?\s*[=:]\s*"?[-+.\w]+"?\s*[,;]?)+[})\]]`)
)

// Facts returns the facts that the request's prompt lists, in their order; where an id comes twice, the first.
func (r Request) Facts() []Fact {
	var facts []Fact
	seen := map[string]bool{}
	within := false
	for line := range strings.Lines(r.Prompt()) {
		line = strings.TrimRight(line, "\r\n")
		if m := factLine.FindStringSubmatch(line); m != nil {
			within = !seen[m[1]]
			if within {
				facts = append(facts, Fact{m[1], m[2]})
			}
			seen[m[1]] = true
			continue
		}
		indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		if within && indented && strings.TrimSpace(line) != "" {
			facts[len(facts)-1].Text += " " + strings.TrimSpace(line)
			continue
		}
		within = false
	}
	return facts
}

// Fact returns the first fact that holds all the words, whatever their case, and whether there is one. One that looks
// like an id finds the fact of that id.
func (r Request) Fact(words ...string) (Fact, bool) {
	for _, f := range r.Facts() {
		if f.holds(words) {
			return f, true
		}
	}
	return Fact{}, false
}

var idOnly = regexp.MustCompile(`^F[1-9]\d*$`)

func (f Fact) holds(words []string) bool {
	for _, phrase := range words {
		if idOnly.MatchString(phrase) {
			if f.ID != phrase {
				return false
			}
			continue
		}
		for _, word := range strings.Fields(phrase) {
			if !strings.Contains(strings.ToLower(f.Text), strings.ToLower(word)) {
				return false
			}
		}
	}
	return true
}

// Value returns a value of the fact as it stands in its line, behind the name and an equals sign or a colon.
func (f Fact) Value(name string) (string, bool) {
	re, err := regexp.Compile(`\b` + regexp.QuoteMeta(name) + `"?\s*[=:]\s*"?(-?[0-9][0-9.]*(?:[eE][-+]?\d+)?)`)
	if err != nil {
		return "", false
	}
	m := re.FindStringSubmatch(f.Text)
	if m == nil {
		return "", false
	}
	return strings.TrimSuffix(m[1], "."), true
}

// Says returns the fact's sentence: its text without the source and the time before it and the values behind it.
func (f Fact) Says() string {
	text := factValues.ReplaceAllString(f.Text, "")
	return strings.TrimSpace(strings.TrimPrefix(text, factHead.FindString(text)))
}
