package openai

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations"
)

// FuzzAnswer has any bytes for an answer, of any status and type: Chat returns a reply that is whole, or an error that
// fits a line, after one request.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		fine, "", done, usage, ": ping\n\n", "\ufeff" + fine, strings.ReplaceAll(fine, "\n", "\r\n"), strings.ReplaceAll(fine, "data: ", ""),
		`{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`,
		`[{"error":{"code":429,"message":"Please retry in 5s.","details":[{"retryDelay":"5s"}]}}]`,
		`{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}`,
		`error: {"code":500,"message":"oh"}` + "\n", `data: {"error":"oh"}` + "\n", `data: {"error":` + "\n",
		delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"pods","arguments":"{}"}},{"function":{"name":"logs"}}]}`) + end("stop"),
		delta(`{"tool_calls":[{"index":"1","id":7,"function":{"name":"lo","arguments":{"a":1}}}],"function_call":{"name":"x"}}`) + end("tool_calls"),
		delta(`{"content":[{"type":"text","text":"<think>"}],"reasoning_content":"x"}`) + delta(`{"content":"</think>Hello\u0000"}`) + end("length"),
		`data: {"choices":[{"index":3,"delta":{"refusal":"no"},"finish_reason":"error","usage":{"prompt_tokens":1e99}}],"x_groq":{"usage":{}}}` + "\n",
	} {
		f.Add([]byte(body), 200, true, false)
		f.Add([]byte(body), 400, false, true)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int, isStream, noStream bool) {
		if status < 200 || status > 599 {
			status = 200
		}
		requests, told := 0, false
		c, err := New(Options{
			BaseURL: "http://model", Model: "m", Timeout: 1 << 40, NoStream: noStream, APIKey: func() (string, error) { return theKey, nil },
			Transport: network(func(*http.Request) (*http.Response, error) {
				requests++
				res := response(status, bytes.NewReader(body))
				if !isStream {
					res.Header.Set("Content-Type", "application/json")
				}
				return res, nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		reply, err := c.Chat(t.Context(), withFunctions(func(q *investigations.ChatRequest) {
			q.Progress = func(p investigations.Piece) { told = told || (p.Text == "") == (p.Function == "") }
		}))
		if requests != 1 || told {
			t.Errorf("%d requests, a piece of neither or both %t", requests, told)
		}
		if err != nil {
			var e *investigations.ModelError
			if !errors.As(err, &e) || e.Fault == "" || (e.What != "") != (e.Fault == unsupported) {
				t.Fatalf("%#v", err)
			}
			if s := err.Error(); strings.ContainsAny(s, "\r\n\x00\x1b") || len(s) > 400 || strings.Contains(s, theKey) || !utf8.ValidString(s) {
				t.Errorf("%q", s)
			}
			return
		}
		checkReply(t, reply)
	})
}

// checkReply looks for what no reply has.
func checkReply(t *testing.T, r investigations.ChatReply) {
	t.Helper()
	if strings.ContainsRune(r.Text, 0) || !utf8.ValidString(r.Text) {
		t.Errorf("text %q", r.Text)
	}
	ids := map[string]bool{}
	for _, call := range r.Calls {
		if call.ID == "" || ids[call.ID] || call.Name == "" {
			t.Errorf("calls %+v", r.Calls)
		}
		ids[call.ID] = true
	}
	switch r.Finish {
	case investigations.FinishStop:
		if r.Text == "" || len(r.Calls) > 0 {
			t.Errorf("stopped with %+v", r)
		}
	case investigations.FinishCalls:
		if len(r.Calls) == 0 {
			t.Errorf("calls nothing: %+v", r)
		}
	case investigations.FinishLength, investigations.FinishFilter:
	default:
		t.Errorf("finish %q", r.Finish)
	}
	if u := r.Usage; u.Known != (u.Prompt > 0) || u.Completion < 0 {
		t.Errorf("usage %+v", u)
	}
}
