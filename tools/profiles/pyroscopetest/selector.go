package pyroscopetest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// matcher is one condition of a selector.
type matcher struct {
	name, op string
	value    string
	pattern  *regexp.Regexp
}

type matchers []matcher

var nameAndOp = regexp.MustCompile(`^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*`)

// parseSelector reads {name="value",other=~"pattern"}, as Prometheus writes it. Patterns match the whole value.
func parseSelector(s string) (matchers, error) {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, "{") || !strings.HasSuffix(s, "}") || len(s) < 2 {
		return nil, errors.New("it stands in no braces")
	}
	var out matchers
	for rest := strings.TrimSpace(s[1 : len(s)-1]); rest != ""; {
		head := nameAndOp.FindStringSubmatch(rest)
		if head == nil {
			return nil, fmt.Errorf("no label and operator at %q", rest)
		}
		rest = rest[len(head[0]):]
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return nil, fmt.Errorf("no quoted value at %q", rest)
		}
		rest = strings.TrimSpace(rest[len(quoted):])
		m := matcher{name: head[1], op: head[2]}
		if m.value, err = strconv.Unquote(quoted); err != nil {
			return nil, err
		}
		if strings.HasSuffix(m.op, "~") {
			if m.pattern, err = regexp.Compile("^(?s:" + m.value + ")$"); err != nil {
				return nil, err
			}
		}
		out = append(out, m)
		if rest != "" {
			if !strings.HasPrefix(rest, ",") {
				return nil, fmt.Errorf("no comma at %q", rest)
			}
			rest = strings.TrimSpace(rest[1:])
		}
	}
	return out, nil
}

func (m matchers) match(s series) bool {
	for _, one := range m {
		v := s.label(one.name)
		ok := v == one.value
		if one.pattern != nil {
			ok = one.pattern.MatchString(v)
		}
		if ok == strings.HasPrefix(one.op, "!") {
			return false
		}
	}
	return true
}
