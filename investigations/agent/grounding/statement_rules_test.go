package grounding

import (
	"log/slog"
	"testing"

	"github.com/oombot/oombot/examples/incidents"
	"github.com/oombot/oombot/internal/judgetest"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// ruled investigates a generated incident by rules.
func ruled(t *testing.T, kind string, seed uint64) Case {
	t.Helper()
	dir := t.TempDir()
	if err := incidents.Write(dir, kind, seed, incidents.Options{Small: true}); err != nil {
		t.Fatal(err)
	}
	res := judgetest.Folder(t, dir, investigations.Options{Redact: redact.Text, Log: slog.New(slog.DiscardHandler)}).Result
	return Case{Facts: res.Facts, Result: res, Verdict: res.Verdict}
}

// TestTextsOfTheRulesPass holds the checks to the rules' own texts and to the facts, of every kind of incident that the
// generator knows: whoever repeats them says the truth.
func TestTextsOfTheRulesPass(t *testing.T) {
	for _, k := range incidents.Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(11); seed < 12; seed++ {
				c := ruled(t, k.Name, seed)
				for field, text := range map[string]string{"headline": c.Verdict.Headline, "explanation": c.Verdict.Explanation} {
					for _, r := range refusals(t, c, field, text) {
						t.Errorf("seed %d: %s: %q was refused: %s: %s", seed, field, r.Claim, r.Kind, r.Says)
					}
				}
				for _, f := range c.Facts {
					for _, s := range Sentences(f.Says + " [" + f.ID + "]") {
						for _, r := range Statements(c, "explanation", s, []investigations.Fact{f}) {
							t.Errorf("seed %d: the fact %q was refused: %s: %s", seed, f.Says, r.Kind, r.Says)
						}
					}
				}
			}
		})
	}
}
