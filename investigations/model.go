package investigations

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Model is a chat model behind an endpoint. It is safe for concurrent use.
type Model interface {
	// Name is what the endpoint calls it.
	Name() string
	// Chat sends one request, exactly once, and returns the whole answer. It tries nothing again: whoever calls it
	// has a budget. Its error is a *ModelError, or ctx's own.
	Chat(ctx context.Context, req ChatRequest) (ChatReply, error)
}

// Roles of a Message.
const (
	RoleSystem    = "system"
	RoleUser      = "user"
	RoleAssistant = "assistant"
	// RoleFunction answers a FunctionCall.
	RoleFunction = "tool"
)

// ChatRequest is what is asked. Texts in it have passed redaction.
type ChatRequest struct {
	Messages []Message
	// Functions are those that the model may call. Without any it answers in text.
	Functions []Function
	// Must names the one function that it has to call; empty leaves it the choice.
	Must string
	// JSON asks for a JSON object as text, of a model that calls no functions.
	JSON bool
	// MaxTokens bounds the answer; 0 leaves it to the endpoint.
	MaxTokens int
	// Progress is told of parts of the answer as they come, where the endpoint sends them one by one; from one goroutine,
	// before Chat returns. It may be nil.
	Progress func(Piece)
}

// Piece is a part of an answer.
type Piece struct {
	// Text is of what is written, Function the name of a function whose call begins. One of them is empty.
	Text, Function string
}

// Message is one turn of a chat.
type Message struct {
	Role string `json:"role"`
	Text string `json:"text,omitempty"`
	// Calls are those that an assistant's message makes.
	Calls []FunctionCall `json:"calls,omitempty"`
	// Answers is the id of the call that a function's message answers.
	Answers string `json:"answers,omitempty"`
	// Opaque is the Opaque of the reply that an assistant's message repeats.
	Opaque string `json:"-"`
}

// Function is one that a model may call.
type Function struct {
	Name, Summary string
	// Schema is the JSON schema of its arguments, an object.
	Schema json.RawMessage
}

// FunctionCall is a model's wish. Arguments are as the model wrote them: any text.
type FunctionCall struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// How an answer ended, as the endpoint says.
const (
	FinishStop   = "stop"
	FinishCalls  = "tool_calls"
	FinishLength = "length"
	FinishFilter = "content_filter"
)

// ChatReply is an answer that came in whole.
type ChatReply struct {
	Text   string
	Calls  []FunctionCall
	Finish string
	Usage  TokenUse
	// Opaque is what the endpoint wants to see again with this answer, in the Model's own form: some refuse a chat whose
	// calls come back without it. Who repeats the answer in a Message copies it there; it is not shown or recorded.
	Opaque string `json:"-"`
}

// TokenUse counts tokens, as the endpoint says; Known is false where it does not.
type TokenUse struct {
	Prompt, Completion int
	Known              bool
}

// ModelFault is the kind of a ModelError.
type ModelFault string

// The kinds of faults.
const (
	// ModelBusy asks to come back later (429); ModelDown has no answer (5xx, no connection); both may pass.
	ModelBusy ModelFault = "busy"
	ModelDown ModelFault = "down"
	// ModelLate is an answer that did not come within the request's time.
	ModelLate ModelFault = "late"
	// ModelCut is an answer that ended in its middle, ModelGarbled one that is no answer of a chat.
	ModelCut     ModelFault = "cut"
	ModelGarbled ModelFault = "garbled"
	// ModelUnsupported is a request that asks for what the endpoint does not offer: What names it.
	ModelUnsupported ModelFault = "unsupported"
	// ModelTooLarge is a request above the model's context.
	ModelTooLarge ModelFault = "too_large"
	// ModelRefused will not be answered however often it is asked: no key, no such model, a bad request.
	ModelRefused ModelFault = "refused"
)

// What an endpoint may not offer.
const (
	WithoutFunctions = "functions"
	WithoutJSON      = "json"
	WithoutStream    = "stream"
	// WithoutLimit is the parameter that bounds an answer, by the name that was tried.
	WithoutLimit = "limit"
	// WithoutMust is the choice of a function that must be called.
	WithoutMust = "must"
	// WithoutReasoning is calling functions while reasoning.
	WithoutReasoning = "reasoning"
)

// ModelError says why there is no answer.
type ModelError struct {
	Fault ModelFault
	// What is one of the Without constants, for ModelUnsupported.
	What string
	// Status is the HTTP status; 0 where none came.
	Status int
	// RetryAfter is how long the endpoint asks to wait; 0 where it does not say.
	RetryAfter time.Duration
	// Answered says that an answer came, though of no use: it counts as a call. Usage is what it cost.
	Answered bool
	Usage    TokenUse
	Err      error
}

// Error implements error. It holds no key, and has passed redaction where its cause came from outside.
func (e *ModelError) Error() string {
	what := "ask the model: " + string(e.Fault)
	if e.What != "" {
		what += " (" + e.What + ")"
	}
	if e.Status != 0 {
		what += fmt.Sprintf(", status %d", e.Status)
	}
	if e.Err != nil {
		return what + ": " + e.Err.Error()
	}
	return what
}

// Unwrap returns the cause.
func (e *ModelError) Unwrap() error { return e.Err }
