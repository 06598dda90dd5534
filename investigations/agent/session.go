package agent

import (
	"context"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/functions"
	"github.com/oombot/oombot/investigations/agent/pseudonym"
)

// session is the work on one case.
type session struct {
	talk
	c      investigations.Case
	ledger *investigations.Ledger
	fns    *functions.Set
	causes []investigations.Cause
	// ends is the function by which the work ends.
	ends string
	// history is what was said after the case was laid before the model.
	history []investigations.Message
	// answered holds what each call was answered, by its name and arguments.
	answered map[string]string
	// rejected counts claims that were refused, refused the verdicts, useless the answers that led nowhere, and unknown the
	// calls of functions that do not exist.
	rejected, refused, useless, unknown int
}

// mostUseless is how many answers may lead nowhere.
const mostUseless = 3

// mostRefused is how many verdicts are refused before that of the rules stands.
const mostRefused = 2

func newSession(opt Options, c investigations.Case) *session {
	budget := opt.Budget
	if trusted(c) {
		budget = budget.withTrust()
	}
	s := &session{
		talk:     talk{opt: opt, log: opt.Log, names: openNames{}, spent: spending{Budget: budget}, patience: mostFailures},
		c:        c,
		ledger:   investigations.NewLedger(c.Result.Facts),
		fns:      functions.New(c.Request, c.Result, c.Evidence, c.Recall),
		answered: map[string]string{},
		ends:     SubmitVerdict,
	}
	v := c.Result.Verdict
	s.causes = investigations.AllowedCauses(v.Boundary, v.Culprit.SameContainer(v.Victim))
	if opt.Pseudonymize {
		s.names = pseudonym.New(c.Result, c.Evidence, c.Request)
	}
	return s
}

// likeEnough is the similarity from which a precedent that was confirmed leaves little to find out.
const likeEnough = 0.6

// trusted says whether people, or a fix that held, have confirmed a precedent of the cause that the rules name.
func trusted(c investigations.Case) bool {
	if c.Evidence == nil || c.Evidence.Memory == nil {
		return false
	}
	return slices.ContainsFunc(c.Evidence.Memory.Precedents, func(p investigations.Recalled) bool {
		return (p.Trust == investigations.TrustConfirmed || p.Trust == investigations.TrustCorrected) &&
			p.Similarity >= likeEnough && p.Cause == c.Result.Verdict.Cause
	})
}

// run has the model work on the case and returns the verdict that stands, and what ended the work.
func (s *session) run(ctx context.Context) (investigations.Verdict, string) {
	rules := s.c.Result.Verdict
	for {
		reply, ended := s.ask(ctx, s.request)
		if ended != "" {
			return rules, ended
		}
		calls := s.heard(reply)
		verdicts := slices.DeleteFunc(slices.Clone(calls), func(c investigations.FunctionCall) bool { return c.Name != SubmitVerdict })
		if len(verdicts) == 0 {
			if !s.look(ctx, calls) {
				if s.useless++; s.useless >= mostUseless {
					s.log.Warn("the model's answers lead nowhere; the verdict of the rules stands")
					return rules, investigations.EndedError
				}
			}
			continue
		}
		found, ended := s.weigh(verdicts[0])
		if ended != "" {
			return rules, ended
		}
		if found != nil {
			s.step("the verdict of %s holds", s.opt.Model.Name())
			return s.secondLook(ctx, *found), investigations.EndedSubmitted
		}
		s.answerOthers(calls, verdicts[0])
	}
}

// weigh judges a submitted verdict: it returns the verdict that follows, or nothing where it was refused and may be
// submitted once more, or what ends the work.
func (s *session) weigh(call investigations.FunctionCall) (*judged, string) {
	sub, err := readSubmission(call.Arguments)
	if err != nil {
		s.log.Debug("verdict unreadable", "err", err)
		if s.useless++; s.useless >= mostUseless {
			return nil, investigations.EndedError
		}
		s.answer(call, "Error: "+err.Error())
		return nil, ""
	}
	found, reasons := s.judge(sub)
	if len(reasons) == 0 {
		return found, ""
	}
	s.rejected += len(reasons)
	s.refused++
	s.step("claims of the verdict that do not hold: %d", len(reasons))
	for _, r := range reasons {
		s.log.Debug("claim refused", "kind", string(r.Kind), "field", r.Field, "claim", r.Claim, "why", r.Says)
	}
	if s.refused >= mostRefused {
		return nil, investigations.EndedSubmitted
	}
	s.answer(call, refusal(reasons))
	return nil, ""
}

// mustSubmit says whether the next answer has to be a verdict: one more is kept for the case that it is refused.
func (s *session) mustSubmit() bool {
	if s.spent.Calls-s.spent.calls <= 2 || s.refused > 0 || s.short() {
		return true
	}
	// What was sent is sent again: where the tokens carry two more requests and no third, the next one is the verdict.
	if s.spent.calls == 0 {
		return false
	}
	last := s.spent.prompt / s.spent.calls
	return s.spent.Tokens-s.spent.tokens() < 3*(last+leastAnswer)
}

// actions are those that any verdict on this case may recommend.
func (s *session) actions() []investigations.Action {
	var out []investigations.Action
	for _, a := range investigations.Actions {
		if slices.ContainsFunc(s.c.Result.Hypotheses, func(h investigations.Hypothesis) bool {
			v := s.c.Result.Verdict
			v.Cause = h.Cause
			return (h.Score > 0 || h.Cause == s.c.Result.Verdict.Cause) && slices.Contains(investigations.AllowedActions(v), a)
		}) {
			out = append(out, a)
		}
	}
	return out
}

// use is what the work cost.
func (s *session) use() investigations.LLMUse { return s.talk.use(s.rejected) }

func (t *talk) use(rejected int) investigations.LLMUse {
	return investigations.LLMUse{
		Model: t.opt.Model.Name(), Calls: t.spent.calls, PromptTokens: t.spent.prompt, CompletionTokens: t.spent.completion,
		Cost: t.spent.cost(), RejectedClaims: rejected,
	}
}

// found are the facts that were added to those of the rules.
func (s *session) found() []investigations.Fact { return s.ledger.Facts()[len(s.c.Result.Facts):] }

// functionTime bounds the functions of one answer together.
const functionTime = 10 * time.Second
