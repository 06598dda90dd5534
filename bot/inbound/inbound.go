// Package inbound is what all handlers share that take something from outside over HTTP and acknowledge it only once it
// is stored: how much of it is read, what is answered, and what is logged of what is refused.
//
// It owns the outcomes of such requests, and the bounds of what is held of their bodies. It must not know what stands in
// a body, nor who sends it.
package inbound

import (
	"compress/gzip"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Outcome is what became of one request: a closed set, fit to be a metric's label.
type Outcome string

// The outcomes of requests.
const (
	// Accepted was stored, or was there already.
	Accepted Outcome = "accepted"
	// Ignored tells of nothing that matters.
	Ignored Outcome = "ignored"
	// Method was no POST, Media not what it is said to be or has to be.
	Method Outcome = "method"
	Media  Outcome = "media_type"
	// Unauthorized had no valid token or signature, Forbidden one of somebody who may not say what it says.
	Unauthorized Outcome = "unauthorized"
	Forbidden    Outcome = "forbidden"
	// Payload could not be understood, TooLarge was longer than is read.
	Payload  Outcome = "payload"
	TooLarge Outcome = "too_large"
	// Unavailable could not be stored or checked: the sender is to try again.
	Unavailable Outcome = "unavailable"
)

// Door is where requests of one kind come in. It is safe for concurrent use.
type Door struct {
	// source stands in the log.
	source string
	log    *slog.Logger
	now    func() time.Time
	count  func(Outcome)
	write  func(http.ResponseWriter, Refusal)
	bodies *budget
	seldom *seldom
}

// Options are what a Door works with.
type Options struct {
	// Source names who sends, in the log.
	Source string
	Log    *slog.Logger
	// Now is the clock; nil stands for time.Now.
	Now func() time.Time
	// Count is told the outcome of each request; nil: nobody is. It may be called from several goroutines at a time.
	Count func(Outcome)
	// Write writes a refusal as an answer; nil stands for its words as plain text.
	Write func(http.ResponseWriter, Refusal)
	// MaxHeld bounds, in bytes, what is held at a time of all bodies together, beyond the first 16 KiB of each. One of them
	// may go beyond it.
	MaxHeld int64
}

// New returns a Door.
func New(o Options) *Door {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Count == nil {
		o.Count = func(Outcome) {}
	}
	if o.Write == nil {
		o.Write = func(w http.ResponseWriter, no Refusal) { http.Error(w, no.Says, no.Status) }
	}
	return &Door{source: o.Source, log: o.Log, now: o.Now, count: o.Count, write: o.Write, bodies: &budget{most: o.MaxHeld}, seldom: &seldom{}}
}

// Refusal is an answer that is no success.
type Refusal struct {
	Outcome Outcome
	Status  int
	// Says is what the sender is told, Err what stands in the log only.
	Says string
	Err  error
}

// Refuse answers with a refusal, and logs it, though not each of many.
func (d *Door) Refuse(w http.ResponseWriter, r *http.Request, no Refusal) {
	d.count(no.Outcome)
	level := slog.LevelWarn
	if no.Status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	attrs := []any{"source", d.source, "reason", string(no.Outcome), "status", no.Status, "says", no.Says, "remote", r.RemoteAddr}
	if no.Err != nil {
		attrs = append(attrs, "err", no.Err)
	}
	if skipped, ok := d.seldom.now(d.now(), no.Outcome); ok {
		d.log.Log(r.Context(), level, "webhook refused", append(attrs, "same_before", skipped)...)
	}
	d.write(w, no)
}

// Answer answers with a success, in a line of text.
func (d *Door) Answer(w http.ResponseWriter, status int, o Outcome, says string) {
	d.count(o)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, says)
}

// Post lets only POST pass; everything else is refused.
func (d *Door) Post(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodPost {
		return true
	}
	w.Header().Set("Allow", http.MethodPost)
	d.Refuse(w, r, Refusal{Outcome: Method, Status: http.StatusMethodNotAllowed, Says: "send it with POST"})
	return false
}

// TryAgain asks the sender to send the same again.
func (d *Door) TryAgain(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Set("Retry-After", "5")
	d.Refuse(w, r, Refusal{
		Outcome: Unavailable, Status: http.StatusServiceUnavailable, Says: "it could not be checked or stored; send it again", Err: err,
	})
}

// Limits are how long a body may be, in bytes.
type Limits struct {
	// Sent is as it comes.
	Sent int64
	// Unpacked is what a gzipped one may become; 0: none may be compressed.
	Unpacked int64
	// Advice is what a sender of a longer one is told to do.
	Advice string
}

// Body reads a body, and unpacks one that is compressed; one that can't be read is refused. free is to be called once
// the body is not used any more, also where it is not ok.
func (d *Door) Body(w http.ResponseWriter, r *http.Request, l Limits) (body []byte, free func(), ok bool) {
	s := &share{of: d.bodies}
	from := io.Reader(http.MaxBytesReader(w, r.Body, l.Sent))
	limit := l.Sent
	switch enc := r.Header.Get("Content-Encoding"); {
	case enc == "" || strings.EqualFold(enc, "identity"):
	case strings.EqualFold(enc, "gzip") && l.Unpacked > 0:
		limit = l.Unpacked
		zipped, err := gzip.NewReader(from)
		if err != nil {
			d.unread(w, r, l, fmt.Errorf("the header of gzip: %w", err))
			return nil, s.free, false
		}
		from = &atMost{from: zipped, left: l.Unpacked}
	default:
		no := Refusal{Outcome: Media, Status: http.StatusUnsupportedMediaType, Says: "send it without Content-Encoding"}
		if l.Unpacked > 0 {
			no.Says = "send it with Content-Encoding gzip, or without one"
		}
		d.Refuse(w, r, no)
		return nil, s.free, false
	}
	body, err := io.ReadAll(counted{from, s})
	switch {
	case err == nil:
		return body, s.free, true
	case errors.Is(err, errBusy):
		w.Header().Set("Connection", "close") // what is still to come of it is not read
		d.TryAgain(w, r, err)
	case errors.Is(err, errLong):
		d.long(w, r, limit, " unpacked", l.Advice)
	default:
		d.unread(w, r, l, err)
	}
	return nil, s.free, false
}

// unread refuses a body that could not be read to its end.
func (d *Door) unread(w http.ResponseWriter, r *http.Request, l Limits, err error) {
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		d.long(w, r, l.Sent, "", l.Advice)
		return
	}
	d.Refuse(w, r, Refusal{Outcome: Payload, Status: http.StatusBadRequest, Says: "the body could not be read to its end", Err: err})
}

func (d *Door) long(w http.ResponseWriter, r *http.Request, limit int64, how, advice string) {
	d.Refuse(w, r, Refusal{
		Outcome: TooLarge, Status: http.StatusRequestEntityTooLarge,
		Says: fmt.Sprintf("the body has more than %d bytes%s; %s", limit, how, advice),
	})
}

// Bearer returns the token that a request carries; "" where it carries none.
func Bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// Same compares two secrets in a time that tells nothing of them, not even their lengths.
func Same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
