package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

// blindSpots says what could not be seen, tool by tool.
func (p *page) blindSpots(r *inv.Result) {
	if len(r.BlindSpots) == 0 {
		return
	}
	p.heading("NOT SEEN", "")
	const mostOfATool = 4
	name := func(tool string) string { return cut(clean(tool), 12) }
	toolWidth, seen := 0, map[string]int{}
	for _, b := range r.BlindSpots {
		toolWidth = max(toolWidth, width(name(b.Tool)))
	}
	for _, b := range r.BlindSpots {
		seen[b.Tool]++
		if seen[b.Tool] > mostOfATool {
			continue
		}
		say := strings.TrimRight(b.Why, ". ")
		if b.WouldTell != "" {
			say += "; it would tell " + b.WouldTell
		}
		p.para(span{"  " + pad(name(b.Tool), toolWidth) + "  ", yellow}, say, plain)
	}
	more := 0
	for _, n := range seen {
		more += max(n-mostOfATool, 0)
	}
	if more > 0 {
		p.line(span{fmt.Sprintf("  and %d more; -o json has all", more), dim})
	}
}

// otherCauses returns the hypotheses that did not win but have something to say, at most four, best first.
func otherCauses(r *inv.Result) []inv.Hypothesis {
	var others []inv.Hypothesis
	for _, h := range r.Hypotheses {
		if h.Cause != r.Verdict.Cause && (h.Score > 0 || len(h.For) > 0) {
			others = append(others, h)
		}
	}
	slices.SortStableFunc(others, func(a, b inv.Hypothesis) int { return cmp.Compare(b.Score, a.Score) })
	return others[:min(len(others), 4)]
}

// hypotheses writes the causes that did not win, with what speaks for and against them.
func (p *page) hypotheses(r *inv.Result) {
	others := otherCauses(r)
	if len(others) == 0 {
		return
	}
	p.heading("OTHER EXPLANATIONS", "by score, 0 to 1")
	name := func(c inv.Cause) string { return cut(clean(CauseWords(c)), len("memory-backed volume (tmpfs)")) }
	causeWidth := 0
	for _, h := range others {
		causeWidth = max(causeWidth, width(name(h.Cause)))
	}
	for _, h := range others {
		var why []string
		if len(h.For) > 0 {
			why = append(why, "for"+cited(h.For))
		}
		if len(h.Against) > 0 {
			why = append(why, "against"+cited(h.Against))
		}
		lead := fmt.Sprintf("  %.2f  %s", h.Score, name(h.Cause))
		if len(why) == 0 {
			p.line(span{lead, plain})
			continue
		}
		p.para(span{pad(lead, len("  0.00  ")+causeWidth+2), plain}, strings.Join(why, " · "), dim)
	}
}

// precedents writes the earlier incidents that resemble this one.
func (p *page) precedents(r *inv.Result) {
	if len(r.Precedents) == 0 {
		return
	}
	p.heading("SEEN BEFORE", "")
	for _, e := range r.Precedents {
		say := fmt.Sprintf("%.0f %% alike, %s", e.Similarity*100, OutcomeWords(e.Outcome))
		if len(e.Why) > 0 {
			say += ": " + strings.Join(e.Why, ", ")
		}
		p.para(span{"  " + cut(clean(e.ID), ulidLength) + "  ", plain}, say, plain)
	}
}

// footer closes with what the investigation itself did: for whoever wonders, not for whoever is woken up.
func (p *page) footer(r *inv.Result) {
	var parts []string
	for _, t := range r.Tools {
		say := fmt.Sprintf("%s %s", t.Name, inv.FormatDuration(max(time.Duration(t.TookMS)*time.Millisecond, 1)))
		if t.Error != "" {
			say += " (failed)"
		}
		parts = append(parts, say)
	}
	if r.LLM.EndedBy != inv.EndedOff {
		calls := "calls"
		if r.LLM.Calls == 1 {
			calls = "call"
		}
		say := fmt.Sprintf("model %s: %d %s, %d tokens, ended by %s", orThe(r.LLM.Model, "unknown"), r.LLM.Calls, calls,
			r.LLM.PromptTokens+r.LLM.CompletionTokens, r.LLM.EndedBy)
		if r.LLM.RejectedClaims > 0 {
			say += fmt.Sprintf(", claims rejected: %d", r.LLM.RejectedClaims)
		}
		parts = append(parts, say)
	}
	parts = append(parts, "verdict by "+writer(r.Verdict.WrittenBy))
	if r.ID != "" {
		parts = append(parts, "id "+r.ID)
	}
	p.line()
	p.parts("", parts...)
}

const ulidLength = 26

func writer(by string) string {
	if by == inv.WrittenByLLM {
		return "the model, grounded"
	}
	return by
}
