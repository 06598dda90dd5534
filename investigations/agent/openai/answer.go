package openai

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// errGarbled is an answer that is none of a chat; errCut one that ended in its middle.
var (
	errGarbled = errors.New("the answer is no chat completion")
	errCut     = errors.New("the answer ended in its middle")
)

// answer is put together from chunks, one or many.
type answer struct {
	text  text
	calls calls
	// legacy is the call of an answer that knows one only.
	legacy    calls
	reasoning strings.Builder
	refused   bool
	// finish is how it ended; "" while it has not.
	finish string
	usage  investigations.TokenUse
	// choice is the index of the choice that counts, the first that came.
	choice index
	// began says that a chunk with a choice came; whole that one came that needs no finish, since it is all of them.
	began, whole bool
}

// newAnswer returns an answer that tells progress, which may be nil, of its pieces.
func newAnswer(progress func(investigations.Piece)) *answer {
	a := &answer{}
	if progress != nil {
		a.text.tell = func(s string) {
			if s != "" {
				progress(investigations.Piece{Text: s})
			}
		}
		begins := func(name string) { progress(investigations.Piece{Function: name}) }
		a.calls.begins, a.legacy.begins = begins, begins
	}
	return a
}

// add takes the data of one event. Its error is a *failure where the data is an error, or wraps errGarbled or errTooLong.
func (a *answer) add(data []byte, now time.Time) error {
	var c chunk
	if err := json.Unmarshal(data, &c); err != nil {
		return fmt.Errorf("%w: it can't be read", errGarbled)
	}
	if c.isError() {
		return newFailure(http.StatusOK, nil, data, now)
	}
	a.account(c.Usage)
	a.account(c.Groq.Usage)
	for i := range c.Choices {
		if err := a.take(&c.Choices[i]); err != nil {
			return err
		}
	}
	return nil
}

func (a *answer) account(raw json.RawMessage) {
	if u, ok := usageOf(raw); ok {
		a.usage = u
	}
}

func (a *answer) take(c *choice) error {
	if !a.choice.known {
		a.choice = index{c.Index.n, true}
	}
	if c.Index.n != a.choice.n {
		return nil
	}
	a.began = true
	a.account(c.Usage)
	for _, m := range []*message{c.Message, c.Delta} {
		if m == nil {
			continue
		}
		if err := a.say(m); err != nil {
			return err
		}
	}
	if f := finishOf(c.Finish); f != "" {
		a.finish = f
	}
	a.whole = a.whole || c.Message != nil
	return nil
}

func (a *answer) say(m *message) error {
	a.text.add(contentOf(m.Content))
	a.reasoning.WriteString(textOf(m.Reasoning))
	if a.text.all.Len()+a.reasoning.Len() > maxAnswer {
		return errTooLong
	}
	if textOf(m.Refusal) != "" {
		a.refused = true
	}
	for i := range m.Calls {
		if err := a.calls.add(&m.Calls[i], i > 0); err != nil {
			return err
		}
	}
	if m.Legacy != nil && len(a.calls.all) == 0 {
		return a.legacy.add(&wireCall{Index: index{0, true}, Function: *m.Legacy}, false)
	}
	return nil
}

// done says whether the answer has come to its end.
func (a *answer) done() bool { return a.finish != "" }

// reply returns the answer to chat once nothing more comes.
func (a *answer) reply(chat []investigations.Message) (investigations.ChatReply, error) {
	r := investigations.ChatReply{Text: a.text.String(), Finish: a.finish, Usage: a.usage}
	switch {
	case !a.began:
		return r, fmt.Errorf("%w: it holds no choice", errGarbled)
	case a.finish == finishCut, a.finish == "" && !a.whole:
		return r, errCut
	}
	from := &a.calls
	if len(from.all) == 0 {
		from = &a.legacy
	}
	made, extras, err := from.result(chat)
	if err != nil {
		return r, err
	}
	r.Calls = made
	r.Opaque = pack(a.reasoning.String(), extras)
	switch {
	case a.refused:
		r.Finish = investigations.FinishFilter
	case r.Finish == investigations.FinishLength, r.Finish == investigations.FinishFilter:
	case len(made) > 0:
		r.Finish = investigations.FinishCalls // Ollama, Gemini and vLLM say "stop" too
	case r.Text == "":
		return r, fmt.Errorf("%w: it holds neither text nor calls", errGarbled)
	default:
		r.Finish = investigations.FinishStop
	}
	return r, nil
}
