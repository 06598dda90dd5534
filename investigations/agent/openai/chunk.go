package openai

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// chunk is a piece of an answer, or a whole one: they differ in delta and message. What servers write in several types
// stays raw; the library's own types take one of them only.
type chunk struct {
	Choices []choice        `json:"choices"`
	Usage   json.RawMessage `json:"usage"`
	Groq    struct {
		Usage json.RawMessage `json:"usage"`
	} `json:"x_groq"`
	Error  json.RawMessage `json:"error"`
	Object json.RawMessage `json:"object"`
}

type choice struct {
	Index   index    `json:"index"`
	Delta   *message `json:"delta"`
	Message *message `json:"message"`
	// Finish is null until the end; some write "".
	Finish json.RawMessage `json:"finish_reason"`
	// Usage stands here at Moonshot.
	Usage json.RawMessage `json:"usage"`
}

type message struct {
	// Content is text, null, or a list of parts (Mistral), of which those of type text count.
	Content json.RawMessage `json:"content"`
	Refusal json.RawMessage `json:"refusal"`
	// Reasoning is no part of the answer. DeepSeek wants it back where functions were called.
	Reasoning json.RawMessage `json:"reasoning_content"`
	Calls     []wireCall      `json:"tool_calls"`
	// Legacy is a call as it was written before there were several.
	Legacy *wireFunction `json:"function_call"`
}

// wireCall is a call, or a piece of one.
type wireCall struct {
	Index    index           `json:"index"`
	ID       json.RawMessage `json:"id"`
	Function wireFunction    `json:"function"`
	// Extra is what Gemini wants back with the call.
	Extra json.RawMessage `json:"extra_content"`
}

type wireFunction struct {
	Name json.RawMessage `json:"name"`
	// Arguments are a JSON document in a text; some write the document itself.
	Arguments json.RawMessage `json:"arguments"`
}

// index is a place in a list, where the endpoint tells it.
type index struct {
	n     int
	known bool
}

// UnmarshalJSON takes a number, and one in quotes. Anything else is not known.
func (i *index) UnmarshalJSON(raw []byte) error {
	n, err := strconv.Atoi(textOf(raw))
	*i = index{n: n, known: err == nil}
	return nil
}

// isError says whether c is no piece but an error: OpenAI's, or vLLM's {"object": "error", …}.
func (c *chunk) isError() bool {
	raw := bytes.TrimSpace(c.Error)
	if len(raw) > 0 && raw[0] != 'n' && raw[0] != 'f' && string(raw) != `""` && string(raw) != "{}" {
		return true
	}
	return textOf(c.Object) == "error"
}

// contentOf returns the text of a content in any form.
func contentOf(raw json.RawMessage) string {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '[' {
		return textOf(raw)
	}
	var parts []struct {
		Type string          `json:"type"`
		Text json.RawMessage `json:"text"`
	}
	if json.Unmarshal(raw, &parts) != nil {
		return ""
	}
	var b strings.Builder
	for _, p := range parts {
		if p.Type == "text" || p.Type == "output_text" || p.Type == "" {
			b.WriteString(textOf(p.Text))
		}
	}
	return b.String()
}

// argumentsOf returns arguments as they are, and those that are no text as JSON.
func argumentsOf(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return ""
	}
	if raw[0] == '"' {
		return textOf(raw)
	}
	return string(raw)
}

// maxTokens is above what any answer costs.
const maxTokens = 1 << 30

// usageOf reads what an answer costs. What makes no sense is not known: no prompt, less than nothing, no numbers.
func usageOf(raw json.RawMessage) (investigations.TokenUse, bool) {
	var u struct {
		Prompt     *float64 `json:"prompt_tokens"`
		Completion *float64 `json:"completion_tokens"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &u) != nil || u.Prompt == nil {
		return investigations.TokenUse{}, false
	}
	var completion float64
	if u.Completion != nil {
		completion = *u.Completion
	}
	if *u.Prompt < 1 || *u.Prompt > maxTokens || completion < 0 || completion > maxTokens {
		return investigations.TokenUse{}, false
	}
	return investigations.TokenUse{Prompt: int(*u.Prompt), Completion: int(completion), Known: true}, true
}

// finishes are the reasons for an end, by the names that endpoints use beside OpenAI's.
var finishes = map[string]string{
	"stop": investigations.FinishStop, "eos": investigations.FinishStop, "eos_token": investigations.FinishStop,
	"end_turn": investigations.FinishStop, "stop_sequence": investigations.FinishStop, "complete": investigations.FinishStop,

	"tool_calls": investigations.FinishCalls, "tool_call": investigations.FinishCalls, "tool_use": investigations.FinishCalls,
	"tool-calls": investigations.FinishCalls, "function_call": investigations.FinishCalls,

	"length": investigations.FinishLength, "max_tokens": investigations.FinishLength, "model_length": investigations.FinishLength,

	"content_filter": investigations.FinishFilter, "safety": investigations.FinishFilter, "refusal": investigations.FinishFilter,
	"recitation": investigations.FinishFilter, "blocklist": investigations.FinishFilter, "prohibited_content": investigations.FinishFilter,
	"sensitive": investigations.FinishFilter,

	// Ends that are none: OpenRouter's of a provider that broke off, vLLM's, DeepSeek's without resources.
	"error": finishCut, "abort": finishCut, "aborted": finishCut, "cancelled": finishCut, "canceled": finishCut,
	"insufficient_system_resource": finishCut, "network_error": finishCut, "malformed_function_call": finishCut,
}

// finishCut is no Finish of a reply.
const finishCut = "cut"

// finishOf returns how an answer ended: "" where it hasn't. A reason that nobody knows is an end like any other.
func finishOf(raw json.RawMessage) string {
	reason := strings.ToLower(textOf(raw))
	if reason == "" || reason == "null" {
		return ""
	}
	if f, ok := finishes[reason]; ok {
		return f
	}
	return investigations.FinishStop
}
