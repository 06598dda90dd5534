package logs

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/oombot/oombot/investigations/redact"
)

// part is a part of a log as it was read: whole lines in the form of kubectl logs --timestamps.
type part struct {
	data []byte
	// first and last are the times of its lines; zero where none has one.
	first, last time.Time
	lines       int64
	// size is how many bytes were read, some of which may not have been kept.
	size int64
	// dropped says that earlier lines were read and not kept for want of room.
	dropped bool
	// passed says that the log goes on behind the moment up to which it was wanted.
	passed bool
}

// maxHeld is how much of one line is kept; the bundle's reader skips lines that are longer.
const maxHeld = 256 << 10

// readPart reads a log until it ends, or until a line is later than until (unless that is zero), and keeps its
// last lines, of about keep bytes. What was read before an error can be used. A last line that breaks off is left
// out where the error or the size shows that it did: limit is how many bytes were asked for.
func readPart(src io.Reader, until time.Time, keep, limit int64) (*part, error) {
	p := &part{}
	in := bufio.NewReaderSize(src, 64<<10)
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		p.size += int64(len(part))
		line = append(line, part[:min(len(part), max(maxHeld-len(line), 0))]...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == nil:
			if line[len(line)-1] != '\n' {
				line = append(line, '\n') // the end of a line that is too long
			}
		case errors.Is(err, io.EOF):
			if limit <= 0 || p.size < limit {
				p.take(append(line, '\n'), until, keep)
			}
			return p, nil
		default:
			return p, err
		}
		if p.take(line, until, keep); p.passed {
			return p, nil
		}
		line = line[:0]
	}
}

// take keeps a line.
func (p *part) take(line []byte, until time.Time, keep int64) {
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	if at, ok := stampOf(line); ok {
		if !until.IsZero() && at.After(until) {
			p.passed = true
			return
		}
		if p.first.IsZero() {
			p.first = at
		}
		p.last = at
	}
	p.lines++
	p.data = append(p.data, line...)
	if int64(len(p.data)) > 2*keep {
		p.trim(keep)
	}
}

// trim leaves the last lines only, of at most keep bytes.
func (p *part) trim(keep int64) {
	if int64(len(p.data)) <= keep {
		return
	}
	tail := p.data[int64(len(p.data))-keep:]
	i := bytes.IndexByte(tail, '\n')
	p.data = append(p.data[:0], tail[i+1:]...)
	p.dropped = true
	p.first = time.Time{}
	for line := range bytes.Lines(p.data) {
		if at, ok := stampOf(line); ok {
			p.first = at
			return
		}
	}
}

// stampOf returns the time that kubectl puts before a line.
func stampOf(line []byte) (time.Time, bool) {
	stamp, _, ok := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(" "))
	if !ok && len(stamp) == 0 || len(stamp) > len("2006-01-02T15:04:05.000000000+00:00") {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(stamp))
	return at.UTC(), err == nil
}

// masked takes secrets out of a log. Every log that is recorded passes here.
func masked(data []byte) []byte { return redact.Log(data) }
