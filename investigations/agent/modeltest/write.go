package modeltest

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Ends of an answer before its end.
var (
	errCut  = errors.New("cut off")
	errDone = errors.New("ended in order")
	errGone = errors.New("the client is gone")
)

// answer does what the reply says.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, req Request, rep Reply) {
	for _, f := range rep.Faults {
		s.fault(req.Number, f)
	}
	if s.pause(r, rep.Delay) != nil {
		panic(http.ErrAbortHandler) // net/http's way to end a connection without an answer
	}
	if rep.Broken.Hang && rep.Broken.CutBytes == 0 && rep.Broken.CutEvents == 0 {
		s.hang(r)
		panic(http.ErrAbortHandler)
	}
	err := s.write(&sink{server: s, w: w, r: r, rep: rep, left: rep.Broken.CutBytes}, req, rep)
	if err != nil && !errors.Is(err, errDone) {
		panic(http.ErrAbortHandler)
	}
}

// write sends the body that the reply describes.
func (s *Server) write(out *sink, req Request, rep Reply) error {
	status := max(rep.Status, http.StatusOK)
	switch {
	case rep.Body != nil:
		return out.whole(status, "application/json", []byte(*rep.Body))
	case rep.Error != nil || status >= http.StatusBadRequest:
		e := statusError(status)
		if rep.Error != nil {
			e = *rep.Error
			e.Status = rep.Status
		}
		return out.whole(e.status(), "application/json", encode(e))
	}
	rep = rep.limited(req.Limit)
	s.spend(rep.usage(req))
	a := answer{req: req, rep: rep, created: s.opts.Now().Unix(), model: s.opts.Model}
	if !req.Stream || rep.Broken.Whole {
		return out.whole(status, "application/json", a.whole())
	}
	return out.stream(status, a.stream())
}

// pause waits for d, or until the client goes away or the server is closed.
func (s *Server) pause(r *http.Request, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	ended := make(chan struct{})
	go func() { // ends with this function
		defer close(ended)
		select {
		case <-s.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := s.opts.Pause(ctx, d)
	cancel()
	<-ended
	return err
}

// hang waits until the client goes away or the server is closed.
func (s *Server) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.closed:
	}
}

// sink sends a body as the reply wants it: in parts, cut off.
type sink struct {
	server *Server
	w      http.ResponseWriter
	r      *http.Request
	rep    Reply
	// left is how many bytes may still be sent, where the reply cuts by bytes.
	left int
}

// head sends the headers.
func (o *sink) head(status int, kind string, length int) {
	h := o.w.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Request-Id", "req_modeltest")
	if length >= 0 {
		h.Set("Content-Length", strconv.Itoa(length))
	}
	for name, value := range o.rep.Header {
		h.Set(name, value)
	}
	o.w.WriteHeader(status)
}

// whole sends a body of known length. One that is cut in order has the length up to the cut.
func (o *sink) whole(status int, kind string, body []byte) error {
	length := len(body)
	if b := o.rep.Broken; b.Clean && b.CutBytes > 0 {
		length = min(length, b.CutBytes)
	}
	o.head(status, kind, length)
	return o.send(body)
}

// stream sends events, with pauses between them.
func (o *sink) stream(status int, events [][]byte) error {
	o.head(status, "text/event-stream; charset=utf-8", -1)
	for i := 0; i < len(events); i++ {
		e := events[i]
		if o.rep.Broken.Endless && i == 2 {
			i = 1 // the role came first, the text's first piece second
			e = events[i]
		}
		if n := o.rep.Broken.CutEvents; n > 0 && i == n {
			return o.end()
		}
		if i > 0 {
			if err := o.server.pause(o.r, o.rep.Between); err != nil {
				return err
			}
			if o.gone() {
				return errGone
			}
		}
		if err := o.send(e); err != nil {
			return err
		}
	}
	return nil
}

// gone says whether nobody waits for more.
func (o *sink) gone() bool {
	select {
	case <-o.server.closed:
		return true
	default:
		return o.r.Context().Err() != nil
	}
}

// send sends bytes at once, or a few at a time.
func (o *sink) send(body []byte) error {
	part := len(body)
	if o.rep.Flush > 0 {
		part = o.rep.Flush
	}
	for len(body) > 0 {
		n := min(part, len(body))
		over := o.rep.Broken.CutBytes > 0 && n >= o.left
		if over {
			n = o.left
		}
		if _, err := o.w.Write(body[:n]); err != nil {
			return errGone
		}
		if err := http.NewResponseController(o.w).Flush(); err != nil {
			return errGone
		}
		body = body[n:]
		o.left -= n
		if over {
			return o.end()
		}
	}
	return nil
}

// end is the end of an answer that has another one before it.
func (o *sink) end() error {
	switch b := o.rep.Broken; {
	case b.Hang:
		o.server.hang(o.r)
		return errCut
	case b.Clean:
		return errDone
	}
	return errCut
}
