package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Proxy stands in front of a server, does it harm as it is told, and keeps count. It speaks HTTPS where the server
// does, with a certificate of its own. It is safe for concurrent use.
type Proxy struct {
	// URL is its address; CAFile proves it, and is empty for plain HTTP.
	URL, CAFile string

	handler *httputil.ReverseProxy
	ended   chan struct{}

	mu     sync.Mutex
	faults []*struck
	calls  []Call
	// open counts the requests that are on their way.
	open int
}

// struck is a fault with the requests that it met.
type struck struct {
	Fault
	met int
}

// Call is a request that came to a [Proxy].
type Call struct {
	Method string
	// URI is the path with the query, as it was sent, and with what a form held, as PromQL goes to Prometheus.
	URI string
	// Status is what the client got; 0 where the connection ended before.
	Status int
	// In and Out are the bytes of the bodies: the client's, and that of the answer as it went over the wire.
	In, Out int64
	Began   time.Time
	Took    time.Duration
}

// StartProxy starts one in front of the server at a URL, whose certificate caFile proves (empty for HTTP). It ends with the test.
func StartProxy(t testing.TB, target, caFile string, faults ...Fault) *Proxy {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{ended: make(chan struct{})}
	transport := &http.Transport{DisableCompression: true} // bytes are counted as they are
	if caFile != "" {
		pool := x509.NewCertPool()
		if data, err := os.ReadFile(caFile); err != nil || !pool.AppendCertsFromPEM(data) {
			t.Fatalf("no certificate in %s: %v", caFile, err)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	p.handler = &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport:      transport,
		FlushInterval:  -1,                                                      // watches and logs flow
		ErrorLog:       slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // cut connections are meant
		ModifyResponse: p.harm,
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	server.Config.ErrorLog = p.handler.ErrorLog
	if to.Scheme == "https" {
		server.EnableHTTP2 = true
		server.StartTLS()
		p.CAFile = filepath.Join(t.TempDir(), "proxy.crt")
		block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		if err := os.WriteFile(p.CAFile, block, 0o600); err != nil {
			t.Fatal(err)
		}
	} else {
		server.Start()
	}
	p.URL = server.URL
	p.Break(faults...)
	t.Cleanup(func() {
		close(p.ended) // lets go of what hangs
		server.CloseClientConnections()
		server.Close()
		transport.CloseIdleConnections()
	})
	return p
}

// Break sets the faults, in place of those before. Of several that match a request the first that is not used up strikes.
func (p *Proxy) Break(faults ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
	for _, f := range faults {
		p.faults = append(p.faults, &struck{Fault: f})
	}
}

// Calls returns the requests that were answered, or given up, so far. A client may have its answer before the proxy has
// counted it: those that are on their way are waited for, up to a second.
func (p *Proxy) Calls() []Call {
	for deadline := time.Now().Add(time.Second); ; time.Sleep(time.Millisecond) {
		p.mu.Lock()
		calls, open := slices.Clone(p.calls), p.open
		p.mu.Unlock()
		if open == 0 || time.Now().After(deadline) {
			return calls
		}
	}
}

// Reset forgets the calls.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = nil
}

// Sum returns how many calls there were and the bytes of their answers, of those whose path or query holds the text.
func (p *Proxy) Sum(text string) (calls int, bytes int64) {
	for _, c := range p.Calls() {
		if strings.Contains(c.URI, text) {
			calls++
			bytes += c.Out
		}
	}
	return calls, bytes
}

// strike returns the fault for a request; nil for none.
func (p *Proxy) strike(r *http.Request) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		if f.match != nil && !f.match(r) {
			continue
		}
		f.met++
		if f.met > f.skip && (f.times == 0 || f.met <= f.skip+f.times) {
			return &f.Fault
		}
	}
	return nil
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	p.mu.Lock()
	p.open++
	p.mu.Unlock()
	in := &counted{ReadCloser: r.Body}
	if r.Body != nil && r.Body != http.NoBody { // a body that looks unknown would make a GET a chunked one
		r.Body = in
	}
	readForm(r)
	call := Call{Method: r.Method, URI: asked(r), Began: began}
	out := &metered{ResponseWriter: w}
	defer func() {
		call.In, call.Out, call.Status, call.Took = in.n, out.n, out.status, time.Since(call.Began)
		p.mu.Lock()
		p.calls = append(p.calls, call)
		p.open--
		p.mu.Unlock()
	}()
	f := p.strike(r)
	if f == nil {
		p.handler.ServeHTTP(out, r)
		return
	}
	switch {
	case f.do != nil:
		f.do()
		p.handler.ServeHTTP(out, r)
	case f.hang:
		p.pause(r, time.Hour)
		panic(http.ErrAbortHandler)
	case f.delay > 0:
		p.pause(r, f.delay)
		p.handler.ServeHTTP(out, r)
	case f.status != 0:
		for name, values := range f.header {
			out.Header()[name] = values
		}
		out.WriteHeader(f.status)
		_, _ = io.WriteString(out, f.body) // a client that is gone wants no more
	default:
		p.handler.ServeHTTP(out, r.WithContext(withFault(r.Context(), f)))
	}
}

// pause waits for a while, or until the client is gone or the test over.
func (p *Proxy) pause(r *http.Request, d time.Duration) {
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	case <-p.ended:
	}
}

// harm changes the body of an answer.
func (p *Proxy) harm(resp *http.Response) error {
	f := faultOf(resp.Request.Context())
	if f == nil {
		return nil
	}
	resp.Body = &broken{ReadCloser: resp.Body, fault: f, left: f.cut}
	return nil
}

// errCut ends a body early, on which the proxy closes the connection.
var errCut = errors.New("cut off")
