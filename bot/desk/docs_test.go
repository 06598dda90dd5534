package desk

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentedWords has each example of what one can say, in docs/slack.md, be understood as its row says.
func TestDocumentedWords(t *testing.T) {
	text, err := os.ReadFile("../../docs/slack.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## What you can say\n")
	section, _, _ = strings.Cut(section, "\n## ")
	want := map[string]verb{
		"what killed checkout in shop?": verbInvestigate, "why did shop/checkout die?": verbInvestigate, "investigate this": verbInvestigate,
		"why did this die?": verbNone, // which points up where there is something above
		"why not a leak?":   verbAsk, "will it happen again?": verbAsk, "what should we do?": verbAsk, "re-run": verbRerun,
	}
	read := 0
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*?) \\| (.*) \\|$").FindAllStringSubmatch(section, -1) {
		inThread := strings.HasPrefix(row[2], "in a thread")
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			read++
			c := understand(m[1], inThread)
			expected, ok := want[m[1]]
			if !ok {
				expected = verb(strings.Fields(m[1])[0])
			}
			if c.verb != expected || c.wrong != "" && m[1] != "investigate this" {
				t.Errorf("%q is understood as %q (%s), and its row says %q", m[1], c.verb, c.wrong, expected)
			}
			if strings.Contains(m[1], "/") && c.target != "shop/checkout" {
				t.Errorf("%q is about %q", m[1], c.target)
			}
		}
	}
	if read < 15 {
		t.Errorf("found only %d examples: the search is wrong", read)
	}
}
