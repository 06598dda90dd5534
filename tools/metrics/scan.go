package metrics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// scanner reads one JSON document as a stream. The library's decoder costs several allocations a sample, which
// is a minute for a file at the limit; this one allocates for the strings that are kept, and is as strict
// (RFC 8259). It is not safe for concurrent use.
type scanner struct {
	r io.Reader
	// stop ends the reading with an error; it is asked before each read.
	stop func() error
	// buf[pos:end] was read and not yet used.
	buf      []byte
	pos, end int
	// before counts the bytes that have left buf.
	before int64
	eof    bool
	depth  int
}

const (
	scanBuffer = 256 << 10
	// maxToken bounds one string or number, as a line of any file is bounded.
	maxToken = 1 << 20
	maxDepth = 100
)

func newScanner(ctx context.Context, r io.Reader) *scanner {
	return &scanner{r: r, stop: ctx.Err, buf: make([]byte, scanBuffer)}
}

// syntaxError is a place at which the document is no JSON.
type syntaxError struct {
	offset int64
	what   string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("is not valid JSON at byte %d: %s", e.offset, e.what)
}

// errShape says that a document is JSON, but not what a query answers.
var errShape = errors.New("has the wrong type")

// errEmpty says that there is no document.
var errEmpty = errors.New("is empty")

func (s *scanner) syntax(format string, args ...any) error {
	return &syntaxError{offset: s.before + int64(s.pos), what: fmt.Sprintf(format, args...)}
}

// more reads on, keeping buf[pos:end]. At the end of the document it returns io.ErrUnexpectedEOF.
func (s *scanner) more() error {
	if s.eof {
		return io.ErrUnexpectedEOF
	}
	if err := s.stop(); err != nil {
		return err
	}
	if s.pos > 0 {
		copy(s.buf, s.buf[s.pos:s.end])
		s.before += int64(s.pos)
		s.pos, s.end = 0, s.end-s.pos
	}
	if s.end == len(s.buf) {
		if len(s.buf) >= maxToken {
			return fmt.Errorf("a string is longer than %d bytes: %w", maxToken, investigations.ErrTooLarge)
		}
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		switch {
		case err == io.EOF:
			s.eof = true
			if n == 0 {
				return io.ErrUnexpectedEOF
			}
			return nil
		case err != nil:
			return err
		case n > 0:
			return nil
		}
	}
	return io.ErrNoProgress
}

// peek skips white space and returns the next byte without using it up.
func (s *scanner) peek() (byte, error) {
	for {
		for s.pos < s.end {
			switch c := s.buf[s.pos]; c {
			case ' ', '\n', '\t', '\r':
				s.pos++
			default:
				return c, nil
			}
		}
		if err := s.more(); err != nil {
			return 0, err
		}
	}
}

// skipMark uses up a byte order mark, which some tools write before JSON.
func (s *scanner) skipMark() error {
	for s.end < 3 {
		switch err := s.more(); {
		case errors.Is(err, io.ErrUnexpectedEOF) && s.end == 0:
			return errEmpty
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
	if string(s.buf[:3]) == "\xef\xbb\xbf" {
		s.pos = 3
	}
	return nil
}

func (s *scanner) expect(c byte) error {
	got, err := s.peek()
	if err != nil {
		return err
	}
	if got != c {
		return s.syntax("%q where %q belongs", got, c)
	}
	s.pos++
	return nil
}

// finish reports what follows the document.
func (s *scanner) finish() error {
	c, err := s.peek()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.syntax("%q after the end of the document", c)
}

func (s *scanner) enter() error {
	s.depth++
	if s.depth > maxDepth {
		return fmt.Errorf("nested deeper than %d: %w", maxDepth, investigations.ErrTooLarge)
	}
	return nil
}

// object calls member for each key, which must use up the value.
func (s *scanner) object(member func(key string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		done, err := s.separator('}', first)
		if err != nil || done {
			return err
		}
		key, err := s.text()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
	}
}

// array calls element for each element, which must use it up.
func (s *scanner) array(element func() error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		done, err := s.separator(']', first)
		if err != nil || done {
			return err
		}
		if err := element(); err != nil {
			return err
		}
	}
}

// separator uses up the comma before the next element, or the end of the object or array.
func (s *scanner) separator(end byte, first bool) (done bool, err error) {
	c, err := s.peek()
	if err != nil {
		return false, err
	}
	switch {
	case c == end:
		s.pos++
		s.depth--
		return true, nil
	case first:
		return false, nil
	case c != ',':
		return false, s.syntax("%q where a comma belongs", c)
	}
	s.pos++
	if c, err = s.peek(); err == nil && c == end {
		return false, s.syntax("a comma before %q", end)
	}
	return false, err
}

// token returns the bytes of a string (with its quotes), number or literal; they are valid until the next
// call of any method.
func (s *scanner) token() ([]byte, error) {
	c, err := s.peek()
	if err != nil {
		return nil, err
	}
	if c == '"' {
		return s.quoted()
	}
	i := s.pos
	for {
		for ; i < s.end; i++ {
			if c := s.buf[i]; c <= ' ' || c == ',' || c == ']' || c == '}' || c == ':' {
				return s.literal(i)
			}
		}
		i -= s.pos
		if err := s.more(); err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) && s.end > s.pos {
				return s.literal(s.end)
			}
			return nil, err
		}
		i += s.pos
	}
}

func (s *scanner) literal(end int) ([]byte, error) {
	tok := s.buf[s.pos:end]
	switch {
	case len(tok) == 0:
		return nil, s.syntax("%q where a value belongs", s.buf[s.pos])
	case validNumber(tok), string(tok) == "null", string(tok) == "true", string(tok) == "false":
		s.pos = end
		return tok, nil
	}
	return nil, s.syntax("%q where a value belongs", string(tok[:min(len(tok), 20)]))
}

func (s *scanner) quoted() ([]byte, error) {
	i, escapes := s.pos+1, false
	for {
		for ; i < s.end; i++ {
			switch c := s.buf[i]; {
			case c == '"':
				tok := s.buf[s.pos : i+1]
				if escapes && !json.Valid(tok) {
					return nil, s.syntax("a wrong escape in a string")
				}
				s.pos = i + 1
				return tok, nil
			case c == '\\':
				i, escapes = i+1, true
			case c < ' ':
				s.pos = i
				return nil, s.syntax("a control character in a string")
			}
		}
		i -= s.pos
		if err := s.more(); err != nil {
			return nil, err
		}
		i += s.pos
	}
}

// text returns a string without its quotes and escapes, as valid UTF-8.
func (s *scanner) text() (string, error) {
	tok, err := s.token()
	if err != nil {
		return "", err
	}
	if tok[0] != '"' {
		return "", s.syntax("%.20q where a string belongs", tok)
	}
	inner := tok[1 : len(tok)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return strings.ToValidUTF8(string(inner), "\uFFFD"), nil
	}
	var out string
	if err := json.Unmarshal(tok, &out); err != nil {
		return "", s.syntax("%v", err)
	}
	return out, nil
}

// textOr returns a string, or def for a value of another type, which is used up.
func (s *scanner) textOr(def string) (string, error) {
	c, err := s.peek()
	if err != nil {
		return "", err
	}
	if c != '"' {
		return def, s.skip()
	}
	return s.text()
}

// skip uses up one value of any type.
func (s *scanner) skip() error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	switch c {
	case '{':
		return s.object(func(string) error { return s.skip() })
	case '[':
		return s.array(s.skip)
	}
	_, err = s.token()
	return err
}
