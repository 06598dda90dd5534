package openai

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func refusal(message string) http.HandlerFunc {
	return plain(400, `{"error":{"message":"`+message+`","type":"invalid_request_error"}}`)
}

// TestRemembers has endpoints that refuse a part of a request, and what the next ones are without.
func TestRemembers(t *testing.T) {
	type keys map[string]any
	all := func(q *investigations.ChatRequest) { q.Must, q.MaxTokens = "logs", 100 }
	tests := map[string]struct {
		change  func(*investigations.ChatRequest)
		answers []http.HandlerFunc
		whats   []string
		// want are values in the body of the last request; nil: it isn't there.
		want keys
	}{
		"a stream": {
			all,
			[]http.HandlerFunc{refusal("streaming is not supported"), plain(200, `{"choices":[{"message":{"content":"fine"}}]}`)},
			[]string{"stream"},
			keys{"stream": false, "stream_options": nil},
		},
		"a stream's tokens": {
			all,
			[]http.HandlerFunc{refusal("Unknown parameter: 'stream_options'"), streamed(fine)},
			[]string{"stream"},
			keys{"stream": true, "stream_options": nil},
		},
		"the limit's new name": {
			all,
			[]http.HandlerFunc{refusal("max_completion_tokens: Extra inputs are not permitted"), streamed(fine)},
			[]string{"limit"},
			keys{"max_completion_tokens": nil, "max_tokens": 100.0},
		},
		"both names of the limit": {
			all,
			[]http.HandlerFunc{refusal("unknown field max_completion_tokens"), refusal("unknown field max_tokens"), streamed(fine)},
			[]string{"limit", "limit"},
			keys{"max_completion_tokens": nil, "max_tokens": nil},
		},
		"the limit's size": {
			all,
			[]http.HandlerFunc{refusal("max_completion_tokens is too large: 100"), streamed(fine)},
			[]string{"limit"},
			keys{"max_completion_tokens": nil, "max_tokens": nil},
		},
		"the choice of a function": {
			all,
			[]http.HandlerFunc{refusal("Thinking mode does not support this tool_choice"), streamed(fine)},
			[]string{"must"},
			keys{"tool_choice": nil, "max_completion_tokens": 100.0},
		},
		"JSON": {
			func(q *investigations.ChatRequest) { q.Functions, q.JSON = nil, true },
			[]http.HandlerFunc{refusal("'response_format.type' must be 'json_schema' or 'text'"), streamed(fine)},
			[]string{"json"},
			keys{"response_format": nil},
		},
		"reasoning beside functions": {
			all,
			[]http.HandlerFunc{refusal("Function tools with reasoning_effort are not supported for m"), streamed(fine)},
			[]string{"reasoning"},
			keys{"reasoning_effort": "none"},
		},
		"several at once": {
			all,
			[]http.HandlerFunc{plain(422, `{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"},`+
				`{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted"}]}`), streamed(fine)},
			[]string{"limit"},
			keys{"max_completion_tokens": nil, "max_tokens": 100.0, "stream_options": nil},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := serve(t, tt.answers...)
			c := client(t, s.URL)
			var whats []string
			for range len(tt.answers) - 1 {
				_, err := ask(t, c, withFunctions(tt.change))
				whats = append(whats, failed(t, err).What)
			}
			got, err := ask(t, c, withFunctions(tt.change))
			if err != nil || got.Text != "fine" {
				t.Fatalf("%+v, %v", got, err)
			}
			if d := cmp.Diff(tt.whats, whats); d != "" {
				t.Errorf("refused, -want +got:\n%s", d)
			}
			n, body := s.asked()
			if n != len(tt.answers) {
				t.Errorf("%d requests", n)
			}
			for key, want := range tt.want {
				if d := cmp.Diff(want, body[key]); d != "" {
					t.Errorf("%s: -want +got:\n%s", key, d)
				}
			}
		})
	}
}

// TestRemembersFunctions has an endpoint without functions: a chat with some is not sent again, one without is.
func TestRemembersFunctions(t *testing.T) {
	s := serve(t, refusal("m does not support tools"), streamed(fine))
	c := client(t, s.URL)
	_, err := ask(t, c, withFunctions())
	if e := failed(t, err); e.What != investigations.WithoutFunctions || e.Status != 400 {
		t.Errorf("first: %v", err)
	}
	_, err = ask(t, c, withFunctions())
	if e := failed(t, err); e.Fault != unsupported || e.What != investigations.WithoutFunctions || e.Status != 0 || e.Answered {
		t.Errorf("second: %v", err)
	}
	if got, err := ask(t, c, question()); err != nil || got.Text != "fine" {
		t.Errorf("without: %+v, %v", got, err)
	}
	if n, _ := s.asked(); n != 2 {
		t.Errorf("%d requests", n)
	}
}

// TestReasoningRefusedTwice has a model that refuses functions with reasoning, and to go without it.
func TestReasoningRefusedTwice(t *testing.T) {
	s := serve(t, refusal("Function tools with reasoning_effort are not supported for m"),
		refusal("Unsupported value: 'reasoning_effort' does not support 'none' with this model."))
	c := client(t, s.URL)
	var whats []string
	for range 2 {
		_, err := ask(t, c, withFunctions())
		whats = append(whats, failed(t, err).What)
	}
	if d := cmp.Diff([]string{investigations.WithoutReasoning, investigations.WithoutFunctions}, whats); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// network is a way to an endpoint without a network, for tests in which time passes.
type network func(*http.Request) (*http.Response, error)

func (f network) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func response(status int, body io.Reader) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(body)}
}

// TestForgets has an endpoint that is upgraded.
func TestForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := client(t, "http://model", func(o *Options) {
			o.Transport = network(func(*http.Request) (*http.Response, error) {
				if n++; n == 1 {
					return response(400, strings.NewReader(`{"error":"m does not support tools"}`)), nil
				}
				return response(200, strings.NewReader(fine)), nil
			})
		})
		for i := range 2 {
			if _, err := c.Chat(t.Context(), withFunctions()); failed(t, err).What != investigations.WithoutFunctions {
				t.Errorf("%d: %v", i, err)
			}
		}
		time.Sleep(forget)
		if _, err := c.Chat(t.Context(), withFunctions()); err != nil || n != 2 {
			t.Errorf("after %d requests: %v", n, err)
		}
	})
}

// silent is a body that says something, and then nothing until the request ends.
type silent struct {
	ctx  context.Context //nolint:containedctx // it is a request's, which the body belongs to
	said io.Reader
}

func (s silent) Read(p []byte) (int, error) {
	if n, err := s.said.Read(p); n > 0 || err == nil {
		return n, err
	}
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

// TestTime has endpoints that go silent: before an answer, in its middle, and after its end.
func TestTime(t *testing.T) {
	hello := delta(`{"content":"Hello"}`)
	tests := map[string]struct {
		said string
		// connect says that not even the headers come.
		connect  bool
		took     time.Duration
		fault    investigations.ModelFault
		answered bool
		status   int
	}{
		"no headers":           {"", true, 20 * time.Second, late, false, 0},
		"only headers":         {"", false, 20 * time.Second, late, false, 200},
		"only comments":        {": ping\n\n: ping\n\n", false, 20 * time.Second, late, false, 200},
		"in its middle":        {hello, false, 20 * time.Second, late, true, 200},
		"after its end":        {hello + end("stop"), false, grace, "", true, 0},
		"after an end of none": {hello + end("error"), false, grace, cut, true, 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, "http://model", func(o *Options) {
					o.Timeout = 20 * time.Second
					o.Transport = network(func(r *http.Request) (*http.Response, error) {
						if tt.connect {
							<-r.Context().Done()
							return nil, r.Context().Err()
						}
						return response(200, silent{r.Context(), strings.NewReader(tt.said)}), nil
					})
				})
				begin := time.Now()
				got, err := c.Chat(t.Context(), question())
				if took := time.Since(begin); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
				if tt.fault == "" {
					if err != nil || got.Text != "Hello" || got.Usage.Known {
						t.Errorf("%+v, %v", got, err)
					}
					return
				}
				if e := failed(t, err); e.Fault != tt.fault || e.Answered != tt.answered || e.Status != tt.status {
					t.Errorf("answered %t: %v", e.Answered, e)
				}
			})
		})
	}
}

// TestOwnContext has callers that go: their context's error is all that they are told.
func TestOwnContext(t *testing.T) {
	hanging := func(r *http.Request) (*http.Response, error) {
		return response(200, silent{r.Context(), strings.NewReader(delta(`{"content":"Hello"}`))}), nil
	}
	synctest.Test(t, func(t *testing.T) {
		c := client(t, "http://model", func(o *Options) { o.Transport = network(hanging) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Chat(ctx, question()); err != context.DeadlineExceeded { //nolint:errorlint // it is this error itself
			t.Errorf("a deadline: %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := c.Chat(ctx, question()); err != context.Canceled { //nolint:errorlint // it is this error itself
			t.Errorf("a cancellation: %v", err)
		}
		asked := false
		c = client(t, "http://model", func(o *Options) {
			o.Transport = network(func(r *http.Request) (*http.Response, error) { asked = true; return hanging(r) })
		})
		if _, err := c.Chat(ctx, question()); err != context.Canceled || asked { //nolint:errorlint // it is this error itself
			t.Errorf("gone before: %v, asked %t", err, asked)
		}
	})
}
