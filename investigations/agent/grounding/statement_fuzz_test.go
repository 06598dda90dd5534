package grounding

import (
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations"
)

func FuzzStatements(f *testing.F) {
	for _, kind := range []string{"true", "false"} {
		for _, s := range allSpoken(f, kind)[:40] {
			f.Add(s.text, s.field == "headline")
		}
	}
	f.Add("not not not never no nor neither without", false)
	f.Add("((((((,,,;;;", false)
	c := loadCase(f, "leak-after-deploy")
	f.Fuzz(func(t *testing.T, text string, headline bool) {
		field := "explanation"
		if headline {
			field = "headline"
		}
		for _, r := range Statements(c, field, Sentence{Text: text, Raw: text}, c.Facts[:3]) {
			if r.Kind == "" || r.Field != field || r.Says == "" {
				t.Errorf("%q: a reason without a kind, a field or a sentence: %+v", text, r)
			}
			if utf8.RuneCountInString(r.Claim) > claimLength {
				t.Errorf("a claim of %d characters", utf8.RuneCountInString(r.Claim))
			}
		}
		Claims(Sentence{Text: text})
		Absent(c, Sentence{Text: text})
	})
}

func FuzzMarkupIn(f *testing.F) {
	for _, s := range []string{"https://x.y", "<@U1>", "`rm -rf /`", "@here", "[a](b)", "plain", "a\u200bb", "<|x|>", "[[[[((((", "```"} {
		f.Add(s)
	}
	c := loadCase(f, "leak-after-deploy")
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range MarkupIn(c, "headline", text) {
			if r.Kind != Markup || r.Field != "headline" || r.Says == "" || utf8.RuneCountInString(r.Claim) > claimLength {
				t.Errorf("%q: got %+v", text, r)
			}
		}
	})
}

func FuzzAdvises(f *testing.F) {
	for _, s := range []string{"Raise the limit.", "Do not restart it.", "kubectl delete pod x", "Roll back and fix the leak"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		seen := map[investigations.Action]bool{}
		for _, a := range Advises(Sentence{Text: text}) {
			if a != Unlisted && !slices.Contains(investigations.Actions, a) {
				t.Errorf("%q advises %q, which is no action", text, a)
			}
			if seen[a] {
				t.Errorf("%q advises %q twice", text, a)
			}
			seen[a] = true
		}
	})
}
