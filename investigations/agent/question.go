package agent

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/grounding"
	"github.com/oombot/oombot/investigations/agent/pseudonym"
)

// SubmitAnswer is the function by which a model answers a question.
const SubmitAnswer = "submit_answer"

// The budget of one question, within that of an investigation.
const (
	questionCalls  = 3
	questionTokens = 12_000
	// mostQuestion is the length of a question, in bytes.
	mostQuestion = 1000
)

// Answer is what a model says to a question.
type Answer struct {
	// Text is in paragraphs, each sentence with the facts that it cites; empty where nothing that the model said holds.
	Text string
	Use  investigations.LLMUse
}

// Question has the model answer a question about a closed case, from its facts. What no fact holds is not in the answer.
func (a *Agent) Question(ctx context.Context, r *investigations.Result, question string) Answer {
	ctx, cancel := context.WithTimeout(ctx, timeouts*a.opt.Budget.Timeout)
	defer cancel()
	budget := a.opt.Budget
	budget.Calls, budget.Tokens = min(budget.Calls, questionCalls), min(budget.Tokens, questionTokens)
	q := &dialogue{
		session: session{
			talk: talk{opt: a.opt, log: a.opt.Log, names: openNames{}, spent: spending{Budget: budget}, patience: mostFailures},
			c:    investigations.Case{Request: investigations.Request{At: r.At, Target: r.Target}, Result: r},
			ends: SubmitAnswer,
		},
		question: outside(a.opt.Redact(question), mostQuestion),
	}
	if a.opt.Pseudonymize {
		q.names = pseudonym.New(r, nil, q.c.Request)
	}
	text, ended := q.run(ctx)
	use := q.use()
	use.EndedBy = ended
	return Answer{Text: text, Use: use}
}

// dialogue is the work on one question.
type dialogue struct {
	session
	question string
}

// run returns what of the model's answer holds, and what ended the work.
func (q *dialogue) run(ctx context.Context) (string, string) {
	for {
		reply, ended := q.ask(ctx, q.request)
		if ended != "" {
			return "", ended
		}
		calls := q.heard(reply)
		i := slices.IndexFunc(calls, func(c investigations.FunctionCall) bool { return c.Name == SubmitAnswer })
		text := ""
		switch {
		case i >= 0:
			text = answerIn(calls[i].Arguments)
		case len(calls) == 0:
			text = reply.Text // an answer in plain words is one all the same
		}
		if text = plainParagraphs(text); text == "" {
			if q.useless++; q.useless >= mostUseless {
				return "", investigations.EndedError
			}
			q.say(calls, "Answer the question with "+SubmitAnswer+".")
			continue
		}
		v := q.c.Result.Verdict
		gc := grounding.Case{Facts: q.c.Result.Facts, Result: q.c.Result, Verdict: v, Program: v.Headline + "\n" + v.Explanation}
		kept, reasons := grounding.Kept(gc, "answer", text)
		q.rejected += len(reasons)
		for _, r := range reasons {
			q.log.Debug("claim refused", "kind", string(r.Kind), "claim", r.Claim, "why", r.Says)
		}
		if len(reasons) > 0 && q.refused == 0 && q.spent.calls < q.spent.Calls {
			q.refused++
			q.say(calls, refusal(reasons))
			continue
		}
		return grounding.Tidy(kept), investigations.EndedSubmitted
	}
}

// answerIn reads the arguments of submit_answer.
func answerIn(arguments string) string {
	var a struct {
		Answer string `json:"answer"`
	}
	if len(arguments) > mostArguments || json.Unmarshal([]byte(arguments), &a) != nil {
		return ""
	}
	return a.Answer
}

// say answers every call with text, or says it where there were none.
func (q *dialogue) say(calls []investigations.FunctionCall, text string) {
	if len(calls) == 0 || q.json {
		q.history = append(q.history, investigations.Message{Role: investigations.RoleUser, Text: text})
		return
	}
	for _, c := range calls {
		q.answer(c, text)
	}
}

var submitAnswer = investigations.Function{
	Name: SubmitAnswer, Summary: "Answers the question.",
	Schema: json.RawMessage(`{"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"]}`),
}

// request is the next one.
func (q *dialogue) request() investigations.ChatRequest {
	req := investigations.ChatRequest{JSON: q.json}
	system := render("question", map[string]any{"JSON": q.json})
	if !q.json {
		req.Functions, req.Must = []investigations.Function{submitAnswer}, SubmitAnswer
	}
	laid := q.layOut(textTokens(system) + textTokens(q.question) + functionTokens(req.Functions))
	req.Messages = append(req.Messages,
		investigations.Message{Role: investigations.RoleSystem, Text: system},
		investigations.Message{Role: investigations.RoleUser, Text: strings.TrimSpace(render("asked", map[string]any{"Case": laid, "Question": q.question}))})
	req.Messages = append(req.Messages, q.history...)
	if q.json {
		req.Messages = flat(req.Messages)
	}
	return req
}
