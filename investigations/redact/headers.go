package redact

import "strings"

// schemes of Authorization whose secret is one word.
var schemes = []string{"bearer", "basic", "token", "apikey", "negotiate", "ntlm", "splunk", "bot", "key", "genie", "geniekey", "ssws"}

// longSchemes have several parameters, up to the end of the header.
var longSchemes = []string{"digest", "aws4-", "signature", "hawk", "oauth", "scram-", "sharedkey", "aws "}

// schemeOf returns the length of the scheme, with the space behind it, that s begins with.
func schemeOf(s string) int {
	for _, name := range schemes {
		if n := len(name); len(s) > n && strings.EqualFold(s[:n], name) && isSpace(s[n]) {
			for n < len(s) && isSpace(s[n]) {
				n++
			}
			return n
		}
	}
	return 0
}

// header marks the value of an Authorization or Cookie header, at from and at most up to to.
func (f *finder) header(c class, from, to int) {
	s := f.s[:to]
	f.spend(to - from)
	for i := from; i < to; i++ { // a header among the arguments of a command or the fields of a log
		if s[i] == '"' && c == jar || s[i] == '\'' && c == jar {
			s = s[:backslashes(s, i)]
			break
		}
	}
	if c == jar {
		if from < len(s) && secret(weak, s[from:]) {
			f.add(from, len(strings.TrimRight(s, " \t\r")))
		}
		return
	}
	from += schemeOf(s[from:])
	for _, long := range longSchemes {
		if len(s)-from >= len(long) && strings.EqualFold(s[from:from+len(long)], long) {
			if i := strings.IndexByte(s[from:], ' '); i > 0 {
				from += i + 1
				f.add(from, len(strings.TrimRight(s, " \t\r")))
				return
			}
		}
	}
	if end := f.word(from); min(end, to) > from && secret(strong, s[from:min(end, to)]) {
		f.add(from, min(end, to))
	}
}

// scheme marks what follows the word bearer or basic, which ends at end, where it looks like no word.
func (f *finder) scheme(end int) {
	s := f.s
	i := end
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	to := i
	for to < len(s) && (base64s.holds(s[to]) || s[to] == '.' || s[to] == '~') {
		to++
	}
	f.spend(to - end)
	if word := strings.TrimRight(s[i:to], ".-"); len(word) >= 12 && !lowerWord(word) {
		f.add(i, i+len(word))
	}
}

// lowerWord tells whether s is words of lower-case letters, as authentication-scheme.
func lowerWord(s string) bool {
	for i := range len(s) {
		if (s[i] < 'a' || s[i] > 'z') && s[i] != '-' {
			return false
		}
	}
	return strings.Contains(s, "-") || len(s) < 16
}
