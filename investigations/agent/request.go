package agent

import (
	"slices"

	"github.com/oombot/oombot/investigations"
)

// request is the next one: the case, what was said since, and what may be called.
func (s *session) request() investigations.ChatRequest {
	must := s.mustSubmit()
	var fns []investigations.Function
	if !must {
		fns = s.fns.Definitions()
	}
	submit := submitVerdict(s.causes, investigations.Triggers, s.actions())
	req := investigations.ChatRequest{JSON: s.json}
	system := render("system", s.systemData(!must))
	if s.json {
		system += "\n\n" + render("json", map[string]any{"Shape": verdictShape, "Functions": fns})
	} else {
		req.Functions = append(slices.Clone(fns), submit)
		if must {
			req.Must = SubmitVerdict
		}
	}
	req.Messages = append(req.Messages,
		investigations.Message{Role: investigations.RoleSystem, Text: system},
		investigations.Message{Role: investigations.RoleUser, Text: s.layOut(textTokens(system) + functionTokens(req.Functions))})
	req.Messages = append(req.Messages, s.history...)
	if s.json {
		req.Messages = flat(req.Messages)
	}
	return req
}

func functionTokens(fns []investigations.Function) int {
	return estimate(investigations.ChatRequest{Functions: fns})
}

func (s *session) systemData(functions bool) systemData {
	return systemData{
		Causes: s.causes, Triggers: investigations.Triggers, Actions: s.actions(),
		Confidence: s.c.Result.Verdict.Confidence, Calls: s.spent.Calls, Functions: functions, JSON: s.json,
	}
}

// shareOfCase is the part of the budget of tokens that the first request may take: what is said is sent again with every
// request. Of a budget for few requests it is shareOfShortCase.
const (
	shareOfCase      = 5
	shareOfShortCase = 3
)

// short says whether the budget carries a verdict and its correction, and no functions.
func (t *talk) short() bool { return t.spent.Calls <= trustedCalls || t.spent.Tokens <= trustedTokens }

// mostPrecedents and mostBlindSpots are how many are told.
const (
	mostPrecedents = 3
	mostBlindSpots = 8
)

// layOut puts the case into words, within what the budget leaves beside the rest of the first request.
func (s *session) layOut(rest int) string {
	r := s.c.Result
	d := caseData{
		Result: r, Cluster: outside(s.c.Request.Cluster, 100), Verdict: r.Verdict, Wordy: !s.short(),
		Hypotheses: r.Hypotheses, Precedents: r.Precedents[:min(len(r.Precedents), mostPrecedents)],
	}
	if a := s.c.Request.Alert; a != nil && a.Title != "" {
		// Redacted before it is cut: half of a secret may not look like one.
		d.Alert = &investigations.Alert{Source: outside(a.Source, 40), Title: outside(s.opt.Redact(a.Title), mostTitle)}
	}
	if c := d.Verdict.Change; c != nil {
		short := *c
		short.What = nil
		for _, w := range c.What[:min(len(c.What), 8)] {
			short.What = append(short.What, outside(w, mostReason))
		}
		d.Verdict.Change = &short
	}
	spots := mostBlindSpots
	if s.short() {
		spots /= 2
	}
	for _, b := range r.BlindSpots[:min(len(r.BlindSpots), spots)] {
		d.BlindSpots = append(d.BlindSpots, investigations.BlindSpot{Tool: b.Tool, Why: outside(b.Why, mostReason), WouldTell: outside(b.WouldTell, mostReason)})
	}
	share := shareOfCase
	if s.short() || s.spent.Calls <= questionCalls {
		share = shareOfShortCase
	}
	room := (s.spent.Tokens/share - rest - textTokens(fenced(render("case", d)))) >> s.shrink
	var out []investigations.Fact
	d.Facts, out = choose(r, room)
	d.LeftOut = leftOut(out)
	return fenced(render("case", d))
}
