package socket

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// handler answers calls by a store.
type handler struct {
	store memory.Store
	pace  pace
	pid   int
	// stopped is done when requests are broken off: what they fail with then is no answer of the store.
	stopped context.Context
}

// ServeHTTP answers one call.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(versionHeader, version)
	theirs, call, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if theirs != version {
		w.Header().Set("Connection", "close")
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.pace.body)) // for what net/http reads on
		h.answer(w, nil, fmt.Errorf("the client speaks %q, and this process (pid %d) %q: %w", theirs, h.pid, version, ErrVersion))
		return
	}
	body, err := h.read(w, r)
	if err != nil {
		h.answer(w, nil, err)
		return
	}
	ctx := r.Context()
	switch call {
	case callHeads:
		list(h, w, body, func(r filterRequest) iter.Seq2[investigations.Head, error] { return h.store.Heads(ctx, r.Filter) })
	case callDocs:
		list(h, w, body, func(r kindRequest) iter.Seq2[investigations.Doc, error] { return h.store.Docs(ctx, r.Kind) })
	case callBackup:
		h.backup(ctx, w)
	default:
		answer, err := h.do(ctx, call, body)
		h.answer(w, answer, err)
	}
}

// read takes the whole request, so that the store never waits for a client.
func (h *handler) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	control := http.NewResponseController(w)
	// What can't be set is no connection that could be slow.
	_ = control.SetReadDeadline(time.Now().Add(h.pace.body))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil { // the deadline stays: net/http reads on, for a while
		w.Header().Set("Connection", "close")
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			err = fmt.Errorf("a request to the memory file has more than %d bytes: %w", tooLarge.Limit, investigations.ErrTooLarge)
		}
		return nil, err
	}
	_ = control.SetReadDeadline(time.Time{})
	return body, nil
}

// answer writes what a call returned.
func (h *handler) answer(w http.ResponseWriter, answer any, err error) {
	status := http.StatusOK
	if err != nil {
		h.abortIfStopped()
		status, answer = statusFailed, errorAnswer{failureOf(err)}
	}
	doc, err := encode(answer)
	if err != nil {
		status = statusFailed
		doc, _ = json.Marshal(errorAnswer{failureOf(fmt.Errorf("answer: %w", err))}) // two texts and a list are never refused
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	out := &paced{w: w, control: http.NewResponseController(w), pace: h.pace, from: time.Now()}
	_, _ = out.Write(doc) // a client that is gone gets no answer
}

// abortIfStopped ends the connection without an answer where the server is at its end.
func (h *handler) abortIfStopped() {
	if h.stopped.Err() != nil {
		panic(http.ErrAbortHandler)
	}
}

// do calls what the path names.
func (h *handler) do(ctx context.Context, call string, body []byte) (any, error) {
	s := h.store
	switch call {
	case callHello:
		return helloAnswer{PID: h.pid}, nil
	case callKeep:
		return with(body, func(r keepRequest) (noAnswer, error) { return noAnswer{}, s.Keep(ctx, r.Traces...) })
	case callAmend:
		return with(body, func(r amendRequest) (noAnswer, error) { return noAnswer{}, s.Amend(ctx, r.ID, r.Amendment) })
	case callTrace:
		return with(body, func(r idRequest) (investigations.Trace, error) { return s.Trace(ctx, r.ID) })
	case callForget:
		return with(body, func(r filterRequest) (a countAnswer, err error) {
			a.Count, err = s.Forget(ctx, r.Filter)
			return a, err
		})
	case callCandidates:
		return with(body, func(r cueRequest) (investigations.Candidates, error) { return s.Candidates(ctx, r.Cue) })
	case callEdges:
		return with(body, func(r edgesRequest) (a edgesAnswer, err error) {
			a.Edges, a.Total, err = s.Edges(ctx, r.Node, r.Limit)
			return a, err
		})
	case callCompact:
		var a sizesAnswer
		var err error
		a.Before, a.After, err = s.Compact(ctx)
		return a, err
	}
	return h.doWork(ctx, call, body)
}

// doWork calls what the path names of inbox, work log and shelf.
func (h *handler) doWork(ctx context.Context, call string, body []byte) (any, error) {
	s := h.store
	switch call {
	case callPut:
		return with(body, func(r itemRequest) (a freshAnswer, err error) {
			a.Fresh, err = s.Put(ctx, r.Item)
			return a, err
		})
	case callTake:
		return with(body, func(r takeRequest) (investigations.Item, error) { return s.Take(ctx, r.Lease) })
	case callRenew:
		return with(body, func(r itemRequest) (investigations.Item, error) { return s.Renew(ctx, r.Item, r.Lease) })
	case callDone:
		return with(body, func(r itemRequest) (noAnswer, error) { return noAnswer{}, s.Done(ctx, r.Item, r.Why) })
	case callLater:
		return with(body, func(r itemRequest) (noAnswer, error) { return noAnswer{}, s.Later(ctx, r.Item, r.At, r.Why) })
	case callBegin:
		return with(body, func(r workRequest) (a markAnswer, err error) {
			a.Mark, a.First, err = s.Begin(ctx, r.Work)
			return a, err
		})
	case callEnd:
		return with(body, func(r endRequest) (noAnswer, error) { return noAnswer{}, s.End(ctx, r.Key, r.Result) })
	case callUnfinished:
		return with(body, func(noRequest) ([]investigations.Work, error) { return s.Unfinished(ctx) })
	case callPutDocs:
		return with(body, func(r docsRequest) (noAnswer, error) { return noAnswer{}, s.PutDocs(ctx, r.Docs...) })
	case callDoc:
		return with(body, func(r docRequest) (investigations.Doc, error) { return s.Doc(ctx, r.Kind, r.Key) })
	}
	return nil, fmt.Errorf("there is no call %q: %w", call, investigations.ErrNotFound)
}

// with reads a request and calls f with it.
func with[Request, Answer any](body []byte, f func(Request) (Answer, error)) (any, error) {
	var r Request
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	return f(r)
}

// list reads a request and streams what f lists for it.
func list[Request, Entry any](h *handler, w http.ResponseWriter, body []byte, f func(Request) iter.Seq2[Entry, error]) {
	var r Request
	if err := json.Unmarshal(body, &r); err != nil {
		h.answer(w, nil, fmt.Errorf("read the request: %w", err))
		return
	}
	out := h.stream(w)
	lines := encoder(out)
	for entry, err := range f(r) {
		if err != nil {
			h.abortIfStopped()
			_ = lines.Encode(listLine[Entry]{Error: failureOf(err)})
			_ = out.Flush()
			return
		}
		if lines.Encode(listLine[Entry]{Entry: &entry}) != nil {
			return // nobody reads it any more
		}
	}
	_ = lines.Encode(listLine[Entry]{End: true})
	_ = out.Flush()
}

// backup streams a backup.
func (h *handler) backup(ctx context.Context, w http.ResponseWriter) {
	w.Header().Set("Trailer", errorTrailer)
	out := h.stream(w)
	err := h.store.Backup(ctx, out)
	if flushErr := out.Flush(); err == nil && flushErr != nil {
		panic(http.ErrAbortHandler) // nobody reads it any more; net/http ends the connection and says nothing
	}
	trailer := ""
	if err != nil {
		h.abortIfStopped()
		doc, _ := json.Marshal(failureOf(err)) // two texts and a list are never refused
		trailer = base64.StdEncoding.EncodeToString(doc)
	}
	w.Header().Set(errorTrailer, trailer)
}
