package alerts

import (
	"regexp"
	"strings"
)

// status is what a post says of its alert's state.
type status int

const (
	unsaid status = iota
	firing
	acknowledged
	resolved
)

// maxHead is how many lines of a post may begin with its state: further down, other things are said.
const maxHead = 3

var (
	// stateWord is a state as posts begin with it: "Resolved #12", "[Triggered on {host:a}] …", ":fire: Firing".
	stateWord = regexp.MustCompile(`(?i)^(?:[^A-Za-z0-9:\[]|:[a-z0-9_+\-]+:)*\[?(re-?triggered|triggered|firing|reopened|alerting|warn|no data|acknowledged|resolved|recovered|closed|ok)\b(?: on \{[^}]*\})?[ \t]*(?:[\]:#|(—–\-]|$|incident\b|alert\b|by\b)`)
	// statePair is one under a name, and stateBy one of a sentence.
	statePair = regexp.MustCompile(`(?im)(?:^|[^a-z])(?:status|state)[ \t]*(?:[:=][ \t]*)?\n?[ \t]*["']?(triggered|firing|open|alerting|acknowledged|acked|resolved|recovered|closed)\b`)
	stateBy   = regexp.MustCompile(`(?i)\b(acknowledged|resolved|closed) by\b`)

	stateOf = map[string]status{
		"acknowledged": acknowledged, "acked": acknowledged, "resolved": resolved, "recovered": resolved, "closed": resolved, "ok": resolved,
	}
)

// state returns the state that a plain text tells. A post that is edited keeps what it said before, so that the later
// state wins, unless the post begins with one.
func state(text string) status {
	switch upper := strings.ToUpper(text); {
	case strings.Contains(upper, "[FIRING"):
		return firing
	case strings.Contains(upper, "[RESOLVED"):
		return resolved
	}
	seen, head := unsaid, 0
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if head++; head > maxHead {
			break
		}
		m := stateWord.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		word := strings.ToLower(m[1])
		if word == "reopened" {
			return firing
		}
		seen = max(seen, later(word))
	}
	for _, re := range []*regexp.Regexp{statePair, stateBy} {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			seen = max(seen, later(strings.ToLower(m[1])))
		}
	}
	return seen
}

// later returns the state that a word tells: firing for those that tell no later one.
func later(word string) status {
	if s, ok := stateOf[word]; ok {
		return s
	}
	return firing
}
