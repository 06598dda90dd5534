package agent

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/oombot/oombot/investigations"
)

// talk is a conversation with a model, within a budget.
type talk struct {
	opt   Options
	log   *slog.Logger
	names names
	spent spending
	// json says that the model calls no functions: it answers with JSON objects as text.
	json bool
	// shrink is how often the endpoint said that a request is too large for it.
	shrink int
	// failures counts requests in a row that brought no answer, of which patience may fail for reasons that pass.
	failures, patience int
}

const (
	// mostFailures is the patience for an answer that a verdict depends on.
	mostFailures = 4
	// mostShrinks is how often a request is made smaller.
	mostShrinks = 2
)

// ask sends what build returns until there is an answer. build is asked anew for each request, since what the endpoint
// can't do changes it. What ends the work where there is no answer is one of the Ended constants.
func (t *talk) ask(ctx context.Context, build func() investigations.ChatRequest) (investigations.ChatReply, string) {
	var last error
	for {
		if timeUp(ctx) {
			return investigations.ChatReply{}, t.late(ctx, last)
		}
		req := t.outgoing(build())
		room, ended := t.spent.room(req)
		if ended != "" {
			return investigations.ChatReply{}, ended
		}
		req.MaxTokens = room
		reply, err := t.send(ctx, req)
		if err == nil {
			t.failures = 0
			return t.incoming(reply), ""
		}
		if ended := t.failed(ctx, err); ended != "" {
			return investigations.ChatReply{}, ended
		}
		last = err
	}
}

// send sends one request.
func (t *talk) send(ctx context.Context, req investigations.ChatRequest) (investigations.ChatReply, error) {
	t.spent.sent++
	t.step("asking %s, request %d", t.opt.Model.Name(), t.spent.sent)
	t.log.Debug("model asked", "request", t.spent.sent, "messages", len(req.Messages), "functions", len(req.Functions),
		"must", req.Must, "estimated_tokens", t.spent.estimated(req), "room", req.MaxTokens)
	limited, cancel := context.WithTimeout(ctx, t.opt.Budget.Timeout)
	defer cancel()
	begun := false
	req.Progress = func(p investigations.Piece) {
		if p.Function != "" {
			t.step("%s calls %s", t.opt.Model.Name(), investigations.CleanText(p.Function, 64))
		} else if !begun {
			begun = true
			t.step("%s answers", t.opt.Model.Name())
		}
	}
	reply, err := t.opt.Model.Chat(limited, req)
	if err == nil {
		t.spent.count(req, reply.Usage, answerTokens(reply))
		t.log.Debug("model answered", "calls", t.spent.calls, "tokens", t.spent.tokens(), "finish", reply.Finish,
			"functions", len(reply.Calls), "bytes", len(reply.Text))
		return reply, nil
	}
	var fault *investigations.ModelError
	switch {
	case errors.As(err, &fault):
		if fault.Answered {
			t.spent.count(req, fault.Usage, 0)
		}
	case limited.Err() != nil:
		err = &investigations.ModelError{Fault: investigations.ModelLate, Err: err}
	default:
		err = &investigations.ModelError{Fault: investigations.ModelDown, Err: err}
	}
	return reply, err
}

func answerTokens(r investigations.ChatReply) int {
	n := textTokens(r.Text)
	for _, c := range r.Calls {
		n += textTokens(c.Name) + textTokens(c.Arguments)
	}
	return n
}

// failed decides what follows from a request without an answer: it waits and returns nothing where another one may
// succeed, else what ends the work.
func (t *talk) failed(ctx context.Context, err error) string {
	if timeUp(ctx) {
		return t.late(ctx, err)
	}
	var fault *investigations.ModelError
	if !errors.As(err, &fault) {
		return investigations.EndedError
	}
	t.log.Debug("model failed", "fault", string(fault.Fault), "what", fault.What, "status", fault.Status,
		"retry_after", fault.RetryAfter, "err", err)
	pause := time.Duration(0)
	switch fault.Fault {
	case investigations.ModelUnsupported:
		t.step("the endpoint offers no %s: trying without", fault.What)
		if fault.What == investigations.WithoutFunctions {
			t.json = true
		}
		return ""
	case investigations.ModelTooLarge:
		if t.shrink++; t.shrink > mostShrinks {
			return t.givenUp(err)
		}
		return ""
	case investigations.ModelBusy, investigations.ModelDown, investigations.ModelCut:
		pause = t.backoff(fault.RetryAfter)
	case investigations.ModelLate, investigations.ModelGarbled:
	case investigations.ModelRefused:
		return t.givenUp(err)
	default:
		return t.givenUp(err)
	}
	if t.failures++; t.failures >= t.patience {
		return t.givenUp(err)
	}
	return t.pause(ctx, pause, err)
}

// timeUp says whether there is no time left: a deadline may have passed before the context tells of it.
func timeUp(ctx context.Context) bool {
	until, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && time.Until(until) <= 0
}

// givenUp ends the work for a fault that will not pass.
func (t *talk) givenUp(err error) string {
	t.log.Log(context.Background(), t.level(), "the model can't be asked", "err", err)
	return investigations.EndedError
}

// late ends the work because its time is over; err is what the last request came to, nil for an answer.
func (t *talk) late(ctx context.Context, err error) string {
	if !errors.Is(ctx.Err(), context.Canceled) { // who leaves knows it
		t.log.Log(context.Background(), t.level(), "the model did not answer in time", "err", err)
	}
	return investigations.EndedTime
}

// level is how much it matters that the work ends: less where there is an answer already.
func (t *talk) level() slog.Level {
	if t.patience < mostFailures {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

// backoff is how long to wait before the next request: what the endpoint asks for, else more after each failure.
func (t *talk) backoff(asked time.Duration) time.Duration {
	if asked > 0 {
		return asked
	}
	base := min(time.Second, t.opt.Budget.Timeout/20)
	d := base << t.failures
	return d + time.Duration(t.opt.Jitter()*float64(d)/2)
}

// pause waits, where enough time is left for another request after it.
func (t *talk) pause(ctx context.Context, d time.Duration, err error) string {
	if d <= 0 {
		return ""
	}
	if until, ok := ctx.Deadline(); ok && time.Until(until) <= d {
		t.log.Warn("the model asks for more time than there is", "wait", d, "err", err)
		return investigations.EndedTime
	}
	t.step("waiting %s for the model", investigations.FormatDuration(d))
	if t.opt.Wait(ctx, d) != nil {
		return investigations.EndedTime
	}
	return ""
}

// flat turns a conversation with functions into one in plain text, for a model that calls none.
func flat(messages []investigations.Message) []investigations.Message {
	var out []investigations.Message
	for _, m := range messages {
		switch m.Role {
		case investigations.RoleFunction:
			m = investigations.Message{Role: investigations.RoleUser, Text: m.Text}
		case investigations.RoleAssistant:
			text := m.Text
			for _, c := range m.Calls {
				text += "\n" + c.Name + " " + c.Arguments
			}
			m = investigations.Message{Role: m.Role, Text: text}
		}
		// Some endpoints want roles to alternate.
		if n := len(out); n > 0 && out[n-1].Role == m.Role {
			out[n-1].Text += "\n\n" + m.Text
			continue
		}
		out = append(out, m)
	}
	return out
}
