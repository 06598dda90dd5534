package investigations

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanText(t *testing.T) {
	tests := []struct {
		name, in string
		limit    int
		want     string
	}{
		{"plain", "java was killed", 100, "java was killed"},
		{"exactly the limit", "abcdef", 6, "abcdef"},
		{"one over", "abcdefg", 6, "abc…"},
		{"line ends and tabs", "a\r\nb\tc", 100, "a  b c"},
		{"colours", "\x1b[31mred\x1b[0m", 100, "\uFFFD[31mred\uFFFD[0m"},
		{"C1 and DEL", "a\u009b1mb\x7f", 100, "a\uFFFD1mb\uFFFD"},
		{"bidi and invisible", "a\u202Eb\u200Bc\u2028d\uFEFF", 100, "a\uFFFDb\uFFFDc\uFFFDd\uFFFD"},
		{"invalid UTF-8", "a\xffb", 100, "a\uFFFDb"},
		{"invalid UTF-8 grows", "\xff\xff\xff\xff", 6, "\uFFFD…"},
		{"invalid UTF-8 fits when grown", "\xff\xff", 6, "\uFFFD\uFFFD"},
		{"cut between runes", "日本語日本語", 10, "日本…"},
		{"no room beside the ellipsis", "日本", 5, "…"},
		{"four bytes", "😀😀😀", 8, "😀…"},
		{"limit of the ellipsis", "abcd", 3, "…"},
		{"limit below the ellipsis", "abcd", 2, ""},
		{"limit zero", "a", 0, ""},
		{"negative limit", "a", -1, ""},
		{"empty", "", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := CleanText(tt.in, tt.limit); got != tt.want {
				t.Errorf("CleanText(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
			}
		})
	}
}

func TestQuote(t *testing.T) {
	tests := []struct {
		name, in string
		limit    int
		want     string
	}{
		{"plain", "started", 100, `"started"`},
		{"quotes", `msg="export started"`, 100, `"msg="export started""`},
		{"backslashes", `C:\data system-a\x2db.slice`, 100, `"C:\data system-a\x2db.slice"`},
		{"control characters", "a\x1b[31m\nb", 100, "\"a\uFFFD[31m b\""},
		{"one over", "abcdefg", 6, `"abc…"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Quote(tt.in, tt.limit); got != tt.want {
				t.Errorf("Quote(%q, %d) = %s, want %s", tt.in, tt.limit, got, tt.want)
			}
		})
	}
}

func FuzzCleanText(f *testing.F) {
	f.Add("plain", 10)
	f.Add("\x1b[31m\xff\u202e日本語", 7)
	f.Add("😀", -3)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := CleanText(s, limit)
		if len(got) > max(limit, 0) {
			t.Errorf("CleanText(%q, %d) is %d bytes", s, limit, len(got))
		}
		if !utf8.ValidString(got) {
			t.Errorf("CleanText(%q, %d) = %q is not valid UTF-8", s, limit, got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }); i >= 0 {
			t.Errorf("CleanText(%q, %d) = %q has a control character at %d", s, limit, got, i)
		}
		if again := CleanText(got, limit); again != got {
			t.Errorf("cleaning %q again gives %q", got, again)
		}
	})
}
