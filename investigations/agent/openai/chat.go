package openai

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	api "github.com/sashabaranov/go-openai"

	"github.com/oombot/oombot/investigations"
)

// grace is how long the tokens of a stream are waited for once its answer has ended: some endpoints send neither them
// nor an end.
const grace = 5 * time.Second

// Chat implements investigations.Model. Answered, in its errors, is true once a piece of an answer has come: it will have
// been paid for. A request that was not sent, since the endpoint is known not to offer functions, has the Status 0.
//
// The first choice counts. An answer in one piece needs no reason for its end. A reason that is none of the four stands
// for the one that it means, one that nobody knows for FinishStop; FinishCalls is told where there are calls, whatever the
// endpoint says. Text has no thoughts, no control characters and no bytes that are no UTF-8; arguments stay as they are.
//
// With JSON, a message should say that JSON is wanted: OpenAI refuses the request else.
func (c *Client) Chat(ctx context.Context, req investigations.ChatRequest) (investigations.ChatReply, error) {
	if err := ctx.Err(); err != nil {
		return investigations.ChatReply{}, err
	}
	begin := time.Now()
	key, err := c.readKey()
	if err != nil {
		return investigations.ChatReply{}, &investigations.ModelError{
			Fault: investigations.ModelRefused, Err: errors.New(scrub(err.Error(), "")),
		}
	}
	lacking := c.lacks.at(begin)
	if lacking[functions] && len(req.Functions) > 0 {
		return investigations.ChatReply{}, &investigations.ModelError{
			Fault: investigations.ModelUnsupported, What: investigations.WithoutFunctions,
			Err: errors.New("the endpoint refused functions less than an hour ago: ask without"),
		}
	}
	r, err := c.request(&req, lacking)
	if err != nil {
		return investigations.ChatReply{}, notSent(err)
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	x := &exchange{client: c.http, agent: c.agent, messages: req.Messages, stream: r.Stream, now: time.Now}
	a := newAnswer(req.Progress)
	err = c.ask(limited, cancel, key, r, x, a)
	reply, err := c.conclude(a, x, err, req.Messages)
	if err == nil {
		c.log.Debug("endpoint answered", "model", c.model, "took_ms", time.Since(begin).Milliseconds(), "finish", reply.Finish,
			"prompt_tokens", reply.Usage.Prompt, "completion_tokens", reply.Usage.Completion)
		return reply, nil
	}
	if own := ctx.Err(); own != nil {
		return investigations.ChatReply{}, own
	}
	fault := c.fault(limited, err, r, x, a, key)
	c.log.Debug("endpoint did not answer", "model", c.model, "took_ms", time.Since(begin).Milliseconds(), "err", fault)
	return investigations.ChatReply{}, fault
}

// ask sends r and puts the answer together. stop ends the request.
func (c *Client) ask(ctx context.Context, stop func(), key string, r *api.ChatCompletionRequest, x *exchange, a *answer) error {
	lib := c.library(key, x)
	if !r.Stream {
		if _, err := lib.CreateChatCompletion(ctx, *r); x.whole == nil && err != nil {
			return err
		}
		// The library read it too, into types that not all endpoints keep to.
		return readWhole(x.whole, a)
	}
	s, err := lib.CreateChatCompletionStream(ctx, *r)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // there is nothing to lose
	return readStream(s.RecvRaw, stop, a)
}

// readStream takes what next returns, to its end.
func readStream(next func() ([]byte, error), stop func(), a *answer) error {
	for {
		data, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(data) == 0 {
			continue
		}
		was := a.done()
		if err := a.add(data, time.Now()); err != nil {
			return err
		}
		if a.done() && !was {
			late := time.AfterFunc(grace, stop)
			defer late.Stop()
		}
	}
}

// readWhole takes an answer in one piece; a stream is taken too, since some send one whatever was asked for.
func readWhole(body []byte, a *answer) error {
	reader := &lines{events: newEvents(bytes.NewReader(body), false)}
	return readStream(reader.next, func() {}, a)
}

// conclude returns the answer, or why it is none. An answer that has ended is whole, whatever came of the connection.
func (c *Client) conclude(a *answer, x *exchange, err error, chat []investigations.Message) (investigations.ChatReply, error) {
	if err != nil && (!a.done() || !isTransport(err)) {
		return investigations.ChatReply{}, err
	}
	reply, err := a.reply(chat)
	if err != nil && !a.began {
		if what := x.describe(); what != "" {
			err = fmt.Errorf("%w: %s", errGarbled, what)
		}
	}
	return reply, err
}

// isTransport says whether err is none of ours: it came from the network, or from the end of the request's time.
func isTransport(err error) bool {
	var f *failure
	return !errors.As(err, &f) && !errors.Is(err, errGarbled) && !errors.Is(err, errTooLong)
}
