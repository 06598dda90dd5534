package grounding

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// said renders sentences as "paragraph: text [ids]", one a line.
func said(all []Sentence) string {
	var out strings.Builder
	for _, s := range all {
		out.WriteString(string(rune('0'+s.Paragraph)) + ": " + s.Text)
		if len(s.Cites) > 0 {
			out.WriteString(" [" + strings.Join(s.Cites, " ") + "]")
		}
		out.WriteString("\n")
	}
	return out.String()
}

func TestSentences(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"empty":   {"", ""},
		"signs":   {" ... \n\n --", ""},
		"one":     {"It leaks. [F3]", "0: It leaks. [F3]\n"},
		"no stop": {"It leaks [F3]", "0: It leaks [F3]\n"},
		"behind the stop": {
			"It grew, 1.57 GiB an hour in the median. [F28] Next it died. [F3][F4] Then, by F5, it came back.",
			"0: It grew, 1.57 GiB an hour in the median. [F28]\n0: Next it died. [F3 F4]\n0: Then, by, it came back. [F5]\n",
		},
		"before the stop": {"It leaks [F3]. It died (F4).", "0: It leaks. [F3]\n0: It died. [F4]\n"},
		"no blank":        {"It leaks.[F3] It died.[F4]", "0: It leaks. [F3]\n0: It died. [F4]\n"},
		"in front": {
			"[F1] It leaks. [F2] It died.\n\nIt leaks. [F3]",
			"0: It leaks. [F1]\n0: It died. [F2]\n1: It leaks. [F3]\n",
		},
		"a list of citations": {"It leaks. [F1], [F2]; [F3]. It died.", "0: It leaks. [F1 F2 F3]\n0: It died.\n"},
		"see":                 {"It leaks. See F4 and F5.\nIt died.", "0: It leaks. [F4 F5]\n0: It died.\n"},
		"a line of citations": {"It leaks.\n[F4]\n\n[F5]", "0: It leaks. [F4 F5]\n"},
		"lower case names": {
			"Cause: it took the memory. backup-agent held 61.7 MiB. [F25] redis died.",
			"0: Cause: it took the memory.\n0: backup-agent held 61.7 MiB. [F25]\n0: redis died.\n",
		},
		"abbreviations": {
			"It grew, e.g. by 1.5 GiB, i.e. much, vs. approx. 3 before, No. 3 of v1.2.3 by session.(*Store).Put. At 2 p.m. it died, at 12.30 too, etc. and so on.",
			"0: It grew, e.g. by 1.5 GiB, i.e. much, vs. approx. 3 before, No. 3 of v1.2.3 by session.(*Store).Put.\n" +
				"0: At 2 p.m. it died, at 12.30 too, etc. and so on.\n",
		},
		"a unit at the end": {"It lived for 45 min. Then it died after 3 sec.", "0: It lived for 45 min.\n0: Then it died after 3 sec.\n"},
		"an id at the end":  {"This follows from F3. That from F4.", "0: This follows from. [F3]\n0: That from. [F4]\n"},
		"semicolons":        {"It leaks; it died. [F1]", "0: It leaks; it died. [F1]\n"},
		"lists": {
			"Two reasons:\n- it leaks [F1]\n* it died. [F2]\n1. b is small\n2) so is c [F3]\n• d",
			"0: Two reasons:\n0: it leaks [F1]\n0: it died. [F2]\n0: b is small\n0: so is c [F3]\n0: d\n",
		},
		"headings": {"## Cause\nIt leaks. [F1]\nWhat next\nRoll back. [F2]", "0: Cause\n0: It leaks. [F1]\n0: What next\n0: Roll back. [F2]\n"},
		"wrapped": {
			"The container reached\nits limit of 2 GiB. [F1]\nThe memory of this container grew for hours without\nGC being able to help.\n",
			"0: The container reached its limit of 2 GiB. [F1]\n0: The memory of this container grew for hours without GC being able to help.\n",
		},
		"line ends":  {"It leaks.\r\nIt died.\r\rIt came back.", "0: It leaks.\n0: It died.\n1: It came back.\n"},
		"ellipses":   {"gateway-zxthb… was killed… It leaks... so they say. The end…", "0: gateway-zxthb… was killed…\n0: It leaks... so they say.\n0: The end…\n"},
		"quotes":     {`It said "disk full. Bye." Then it died (of that.) So it went.`, "0: It said \"disk full. Bye.\"\n0: Then it died (of that.)\n0: So it went.\n"},
		"open quote": {`It said "no more. Then it died.`, "0: It said \"no more.\n0: Then it died.\n"},
		"questions":  {"Why? It leaks! Yes.", "0: Why?\n0: It leaks!\n0: Yes.\n"},
		"invisible":  {"It le\u200baks\u200f. [F1]", "0: It leaks. [F1]\n"},
	} {
		if diff := cmp.Diff(tt.want, said(Sentences(tt.text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSentencesKeepWhatWasWritten(t *testing.T) {
	got := Sentences("It leaks.  [F1] [F2]\n- **it** died (see F3).")
	want := []string{"It leaks.  [F1] [F2]", "- **it** died (see F3)."}
	var raw []string
	for _, s := range got {
		raw = append(raw, s.Raw)
	}
	if diff := cmp.Diff(want, raw); diff != "" {
		t.Errorf("raw (-want +got):\n%s", diff)
	}
}

func TestCitations(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"[F3]":                     "F3",
		"[F3, F5]":                 "F3 F5",
		"[F3][F5] [F3]":            "F3 F5",
		"[F3–F6]":                  "F3 F4 F5 F6",
		"[F3-F5], F7-F9":           "F3 F4 F5 F7 F8 F9",
		"[F3 to F5]":               "F3 F4 F5",
		"[F9-F3]":                  "F9 F3",
		"[F1-F999999]":             "F1 F999999",
		"(F3) and (see F4; F5)":    "F3 F4 F5",
		"see F3, F4.":              "F3 F4",
		"as F3 and F12's sum show": "F3 F12",
		"【F7】 and [f8] and [F03] and [fact F4]": "F7 F8 F3 F4",
		"[F１２]":                                   "F12",
		"f3, xF3, F3x, 0xF3, F-3, F, F3.5":        "",
		"gateway-F3 of F3-gateway, a/F3, #F3":     "",
		"F3/F4":                                   "F3 F4",
		"[F3 shows that] (F4, with 1.9 GiB)":      "F3 F4",
		"session.F3 key_F4 https://x/F5 \\F6 @F7": "",
	} {
		if got := strings.Join(Citations(text), " "); got != want {
			t.Errorf("Citations(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzSentences(f *testing.F) {
	f.Add("It grew, e.g. by 1.57 GiB. [F3][F4–F9]\n\n- \"a. b\"\n1. `c`…")
	f.Add("[F1] a. [F2] b.\r\nF3F3-F4 (F5)\u200b")
	f.Fuzz(func(t *testing.T, text string) {
		letters, raw := 0, 0
		for _, s := range Sentences(text) {
			if s.Text == "" && len(s.Cites) == 0 {
				t.Errorf("an empty sentence of %q", s.Raw)
			}
			if utf8.ValidString(text) && !utf8.ValidString(s.Text) {
				t.Errorf("cut within a letter: %q", s.Text)
			}
			if diff := cmp.Diff(Citations(s.Raw), s.Cites); diff != "" && !strings.Contains(diff, "F") {
				t.Errorf("cites of %q: %s", s.Raw, diff)
			}
			raw += strings.Count(s.Raw, "e")
		}
		if letters = strings.Count(text, "e"); raw != letters {
			t.Errorf("%d letters of %d are left of %q", raw, letters, text)
		}
	})
}
