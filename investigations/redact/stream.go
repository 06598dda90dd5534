package redact

import (
	"bytes"
	"errors"
	"io"
)

// maxHeld is how much of a line without an end is held back, in bytes. A longer one is looked at in parts.
const maxHeld = 1 << 20

// LogWriter redacts a log, as Log does, on its way to another writer. It holds the line back that has not ended
// yet; Close writes it. It is for one goroutine at a time.
type LogWriter struct {
	r     *Redactor
	to    io.Writer
	lines lines
	held  []byte
	err   error
}

// NewLogWriter returns a LogWriter that writes to w.
func NewLogWriter(w io.Writer) *LogWriter { return current().NewLogWriter(w) }

// NewLogWriter is the function NewLogWriter with r's names and patterns.
func (r *Redactor) NewLogWriter(w io.Writer) *LogWriter { return &LogWriter{r: r, to: w} }

var errClosed = errors.New("redact: write to a closed log")

// Write takes a part of the log. It is no error of the caller's where less was written on than taken.
func (l *LogWriter) Write(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	l.held = append(l.held, p...)
	whole := bytes.LastIndexByte(l.held, '\n') + 1
	if whole == 0 && len(l.held) >= maxHeld {
		if whole = bytes.LastIndexAny(l.held, " ,;") + 1; whole == 0 {
			whole = len(l.held)
		}
	}
	if whole > 0 {
		if l.err = l.pass(l.held[:whole]); l.err != nil {
			return 0, l.err
		}
		l.held = append(l.held[:0], l.held[whole:]...)
	}
	return len(p), nil
}

func (l *LogWriter) pass(part []byte) error {
	_, err := io.WriteString(l.to, l.lines.text(l.r, string(part)))
	return err
}

// Close writes what is held back. It does not close the writer below.
func (l *LogWriter) Close() error {
	if l.err != nil {
		if errors.Is(l.err, errClosed) {
			return nil
		}
		return l.err
	}
	l.err = errClosed
	if len(l.held) == 0 {
		return nil
	}
	return l.pass(l.held)
}

// NewLogReader returns a reader of the log that r reads, redacted as Log does.
func NewLogReader(r io.Reader) io.Reader { return current().NewLogReader(r) }

// NewLogReader is the function NewLogReader with r's names and patterns.
func (r *Redactor) NewLogReader(from io.Reader) io.Reader {
	l := &logReader{from: from, chunk: make([]byte, 64<<10)}
	l.writer = r.NewLogWriter(&l.clean)
	return l
}

type logReader struct {
	from   io.Reader
	writer *LogWriter
	clean  bytes.Buffer
	chunk  []byte
	err    error
}

// Read reads the next part of the redacted log.
func (l *logReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for l.clean.Len() == 0 {
		if l.err != nil {
			return 0, l.err
		}
		var n int
		n, l.err = l.from.Read(l.chunk)
		if _, err := l.writer.Write(l.chunk[:n]); err != nil {
			return 0, err
		}
		if l.err != nil { // io.EOF among them: what is held back comes before it
			if err := l.writer.Close(); err != nil {
				return 0, err
			}
		}
	}
	return l.clean.Read(p)
}
