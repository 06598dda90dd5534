package report

import (
	"fmt"
	"strings"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

// verdict writes what a reader needs first: what it is about, the headline, the answers in one line, and who.
func (p *page) verdict(r *inv.Result) {
	v := &r.Verdict
	target, when := clean(r.Target.String()), Stamp(r.At)
	if gap := p.width - width(target) - width(when); gap >= 2 {
		p.line(span{target, bold}, span{strings.Repeat(" ", gap), plain}, span{when, dim})
	} else {
		p.para(span{}, target, bold)
		p.line(span{when, dim})
	}
	p.line()
	if v.Headline != "" {
		p.para(span{}, v.Headline, bold)
		p.line()
	}
	p.answers(v)
	p.line()
	p.field("how", HowEnded(v))
	if v.Victim != nil {
		p.field("victim", PartyWords(*v.Victim))
	}
	if v.Culprit != nil {
		p.field("culprit", CulpritWords(v.Victim, *v.Culprit))
	}
	if v.Change != nil {
		p.change(*v.Change, r.At)
	}
}

// answers writes boundary, cause, trigger and confidence in one line, or in two where they don't fit.
func (p *page) answers(v *inv.Verdict) {
	pairs := [][2]string{{"boundary", BoundaryWords(v.Boundary)}, {"cause", CauseWords(v.Cause)}}
	if v.Cause != inv.CauseNotOOM || v.Trigger != inv.TriggerUnknown {
		pairs = append(pairs, [2]string{"trigger", TriggerWords(v.Trigger)})
	}
	pairs = append(pairs, [2]string{"confidence", ConfidenceWords(v.Confidence)})
	var spans []span
	used := 0
	for _, pair := range pairs {
		label, answer := pair[0], cut(clean(pair[1]), p.width-len("confidence "))
		w := len(label) + 1 + width(answer)
		switch {
		case used == 0:
		case used+3+w > p.width:
			p.line(spans...)
			spans, used = nil, 0
		default:
			spans = append(spans, span{" · ", dim})
			used += 3
		}
		spans = append(spans, span{label + " ", dim}, span{answer, answerStyle(label, v)})
		used += w
	}
	p.line(spans...)
}

func answerStyle(label string, v *inv.Verdict) style {
	switch {
	case label == "cause" && v.Cause == inv.CauseNotOOM:
		return green
	case label == "cause" && v.Cause == inv.CauseInsufficientEvidence:
		return yellow
	case label == "cause":
		return red
	}
	return bold
}

// field writes a labelled row.
func (p *page) field(label, text string) {
	p.para(span{pad(label, fieldWidth), dim}, text, plain)
}

const fieldWidth = len("culprit  ")

// PartyWords says which process of which container on which node, as far as it is known.
func PartyWords(a inv.Party) string {
	where := containerWords(a)
	switch {
	case where == "" && a.Node == "":
		where = "not known"
	case where == "" && a.Comm != "":
		where = "node " + a.Node + ", outside of any pod"
	case where == "":
		where = "node " + a.Node
	case a.Node != "":
		where += " on " + a.Node
	}
	process := a.Comm
	if a.PID != 0 {
		process = strings.TrimSpace(fmt.Sprintf("%s (pid %d)", a.Comm, a.PID))
	}
	if process == "" {
		return where
	}
	return where + " · " + process
}

func containerWords(a inv.Party) string {
	if a.Pod == "" {
		return ""
	}
	return inv.Target{Namespace: a.Namespace, Pod: a.Pod, Container: a.Container}.String()
}

// CulpritWords names the culprit by what tells it from the victim.
func CulpritWords(victim *inv.Party, c inv.Party) string {
	if victim == nil || c.Pod == "" || victim.Namespace != c.Namespace || victim.Pod != c.Pod {
		return PartyWords(c)
	}
	switch {
	case c.Container == "":
		return "the same pod"
	case c.Container != victim.Container:
		return "container " + c.Container + " of the same pod"
	case c.PID != 0 && c.PID != victim.PID:
		return fmt.Sprintf("the same container · %s", strings.TrimSpace(fmt.Sprintf("%s (pid %d)", c.Comm, c.PID)))
	}
	return "the same container"
}

// ChangeWords says what was changed and when, seen from the kill; not in what it differs.
func ChangeWords(c inv.Change, killed time.Time) string {
	what := orThe(c.Workload, "configuration")
	if c.Revision != 0 {
		what += fmt.Sprintf(" revision %d", c.Revision)
	}
	if !c.At.IsZero() {
		what += " at " + Clock(c.At, killed) + " UTC"
		if before := killed.Sub(c.At); before > 0 {
			what += ", " + inv.FormatDuration(before) + " before"
		}
	}
	return what
}

func (p *page) change(c inv.Change, killed time.Time) {
	p.field("change", ChangeWords(c, killed))
	const most = 8
	for i, diff := range c.What {
		if i == most {
			p.field("", fmt.Sprintf("and %d more differences", len(c.What)-most))
			break
		}
		p.field("", diff)
	}
}

// explanation writes the way from the evidence to the cause: paragraphs, and lists of "- " lines.
func (p *page) explanation(r *inv.Result) {
	if strings.TrimSpace(r.Verdict.Explanation) == "" {
		return
	}
	p.heading("WHY", "")
	gap := false
	for l := range strings.Lines(r.Verdict.Explanation) {
		text := strings.TrimSpace(l)
		if text == "" {
			gap = true
			continue
		}
		if gap {
			p.line()
			gap = false
		}
		lead := "  "
		if rest, ok := strings.CutPrefix(text, "- "); ok {
			lead, text = "  - ", rest
		}
		p.para(span{lead, plain}, text, plain)
	}
}

// Stamp prints a moment in full.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }

// Clock prints a moment as short as its day allows, seen from the day of the kill.
func Clock(t, killed time.Time) string {
	t, killed = t.UTC(), killed.UTC()
	switch {
	case sameDay(t, killed):
		return t.Format("15:04:05")
	case t.Year() == killed.Year():
		return t.Format("01-02 15:04")
	}
	return t.Format("2006-01-02")
}

func sameDay(a, b time.Time) bool {
	a, b = a.UTC(), b.UTC()
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}
