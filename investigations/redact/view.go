package redact

import (
	"strconv"
	"strings"
)

// view is a text as a person or a program would read it: without colours and invisible characters, with escapes
// (\u0070, \x70, %70) resolved. at holds, for each byte of text, where it comes from; the last entry is the
// length of the original.
type view struct {
	text string
	at   []int
}

// decode returns the view of s.
func decode(s string) view {
	var b strings.Builder
	v := view{at: make([]int, 0, len(s)+1)}
	for i := 0; i < len(s); {
		out, n := decodeAt(s, i)
		for range len(out) {
			v.at = append(v.at, i)
		}
		b.WriteString(out)
		i += n
	}
	v.at = append(v.at, len(s))
	v.text = b.String()
	return v
}

// decodeAt returns what the bytes at i stand for, and how many they are.
func decodeAt(s string, i int) (string, int) {
	switch c := s[i]; {
	case c == '\x1b':
		return "", escapeSequence(s[i:])
	case c == '%' && i+2 < len(s):
		return ascii(s[i:i+1], s[i+1:i+3], 3)
	case c == '\\':
		j := i
		for j < len(s) && s[j] == '\\' {
			j++
		}
		switch {
		case j+5 <= len(s) && s[j] == 'u':
			return escaped(s, i, s[j+1:j+5], j+5-i)
		case j+3 <= len(s) && s[j] == 'x':
			return escaped(s, i, s[j+1:j+3], j+3-i)
		}
	case c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f:
		return "", 1
	case c >= 0x80:
		for _, hidden := range [...]string{"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad"} {
			if strings.HasPrefix(s[i:], hidden) {
				return "", len(hidden)
			}
		}
	}
	return s[i : i+1], 1
}

// escaped is ascii for what a backslash begins. An escaped escape takes the rest of its sequence along.
func escaped(s string, i int, digits string, n int) (string, int) {
	if digits = strings.TrimPrefix(digits, "00"); digits == "1b" || digits == "1B" {
		return "", n - 1 + escapeSequence("\x1b"+s[i+n:])
	}
	return ascii(s[i:i+1], digits, n)
}

// ascii returns the character whose hexadecimal number is digits, which stands in n bytes. What is not
// printable ASCII stays as it is: its first byte.
func ascii(first, digits string, n int) (string, int) {
	c, err := strconv.ParseUint(digits, 16, 32)
	switch {
	case err != nil || c > 0x7e:
		return first, 1
	case c == '\t', c == '\n', c == '\r':
		return " ", n
	case c < ' ':
		return "", n
	}
	return string(rune(c)), n
}

// escapeSequence returns the length of the terminal's sequence that s begins with.
func escapeSequence(s string) int {
	if len(s) < 2 {
		return 1
	}
	switch s[1] {
	case '[':
		for i := 2; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return i + 1
			}
		}
		return len(s)
	case ']':
		for i := 2; i < len(s); i++ {
			if s[i] == '\a' || s[i] == '\x1b' {
				return i + 1
			}
		}
		return len(s)
	}
	return 2
}
