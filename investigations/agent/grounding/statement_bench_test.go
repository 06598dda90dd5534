package grounding

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// BenchmarkStatements checks forty sentences against 200 facts, of which each cites two.
func BenchmarkStatements(b *testing.B) {
	c := loadCase(b, "leak-after-deploy")
	own := len(c.Facts)
	for i := 0; len(c.Facts) < 200; i++ {
		f := c.Facts[i%own]
		f.ID = fmt.Sprintf("F%d", 1000+i)
		c.Facts = append(c.Facts, f)
	}
	var sentences []Sentence
	var cited [][]investigations.Fact
	for _, s := range allSpoken(b, "true") {
		if s.example != "leak-after-deploy" || s.field == "headline" || len(sentences) == 40 {
			continue
		}
		one := Sentences(s.text)[0]
		sentences, cited = append(sentences, one), append(cited, factsByID(b, c, one.Cites))
	}
	if len(sentences) != 40 {
		b.Fatalf("got %d sentences, want 40", len(sentences))
	}
	b.ReportAllocs()
	for b.Loop() {
		for i, s := range sentences {
			Statements(c, "explanation", s, cited[i])
		}
		Statements(c, "headline", Sentence{Text: c.Verdict.Headline}, nil)
	}
}

func BenchmarkMarkupIn(b *testing.B) {
	c := loadCase(b, "leak-after-deploy")
	text := strings.Repeat(c.Verdict.Explanation+"\n\n", 4)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		MarkupIn(c, "explanation", text)
	}
}
