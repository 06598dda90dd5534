package grounding

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// crowdedCase is a case of 200 facts.
func crowdedCase(b *testing.B) Case {
	c := stored(b, "leak-after-deploy")
	facts := append([]investigations.Fact{}, c.Facts...)
	for len(facts) < 200 {
		f := c.Facts[len(facts)%len(c.Facts)]
		f.ID = fmt.Sprintf("F%d", len(facts)+1)
		facts = append(facts, f)
	}
	c.Facts = facts
	return c
}

func benchmark(b *testing.B, text string) {
	c := crowdedCase(b)
	byID := map[string]investigations.Fact{}
	for _, f := range c.Facts {
		byID[f.ID] = f
	}
	b.ReportAllocs()
	for b.Loop() {
		check := NewLiteralCheck(c)
		for _, s := range Sentences(text) {
			var cited []investigations.Fact
			for _, id := range s.Cites {
				cited = append(cited, byID[id])
			}
			check.Reasons("explanation", s, cited)
		}
	}
}

// BenchmarkExplanation checks 40 honest sentences over 200 facts.
func BenchmarkExplanation(b *testing.B) {
	benchmark(b, strings.Repeat("RSS grew from 740 MiB to 1.91 GiB in 45 min [F29], by 1.57 GiB an hour [F30]. "+
		"gateway-zxthbd6kg-tcr7d was killed at 12:08:16 UTC by pid 380006 [F3, F27].\n", 20))
}

// BenchmarkLies checks 40 sentences of which nothing holds: for each, all facts are looked through for one that does.
func BenchmarkLies(b *testing.B) {
	benchmark(b, strings.Repeat("RSS grew from 741 MiB to 1.81 GiB in 41 h [F29], by 3.57 GiB an hour [F30]. "+
		"gateway-zxthbd6kg-abcde was killed at 13:48:16 UTC by pid 38 [F3, F27].\n", 20))
}

// BenchmarkHeadline checks one sentence that may rest on all 200 facts.
func BenchmarkHeadline(b *testing.B) {
	c := crowdedCase(b)
	s := Sentence{Text: c.Result.Verdict.Headline + " It grew by 1.23 GiB, 61 %."}
	b.ReportAllocs()
	for b.Loop() {
		Literals(c, "headline", s, c.Facts)
	}
}
