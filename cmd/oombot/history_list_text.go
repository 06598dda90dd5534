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
		s.Line(report.Dim(fmt.Sprintf("and %d more; --limit %d shows them, --since, --namespace and --workload narrow them down", found-most, found)))
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
		s.Line(report.Plain("  "), report.Plain(h.Headline))
	}
	s.Para(report.Dim("  "+h.ID+"  "), report.Plain(strings.Join(append([]string{verdictWords(h)}, judgedWords(h)...), " · ")))
}

// whereWords names the workload and the container, or what else is known.
func whereWords(h investigations.Head) string {
	f := h.Features
	where := h.Target.String()
	if f.Workload != "" && f.Namespace != "" {
		where = f.Namespace + "/" + f.Workload
		if f.Container != "" {
			where += " · " + f.Container
		}
	}
	return where
}

// whenWords tell a moment, and how long ago it is.
func whenWords(at, now time.Time) string {
	says := at.UTC().Format("2006-01-02 15:04") + " UTC"
	switch ago := now.Sub(at); {
	case ago < 0:
		return says
	case ago < time.Minute:
		return says + ", just now"
	default:
		return says + ", " + investigations.FormatDuration(ago.Truncate(time.Minute)) + " ago"
	}
}

// verdictWords are the cause with the confidence.
func verdictWords(h investigations.Head) string {
	cause, _, _ := strings.Cut(report.CauseWords(h.Features.Cause), " (")
	if h.Features.Cause == investigations.CauseInsufficientEvidence {
		return cause
	}
	return fmt.Sprintf("%s %.0f %%", cause, h.Confidence*100)
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
