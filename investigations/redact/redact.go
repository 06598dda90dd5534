// Package redact takes secrets out of text before it is printed, logged, sent or stored. It knows secrets by
// their shape (keys, tokens of well-known issuers, passwords in URLs) and by the name that stands before them
// (password=…, Authorization: …). It errs on the side of masking, and never changes text that holds none.
//
// All functions are safe for concurrent use.
package redact

import (
	"regexp"
	"strings"
)

// Masked stands in place of a secret.
const Masked = "[redacted]"

// pattern is a form of secret. The expression's first group stays, the rest goes.
type pattern struct {
	// hints are lower-case substrings of which one must be there for the expression to be tried: most text has
	// none, and the search for them is cheap. No hints: always tried.
	hints []string
	re    *regexp.Regexp
}

var patterns = []pattern{
	{[]string{"private key"}, regexp.MustCompile(`()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`)},
	{[]string{"authorization"}, regexp.MustCompile(`(?i)((?:proxy-)?authorization["']?\s*[=:]\s*["']?(?:(?:bearer|basic|digest|token)\s+)?)[^\s"',]+`)},
	{[]string{"cookie"}, regexp.MustCompile(`(?i)(\b(?:set-)?cookie["']?\s*[=:]\s*["']?)[^"'\r\n]+`)},
	{
		[]string{"passw", "passphrase", "pwd", "secret", "token", "key", "credential", "session"},
		regexp.MustCompile(`(?i)([\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|` +
			`credentials?|session[_-]?id)[\w.-]*\\?["']?\s*[=:]\s*)(?:\\"[^"\\]*(?:\\")?|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,;&"')}\]]+)`),
	},
	{[]string{"bearer ", "basic "}, regexp.MustCompile(`(?i)(\b(?:bearer|basic) )[\w.~+/=-]{12,}`)},
	{[]string{"eyj"}, regexp.MustCompile(`()\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?`)},
	{[]string{"akia", "asia"}, regexp.MustCompile(`()\b(?:AKIA|ASIA)[0-9A-Z]{12,}\b`)},
	{
		[]string{"gh", "glpat-", "xox", "xapp-", "sk-", "aiza"},
		regexp.MustCompile(`()\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{8,}|xapp-[\w-]{8,}|sk-[\w-]{16,}|AIza[\w-]{30,})`),
	},
	{[]string{"://"}, regexp.MustCompile(`(\w://[^\s/:@]*:)[^\s/@]+(?:@)`)},
	// A line of a key whose first line is not there.
	{nil, regexp.MustCompile(`^()\s*[A-Za-z0-9+/]{60,}={0,2}\s*$`)},
}

// Text returns s with every secret in it replaced by Masked.
func Text(s string) string {
	low := strings.ToLower(s)
	for _, p := range patterns {
		if !p.mayHold(low) || !p.re.MatchString(s) {
			continue
		}
		s = p.re.ReplaceAllStringFunc(s, func(m string) string {
			keep := p.re.FindStringSubmatch(m)[1]
			if strings.HasSuffix(m, "@") {
				return keep + Masked + "@"
			}
			return keep + Masked
		})
	}
	return s
}

func (p pattern) mayHold(low string) bool {
	if p.hints == nil {
		return len(low) >= 60
	}
	for _, h := range p.hints {
		if strings.Contains(low, h) {
			return true
		}
	}
	return false
}
