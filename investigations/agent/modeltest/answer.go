package modeltest

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// defaultPiece is how many bytes a piece of a stream holds.
const defaultPiece = 24

// fingerprint is the stand-in's version, as the API names those of its backends.
const fingerprint = "fp_modeltest"

// envelope is what whole answers and pieces of a stream have in common.
type envelope struct {
	ID          string   `json:"id"`
	Object      string   `json:"object"`
	Created     int64    `json:"created"`
	Model       string   `json:"model"`
	Choices     []choice `json:"choices"`
	Usage       *usage   `json:"usage,omitempty"`
	Fingerprint string   `json:"system_fingerprint"`
	ServiceTier string   `json:"service_tier"`
}

type choice struct {
	Index    int      `json:"index"`
	Message  *message `json:"message,omitempty"`
	Delta    *delta   `json:"delta,omitempty"`
	Logprobs *string  `json:"logprobs"`
	Finish   *string  `json:"finish_reason"`
}

type message struct {
	Role         string     `json:"role"`
	Content      *string    `json:"content"`
	Refusal      *string    `json:"refusal"`
	Annotations  []string   `json:"annotations"`
	ToolCalls    []wireCall `json:"tool_calls,omitempty"`
	FunctionCall *function  `json:"function_call,omitempty"`
}

// delta is what a piece adds to a message. content is absent, null or a text: so it is raw.
type delta struct {
	Role         string          `json:"role,omitempty"`
	Content      json.RawMessage `json:"content,omitempty"`
	Refusal      *string         `json:"refusal,omitempty"`
	ToolCalls    []wireCall      `json:"tool_calls,omitempty"`
	FunctionCall *function       `json:"function_call,omitempty"`
}

type wireCall struct {
	Index    *int     `json:"index,omitempty"`
	ID       string   `json:"id,omitempty"`
	Type     string   `json:"type,omitempty"`
	Function function `json:"function"`
}

type function struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

type usage struct {
	Prompt            int            `json:"prompt_tokens"`
	Completion        int            `json:"completion_tokens"`
	Total             int            `json:"total_tokens"`
	PromptDetails     map[string]int `json:"prompt_tokens_details"`
	CompletionDetails map[string]int `json:"completion_tokens_details"`
}

func (u Usage) wire() *usage {
	return &usage{
		u.Prompt, u.Completion, u.Prompt + u.Completion,
		map[string]int{"cached_tokens": 0, "audio_tokens": 0},
		map[string]int{"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
	}
}

// answer builds the bodies of one reply.
type answer struct {
	req     Request
	rep     Reply
	created int64
	model   string
}

func (a answer) envelope(object string, choices ...choice) envelope {
	if a.rep.Broken.NoChoices || choices == nil {
		choices = []choice{}
	}
	return envelope{
		ID: fmt.Sprintf("chatcmpl-%06d", a.req.Number), Object: object, Created: a.created, Model: a.model,
		Choices: choices, Fingerprint: fingerprint, ServiceTier: "default",
	}
}

// callID returns the id of the nth call.
func (a answer) callID(n int) string {
	if id := a.rep.Calls[n].ID; id != "" {
		return id
	}
	return fmt.Sprintf("call_%d_%d", a.req.Number, n+1)
}

// whole returns the body of an answer in one piece.
func (a answer) whole() []byte {
	m := &message{Role: roleAssistant, Annotations: []string{}}
	if a.rep.Text != "" || len(a.rep.Calls) == 0 {
		m.Content = &a.rep.Text
	}
	if a.rep.Refusal != "" {
		m.Content, m.Refusal = nil, &a.rep.Refusal
	}
	for i, c := range a.rep.Calls {
		f := function{c.Name, c.Arguments}
		if a.rep.Broken.LegacyCall {
			m.FunctionCall = &f
			break
		}
		m.ToolCalls = append(m.ToolCalls, wireCall{ID: a.callID(i), Type: "function", Function: f})
	}
	var choices []choice
	for i := range a.req.N {
		choices = append(choices, choice{Index: i, Message: m, Finish: a.finish()})
	}
	e := a.envelope("chat.completion", choices...)
	if !a.rep.Broken.NoUsage {
		e.Usage = a.rep.usage(a.req).wire()
	}
	return encode(e)
}

func (a answer) finish() *string {
	if a.rep.Broken.NoFinish {
		return nil
	}
	f := a.rep.finish()
	return &f
}

// stream returns the events of an answer in pieces: the role; text, then the calls one after the other, each piece a
// few bytes; the finish reason; the usage where it was asked for; the end mark.
func (a answer) stream() [][]byte {
	var events [][]byte
	put := func(choices ...choice) {
		e := a.envelope("chat.completion.chunk", choices...)
		events = append(events, event(a.chunk(e, nil)))
	}
	for i := range a.req.N {
		for _, d := range a.deltas() {
			put(choice{Index: i, Delta: &d})
		}
		if finish := a.finish(); finish != nil {
			put(choice{Index: i, Delta: &delta{}, Finish: finish})
		}
	}
	if a.req.IncludeUsage && !a.rep.Broken.NoUsage {
		events = append(events, event(a.chunk(a.envelope("chat.completion.chunk"), a.rep.usage(a.req).wire())))
	}
	if !a.rep.Broken.NoDone {
		events = append(events, event([]byte("[DONE]")))
	}
	return events
}

// chunk encodes one piece. Where the usage was asked for, every piece has it: null in all but the last.
func (a answer) chunk(e envelope, u *usage) []byte {
	e.Usage = nil
	if !a.req.IncludeUsage {
		return encode(e)
	}
	return encode(struct {
		envelope
		Usage *usage `json:"usage"`
	}{e, u})
}

// deltas returns what the pieces of one choice add, the first of them the role.
func (a answer) deltas() []delta {
	first := delta{Role: roleAssistant, Content: json.RawMessage(`""`)}
	if a.rep.Text == "" && len(a.rep.Calls) > 0 {
		first.Content = json.RawMessage("null")
	}
	out := []delta{first}
	size := a.rep.Piece
	if size <= 0 {
		size = defaultPiece
	}
	if a.rep.Text != "" {
		for _, p := range pieces(a.rep.Text, size) {
			out = append(out, delta{Content: encode(p)})
		}
	}
	if a.rep.Refusal != "" {
		for _, p := range pieces(a.rep.Refusal, size) {
			out = append(out, delta{Refusal: &p})
		}
	}
	for i, c := range a.rep.Calls {
		out = append(out, a.callDeltas(i, c, size)...)
		if a.rep.Broken.LegacyCall {
			break
		}
	}
	return out
}

// callDeltas returns the pieces of one call: its id and name first, then its arguments.
func (a answer) callDeltas(i int, c Call, size int) []delta {
	if a.rep.Broken.LegacyCall {
		out := []delta{{FunctionCall: &function{Name: c.Name}}}
		for _, p := range pieces(c.Arguments, size) {
			out = append(out, delta{FunctionCall: &function{Arguments: p}})
		}
		return out
	}
	index := &i
	if a.rep.Broken.NoIndex {
		index = nil
	}
	out := []delta{{ToolCalls: []wireCall{{Index: index, ID: a.callID(i), Type: "function", Function: function{Name: c.Name}}}}}
	for _, p := range pieces(c.Arguments, size) {
		out = append(out, delta{ToolCalls: []wireCall{{Index: index, Function: function{Arguments: p}}}})
	}
	return out
}

// event frames data as one server-sent event.
func event(data []byte) []byte {
	return fmt.Appendf(nil, "data: %s\n\n", data)
}

// encode writes v as JSON without escaping what is special in HTML only.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		// Only values of this package's own types come here.
		return []byte("null")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
