// Package transcript records what was said to a model and what it answered, and gives the answers again without an
// endpoint.
//
// A transcript is a file of JSON lines. The first says {"version": 1, "model": NAME}; each further line is one request
// with its answer, or with the fault in its place. What it holds has passed redaction, as all that is sent has; answers
// are redacted once more before they are written.
//
// A replay goes by the requests: an answer is given to the request that it was recorded for, which is found by the
// digest of all that was sent. A request that no line has is an error that says so: the prompts, the bundle or the
// configuration are others than those of the recording.
package transcript

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Version is that of the file.
const Version = 1

// head is the first line.
type head struct {
	Version int    `json:"version"`
	Model   string `json:"model"`
}

// turn is one request and what came of it.
type turn struct {
	// Request is the digest of what was sent.
	Request   string                   `json:"request"`
	Messages  []investigations.Message `json:"messages"`
	Functions []string                 `json:"functions,omitempty"`
	Must      string                   `json:"must,omitempty"`
	JSON      bool                     `json:"json,omitempty"`
	MaxTokens int                      `json:"max_tokens,omitempty"`
	Reply     *reply                   `json:"reply,omitempty"`
	Fault     *fault                   `json:"fault,omitempty"`
}

type reply struct {
	Text   string                        `json:"text,omitempty"`
	Calls  []investigations.FunctionCall `json:"calls,omitempty"`
	Finish string                        `json:"finish"`
	Usage  usage                         `json:"usage"`
}

type usage struct {
	Prompt     int  `json:"prompt"`
	Completion int  `json:"completion"`
	Known      bool `json:"known"`
}

type fault struct {
	Fault        investigations.ModelFault `json:"fault"`
	What         string                    `json:"what,omitempty"`
	Status       int                       `json:"status,omitempty"`
	RetryAfterMS int64                     `json:"retry_after_ms,omitempty"`
	Answered     bool                      `json:"answered,omitempty"`
	Usage        usage                     `json:"usage"`
	Error        string                    `json:"error,omitempty"`
}

// digest is over all of a request that decides over its answer. How long the answer may be is no part of it: that
// depends on the tokens that were counted before.
func digest(req investigations.ChatRequest) string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	err := errors.Join(enc.Encode(req.Messages), enc.Encode(req.Functions), enc.Encode(req.Must), enc.Encode(req.JSON))
	if err != nil {
		// Schemas that are no JSON: such a request reaches no endpoint either.
		return "unencodable"
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Recorder is a Model that writes down what passes. It is safe for concurrent use.
type Recorder struct {
	model  investigations.Model
	redact func(string) string

	mu  sync.Mutex
	out io.Writer
	err error
}

var _ investigations.Model = (*Recorder)(nil)

// Record returns a Recorder of model that writes to out. The error is out's.
func Record(model investigations.Model, out io.Writer, redact func(string) string) (*Recorder, error) {
	r := &Recorder{model: model, out: out, redact: redact}
	r.write(head{Version: Version, Model: model.Name()})
	return r, r.err
}

// Name implements investigations.Model.
func (r *Recorder) Name() string { return r.model.Name() }

// Err returns the first error of writing; what was said since then is not in the file.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Chat implements investigations.Model.
func (r *Recorder) Chat(ctx context.Context, req investigations.ChatRequest) (investigations.ChatReply, error) {
	answer, err := r.model.Chat(ctx, req)
	t := turn{Request: digest(req), Messages: req.Messages, Must: req.Must, JSON: req.JSON, MaxTokens: req.MaxTokens}
	for _, f := range req.Functions {
		t.Functions = append(t.Functions, f.Name)
	}
	if err != nil {
		t.Fault = r.faultOf(err)
	} else {
		t.Reply = r.replyOf(answer)
	}
	r.write(t)
	return answer, err
}

func (r *Recorder) replyOf(a investigations.ChatReply) *reply {
	out := &reply{Text: r.redact(a.Text), Finish: a.Finish, Usage: usage(a.Usage)}
	for _, c := range a.Calls {
		c.Arguments = r.redact(c.Arguments)
		out.Calls = append(out.Calls, c)
	}
	return out
}

func (r *Recorder) faultOf(err error) *fault {
	var e *investigations.ModelError
	if !errors.As(err, &e) {
		return &fault{Fault: investigations.ModelLate, Error: r.redact(err.Error())}
	}
	f := &fault{
		Fault: e.Fault, What: e.What, Status: e.Status, RetryAfterMS: e.RetryAfter.Milliseconds(), Answered: e.Answered, Usage: usage(e.Usage),
	}
	if e.Err != nil {
		f.Error = r.redact(e.Err.Error())
	}
	return f
}

func (r *Recorder) write(line any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return
	}
	if err := json.NewEncoder(r.out).Encode(line); err != nil {
		r.err = fmt.Errorf("write transcript: %w", err)
	}
}

// Player is a Model that gives recorded answers. It is safe for concurrent use.
type Player struct {
	name string

	mu    sync.Mutex
	turns map[string][]turn
}

var _ investigations.Model = (*Player)(nil)

// ErrNotRecorded says that a transcript has no answer to a request.
var ErrNotRecorded = errors.New("the transcript has no answer to this request: it was recorded with another bundle, memory, configuration or version")

// Play reads a transcript; empty lines in it count for nothing. The error names the line that can't be read.
func Play(in io.Reader) (*Player, error) {
	var p *Player
	lines := bufio.NewReader(in)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read transcript, line %d: %w", n, err)
		}
		last := err != nil
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if p == nil {
				p, err = begin(line)
			} else {
				err = p.take(line)
			}
			if err != nil {
				return nil, fmt.Errorf("read transcript, line %d: %w", n, err)
			}
		}
		switch {
		case last && p == nil:
			return nil, errors.New("read transcript: it is empty")
		case last:
			return p, nil
		}
	}
}

// begin reads the first line.
func begin(line []byte) (*Player, error) {
	var h head
	if err := json.Unmarshal(line, &h); err != nil {
		return nil, err
	}
	if h.Version != Version {
		return nil, fmt.Errorf("its version is %d, and not %d", h.Version, Version)
	}
	return &Player{name: h.Model, turns: map[string][]turn{}}, nil
}

// take reads a line after the first one.
func (p *Player) take(line []byte) error {
	var t turn
	if err := json.Unmarshal(line, &t); err != nil {
		return err
	}
	if (t.Reply == nil) == (t.Fault == nil) {
		return errors.New("it has to have either a reply or a fault")
	}
	p.turns[t.Request] = append(p.turns[t.Request], t)
	return nil
}

// Name implements investigations.Model.
func (p *Player) Name() string { return p.name }

// Chat implements investigations.Model. A request that was recorded several times gets its answers in their order, and
// the last one from then on.
func (p *Player) Chat(ctx context.Context, req investigations.ChatRequest) (investigations.ChatReply, error) {
	if err := ctx.Err(); err != nil {
		return investigations.ChatReply{}, err
	}
	key := digest(req)
	p.mu.Lock()
	defer p.mu.Unlock()
	turns := p.turns[key]
	if len(turns) == 0 {
		return investigations.ChatReply{}, &investigations.ModelError{Fault: investigations.ModelRefused, Err: ErrNotRecorded}
	}
	t := turns[0]
	if len(turns) > 1 {
		p.turns[key] = turns[1:]
	}
	if f := t.Fault; f != nil {
		return investigations.ChatReply{}, &investigations.ModelError{
			Fault: f.Fault, What: f.What, Status: f.Status, RetryAfter: time.Duration(f.RetryAfterMS) * time.Millisecond,
			Answered: f.Answered, Usage: investigations.TokenUse(f.Usage), Err: errors.New(f.Error),
		}
	}
	r := t.Reply
	return investigations.ChatReply{
		Text: r.Text, Calls: slices.Clone(r.Calls), Finish: r.Finish, Usage: investigations.TokenUse(r.Usage),
	}, nil
}
