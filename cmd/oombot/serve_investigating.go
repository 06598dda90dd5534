package main

import (
	"context"
	"log/slog"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent"
	"github.com/oombot/oombot/investigations/redact"
)

// investigating is what all investigations of a server share.
type investigating struct {
	app   *app
	model *llm
	// past is the book of which each investigation takes a page; nil where nothing is remembered.
	past *casebook
	// agents answers what node agents told; nil where nobody does.
	agents investigations.NodeLedger
	log    *slog.Logger
}

// options are those of an investigation that somebody watches.
func (i investigating) options(w bot.Watch) investigations.Options {
	opt := investigations.Options{Log: i.log, Progress: w.Progress, Published: w.Published}
	if w.Model == nil {
		opt.Analyst = i.model.watched(nil)
		return opt
	}
	opt.Analyst = i.model.watched(func(s agent.Step) { w.Model(redact.Text(s.Says)) })
	return opt
}

// answerer is a bot.Answerer: the model where there is one, else the rules.
type answerer struct {
	app   *app
	model *llm
}

var _ bot.Answerer = answerer{}

// Answer implements bot.Answerer.
func (a answerer) Answer(ctx context.Context, t investigations.Trace, question string) (string, error) {
	out := a.app.answer(ctx, a.model, &t.Result, question)
	if err := context.Cause(ctx); err != nil {
		return "", err
	}
	return redact.Text(out.Answer), nil
}
