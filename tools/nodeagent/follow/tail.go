package follow

import (
	"bytes"
	"hash/fnv"
	"strconv"
	"time"
)

const (
	// tailText is how much of what was read is kept to find it again.
	tailText = 4 << 10
	// hashedLines is how many lines a Position has a hash of.
	hashedLines = 8
)

// tail is the end of what was read, of whole lines but for the first one.
type tail struct {
	text []byte
}

func (t *tail) len() int { return len(t.text) }

func (t *tail) clear() { t.text = t.text[:0] }

// add takes lines that were read.
func (t *tail) add(lines []byte) {
	if t.text == nil {
		t.text = make([]byte, 0, tailText)
	}
	if len(lines) >= tailText {
		t.text = append(t.text[:0], lines[len(lines)-tailText:]...)
		return
	}
	if over := len(t.text) + len(lines) - tailText; over > 0 {
		t.text = t.text[:copy(t.text, t.text[over:])]
	}
	t.text = append(t.text, lines...)
}

// find returns where in q that begins which is behind the tail, -1 where the tail is not in it. q may begin in the midst of
// the tail.
//
// It is the text that decides, not the last line alone: a line can repeat, and without stamps it does.
func (t *tail) find(q []byte) int {
	if len(t.text) == 0 {
		return 0
	}
	last := t.text[lineStart(t.text, len(t.text)):]
	for end := len(q); ; {
		i := bytes.LastIndex(q[:end], last)
		if i < 0 {
			return -1
		}
		if (i == 0 || q[i-1] == '\n') && sameEnd(q[:i+len(last)], t.text) {
			return i + len(last)
		}
		end = i + len(last) - 1
	}
}

// sameEnd says whether the shorter one is the end of the other. The first line of q is left out where there are more:
// kernels before 5.10 print a record that continues the one before with a prefix or without, depending on where they
// began to print.
func sameEnd(q, known []byte) bool {
	if len(q) < len(known) {
		if i := bytes.IndexByte(q, '\n'); i >= 0 && i+1 < len(q) {
			q = q[i+1:]
		}
	}
	n := min(len(q), len(known))
	return bytes.Equal(q[len(q)-n:], known[len(known)-n:])
}

// hash is that of the last lines.
func (t *tail) hash() (lines int, sum string) { return hashLines(t.text, hashedLines) }

// hashLines hashes the last whole lines of a text, at most n.
func hashLines(text []byte, n int) (lines int, sum string) {
	from := len(text)
	for lines < n && from > 0 {
		i := lineStart(text, from)
		if i == 0 && len(text) == tailText {
			break // it may be the rest of a line
		}
		from = i
		lines++
	}
	if lines == 0 {
		return 0, ""
	}
	h := fnv.New64a()
	_, _ = h.Write(text[from:]) // a hash takes all
	return lines, strconv.FormatUint(h.Sum64(), 16)
}

// lineStart returns where the line begins that ends, with its line break, at end.
func lineStart(text []byte, end int) int { return bytes.LastIndexByte(text[:end-1], '\n') + 1 }

// complete is q without a line at its end that has no line break: old kernels print a line in pieces.
func complete(q []byte) []byte { return q[:bytes.LastIndexByte(q, '\n')+1] }

// locate finds a position in a log: where that begins which is behind it, and whether the log reaches back to it.
func locate(q []byte, p Position) (at int, reached bool) {
	if p.Reader == Syslog && p.Lines > 0 {
		for end := len(q); end > 0; end = lineStart(q, end) {
			if micros(stampOf(q[lineStart(q, end):])) != p.UptimeUS {
				continue
			}
			if lines, sum := hashLines(q[:end], p.Lines); lines == p.Lines && sum == p.Hash {
				return end, true
			}
		}
	}
	return byStamp(q, p.UptimeUS)
}

// byStamp finds the first line with a stamp behind the given one, and says whether there are earlier ones. Without stamps
// all is new.
func byStamp(q []byte, us int64) (at int, reached bool) {
	if us < 0 {
		return 0, false
	}
	for at < len(q) {
		if micros(stampOf(q[at:])) > us {
			return at, at > 0
		}
		i := bytes.IndexByte(q[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
	}
	return len(q), len(q) > 0
}

func micros(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return d.Microseconds()
}

// stampOf reads the stamp of a line `<6>[   12.345678] msg`, with a caller behind it or without; -1 where it has none.
func stampOf(line []byte) time.Duration {
	if i := bytes.IndexByte(line[:min(len(line), 6)], '>'); i > 0 && line[0] == '<' {
		line = line[i+1:]
	}
	if len(line) == 0 || line[0] != '[' {
		return -1
	}
	i := 1
	for i < len(line) && line[i] == ' ' {
		i++
	}
	s, n := digits(line[i:])
	i += n
	if n == 0 || n > 9 || i+8 > len(line) || line[i] != '.' || line[i+7] != ']' {
		return -1
	}
	us, n := digits(line[i+1 : i+7])
	if n != 6 {
		return -1
	}
	return time.Duration(s)*time.Second + time.Duration(us)*time.Microsecond
}

// digits reads a number, and says how many digits it has: of more than 18 it reads 18.
func digits(b []byte) (v int64, n int) {
	for n < len(b) && n < 18 && b[n] >= '0' && b[n] <= '9' {
		v = v*10 + int64(b[n]-'0')
		n++
	}
	return v, n
}

// holdsBanner says whether a log reaches back to boot: its first lines are the kernel's own, with the banner that
// start_kernel prints (linux_banner of init/version.c) before all but what some processors say of themselves.
func holdsBanner(q []byte) bool {
	for range 64 {
		i := bytes.IndexByte(q, '\n')
		if i < 0 {
			return false
		}
		line := q[:i]
		q = q[i+1:]
		if len(line) < 3 || line[0] != '<' || line[2] != '>' || line[1] < '0' || line[1] > '7' {
			continue // what a program wrote has a facility: <12>
		}
		text := line[3:]
		if stampOf(line) > 5*time.Second {
			return false
		}
		if len(text) > 0 && text[0] == '[' {
			if j := bytes.Index(text, []byte("] ")); j >= 0 {
				text = text[j+2:]
			}
		}
		if bytes.HasPrefix(text, []byte("Linux version ")) {
			return true
		}
	}
	return false
}
