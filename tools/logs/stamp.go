package logs

import (
	"bytes"
	"strconv"
	"time"
)

// stamper reads the times of a log's lines. Its zero value is ready.
type stamper struct {
	// last is the time of the latest line that had one.
	last time.Time
	// misses counts lines without a time since; after many of them only kubectl's form is looked for.
	misses int
	// layout is the index of the one that fitted last: a log sticks to one.
	layout int
}

const maxMisses = 2_000

// read returns the time of a line, zero where neither it nor one before it has any, and what the line says
// behind kubectl's (or the container runtime's) prefix.
func (s *stamper) read(line []byte) (time.Time, []byte) {
	if at, rest, ok := prefix(line); ok {
		s.last, s.misses = at, 0
		return at, rest
	}
	if s.misses < maxMisses {
		if at, ok := s.own(line); ok {
			s.last, s.misses = at, 0
			return at, line
		}
		s.misses++
	}
	return s.last, line
}

// prefix reads what kubectl logs --timestamps, or a log file of a container runtime, has before a line:
// "2026-03-04T02:17:09.123456789Z " and, of a file, "stderr F ".
func prefix(line []byte) (time.Time, []byte, bool) {
	end := bytes.IndexByte(line[:min(len(line), 40)], ' ')
	if end < 0 {
		end = len(line) // an empty line
	}
	if end < len("2006-01-02T15:04:05Z") || end > 40 || line[4] != '-' || line[10] != 'T' {
		return time.Time{}, nil, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(line[:end]))
	if err != nil {
		return time.Time{}, nil, false
	}
	rest := line[min(end+1, len(line)):]
	for _, stream := range []string{"stdout ", "stderr "} {
		// F is a whole line, P a part of one.
		if tail, ok := bytes.CutPrefix(rest, []byte(stream)); ok && len(tail) >= 2 && tail[1] == ' ' &&
			(tail[0] == 'F' || tail[0] == 'P') {
			return at.UTC(), tail[2:], true
		}
	}
	return at.UTC(), rest, true
}

// layouts are times that programs put before a line. The parser takes fractions of a second, behind a point or
// a comma, that a layout does not name.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z0700",
	"2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006/01/02 15:04:05",
	"02/Jan/2006:15:04:05 Z0700",
}

// timeKeys are the members that hold the time in a line of JSON.
var timeKeys = [][]byte{[]byte(`"time":`), []byte(`"ts":`), []byte(`"timestamp":`), []byte(`"@timestamp":`), []byte(`"t":`)}

// own reads the time that a program wrote.
func (s *stamper) own(line []byte) (time.Time, bool) {
	head := line[:min(len(line), 512)]
	if len(head) > 0 && head[0] == '{' {
		for _, key := range timeKeys {
			if i := bytes.Index(head, key); i >= 0 {
				return s.member(bytes.TrimLeft(head[i+len(key):], " "))
			}
		}
		return time.Time{}, false
	}
	head = bytes.TrimLeft(head[:min(len(head), 48)], "[ ")
	if len(head) < len("2006-01-02 15:04:05") || head[0] < '0' || head[0] > '9' {
		return time.Time{}, false
	}
	return s.parse(head)
}

// member reads the time that is the value of a JSON member: a text, or seconds, milliseconds or nanoseconds.
func (s *stamper) member(value []byte) (time.Time, bool) {
	if text, ok := bytes.CutPrefix(value, []byte(`"`)); ok {
		if end := bytes.IndexByte(text, '"'); end >= 0 {
			return s.parse(text[:end])
		}
		return time.Time{}, false
	}
	end := bytes.IndexAny(value, ",} ")
	if end < 0 {
		return time.Time{}, false
	}
	f, err := strconv.ParseFloat(string(value[:end]), 64)
	switch {
	case err != nil || f < 1e9:
		return time.Time{}, false
	case f < 1e11:
		return time.UnixMicro(int64(f * 1e6)).UTC(), true
	case f < 1e14:
		return time.UnixMilli(int64(f)).UTC(), true
	case f < 1e17:
		return time.UnixMicro(int64(f)).UTC(), true
	case f < 9e18:
		return time.Unix(0, int64(f)).UTC(), true
	}
	return time.Time{}, false
}

// parse reads a time at the beginning of a text.
func (s *stamper) parse(text []byte) (time.Time, bool) {
	date := bytes.IndexAny(text, "T :")
	if date < 0 {
		return time.Time{}, false
	}
	clock := date + 1
	for clock < len(text) && bytes.IndexByte([]byte("0123456789:.,"), text[clock]) >= 0 {
		clock++
	}
	zone := clock
	if zone < len(text) && text[zone] == ' ' && zone+1 < len(text) && (text[zone+1] == '+' || text[zone+1] == '-') {
		zone++
	}
	for zone < len(text) && bytes.IndexByte([]byte("0123456789:+-Z"), text[zone]) >= 0 {
		zone++
	}
	for _, end := range []int{zone, clock} {
		stamp := string(bytes.TrimRight(text[:end], ",.:"))
		for i := range layouts {
			layout := (s.layout + i) % len(layouts)
			if at, err := time.Parse(layouts[layout], stamp); err == nil {
				s.layout = layout
				return at.UTC(), true
			}
		}
	}
	return time.Time{}, false
}
