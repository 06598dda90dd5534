package grounding

import (
	"path/filepath"
	"strings"
	"testing"
)

// examples are the cases whose names stand in testdata.
func examples(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "statements", "*.json"))
	if err != nil || len(files) < 20 {
		t.Fatalf("found %d cases: %v", len(files), err)
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".json"))
	}
	return names
}

func TestOwnTextsPass(t *testing.T) {
	for _, name := range examples(t) {
		c := loadCase(t, name)
		for field, text := range map[string]string{"headline": c.Verdict.Headline, "explanation": c.Verdict.Explanation} {
			for _, r := range refusals(t, c, field, text) {
				t.Errorf("%s: %s: %q was refused: %s: %s", name, field, r.Claim, r.Kind, r.Says)
			}
		}
	}
}

// TestTextsOfOtherCasesAreRefused puts the text of one case to the verdict and the facts of another, where cause or
// boundary differ: names and numbers aside, what it says has to give it away.
func TestTextsOfOtherCasesAreRefused(t *testing.T) {
	pairs, refused := 0, 0
	for _, a := range examples(t) {
		from := loadCase(t, a)
		for _, b := range examples(t) {
			to := loadCase(t, b)
			if from.Verdict.Cause == to.Verdict.Cause && from.Verdict.Boundary == to.Verdict.Boundary {
				continue
			}
			pairs++
			found := 0
			for _, s := range Sentences(from.Verdict.Explanation) {
				// The facts of the other case with these ids, as if it had been cited from there.
				known := s.Cites[:0:0]
				for _, id := range s.Cites {
					for _, f := range to.Facts {
						if f.ID == id {
							known = append(known, id)
						}
					}
				}
				found += len(Statements(to, "explanation", s, factsByID(t, to, known)))
			}
			if found > 0 {
				refused++
			} else {
				t.Logf("the explanation of %s passed against %s", a, b)
			}
		}
	}
	if share := float64(refused) / float64(pairs); share < 0.95 {
		t.Errorf("of %d pairs %.1f %% were refused, want 95 %%", pairs, 100*share)
	} else {
		t.Logf("of %d pairs %.1f %% were refused", pairs, 100*share)
	}
}
