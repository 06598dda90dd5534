package modeltest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations/agent/modeltest"
)

func TestAccess(t *testing.T) {
	tests := []struct {
		name   string
		change func(*http.Request)
		status int
		code   string
	}{
		{"no key", func(r *http.Request) { r.Header.Del("Authorization") }, http.StatusUnauthorized, ""},
		{"another key", func(r *http.Request) { r.Header.Set("Authorization", "Bearer sk-other") }, http.StatusUnauthorized, "invalid_api_key"},
		{"another scheme", func(r *http.Request) { r.Header.Set("Authorization", "Basic c2s=") }, http.StatusUnauthorized, ""},
		{"another path", func(r *http.Request) { r.URL.Path = "/v1/completions" }, http.StatusNotFound, ""},
		{"no version", func(r *http.Request) { r.URL.Path = "/chat/completions" }, http.StatusNotFound, ""},
		{"another method", func(r *http.Request) { r.Method = http.MethodPut }, http.StatusMethodNotAllowed, "method_not_supported"},
		{"another type", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, http.StatusBadRequest, ""},
		{"no type", func(r *http.Request) { r.Header.Del("Content-Type") }, http.StatusBadRequest, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, modeltest.Options{Script: modeltest.Says("hi"), Key: "sk-mine"})
			got := ask(t, s, hello, tt.change)
			if got.status != tt.status {
				t.Errorf("status %d, want %d: %s", got.status, tt.status, got.body)
			}
			if e := got.refusal(t); value(e.Code) != tt.code {
				t.Errorf("code %q, want %q", value(e.Code), tt.code)
			}
			if len(s.Faults()) != 1 {
				t.Errorf("faults %q, want one", s.Faults())
			}
			if strings.Contains(got.body+strings.Join(s.Faults(), ""), "sk-") {
				t.Errorf("a key is told: %s %q", got.body, s.Faults())
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	s := newServer(t, modeltest.Options{Script: modeltest.Says("hi"), Context: 100})
	body := messages(`{"role":"user","content":"` + strings.Repeat("x", 11<<20) + `"}`)
	if got := ask(t, s, body); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("11 MiB: status %d", got.status)
	}
	if len(s.Faults()) != 1 {
		t.Errorf("faults %q, want one", s.Faults())
	}
	// More than the model takes is no fault of the protocol.
	got := ask(t, s, messages(user, `"max_tokens":90`))
	if e := got.refusal(t); got.status != http.StatusBadRequest || value(e.Code) != "context_length_exceeded" {
		t.Errorf("status %d, code %q", got.status, value(e.Code))
	}
	if got := ask(t, s, messages(user, `"max_tokens":20`)); got.status != http.StatusOK {
		t.Errorf("what fits: status %d: %s", got.status, got.body)
	}
	if len(s.Faults()) != 1 {
		t.Errorf("faults %q, want one", s.Faults())
	}
}

func TestModels(t *testing.T) {
	s := newServer(t, modeltest.Options{Model: "a", Models: []string{"b"}})
	get := func(path string) answered {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.Key())
		return do(s, req)
	}
	var list struct {
		Object string
		Data   []struct{ ID, Object string }
	}
	if err := json.Unmarshal([]byte(get("/models").body), &list); err != nil {
		t.Fatal(err)
	}
	if list.Object != "list" || len(list.Data) != 2 || list.Data[0].ID != "a" || list.Data[1].ID != "b" || list.Data[1].Object != "model" {
		t.Errorf("models: %+v", list)
	}
	if got := get("/models/b"); !strings.Contains(got.body, `"id":"b"`) {
		t.Errorf("model b: %s", got.body)
	}
	if len(s.Faults()) != 0 {
		t.Errorf("faults %q", s.Faults())
	}
	if got := get("/models/c"); got.status != http.StatusNotFound || len(s.Faults()) != 1 {
		t.Errorf("model c: status %d, faults %q", got.status, s.Faults())
	}
}

// TestRequests holds what is kept of a request, and that the key is not.
func TestRequests(t *testing.T) {
	s := newServer(t, modeltest.Options{Script: modeltest.Says("hi")})
	body := messages(`{"role":"system","content":"s"},{"role":"user","name":"ann","content":[{"type":"text","text":"a"},{"type":"text","text":"<b>"}]},`+asks+","+tool1,
		tools, `"tool_choice":{"type":"function","function":{"name":"logs"}}`, `"stream":true`, `"stream_options":{"include_usage":true}`,
		`"max_tokens":9`, `"parallel_tool_calls":false`)
	ask(t, s, body, func(r *http.Request) { r.Header.Set("X-Trace", "abc") })
	got := s.Requests()
	if len(got) != 1 {
		t.Fatalf("%d requests", len(got))
	}
	r := got[0]
	if r.Header.Get("X-Trace") != "abc" || r.Header.Get("Authorization") != "" || string(r.Body) != body {
		t.Errorf("header %v, body %s", r.Header, r.Body)
	}
	r.Header, r.Body = nil, nil
	want := modeltest.Request{
		Number: 1, Model: "stand-in-1", Must: "logs", Stream: true, IncludeUsage: true, Limit: 9, N: 1,
		Messages: []modeltest.Message{
			{Role: "system", Text: "s"},
			{Role: "user", Name: "ann", Text: "a<b>"},
			{Role: "assistant", Calls: []modeltest.Call{{ID: "c1", Name: "logs", Arguments: "{}"}}},
			{Role: "tool", Text: "a line", Answers: "c1"},
		},
		Tools:  []modeltest.Tool{{Name: "logs", Description: "d", Parameters: json.RawMessage(`{"type":"object","properties":{}}`)}},
		Fields: []string{"max_tokens", "messages", "model", "parallel_tool_calls", "stream", "stream_options", "tool_choice", "tools"},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	text := s.Text()
	for _, part := range []string{"X-Trace: abc", "a<b>", "a line", "c1 logs {}", `"max_tokens":9`} {
		if !strings.Contains(text, part) {
			t.Errorf("the text of all requests lacks %q", part)
		}
	}
	if strings.Contains(text, s.Key()) {
		t.Error("the text of all requests holds the key")
	}
}

// TestStatus holds what the API says with a status, and that a script's header and words come through.
func TestStatus(t *testing.T) {
	s := newServer(t, modeltest.Options{Script: modeltest.Sequence(
		modeltest.Status(429, map[string]string{"Retry-After": "7"}),
		modeltest.Status(503, nil),
		modeltest.Always(modeltest.Reply{Status: 400, Error: &modeltest.Error{Message: "no", Type: "t", Param: "p", Code: "c"}}),
		modeltest.Always(modeltest.Reply{Status: 200, Header: map[string]string{"Content-Type": "text/html"}, Text: "a"}),
	)})
	got := ask(t, s, hello)
	if e := got.refusal(t); got.status != 429 || got.header.Get("Retry-After") != "7" || value(e.Code) != "rate_limit_exceeded" {
		t.Errorf("busy: %+v", got)
	}
	got = ask(t, s, hello)
	if e := got.refusal(t); got.status != 503 || e.Type != "server_error" {
		t.Errorf("down: %+v", got)
	}
	got = ask(t, s, hello)
	if diff := cmp.Diff(`{"error":{"message":"no","type":"t","param":"p","code":"c"}}`, got.body); diff != "" || got.status != 400 {
		t.Errorf("status %d, (-want +got):\n%s", got.status, diff)
	}
	got = ask(t, s, hello)
	if got.status != 200 || got.header.Get("Content-Type") != "text/html" {
		t.Errorf("another type: %+v", got)
	}
	if len(s.Faults()) != 0 {
		t.Errorf("faults %q", s.Faults())
	}
}

// TestCut holds how an answer breaks off: with an error of the connection, or in order.
func TestCut(t *testing.T) {
	tests := []struct {
		name, body string
		broken     modeltest.Broken
		length     int
		cut        bool
	}{
		{"whole", hello, modeltest.Broken{CutBytes: 30}, 30, true},
		{"whole, in order", hello, modeltest.Broken{CutBytes: 30, Clean: true}, 30, false},
		{"stream by bytes", messages(user, `"stream":true`), modeltest.Broken{CutBytes: 250}, 250, true},
		{"stream by bytes, in order", messages(user, `"stream":true`), modeltest.Broken{CutBytes: 250, Clean: true}, 250, false},
		{"never reached", hello, modeltest.Broken{CutBytes: 1 << 20, Clean: true}, -1, false},
	}
	for _, memory := range []bool{false, true} {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s := newServer(t, modeltest.Options{InMemory: memory, Script: modeltest.Always(modeltest.Reply{Text: "a", Broken: tt.broken})})
				got := ask(t, s, tt.body)
				if tt.length >= 0 && len(got.body) != tt.length {
					t.Errorf("%d bytes came, want %d", len(got.body), tt.length)
				}
				if cut := errors.Is(got.err, io.ErrUnexpectedEOF); cut != tt.cut {
					t.Errorf("cut %t, want %t: %v", cut, tt.cut, got.err)
				}
				if tt.length < 0 && !json.Valid([]byte(got.body)) {
					t.Errorf("not the whole answer: %q", got.body)
				}
			})
		}
	}
}

// TestTime holds in a bubble that delays, pauses and silence take the time that they say, to the client's clock.
func TestTime(t *testing.T) {
	stream := messages(user, `"stream":true`)
	tests := []struct {
		name, body string
		script     modeltest.Script
		took       time.Duration
		late       bool
	}{
		{"a delay", hello, modeltest.Late(modeltest.Says("a"), 3*time.Second), 3 * time.Second, false},
		// The role, three pieces, the finish reason, the end mark.
		{"pauses", stream, modeltest.Slow(modeltest.Says("abcdef"), 2, time.Second), 5 * time.Second, false},
		{"never", hello, modeltest.Never(), time.Minute, true},
		{"two pieces and then nothing", stream, modeltest.Always(modeltest.Reply{Text: "abc", Piece: 1, Broken: modeltest.Broken{CutEvents: 2, Hang: true}}), time.Minute, true},
		{"a delay too long", hello, modeltest.Late(modeltest.Says("a"), time.Hour), time.Minute, true},
		{"no end", stream, modeltest.Slow(modeltest.Garbage("endless"), 2, time.Second), time.Minute, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := modeltest.NewServer(modeltest.Options{Script: tt.script, InMemory: true})
				defer s.Close()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				got := ask(t, s, tt.body, func(r *http.Request) { *r = *r.WithContext(ctx) })
				if took := time.Since(start); took != tt.took {
					t.Errorf("it took %v, want %v", took, tt.took)
				}
				if late := errors.Is(got.err, context.DeadlineExceeded); late != tt.late {
					t.Errorf("late %t, want %t: %v", late, tt.late, got.err)
				}
			})
		})
	}
}

// TestPause holds that a test can keep the time itself.
func TestPause(t *testing.T) {
	var waits []time.Duration
	s := newServer(t, modeltest.Options{
		Script: modeltest.Late(modeltest.Slow(modeltest.Says("ab"), 1, time.Hour), 24*time.Hour),
		Pause:  func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil },
		Now:    func() time.Time { return time.Unix(1234, 0) },
	})
	got := ask(t, s, messages(user, `"stream":true`))
	if diff := cmp.Diff([]time.Duration{24 * time.Hour, time.Hour, time.Hour, time.Hour, time.Hour}, waits); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	if !strings.Contains(got.body, `"created":1234,`) {
		t.Errorf("another time: %s", got.body)
	}
}

// TestClose holds that closing ends what hangs, and may be done twice.
func TestClose(t *testing.T) {
	for _, memory := range []bool{false, true} {
		asked := make(chan struct{})
		s := modeltest.NewServer(modeltest.Options{InMemory: memory, Script: modeltest.Func(func(modeltest.Request) modeltest.Reply {
			close(asked)
			return modeltest.Reply{Broken: modeltest.Broken{Hang: true}}
		})})
		done := make(chan answered)
		go func() { done <- ask(t, s, hello) }()
		<-asked
		s.Close()
		s.Close()
		if got := <-done; got.err == nil {
			t.Errorf("in memory %t: a hanging request was answered: %+v", memory, got)
		}
	}
}

// TestConcurrent holds that scripts are asked one at a time, and that every request has a number of its own.
func TestConcurrent(t *testing.T) {
	for _, memory := range []bool{false, true} {
		turn := 0 // guarded by the server
		s := newServer(t, modeltest.Options{InMemory: memory, Script: modeltest.Func(func(modeltest.Request) modeltest.Reply {
			turn++
			return modeltest.Reply{Text: "a"}
		})})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if got := ask(t, s, hello); got.status != http.StatusOK {
					t.Errorf("status %d, %v", got.status, got.err)
				}
			})
		}
		wg.Wait()
		numbers := map[int]bool{}
		for _, r := range s.Requests() {
			numbers[r.Number] = true
		}
		if turn != 20 || len(numbers) != 20 {
			t.Errorf("in memory %t: %d turns, %d numbers", memory, turn, len(numbers))
		}
	}
}
