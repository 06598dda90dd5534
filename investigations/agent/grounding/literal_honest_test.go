package grounding

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/examples/incidents"
	"github.com/oombot/oombot/internal/judgetest"
	"github.com/oombot/oombot/investigations"
)

// judged investigates a bundle by the rules.
func judged(tb testing.TB, dir string) *investigations.Result {
	tb.Helper()
	return judgetest.Folder(tb, dir, investigations.Options{SourceTimeout: time.Minute}).Result
}

// honest are results that the rules wrote: those of the examples, and of generated incidents.
func honest(t *testing.T) map[string]*investigations.Result {
	t.Helper()
	all := map[string]*investigations.Result{}
	const examples = "../../../examples"
	entries, err := os.ReadDir(examples)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(examples, e.Name(), "incident.yaml")); err == nil {
			all[e.Name()] = judged(t, filepath.Join(examples, e.Name()))
		}
	}
	if len(all) < 10 {
		t.Fatalf("found %d examples in %s", len(all), examples)
	}
	for i, k := range incidents.Kinds() {
		if i%7 != 0 && os.Getenv("GROUNDING_ALL") == "" { // all of them take a minute
			continue
		}
		dir := filepath.Join(t.TempDir(), k.Name)
		if err := incidents.Write(dir, k.Name, 5, incidents.Options{Small: true}); err != nil {
			t.Fatal(err)
		}
		all[k.Name] = judged(t, dir)
	}
	return all
}

// claim is a sentence of a result that holds, with the facts that it cites.
type claim struct {
	of    string
	c     Case
	s     Sentence
	cited []investigations.Fact
}

// claimsOf are the sentences of the headline and the explanation that the rules wrote. One without a citation is held by those of its paragraph.
func claimsOf(name string, res *investigations.Result) []claim {
	c := Case{Facts: res.Facts, Result: res, Verdict: res.Verdict}
	claims := []claim{{name, c, Sentence{Text: res.Verdict.Headline, Raw: res.Verdict.Headline}, res.Facts}}
	sentences := Sentences(res.Verdict.Explanation)
	for _, s := range sentences {
		ids := s.Cites
		if len(ids) == 0 {
			for _, other := range sentences {
				if other.Paragraph == s.Paragraph {
					ids = append(ids, other.Cites...)
				}
			}
		}
		claims = append(claims, claim{name, c, s, citedFrom(res, ids)})
	}
	return claims
}

func citedFrom(res *investigations.Result, ids []string) []investigations.Fact {
	var facts []investigations.Fact
	for _, f := range res.Facts {
		for _, id := range ids {
			if f.ID == id {
				facts = append(facts, f)
				break
			}
		}
	}
	return facts
}

func sayings(reasons []Reason) string {
	var all []string
	for _, r := range reasons {
		all = append(all, string(r.Kind)+": "+r.Says)
	}
	return strings.Join(all, "; ")
}

// TestFactsHoldThemselves cites each fact for what it says itself.
func TestFactsHoldThemselves(t *testing.T) {
	facts := 0
	for name, res := range honest(t) {
		c := Case{Facts: res.Facts}
		for _, f := range res.Facts {
			facts++
			if reasons := Literals(c, "explanation", Sentence{Text: f.Says, Raw: f.Says}, []investigations.Fact{f}); len(reasons) > 0 {
				t.Errorf("%s: %s does not hold what it says: %s\n\t%s", name, f.ID, f.Says, sayings(reasons))
			}
		}
	}
	t.Logf("%d facts", facts)
}

// badlyCited are incidents of which the rules state a number without its fact.
var badlyCited = map[string]bool{"fragmentation": true}

// TestRulesAreHonest checks what the rules wrote.
func TestRulesAreHonest(t *testing.T) {
	claims := 0
	for name, res := range honest(t) {
		for _, cl := range claimsOf(name, res) {
			claims++
			if badlyCited[name] {
				continue
			}
			if reasons := Literals(cl.c, "explanation", cl.s, cl.cited); len(reasons) > 0 {
				t.Errorf("%s: %s\n\t%s", name, cl.s.Raw, sayings(reasons))
			}
		}
	}
	t.Logf("%d claims", claims)
}
