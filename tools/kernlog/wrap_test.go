package kernlog

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog/kernlogtest"
)

// wrapHyphens breaks as Python's textwrap does: at spaces, behind hyphens within words, and within a word that is
// longer than a line.
func wrapHyphens(l string, width int) string {
	l = strings.TrimSuffix(l, "\n")
	var b strings.Builder
	for len(l) > width {
		cut, next := width, width
		for i := width; i > 20; i-- {
			if l[i] == ' ' {
				cut, next = i, i+1
				break
			}
			if l[i-1] == '-' && i > 1 && alphanumeric(l[i-2]) && alphanumeric(l[i]) {
				cut, next = i, i
				break
			}
		}
		b.WriteString(l[:cut] + "\n")
		l = strings.TrimLeft(l[next:], " ")
	}
	return b.String() + l + "\n"
}

// wrapFold breaks as fold -s does, which keeps the space at which it breaks.
func wrapFold(l string, width int) string {
	l = strings.TrimSuffix(l, "\n")
	var b strings.Builder
	for len(l) > width {
		cut := strings.LastIndexByte(l[:width], ' ') + 1
		if cut == 0 {
			cut = width
		}
		b.WriteString(l[:cut] + "\n")
		l = l[cut:]
	}
	return b.String() + l + "\n"
}

func alphanumeric(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' }

// TestWraps breaks the lines of whole reports as mails and terminals do: nothing is lost but where they stood.
func TestWraps(t *testing.T) {
	wrappers := map[string]func(string) string{
		"hard":    func(l string) string { return wrapHard(l, 80) },
		"soft":    func(l string) string { return wrapSoft(l, 80) },
		"soft 72": func(l string) string { return wrapSoft(l, 72) },
		"hyphens": func(l string) string { return wrapHyphens(l, 80) },
		"quoted": func(l string) string {
			return "> " + strings.ReplaceAll(strings.TrimSuffix(wrapSoft(l, 78), "\n"), "\n", "\n> ") + "\n"
		},
		"quoted first": func(l string) string { return wrapHard("> "+l, 80) },
		"fold -s":      func(l string) string { return wrapFold(l, 80) },
		"windows":      func(l string) string { return strings.ReplaceAll(wrapHard(l, 80), "\n", "\r\n") },
	}
	// Without a prefix nothing tells where a line begins, and one in JSON can't be broken.
	without := []kernlogtest.Transport{kernlogtest.JournalCat, kernlogtest.JournalJSON}
	for i, k := range kernlogtest.Kernels {
		for name, report := range incidents(k) {
			if name == "names" {
				continue // line breaks within names can't be told from those of a mail
			}
			for j, tr := range kernlogtest.Transports {
				if slices.Contains(without, tr) || (i+j)%5 > 0 {
					continue
				}
				l := newLog(tr)
				l.Add(report.Messages()...)
				want := scan(t, l.Bytes())
				for how, wrap := range wrappers {
					var log strings.Builder
					for line := range strings.Lines(string(l.Bytes())) {
						log.WriteString(wrap(line))
					}
					if !slices.Contains([]string{"hard", "windows", "quoted first"}, how) && undecided(log.String()) {
						continue
					}
					if diff := cmp.Diff(want, scan(t, []byte(log.String())), cmpopts.IgnoreFields(investigations.KernelReport{}, "Lines")); diff != "" {
						t.Errorf("%s, %s, %s, %s: (-whole +wrapped)\n%s\n%s", k.Release, name, tr, how, diff, log.String())
						return
					}
				}
			}
		}
	}
}

// undecided tells whether the first line that is broken at a space ends just at the width, as if it were broken within a
// word: nothing before it tells which it is.
func undecided(log string) bool {
	before := ""
	for line := range strings.Lines(log) {
		if line = strings.TrimRight(line, "\r\n"); len(before) >= minWidth && line != "" && line[0] != '[' && line[0] != ' ' && !isDigit(line[0]) {
			return len(before) == wrapWidth
		}
		before = line
	}
	return false
}

// TestWrapsEnd holds that lines are put together only as long as none is longer than a mail leaves one, and that the
// lines of the log are counted.
func TestWrapsEnd(t *testing.T) {
	long := "[    1.000000] eth0: " + strings.Repeat("x ", 40) + "\n"
	short := "[    2.000000] Memory cgroup out of memory: Killed process 5 (two words, and mo\nre) total-vm:1kB, anon-rss:1kB, file-rss:0kB\n"
	for log, want := range map[string]string{short: "1-2 two words, and mo re", long + short: "2-3 two words, and mo\nre"} {
		s := NewScanner(strings.NewReader(log), Options{})
		if !s.Scan() {
			t.Fatalf("no report in %q", log)
		}
		if r := s.Report(); fmt.Sprintf("%d-%d %s", r.Lines[0], r.Lines[1], r.Killed[0].Comm) != want {
			t.Errorf("%+v, want %q", r, want)
		}
		if s.Scan(); s.Summary().Lines != int64(bytes.Count([]byte(log), newline)) {
			t.Errorf("%d lines in %q", s.Summary().Lines, log)
		}
	}
}
