package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/internal/judgetest"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// scripted is a Model that gives its answers in their order, the last one from then on, and keeps what it was asked.
type scripted struct {
	answers []turn
	mu      sync.Mutex
	asked   []investigations.ChatRequest
}

// turn is one answer: a function of the request, or a fault.
type turn func(req investigations.ChatRequest) (investigations.ChatReply, error)

func (s *scripted) Name() string { return "scripted" }

func (s *scripted) Chat(ctx context.Context, req investigations.ChatRequest) (investigations.ChatReply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return investigations.ChatReply{}, err
	}
	s.asked = append(s.asked, req)
	return s.answers[min(len(s.asked), len(s.answers))-1](req)
}

// texts are all texts of a request.
func texts(req investigations.ChatRequest) string {
	var b strings.Builder
	for _, m := range req.Messages {
		b.WriteString(m.Text + "\n")
		for _, c := range m.Calls {
			b.WriteString(c.Name + " " + c.Arguments + "\n")
		}
	}
	return b.String()
}

func says(text string) turn {
	return func(investigations.ChatRequest) (investigations.ChatReply, error) {
		return investigations.ChatReply{Text: text, Finish: investigations.FinishStop}, nil
	}
}

// calls makes one call of each name and its arguments.
func calls(pairs ...string) turn {
	return func(investigations.ChatRequest) (investigations.ChatReply, error) {
		r := investigations.ChatReply{Finish: investigations.FinishCalls}
		for i := 0; i < len(pairs); i += 2 {
			r.Calls = append(r.Calls, investigations.FunctionCall{ID: fmt.Sprintf("c%d", i), Name: pairs[i], Arguments: pairs[i+1]})
		}
		return r, nil
	}
}

func submits(arguments string) turn { return calls(SubmitVerdict, arguments) }

// uses reports tokens with an answer.
func uses(t turn, prompt, completion int) turn {
	return func(req investigations.ChatRequest) (investigations.ChatReply, error) {
		r, err := t(req)
		r.Usage = investigations.TokenUse{Prompt: prompt, Completion: completion, Known: true}
		return r, err
	}
}

func fails(e investigations.ModelError) turn {
	return func(investigations.ChatRequest) (investigations.ChatReply, error) {
		f := e
		if f.Err == nil {
			f.Err = errors.New("scripted")
		}
		return investigations.ChatReply{}, &f
	}
}

// example investigates one of the shipped incidents by the rules, and has the analyst look at it.
func example(t testing.TB, name string, analyst investigations.Analyst, published func(*investigations.Result)) *investigations.Result {
	t.Helper()
	return judgetest.Example(t, name, investigations.Options{
		SourceTimeout: time.Minute, Redact: redact.Text, Analyst: analyst, Published: published,
	}).Result
}

// agentOf returns an Agent that asks model, and waits for nothing.
func agentOf(model investigations.Model, change ...func(*Options)) *Agent {
	o := Options{
		Model: model, Redact: redact.Text, Jitter: func() float64 { return 0 },
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, c := range change {
		c(&o)
	}
	return New(o)
}
