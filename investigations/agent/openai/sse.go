package openai

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	// maxAnswer bounds an answer in one piece, and what is put together of a stream's pieces.
	maxAnswer = 8 << 20
	// maxStream bounds a stream: each token comes with some 300 bytes around it.
	maxStream = 64 << 20
	// maxLine bounds one line of a stream.
	maxLine = 1 << 20
)

// errTooLong is an answer beyond its limit.
var errTooLong = errors.New("the answer is longer than any that is read")

// events makes what an endpoint streams fit for the library's reader, which ends at 300 lines without data, keeps what
// it doesn't know, and loses a last line without an end: it passes lines with data only. Servers are taken as they are:
// with CRLF, a BOM, comments, event names, no space after the colon, "error:" in place of "data:" (llama.cpp), JSON
// without "data:", and a whole answer in place of a stream.
type events struct {
	in      *bufio.Reader
	pending []byte
	read    int
	begun   bool
	// one says that the body is no stream by its type; then it is read as one piece where it is JSON.
	one bool
}

func newEvents(body io.Reader, isStream bool) *events {
	return &events{in: bufio.NewReaderSize(body, 16<<10), one: !isStream}
}

// Read implements io.Reader.
func (e *events) Read(p []byte) (int, error) {
	for len(e.pending) == 0 {
		if err := e.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, e.pending)
	e.pending = e.pending[n:]
	return n, nil
}

// fill puts the next line with data into pending, if the next line has any.
func (e *events) fill() error {
	if !e.begun {
		e.begun = true
		if bom, _ := e.in.Peek(3); bytes.Equal(bom, []byte("\ufeff")) {
			_, _ = e.in.Discard(3) // they are there
		}
		if e.one && e.isJSON() {
			return e.whole()
		}
	}
	line, err := e.line()
	if data := dataOf(bytes.TrimSpace(line)); len(data) > 0 {
		e.emit(data)
		return nil // an error comes again
	}
	return err
}

// isJSON says whether the body begins as a JSON document.
func (e *events) isJSON() bool {
	for {
		b, err := e.in.ReadByte()
		if err != nil {
			return false
		}
		if !bytes.ContainsRune([]byte(" \t\r\n"), rune(b)) {
			_ = e.in.UnreadByte() // it was read just now
			return b == '{' || b == '['
		}
	}
}

// whole passes a whole answer as one event, followed by the end.
func (e *events) whole() error {
	body, err := readAll(e.in, maxAnswer)
	if err != nil {
		return err
	}
	var one bytes.Buffer
	if err := json.Compact(&one, body); err != nil {
		return fmt.Errorf("%w: it is no JSON", errGarbled)
	}
	e.emit(one.Bytes())
	return nil
}

func (e *events) emit(data []byte) {
	const isError = `{"error":`
	e.pending = append(e.pending[:0], "data: "...)
	if bytes.HasPrefix(data, []byte(isError)) {
		// The library takes an error out of the stream by these letters, and drops one that doesn't look like OpenAI's.
		e.pending = append(e.pending, "{ "...)
		data = data[1:]
	}
	e.pending = append(append(e.pending, data...), '\n')
}

// line returns the next line; with io.EOF, or another error, what came of it.
func (e *events) line() ([]byte, error) {
	var line []byte
	for {
		part, err := e.in.ReadSlice('\n')
		e.read += len(part)
		if len(line)+len(part) > maxLine || e.read > maxStream {
			return nil, errTooLong
		}
		line = append(line, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err // half a line is none
		}
		return line, err
	}
}

// dataOf returns the data in a line of a stream, nil where it has none.
func dataOf(line []byte) []byte {
	if len(line) > 0 && line[0] == '{' {
		return line
	}
	field, value, found := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case !found || len(value) == 0:
		return nil
	case string(field) == "data":
		return value
	case string(field) == "error" && value[0] == '{' && json.Valid(value):
		return append(append([]byte(`{"error":`), value...), '}')
	}
	return nil
}

// readAll reads r up to limit bytes; what is longer is errTooLong.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = errTooLong
	}
	return body, err
}

// lines reads a body of events without the library.
type lines struct {
	events *events
}

// next returns the data of the next event; io.EOF after the last.
func (l *lines) next() ([]byte, error) {
	for {
		if err := l.events.fill(); err != nil {
			return nil, err
		}
		data := bytes.TrimSpace(bytes.TrimPrefix(l.events.pending, []byte("data: ")))
		l.events.pending = l.events.pending[:0]
		if string(data) == "[DONE]" {
			return nil, io.EOF
		}
		if len(data) > 0 {
			return data, nil
		}
	}
}
