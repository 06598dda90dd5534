package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWidth(t *testing.T) {
	tests := map[string]int{
		"": 0, "plain": 5, "日本語": 6, "é": 1, "e\u0301": 1, "😀": 2, "한국": 4, "ｗｉｄｅ": 8, "┤╌▲": 3, "…": 1, "\uFFFD": 1, "✅": 2, "⚠": 1,
	}
	for in, want := range tests {
		if got := width(in); got != want {
			t.Errorf("width(%q) = %d, want %d", in, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		name, in string
		limit    int
		want     []string
	}{
		{"nothing", "", 20, nil},
		{"only spaces", "  \n ", 20, nil},
		{"fits", "one two three", 13, []string{"one two three"}},
		{"breaks at spaces", "one two three", 12, []string{"one two", "three"}},
		{"spaces are folded", "one   two", 12, []string{"one two"}},
		{"a long word is broken behind separators", "see /kubepods/burstable/podabc/crio-0123 there", 13, []string{"see", "/kubepods/", "burstable/", "podabc/crio-", "0123 there"}},
		{"a long word without any stands alone", "see profilesshopcheckoutapbgz there", 12, []string{"see", "profilesshopcheckoutapbgz", "there"}},
		{"wide characters count twice", "日本 日本 日本", 9, []string{"日本 日本", "日本"}},
		{"a number keeps its unit", "it reached 512 MiB", 16, []string{"it reached", "512 MiB"}},
		{"so do durations", "it dies every 1 h 12 min, and then", 22, []string{"it dies every", "1 h 12 min, and then"}},
		{"a unit is no word", "about 3 houses", 9, []string{"about 3", "houses"}},
		{"a citation stays with its word", "its own limit was reached [F1].", 28, []string{"its own limit was", "reached [F1]."}},
		{"a pid stays with its label", "it killed the java (pid 4711)", 23, []string{"it killed the java", "(pid 4711)"}},
		{"too long to be kept together", "unquestionably [F1]", 16, []string{"unquestionably", "[F1]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, wrap(tt.in, tt.limit)); d != "" {
				t.Errorf("wrap(%q, %d) (-want +got):\n%s", tt.in, tt.limit, d)
			}
		})
	}
}

func TestWrapWhole(t *testing.T) {
	got := wrapWhole("in profiles/shop/checkout/a.pb.gz and b", 12)
	if d := cmp.Diff([]string{"in", "profiles/shop/checkout/a.pb.gz", "and b"}, got); d != "" {
		t.Errorf("wrapWhole (-want +got):\n%s", d)
	}
}

func TestCutAndPad(t *testing.T) {
	tests := []struct {
		in   string
		n    int
		want string
	}{
		{"java", 4, "java"}, {"javac", 4, "jav…"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"}, {"", 0, ""}, {"a", 0, "…"},
	}
	for _, tt := range tests {
		if got := cut(tt.in, tt.n); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
	if got := pad("日本", 6) + "|" + padLeft("日本", 6) + "|" + pad("long", 2); got != "日本  |  日本|long" {
		t.Errorf("padded: %q", got)
	}
}

func TestPageLine(t *testing.T) {
	spans := []span{{"  ", dim}, {"red\x1b[31m", red}, {" ", plain}, {"日本 ", bold}, {"  ", dim}}
	p := &page{width: 80}
	p.line(spans...)
	p.color = true
	p.line(spans...)
	p.line()
	want := "  red\uFFFD[31m 日本\n  \x1b[1;31mred\uFFFD[31m\x1b[0m \x1b[1m日本\x1b[0m\n\n"
	if got := p.out.String(); got != want {
		t.Errorf("lines %q, want %q", got, want)
	}
}

func TestPagePara(t *testing.T) {
	p := &page{width: 40}
	p.para(span{"label  ", dim}, "a text that goes on to a second line [F1] [F2].", plain)
	p.para(span{strings.Repeat("long ", 6), dim}, "the text below", plain)
	want := `label  a text that goes on to a second
       line [F1] [F2].
long long long long long long
    the text below
`
	if d := cmp.Diff(want, p.out.String()); d != "" {
		t.Errorf("paragraphs (-want +got):\n%s", d)
	}
	p = &page{width: 40, color: true}
	p.para(span{}, "grew [F1], not [F2, F3]", bold)
	want = "\x1b[1mgrew \x1b[0m\x1b[36m[F1]\x1b[0m\x1b[1m, not \x1b[0m\x1b[36m[F2, F3]\x1b[0m\n"
	if got := p.out.String(); got != want {
		t.Errorf("citations %q, want %q", got, want)
	}
}
