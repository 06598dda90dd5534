package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"time"
)

const (
	// steadyRead is how much of the log's end is read to see what is new.
	steadyRead = 8 << 10
	// largestRecord is more than a record can print as: LOG_LINE_MAX of text, each line of which has a prefix
	// (record_print_text of kernel/printk/printk.c).
	largestRecord = 64 << 10
	// largestRead bounds the memory for a ring buffer of any size.
	largestRead = 64 << 20
	// gather is how long a wake-up waits for more lines of the same report.
	gather = 20 * time.Millisecond
	// slowest is how long a log that wakes its reader is not looked at where no wake-up comes: somebody else who reads
	// /proc/kmsg can be faster, and there is nothing to wake for then.
	slowest = 2 * time.Second
	// costShare is which part of the time may go into looking at a log that can't wake its reader; leastOften is the
	// longest time between two looks for that reason.
	costShare  = 200
	leastOften = time.Second
)

// ring is the kernel's ring buffer, by syslog(2).
type ring interface {
	// readAll fills b with the end of the log, of whole records (SYSLOG_ACTION_READ_ALL): it begins with the first record
	// from which on all fit, not before what was cleared.
	readAll(b []byte) (int, error)
	// size is that of the ring buffer (SYSLOG_ACTION_SIZE_BUFFER).
	size() (int, error)
	waiter
	// wakes says whether wait returns when the log grows.
	wakes() bool
	close() error
}

// syslog follows the ring buffer. It knows no numbers of records, only text: it looks at the end of the log, finds in it the
// last lines that it knows, and takes what is behind them. If they are not there, it looks at more of the log.
type syslog struct {
	ring     ring
	log      *slog.Logger
	interval time.Duration
	settle   time.Duration
	clock    clock
	timer    *time.Timer

	pos  Position
	tail tail
	// full is the size of the ring buffer.
	full int
	buf  []byte
	// first is what the log held when it was opened, from the position on, and gap what is missing before it.
	first []byte
	gap   *Loss
	// cost is what a look takes.
	cost time.Duration
	// missed counts looks that found more though nothing woke them.
	missed int
}

func newSyslog(r ring, o Options) (*syslog, Start, error) {
	s := &syslog{
		ring: r, log: o.Log, interval: o.Interval, settle: o.Settle, clock: clock{now: o.Now, uptime: o.uptime},
		pos: o.From, buf: make([]byte, steadyRead),
	}
	start := Start{OldestUptime: -1}
	full, err := r.size()
	if err != nil {
		return nil, start, fmt.Errorf("ask for the size of the ring buffer: %w", err)
	}
	s.full = max(full, steadyRead)
	q, err := s.everything()
	if err != nil {
		return nil, start, err
	}
	q = complete(q)
	if len(q) > 0 {
		start.OldestUptime = stampOf(q)
		start.OldestAt = s.clock.at(start.OldestUptime)
	}
	start.ReachesBoot = holdsBanner(q)
	s.first = q
	if o.From.BootID != "" {
		at, reached := locate(q, o.From)
		s.first, start.ReachesPosition = q[at:], reached || start.ReachesBoot
		if !start.ReachesPosition {
			s.gap = &Loss{At: start.OldestAt, Records: -1, Why: s.why(len(q))}
		}
	}
	s.tail.add(q[:len(q)-len(s.first)])
	s.pos.BootID, s.pos.Reader = o.BootID, Syslog
	return s, start, nil
}

// everything reads all that the log holds, into memory of its own.
func (s *syslog) everything() ([]byte, error) {
	for size := 2*s.full + largestRecord; ; size *= 2 {
		buf := make([]byte, size)
		n, err := s.readAll(buf)
		if err != nil {
			return nil, err
		}
		if size-n > largestRecord || size >= largestRead {
			return bytes.Clone(buf[:n]), nil
		}
	}
}

func (s *syslog) readAll(b []byte) (int, error) {
	s.clock.look()
	for {
		n, err := s.ring.readAll(b)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("read the kernel log by syslog(2): %w", err)
		}
		return min(max(n, 0), len(b)), nil
	}
}

// why says how lines got lost, from how much the log still holds: one that wrapped around is full.
func (s *syslog) why(holds int) string {
	if holds < s.full/4 {
		return "somebody cleared the kernel log (dmesg -C) before they were read"
	}
	return "the kernel overwrote them before they were read"
}

func (s *syslog) close() error { return s.ring.close() }

func (s *syslog) run(ctx context.Context, to Handler, moved func(Position)) error {
	defer context.AfterFunc(ctx, s.ring.interrupt)()
	if s.gap != nil {
		to.Lost(*s.gap)
		s.gap = nil
	}
	s.lines(s.first, to)
	s.first = nil
	s.clock.empty()
	moved(s.position())

	s.timer = time.NewTimer(0)
	defer s.timer.Stop()
	failures, busy, woken := 0, false, true
	for ctx.Err() == nil {
		fresh, err := s.look(to)
		if err != nil {
			if failures++; failures >= maxFailures || lasting(err) {
				return err
			}
			s.log.Debug("kernel log not read, trying again", "reader", Syslog, "err", err)
			s.pause(ctx, s.every())
			continue
		}
		failures = 0
		if fresh {
			moved(s.position())
			s.watch(woken || busy)
			if busy {
				s.pause(ctx, s.every()) // the log keeps growing: don't read it all the time
			} else {
				s.pause(ctx, s.settle)
			}
			busy = true
			continue
		}
		busy = false
		woken = s.silent(ctx, to)
	}
	return nil
}

// lasting says whether a fault is one that time does not mend.
func lasting(err error) bool {
	return errors.Is(err, ErrPermission) || errors.Is(err, ErrNoLog) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSYS)
}

// silent waits until it is time for the next look, and says whether that is because the log woke it.
func (s *syslog) silent(ctx context.Context, to Handler) (woken bool) {
	due := s.every()
	if s.wakeful() {
		due = slowest
	}
	for waited := time.Duration(0); waited < due; {
		if ctx.Err() != nil {
			return false
		}
		to.Idle()
		d := min(s.interval, due-waited)
		if s.ring.wait(d) {
			s.pause(ctx, gather)
			return true
		}
		waited += d
	}
	return false
}

// every is the time between two looks at a log that does not wake its reader.
func (s *syslog) every() time.Duration {
	return max(s.interval, min(s.cost*costShare, leastOften))
}

func (s *syslog) wakeful() bool { return s.ring.wakes() && s.missed < 3 }

// watch takes a look that found more, and whether it was due to a wake-up.
func (s *syslog) watch(woken bool) {
	switch {
	case !s.ring.wakes():
	case !woken:
		if s.missed++; s.missed == 3 {
			s.log.Debug("another program reads /proc/kmsg as well: looking at the kernel log at intervals")
		}
	case s.missed > 0 && s.missed < 3:
		s.missed--
	}
}

func (s *syslog) pause(ctx context.Context, d time.Duration) {
	s.timer.Reset(d)
	select {
	case <-ctx.Done():
	case <-s.timer.C:
	}
}

// look takes what is new in the log, and says whether there was anything.
func (s *syslog) look(to Handler) (fresh bool, err error) {
	buf := s.buf
	for {
		n, err := s.readAll(buf)
		if err != nil {
			return false, err
		}
		if len(buf) == steadyRead {
			took := s.clock.uptime() - s.clock.since
			s.cost += (took - s.cost) / 8
		}
		q := complete(buf[:n])
		at := s.tail.find(q)
		all := len(buf)-n > largestRecord || len(buf) >= max(8*s.full, 4*largestRecord) || len(buf) >= largestRead
		switch {
		case at >= 0 && (s.tail.len() > 0 || all):
			s.lines(q[at:], to)
			s.clock.empty()
			return at < len(q), nil
		case all:
			s.lost(q, to)
			s.clock.empty()
			return true, nil
		}
		// Most of the cost is the kernel's, whatever the size.
		buf = make([]byte, min(4*len(buf), max(8*s.full, 4*largestRecord)))
	}
}

// lost takes the whole log, in which the last lines that are known are not to be found.
func (s *syslog) lost(q []byte, to Handler) {
	first := stampOf(q)
	if len(q) > 0 && first < 0 && s.pos.UptimeUS >= 0 {
		to.Lost(Loss{Since: s.clock.before, At: s.clock.wall, Records: -1, Why: "the kernel no longer stamps its lines (printk.time)"})
		s.tail.clear()
		s.tail.add(q)
		s.pos.UptimeUS = -1
		return
	}
	at, reached := byStamp(q, s.pos.UptimeUS)
	if at == 0 || micros(first) == s.pos.UptimeUS {
		at, reached = 0, false
	}
	if !reached {
		l := Loss{Since: s.clock.before, At: s.clock.wall, Records: -1, Why: s.why(len(q))}
		if first >= 0 {
			l.At = s.clock.at(first)
		}
		to.Lost(l)
	}
	s.tail.clear()
	s.tail.add(q[:at])
	s.lines(q[at:], to)
}

// lines hands on lines, each with its line break.
func (s *syslog) lines(text []byte, to Handler) {
	s.tail.add(text)
	for len(text) > 0 {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			i = len(text) - 1
		}
		line := text[:i]
		text = text[i+1:]
		up := stampOf(line)
		s.pos.UptimeUS = -1
		if up >= 0 {
			s.pos.UptimeUS = up.Microseconds()
		}
		to.Record(Record{Line: line, Uptime: up, At: s.clock.at(up)})
	}
}

// position is that behind all that was read.
func (s *syslog) position() Position {
	s.pos.Lines, s.pos.Hash = s.tail.hash()
	return s.pos
}
