package openai

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// script is a server that gives its answers one after the other, the last one from then on, and keeps what it was asked.
type script struct {
	*httptest.Server
	mu      sync.Mutex
	answers []http.HandlerFunc
	bodies  []map[string]any
	headers []http.Header
	paths   []string
}

func serve(t *testing.T, answers ...http.HandlerFunc) *script {
	t.Helper()
	s := &script{answers: answers}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var body map[string]any
	if len(raw) > 0 && json.Unmarshal(raw, &body) != nil {
		http.Error(w, "no JSON", http.StatusTeapot)
		return
	}
	s.mu.Lock()
	s.bodies, s.headers, s.paths = append(s.bodies, body), append(s.headers, r.Header.Clone()), append(s.paths, r.Method+" "+r.URL.Path)
	answer := s.answers[min(len(s.bodies), len(s.answers))-1]
	s.mu.Unlock()
	answer(w, r)
}

// asked returns how often it was asked, and with what at last.
func (s *script) asked() (int, map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.bodies) == 0 {
		return 0, nil
	}
	return len(s.bodies), s.bodies[len(s.bodies)-1]
}

// raw answers with a status, a type and a body.
func raw(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func streamed(body string) http.HandlerFunc { return raw(200, "text/event-stream", body) }

func plain(status int, body string) http.HandlerFunc { return raw(status, "application/json", body) }

// fine is a stream that says "fine".
const fine = `data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"fine"},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}

data: [DONE]

`

func client(t *testing.T, base string, change ...func(*Options)) *Client {
	t.Helper()
	o := Options{BaseURL: base + "/v1", Model: "m", Timeout: 30 * time.Second}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// question is a chat without functions, withFunctions one with some.
func question() investigations.ChatRequest {
	return investigations.ChatRequest{Messages: []investigations.Message{
		{Role: investigations.RoleSystem, Text: "You say what you know."}, {Role: investigations.RoleUser, Text: "Why?"},
	}}
}

func withFunctions(change ...func(*investigations.ChatRequest)) investigations.ChatRequest {
	q := question()
	q.Functions = []investigations.Function{
		{Name: "logs", Summary: "Reads logs.", Schema: json.RawMessage(`{"type":"object","properties":{"tail":{"type":"integer"}}}`)},
		{Name: "pods"},
	}
	for _, f := range change {
		f(&q)
	}
	return q
}

// failed returns what Chat's error says; the test ends where it is no ModelError.
func failed(t *testing.T, err error) *investigations.ModelError {
	t.Helper()
	var e *investigations.ModelError
	if !errors.As(err, &e) {
		t.Fatalf("want a ModelError, got %v", err)
	}
	if text := e.Error(); strings.ContainsAny(text, "\n\r\x00\x1b") || len(text) > 400 {
		t.Errorf("an error that doesn't fit a line: %q", text)
	}
	return e
}

func ask(t *testing.T, c *Client, q investigations.ChatRequest) (investigations.ChatReply, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return c.Chat(ctx, q)
}
