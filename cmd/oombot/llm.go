package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent"
	"github.com/oombot/oombot/investigations/agent/openai"
	"github.com/oombot/oombot/investigations/agent/transcript"
	"github.com/oombot/oombot/investigations/redact"
)

// llmFlags say how a command asks a model.
type llmFlags struct {
	off            bool
	record, replay string
}

// noLLMFlag adds --no-llm.
func noLLMFlag(cmd *cobra.Command, value *bool) {
	cmd.Flags().BoolVar(value, "no-llm", false, "force the verdict of the rules: no model is asked")
}

// add adds the flags of a command that asks a model, where one is configured or called for.
func (f *llmFlags) add(cmd *cobra.Command) {
	noLLMFlag(cmd, &f.off)
	cmd.Flags().StringVar(&f.record, "llm-record", "", "write what is said to the model, and its answers, into a `FILE`")
	cmd.Flags().StringVar(&f.replay, "llm-replay", "", "take the model's answers from a `FILE` that --llm-record wrote")
	exclusive(cmd, "no-llm", "llm-record", "llm-replay")
}

// llm is the model that a command asks. Its zero value asks none.
type llm struct {
	agent *agent.Agent
	name  string
	// again returns the same one with somebody else who watches; nil where the model is asked for one investigation only.
	again func(watch func(agent.Step)) *agent.Agent
	// record is what is written of the talk; nil where nothing is.
	record *recording
}

// recording is a transcript in the making.
type recording struct {
	file *os.File
	to   *transcript.Recorder
}

// errNoModel says that nobody has said which model to ask.
var errNoModel = errors.New("no model is configured: set llm.model and llm.base_url in the configuration, or OPENAI_MODEL and OPENAI_BASE_URL (docs/model.md)")

// openLLM returns the model that the configuration and the flags name; one that asks nothing where they name none. watch
// is told of each step; it may be nil.
func openLLM(c config.LLM, f llmFlags, log *slog.Logger, watch func(agent.Step)) (*llm, error) {
	switch {
	case f.off:
		return &llm{}, nil
	case f.replay != "":
		return replayLLM(c, f.replay, log, watch)
	case c.Model == "" && f.record != "":
		return nil, fmt.Errorf("--llm-record: %w", errNoModel)
	case c.Model == "":
		if c.BaseURL != "" {
			log.Warn("an endpoint is configured and no model: none is asked", "fix", "set llm.model or OPENAI_MODEL")
		}
		return &llm{}, nil
	}
	client, err := openModel(c)
	if err != nil {
		return nil, err
	}
	if f.record == "" {
		again := func(watch func(agent.Step)) *agent.Agent { return newAgent(c, client, log, watch) }
		return &llm{agent: again(watch), name: client.Name(), again: again}, nil
	}
	file, err := os.OpenFile(f.record, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--llm-record: %w", err)
	}
	to, err := transcript.Record(client, file, redact.Text)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--llm-record %s: %w", oneLine(f.record), err), file.Close())
	}
	return &llm{agent: newAgent(c, to, log, watch), name: client.Name(), record: &recording{file: file, to: to}}, nil
}

// openModel returns the client of the configured endpoint.
func openModel(c config.LLM) (*openai.Client, error) {
	client, err := openai.New(openai.Options{
		BaseURL: c.BaseURL, Model: c.Model, APIKey: c.APIKey.Value, Timeout: time.Duration(c.Timeout),
		UserAgent: "oombot/" + readVersion().Version, // what it does the agent logs
	})
	if err != nil {
		return nil, fmt.Errorf("llm: %w", err)
	}
	return client, nil
}

// replayLLM returns the model of a transcript. What was waited for then is not waited for again.
func replayLLM(c config.LLM, path string, log *slog.Logger, watch func(agent.Step)) (*llm, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--llm-replay: %w", err)
	}
	defer file.Close()
	player, err := transcript.Play(file)
	if err != nil {
		return nil, fmt.Errorf("--llm-replay %s: %w", oneLine(path), err)
	}
	atOnce := func(o *agent.Options) { o.Wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() } }
	return &llm{agent: newAgent(c, player, log, watch, atOnce), name: player.Name()}, nil
}

func newAgent(c config.LLM, model investigations.Model, log *slog.Logger, watch func(agent.Step), change ...func(*agent.Options)) *agent.Agent {
	o := agent.Options{
		Model: model,
		Budget: agent.Budget{
			Calls: c.MaxCalls, Tokens: c.MaxTokens, Timeout: time.Duration(c.Timeout),
			Price: agent.Price{Prompt: c.Price.Prompt, Completion: c.Price.Completion, Max: c.Price.Max},
		},
		Pseudonymize: c.Pseudonymize, Redact: redact.Text, Progress: watch, Log: log,
	}
	for _, f := range change {
		f(&o)
	}
	return agent.New(o)
}

// analyst is nil where no model is asked.
func (l *llm) analyst() investigations.Analyst {
	if l == nil || l.agent == nil {
		return nil
	}
	return l.agent
}

// watched is analyst with somebody of its own who watches.
func (l *llm) watched(watch func(agent.Step)) investigations.Analyst {
	if l == nil || l.again == nil {
		return l.analyst()
	}
	return l.again(watch)
}

// close ends the recording. Its error says that the transcript is not whole.
func (l *llm) close() error {
	if l == nil || l.record == nil {
		return nil
	}
	if err := errors.Join(l.record.to.Err(), l.record.file.Close()); err != nil {
		return fmt.Errorf("--llm-record %s: %w", oneLine(l.record.file.Name()), err)
	}
	return nil
}

// watchModel returns a callback that tells a person at a terminal what is done with the model; nil where nobody watches.
func (a *app) watchModel() func(agent.Step) {
	if !a.stderr.terminal {
		return nil
	}
	return func(s agent.Step) {
		fmt.Fprintln(a.stderr, stepLine(s))
	}
}

// stepLine says what is done with the model, and how many tokens were used until then.
func stepLine(s agent.Step) string {
	return redact.Text(fmt.Sprintf("  %-9s %8s  %s", "model", fmt.Sprintf("%d tok", s.Tokens), oneLine(s.Says)))
}

// tellVerdict shows a person at a terminal the verdict of the rules while the model is asked.
func (a *app) tellVerdict(name string) func(*investigations.Result) {
	if !a.stderr.terminal {
		return nil
	}
	return func(r *investigations.Result) {
		a.say("by the rules, confidence %.2f: %s", r.Verdict.Confidence, r.Verdict.Headline)
		_, _ = io.WriteString(a.stderr, redact.Text("asking "+oneLine(name)+" to look at it\n"))
	}
}
