package lokitest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// query is a query as the stand-in understands it: a selector, and filters of lines.
type query struct {
	selector []matcher
	filters  []filter
}

// matcher is one condition on a label.
type matcher struct {
	name, op, value string
	re              *regexp.Regexp
}

// filter is one condition on a line.
type filter struct {
	op, value string
	re        *regexp.Regexp
}

// parser reads a query from its beginning.
type parser struct {
	text string
	at   int
}

// parseQuery reads a selector with filters behind it.
func parseQuery(text string) (query, error) {
	p := &parser{text: text}
	var q query
	var err error
	if q.selector, err = p.selector(); err != nil {
		return q, err
	}
	for p.space(); p.at < len(p.text); p.space() {
		f, err := p.filter()
		if err != nil {
			return q, err
		}
		q.filters = append(q.filters, f)
	}
	return q, nil
}

// parseSelector reads a selector alone.
func parseSelector(text string) ([]matcher, error) {
	q, err := parseQuery(text)
	if err == nil && len(q.filters) > 0 {
		err = errors.New("parse error at line 1: only a stream selector can stand here")
	}
	return q.selector, err
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.ContainsRune(" \t\n", rune(p.text[p.at])) {
		p.at++
	}
}

func (p *parser) fail(expected string) error {
	found := "the end"
	if p.at < len(p.text) {
		found = strconv.Quote(p.text[p.at : p.at+1])
	}
	return fmt.Errorf("parse error at line 1, col %d: syntax error: unexpected %s, expecting %s", p.at+1, found, expected)
}

// literal takes text, if it comes next.
func (p *parser) literal(text string) bool {
	p.space()
	if strings.HasPrefix(p.text[p.at:], text) {
		p.at += len(text)
		return true
	}
	return false
}

// oneOf takes one of several operators; a longer one comes before its own beginning.
func (p *parser) oneOf(ops ...string) (string, error) {
	for _, op := range ops {
		if p.literal(op) {
			return op, nil
		}
	}
	return "", p.fail(strings.Join(ops, " or "))
}

func (p *parser) selector() ([]matcher, error) {
	if !p.literal("{") {
		return nil, p.fail("{")
	}
	var all []matcher
	positive := false
	for {
		m, err := p.matcher()
		if err != nil {
			return nil, err
		}
		all = append(all, m)
		positive = positive || !m.matches("") && (m.op == "=" || m.op == "=~")
		if p.literal("}") {
			break
		}
		if !p.literal(",") {
			return nil, p.fail(", or }")
		}
	}
	if !positive {
		return nil, errors.New("parse error: no matcher of the selector demands a label that is there")
	}
	return all, nil
}

func (p *parser) matcher() (matcher, error) {
	p.space()
	start := p.at
	for p.at < len(p.text) && (p.text[p.at] == '_' || p.text[p.at] >= 'a' && p.text[p.at] <= 'z' ||
		p.text[p.at] >= 'A' && p.text[p.at] <= 'Z' || p.at > start && p.text[p.at] >= '0' && p.text[p.at] <= '9') {
		p.at++
	}
	m := matcher{name: p.text[start:p.at]}
	if m.name == "" {
		return m, p.fail("a label")
	}
	var err error
	if m.op, err = p.oneOf("=~", "!~", "!=", "="); err != nil {
		return m, err
	}
	if m.value, err = p.quoted(); err != nil {
		return m, err
	}
	if strings.HasSuffix(m.op, "~") {
		if m.re, err = regexp.Compile("^(?s:" + m.value + ")$"); err != nil {
			return m, fmt.Errorf("parse error at line 1, col %d: %w", p.at, err)
		}
	}
	return m, nil
}

func (p *parser) filter() (filter, error) {
	var f filter
	var err error
	if f.op, err = p.oneOf("|=", "|~", "!=", "!~"); err != nil {
		return f, err
	}
	if f.value, err = p.quoted(); err != nil {
		return f, err
	}
	if strings.HasSuffix(f.op, "~") {
		if f.re, err = regexp.Compile(f.value); err != nil {
			return f, fmt.Errorf("parse error at line 1, col %d: %w", p.at, err)
		}
	}
	return f, nil
}

// quoted reads a text in quotation marks or backticks.
func (p *parser) quoted() (string, error) {
	p.space()
	text, err := strconv.QuotedPrefix(p.text[p.at:])
	if err != nil || text[0] == '\'' {
		return "", p.fail("a quoted text")
	}
	p.at += len(text)
	return strconv.Unquote(text)
}

func (m matcher) matches(value string) bool {
	switch m.op {
	case "=":
		return value == m.value
	case "!=":
		return value != m.value
	case "=~":
		return m.re.MatchString(value)
	}
	return !m.re.MatchString(value)
}

func (f filter) matches(line string) bool {
	switch f.op {
	case "|=":
		return strings.Contains(line, f.value)
	case "!=":
		return !strings.Contains(line, f.value)
	case "|~":
		return f.re.MatchString(line)
	}
	return !f.re.MatchString(line)
}

// selects says whether all matchers hold; a label that is not there is empty.
func selects(all []matcher, labels map[string]string) bool {
	for _, m := range all {
		if !m.matches(labels[m.name]) {
			return false
		}
	}
	return true
}

// passes says whether a line passes all filters.
func (q query) passes(line string) bool {
	for _, f := range q.filters {
		if !f.matches(line) {
			return false
		}
	}
	return true
}
