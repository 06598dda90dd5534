package model

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"github.com/oombot/oombot/investigations/agent/modeltest"
)

// start starts a stand-in, and returns the official client that is configured for it. No fault may be left at the end
// but those that the test expects.
func start(t *testing.T, script modeltest.Script, faults ...string) (*modeltest.Server, openai.Client) {
	t.Helper()
	s := modeltest.NewServer(modeltest.Options{Script: script})
	t.Cleanup(func() {
		if diff := cmp.Diff(append([]string{}, faults...), s.Faults()); diff != "" {
			t.Errorf("faults of the client (-want +got):\n%s", diff)
		}
		s.Close()
	})
	return s, openai.NewClient(option.WithBaseURL(s.URL()), option.WithAPIKey(s.Key()), option.WithHTTPClient(s.Client()), option.WithMaxRetries(0))
}

// asks is a request with two functions.
func asks(s *modeltest.Server, messages ...openai.ChatCompletionMessageParamUnion) openai.ChatCompletionNewParams {
	schema := shared.FunctionParameters{
		"type":                 "object",
		"properties":           map[string]any{"container": map[string]any{"type": "string"}},
		"required":             []string{"container"},
		"additionalProperties": false,
	}
	return openai.ChatCompletionNewParams{
		Model:    s.Model(),
		Messages: append([]openai.ChatCompletionMessageParamUnion{openai.SystemMessage("You look at kills."), openai.UserMessage("Why?")}, messages...),
		Tools: []openai.ChatCompletionToolUnionParam{
			openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{Name: "logs", Description: param.NewOpt("reads logs"), Parameters: schema, Strict: param.NewOpt(true)}),
			openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{Name: "pods", Parameters: schema}),
		},
		ParallelToolCalls:   param.NewOpt(true),
		MaxCompletionTokens: param.NewOpt[int64](500),
		Temperature:         param.NewOpt(0.2),
	}
}

var twoCalls = []modeltest.Call{
	{Name: "logs", Arguments: `{"container":"gateway – größer"}`},
	{Name: "pods", Arguments: `{"container":"sidecar"}`},
}

// calls returns the calls of a message as the stand-in writes them.
func calls(m openai.ChatCompletionMessage) []modeltest.Call {
	var out []modeltest.Call
	for _, c := range m.ToolCalls {
		out = append(out, modeltest.Call{ID: c.ID, Name: c.Function.Name, Arguments: c.Function.Arguments})
	}
	return out
}

// TestFunctions lets the client ask, answer two calls at once, and read the last answer.
func TestFunctions(t *testing.T) {
	s, client := start(t, modeltest.Sequence(
		modeltest.Always(modeltest.Reply{Calls: twoCalls, Usage: &modeltest.Usage{Prompt: 70, Completion: 9}}),
		modeltest.Says("It leaks."),
	))
	first, err := client.Chat.Completions.New(t.Context(), asks(s))
	if err != nil {
		t.Fatal(err)
	}
	choice := first.Choices[0]
	want := []modeltest.Call{{ID: "call_1_1", Name: "logs", Arguments: twoCalls[0].Arguments}, {ID: "call_1_2", Name: "pods", Arguments: twoCalls[1].Arguments}}
	if diff := cmp.Diff(want, calls(choice.Message)); diff != "" || choice.FinishReason != "tool_calls" {
		t.Errorf("finish %q, calls (-want +got):\n%s", choice.FinishReason, diff)
	}
	if u := first.Usage; u.PromptTokens != 70 || u.CompletionTokens != 9 || u.TotalTokens != 79 {
		t.Errorf("usage %+v", u)
	}
	if first.Object != "chat.completion" || first.Model != s.Model() || first.Created == 0 || first.ID == "" || !first.JSON.SystemFingerprint.Valid() {
		t.Errorf("answer: %s", first.RawJSON())
	}
	messages := []openai.ChatCompletionMessageParamUnion{choice.Message.ToParam()}
	for _, c := range choice.Message.ToolCalls {
		messages = append(messages, openai.ToolMessage("answer of "+c.Function.Name, c.ID))
	}
	second, err := client.Chat.Completions.New(t.Context(), asks(s, messages...))
	if err != nil {
		t.Fatal(err)
	}
	if m := second.Choices[0]; m.Message.Content != "It leaks." || m.FinishReason != "stop" {
		t.Errorf("second answer: %s", second.RawJSON())
	}
	last := s.Requests()[1]
	if got := last.Last(); got.Text != "answer of pods" || got.Answers != "call_1_2" || last.Limit != 500 || !last.Tools[0].Strict {
		t.Errorf("the stand-in understood: %+v", last)
	}
}

// TestStream lets the client put a stream together, with its own accumulator, from pieces of several sizes.
func TestStream(t *testing.T) {
	for _, piece := range []int{1, 5, 1000} {
		s, client := start(t, modeltest.Always(modeltest.Reply{Text: "Two things are missing: größere.", Calls: twoCalls, Piece: piece, Flush: 7}))
		params := asks(s)
		params.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: param.NewOpt(true)}
		stream := client.Chat.Completions.NewStreaming(t.Context(), params)
		var all openai.ChatCompletionAccumulator
		finished := 0
		for stream.Next() {
			if !all.AddChunk(stream.Current()) {
				t.Fatalf("piece %d: the client can't add %s", piece, stream.Current().RawJSON())
			}
			if _, ok := all.JustFinishedToolCall(); ok {
				finished++
			}
		}
		if err := stream.Err(); err != nil {
			t.Fatalf("piece %d: %v", piece, err)
		}
		choice := all.Choices[0]
		want := []modeltest.Call{{ID: "call_1_1", Name: "logs", Arguments: twoCalls[0].Arguments}, {ID: "call_1_2", Name: "pods", Arguments: twoCalls[1].Arguments}}
		if diff := cmp.Diff(want, calls(choice.Message)); diff != "" {
			t.Errorf("piece %d: calls (-want +got):\n%s", piece, diff)
		}
		if choice.Message.Content != "Two things are missing: größere." || choice.FinishReason != "tool_calls" || finished != 2 {
			t.Errorf("piece %d: %q, finish %q, %d calls finished", piece, choice.Message.Content, choice.FinishReason, finished)
		}
		if u, told := s.Tokens(), all.Usage; int(told.PromptTokens) != u.Prompt || int(told.CompletionTokens) != u.Completion || u.Completion == 0 {
			t.Errorf("piece %d: usage %+v, counted %+v", piece, told, u)
		}
	}
}

// TestJSON asks for an object, and for one of a schema.
func TestJSON(t *testing.T) {
	s, client := start(t, modeltest.Says(`{"cause":"leak"}`))
	params := openai.ChatCompletionNewParams{
		Model:          s.Model(),
		Messages:       []openai.ChatCompletionMessageParamUnion{openai.DeveloperMessage("Answer as JSON."), openai.UserMessage("Why?")},
		ResponseFormat: openai.ChatCompletionNewParamsResponseFormatUnion{OfJSONObject: &shared.ResponseFormatJSONObjectParam{}},
	}
	for _, format := range []string{"json_object", "json_schema"} {
		if format == "json_schema" {
			params.ResponseFormat = openai.ChatCompletionNewParamsResponseFormatUnion{OfJSONSchema: &shared.ResponseFormatJSONSchemaParam{
				JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "verdict", Schema: map[string]any{"type": "object", "properties": map[string]any{}}},
			}}
		}
		got, err := client.Chat.Completions.New(t.Context(), params)
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if got.Choices[0].Message.Content != `{"cause":"leak"}` {
			t.Errorf("%s: %s", format, got.RawJSON())
		}
	}
	if r := s.Requests(); r[0].Format != "json_object" || r[1].Format != "json_schema" {
		t.Errorf("formats %q, %q", r[0].Format, r[1].Format)
	}
}

// TestChoice lets the client name the function that must be called.
func TestChoice(t *testing.T) {
	s, client := start(t, modeltest.Honest())
	params := asks(s)
	params.ToolChoice = openai.ToolChoiceOptionFunctionToolChoice(openai.ChatCompletionNamedToolChoiceFunctionParam{Name: "pods"})
	got, err := client.Chat.Completions.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	want := []modeltest.Call{{ID: "call_1_1", Name: "pods", Arguments: `{"container":""}`}}
	if diff := cmp.Diff(want, calls(got.Choices[0].Message)); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	params.ToolChoice = openai.ChatCompletionToolChoiceOptionUnionParam{OfAuto: param.NewOpt("required")}
	if _, err := client.Chat.Completions.New(t.Context(), params); err != nil {
		t.Fatal(err)
	}
	if r := s.Requests(); r[0].Must != "pods" || r[1].Choice != "required" {
		t.Errorf("choices %q, %q", r[0].Must, r[1].Choice)
	}
}

// TestErrors holds that the client reads the stand-in's errors: status, type, parameter, code and words.
func TestErrors(t *testing.T) {
	const missing = "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: c1"
	unanswered := openai.ChatCompletionMessageParamUnion{OfAssistant: &openai.ChatCompletionAssistantMessageParam{
		ToolCalls: []openai.ChatCompletionMessageToolCallUnionParam{{OfFunction: &openai.ChatCompletionMessageFunctionToolCallParam{
			ID: "c1", Function: openai.ChatCompletionMessageFunctionToolCallFunctionParam{Name: "logs", Arguments: "{}"},
		}}},
	}}
	tests := []struct {
		name   string
		script modeltest.Script
		change func(*openai.ChatCompletionNewParams)
		opts   []option.RequestOption
		want   openai.Error
		// fault is the client's, with the whole request and with the one for a stream.
		fault string
	}{
		{
			name: "400", change: func(p *openai.ChatCompletionNewParams) { p.Messages = append(p.Messages, unanswered) },
			want:  openai.Error{StatusCode: 400, Type: "invalid_request_error", Param: "messages.[2].role", Message: missing},
			fault: "messages.[2].role: " + missing,
		},
		{
			name: "an unknown field", opts: []option.RequestOption{option.WithJSONSet("thinking", true)},
			want:  openai.Error{StatusCode: 400, Type: "invalid_request_error", Message: "Unrecognized request argument supplied: thinking"},
			fault: "Unrecognized request argument supplied: thinking",
		},
		{
			name: "401", opts: []option.RequestOption{option.WithAPIKey("sk-other")},
			want:  openai.Error{StatusCode: 401, Type: "invalid_request_error", Code: "invalid_api_key", Message: "Incorrect API key provided."},
			fault: "POST /v1/chat/completions: Incorrect API key provided.",
		},
		{
			name: "404", change: func(p *openai.ChatCompletionNewParams) { p.Model = "other" },
			want:  openai.Error{StatusCode: 404, Type: "invalid_request_error", Code: "model_not_found", Message: "The model `other` does not exist or you do not have access to it."},
			fault: "The model `other` does not exist or you do not have access to it.",
		},
		{
			name: "429", script: modeltest.Status(http.StatusTooManyRequests, map[string]string{"Retry-After": "1"}),
			want: openai.Error{StatusCode: 429, Type: "requests", Code: "rate_limit_exceeded", Message: "Rate limit reached for requests."},
		},
		{
			name: "503", script: modeltest.Status(http.StatusServiceUnavailable, nil),
			want: openai.Error{StatusCode: 503, Type: "server_error", Message: "The server had an error while processing your request."},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			script := tt.script
			if script == nil {
				script = modeltest.Says("hi")
			}
			var faults []string
			for _, where := range []string{"request 1: ", "request 2: "} {
				if strings.HasPrefix(tt.fault, "POST") {
					where = "a request: " // it was turned away before it was looked at
				}
				if tt.fault != "" {
					faults = append(faults, where+tt.fault)
				}
			}
			s, client := start(t, script, faults...)
			params := asks(s)
			if tt.change != nil {
				tt.change(&params)
			}
			_, err := client.Chat.Completions.New(t.Context(), params, tt.opts...)
			var got *openai.Error
			if !errors.As(err, &got) {
				t.Fatalf("no error of the API: %v", err)
			}
			if diff := cmp.Diff(fields(&tt.want), fields(got)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			stream := client.Chat.Completions.NewStreaming(t.Context(), params, tt.opts...)
			for stream.Next() {
				t.Errorf("a piece came: %s", stream.Current().RawJSON())
			}
			if !errors.As(stream.Err(), &got) || got.StatusCode != tt.want.StatusCode {
				t.Errorf("as a stream: %v", stream.Err())
			}
		})
	}
}

func fields(e *openai.Error) []any {
	return []any{e.StatusCode, e.Type, e.Param, e.Code, e.Message}
}

// TestRetries lets the client try again by itself, as it does after 429 and 5xx.
func TestRetries(t *testing.T) {
	s, client := start(t, modeltest.Sequence(
		modeltest.Status(http.StatusTooManyRequests, map[string]string{"Retry-After-Ms": "1"}),
		modeltest.Status(http.StatusInternalServerError, map[string]string{"Retry-After-Ms": "1"}),
		modeltest.Says("at last"),
	))
	got, err := client.Chat.Completions.New(t.Context(), asks(s), option.WithMaxRetries(2))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Requests()); n != 3 || got.Choices[0].Message.Content != "at last" {
		t.Errorf("%d requests, %s", n, got.RawJSON())
	}
}

// TestCutStream holds that the client takes a stream that breaks off for an error, and one that lacks its end mark for one
// that ended.
func TestCutStream(t *testing.T) {
	tests := map[string]struct {
		broken modeltest.Broken
		fails  bool
	}{
		"cut off":     {modeltest.Broken{CutEvents: 2}, true},
		"no end mark": {modeltest.Broken{NoDone: true}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, client := start(t, modeltest.Always(modeltest.Reply{Text: "hello", Broken: tt.broken}))
			stream := client.Chat.Completions.NewStreaming(t.Context(), asks(s))
			pieces := 0
			for stream.Next() {
				pieces++
			}
			if fails := stream.Err() != nil; fails != tt.fails || pieces < 2 {
				t.Errorf("%d pieces, %v", pieces, stream.Err())
			}
		})
	}
}

// TestModels lists what there is.
func TestModels(t *testing.T) {
	s, client := start(t, modeltest.Honest())
	page, err := client.Models.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Data) != 1 || page.Data[0].ID != s.Model() || page.Data[0].Object != "model" || time.Unix(page.Data[0].Created, 0).Year() < 2025 {
		t.Errorf("models: %s", page.RawJSON())
	}
	one, err := client.Models.Get(t.Context(), s.Model())
	if err != nil || one.ID != s.Model() {
		t.Errorf("model %v, %v", one, err)
	}
}
