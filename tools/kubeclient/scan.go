package kubeclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

var (
	errCutOff = errors.New("it is cut off")
	// errLong says that a value is longer than asked for; the scanner stands behind it all the same.
	errLong = errors.New("too long")
)

// scanner goes through JSON value by value, in bounded memory. It follows only how values are nested and where
// strings end; whether a value is valid inside is for the decoder of the value to say.
type scanner struct {
	ctx context.Context
	r   io.Reader
	buf []byte
	// pos is the next byte to look at, and end is behind the last one read.
	pos, end int
	// line counts the lines up to pos, from 1.
	line int
	err  error
}

// scanChunk is the least that is read at once.
const scanChunk = 64 << 10

func newScanner(ctx context.Context, r io.Reader) *scanner {
	return &scanner{ctx: ctx, r: r, buf: make([]byte, scanChunk), line: 1}
}

// fill reads more behind end. It keeps what stands from keep on, moved to the front, and returns how far it
// moved. It reports false at the end or at an error, which err then holds.
func (s *scanner) fill(keep int) (moved int, ok bool) {
	if s.err != nil {
		return 0, false
	}
	if keep > 0 {
		copy(s.buf, s.buf[keep:s.end])
		s.pos -= keep
		s.end -= keep
	}
	if s.end == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for range 100 { // a reader that gives nothing for so long is broken
		if s.err = s.ctx.Err(); s.err != nil {
			return keep, false
		}
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if n > 0 {
			return keep, true
		}
		if err != nil {
			s.err = err
			return keep, false
		}
	}
	s.err = io.ErrNoProgress
	return keep, false
}

// cut turns the end of the file in the middle of something into errCutOff.
func (s *scanner) cut() error {
	if errors.Is(s.err, io.EOF) {
		return errCutOff
	}
	return s.err
}

// peek returns the next byte that is neither white space nor a comma, without taking it. Commas say nothing
// that the values do not say themselves.
func (s *scanner) peek() (byte, error) {
	for {
		for ; s.pos < s.end; s.pos++ {
			switch c := s.buf[s.pos]; c {
			case '\n':
				s.line++
			case ' ', '\t', '\r', ',':
			default:
				return c, nil
			}
		}
		if _, ok := s.fill(s.pos); !ok {
			return 0, s.err
		}
	}
}

// expect takes the byte c, after white space.
func (s *scanner) expect(c byte) error {
	got, err := s.peek()
	if err != nil {
		return s.cut()
	}
	if got != c {
		return fmt.Errorf("it is no JSON: %q stands where %q belongs", got, c)
	}
	s.pos++
	return nil
}

// value takes the next value and returns its bytes, which are the scanner's and hold until the next call. A
// value of more than limit bytes is passed over, with errLong.
func (s *scanner) value(limit int) ([]byte, error) {
	first, err := s.peek()
	if err != nil {
		return nil, s.cut()
	}
	if first == '}' || first == ']' || first == ':' {
		return nil, fmt.Errorf("it is no JSON: %q stands where a value belongs", first)
	}
	var n nesting
	start, long := s.pos, false
	for {
		used, done := n.scan(s.buf[s.pos:s.end])
		s.line += bytes.Count(s.buf[s.pos:s.pos+used], []byte{'\n'})
		s.pos += used
		long = long || s.pos-start > limit
		if done {
			break
		}
		if long {
			start = s.pos // nothing of it is kept
		}
		moved, ok := s.fill(start)
		start -= moved
		if !ok {
			if n.scalar && errors.Is(s.err, io.EOF) {
				break
			}
			return nil, s.cut()
		}
	}
	if long {
		return nil, errLong
	}
	return s.buf[start:s.pos], nil
}

// nesting follows one value to its end. Its zero value stands before the value's first byte.
type nesting struct {
	depth                   int
	inText, escaped, scalar bool
}

// scan takes the next bytes; used is how many belong to the value, and done says that it ends there.
func (n *nesting) scan(p []byte) (used int, done bool) {
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case n.escaped:
			n.escaped = false
		case n.inText:
			switch c {
			case '\\':
				n.escaped = true
			case '"':
				n.inText = false
				if n.depth == 0 {
					return i + 1, true
				}
			default:
				i += plainText(p[i+1:])
			}
		case n.scalar:
			if c <= ' ' || c == ',' || c == ']' || c == '}' || c == ':' {
				return i, true
			}
		case c == '"':
			n.inText = true
		case c == '{' || c == '[':
			n.depth++
		case c == '}' || c == ']':
			if n.depth--; n.depth == 0 {
				return i + 1, true
			}
		case n.depth == 0:
			n.scalar = true
		}
	}
	return len(p), false
}

// plainText returns how many bytes at the beginning of p neither end a string nor escape anything.
func plainText(p []byte) int {
	for i, c := range p {
		if c == '"' || c == '\\' {
			return i
		}
	}
	return len(p)
}
