package grounding

import (
	"os"
	"strings"
	"testing"
)

// TestSentencesAsTheyAreWritten checks whole sentences, numbers and statements together, against results of the examples.
func TestSentencesAsTheyAreWritten(t *testing.T) {
	text, err := os.ReadFile("testdata/honest.txt")
	if err != nil {
		t.Fatal(err)
	}
	checks := map[string]check{}
	name, held, refused := "", 0, 0
	for i, line := range strings.Split(string(text), "\n") {
		sign, rest, _ := strings.Cut(line, " ")
		if sign == "=" {
			if name = rest; checks[name].literals == nil {
				checks[name] = newCheck(loadCase(t, name))
			}
			continue
		}
		if sign != "+" && sign != "-" {
			continue
		}
		var reasons []Reason
		for _, s := range Sentences(rest) {
			reasons = append(reasons, checks[name].sentence("explanation", s)...)
		}
		switch {
		case sign == "+" && len(reasons) > 0:
			t.Errorf("line %d, %s: %q was refused: %s", i+1, name, rest, sayings(reasons))
		case sign == "-" && len(reasons) == 0:
			t.Errorf("line %d, %s: %q passed", i+1, name, rest)
		case sign == "+":
			held++
		default:
			refused++
		}
	}
	if held < 200 || refused < 40 {
		t.Errorf("%d sentences passed and %d were refused: the table is too short", held, refused)
	}
}
