package kernlogtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Transport is a text format of logs.
type Transport string

// The transports that Append writes.
const (
	Dmesg             Transport = "dmesg"
	DmesgCaller       Transport = "dmesg-caller"
	DmesgT            Transport = "dmesg-T"
	DmesgISO          Transport = "dmesg-iso"
	DmesgX            Transport = "dmesg-x"
	DmesgR            Transport = "dmesg-r"
	DmesgH            Transport = "dmesg-H"
	Console           Transport = "console"
	Kmsg              Transport = "kmsg"
	JournalShort      Transport = "journal-short"
	JournalPrecise    Transport = "journal-short-precise"
	JournalISO        Transport = "journal-short-iso"
	JournalISOPrecise Transport = "journal-short-iso-precise"
	JournalMonotonic  Transport = "journal-short-monotonic"
	JournalUnix       Transport = "journal-short-unix"
	JournalFull       Transport = "journal-short-full"
	JournalCat        Transport = "journal-cat"
	JournalJSON       Transport = "journal-json"
	Syslog            Transport = "syslog"
	SyslogUptime      Transport = "syslog-uptime"
	SyslogNoSpace     Transport = "syslog-no-space"
	RsyslogRFC3339    Transport = "rsyslog-rfc3339"
)

// Transports are all of them.
var Transports = []Transport{
	Dmesg, DmesgCaller, DmesgT, DmesgISO, DmesgX, DmesgR, DmesgH, Console, Kmsg, JournalShort, JournalPrecise, JournalISO,
	JournalISOPrecise, JournalMonotonic, JournalUnix, JournalFull, JournalCat, JournalJSON, Syslog, SyslogUptime, SyslogNoSpace,
	RsyslogRFC3339,
}

// Host and Caller stand in the transports that name them.
const (
	Host   = "node-1"
	Caller = "T4711"
)

// Log writes records as one transport. The zero Log is not usable; Boot has to be set.
type Log struct {
	Transport Transport
	// Boot is when the machine started, Uptime how long ago the next record is.
	Boot   time.Time
	Uptime time.Duration
	// Step is the time between two records.
	Step time.Duration
	Host string
	seq  int64
	buf  bytes.Buffer
}

// Bytes returns the log so far.
func (l *Log) Bytes() []byte { return l.buf.Bytes() }

// Len returns how long the log is so far.
func (l *Log) Len() int { return l.buf.Len() }

// Add writes records.
func (l *Log) Add(messages ...Message) {
	for _, m := range messages {
		l.record(m)
		l.Uptime += l.Step
		l.seq++
	}
}

// Line writes a line as it is.
func (l *Log) Line(s string) { l.buf.WriteString(s + "\n") }

// Now is the time of the next record.
func (l *Log) Now() time.Time { return l.Boot.Add(l.Uptime).UTC() }

func (l *Log) record(m Message) {
	switch l.Transport {
	case Kmsg:
		fmt.Fprintf(&l.buf, "%d,%d,%d,-;%s\n", m.Level, l.seq, l.Uptime.Microseconds(), Escape(m.Text))
	case JournalJSON:
		l.journalJSON(m)
	case Syslog, SyslogUptime, SyslogNoSpace, RsyslogRFC3339:
		l.buf.WriteString(l.prefix(m))
		l.buf.WriteString(strings.NewReplacer("\n", "#012", "\x1b", "#033").Replace(m.Text))
		l.buf.WriteByte('\n')
	default:
		l.padded(m)
	}
}

// padded writes the further lines of a record behind as many spaces as its prefix has bytes; a console
// repeats the prefix, and the journal's cat format has none.
func (l *Log) padded(m Message) {
	prefix := l.prefix(m)
	pad := strings.Repeat(" ", len(prefix))
	if l.Transport == Console {
		pad = prefix
	}
	for i, line := range strings.Split(m.Text, "\n") {
		if i == 0 {
			l.buf.WriteString(prefix)
		} else {
			l.buf.WriteString(pad)
		}
		l.buf.WriteString(line)
		l.buf.WriteByte('\n')
	}
}

func (l *Log) host() string {
	if l.Host != "" {
		return l.Host
	}
	return Host
}

// prefix returns what stands before the text of a record.
func (l *Log) prefix(m Message) string {
	up := fmt.Sprintf("%5d.%06d", l.Uptime/time.Second, l.Uptime%time.Second/time.Microsecond)
	now := l.Now()
	kernel := l.host() + " kernel: "
	level := [...]string{"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"}[m.Level]
	switch l.Transport {
	case Dmesg, Console:
		return "[" + up + "] "
	case DmesgCaller:
		return fmt.Sprintf("[%s][%6s] ", up, Caller)
	case DmesgT:
		return now.Format("[Mon Jan _2 15:04:05 2006] ")
	case DmesgISO:
		return now.Format("2006-01-02T15:04:05,000000-07:00 ")
	case DmesgX:
		return fmt.Sprintf("%-6s:%-6s: [%s] ", "kern", level, up)
	case DmesgR:
		return fmt.Sprintf("<%d>[%s] ", m.Level, up)
	case DmesgH:
		return fmt.Sprintf("[%11s] ", fmt.Sprintf("+%.6f", l.Step.Seconds()))
	case JournalShort, Syslog:
		return now.Format("Jan _2 15:04:05 ") + kernel
	case JournalPrecise:
		return now.Format("Jan _2 15:04:05.000000 ") + kernel
	case JournalISO:
		return now.Format("2006-01-02T15:04:05-0700 ") + kernel
	case JournalISOPrecise:
		return now.Format("2006-01-02T15:04:05.000000-0700 ") + kernel
	case JournalMonotonic:
		return "[" + up + "] " + kernel
	case JournalUnix:
		return fmt.Sprintf("%d.%06d %s", now.Unix(), now.Nanosecond()/1000, kernel)
	case JournalFull:
		return now.Format("Mon 2006-01-02 15:04:05 UTC ") + kernel
	case SyslogUptime:
		return now.Format("Jan _2 15:04:05 ") + kernel + "[" + up + "] "
	case SyslogNoSpace:
		return now.Format("Jan _2 15:04:05 ") + l.host() + " kernel:"
	case RsyslogRFC3339:
		return now.Format("2006-01-02T15:04:05.000000-07:00 ") + kernel
	}
	return ""
}

func (l *Log) journalJSON(m Message) {
	message := any(m.Text)
	if strings.ContainsFunc(m.Text, func(r rune) bool { return r < ' ' && r != '\n' || r == 0xfffd }) {
		array := make([]int, len(m.Text))
		for i := range array {
			array[i] = int(m.Text[i])
		}
		message = array
	}
	us := fmt.Sprint(l.Now().UnixMicro())
	line, err := json.Marshal(map[string]any{
		"MESSAGE": message, "PRIORITY": fmt.Sprint(m.Level), "SYSLOG_FACILITY": "0", "SYSLOG_IDENTIFIER": "kernel",
		"_TRANSPORT": "kernel", "_HOSTNAME": l.host(), "__REALTIME_TIMESTAMP": us,
		"_SOURCE_MONOTONIC_TIMESTAMP": fmt.Sprint(l.Uptime.Microseconds()), "_BOOT_ID": "0123456789abcdef0123456789abcdef",
		"__CURSOR": "s=0;i=1", "_MACHINE_ID": "0123456789abcdef0123456789abcdef",
	})
	if err != nil {
		panic(err) // a string or a list of numbers always marshals
	}
	l.buf.Write(line)
	l.buf.WriteByte('\n')
}

// Escape writes a text as /dev/kmsg does: bytes below 32, above 126 and the backslash as \xNN.
func Escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > 126 || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
