package kernlog

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxExcerpt is how much of a file is read into memory: of one that is larger, the part that ends behind the
	// moment.
	maxExcerpt = 32 << 20
	// behind is how long behind the moment that part goes on.
	behind = 10 * time.Minute
	// laterLines is how many lines in a row must be later before the rest of a file is left out: lines of
	// several hosts are not in order.
	laterLines = 2000
)

// excerptOf is what was read of a file.
type excerptOf struct {
	data []byte
	// before and later count the bytes that are left out before and behind it; later is -1 where the rest of the
	// file was not read.
	before, later int64
	// broke says why the file was not read to its end.
	broke error
}

func (x *excerptOf) partly() bool { return x.before > 0 || x.later != 0 || x.broke != nil }

// lacks says what of the file is left out.
func (x *excerptOf) lacks() string {
	var parts []string
	if x.before > 0 || x.later != 0 {
		parts = append(parts, fmt.Sprintf("is larger than %s, and only the part up to %s behind the moment is read",
			investigations.FormatBytes(int64(maxExcerpt)), investigations.FormatDuration(behind)))
	}
	if x.before > 0 {
		parts = append(parts, "its first "+investigations.FormatBytes(x.before)+" are left out")
	}
	if x.broke != nil {
		parts = append(parts, "broke off: "+investigations.CleanText(pathless(x.broke).Error(), 100))
	}
	return strings.Join(parts, "; ")
}

// fileErrors are what the errors of the file system mean.
var fileErrors = map[error]error{
	investigations.ErrNotFound: fs.ErrNotExist, investigations.ErrForbidden: fs.ErrPermission,
}

func pathless(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

func readFile(ctx context.Context, name string, at time.Time) (*excerptOf, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fileError(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%w: it is a folder; name a file in it", investigations.ErrUnavailable)
	}
	x, err := readExcerpt(ctx, f, at)
	if err != nil && len(x.data) == 0 {
		return nil, fileError(err)
	}
	return x, nil
}

// readExcerpt reads a log: all of it, or, where it is larger than maxExcerpt, the part that ends behind the
// moment. Data that came before an error is returned with it.
func readExcerpt(ctx context.Context, src io.Reader, at time.Time) (*excerptOf, error) {
	src = &untilDone{ctx: ctx, r: src}
	var head bytes.Buffer
	_, err := io.Copy(&head, io.LimitReader(src, maxExcerpt+1))
	if head.Len() <= maxExcerpt || err != nil {
		return &excerptOf{data: head.Bytes(), broke: err}, err
	}
	w := &windowed{
		at:   at,
		ring: make([]byte, maxExcerpt),
		p:    NewParser(Options{Now: at.Add(logAhead)}),
	}
	err = w.readAll(io.MultiReader(&head, src))
	return &excerptOf{data: w.data(), before: w.before(), later: w.later, broke: err}, err
}

// windowed keeps the last lines of a log up to behind the moment.
type windowed struct {
	at time.Time
	p  *Parser
	// ring holds the last bytes of size that were kept.
	ring []byte
	size int64
	// run counts the lines in a row that are later, later their bytes.
	run   int
	later int64
}

func (w *windowed) readAll(src io.Reader) error {
	in := bufio.NewReaderSize(src, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		if len(line) > 0 && (err == nil || errors.Is(err, io.EOF)) {
			w.take(line)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull): // a line that is too long is left out
			return err
		case w.run > laterLines:
			w.later = -1
			return nil
		}
	}
}

// take keeps a line, unless it is later.
func (w *windowed) take(line []byte) {
	var r record
	w.p.split(bytes.TrimRight(line, "\r\n"), &r)
	if at, ok := w.p.at(&r); ok {
		if at.After(w.at.Add(behind)) {
			w.run++
		} else {
			w.run = 0
		}
	}
	if w.run > 0 {
		w.later += int64(len(line))
		return
	}
	for len(line) > 0 {
		n := copy(w.ring[w.size%int64(len(w.ring)):], line)
		w.size += int64(n)
		line = line[n:]
	}
}

// data returns what the ring holds, from its first whole line on. The ring is used up.
func (w *windowed) data() []byte {
	if w.size <= int64(len(w.ring)) {
		return w.ring[:w.size]
	}
	i := int(w.size % int64(len(w.ring)))
	slices.Reverse(w.ring[:i])
	slices.Reverse(w.ring[i:])
	slices.Reverse(w.ring)
	return w.ring[bytes.IndexByte(w.ring, '\n')+1:]
}

// before is how much was read and not kept, before what is kept.
func (w *windowed) before() int64 { return max(w.size-int64(len(w.ring)), 0) }
