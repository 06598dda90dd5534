package kernlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/oombot/oombot/investigations"
)

// Scanner reads a kernel log and yields its OOM reports one after the other, in bounded memory whatever the
// log's size. It is not safe for concurrent use.
type Scanner struct {
	r    io.Reader
	p    *Parser
	buf  []byte
	from int
	to   int
	// skipping says that the rest of a line that is too long is being passed over.
	skipping bool
	// ended says that r has nothing more, eof that all of it was looked at.
	ended, eof bool
	begun      bool
	err        error
	report     *investigations.KernelReport
	wraps      wraps
	// boot is the machine's start that the report belongs to.
	boot int
}

// chunk is how much is read at once.
const chunk = 64 << 10

// NewScanner returns a Scanner at the beginning of r.
func NewScanner(r io.Reader, opt Options) *Scanner {
	return &Scanner{r: r, p: NewParser(opt), buf: make([]byte, chunk)}
}

// Scan goes to the next report. It returns false at the end of the log, and where reading fails; reports
// that were open then are still yielded, as cut off.
func (s *Scanner) Scan() bool {
	for {
		if b := s.p.next(); b != nil {
			s.report, s.boot = b.own(), b.boot
			return true
		}
		s.report = nil
		if s.eof {
			return false
		}
		s.more()
	}
}

// Report returns the report that Scan went to. It is the caller's.
func (s *Scanner) Report() *investigations.KernelReport { return s.report }

// Err returns why reading failed; nil at the end of the log.
func (s *Scanner) Err() error { return s.err }

// Summary returns what the log tells beside its reports, as far as it has been read.
func (s *Scanner) Summary() investigations.KernelLog { return s.p.Summary() }

// more takes lines from the buffer until there is a report or the buffer has no whole line left, and then
// reads on.
func (s *Scanner) more() {
	for {
		n := bytes.IndexByte(s.buf[s.from:s.to], '\n')
		if n < 0 {
			break
		}
		s.line(s.buf[s.from : s.from+n])
		s.from += n + 1
		if len(s.p.ready) > 0 {
			return
		}
	}
	if s.fill() {
		return
	}
	if s.from < s.to || s.skipping {
		s.line(s.buf[s.from:s.to])
	}
	s.from = s.to
	s.eof = true
	s.unhold()
	s.p.catchUp()
	s.p.Flush()
}

// line hands a line on, unless it is too long.
func (s *Scanner) line(b []byte) {
	if s.skipping || len(b) > maxLine {
		s.skipping = false
		s.unhold()
		s.p.catchUp()
		s.p.Skip()
		return
	}
	if !s.begun {
		s.begun = true
		b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	}
	if s.wraps.off {
		s.p.pass(b)
	} else {
		s.wrapped(b)
	}
}

// fill reads on; it returns false at the end.
func (s *Scanner) fill() bool {
	s.p.catchUp()
	s.p.sum.keep()
	if s.from > 0 {
		s.to = copy(s.buf, s.buf[s.from:s.to])
		s.from = 0
	}
	if s.to > maxLine {
		s.to, s.skipping = 0, true
	}
	if s.to == len(s.buf) {
		s.buf = append(s.buf, make([]byte, min(len(s.buf), maxLine+chunk-len(s.buf)))...)
	}
	for range 100 {
		if s.ended {
			return false
		}
		n, err := s.r.Read(s.buf[s.to:])
		s.to += n
		if err != nil {
			s.ended = true
			if !errors.Is(err, io.EOF) {
				s.err = fmt.Errorf("read kernel log: %w", err)
			}
		}
		if n > 0 {
			return true
		}
	}
	s.err = fmt.Errorf("read kernel log: %w", io.ErrNoProgress)
	return false
}
