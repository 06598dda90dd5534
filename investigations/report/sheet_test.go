package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sheet returns what write puts on a sheet.
func sheet(t *testing.T, opt TextOptions, write func(*Sheet)) string {
	t.Helper()
	s := NewSheet(opt)
	write(s)
	var b strings.Builder
	n, err := s.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("%d bytes of %d, %v", n, b.Len(), err)
	}
	return b.String()
}

func TestSheet(t *testing.T) {
	got := sheet(t, TextOptions{Width: 40}, func(s *Sheet) {
		s.Sides([]Span{Bold("shop/checkout")}, Dim("3 d ago"))
		s.Sides([]Span{Bold("shop/"), Plain(strings.Repeat("x", 40))}, Dim("3 d ago"))
		s.Sides([]Span{Plain("id")}, Dim("01KAXW8B4MZ5W1N9N9N9N9N9N9"))
		s.Line(Plain(strings.Repeat("1234567890", 4)))
		s.Line(Plain(strings.Repeat("1234567890", 4)), Plain("."))
		s.Line(Plain(strings.Repeat("1234567890", 3)), Plain("1234567890."))
		s.Line(Plain("日本"), Plain(strings.Repeat("本", 20)))
		s.Heading("TITLE", "beside")
		s.Para(Plain("  - "), Plain("a paragraph that is longer than one line is"))
		s.Parts("  ", "one", "two", strings.Repeat("three ", 6))
		s.Table("  ", [][]Span{
			{Dim("cause"), Dim("right"), Dim("")},
			{Plain("leak"), Plain("12"), Plain("all of them, and there is more to say")},
			{Plain("load spike"), Plain("1")},
		}, 1)
	})
	want := `shop/checkout                    3 d ago
shop/xxxxxxxxxxxxxxxxxxxxxxxxx…  3 d ago
id
  01KAXW8B4MZ5W1N9N9N9N9N9N9
1234567890123456789012345678901234567890
123456789012345678901234567890123456789…
123456789012345678901234567890123456789…
日本本本本本本本本本本本本本本本本本本…

TITLE  beside
  - a paragraph that is longer than one
    line is
  one · two
  three three three three three three
  cause       right
  leak           12  all of them, and t…
  load spike      1
`
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s\n%s", d, got)
	}
}

// TestSheetIsSafe writes what would break out of a line, with and without colours.
func TestSheetIsSafe(t *testing.T) {
	const evil = "\x1b[31mred\nnext\r\u202epassword=hunter2"
	all := func(s *Sheet) {
		s.Heading("TITLE", evil)
		s.Line(Red(evil), Green(evil))
		s.Sides([]Span{Yellow(evil)}, Cyan("right"))
		s.Para(Plain("- "), Plain(evil))
		s.Parts("", evil)
		s.Table("", [][]Span{{Plain(evil), Plain(evil)}})
	}
	plain := sheet(t, TextOptions{Width: 120}, all)
	if strings.ContainsAny(plain, "\x1b\r\u202e") || strings.Contains(plain, "hunter2") {
		t.Errorf("got %q", plain)
	}
	coloured := sheet(t, TextOptions{Width: 120, Color: true}, all)
	for _, c := range []string{"\x1b[1;31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[1m", "\x1b[2m", "\x1b[0m"} {
		coloured = strings.ReplaceAll(coloured, c, "")
	}
	if d := cmp.Diff(plain, coloured); d != "" {
		t.Errorf("with colours there is more than colours (-plain +coloured)\n%s", d)
	}
}

func TestSheetError(t *testing.T) {
	s := NewSheet(TextOptions{})
	s.Line(Plain("text"))
	if _, err := s.WriteTo(brokenPipe{}); err == nil {
		t.Error("an error of the writer is lost")
	}
}

func TestCut(t *testing.T) {
	if got := Cut("a\x1bbcdef", 4); got != "a\ufffdb…" {
		t.Errorf("got %q", got)
	}
}
