package logs

import (
	"regexp"
	"strings"
)

// masked stands in place of a secret.
const masked = "[redacted]"

// secrets are what is masked in the text that is kept; the first group stays.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`),
	regexp.MustCompile(`(?i)((?:proxy-)?authorization["']?\s*[=:]\s*["']?(?:(?:bearer|basic|digest|token)\s+)?)[^\s"',]+`),
	regexp.MustCompile(`(?i)(\b(?:set-)?cookie["']?\s*[=:]\s*["']?)[^"'\r\n]+`),
	regexp.MustCompile(`(?i)([\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|` +
		`credentials?|session[_-]?id)[\w.-]*\\?["']?\s*[=:]\s*)(?:\\"[^"\\]*(?:\\")?|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,;&"')}\]]+)`),
	regexp.MustCompile(`(?i)(\b(?:bearer|basic) )[\w.~+/=-]{12,}`),
	regexp.MustCompile(`()\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?`),
	regexp.MustCompile(`()\b(?:AKIA|ASIA)[0-9A-Z]{12,}\b`),
	regexp.MustCompile(`()\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{8,}|xapp-[\w-]{8,}|sk-[\w-]{16,}|AIza[\w-]{30,})`),
	regexp.MustCompile(`(\w://[^\s/:@]*:)[^\s/@]+(?:@)`),
	// The lines of a key whose first line is not there.
	regexp.MustCompile(`^()\s*[A-Za-z0-9+/]{60,}={0,2}\s*$`),
}

// mask takes obvious secrets out of a text. It errs on the side of masking.
func mask(s string) string {
	for _, re := range secrets {
		if !re.MatchString(s) {
			continue
		}
		s = re.ReplaceAllStringFunc(s, func(m string) string {
			keep := re.FindStringSubmatch(m)[1]
			if strings.HasSuffix(m, "@") {
				return keep + masked + "@"
			}
			return keep + masked
		})
	}
	return s
}

// keyBlock follows a private key that goes over several lines. Its zero value is outside of one.
type keyBlock struct {
	// left is how many more lines may belong to the key.
	left int
}

const keyLines = 200

// holds tells whether a line is a part of a key.
func (k *keyBlock) holds(line string) bool {
	switch {
	case strings.Contains(line, "PRIVATE KEY-----") && strings.Contains(line, "-----BEGIN"):
		k.left = keyLines
		if strings.Contains(line, "-----END") {
			k.left = 0
		}
		return true
	case k.left > 0 && strings.Contains(line, "-----END"):
		k.left = 0
		return true
	case k.left > 0:
		k.left--
		return true
	}
	return false
}
