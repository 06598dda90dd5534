package kernlog

import (
	"strings"
	"unicode/utf8"
)

func width(s string) int { return utf8.RuneCountInString(s) }

// pad fills up with spaces to n columns.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-width(s))) }

// padLeft is pad on the other side.
func padLeft(s string, n int) string { return strings.Repeat(" ", max(0, n-width(s))) + s }

// fit cuts a text that is longer than n columns.
func fit(s string, n int) string {
	if width(s) <= n {
		return s
	}
	r := []rune(s)
	return string(r[:max(0, n-1)]) + "…"
}

// fitLeft cuts off the beginning.
func fitLeft(s string, n int) string {
	if width(s) <= n {
		return s
	}
	r := []rune(s)
	return "…" + string(r[len(r)-max(0, n-1):])
}

// wrap breaks a text into lines of at most n columns, at spaces where there are any.
func wrap(s string, n int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case width(line)+1+width(word) <= n:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
		for width(line) > n {
			r := []rune(line)
			lines, line = append(lines, string(r[:n])), string(r[n:])
		}
	}
	return append(lines, line)
}
