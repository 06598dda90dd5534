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
	// kmsgRecord is more than the kernel prints of one record: CONSOLE_EXT_LOG_MAX and PRINTK_MESSAGE_MAX of
	// kernel/printk/internal.h are 8192 and 2048.
	kmsgRecord = 16 << 10
	// maxFailures is how many reads in a row may fail until a log counts as one that can't be read.
	maxFailures = 64
)

// device is /dev/kmsg.
type device interface {
	// read reads one record, or fails: EAGAIN where there is none, EPIPE where the next one was overwritten, in which
	// case the device moves to the oldest that is left.
	read(b []byte) (int, error)
	waiter
	close() error
}

// waiter waits for a log to grow.
type waiter interface {
	// wait returns when there may be more to read, when d is over, or when it was interrupted. It says whether there may
	// be more.
	wait(d time.Duration) bool
	// interrupt ends a wait, and all to come. It may be called from another goroutine.
	interrupt()
}

// kmsg follows /dev/kmsg.
type kmsg struct {
	dev      device
	log      *slog.Logger
	interval time.Duration
	settle   time.Duration
	clock    clock

	pos Position
	// next is the number that the next record should have, -1 where it isn't known.
	next int64
	// from is what was read before, skipped when it is read again.
	from Position
	// seen is the number of the last record that was read, skipped ones included; -1 for none.
	seen int64
	// reached and oldest are what the Start says.
	reached bool
	oldest  time.Time
	// last is when the last record was read, as far as the wall clock tells.
	last time.Time

	buf [kmsgRecord]byte
	// pending is the record that was read when the log was opened.
	pending int
}

func newKmsg(dev device, o Options) (*kmsg, Start, error) {
	k := &kmsg{
		dev: dev, log: o.Log, interval: o.Interval, settle: o.Settle, clock: clock{now: o.Now, uptime: o.uptime},
		pos: o.From, next: -1, seen: -1, from: o.From,
	}
	k.pos.BootID, k.pos.Reader = o.BootID, Kmsg
	start := Start{OldestUptime: -1}
	for range maxFailures {
		k.clock.look()
		n, err := dev.read(k.buf[:])
		switch {
		case errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.EINTR), errors.Is(err, syscall.EINVAL):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return k, start, nil
		case err != nil:
			return nil, start, fmt.Errorf("read the first record: %w", err)
		case n == 0:
			return nil, start, fmt.Errorf("read the first record: %w: the file ends, as the device /dev/kmsg never does", ErrNoLog)
		}
		k.pending = n
		h, ok := kmsgHeader(k.buf[:n])
		if ok {
			start.ReachesBoot = h.seq == 0
			start.OldestUptime, start.OldestAt = h.uptime, k.clock.at(h.uptime)
			start.ReachesPosition = k.reaches(h)
			k.reached, k.oldest = start.ReachesPosition, start.OldestAt
		}
		return k, start, nil
	}
	return k, start, nil
}

// reaches says whether a log whose oldest record is the given one misses nothing behind the position.
func (k *kmsg) reaches(oldest header) bool {
	switch {
	case k.from.BootID == "":
		return false
	case k.from.Reader == Kmsg:
		return oldest.seq <= k.from.NextSeq
	}
	return oldest.seq == 0 || k.from.UptimeUS >= 0 && oldest.uptime.Microseconds() <= k.from.UptimeUS
}

func (k *kmsg) close() error { return k.dev.close() }

func (k *kmsg) run(ctx context.Context, to Handler, moved func(Position)) error {
	defer context.AfterFunc(ctx, k.dev.interrupt)()
	k.resume(to)
	failures, silent := 0, false
	for ctx.Err() == nil {
		n, err := k.read()
		switch {
		case err == nil && n > 0:
			failures, silent = 0, false
			k.take(k.buf[:n], to)
			moved(k.pos)
			continue
		case errors.Is(err, syscall.EAGAIN):
			failures = 0
			k.end(to)
			d := k.interval
			if !silent {
				d = k.settle
			}
			if !k.dev.wait(d) && ctx.Err() == nil {
				silent = true
				to.Idle()
			}
			continue
		case errors.Is(err, syscall.EINTR):
			continue
		}
		failures++
		if err := k.fault(err, failures, to); err != nil {
			return err
		}
	}
	return nil
}

// resume says what is missing between the position and the oldest record.
func (k *kmsg) resume(to Handler) {
	switch {
	case k.from.BootID == "":
	case k.from.Reader == Kmsg:
		k.next = k.from.NextSeq // the number of the next record tells the rest
	case !k.reached && k.pending > 0:
		k.clock.look()
		to.Lost(Loss{At: k.oldest, Records: -1, Why: "the kernel overwrote them before they were read"})
	}
}

// end takes the end of the log.
func (k *kmsg) end(to Handler) {
	k.clock.empty()
	if k.from.Reader == Kmsg && k.seen+1 < k.from.NextSeq {
		// A machine that was set back to a snapshot has the same boot id, and an earlier kernel log.
		to.Lost(Loss{At: k.clock.wall, Records: -1, Why: "the position is behind the end of the log: it is none of this log"})
		k.next, k.pos.NextSeq = k.seen+1, k.seen+1
	}
	k.from = Position{}
}

// fault takes a read that failed, or that had nothing.
func (k *kmsg) fault(err error, failures int, to Handler) error {
	switch {
	case failures >= maxFailures:
		return fmt.Errorf("read /dev/kmsg: %d reads in a row failed, the last one: %w", failures, cmpErr(err, ErrNoLog))
	case errors.Is(err, syscall.EPIPE):
		// The number of the next record tells how many were overwritten.
	case errors.Is(err, syscall.EINVAL):
		to.Lost(Loss{Since: k.since(), At: k.clock.wall, Records: 1, Why: "a record of /dev/kmsg is larger than 16 KiB"})
		if k.next >= 0 {
			k.next++
		}
	case err == nil:
		return fmt.Errorf("read /dev/kmsg: %w: the file ended, as the device never does", ErrNoLog)
	default:
		return fmt.Errorf("read /dev/kmsg: %w", err)
	}
	return nil
}

// read reads a record into the buffer.
func (k *kmsg) read() (int, error) {
	if n := k.pending; n > 0 {
		k.pending = 0
		return n, nil
	}
	k.clock.look()
	return k.dev.read(k.buf[:])
}

// take hands a record on, unless it was read before.
func (k *kmsg) take(b []byte, to Handler) {
	// Behind the first line are fields of the device that the record is of; line breaks of the text are written `\x0a`.
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i]
	}
	h, ok := kmsgHeader(b)
	if !ok {
		to.Record(Record{Line: b, Uptime: -1, At: k.clock.at(-1)})
		return
	}
	k.seen = h.seq
	if k.before(h) {
		return
	}
	if k.next >= 0 && h.seq > k.next {
		to.Lost(Loss{Since: k.since(), At: k.clock.at(h.uptime), Records: h.seq - k.next, Why: "the kernel overwrote them before they were read"})
	}
	k.next = h.seq + 1
	at := k.clock.at(h.uptime)
	k.last = at
	k.pos.NextSeq, k.pos.UptimeUS = k.next, h.uptime.Microseconds()
	to.Record(Record{Line: b, Uptime: h.uptime, At: at})
}

// before says whether a record was read before the log was opened.
func (k *kmsg) before(h header) bool {
	switch {
	case k.from.BootID == "":
		return false
	case k.from.Reader == Kmsg:
		return h.seq < k.from.NextSeq
	case k.from.UptimeUS >= 0 && h.uptime.Microseconds() <= k.from.UptimeUS:
		return true
	}
	// The first record behind the position of another reader. Stamps of several processors can be out of order by
	// some microseconds: from here on all of them count.
	k.from = Position{}
	return false
}

// since is the latest moment up to which all records were read.
func (k *kmsg) since() time.Time {
	if k.clock.before.After(k.last) {
		return k.clock.before
	}
	return k.last
}

// header is what stands before the text of a record.
type header struct {
	seq    int64
	uptime time.Duration
}

// kmsgHeader reads `prio,seq,usec,flags;` (Documentation/ABI/testing/dev-kmsg).
func kmsgHeader(b []byte) (h header, ok bool) {
	_, rest, ok := number(b)
	if !ok {
		return h, false
	}
	if h.seq, rest, ok = number(rest); !ok {
		return h, false
	}
	us, _, ok := number(rest)
	if !ok || us > maxMicros {
		return h, false
	}
	h.uptime = time.Duration(us) * time.Microsecond
	return h, true
}

// maxMicros is the largest time since boot that a time.Duration holds.
const maxMicros = int64(1<<63-1) / int64(time.Microsecond)

// number reads a decimal number with a comma behind it.
func number(b []byte) (n int64, rest []byte, ok bool) {
	i := 0
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		if i == 18 {
			return 0, nil, false
		}
		n = n*10 + int64(b[i]-'0')
	}
	if i == 0 || i == len(b) || b[i] != ',' {
		return 0, nil, false
	}
	return n, b[i+1:], true
}

// cmpErr returns the first error that is one.
func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
