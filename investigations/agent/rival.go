package agent

import (
	"context"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

const (
	// closeBy is how near the score of a rival is to that of the verdict's cause where it deserves a second look, and
	// strongEnough the least score of one.
	closeBy      = 0.25
	strongEnough = 0.3
)

// rival returns the strongest hypothesis beside the verdict's, where it is close.
func (s *session) rival(v investigations.Verdict) (investigations.Hypothesis, float64, bool) {
	score := 0.0
	best := -1
	for i, h := range s.c.Result.Hypotheses {
		switch {
		case h.Cause == v.Cause:
			score = h.Score
		case h.Cause == investigations.CauseInsufficientEvidence || !slices.Contains(s.causes, h.Cause):
		case best < 0 || h.Score > s.c.Result.Hypotheses[best].Score:
			best = i
		}
	}
	if best < 0 {
		return investigations.Hypothesis{}, 0, false
	}
	h := s.c.Result.Hypotheses[best]
	return h, score, h.Score >= strongEnough && score-h.Score <= closeBy
}

// secondLook puts the strongest rival to the model, where there is one and the budget carries it. What the model answers
// can lower the confidence, or name a cause that the rules allow; whatever else it is, the verdict stands as it was.
func (s *session) secondLook(ctx context.Context, first judged) investigations.Verdict {
	keep := func(j judged) investigations.Verdict {
		s.ledger = j.ledger
		return j.verdict
	}
	rival, score, ok := s.rival(first.verdict)
	if !ok {
		return keep(first)
	}
	s.step("a second look: could it be %s?", rival.Cause)
	s.log.Debug("second look", "rival", rival.Cause, "score", rival.Score, "against", score)
	var facts []string
	for _, f := range s.c.Result.Facts {
		if slices.Contains(rival.For, f.ID) || slices.Contains(rival.Against, f.ID) {
			facts = append(facts, factLine(f))
		}
	}
	last := s.history[len(s.history)-1].Calls
	text := render("rival", map[string]any{"Rival": rival, "Score": score, "Facts": strings.Join(facts, "\n")})
	if len(last) > 0 && !s.json {
		for _, c := range last {
			s.answer(c, text)
			text = "See above."
		}
	} else {
		s.history = append(s.history, investigations.Message{Role: investigations.RoleUser, Text: text})
	}
	s.refused = max(s.refused, 1) // only a verdict may follow
	s.patience = 1                // there is a verdict already
	reply, ended := s.ask(ctx, s.request)
	if ended != "" {
		return keep(first)
	}
	calls := s.heard(reply)
	i := slices.IndexFunc(calls, func(c investigations.FunctionCall) bool { return c.Name == SubmitVerdict })
	if i < 0 {
		return keep(first)
	}
	sub, err := readSubmission(calls[i].Arguments)
	if err != nil {
		return keep(first)
	}
	second, reasons := s.judge(sub)
	s.rejected += len(reasons)
	for _, r := range reasons {
		s.log.Debug("claim refused", "kind", string(r.Kind), "field", r.Field, "claim", r.Claim, "why", r.Says)
	}
	if len(reasons) == 0 && second.verdict.Cause != first.verdict.Cause {
		s.log.Debug("the second look changed the cause", "from", first.verdict.Cause, "to", second.verdict.Cause)
		return keep(*second)
	}
	// A doubt counts also where the words for it do not hold.
	if c := sub.Confidence.value; c >= 0 && c < first.verdict.Confidence {
		first.verdict.Confidence = c
	}
	return keep(first)
}
