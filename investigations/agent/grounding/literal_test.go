package grounding

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// stored reads a result of testdata.
func stored(tb testing.TB, name string) Case {
	tb.Helper()
	text, err := os.ReadFile("testdata/literals-" + name + ".json")
	if err != nil {
		tb.Fatal(err)
	}
	var res investigations.Result
	if err := json.Unmarshal(text, &res); err != nil {
		tb.Fatal(err)
	}
	return Case{Facts: res.Facts, Result: &res, Verdict: res.Verdict}
}

// tabled is a line of the table.
type tabled struct {
	line   int
	result string
	text   string
	holds  bool
	// wrongly says that the checks are known to get it wrong.
	wrongly bool
}

func tabledClaims(tb testing.TB) []tabled {
	tb.Helper()
	text, err := os.ReadFile("testdata/literals.txt")
	if err != nil {
		tb.Fatal(err)
	}
	var all []tabled
	result := ""
	for i, line := range strings.Split(string(text), "\n") {
		sign, rest, _ := strings.Cut(line, " ")
		switch strings.TrimSuffix(sign, "!") {
		case "=":
			result = rest
		case "+", "-":
			all = append(all, tabled{line: i + 1, result: result, text: rest, holds: sign[0] == '+', wrongly: strings.HasSuffix(sign, "!")})
		}
	}
	return all
}

func TestLiterals(t *testing.T) {
	cases := map[string]Case{}
	counts := map[bool]int{}
	wrong := map[bool]int{}
	for _, claim := range tabledClaims(t) {
		c, ok := cases[claim.result]
		if !ok {
			c = stored(t, claim.result)
			cases[claim.result] = c
		}
		sentences := Sentences(claim.text)
		if len(sentences) != 1 || len(sentences[0].Cites) == 0 {
			t.Errorf("line %d: %d sentences in %q", claim.line, len(sentences), claim.text)
			continue
		}
		s := sentences[0]
		reasons := Literals(c, "explanation", s, citedFrom(c.Result, s.Cites))
		counts[claim.holds]++
		if held := len(reasons) == 0; held != claim.holds {
			wrong[claim.holds]++
			if !claim.wrongly {
				t.Errorf("line %d of %s: held is %v for %q\n\t%s", claim.line, claim.result, held, claim.text, sayings(reasons))
			}
		} else if claim.wrongly {
			t.Errorf("line %d is no longer wrong: %s", claim.line, claim.text)
		}
		for _, r := range reasons {
			if r.Field != "explanation" || r.Claim == "" || r.Says == "" || r.Kind == "" {
				t.Errorf("line %d: a reason without its parts: %+v", claim.line, r)
			}
		}
	}
	t.Logf("%d of %d true claims refused, %d of %d false ones let pass", wrong[true], counts[true], wrong[false], counts[false])
	if counts[true] < 150 || counts[false] < 150 {
		t.Errorf("the table has %d true and %d false claims", counts[true], counts[false])
	}
}
