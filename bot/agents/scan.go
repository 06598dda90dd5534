package agents

import (
	"errors"
	"fmt"

	"github.com/oombot/oombot/investigations"
)

// Limits of what stands in a body, beside those of the decoded report.
const (
	maxDepth = 100
	// maxObjects bounds the objects of a body; there is one for each row of a table of tasks.
	maxObjects = 500_000
	// maxValues bounds the values of all series; maxScalars what stands in other lists without a name.
	maxValues  = 2_000_000
	maxScalars = 100_000
)

// tooMany is the error of a report that holds more than is taken.
func tooMany(what string, most int) error {
	return fmt.Errorf("it holds more than %d %s: %w", most, what, investigations.ErrTooLarge)
}

// scan counts what a body holds before it is decoded: a short text can stand for a large structure. What is no JSON it
// need not find.
type scan struct {
	body []byte
	at   int
	// open are the brackets that are open: '{', '[', or 'v' for the list of a series' values.
	open []byte
	// key is the name whose value comes next; named says that there was one.
	key   string
	named bool

	objects, values, scalars int
}

func checkSize(body []byte) error {
	s := &scan{body: body}
	for s.at < len(body) {
		if err := s.next(); err != nil {
			return err
		}
	}
	return nil
}

func (s *scan) next() error {
	c := s.body[s.at]
	switch c {
	case ' ', '\t', '\r', '\n', ':', ',':
		if c == ',' {
			s.named = false
		}
		s.at++
		return nil
	case '}', ']':
		if len(s.open) > 0 {
			s.open = s.open[:len(s.open)-1]
		}
		s.named, s.at = false, s.at+1
		return nil
	case '{', '[':
		return s.push(c)
	case '"':
		text, ok := s.text()
		if !ok {
			return errors.New("a text in it does not end")
		}
		if s.in() == '{' && !s.named {
			s.key, s.named = text, true
			return nil
		}
	default: // a number or a word
		for s.at < len(s.body) && !ends(s.body[s.at]) {
			s.at++
		}
	}
	return s.scalar()
}

func (s *scan) in() byte {
	if len(s.open) == 0 {
		return 0
	}
	return s.open[len(s.open)-1]
}

func (s *scan) push(c byte) error {
	if s.objects++; s.objects > maxObjects {
		return tooMany("objects and lists", maxObjects)
	}
	if len(s.open) == maxDepth {
		return fmt.Errorf("it is nested deeper than %d: %w", maxDepth, investigations.ErrTooLarge)
	}
	if c == '[' && s.in() == '{' && s.named && s.key == "values" {
		c = 'v'
	}
	s.open = append(s.open, c)
	s.named, s.at = false, s.at+1
	return nil
}

func (s *scan) scalar() error {
	switch s.in() {
	case 'v':
		if s.values++; s.values > maxValues {
			return tooMany("values", maxValues)
		}
	case '[':
		if s.scalars++; s.scalars > maxScalars {
			return tooMany("numbers and words in lists", maxScalars)
		}
	}
	return nil
}

// text reads a string; what it returns is not unescaped.
func (s *scan) text() (text string, ok bool) {
	from := s.at + 1
	for i := from; i < len(s.body); i++ {
		switch s.body[i] {
		case '\\':
			i++
		case '"':
			s.at = i + 1
			if i-from > 16 { // no name that matters is longer
				return "…", true
			}
			return string(s.body[from:i]), true
		}
	}
	return "", false
}

func ends(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ':', ',', '{', '}', '[', ']', '"':
		return true
	}
	return false
}
