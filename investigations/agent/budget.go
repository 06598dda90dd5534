package agent

import (
	"time"

	"github.com/oombot/oombot/investigations"
)

// Budget bounds what one investigation may ask of a model.
type Budget struct {
	// Calls is how many answers at most; at most twice as many requests are sent.
	Calls int
	// Tokens bounds those of all requests and answers together.
	Tokens int
	// Timeout bounds one request, to the last byte of its answer. All requests of one investigation, waits included, take
	// at most four times as long.
	Timeout time.Duration
	// Price is what tokens cost.
	Price Price
}

// Price is what a million tokens cost, and how much one investigation may cost at most. Zero: not known, no limit.
type Price struct{ Prompt, Completion, Max float64 }

// DefaultBudget is that of a full investigation.
func DefaultBudget() Budget { return Budget{Calls: 6, Tokens: 30_000, Timeout: time.Minute} }

// The budget of a case whose precedent can be trusted: there is little left to find out.
const (
	trustedCalls  = 2
	trustedTokens = 6_000
)

// withTrust returns the smaller budget of a case that has a trusted precedent.
func (b Budget) withTrust() Budget {
	b.Calls, b.Tokens = min(b.Calls, trustedCalls), min(b.Tokens, trustedTokens)
	return b
}

const (
	// timeouts is how many times a request's time all of them together may take.
	timeouts = 4
	// leastAnswer is the shortest answer, in tokens, for which it is worth to ask, and mostAnswer the longest that is asked for:
	// models that think before they speak need room.
	leastAnswer = 300
	mostAnswer  = 4_000
)

// spending is what was used of a budget.
type spending struct {
	Budget
	calls, sent        int
	prompt, completion int
	// scale is how many tokens there are to one that was estimated, by the answers so far.
	scale float64
}

func (s *spending) tokens() int { return s.prompt + s.completion }

func (s *spending) cost() float64 {
	return (float64(s.prompt)*s.Price.Prompt + float64(s.completion)*s.Price.Completion) / 1e6
}

// estimated is how many tokens a request will take, by what the endpoint counted until now.
func (s *spending) estimated(req investigations.ChatRequest) int {
	scale := s.scale
	if scale == 0 {
		scale = 1
	}
	return int(float64(estimate(req))*scale) + 1
}

// room returns how many tokens the answer to a request may have, and what ends the work where there is none.
func (s *spending) room(req investigations.ChatRequest) (int, string) {
	if s.calls >= s.Calls || s.sent >= 2*s.Calls {
		return 0, investigations.EndedCalls
	}
	need := s.estimated(req)
	room := min(s.Tokens-s.tokens()-need, mostAnswer)
	if room < leastAnswer {
		return 0, investigations.EndedTokens
	}
	if s.Price.Max > 0 {
		left := s.Price.Max - s.cost() - float64(need)*s.Price.Prompt/1e6
		if s.Price.Completion > 0 {
			room = min(room, int(max(left, 0)*1e6/s.Price.Completion))
		}
		if left < 0 || room < leastAnswer {
			return 0, investigations.EndedMoney
		}
	}
	return room, ""
}

// count adds an answer. Where the endpoint says nothing of tokens, they are estimated.
func (s *spending) count(req investigations.ChatRequest, use investigations.TokenUse, answer int) {
	s.calls++
	if !use.Known {
		s.prompt += s.estimated(req)
		s.completion += answer
		return
	}
	s.prompt += use.Prompt
	s.completion += use.Completion
	if e := estimate(req); e > 0 && use.Prompt > 0 {
		s.scale = min(max(float64(use.Prompt)/float64(e), 0.5), 3)
	}
}

// bytesPerToken is what tokenizers of today make of English with many numbers and names, rather low: 3.5 to 4.5 of prose,
// 2.5 to 3.5 of identifiers and figures.
const bytesPerToken = 3.2

// estimate is about how many tokens a request has.
func estimate(req investigations.ChatRequest) int {
	n := 0
	for _, m := range req.Messages {
		n += textTokens(m.Text) + 4
		for _, c := range m.Calls {
			n += textTokens(c.Name) + textTokens(c.Arguments) + 8
		}
	}
	for _, f := range req.Functions {
		n += textTokens(f.Name) + textTokens(f.Summary) + textTokens(string(f.Schema)) + 8
	}
	return n
}

func textTokens(s string) int { return int(float64(len(s))/bytesPerToken + 0.999) }
