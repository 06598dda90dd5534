package inbound

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// freeBody is how much of each body is read whatever else is being read.
	freeBody = 16 << 10
	// linesAMinute is how many refusals of one outcome are logged a minute.
	linesAMinute = 10
)

// errBusy says that too much is being read already.
var errBusy = errors.New("too many large requests at a time")

// budget bounds the memory that bodies take which are held at the same time, beyond what each may take anyway. One of
// them may go beyond it: else many that grow side by side would all be refused, each time that they come.
type budget struct {
	most int64
	held atomic.Int64
	// beyond says that one of them does.
	beyond atomic.Bool
}

// share is one body's part of a budget.
type share struct {
	of         *budget
	read, took int64
	beyond     bool
}

// Read-ahead is not counted before it is there: a sender who is slow holds only what it sent.
func (s *share) take(n int64) error {
	s.read += n
	more := max(0, s.read-freeBody) - s.took
	if s.of.held.Add(more) > s.of.most && !s.beyond {
		if s.beyond = s.of.beyond.CompareAndSwap(false, true); !s.beyond {
			s.of.held.Add(-more)
			return errBusy
		}
	}
	s.took += more
	return nil
}

// free gives back what the body took.
func (s *share) free() {
	s.of.held.Add(-s.took)
	s.took = 0
	if s.beyond {
		s.beyond = false
		s.of.beyond.Store(false)
	}
}

// counted is a body that takes its share while it is read.
type counted struct {
	io.Reader
	share *share
}

// Read implements io.Reader.
func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if busy := c.share.take(int64(n)); busy != nil {
		return 0, busy
	}
	return n, err
}

// errLong says that something unpacked is longer than is read.
var errLong = errors.New("too long unpacked")

// atMost reads at most a number of bytes: more of them are an error, and not the end.
type atMost struct {
	from io.Reader
	left int64
}

// Read implements io.Reader.
func (a *atMost) Read(p []byte) (int, error) {
	n, err := a.from.Read(p)
	if a.left -= int64(n); a.left < 0 {
		return 0, errLong
	}
	return n, err
}

// seldom lets some lines of each outcome through a minute, so that whoever sends junk does not fill the log. Its zero
// value is ready.
type seldom struct {
	mu   sync.Mutex
	seen map[Outcome]*lines
}

// lines are those of one outcome since a time.
type lines struct {
	since          time.Time
	count, skipped int
}

// now says whether to log, and how many lines were left out before.
func (s *seldom) now(at time.Time, o Outcome) (skipped int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[Outcome]*lines{}
	}
	l := s.seen[o]
	if l == nil || at.Sub(l.since) >= time.Minute {
		if l != nil {
			skipped = l.skipped
		}
		s.seen[o] = &lines{since: at, count: 1}
		return skipped, true
	}
	if l.count++; l.count > linesAMinute {
		l.skipped++
		return 0, false
	}
	return 0, true
}
