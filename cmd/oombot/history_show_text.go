package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

// writeOutcome says what became of the advice.
func writeOutcome(s *report.Sheet, o investigations.Outcome) {
	s.Heading("WHAT BECAME OF IT", "")
	if o.State == investigations.OutcomeUnknown || o.State == "" {
		s.Line(report.Dim("  not known"))
		return
	}
	says := report.OutcomeWords(o.State)
	if len(o.Fix) > 0 {
		says += " (" + actionList(o.Fix) + ")"
	}
	if !o.At.IsZero() {
		says += ", as of " + momentWords(o.At) + " UTC"
	}
	if o.Why != "" {
		says += ": " + o.Why
	}
	s.Para(report.Plain("  "), report.Plain(says))
}

// actionList names actions as people say them.
func actionList(all []investigations.Action) string {
	var out []string
	for _, a := range all {
		out = append(out, strings.ReplaceAll(string(a), "_", " "))
	}
	return strings.Join(out, ", ")
}

// writeFeedback lists who judged the verdict. What was retracted, or replaced by a later judgement of the same person,
// counts no more.
func writeFeedback(s *report.Sheet, p dossier) {
	if len(p.trace.Feedback) == 0 {
		s.Heading("FEEDBACK", "")
		s.Para(report.Plain("  "), report.Dim("nobody has judged it; 'oombot history feedback "+p.head.ID+" up|down' does"))
		return
	}
	aside := trustWords(memory.TrustOf(p.head))
	if right := memory.EffectiveCause(p.head); right != p.head.Features.Cause {
		aside += ": it was " + report.CauseWords(right)
	}
	s.Heading("FEEDBACK", aside)
	holds := map[investigations.Feedback]bool{}
	for _, f := range memory.Standing(p.trace.Feedback) {
		holds[f] = true
	}
	for _, f := range p.trace.Feedback {
		lead := feedbackLead(f, p.trace.Feedback)
		text := report.Plain(feedbackWords(f, p.head.Features.Cause))
		if !holds[f] {
			text = report.Dim(feedbackWords(f, p.head.Features.Cause) + ", which holds no more")
			if f.Vote == investigations.VoteRetracted {
				text = report.Dim("took back what was said before")
			}
		}
		s.Para(lead, text)
	}
}

// feedbackLead says when and by whom, as wide as it is for the others.
func feedbackLead(f investigations.Feedback, all []investigations.Feedback) report.Span {
	widest := 0
	for _, g := range all {
		widest = max(widest, utf8.RuneCountInString(report.Cut(g.By, 24)))
	}
	return report.Dim(fmt.Sprintf("  %s  %-*s  ", momentWords(f.At), widest, report.Cut(f.By, 24)))
}

// feedbackWords are one judgement in words. now is the cause that the verdict names now.
func feedbackWords(f investigations.Feedback, now investigations.Cause) string {
	says := string(f.Vote)
	if f.Cause != "" {
		says += ", the cause is " + report.CauseWords(f.Cause)
	}
	if f.Judged != "" && f.Judged != now {
		says += ", of a verdict that said " + report.CauseWords(f.Judged)
	}
	if f.Note != "" {
		says += ": " + f.Note
	}
	return says
}

// writePrecedents lists the earlier incidents that the verdict drew on, and what they did to it.
func writePrecedents(s *report.Sheet, p dossier, now time.Time) {
	if len(p.trace.Result.Precedents) == 0 {
		return
	}
	s.Heading("SEEN BEFORE", "")
	for _, q := range p.trace.Result.Precedents {
		h, known := p.others[q.ID]
		trust, outcome := q.Trust, q.Outcome
		if known {
			trust, outcome = memory.TrustOf(h), h.Outcome.State
		}
		writePrecedent(s, q, trust, outcome)
		for _, i := range p.trace.Influences {
			if i.Precedent == q.ID {
				s.Para(report.Plain("    "), report.Plain(influenceWords(i)))
			}
		}
		switch {
		case known:
			writeOther(s, h, now)
		default:
			s.Line(report.Dim("    it was forgotten since"))
		}
	}
}

// writePrecedent writes how alike a precedent is and why, and what it is worth.
func writePrecedent(s *report.Sheet, q investigations.Precedent, trust investigations.Trust, outcome investigations.OutcomeState) {
	says := fmt.Sprintf("%.0f %% alike", q.Similarity*100)
	if len(q.Why) > 0 {
		says += ": " + strings.Join(q.Why, ", ")
	}
	s.Para(report.Bold("  "+report.Cut(q.ID, 26)+"  "), report.Plain(says))
	var worth []string
	if trust != investigations.TrustUnjudged && trust != "" {
		worth = append(worth, trustWords(trust))
	}
	if outcome != "" && outcome != investigations.OutcomeUnknown {
		worth = append(worth, report.OutcomeWords(outcome))
	}
	if len(worth) > 0 {
		s.Para(report.Plain("    "), report.Plain(strings.Join(worth, ", ")))
	}
}

// writeOther writes where and when another incident was, and what its verdict said.
func writeOther(s *report.Sheet, h investigations.Head, now time.Time) {
	s.Para(report.Plain("    "), report.Dim(whereWords(h)+", "+whenWords(h.At, now)))
	if h.Headline != "" {
		s.Para(report.Plain("    "), report.Dim(h.Headline))
	}
}

// trustWords say how far a verdict is to be trusted.
func trustWords(t investigations.Trust) string {
	switch t {
	case investigations.TrustConfirmed:
		return "confirmed"
	case investigations.TrustCorrected:
		return "corrected by people"
	case investigations.TrustDisputed:
		return "disputed"
	case investigations.TrustRefuted:
		return "judged wrong"
	case investigations.TrustUnjudged, "":
		return "not judged"
	}
	return string(t)
}

func influenceWords(i investigations.Influence) string {
	cause := report.CauseWords(i.Cause)
	says := fmt.Sprintf("it left %s at %.2f", cause, i.After)
	switch {
	case i.After > i.Before:
		says = fmt.Sprintf("it raised %s from %.2f to %.2f", cause, i.Before, i.After)
	case i.After < i.Before:
		says = fmt.Sprintf("it lowered %s from %.2f to %.2f", cause, i.Before, i.After)
	}
	if i.Why != "" {
		says += ", " + i.Why
	}
	return says
}

// writeRelated lists the incidents that came before and after it.
func writeRelated(s *report.Sheet, p dossier, now time.Time) {
	if len(p.earlier)+len(p.later) == 0 {
		return
	}
	s.Heading("BEFORE AND AFTER", "")
	const most = 8
	me := memory.Incident(p.head.ID)
	for i, e := range append(p.earlier, p.later...) {
		if i == most {
			s.Line(report.Dim(fmt.Sprintf("  and %d more; 'oombot history graph %s' shows them", len(p.earlier)+len(p.later)-most, p.head.ID)))
			return
		}
		other := memory.Opposite(e, me).Name
		s.Para(report.Bold("  "+report.Cut(other, 26)+"  "), report.Plain(relationWords(e, me)))
		if h, known := p.others[other]; known {
			s.Para(report.Plain("    "), report.Dim(whereWords(h)+", "+whenWords(h.At, now)))
		}
	}
}

// relationWords say what another incident is to this one.
func relationWords(e investigations.Edge, me investigations.GraphNode) string {
	switch {
	case e.Type == investigations.EdgeRecurredAs && e.To == me:
		return "was the same before: this is its recurrence"
	case e.Type == investigations.EdgeRecurredAs:
		return "came after it: it was killed again"
	case e.Type == investigations.EdgeInheritedFrom:
		return "drew on this one later"
	case e.Type == investigations.EdgeSameRootAs:
		return "has the same root"
	}
	return string(e.Type)
}

// writeAsked says who asked and where it was shown.
func writeAsked(s *report.Sheet, t investigations.Trace) {
	s.Heading("ASKED", "")
	by := "it is not known by whom"
	if t.AskedBy != "" {
		by = "by " + t.AskedBy
	}
	if !t.StoredAt.IsZero() {
		by += ", stored " + momentWords(t.StoredAt) + " UTC"
	}
	s.Para(report.Plain("  "), report.Plain(by))
	for _, link := range t.ShownAt {
		s.Para(report.Plain("  shown at "), report.Plain(link))
	}
}

// writeSources lists what each source was asked, and what came back.
func writeSources(s *report.Sheet, all []investigations.SourceAnswer) {
	if len(all) == 0 {
		return
	}
	s.Heading("SOURCES", "size, beginning of the SHA-256, file, and what was asked")
	rows := make([][]report.Span, 0, len(all))
	for _, a := range all {
		size, digest := investigations.FormatBytes(a.Bytes), a.SHA256[:min(len(a.SHA256), 8)]
		if a.Error != "" {
			size, digest = "not read", ""
		}
		rows = append(rows, []report.Span{
			report.Plain(report.Cut(a.Tool, 12)), report.Plain(size), report.Dim(digest), report.Plain(report.Cut(a.File, 40)), report.Dim(a.Asked),
		})
	}
	s.Table("  ", rows, 1)
	for _, a := range all {
		if a.Error != "" {
			s.Para(report.Plain("  "), report.Yellow(a.File+" was not read: "+a.Error))
		}
	}
}
