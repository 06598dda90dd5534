package modeltest_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/internal/goldentest"
	"github.com/oombot/oombot/investigations/agent/modeltest"
)

// golden compares got with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Equal(t, filepath.Join("testdata", name), got)
}

var (
	twoCalls = modeltest.Reply{Calls: []modeltest.Call{
		{Name: "logs", Arguments: `{"container":"gateway","lines":50}`},
		{ID: "call_mine", Name: "pods", Arguments: `{}`},
	}}
	sentence = modeltest.Reply{Text: "The kernel killed it: größer als 2 GiB.", Usage: &modeltest.Usage{Prompt: 100, Completion: 12}}
)

// TestBytes holds the answers byte by byte.
func TestBytes(t *testing.T) {
	stream := messages(user, `"stream":true`)
	withUsage := messages(user, `"stream":true`, `"stream_options":{"include_usage":true}`)
	broken := func(r modeltest.Reply, b modeltest.Broken) modeltest.Reply {
		r.Broken = b
		return r
	}
	tests := []struct {
		file, body, kind string
		reply            modeltest.Reply
	}{
		{"text.json", hello, "application/json", sentence},
		{"calls.json", hello, "application/json", twoCalls},
		{"refusal.json", hello, "application/json", modeltest.Reply{Refusal: "I can't."}},
		{"legacy-call.json", hello, "application/json", broken(twoCalls, modeltest.Broken{LegacyCall: true})},
		{"bare.json", hello, "application/json", broken(sentence, modeltest.Broken{NoChoices: true, NoUsage: true})},
		{"two-choices.json", messages(user, `"n":2`), "application/json", sentence},
		{"text.sse", stream, "text/event-stream; charset=utf-8", sentence},
		{"text-usage.sse", withUsage, "text/event-stream; charset=utf-8", sentence},
		{"calls.sse", stream, "text/event-stream; charset=utf-8", twoCalls},
		{"refusal.sse", stream, "text/event-stream; charset=utf-8", modeltest.Reply{Refusal: "I can't."}},
		{"legacy-call.sse", stream, "text/event-stream; charset=utf-8", broken(twoCalls, modeltest.Broken{LegacyCall: true})},
		{"broken.sse", withUsage, "text/event-stream; charset=utf-8", broken(twoCalls, modeltest.Broken{NoFinish: true, NoDone: true, NoIndex: true, NoUsage: true})},
		{"cut.sse", stream, "text/event-stream; charset=utf-8", broken(sentence, modeltest.Broken{CutEvents: 2, Clean: true})},
		{"whole-for-stream.json", stream, "application/json", broken(sentence, modeltest.Broken{Whole: true})},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			s := newServer(t, modeltest.Options{Script: modeltest.Always(tt.reply)})
			got := ask(t, s, tt.body)
			if got.err != nil || got.status != http.StatusOK {
				t.Fatalf("status %d, %v", got.status, got.err)
			}
			if kind := got.header.Get("Content-Type"); kind != tt.kind {
				t.Errorf("content type %q, want %q", kind, tt.kind)
			}
			golden(t, tt.file, got.body)
		})
	}
}

// chunk is a piece of a stream.
type chunk struct {
	Choices []struct {
		Delta struct {
			Content   string
			ToolCalls []struct {
				Index    int
				ID       string
				Function struct{ Name, Arguments string }
			} `json:"tool_calls"`
		}
		FinishReason *string `json:"finish_reason"`
	}
	Usage *struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
	}
}

// joined puts a stream together again.
func joined(t *testing.T, body string) (text string, calls []modeltest.Call, finish string, usage *modeltest.Usage) {
	t.Helper()
	events := strings.Split(strings.TrimSuffix(body, "\n\n"), "\n\n")
	if last := events[len(events)-1]; last != "data: [DONE]" {
		t.Fatalf("the stream ends in %q", last)
	}
	for _, e := range events[:len(events)-1] {
		var c chunk
		if err := json.Unmarshal([]byte(strings.TrimPrefix(e, "data: ")), &c); err != nil {
			t.Fatalf("%q: %v", e, err)
		}
		if c.Usage != nil {
			usage = &modeltest.Usage{Prompt: c.Usage.Prompt, Completion: c.Usage.Completion}
		}
		for _, choice := range c.Choices {
			text += choice.Delta.Content
			for _, call := range choice.Delta.ToolCalls {
				if call.ID != "" {
					calls = append(calls, modeltest.Call{ID: call.ID, Name: call.Function.Name})
				}
				calls[call.Index].Arguments += call.Function.Arguments
			}
			if choice.FinishReason != nil {
				finish = *choice.FinishReason
			}
		}
	}
	return text, calls, finish, usage
}

// TestPieces holds that a stream says the same however it is cut into pieces, and never within a rune.
func TestPieces(t *testing.T) {
	reply := modeltest.Reply{Text: sentence.Text, Calls: twoCalls.Calls}
	for _, size := range []int{0, 1, 2, 3, 7, 1000} {
		for _, flush := range []int{0, 1, 5} {
			reply.Piece, reply.Flush = size, flush
			s := newServer(t, modeltest.Options{Script: modeltest.Always(reply)})
			got := ask(t, s, messages(user, `"stream":true`, `"stream_options":{"include_usage":true}`))
			text, calls, finish, usage := joined(t, got.body)
			if strings.ContainsRune(text, '�') || text != reply.Text {
				t.Errorf("piece %d: text %q", size, text)
			}
			want := []modeltest.Call{{ID: "call_1_1", Name: "logs", Arguments: twoCalls.Calls[0].Arguments}, twoCalls.Calls[1]}
			if diff := cmp.Diff(want, calls); diff != "" {
				t.Errorf("piece %d: calls (-want +got):\n%s", size, diff)
			}
			if finish != "tool_calls" {
				t.Errorf("piece %d: finish %q", size, finish)
			}
			if usage == nil || *usage != s.Tokens() {
				t.Errorf("piece %d: usage %v, counted %v", size, usage, s.Tokens())
			}
		}
	}
}

// TestUsage holds what an answer costs: as counted, and as a script says.
func TestUsage(t *testing.T) {
	s := newServer(t, modeltest.Options{Script: modeltest.Sequence(
		modeltest.Says("12345"),
		modeltest.Always(modeltest.Reply{Calls: []modeltest.Call{{Name: "abcd", Arguments: "1234"}}}),
		modeltest.Overspends(modeltest.Says("a"), modeltest.Usage{Prompt: 90_000, Completion: 10_000}),
		modeltest.Status(http.StatusInternalServerError, nil),
	)})
	prompt := (len(hello) + 3) / 4
	var sums []modeltest.Usage
	for range 4 {
		ask(t, s, hello)
		sums = append(sums, s.Tokens())
	}
	want := []modeltest.Usage{
		{Prompt: prompt, Completion: 2},
		{Prompt: 2 * prompt, Completion: 4},
		{Prompt: 2*prompt + 90_000, Completion: 10_004},
		{Prompt: 2*prompt + 90_000, Completion: 10_004},
	}
	if diff := cmp.Diff(want, sums); diff != "" {
		t.Errorf("sums (-want +got):\n%s", diff)
	}
}

// TestLimit holds that an answer ends at the request's limit, by either name, in whole runes.
func TestLimit(t *testing.T) {
	long := modeltest.Reply{Text: strings.Repeat("ä", 20), Calls: []modeltest.Call{{Name: "logs", Arguments: strings.Repeat("x", 40)}}}
	overlong := long
	overlong.Overlong = true
	tests := []struct {
		name, field string
		reply       modeltest.Reply
		finish      string
		text        int
		arguments   []int
	}{
		{"no limit", `"n":1`, long, "tool_calls", 40, []int{40}},
		{"above it", `"max_tokens":100`, long, "tool_calls", 40, []int{40}},
		{"within the arguments", `"max_completion_tokens":16`, long, "length", 40, []int{20}},
		{"within the text", `"max_tokens":5`, long, "length", 20, nil},
		{"not obeyed", `"max_tokens":5`, overlong, "tool_calls", 40, []int{40}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, modeltest.Options{Script: modeltest.Always(tt.reply)})
			text, calls, finish, _ := joined(t, ask(t, s, messages(user, `"stream":true`, tt.field)).body)
			var arguments []int
			for _, c := range calls {
				arguments = append(arguments, len(c.Arguments))
			}
			if finish != tt.finish || len(text) != tt.text {
				t.Errorf("finish %q after %d bytes of text, want %q after %d", finish, len(text), tt.finish, tt.text)
			}
			if diff := cmp.Diff(tt.arguments, arguments); diff != "" {
				t.Errorf("bytes of arguments (-want +got):\n%s", diff)
			}
		})
	}
}
