package grounding

import (
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

func TestMatches(t *testing.T) {
	const gib = 1 << 30
	for name, tt := range map[string]struct {
		written, step float64
		bound         bound
		held          float64
		want          bool
	}{
		"rounded":               {1.6, 0.1, exactly, 1.57, true},
		"cut off":               {1.5, 0.1, exactly, 1.57, false},
		"cut off, about":        {1.5, 0.1, about, 1.57, true},
		"one digit":             {2, 1, exactly, 1.91, true},
		"one digit, too coarse": {2, 1, exactly, 1.57, false},
		"about, too far":        {2, 1, about, 1.57, false},
		"over":                  {1.5, 0.1, over, 1.57, true},
		"over, below":           {1.6, 0.1, over, 1.5, false},
		"over, far":             {1, 0.1, over, 1.57, false},
		"under":                 {2, 1, under, 1.97, true},
		"under, above":          {1.9, 0.1, under, 1.97, false},
		"under, far":            {4, 1, under, 1.97, false},
	} {
		if got := matches(reading{dimBytes, tt.written * gib, tt.step * gib}, tt.bound, tt.held*gib); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestQuantityHeld(t *testing.T) {
	c := stored(t, "follows-traffic")
	peak := citedFrom(c.Result, []string{"F33"})
	for value, want := range map[string]bool{
		"256Mi": true, "247Mi": true, "320Mi": true /* the rules' own */, "0.25Gi": true, "300Mi": false, "247": false, "247Gi": false, "much": false, "": false,
	} {
		if got := QuantityHeld(c, value, peak); got != want {
			t.Errorf("QuantityHeld(%q) = %v", value, got)
		}
	}
}

func TestRevisionHeld(t *testing.T) {
	c := stored(t, "leak-after-deploy")
	for id, revisions := range map[string][]int64{"F36": {18, 19}, "F9": {16, 17, 18, 19}, "F34": {18}, "F29": nil, "F11": nil} {
		for n := int64(1); n < 40; n++ {
			want := false
			for _, r := range revisions {
				want = want || r == n
			}
			if got := RevisionHeld(n, citedFrom(c.Result, []string{id})); got != want {
				t.Errorf("%s: revision %d held is %v", id, n, got)
			}
		}
	}
}

// TestReasonsNameTheHolder tells the model which fact it should have cited.
func TestReasonsNameTheHolder(t *testing.T) {
	c := stored(t, "leak-after-deploy")
	s := Sentence{Text: "session.(*Store).Put grew by 922 MiB", Raw: "session.(*Store).Put grew by 922 MiB [F29]"}
	reasons := Literals(c, "explanation", s, citedFrom(c.Result, []string{"F29"}))
	if got := sayings(reasons); len(reasons) != 2 || !strings.Contains(got, "stands in F22: cite it") {
		t.Errorf("reasons are %s", got)
	}
}

// TestHostileTexts bounds what is looked at and what is answered.
func TestHostileTexts(t *testing.T) {
	c := stored(t, "leak-after-deploy")
	for _, part := range []string{
		"741 MiB, ", "1 2 3 ", "1,2,", "1 and 2 and ", "a-b-1 ", "(", "\"a", "`", "12:08-", "one hundred ", "half a ", "x.y/z:1@2=3 ", "9", "…", "1-2-", "a/", "April ", "\u200b1",
	} {
		text := strings.Repeat(part, 200_000/len(part))
		for _, s := range append(Sentences(text), Sentence{Text: text[:maxText-20]}) {
			if reasons := Literals(c, "explanation", s, c.Facts); len(reasons) > maxReasons+1 {
				t.Errorf("%q is answered with %d reasons", part, len(reasons))
			}
		}
	}
	if reasons := Literals(Case{}, "", Sentence{}, []investigations.Fact{{}}); len(reasons) > 0 {
		t.Errorf("an empty sentence is refused: %s", sayings(reasons))
	}
}
