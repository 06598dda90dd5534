package agent

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/oombot/oombot/investigations"
)

// Options steer an Agent.
type Options struct {
	// Model is asked; it is never nil.
	Model  investigations.Model
	Budget Budget
	// Pseudonymize sends stand-ins in place of the names of the site.
	Pseudonymize bool
	// Redact takes secrets out of every text that leaves; it is never nil.
	Redact func(string) string
	// Progress is told of each step, from one goroutine at a time; it may be nil.
	Progress func(Step)
	// Log takes what goes wrong, and with debug each step; nil means slog.DiscardHandler.
	Log *slog.Logger
	// Wait waits, or returns ctx's error; nil means a timer.
	Wait func(ctx context.Context, d time.Duration) error
	// Jitter is a number from 0 up to 1 by which waits are spread; nil means a random one.
	Jitter func() float64
}

// Step is one step of the work with a model, for people who watch.
type Step struct {
	// Says is one sentence, without secrets.
	Says string
	// Calls and Tokens are what was used until now.
	Calls, Tokens int
}

// Agent is an investigations.Analyst. It is safe for concurrent use.
type Agent struct{ opt Options }

var _ investigations.Analyst = (*Agent)(nil)

// New returns an Agent. Zero fields of the budget are those of DefaultBudget, but for the price.
func New(o Options) *Agent {
	d := DefaultBudget()
	if o.Budget.Calls <= 0 {
		o.Budget.Calls = d.Calls
	}
	if o.Budget.Tokens <= 0 {
		o.Budget.Tokens = d.Tokens
	}
	if o.Budget.Timeout <= 0 {
		o.Budget.Timeout = d.Timeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	return &Agent{opt: o}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Analyse implements investigations.Analyst: it answers within four times the budget's timeout.
func (a *Agent) Analyse(ctx context.Context, c investigations.Case) investigations.Analysis {
	ctx, cancel := context.WithTimeout(ctx, timeouts*a.opt.Budget.Timeout)
	defer cancel()
	s := newSession(a.opt, c)
	verdict, ended := s.run(ctx)
	use := s.use()
	use.EndedBy = ended
	s.log.Debug("model done", "ended_by", ended, "written_by", verdict.WrittenBy, "calls", use.Calls,
		"prompt_tokens", use.PromptTokens, "completion_tokens", use.CompletionTokens, "rejected_claims", use.RejectedClaims)
	return investigations.Analysis{Verdict: verdict, Facts: s.found(), Use: use}
}
