package cluster

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

type faultKey struct{}

// withFault takes a fault along with the request, as the proxy's hook for answers sees no more of it.
func withFault(ctx context.Context, f *Fault) context.Context {
	return context.WithValue(ctx, faultKey{}, f)
}

func faultOf(ctx context.Context) *Fault {
	f, _ := ctx.Value(faultKey{}).(*Fault)
	return f
}

// readForm parses a form in the body, and leaves the body to be sent on.
func readForm(r *http.Request) {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if form, parseErr := url.ParseQuery(string(body)); err == nil && parseErr == nil {
		r.PostForm = form
	}
}

// asked is what a request asks for: its path and query, and its form in plain text.
func asked(r *http.Request) string {
	text := r.URL.RequestURI()
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		text += " " + name + "=" + strings.Join(r.PostForm[name], ",")
	}
	return text
}

// broken is a body that is cut off or garbled.
type broken struct {
	io.ReadCloser
	fault *Fault
	left  int64
	at    int
}

func (b *broken) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errCut
	}
	if b.left > 0 && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left > 0 {
		b.left -= int64(n)
	}
	if b.fault.garble {
		for i := range p[:n] {
			if b.at++; b.at%10 == 0 {
				p[i] ^= 0x55
			}
		}
	}
	return n, err
}

// counted counts what is read.
type counted struct {
	io.ReadCloser
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n += int64(n)
	return n, err
}

// metered counts what is written, and remembers the status.
type metered struct {
	http.ResponseWriter
	n      int64
	status int
}

func (m *metered) WriteHeader(status int) {
	m.status = status
	m.ResponseWriter.WriteHeader(status)
}

func (m *metered) Write(p []byte) (int, error) {
	if m.status == 0 {
		m.status = http.StatusOK
	}
	n, err := m.ResponseWriter.Write(p)
	m.n += int64(n)
	return n, err
}

// Unwrap lets the proxy flush.
func (m *metered) Unwrap() http.ResponseWriter { return m.ResponseWriter }
