package memory

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxLine bounds a line of an import, in bytes.
	maxLine = 16 << 20
	// importBatch is how many traces are stored at a time, and importBytes how many bytes of lines.
	importBatch = 200
	importBytes = 32 << 20
)

// ImportOptions steer Import. All of them may be left out.
type ImportOptions struct {
	// Now is when traces were stored that do not say so.
	Now time.Time
	// Bad is told of each line that could not be taken. Lines count from 1.
	Bad func(line int, err error)
	// Progress is told how many traces are stored so far.
	Progress func(stored int)
}

// Imported counts what became of the lines of an import.
type Imported struct {
	// Lines are those that were not blank; each is either imported or bad where Import returned no error.
	Lines    int `json:"lines"`
	Imported int `json:"imported"`
	Bad      int `json:"bad"`
}

// Import stores traces from lines of JSON: what export wrote, or results of investigations. A line that can't be taken
// costs only itself. Where a trace of that kill is there that was stored later, its result stays, and only feedback,
// outcome and places shown are joined: importing the same twice changes nothing. An error of the reader or the store
// ends the import; what Imported counts by then is stored.
func Import(ctx context.Context, m investigations.Memory, r io.Reader, o ImportOptions) (Imported, error) {
	i := importer{memory: m, options: o}
	lines := bufio.NewReaderSize(r, 64<<10)
	for number := 1; ; number++ {
		line, err := readLine(lines)
		switch {
		case ctx.Err() != nil:
			err = errors.Join(context.Cause(ctx), i.flush(context.WithoutCancel(ctx)))
			return i.done, err
		case errors.Is(err, io.EOF):
			err = i.flush(ctx)
			return i.done, err
		case err != nil && !errors.Is(err, investigations.ErrTooLarge):
			err = errors.Join(fmt.Errorf("read line %d: %w", number, err), i.flush(ctx))
			return i.done, err
		case err == nil && len(line) == 0:
			continue
		}
		i.done.Lines++
		var t investigations.Trace
		if err == nil {
			t, err = ReadDocument(line)
		}
		if err != nil {
			i.bad(number, err)
			continue
		}
		if err := i.add(ctx, number, t, len(line)); err != nil {
			return i.done, err
		}
	}
}

// importer collects traces until they are worth a transaction.
type importer struct {
	memory  investigations.Memory
	options ImportOptions
	batch   []investigations.Trace
	// lines are the numbers of the lines of the batch, and bytes their length.
	lines []int
	bytes int
	done  Imported
}

func (i *importer) bad(line int, err error) {
	i.done.Bad++
	if i.options.Bad != nil {
		i.options.Bad(line, err)
	}
}

// add adds a trace to the batch, joined with what is there of that kill.
func (i *importer) add(ctx context.Context, line int, t investigations.Trace, size int) error {
	id := t.Result.ID
	if slices.ContainsFunc(i.batch, func(b investigations.Trace) bool { return b.Result.ID == id }) {
		if err := i.flush(ctx); err != nil {
			return err
		}
	}
	stored, err := i.memory.Trace(ctx, id)
	switch {
	case errors.Is(err, investigations.ErrNotFound):
	case err != nil:
		return fmt.Errorf("look up incident %s: %w", id, err)
	case stored.StoredAt.After(t.StoredAt):
		t = Revise(t, stored)
	}
	if t.StoredAt.IsZero() {
		t.StoredAt = i.options.Now.UTC()
	}
	i.batch, i.lines = append(i.batch, t), append(i.lines, line)
	if i.bytes += size; len(i.batch) >= importBatch || i.bytes >= importBytes {
		return i.flush(ctx)
	}
	return nil
}

// flush stores the batch: at once, or where the store can't take one of it, one by one.
func (i *importer) flush(ctx context.Context) error {
	if len(i.batch) == 0 {
		return nil
	}
	batch, lines := i.batch, i.lines
	i.batch, i.lines, i.bytes = nil, nil, 0
	err := i.memory.Keep(ctx, batch...)
	switch {
	case errors.Is(err, ErrInvalid):
		for n, t := range batch {
			err := i.memory.Keep(ctx, t)
			switch {
			case errors.Is(err, ErrInvalid):
				i.bad(lines[n], err)
			case err != nil:
				return fmt.Errorf("store imported incidents: %w", err)
			default:
				i.done.Imported++
			}
		}
	case err != nil:
		return fmt.Errorf("store imported incidents: %w", err)
	default:
		i.done.Imported += len(batch)
	}
	if i.options.Progress != nil {
		i.options.Progress(i.done.Imported)
	}
	return nil
}

// readLine returns the next line without white space around it; io.EOF after the last one. What is too long is passed
// over, and the error wraps ErrTooLarge.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (long || len(line) > 0): // the last line has no end
		case err != nil:
			return nil, err
		}
		if long {
			return nil, fmt.Errorf("it is longer than %s: %w", investigations.FormatBytes(maxLine), investigations.ErrTooLarge)
		}
		return bytes.TrimSpace(line), nil
	}
}
