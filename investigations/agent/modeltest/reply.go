package modeltest

import "time"

// Finish reasons.
const (
	finishStop   = "stop"
	finishCalls  = "tool_calls"
	finishLength = "length"
)

// Reply is what the stand-in does with one request. The zero Reply is an empty answer that stops.
type Reply struct {
	// Text is what the model says, Refusal what it says instead where it refuses, Calls the functions that it calls.
	Text    string `yaml:"say"`
	Refusal string `yaml:"refusal"`
	Calls   []Call `yaml:"-"`
	// Finish is the finish reason; empty stands for tool_calls where there are calls, else for stop.
	Finish string `yaml:"finish"`
	// Usage is what the answer is said to cost; nil: as Estimate counts.
	Usage *Usage `yaml:"usage"`
	// Overlong leaves an answer as long as it is; else one above the request's limit of tokens ends there, with the
	// finish reason length.
	Overlong bool `yaml:"overlong"`

	// Delay passes before anything is sent.
	Delay time.Duration `yaml:"delay"`
	// Piece is how many bytes of text, or of a call's arguments, one piece of a stream holds; 0 stands for 24.
	Piece int `yaml:"piece"`
	// Between passes between two pieces of a stream.
	Between time.Duration `yaml:"between"`
	// Flush is how many bytes of a body are sent at a time, whatever they hold; 0: a whole piece.
	Flush int `yaml:"flush"`

	// Status is the HTTP status; 0 stands for 200. From 400 on the body is Error, or the API's own words.
	Status int `yaml:"status"`
	// Header is added to the answer's and replaces its own, Content-Type too.
	Header map[string]string `yaml:"header"`
	Error  *Error            `yaml:"error"`
	// Body replaces the whole body; nil: it is built.
	Body *string `yaml:"body"`

	// Broken says in what the answer leaves the protocol.
	Broken Broken `yaml:"broken"`

	// Faults are added to the server's: what the script holds against the request.
	Faults []string `yaml:"-"`
}

// Broken are ways to leave the protocol.
type Broken struct {
	// NoChoices leaves out all choices, NoFinish the finish reason, NoUsage the usage, NoDone the end mark of a stream.
	NoChoices bool `yaml:"no_choices"`
	NoFinish  bool `yaml:"no_finish"`
	NoUsage   bool `yaml:"no_usage"`
	NoDone    bool `yaml:"no_done"`
	// Whole answers in one piece though a stream was asked for.
	Whole bool `yaml:"whole"`
	// LegacyCall puts the first call into function_call, the field that tool_calls has replaced.
	LegacyCall bool `yaml:"legacy_call"`
	// NoIndex leaves out the index of the calls in a stream.
	NoIndex bool `yaml:"no_index"`
	// CutBytes and CutEvents end the connection after so many bytes of the body, or pieces of a stream; 0: never. With
	// Clean the answer ends there in order, with Hang nothing more comes.
	CutBytes  int  `yaml:"cut_bytes"`
	CutEvents int  `yaml:"cut_events"`
	Clean     bool `yaml:"clean"`
	// Endless sends a stream's first piece of text again and again until the client goes away.
	Endless bool `yaml:"endless"`
	// Hang sends nothing until the client goes away.
	Hang bool `yaml:"hang"`
}

// Usage counts tokens.
type Usage struct {
	Prompt     int `yaml:"prompt"`
	Completion int `yaml:"completion"`
}

// Estimate counts tokens where a script doesn't: four bytes of the request's body, and of what is answered (text, names
// and arguments), are one token, rounded up.
func Estimate(req Request, rep Reply) Usage {
	answer := len(rep.Text) + len(rep.Refusal)
	for _, c := range rep.Calls {
		answer += len(c.Name) + len(c.Arguments)
	}
	return Usage{Prompt: tokens(len(req.Body)), Completion: tokens(answer)}
}

const bytesPerToken = 4

func tokens(bytes int) int { return (bytes + bytesPerToken - 1) / bytesPerToken }

// usage returns what rep costs.
func (rep Reply) usage(req Request) Usage {
	if rep.Usage != nil {
		return *rep.Usage
	}
	return Estimate(req, rep)
}

// finish returns the finish reason.
func (rep Reply) finish() string {
	switch {
	case rep.Finish != "":
		return rep.Finish
	case len(rep.Calls) > 0 && rep.Broken.LegacyCall:
		return "function_call"
	case len(rep.Calls) > 0:
		return finishCalls
	}
	return finishStop
}

// limited returns rep as it is once the request's limit of tokens has cut it.
func (rep Reply) limited(limit int) Reply {
	if limit <= 0 || rep.Overlong || rep.Usage != nil || Estimate(Request{}, rep).Completion <= limit {
		return rep
	}
	left := limit * bytesPerToken
	rep.Text, left = cut(rep.Text, left)
	var calls []Call
	for _, c := range rep.Calls {
		if left <= len(c.Name) {
			break
		}
		c.Arguments, left = cut(c.Arguments, left-len(c.Name))
		calls = append(calls, c)
	}
	rep.Calls = calls
	rep.Finish = finishLength
	return rep
}

// cut returns what of text fits into n bytes, whole runes, and how many bytes are left over.
func cut(text string, n int) (string, int) {
	if len(text) <= n {
		return text, n - len(text)
	}
	return pieces(text, n)[0], 0
}

// pieces splits text into parts of at most n bytes; a rune is never cut, so that one alone may be longer.
func pieces(text string, n int) []string {
	var out []string
	start := 0
	for i := range text {
		if i > start && i-start >= n {
			out = append(out, text[start:i])
			start = i
		}
	}
	if start < len(text) || len(out) == 0 {
		out = append(out, text[start:])
	}
	return out
}
