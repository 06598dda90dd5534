package openai

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// maxError bounds the body of an error.
const maxError = 64 << 10

// exchange is the library's way to the endpoint for one request, and keeps what the library drops of it.
type exchange struct {
	client *http.Client
	agent  string
	// messages are those of the request; none for one that has no chat.
	messages []investigations.Message
	// stream says that a stream was asked for.
	stream bool
	now    func() time.Time

	// sent says that the request was handed to the network; status and kind are the answer's, 0 and "" where none came.
	sent   bool
	status int
	kind   string
	// whole is the body of an answer that is no stream.
	whole []byte
}

// Do sends r, once. An answer that is an error is a *failure, so that the library looks at none.
func (x *exchange) Do(r *http.Request) (*http.Response, error) {
	if x.sent {
		return nil, errors.New("a second request was about to be sent")
	}
	if err := x.prepare(r); err != nil {
		return nil, err
	}
	x.sent = true
	res, err := x.client.Do(r)
	if err != nil {
		return nil, err
	}
	x.status = res.StatusCode
	x.kind, _, _ = mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case res.StatusCode/100 == 3:
		res.Body.Close()
		return nil, redirected(res)
	case res.StatusCode/100 != 2:
		body, _ := readAll(res.Body, maxError) // as far as it goes
		res.Body.Close()
		return nil, newFailure(res.StatusCode, res.Header, body, x.now())
	case x.stream:
		res.Body = struct {
			io.Reader
			io.Closer
		}{newEvents(res.Body, x.kind == "text/event-stream"), res.Body}
		return res, nil
	}
	defer res.Body.Close()
	body, err := readAll(res.Body, maxAnswer)
	if err != nil {
		return nil, err
	}
	x.whole = body
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

// prepare completes the request's body and headers.
func (x *exchange) prepare(r *http.Request) error {
	r.Header.Set("User-Agent", x.agent)
	if r.Body == nil || len(x.messages) == 0 {
		return nil
	}
	body, err := io.ReadAll(r.Body) // it is in memory
	if err != nil {
		return err
	}
	body = complete(body, x.messages)
	r.ContentLength = int64(len(body))
	r.Body = io.NopCloser(bytes.NewReader(body))
	// It is for a kept connection that turns out to be closed before anything was written to it: the only case in which
	// net/http sends a POST again.
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

// redirected names the host only: what else is in the address may be anything.
func redirected(res *http.Response) *failure {
	to := "elsewhere"
	if u, err := url.Parse(res.Header.Get("Location")); err == nil && u.Host != "" {
		to = "to " + u.Scheme + "://" + u.Host
	}
	return &failure{status: res.StatusCode, message: "it redirects " + to + ", which is not followed"}
}

// isHTML says whether the answer was a page for people: a proxy's, or the wrong address.
func (x *exchange) isHTML() bool {
	return x.kind == "text/html" || strings.HasPrefix(strings.TrimSpace(string(x.whole[:min(len(x.whole), 100)])), "<")
}

// describe says what came in place of an answer.
func (x *exchange) describe() string {
	switch {
	case x.isHTML():
		return "it is a web page"
	case x.kind != "" && x.kind != "application/json" && x.kind != "text/event-stream":
		return fmt.Sprintf("it is of type %s", x.kind)
	}
	return ""
}
