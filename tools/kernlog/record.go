package kernlog

// origin is who a line comes from.
type origin uint8

const (
	// originNone is an empty line, or one of a container format that holds no text.
	originNone origin = iota
	originKernel
	// originUser is a line whose identifier is not the kernel's.
	originUser
	// originOther is a line that counts for nothing: a record of another facility in the kernel's own log.
	originOther
	// originPlain is a line without any prefix.
	originPlain
	// originFollow is a line that begins with padding: the rest of the record before it.
	originFollow
)

// dateForm is how the date of a record is written.
type dateForm uint8

const (
	dateNone dateForm = iota
	// dateISO is 2026-11-23T14:19:07, with fraction (after a dot or comma) and zone where they are given.
	dateISO
	// dateBSD is Nov 23 14:19:07, without a year.
	dateBSD
	// dateCtime is Mon Nov 23 14:19:07 2026, with names in any language.
	dateCtime
	// dateFull is Mon 2026-11-23 14:19:07 UTC.
	dateFull
	// dateUnix is seconds since 1970 with a fraction.
	dateUnix
	// dateMicros is microseconds since 1970.
	dateMicros
)

// record is one line taken apart as far as its prefix. Its slices point into the line, or into the parser's
// scratch memory, and die with the next line.
type record struct {
	origin origin
	// msg is the text after the prefix.
	msg    []byte
	host   []byte
	caller []byte
	// ident is the identifier of a user-space line, without a pid.
	ident []byte

	date     []byte
	dateForm dateForm
	// uptime is decimal seconds since boot, perhaps with spaces before them; nil where there is none.
	uptime []byte
	// usec is microseconds since boot where hasUsec is set.
	usec    int64
	hasUsec bool
	// seq is the number of a /dev/kmsg record where hasSeq is set.
	seq    int64
	hasSeq bool

	// fragment says that the record continues an earlier one, without a line break.
	fragment bool
	// literal says that the text has no escapes.
	literal bool
	// syslog says that control characters are written as #ooo.
	syslog bool
	// prefixed says that the line has a stamp of its own.
	prefixed bool
	// off is how many bytes of quoting and indentation stood before it all.
	off int
}

// stamped tells whether the record has a time of any kind.
func (r *record) stamped() bool { return r.dateForm != dateNone || r.hasUsec || r.uptime != nil }

// micros returns the record's time since boot in microseconds.
func (r *record) micros() (int64, bool) {
	if r.hasUsec {
		return r.usec, true
	}
	if r.uptime == nil {
		return 0, false
	}
	return decimalMicros(r.uptime)
}

// decimalMicros reads "  482.968730" as microseconds.
func decimalMicros(b []byte) (int64, bool) {
	b = trimSpaces(b)
	sec, n := leadingInt(b)
	if n == 0 || sec > 1<<40 {
		return 0, false
	}
	us := sec * 1e6
	if n == len(b) {
		return us, true
	}
	if b[n] != '.' && b[n] != ',' {
		return 0, false
	}
	return us + fractionMicros(b[n+1:]), true
}

// fractionMicros reads the digits behind a decimal point as microseconds.
func fractionMicros(b []byte) int64 {
	var us int64
	scale := int64(100_000)
	for _, c := range b {
		if !isDigit(c) || scale == 0 {
			break
		}
		us += int64(c-'0') * scale
		scale /= 10
	}
	return us
}

// leadingInt reads the decimal number that b begins with, and how many bytes it has. A number that does not
// fit into 18 digits is returned as the largest value.
func leadingInt(b []byte) (v int64, n int) {
	for n < len(b) && isDigit(b[n]) {
		if n < 18 {
			v = v*10 + int64(b[n]-'0')
		}
		n++
	}
	if n > 18 {
		v = 1<<63 - 1
	}
	return v, n
}

func isDigit(c byte) bool { return c-'0' <= 9 }

func isHex(c byte) bool { return isDigit(c) || c-'a' <= 5 }

func trimSpaces(b []byte) []byte {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	return b
}

// leadingSpaces counts the spaces and tabs that b begins with.
func leadingSpaces(b []byte) int {
	n := 0
	for n < len(b) && (b[n] == ' ' || b[n] == '\t') {
		n++
	}
	return n
}
