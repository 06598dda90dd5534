package grounding

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations"
)

// plainSigns are those of which a fact's sentence is made where it has to hold itself.
const plainSigns = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:-/%"

// FuzzLiterals feeds any sentence and any fact: nothing breaks, and a fact holds what it says itself.
func FuzzLiterals(f *testing.F) {
	for i, claim := range tabledClaims(f) {
		if i%9 == 0 {
			f.Add(claim.text, "held 1.97 GiB at 2026-04-15 12:08:16Z, pid 12, of \"a/b-c\"", 1.5)
		}
	}
	f.Add("1½ GiB 2/3 pods 1.2.3 12:08-13:09 +02:00 r19 #19 a… x2 1,2,3 0x1f 2e99 99:99 \"a b c\" `x`", "F1", 0.0)
	f.Fuzz(func(t *testing.T, text, says string, value float64) {
		fact := investigations.NewLedger([]investigations.Fact{{Tool: "pods", Says: says, Source: "a/b:1-2", Values: map[string]float64{"x_bytes": value, "from_s": value}}}).Facts()
		c := Case{Facts: fact}
		for _, s := range Sentences(text) {
			for _, r := range Literals(c, "headline", s, fact) {
				if r.Says == "" || r.Kind == "" || !utf8.ValidString(r.Says) || len(r.Claim) > maxClaim {
					t.Errorf("%q: a reason in bad form: %+v", text, r)
				}
			}
		}
		own := Sentence{Text: fact[0].Says, Raw: fact[0].Says}
		if reasons := Literals(c, "headline", own, fact); len(reasons) > 0 && len(says) < 300 && strings.Trim(says, plainSigns) == "" {
			t.Errorf("a fact that says %q does not hold it: %s", fact[0].Says, sayings(reasons))
		}
	})
}
