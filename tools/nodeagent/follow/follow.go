// Package follow reads the node's kernel log as it grows: from boot, or from where it was left, and says where records
// were lost.
//
// It owns the three ways to the log, and the position in each. It must not know what the records say: a Handler takes
// them, in a form that kernlog.Parser.Line reads. The readers are
//
//   - syslog: syslog(2), action SYSLOG_ACTION_READ_ALL, which takes nothing away from other readers;
//   - kmsg: /dev/kmsg, of which each reader has an end of its own;
//   - journal: the files of systemd-journald, the only one that holds what programs of user space said as well.
//
// # Reads
//
// syslog: the kernel's ring buffer; it opens /proc/kmsg to be woken by it, and never reads from it, which would take the
// text away from others. kmsg: /dev/kmsg. journal: the *.journal files below the folders given, of them the entries of
// this boot whose transport is the kernel, and those of systemd, systemd-oomd, earlyoom and the kubelet.
//
// # Cannot see
//
// What the ring buffer has overwritten (128 KiB by default) or, for syslog, what somebody cleared (dmesg -C) before it was
// read; both are told as Loss. What journald dropped where it says nothing of it. With printk.time=0 the lines of syslog
// have no stamps: lines that repeat in the same order are then taken for those that were read already. Records below a
// kernel that is not the node's (gVisor, Kata).
//
// # Permissions
//
// syslog: CAP_SYSLOG where kernel.dmesg_restrict is 1, and in containers under a seccomp profile. kmsg: CAP_SYSLOG, and the
// device, which the device cgroup of an unprivileged container refuses. journal: the files, readable (group
// systemd-journal).
//
// # Cost
//
// A read of the ring buffer makes the kernel walk all of its records twice, 1 to 3 ms for 128 KiB: syslog reads when
// /proc/kmsg wakes it, and else every two seconds; without it, so seldom that it stays below 0.5 % of a core. kmsg
// costs a system call a record; journal some 20 reads of a file four times a second, and as many for a record. None
// allocates memory for a record. syslog holds a copy of the ring buffer until it was read the first time.
package follow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// Kind says which way a kernel log is read.
type Kind string

// The kinds.
const (
	Syslog  Kind = "syslog"
	Journal Kind = "journal"
	Kmsg    Kind = "kmsg"
)

// Options say which log is read, and from where. Zero values are the defaults that are named.
type Options struct {
	Kind Kind
	// From is the Position to go on from. The zero Position, and one of another boot, is the start of what the log
	// still holds of this boot.
	From Position
	// BootID is that of the machine: /proc/sys/kernel/random/boot_id.
	BootID string
	// KmsgPath is the device: /dev/kmsg.
	KmsgPath string
	// JournalDirs are searched for journal files, and the folders in them: /var/log/journal and /run/log/journal.
	JournalDirs []string
	// Interval is how often a Handler hears of a log that is silent, and the least time between two looks at a log that
	// can't wake its reader: 250 ms.
	Interval time.Duration
	// Settle is how long the log has to be silent until the Handler hears that nothing more is there: 100 ms. The lines
	// of one report come within that time, but where a serial console holds the kernel up.
	Settle time.Duration
	// Now is the wall clock: time.Now.
	Now func() time.Time
	// Log is told of what passes by itself. nil: nothing.
	Log *slog.Logger

	// uptime is the time since boot: CLOCK_MONOTONIC.
	uptime func() time.Duration
}

// Position is a place in the kernel log. It is written as JSON, and read by this version and later ones.
type Position struct {
	// BootID is the boot that the place is in. Kernel logs begin anew with each.
	BootID string `json:"boot_id,omitempty"`
	Reader Kind   `json:"reader,omitempty"`
	// UptimeUS is the kernel's stamp of the last record that was read, in microseconds; -1 where it has none. With it a
	// position of one reader serves another one.
	UptimeUS int64 `json:"uptime_us,omitempty"`
	// NextSeq is the number of the next record (kmsg).
	NextSeq int64 `json:"next_seq,omitempty"`
	// Lines and Hash are how many of the last lines the hash is of, and their FNV-1a hash (syslog).
	Lines int    `json:"lines,omitempty"`
	Hash  string `json:"hash,omitempty"`
	// Cursor names the last entry that was looked at (journal).
	Cursor *Cursor `json:"cursor,omitempty"`
}

// Cursor names an entry of a journal.
type Cursor struct {
	// SeqnumID and Seqnum are those of the entry: numbers count within an id only.
	SeqnumID string `json:"seqnum_id"`
	Seqnum   uint64 `json:"seqnum"`
	// RealtimeUS and MonotonicUS are when journald took it, since 1970 and since boot.
	RealtimeUS  int64 `json:"realtime_us"`
	MonotonicUS int64 `json:"monotonic_us"`
}

// Record is one record, or one line of it where the log has several.
type Record struct {
	// Line is the text without a line break, in a form that kernlog.Parser.Line reads: `prio,seq,usec,flags;msg` (kmsg),
	// `<6>[   12.345678] msg` (syslog), or an object of journalctl's JSON (journal). It is valid until Record returns.
	// Records that programs wrote into the kernel's log are among them, with a facility that says so.
	Line []byte
	// Uptime is the kernel's stamp, -1 where there is none.
	Uptime time.Duration
	// At is the wall clock's time. Of a record that was written while the log was followed it is right to the time that
	// it took to be read; of older ones it is reckoned from Uptime, as by dmesg -T, and can be off by a minute in a
	// month of uptime. It is zero where neither is known.
	At time.Time
}

// Loss says that records were lost: they came after Since, and before At.
type Loss struct {
	// Since is zero where it isn't known.
	Since, At time.Time
	// Records is how many were lost, -1 where that isn't known.
	Records int64
	Why     string
}

// Start says how far the log reached back when it was opened.
type Start struct {
	// ReachesBoot says that nothing since boot is missing.
	ReachesBoot bool
	// ReachesPosition says that nothing since Options.From is missing. It is false where that is no position of this
	// boot.
	ReachesPosition bool
	// OldestUptime is the stamp of the oldest record that the log holds, -1 where it isn't known. From there on nothing
	// was missing when the log was opened. OldestAt is the same by the wall clock, or zero.
	OldestUptime time.Duration
	OldestAt     time.Time
}

// Handler takes what is read. All calls come from the goroutine that runs Follow; while one of them works, nothing is read.
type Handler interface {
	// Record takes a record.
	Record(r Record)
	// Lost is called before the first Record behind what was lost.
	Lost(l Loss)
	// Idle says that nothing more is there at present: once when the log has been silent for Options.Settle, then every
	// Options.Interval or so, until there is more. The kernel log itself was looked at within the last two seconds: in
	// between, nothing woke the reader.
	Idle()
}

// Log is a kernel log that is followed. Its methods are safe for concurrent use, but for Follow, which is called once.
type Log struct {
	start  Start
	source source

	closed   sync.Once
	closeErr error

	mu  sync.Mutex
	pos Position
}

// source is one of the three readers.
type source interface {
	// run reads until ctx ends or the log can't be read any more. After each round in which the Handler took all
	// that it was handed, it tells moved of the position reached.
	run(ctx context.Context, to Handler, moved func(Position)) error
	close() error
}

// Errors of Open and Follow.
var (
	// ErrPermission means that the log is there, and this process may not read it.
	ErrPermission = errors.New("not permitted")
	// ErrNoLog means that there is no such log on this machine, or in this container.
	ErrNoLog = errors.New("no kernel log")
)

// filled is o with the defaults for what is not set, but for the boot.
func (o Options) filled() Options {
	if o.KmsgPath == "" {
		o.KmsgPath = "/dev/kmsg"
	}
	if len(o.JournalDirs) == 0 {
		o.JournalDirs = []string{"/var/log/journal", "/run/log/journal"}
	}
	if o.Interval <= 0 {
		o.Interval = 250 * time.Millisecond
	}
	if o.Settle <= 0 {
		o.Settle = 100 * time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.uptime == nil {
		o.uptime = sinceBoot
	}
	return o
}

// Open opens the log and finds how far back it reaches. What it holds is read by Follow.
func Open(o Options) (*Log, error) {
	o = o.filled()
	if o.BootID == "" {
		id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
		if err != nil {
			return nil, fmt.Errorf("find the id of this boot: %w: mount /proc, or give the id", err)
		}
		o.BootID = strings.TrimSpace(string(id))
	}
	if o.From.BootID != o.BootID {
		o.From = Position{}
	}
	switch o.Kind {
	case Kmsg:
		return openKmsg(o)
	case Syslog:
		return openSyslog(o)
	case Journal:
		return openJournal(o)
	}
	return nil, fmt.Errorf("open the kernel log: no reader is called %q: use %s, %s or %s", o.Kind, Syslog, Journal, Kmsg)
}

// Start says how far the log reached back when it was opened.
func (l *Log) Start() Start { return l.start }

// Position returns the place behind the last record that the Handler took. Between two calls of the Handler it is exact;
// in another goroutine it may be some records behind.
func (l *Log) Position() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pos
}

func (l *Log) moved(p Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pos = p
}

// Follow hands to a Handler what the log holds from the position on, and then what is added, until ctx ends, for which it
// returns nil, or until the log can't be read any more. It may be called once.
func (l *Log) Follow(ctx context.Context, to Handler) error {
	return l.source.run(ctx, to, l.moved)
}

// Close gives back what Open took, when Follow is over. Further calls do nothing.
func (l *Log) Close() error {
	l.closed.Do(func() { l.closeErr = l.source.close() })
	return l.closeErr
}
