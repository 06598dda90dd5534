package agent

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func budget(b Budget) func(*Options) { return func(o *Options) { o.Budget = b } }

func TestBudgets(t *testing.T) {
	rules := example(t, leak, nil, nil)
	good := verdictOf(t, rules, nil)
	look := calls("metrics", `{"query":"traffic"}`)
	tests := []struct {
		name    string
		budget  Budget
		answers []turn
		ended   string
		most    investigations.LLMUse
	}{
		{"calls", Budget{}, []turn{look}, investigations.EndedCalls, investigations.LLMUse{Calls: 6}},
		{"one call", Budget{Calls: 1}, []turn{look}, investigations.EndedCalls, investigations.LLMUse{Calls: 1}},
		{"tokens", Budget{}, []turn{uses(look, 9000, 500)}, investigations.EndedTokens, investigations.LLMUse{Calls: 3, PromptTokens: 27_000, CompletionTokens: 1500}},
		{"no tokens for a single request", Budget{Tokens: 1000}, []turn{look}, investigations.EndedTokens, investigations.LLMUse{}},
		{
			"money",
			Budget{Price: Price{Prompt: 1, Completion: 2, Max: 0.01}},
			[]turn{uses(look, 4000, 500)},
			investigations.EndedMoney,
			investigations.LLMUse{Calls: 2, PromptTokens: 8000, CompletionTokens: 1000, Cost: 0.01},
		},
		{"no money for a single request", Budget{Price: Price{Prompt: 100, Max: 0.01}}, []turn{look}, investigations.EndedMoney, investigations.LLMUse{}},
		{"a price without a limit", Budget{Price: Price{Prompt: 3, Completion: 15}}, []turn{uses(submits(good), 4000, 600)}, investigations.EndedSubmitted, investigations.LLMUse{Calls: 1, PromptTokens: 4000, CompletionTokens: 600, Cost: 0.021}},
		{"refused for ever", Budget{}, []turn{fails(investigations.ModelError{Fault: investigations.ModelRefused, Status: 401})}, investigations.EndedError, investigations.LLMUse{}},
		{"down for ever", Budget{}, []turn{fails(investigations.ModelError{Fault: investigations.ModelDown, Status: 500})}, investigations.EndedError, investigations.LLMUse{}},
		{"garbled for ever", Budget{}, []turn{fails(investigations.ModelError{Fault: investigations.ModelGarbled, Answered: true, Usage: investigations.TokenUse{Prompt: 10, Known: true}})}, investigations.EndedError, investigations.LLMUse{Calls: 4, PromptTokens: 40}},
		{"empty for ever", Budget{}, []turn{uses(says(""), 10, 0)}, investigations.EndedError, investigations.LLMUse{Calls: 3, PromptTokens: 30}},
		{"down, then up", Budget{}, []turn{fails(investigations.ModelError{Fault: investigations.ModelDown}), fails(investigations.ModelError{Fault: investigations.ModelCut}), uses(submits(good), 1, 1)}, investigations.EndedSubmitted, investigations.LLMUse{Calls: 1, PromptTokens: 1, CompletionTokens: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			model := &scripted{answers: tt.answers}
			got := example(t, leak, agentOf(model, budget(tt.budget)), nil)
			if got.LLM.EndedBy != tt.ended {
				t.Errorf("ended by %s, want %s: %+v", got.LLM.EndedBy, tt.ended, got.LLM)
			}
			if written := got.Verdict.WrittenBy == investigations.WrittenByLLM; written != (tt.ended == investigations.EndedSubmitted) {
				t.Errorf("written by %s", got.Verdict.WrittenBy)
			}
			if tt.most.PromptTokens > 0 {
				tt.most.Model, tt.most.EndedBy = "scripted", tt.ended
				if d := cmp.Diff(tt.most, got.LLM); d != "" {
					t.Errorf("use (-want +got):\n%s", d)
				}
			} else if got.LLM.Calls != tt.most.Calls {
				t.Errorf("calls: %d, want %d", got.LLM.Calls, tt.most.Calls)
			}
			calls, tokens := DefaultBudget().Calls, DefaultBudget().Tokens
			if tt.budget.Calls > 0 {
				calls = tt.budget.Calls
			}
			if got.LLM.PromptTokens+got.LLM.CompletionTokens > tokens || got.LLM.Calls > calls || len(model.asked) > 2*calls {
				t.Errorf("beyond the budget: %+v with %d requests", got.LLM, len(model.asked))
			}
		})
	}
}

// silent is a Model that never answers.
type silent struct{ asked int }

func (*silent) Name() string { return "silent" }

func (s *silent) Chat(ctx context.Context, _ investigations.ChatRequest) (investigations.ChatReply, error) {
	s.asked++
	<-ctx.Done()
	return investigations.ChatReply{}, &investigations.ModelError{Fault: investigations.ModelLate, Err: ctx.Err()}
}

func TestTimeIsBounded(t *testing.T) {
	waits := func(o *Options) { o.Wait = wait }
	for _, tt := range []struct {
		name  string
		model investigations.Model
		ended string
		took  time.Duration
	}{
		{"a model that never answers", &silent{}, investigations.EndedTime, 40 * time.Second},
		{
			"an endpoint that asks to come back in an hour",
			&scripted{answers: []turn{fails(investigations.ModelError{Fault: investigations.ModelBusy, Status: 429, RetryAfter: time.Hour})}},
			investigations.EndedTime, 0,
		},
		{
			"an endpoint that asks for ten seconds again and again",
			&scripted{answers: []turn{fails(investigations.ModelError{Fault: investigations.ModelBusy, Status: 429, RetryAfter: 13 * time.Second})}},
			investigations.EndedError, 39 * time.Second,
		},
		{
			"an endpoint that is down",
			&scripted{answers: []turn{fails(investigations.ModelError{Fault: investigations.ModelDown, Status: 503})}},
			investigations.EndedError, 3500 * time.Millisecond,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked time.Time
				got := example(t, leak, agentOf(tt.model, waits, budget(Budget{Timeout: 10 * time.Second})), func(*investigations.Result) { asked = time.Now() })
				if took := time.Since(asked); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
				if got.Verdict.WrittenBy != investigations.WrittenByRules || got.LLM.EndedBy != tt.ended {
					t.Errorf("written by %s, ended by %s, want %s", got.Verdict.WrittenBy, got.LLM.EndedBy, tt.ended)
				}
			})
		})
	}
}
