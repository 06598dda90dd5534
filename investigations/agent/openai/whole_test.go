package openai

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/oombot/oombot/investigations"
)

// TestWhole has answers in one piece, to a request for one, and to one for a stream.
func TestWhole(t *testing.T) {
	tests := map[string]struct {
		kind, body string
		want       reply
	}{
		"text": {
			"application/json",
			`{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":2}}`,
			reply{Text: "Hello", Finish: investigations.FinishStop, Usage: known},
		},
		"on several lines, with a BOM": {
			"application/json; charset=utf-8", "\ufeff\n{\n \"choices\": [\n  {\"message\": {\"content\": \"Hello\"},\n \"finish_reason\": \"stop\"}\n ]\n}\n", says("Hello"),
		},
		"of no type": {"", `{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}`, says("Hello")},
		"calls": {
			"application/json",
			`{"choices":[{"message":{"content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"logs","arguments":{"tail":5}}},{"id":"b","type":"function","function":{"name":"pods","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`,
			called(fcall{ID: "a", Name: "logs", Arguments: `{"tail":5}`}, fcall{ID: "b", Name: "pods", Arguments: "{}"}),
		},
		"an old call": {
			"application/json", `{"choices":[{"message":{"content":null,"function_call":{"name":"pods","arguments":"{}"}},"finish_reason":"function_call"}]}`,
			called(fcall{ID: "c00020000", Name: "pods", Arguments: "{}"}),
		},
		"no reason for the end":           {"application/json", `{"choices":[{"message":{"content":"Hello"}}]}`, says("Hello")},
		"an empty one":                    {"application/json", `{"choices":[{"message":{"content":"Hello"},"finish_reason":""}]}`, says("Hello")},
		"several choices":                 {"application/json", `{"choices":[{"index":1,"message":{"content":"Hello"}},{"index":0,"message":{"content":"Bye"}}]}`, says("Hello")},
		"a null error":                    {"application/json", `{"error":null,"choices":[{"message":{"content":"Hello"}}]}`, says("Hello")},
		"a refusal":                       {"application/json", `{"choices":[{"message":{"content":null,"refusal":"No."},"finish_reason":"stop"}]}`, reply{Finish: investigations.FinishFilter}},
		"a stream, whatever was asked":    {"text/event-stream", delta(`{"content":"Hello"}`) + end("stop") + done, says("Hello")},
		"a stream that is called a text":  {"text/plain", delta(`{"content":"Hello"}`) + end("stop") + done, says("Hello")},
		"lines of JSON that look like it": {"text/event-stream", `{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}`, says("Hello")},
	}
	for name, tt := range tests {
		for mode, noStream := range map[string]bool{"asked for a stream": false, "asked for one piece": true} {
			t.Run(name+", "+mode, func(t *testing.T) {
				s := serve(t, raw(200, tt.kind, tt.body))
				got, err := ask(t, client(t, s.URL, func(o *Options) { o.NoStream = noStream }), withFunctions())
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); d != "" {
					t.Errorf("-want +got:\n%s", d)
				}
				if n, body := s.asked(); n != 1 || body["stream"] != !noStream {
					t.Errorf("%d requests, the last with %v", n, body["stream"])
				}
			})
		}
	}
}
