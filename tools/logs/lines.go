package logs

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine is the longest line that is read; longer ones are skipped and counted.
const maxLine = 1 << 20

// lineReader reads lines of bounded length.
type lineReader struct {
	r       *bufio.Reader
	long    []byte
	skipped int64
	size    int64
	// number counts lines from 1, those that were skipped included.
	number int64
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 64<<10)}
}

// next returns the next line without its end; it is valid until the next call. At the end of the log the error
// is io.EOF.
func (l *lineReader) next() ([]byte, error) {
	for {
		line, err := l.r.ReadSlice('\n')
		l.size += int64(len(line))
		if err == nil {
			l.number++
			return chomp(line), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			if len(line) > 0 && errors.Is(err, io.EOF) {
				l.number++
				return chomp(line), nil
			}
			return nil, err
		}
		line, ok, err := l.collect(line)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		l.number++
		if ok {
			return chomp(line), nil
		}
		l.skipped++
	}
}

// collect reads a line that does not fit the buffer; it reports false for one that is too long.
func (l *lineReader) collect(head []byte) ([]byte, bool, error) {
	l.long = append(l.long[:0], head...)
	for {
		part, err := l.r.ReadSlice('\n')
		l.size += int64(len(part))
		if len(l.long) <= maxLine {
			l.long = append(l.long, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return l.long, len(chomp(l.long)) <= maxLine, err
		}
	}
}

// chomp takes off the end of a line, CRLF too.
func chomp(line []byte) []byte {
	return bytes.TrimRight(line, "\r\n")
}
