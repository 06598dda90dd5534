package modeltest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Roles of a Message.
const (
	roleAssistant = "assistant"
	roleTool      = "tool"
)

// Request is one request as the stand-in understood it. Of a request that was refused it holds what could be read.
type Request struct {
	// Number counts the requests for a completion, from 1; refused ones too.
	Number int
	// Header is the request's, without the key.
	Header http.Header
	// Body is as it came.
	Body     []byte
	Model    string
	Messages []Message
	Tools    []Tool
	// Choice is none, auto or required; empty where the request does not say, or names a function: then Must is its
	// name.
	Choice, Must string
	// Parallel is false where the request asks for one call at a time.
	Parallel bool
	// Format is the kind of the response format; empty where the request does not say.
	Format string
	// Stream asks for an answer in pieces, IncludeUsage for a last piece with the usage.
	Stream, IncludeUsage bool
	// Limit bounds the answer's tokens, by either name; 0 where the request does not say.
	Limit int
	// N is how many choices are asked for, 1 where the request does not say.
	N int
	// Fields are the names of the request's fields.
	Fields []string
}

// Message is one message of a Request. The parts of its content are joined.
type Message struct {
	Role, Name, Text string
	Calls            []Call
	// Answers is the id of the call that a message of role tool answers.
	Answers string
}

// Tool is a function that a Request offers.
type Tool struct {
	Name, Description string
	// Parameters is a JSON schema; nil where there is none.
	Parameters json.RawMessage
	Strict     bool
}

// Call is a model's wish to call a function. Arguments may be any text.
type Call struct {
	// ID may be empty in a Reply: then the stand-in gives one.
	ID, Name, Arguments string
}

// Tool returns the function of that name, and whether the request offers it.
func (r Request) Tool(name string) (Tool, bool) {
	for _, t := range r.Tools {
		if t.Name == name {
			return t, true
		}
	}
	return Tool{}, false
}

// Last returns the last message; zero where there is none.
func (r Request) Last() Message {
	if len(r.Messages) == 0 {
		return Message{}
	}
	return r.Messages[len(r.Messages)-1]
}

// Prompt returns the texts of all messages but the assistant's own, one after the other.
func (r Request) Prompt() string {
	var b strings.Builder
	for _, m := range r.Messages {
		if m.Role != roleAssistant {
			b.WriteString(m.Text)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Text returns every text that came with the request: messages, calls, functions and their schemas.
func (r Request) Text() string {
	var b strings.Builder
	for _, m := range r.Messages {
		b.WriteString(m.Name + "\n" + m.Text + "\n")
		for _, c := range m.Calls {
			b.WriteString(c.ID + " " + c.Name + " " + c.Arguments + "\n")
		}
	}
	for _, t := range r.Tools {
		b.WriteString(t.Name + "\n" + t.Description + "\n" + string(t.Parameters) + "\n")
	}
	return b.String()
}

// wireRequest is the part of a request that the rules and the scripts look at.
type wireRequest struct {
	Model    string        `json:"model"`
	Messages []wireMessage `json:"messages"`
	Tools    []struct {
		Function struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			Parameters  json.RawMessage `json:"parameters"`
			Strict      *bool           `json:"strict"`
		} `json:"function"`
	} `json:"tools"`
	ToolChoice     json.RawMessage `json:"tool_choice"`
	Parallel       *bool           `json:"parallel_tool_calls"`
	ResponseFormat *struct {
		Type       string `json:"type"`
		JSONSchema struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
	Stream        *bool `json:"stream"`
	StreamOptions *struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	MaxTokens           *int  `json:"max_tokens"`
	MaxCompletionTokens *int  `json:"max_completion_tokens"`
	N                   *int  `json:"n"`
	Logprobs            *bool `json:"logprobs"`
	TopLogprobs         *int  `json:"top_logprobs"`
}

type wireMessage struct {
	Role       string      `json:"role"`
	Name       string      `json:"name"`
	Content    wireContent `json:"content"`
	Refusal    *string     `json:"refusal"`
	ToolCallID string      `json:"tool_call_id"`
	ToolCalls  []struct {
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

// wireContent is a string or a list of parts.
type wireContent struct {
	text  string
	known bool
}

// UnmarshalJSON joins the texts of parts.
func (c *wireContent) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	c.known = true
	if json.Unmarshal(data, &c.text) == nil {
		return nil
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	for _, p := range parts {
		c.text += p.Text
	}
	return nil
}

// request turns what came over the wire into a Request.
func (w wireRequest) request() Request {
	r := Request{Model: w.Model, Parallel: w.Parallel == nil || *w.Parallel, N: 1}
	for _, m := range w.Messages {
		msg := Message{Role: m.Role, Name: m.Name, Text: m.Content.text, Answers: m.ToolCallID}
		for _, c := range m.ToolCalls {
			msg.Calls = append(msg.Calls, Call{ID: c.ID, Name: c.Function.Name, Arguments: c.Function.Arguments})
		}
		r.Messages = append(r.Messages, msg)
	}
	for _, t := range w.Tools {
		f := t.Function
		r.Tools = append(r.Tools, Tool{f.Name, f.Description, f.Parameters, f.Strict != nil && *f.Strict})
	}
	if json.Unmarshal(w.ToolChoice, &r.Choice) != nil {
		var named struct{ Function struct{ Name string } }
		if json.Unmarshal(w.ToolChoice, &named) == nil {
			r.Must = named.Function.Name
		}
	}
	if w.ResponseFormat != nil {
		r.Format = w.ResponseFormat.Type
	}
	r.Stream = w.Stream != nil && *w.Stream
	r.IncludeUsage = w.StreamOptions != nil && w.StreamOptions.IncludeUsage
	for _, limit := range []*int{w.MaxTokens, w.MaxCompletionTokens} {
		if limit != nil {
			r.Limit = *limit
		}
	}
	if w.N != nil && *w.N > 0 {
		r.N = *w.N
	}
	return r
}
