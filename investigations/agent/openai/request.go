package openai

import (
	"encoding/json"
	"errors"

	api "github.com/sashabaranov/go-openai"

	"github.com/oombot/oombot/investigations"
)

// errReasoningCalls is a model that calls functions through another API than this one only, as the library knows.
var errReasoningCalls = errors.New("the model calls functions in OpenAI's Responses API only")

// request returns what is sent for req, without what the endpoint lacks. It fails where the library would refuse it.
//
// No temperature is sent, since the newer models refuse any but their own; nor how many calls may come at once, which
// endpoints decide well.
func (c *Client) request(req *investigations.ChatRequest, lacking [features]bool) (*api.ChatCompletionRequest, error) {
	r := &api.ChatCompletionRequest{Model: c.model, Stream: !c.noStream && !lacking[stream]}
	if r.Stream && !lacking[streamUsage] {
		r.StreamOptions = &api.StreamOptions{IncludeUsage: true}
	}
	for i := range req.Messages {
		r.Messages = append(r.Messages, messageOf(&req.Messages[i]))
	}
	for _, f := range req.Functions {
		schema := f.Schema
		if len(schema) == 0 {
			schema = json.RawMessage(`{"type":"object","properties":{}}`)
		}
		r.Tools = append(r.Tools, api.Tool{Type: api.ToolTypeFunction, Function: &api.FunctionDefinition{
			Name: f.Name, Description: f.Summary, Parameters: schema,
		}})
	}
	if len(r.Tools) > 0 && req.Must != "" && !lacking[must] {
		r.ToolChoice = api.ToolChoice{Type: api.ToolTypeFunction, Function: api.ToolFunction{Name: req.Must}}
	}
	if req.JSON && !lacking[jsonObject] {
		r.ResponseFormat = &api.ChatCompletionResponseFormat{Type: api.ChatCompletionResponseFormatTypeJSONObject}
	}
	switch {
	case !lacking[completionLimit]:
		r.MaxCompletionTokens = req.MaxTokens
	case !lacking[tokenLimit]:
		*oldLimit(r) = req.MaxTokens
	}
	if len(r.Tools) > 0 && lacking[reasoning] {
		r.ReasoningEffort = api.ReasoningEffortNone
	}
	return r, fit(r)
}

// oldLimit is the older name of the parameter that bounds an answer.
func oldLimit(r *api.ChatCompletionRequest) *int {
	return &r.MaxTokens //nolint:staticcheck // it is deprecated at OpenAI, and the only name that Mistral and others know
}

// fit changes r to what the library lets through for the models that it knows: it would refuse the rest before sending it.
func fit(r *api.ChatCompletionRequest) error {
	v := api.NewReasoningValidator()
	if errors.Is(v.Validate(*r), api.ErrReasoningModelMaxTokensDeprecated) {
		*oldLimit(r) = 0 // the newer name was refused before
	}
	err := v.Validate(*r)
	if errors.Is(err, api.ErrReasoningToolsRequireResponses) {
		r.ReasoningEffort = api.ReasoningEffortNone
		err = v.Validate(*r)
	}
	if errors.Is(err, api.ErrReasoningEffortUnsupported) {
		return errReasoningCalls
	}
	return err
}

func messageOf(m *investigations.Message) api.ChatCompletionMessage {
	out := api.ChatCompletionMessage{Role: m.Role, Content: m.Text, ToolCallID: m.Answers}
	for _, call := range m.Calls {
		arguments := call.Arguments
		if !isObject(arguments) {
			arguments = "{}" // vLLM and others read them, and fail; the function's answer says what was wrong
		}
		out.ToolCalls = append(out.ToolCalls, api.ToolCall{
			ID: call.ID, Type: api.ToolTypeFunction, Function: api.FunctionCall{Name: call.Name, Arguments: arguments},
		})
	}
	if m.Role == investigations.RoleAssistant {
		out.ReasoningContent = unpack(m.Opaque).Reasoning
	}
	return out
}

// opaque is what an endpoint wants back with an answer of its own.
type opaque struct {
	// Reasoning is DeepSeek's reasoning_content.
	Reasoning string `json:"reasoning,omitempty"`
	// Extras are Gemini's extra_content, by the ids of calls.
	Extras map[string]json.RawMessage `json:"extras,omitempty"`
}

func pack(reasoning string, extras map[string]json.RawMessage) string {
	if reasoning == "" && len(extras) == 0 {
		return ""
	}
	out, err := json.Marshal(opaque{Reasoning: reasoning, Extras: extras})
	if err != nil {
		return "" // it was JSON that came in
	}
	return string(out)
}

func unpack(s string) (o opaque) {
	if s != "" {
		_ = json.Unmarshal([]byte(s), &o) // what is not ours holds nothing
	}
	return o
}

// complete adds to a request's body what the library's types have no place for. An assistant's message with calls and no
// text has the content null, any other without text "": the library leaves it out, which some refuse. Calls have what the
// endpoint wants back with them. A body that can't be read stays.
func complete(body []byte, messages []investigations.Message) []byte {
	var r map[string]json.RawMessage
	var list []map[string]json.RawMessage
	if json.Unmarshal(body, &r) != nil || json.Unmarshal(r["messages"], &list) != nil || len(list) != len(messages) {
		return body
	}
	for i, m := range list {
		if _, there := m["content"]; !there {
			m["content"] = json.RawMessage(`""`)
			if len(messages[i].Calls) > 0 {
				m["content"] = json.RawMessage(`null`)
			}
		}
		if calls, changed := withExtras(m["tool_calls"], messages[i].Opaque); changed {
			m["tool_calls"] = calls
		}
	}
	var err error
	if r["messages"], err = json.Marshal(list); err != nil {
		return body
	}
	out, err := json.Marshal(r)
	if err != nil {
		return body
	}
	return out
}

func withExtras(raw json.RawMessage, opaque string) (json.RawMessage, bool) {
	extras := unpack(opaque).Extras
	var calls []map[string]json.RawMessage
	if len(extras) == 0 || json.Unmarshal(raw, &calls) != nil {
		return nil, false
	}
	for _, call := range calls {
		if extra, ok := extras[textOf(call["id"])]; ok {
			call["extra_content"] = extra
		}
	}
	out, err := json.Marshal(calls)
	return out, err == nil
}
