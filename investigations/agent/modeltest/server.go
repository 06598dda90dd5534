package modeltest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Defaults of Options.
const (
	// DefaultModel is the name of the model that is offered.
	DefaultModel = "stand-in-1"
	// DefaultKey is the key that is asked for. It has the shape of a key and opens nothing.
	DefaultKey = "sk-modeltest-0000000000000000"
	// maxBody bounds a request's body.
	maxBody = 10 << 20
)

// memoryURL is where a stand-in without a socket lives. No such host exists.
const memoryURL = "http://model.invalid"

// Options say what a stand-in offers and does. The zero value offers DefaultModel for DefaultKey and answers as Honest
// does.
type Options struct {
	Script Script
	// Model is the one that can be asked, Models are others that are listed beside it.
	Model  string
	Models []string
	Key    string
	// Context is how many tokens a request and its answer's limit may have together; 0: no bound.
	Context int
	// InMemory opens no socket: only Client and Transport reach the stand-in. It can live in a bubble of
	// testing/synctest then, where it has to be made and closed.
	InMemory bool
	// Pause waits for d, or for the end of ctx, whose error it returns; nil: by the clock.
	Pause func(ctx context.Context, d time.Duration) error
	// Now is the time of the answers; nil: always the same moment, so that answers can be compared byte by byte.
	Now func() time.Time
}

// Server is a stand-in. It is safe for concurrent use.
type Server struct {
	opts   Options
	url    string
	client *http.Client
	// stop ends what listens.
	stop func()
	// closed is closed by Close: whoever hangs goes on.
	closed chan struct{}
	once   sync.Once

	// asking makes requests take their turns of the script one at a time.
	asking sync.Mutex

	mu       sync.Mutex
	requests []Request
	faults   []string
	tokens   Usage
}

// NewServer starts a stand-in on a loopback port, or in memory. The caller closes it.
func NewServer(o Options) *Server {
	if o.Script == nil {
		o.Script = Honest()
	}
	if o.Model == "" {
		o.Model = DefaultModel
	}
	if o.Key == "" {
		o.Key = DefaultKey
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
	}
	s := &Server{opts: o, closed: make(chan struct{})}
	if o.InMemory {
		s.listenInMemory()
		return s
	}
	web := httptest.NewServer(s)
	s.url, s.client, s.stop = web.URL, web.Client(), web.Close
	return s
}

// listenInMemory serves on pipes.
func (s *Server) listenInMemory() {
	listener := newPipes()
	web := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() { // Close waits for its end
		defer close(served)
		_ = web.Serve(listener) // it ends with Close, and says so
	}()
	transport := &http.Transport{DialContext: listener.dial}
	s.url, s.client = memoryURL, &http.Client{Transport: transport}
	s.stop = func() {
		_ = web.Close() // the pipes have no error to tell
		transport.CloseIdleConnections()
		<-served
	}
}

// pause waits by the clock.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the stand-in and waits for the requests that it is answering. It may be called again.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.closed)
		s.stop()
	})
}

// URL is the base URL, as a client is configured with: it ends in /v1.
func (s *Server) URL() string { return s.url + "/v1" }

// Key is the key that is asked for.
func (s *Server) Key() string { return s.opts.Key }

// Model is the name of the model.
func (s *Server) Model() string { return s.opts.Model }

// Client reaches the stand-in.
func (s *Server) Client() *http.Client { return s.client }

// Transport reaches the stand-in, also one in memory.
func (s *Server) Transport() http.RoundTripper { return s.client.Transport }

// Requests returns the requests for a completion, in the order in which they came. The slice is the caller's.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request{}, s.requests...)
}

// Faults returns what clients did against the protocol, and what scripts did not find in requests, each with the number
// of its request. A client under test makes none.
func (s *Server) Faults() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.faults...)
}

// Text returns all that ever came in requests for a completion: headers but the key, and bodies, as they came and
// decoded. What must not leave a program is not in it.
func (s *Server) Text() string {
	var b strings.Builder
	for _, r := range s.Requests() {
		for name, values := range r.Header {
			b.WriteString(name + ": " + strings.Join(values, ", ") + "\n")
		}
		b.Write(r.Body)
		b.WriteString("\n" + r.Text())
	}
	return b.String()
}

// Tokens returns what all answers cost, whether or not their clients were told.
func (s *Server) Tokens() Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens
}

// record keeps a request and numbers it.
func (s *Server) record(r Request) Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Number = len(s.requests) + 1
	s.requests = append(s.requests, r)
	return r
}

// fault keeps what a client did wrong with the nth request; 0 is one that asks for no completion.
func (s *Server) fault(n int, what string) {
	where := "a request"
	if n > 0 {
		where = fmt.Sprintf("request %d", n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, where+": "+what)
}

// spend counts what an answer costs.
func (s *Server) spend(u Usage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.Prompt += u.Prompt
	s.tokens.Completion += u.Completion
}
