package grounding

import (
	"slices"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// TestBoundTrueStatementsPass has every number of the honest tables told of what the facts tell it of.
func TestBoundTrueStatementsPass(t *testing.T) {
	n := 0
	for _, s := range allSpoken(t, "true") {
		c := loadCase(t, s.example)
		l := NewLiteralCheck(c)
		for _, sentence := range Sentences(s.text) {
			cited := factsByID(t, c, sentence.Cites)
			if s.field == "headline" {
				cited = c.Facts
			}
			n++
			for _, r := range l.checkBound(s.field, sentence, cited) {
				t.Errorf("%s: %q was refused: %s", s.example, s.text, r.Says)
			}
		}
	}
	if n < 300 {
		t.Errorf("looked at %d sentences", n)
	}
}

func TestBoundOwnTextsPass(t *testing.T) {
	for _, name := range examples(t) {
		c := loadCase(t, name)
		l := NewLiteralCheck(c)
		for _, s := range Sentences(c.Verdict.Explanation) {
			for _, r := range l.checkBound("explanation", s, factsByID(t, c, s.Cites)) {
				t.Errorf("%s: %q was refused: %s", name, s.Text, r.Says)
			}
		}
	}
}

func TestBoundTrueLiteralsPass(t *testing.T) {
	for _, claim := range tabledClaims(t) {
		if !claim.holds {
			continue
		}
		c := stored(t, claim.result)
		for _, s := range Sentences(claim.text) {
			for _, r := range NewLiteralCheck(c).checkBound("explanation", s, citedFrom(c.Result, s.Cites)) {
				t.Errorf("line %d of %s: %q was refused: %s", claim.line, claim.result, claim.text, r.Says)
			}
		}
	}
}

func TestBoundRulesAreHonest(t *testing.T) {
	for name, res := range honest(t) {
		for _, cl := range claimsOf(name, res) {
			for _, r := range NewLiteralCheck(cl.c).checkBound("explanation", cl.s, cl.cited) {
				t.Errorf("%s: %s\n\t%s", name, cl.s.Raw, r.Says)
			}
		}
		c := Case{Facts: res.Facts, Result: res, Verdict: res.Verdict}
		for _, f := range res.Facts {
			for _, r := range NewLiteralCheck(c).checkBound("explanation", Sentence{Text: f.Says, Raw: f.Says}, []investigations.Fact{f}) {
				t.Errorf("%s: %s does not hold what it says: %s\n\t%s", name, f.ID, f.Says, r.Says)
			}
		}
	}
}

func TestBoundFalseStatementsAreRefused(t *testing.T) {
	for _, s := range readSpoken(t, "bound.txt") {
		c := loadCase(t, s.example)
		var reasons []Reason
		for _, sentence := range Sentences(s.text) {
			cited := factsByID(t, c, sentence.Cites)
			if s.field == "headline" {
				cited = c.Facts
			}
			if rs := Literals(c, s.field, sentence, cited); len(rs) > 0 {
				t.Errorf("%s: %q has literals that no fact holds: %s", s.example, s.text, sayings(rs))
			}
			reasons = append(reasons, NewLiteralCheck(c).checkBound(s.field, sentence, cited)...)
		}
		if len(reasons) == 0 {
			t.Errorf("%s: %q passed", s.example, s.text)
		}
		for _, r := range reasons {
			if r.Field != s.field || r.Kind == "" || r.Says == "" {
				t.Errorf("%q: a reason without its parts: %+v", s.text, r)
			}
		}
	}
}

func TestAgainst(t *testing.T) {
	for _, c := range []struct {
		says, fact marks
		excludes   bool
	}{
		{markLimit, markRequest, true},
		{markLimit, markLimit | markUse, false},
		{markUse, markMay, true},
		{markLimit, markMay, false},
		{markBefore, markAt, true},
		{markUse | markBefore, markUse | markAt, true},
		{markUse | markSum, markRequest | markSum, true},
		{markSum, markUse, false},
		{markHeap, markBeside, true},
		{markShmem, markProcesses, true},
		{markProcesses, markShmem, true},
		{markEnd, markRollout, true},
		{markLife, markSpan, true},
		{markLimit, markBefore, false},
		{0, markLimit, false},
	} {
		if got := c.says.against(c.fact) != ""; got != c.excludes {
			t.Errorf("%b against %b is %v, want %v", c.says, c.fact, got, c.excludes)
		}
	}
}

func TestReleasesIn(t *testing.T) {
	var got []string
	for _, r := range releasesIn("Revision 19 moved it from 2.4.7 to 2.4.8; revision 18 ran 2.4.7 well.") {
		got = append(got, r.text)
	}
	want := []string{"19", "2.4.8", "18", "2.4.7"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
