package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/functions"
)

const (
	// mostCalls is how many functions are called for one answer of the model, and callsAtOnce how many at a time.
	mostCalls   = 8
	callsAtOnce = 4
	// mostAnswerText is how much of what a function says is told, in bytes.
	mostAnswerText = 6 << 10
)

// heard takes an answer into the history and returns the calls in it.
func (s *session) heard(r investigations.ChatReply) []investigations.FunctionCall {
	calls := r.Calls
	if len(calls) == 0 {
		if calls = callsIn(r.Text, s.ends); len(calls) > 0 && !s.json {
			// It wrote as text what it was to call: from here on it is a call like any other.
			r.Text = ""
		}
	}
	if s.json {
		s.history = append(s.history, investigations.Message{Role: investigations.RoleAssistant, Text: investigations.CleanText(r.Text, mostArguments)})
		return calls
	}
	seen := map[string]bool{}
	for i := range calls {
		// Some endpoints give no ids, or one twice; each must be answered by its own.
		if id := calls[i].ID; id == "" || seen[id] || len(id) > 40 {
			calls[i].ID = fmt.Sprintf("call_%d_%d", s.spent.calls, i)
		}
		seen[calls[i].ID] = true
	}
	echo := slices.Clone(calls)
	for i := range echo {
		if !json.Valid([]byte(echo[i].Arguments)) {
			echo[i].Arguments = "{}" // strict endpoints refuse a history with anything else in it
		}
		echo[i].Name = functionName(echo[i].Name)
	}
	m := investigations.Message{Role: investigations.RoleAssistant, Calls: echo, Opaque: r.Opaque}
	if len(calls) == 0 {
		m.Text = investigations.CleanText(r.Text, mostAnswerText)
		if m.Text == "" {
			m.Text = "(nothing)"
		}
	}
	s.history = append(s.history, m)
	return calls
}

// functionName makes what a model called a function fit for a history.
func functionName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	if clean == "" {
		return "unknown"
	}
	return clean[:min(len(clean), 64)]
}

// answer adds what a call is answered.
func (s *session) answer(call investigations.FunctionCall, text string) {
	s.history = append(s.history, investigations.Message{Role: investigations.RoleFunction, Answers: call.ID, Text: text})
}

// answerOthers answers the calls beside a verdict, which are not made: each call needs an answer.
func (s *session) answerOthers(calls []investigations.FunctionCall, verdict investigations.FunctionCall) {
	for _, c := range calls {
		if c.ID != verdict.ID {
			s.answer(c, "Not done: a verdict was submitted with it. Submit one verdict, and nothing beside it.")
		}
	}
}

// look makes the calls of an answer that holds no verdict, in parallel, and answers them. It returns false where there
// were none.
func (s *session) look(ctx context.Context, calls []investigations.FunctionCall) bool {
	if len(calls) == 0 {
		text := "Call " + SubmitVerdict + " with your verdict."
		if s.json {
			text = "Answer with one JSON object, and nothing else."
		} else if s.useless > 0 {
			// It does not call functions, though the endpoint takes them.
			s.json = true
			s.step("%s calls no functions: asking for JSON", s.opt.Model.Name())
		}
		s.history = append(s.history, investigations.Message{Role: investigations.RoleUser, Text: text})
		return false
	}
	if s.mustSubmit() {
		for _, c := range calls {
			s.answer(c, "Not done: there is no room for more. Call "+SubmitVerdict+" now.")
		}
		return true
	}
	answers := s.callAll(ctx, calls[:min(len(calls), mostCalls)])
	for i, c := range calls {
		switch {
		case i >= len(answers):
			s.answer(c, fmt.Sprintf("Not done: at most %d calls at once.", mostCalls))
		case answers[i].err != nil:
			s.answer(c, "Error: "+outside(answers[i].err.Error(), 800))
		default:
			s.answer(c, s.told(c, answers[i].Answer))
		}
	}
	return true
}

// result is what became of a call.
type result struct {
	functions.Answer
	err error
}

// callAll makes the calls. The answers are in the order of the calls, so that facts are numbered in the same way however
// long each takes.
func (s *session) callAll(ctx context.Context, calls []investigations.FunctionCall) []result {
	ctx, cancel := context.WithTimeout(ctx, functionTime)
	defer cancel()
	out := make([]result, len(calls))
	var group errgroup.Group
	group.SetLimit(callsAtOnce)
	for i, c := range calls {
		if !s.exists(c.Name) {
			s.unknown++
			s.log.Debug("model called a function that does not exist", "function", investigations.CleanText(c.Name, 64), "count", s.unknown)
			out[i].err = fmt.Errorf("there is no function %s; there are %s", investigations.Quote(c.Name, 64), strings.Join(s.functionNames(), ", "))
			continue
		}
		s.log.Debug("function called", "function", c.Name, "arguments", investigations.CleanText(c.Arguments, 300))
		s.step("reading %s %s", c.Name, investigations.CleanText(c.Arguments, 100))
		group.Go(func() error {
			out[i] = s.call(ctx, c)
			return nil
		})
	}
	_ = group.Wait() // errors are answers, each its own
	return out
}

func (s *session) call(ctx context.Context, c investigations.FunctionCall) (r result) {
	r.Answer, r.err = s.fns.Call(ctx, c.Name, c.Arguments)
	var broke *functions.BrokenError
	if errors.As(r.err, &broke) {
		s.log.Error("function panicked", "function", c.Name, "err", broke.Cause)
		s.log.Debug("function panicked", "stack", string(broke.Stack))
	}
	return r
}

func (s *session) functionNames() []string {
	var out []string
	for _, f := range s.fns.Definitions() {
		out = append(out, f.Name)
	}
	return append(out, SubmitVerdict)
}

func (s *session) exists(name string) bool {
	return name != SubmitVerdict && slices.Contains(s.functionNames(), name)
}

// told numbers the facts of an answer and puts them into words.
func (s *session) told(c investigations.FunctionCall, a functions.Answer) string {
	key := c.Name + " " + c.Arguments
	if before, ok := s.answered[key]; ok {
		return "As before: " + before
	}
	var facts []investigations.Fact
	room := min(mostAnswerText, s.answerRoom())
	dropped := 0
	for _, f := range a.Facts {
		f = s.c.Tidy(f)
		if room -= len(f.Says) + 40; room < 0 && len(facts) > 0 {
			dropped++
			continue
		}
		id := s.ledger.Add(f)
		facts = append(facts, s.ledger.Facts()[factNumber(id)-1])
	}
	s.names.Learn(facts)
	note := outside(a.Note, 800)
	if dropped > 0 {
		note = strings.TrimSpace(fmt.Sprintf("%s %d more facts were left out for want of room.", note, dropped))
	}
	var ids []string
	for _, f := range facts {
		ids = append(ids, f.ID)
	}
	s.answered[key] = citesOr(ids, "no facts") + ". " + note
	s.log.Debug("function answered", "function", c.Name, "facts", len(facts), "note", note)
	return fenced(render("answer", map[string]any{"Facts": facts, "Note": note}))
}

// answerRoom is how many bytes a function's answer may take, so that what is said still fits into the budget: it is sent
// again with each request that is left.
func (s *session) answerRoom() int {
	left := s.spent.Tokens - s.spent.tokens()
	return max(int(float64(left)/8*bytesPerToken), 600)
}
