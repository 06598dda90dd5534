package socket

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"os"
	"time"
)

// paced writes an answer as long as its client reads it at the rate that is asked of it.
type paced struct {
	w       io.Writer
	control *http.ResponseController
	pace    pace
	from    time.Time
	written int64
}

func (p *paced) Write(b []byte) (int, error) {
	due := p.from.Add(p.pace.grace + time.Duration(p.written/p.pace.rate)*time.Second)
	// What can't be set is no connection that could be slow.
	_ = p.control.SetWriteDeadline(due)
	n, err := p.w.Write(b)
	p.written += int64(n)
	return n, err
}

// stream begins an answer that is written bit by bit.
func (h *handler) stream(w http.ResponseWriter) *bufio.Writer {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.WriteHeader(http.StatusOK)
	return bufio.NewWriterSize(&paced{w: w, control: http.NewResponseController(w), pace: h.pace, from: time.Now()}, 64<<10)
}

// listing yields what a call lists. All of it is fetched before the first entry is yielded. Names are the ids and keys in
// the request.
func listing[T any](ctx context.Context, c *Client, name string, request any, names ...string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if err := errors.Join(c.usable(ctx), checkKeys(names...)); err != nil {
			yield(none, err)
			return
		}
		fetched, err := c.fetch(ctx, name, request)
		if err != nil {
			yield(none, err)
			return
		}
		defer func() { _ = fetched.Close() }() // it was only read
		for lines := fetched.lines(); ; {
			var line listLine[T]
			switch err = lines.Decode(&line); {
			case err == nil && line.Error != nil:
				err = line.Error
			case err == nil && line.End:
				return
			case err == nil && line.Entry != nil:
				err = ctx.Err()
			case err != nil:
				err = fmt.Errorf("%w: pid %d: a listing has no end: %w", ErrCut, c.PID(), err)
			default:
				err = fmt.Errorf("%w: pid %d: a listing has an empty line", ErrCut, c.PID())
			}
			if err != nil {
				yield(none, fmt.Errorf("list %s: %w", name, err))
				return
			}
			if !yield(*line.Entry, nil) {
				return
			}
		}
	}
}

// fetch fetches a listing.
func (c *Client) fetch(ctx context.Context, name string, request any) (*spool, error) {
	watched, stop := c.watch(ctx)
	defer stop()
	body, err := c.post(watched, name, request)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	s := &spool{}
	if _, err := s.ReadFrom(body); err != nil {
		_ = s.Close()
		var local *fs.PathError
		if errors.As(err, &local) {
			return nil, fmt.Errorf("keep a long listing for a while: %w", err)
		}
		return nil, c.cut(watched, err)
	}
	return s, nil
}

// inHeap is how much of a listing is kept in the heap; what is more goes to a file.
const inHeap = 16 << 20

// spool holds a listing that has come faster than it is read, so that the server is done with it. It is not for
// concurrent use.
type spool struct {
	heap bytes.Buffer
	file *os.File
}

// ReadFrom takes all of r.
func (s *spool) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(&s.heap, io.LimitReader(r, inHeap))
	if err != nil || n < inHeap {
		return n, err
	}
	if s.file, err = os.CreateTemp("", "oombot-listing-"); err != nil {
		return n, err
	}
	if err := os.Remove(s.file.Name()); err != nil { // it lives as long as it is open
		return n, err
	}
	more, err := io.Copy(s.file, r)
	if err == nil {
		_, err = s.file.Seek(0, io.SeekStart)
	}
	return n + more, err
}

// lines reads what it took, from the start; once.
func (s *spool) lines() *json.Decoder {
	if s.file == nil {
		return json.NewDecoder(&s.heap)
	}
	return json.NewDecoder(io.MultiReader(&s.heap, s.file))
}

// Close gives the room back.
func (s *spool) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
