package grounding

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTokens(t *testing.T) {
	for text, want := range map[string]string{
		"The container's limit of 2 GiB": "the container limit of # gib",
		"It didn't, it can't":            "it did not , it can not",
		"OOM-killed at 12:03:04Z.":       "oom killed at # .",
		"web-0/postgres":                 "web-0/postgres",
		"vault-agent":                    "vault-agent",
		"`gateway` **leaks**":            "gateway leaks",
		"128Mi -> 32Mi":                  "# to #",
		"Cause: a leak":                  "cause : a leak",
		"pod-level (shared)":             "pod level ( shared )",
		"noisy neighbor":                 "noisy neighbour",
		"":                               "",
	} {
		if got := strings.Join(tokens(text), " "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestLexicon(t *testing.T) {
	l := compile([]entry{
		{"rise", []string{"memory ?usage <rose>", "evict~"}},
		{"gap", []string{"node *2 full"}},
	})
	tests := []struct {
		text string
		want []hit
	}{
		{"memory rose", []hit{{"rise", 0, 2, false}}},
		{"the memory usage grew", []hit{{"rise", 1, 4, false}}},
		{"it was evicted", []hit{{"rise", 2, 3, false}}},
		{"node is full", []hit{{"gap", 0, 3, false}}},
		{"node is not full", []hit{{"gap", 0, 4, true}}},
		{"node is not at all full", nil},
		{"node , full", nil},
		{"memory fell", nil},
		{"", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, l.find(strings.Fields(tt.text)), cmp.AllowUnexported(hit{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

// TestPhrasesAreWellFormed looks for lists that do not exist, and phrases that begin with what may be left out.
func TestPhrasesAreWellFormed(t *testing.T) {
	for name, l := range map[string]lexicon{
		"ends": ends, "causeWords": causeWords, "triggerWords": triggerWords, "triggerVerbs": triggerVerbs, "directionWords": directionWords,
		"adviceWords": adviceWords, "adviceDirect": adviceDirect, "adviceOpeners": adviceOpeners, "harmWords": harmWords, "absenceWords": absenceWords,
		"precedentWords": precedentWords, "quantityWords": quantityWords, "negators": negators, "denials": denials, "hedges": hedges, "causal": causal, "slight": slight, "stated": stated,
	} {
		if len(l().byWord) == 0 {
			t.Errorf("%s has no phrases", name)
		}
		for first, phrases := range l().byWord {
			for _, p := range phrases {
				if p.slots[0].optional || p.slots[0].gap > 0 {
					t.Errorf("%s: a phrase of %q at %q begins with what may be left out", name, p.label, first)
				}
				for _, s := range p.slots {
					for _, w := range s.words {
						if strings.ContainsAny(w, "<>?*~") {
							t.Errorf("%s: %q holds the word %q", name, p.label, w)
						}
					}
				}
			}
		}
	}
}

func TestEveryLabelIsKnown(t *testing.T) {
	labels := func(l lexicon) map[string]bool {
		all := map[string]bool{}
		for _, by := range []map[string][]phrase{l().byWord, l().byHead} {
			for _, phrases := range by {
				for _, p := range phrases {
					all[p.label] = true
				}
			}
		}
		return all
	}
	for l := range labels(ends) {
		if endings[l].says == "" && l != "none" {
			t.Errorf("the ending %q has no verdicts", l)
		}
	}
	for l := range labels(causeWords) {
		if _, ok := causesOf[strings.TrimSuffix(l, "?")]; !ok && l != "none" {
			t.Errorf("the cause %q stands for none", l)
		}
	}
	for l := range labels(triggerWords) {
		if len(triggersOf[l]) == 0 && l != "none" {
			t.Errorf("the trigger %q stands for none", l)
		}
	}
}
