package loki

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Expand fills in the placeholders of a template of LogQL: $name stands for values["name"]. A value is data and
// stays it: within a quoted text it is escaped, behind =~, !~ or |~ it is escaped as a regular expression as well,
// and elsewhere it must be a plain word. Of several values all are matched in a regular expression; elsewhere the
// first stands for them. A dollar sign that no letter follows is itself. What can't be filled in is an error.
func Expand(template string, values map[string][]string) (string, error) {
	e := expander{values: values}
	for i := 0; i < len(template); {
		n, err := e.step(template, i)
		if err != nil {
			return "", fmt.Errorf("fill in the query %q: %w", template, err)
		}
		i += n
	}
	return e.out.String(), nil
}

type expander struct {
	values map[string][]string
	out    strings.Builder
	// quote is the quotation mark of the text that we are in, 0 outside; regex says that it is an expression.
	quote byte
	regex bool
}

// word is what can stand outside of quotation marks.
var word = regexp.MustCompile(`^[\w.:-]+$`)

// step reads what stands at i, writes it, and returns its length.
func (e *expander) step(t string, i int) (int, error) {
	c := t[i]
	switch {
	case c == '$' && i+1 < len(t) && isLetter(t[i+1]):
		end := i + 2
		for end < len(t) && isLetter(t[end]) {
			end++
		}
		text, err := e.value(t[i+1 : end])
		e.out.WriteString(text)
		return end - i, err
	case e.quote == '"' && c == '\\' && i+1 < len(t):
		e.out.WriteString(t[i : i+2])
		return 2, nil
	case e.quote == 0 && (c == '"' || c == '`'):
		e.quote = c
		e.regex = strings.HasSuffix(strings.TrimRight(t[:i], " "), "~")
	case c == e.quote:
		e.quote = 0
	}
	e.out.WriteByte(c)
	return 1, nil
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c == '_' }

// value returns a placeholder's value as it can stand where we are.
func (e *expander) value(name string) (string, error) {
	all := e.values[name]
	if len(all) == 0 || all[0] == "" {
		if _, known := e.values[name]; known {
			return "", fmt.Errorf("$%s is not known here", name)
		}
		return "", fmt.Errorf("there is no $%s, only $%s", name, strings.Join(slices.Sorted(maps.Keys(e.values)), ", $"))
	}
	text := all[0]
	if e.quote != 0 && e.regex {
		parts := make([]string, 0, len(all))
		for _, v := range all {
			parts = append(parts, regexp.QuoteMeta(v))
		}
		if text = parts[0]; len(parts) > 1 {
			text = "(?:" + strings.Join(parts, "|") + ")"
		}
	}
	switch e.quote {
	case '"':
		quoted := strconv.Quote(text)
		return quoted[1 : len(quoted)-1], nil
	case '`':
		if strings.ContainsAny(text, "`\r") {
			return "", fmt.Errorf("$%s can't stand between backticks: write the template with quotation marks", name)
		}
		return text, nil
	}
	if !word.MatchString(text) {
		return "", fmt.Errorf("$%s is no plain word: write it within quotation marks", name)
	}
	return text, nil
}
