package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

// listText prints at most so many incidents, and says how many more there are.
func (a *app) listText(ctx context.Context, store memory.Store, filter investigations.Filter, most int) error {
	s := a.sheet()
	found := 0
	for h, err := range store.Heads(ctx, filter) {
		if err != nil {
			return err
		}
		if found++; found <= most {
			writeListed(s, h, a.now())
		}
	}
	switch {
	case found == 0 && isZero(filter):
		s.Line(report.Plain("nothing is remembered yet"))
	case found == 0:
		s.Line(report.Plain("no past incident fits"))
	case found > most:
		s.Line()
		s.Para(report.Plain(""), report.Dim(fmt.Sprintf("and %d more: --limit %d shows all, --since, --namespace and --workload narrow them down", found-most, found)))
	}
	return a.printSheet(s)
}

// isZero says whether a filter selects all.
func isZero(f investigations.Filter) bool {
	return f.Namespace == "" && f.Workload == "" && f.Cause == "" && f.Since.IsZero() && len(f.Words) == 0
}

// writeListed writes one incident: where and when; the headline; the id, and what the verdict is worth.
func writeListed(s *report.Sheet, h investigations.Head, now time.Time) {
	s.Sides([]report.Span{report.Bold(whereWords(h))}, report.Dim(whenWords(h.At, now)))
	if h.Headline != "" {
		s.Para(report.Plain("  "), report.Plain(h.Headline))
	}
	s.Para(report.Dim("  "+h.ID+"  "), report.Plain(strings.Join(append([]string{verdictWords(h)}, judgedWords(h)...), " · ")))
}

// whereWords names the workload and the container, or what else is known.
func whereWords(h investigations.Head) string {
	where := placeWords(h)
	if c := h.Features.Container; c != "" && where != h.Target.String() {
		where += " · " + c
	}
	return where
}

// placeWords names the workload, or what else is known.
func placeWords(h investigations.Head) string {
	if f := h.Features; f.Workload != "" && f.Namespace != "" {
		return f.Namespace + "/" + f.Workload
	}
	return h.Target.String()
}

// whenWords tell a moment, and about how long ago it is.
func whenWords(at, now time.Time) string {
	says := momentWords(at) + " UTC"
	switch ago := now.Sub(at); {
	case ago < 0:
		return says
	case ago < time.Minute:
		return says + ", just now"
	default:
		largest := strings.Fields(investigations.FormatDuration(ago.Truncate(time.Minute)))[:2]
		return says + ", " + strings.Join(largest, " ") + " ago"
	}
}

// momentWords tell a moment to the minute.
func momentWords(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// verdictWords are the cause with the confidence.
func verdictWords(h investigations.Head) string {
	cause := shortCause(h.Features.Cause)
	if h.Features.Cause == investigations.CauseInsufficientEvidence {
		return cause
	}
	return fmt.Sprintf("%s %.0f %%", cause, h.Confidence*100)
}

// shortCause is a cause as people say it, without an explanation.
func shortCause(c investigations.Cause) string {
	cause, _, _ := strings.Cut(report.CauseWords(c), " (")
	return cause
}

// judgedWords say what people and what came after say of a verdict; none where nothing is known.
func judgedWords(h investigations.Head) []string {
	var parts []string
	if right := memory.EffectiveCause(h); right != h.Features.Cause {
		parts = append(parts, "people say "+report.CauseWords(right))
	}
	if votes := votesWords(h); votes != "" {
		parts = append(parts, votes)
	}
	if o := h.Outcome.State; o != "" && o != investigations.OutcomeUnknown {
		parts = append(parts, report.OutcomeWords(o))
	}
	return parts
}

// votesWords count the people who hold a verdict for right and for wrong.
func votesWords(h investigations.Head) string {
	switch ups, downs := memory.Votes(h); {
	case ups+downs == 0:
		return ""
	case downs == 0:
		return fmt.Sprintf("%d up", ups)
	case ups == 0:
		return fmt.Sprintf("%d down", downs)
	default:
		return fmt.Sprintf("%d up, %d down", ups, downs)
	}
}
