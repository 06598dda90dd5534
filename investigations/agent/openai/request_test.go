package openai

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// TestRequest compares what is sent with a file: the turns of a chat with calls, and all parameters.
func TestRequest(t *testing.T) {
	q := withFunctions(func(q *investigations.ChatRequest) {
		q.Must, q.MaxTokens = "logs", 500
		q.Messages = append(
			q.Messages,
			investigations.Message{Role: investigations.RoleAssistant, Calls: []fcall{
				{ID: "a", Name: "logs", Arguments: `{"tail":5}`}, {ID: "b", Name: "pods"}, {ID: "c", Name: "pods", Arguments: `{oh`},
			}, Opaque: pack("Hm.", map[string]json.RawMessage{"a": json.RawMessage(`{"google":{"thought_signature":"x<y"}}`)})},
			investigations.Message{Role: investigations.RoleFunction, Answers: "a", Text: "5 lines <fenced> & more"},
			investigations.Message{Role: investigations.RoleFunction, Answers: "b"},
			investigations.Message{Role: investigations.RoleFunction, Answers: "c", Text: "wrong arguments"},
			investigations.Message{Role: investigations.RoleAssistant, Text: "I see."},
			investigations.Message{Role: investigations.RoleAssistant, Text: "Look.", Calls: []fcall{{ID: "d", Name: "pods", Arguments: "{}"}}, Opaque: "not ours"},
			investigations.Message{Role: investigations.RoleFunction, Answers: "d", Text: "none"},
		)
	})
	s := serve(t, streamed(fine))
	if _, err := ask(t, client(t, s.URL), q); err != nil {
		t.Fatal(err)
	}
	_, body := s.asked()
	got, err := json.MarshalIndent(body, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "request.json"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.TrimSpace(string(want)), string(got)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if s.paths[0] != "POST /v1/chat/completions" {
		t.Errorf("asked %s", s.paths[0])
	}
}

// TestPlainRequest has a question and nothing else: nothing else is sent.
func TestPlainRequest(t *testing.T) {
	s := serve(t, plain(200, `{"choices":[{"message":{"content":"fine"}}]}`))
	q := question()
	q.JSON = true
	if _, err := ask(t, client(t, s.URL, func(o *Options) { o.NoStream = true }), q); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"model": "m", "stream": false, "response_format": map[string]any{"type": "json_object"},
		"messages": []any{
			map[string]any{"role": "system", "content": "You say what you know."}, map[string]any{"role": "user", "content": "Why?"},
		},
	}
	_, body := s.asked()
	if d := cmp.Diff(want, body); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// TestOpaque has an endpoint whose answer comes back to it as it was.
func TestOpaque(t *testing.T) {
	s := serve(t, streamed(delta(`{"reasoning_content":"H"}`)+delta(`{"reasoning_content":"m."}`)+
		delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"pods","arguments":"{}"},"extra_content":{"google":{"thought_signature":"s=="}}}]}`)+
		end("tool_calls")+done), streamed(fine))
	c := client(t, s.URL)
	q := withFunctions()
	first, err := ask(t, c, q)
	if err != nil {
		t.Fatal(err)
	}
	q.Messages = append(
		q.Messages, investigations.Message{Role: investigations.RoleAssistant, Text: first.Text, Calls: first.Calls, Opaque: first.Opaque},
		investigations.Message{Role: investigations.RoleFunction, Answers: "a", Text: "none"},
	)
	if _, err := ask(t, c, q); err != nil {
		t.Fatal(err)
	}
	_, body := s.asked()
	want := map[string]any{
		"role": "assistant", "content": nil, "reasoning_content": "Hm.",
		"tool_calls": []any{map[string]any{
			"id": "a", "type": "function", "function": map[string]any{"name": "pods", "arguments": "{}"},
			"extra_content": map[string]any{"google": map[string]any{"thought_signature": "s=="}},
		}},
	}
	messages, ok := body["messages"].([]any)
	if !ok || len(messages) != 4 {
		t.Fatalf("sent %v", body["messages"])
	}
	if d := cmp.Diff(want, messages[2]); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// TestKnownModels has models of which the library knows what they refuse.
func TestKnownModels(t *testing.T) {
	limit := func(q *investigations.ChatRequest) { q.MaxTokens = 100 }
	tests := []struct {
		model string
		q     investigations.ChatRequest
		// refuses are what the endpoint refuses before.
		refuses []string
		// want are values of the body sent at last; none: it is not sent.
		want map[string]any
	}{
		{"gpt-6-sol", withFunctions(limit), nil, map[string]any{"reasoning_effort": "none", "max_completion_tokens": 100.0}},
		{"gpt-6-luna", withFunctions(), nil, map[string]any{"reasoning_effort": "none"}},
		{"gpt-6-sol", question(), nil, map[string]any{"reasoning_effort": nil}},
		{"gpt-6-astra", withFunctions(), nil, nil},
		{"gpt-6.1-sol", withFunctions(), nil, nil},
		{"gpt-6-astra", question(), nil, map[string]any{"reasoning_effort": nil}},
		{"gpt-5", withFunctions(limit), nil, map[string]any{"reasoning_effort": nil, "max_completion_tokens": 100.0}},
		{"gpt-5", withFunctions(limit), []string{"unknown max_completion_tokens"}, map[string]any{"max_tokens": nil, "max_completion_tokens": nil}},
		{"o3-mini", withFunctions(limit), []string{"unknown max_completion_tokens"}, map[string]any{"max_tokens": nil}},
	}
	for _, tt := range tests {
		s := serve(t, streamed(fine))
		for i := len(tt.refuses) - 1; i >= 0; i-- {
			s.answers = append(s.answers[:0:0], append([]http.HandlerFunc{refusal(tt.refuses[i])}, s.answers...)...)
		}
		c := client(t, s.URL, func(o *Options) { o.Model = tt.model })
		for range tt.refuses {
			if _, err := ask(t, c, tt.q); err == nil {
				t.Fatalf("%s: not refused", tt.model)
			}
		}
		_, err := ask(t, c, tt.q)
		n, body := s.asked()
		if tt.want == nil {
			if e := failed(t, err); n != 0 || e.Fault != unsupported || e.What != investigations.WithoutFunctions || e.Answered || e.Status != 0 {
				t.Errorf("%s: %d requests, %v", tt.model, n, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.model, err)
		}
		for key, want := range tt.want {
			if d := cmp.Diff(want, body[key]); d != "" {
				t.Errorf("%s, %s: -want +got:\n%s", tt.model, key, d)
			}
		}
	}
}

// TestCannotBeSent has a request that is no JSON: nothing is sent.
func TestCannotBeSent(t *testing.T) {
	s := serve(t, streamed(fine))
	q := withFunctions(func(q *investigations.ChatRequest) { q.Functions[0].Schema = json.RawMessage(`{oh`) })
	_, err := ask(t, client(t, s.URL), q)
	if e := failed(t, err); e.Fault != no || e.Answered || e.Status != 0 {
		t.Error(err)
	}
	if n, _ := s.asked(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestComplete(t *testing.T) {
	for _, body := range []string{``, `[]`, `{"messages":[]}`, `{"messages":[{"role":"user"},{"role":"user"}]}`, `{"messages":1}`} {
		if got := string(complete([]byte(body), question().Messages[:1])); got != body {
			t.Errorf("%s became %s", body, got)
		}
	}
}
