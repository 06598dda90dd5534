package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

func newHistoryStats(a *app) *cobra.Command {
	var f historyFilter
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "say how often verdicts were right, by cause and by confidence",
		Long: `stats counts how past verdicts turned out. Right are those that people confirmed or whose fix held; wrong those that people
corrected or refuted. What is disputed, and what nobody judged, counts as neither. A share of few is not worth much: it
comes with the interval in which the true one lies with 95 % probability.`,
		Example: `  oombot history stats
  oombot history stats --since 90d -o json | jq '.causes[] | {cause, right, wrong}'`,
		Args: noArgs,
	}
	output := outputFlag(cmd)
	f.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		filter, err := f.read(cmd, a.now(), nil)
		if err != nil {
			return err
		}
		return a.withMemory(cmd, true, func(ctx context.Context, store memory.Store) error {
			stats, err := memory.StatsOf(store.Heads(ctx, filter))
			if err != nil {
				return err
			}
			if output.value == outputJSON {
				return report.Document(a.stdout, stats, "  ")
			}
			s := a.sheet()
			writeStats(s, stats)
			return a.printSheet(s)
		})
	}
	return cmd
}

// writeStats writes how often verdicts were right.
func writeStats(s *report.Sheet, stats memory.Stats) {
	if stats.Traces == 0 {
		s.Line(report.Plain("no past incident fits"))
		return
	}
	p := stats.Precision
	s.Line(report.Bold(count(stats.Traces, "incident")), report.Plain(fmt.Sprintf(", from %s to %s UTC", momentWords(stats.Oldest), momentWords(stats.Newest))))
	s.Parts("", fmt.Sprintf("%d right", p.Right), fmt.Sprintf("%d wrong", p.Wrong), fmt.Sprintf("%d disputed", p.Disputed),
		fmt.Sprintf("%d not judged", p.Unjudged))

	s.Heading("BY CAUSE", "right of those found right or wrong; fixes that held and failed")
	rows := [][]report.Span{headRow("cause", "all", "right", "share", "likely", "held", "failed")}
	for _, c := range stats.Causes {
		rows = append(rows, plainRow(shortCause(c.Cause), fmt.Sprint(c.Traces), rightWords(c.Precision), shareWords(c.Precision),
			likelyWords(c.Precision), fmt.Sprint(c.FixHeld), fmt.Sprint(c.FixFailed)))
	}
	s.Table("  ", rows, 1, 2, 3, 4, 5, 6)

	s.Heading("BY CONFIDENCE", "what was claimed of those, and how often it was right")
	rows = [][]report.Span{headRow("confidence", "all", "right", "share", "likely", "claimed")}
	for _, b := range stats.Calibration {
		if b.Traces == 0 {
			continue
		}
		claimed := "-"
		if b.Confidence != nil {
			claimed = percentOf(*b.Confidence)
		}
		rows = append(rows, plainRow(fmt.Sprintf("%.0f to %.0f %%", b.From*100, b.To*100), fmt.Sprint(b.Traces), rightWords(b.Precision),
			shareWords(b.Precision), likelyWords(b.Precision), claimed))
	}
	s.Table("  ", rows, 1, 2, 3, 4, 5)
	s.Para(report.Plain("  "), report.Dim(fmt.Sprintf("likely: where the true share lies with 95 %% probability; few: fewer than %d were judged", fewJudged)))

	s.Heading("WHAT BECAME OF THE ADVICE", "")
	rows = nil
	for _, o := range investigations.OutcomeStates {
		rows = append(rows, plainRow(report.OutcomeWords(o), fmt.Sprint(stats.Outcomes[o])))
	}
	s.Table("  ", rows, 1)
}

func headRow(cells ...string) []report.Span {
	var out []report.Span
	for _, c := range cells {
		out = append(out, report.Dim(c))
	}
	return out
}

func plainRow(cells ...string) []report.Span {
	var out []report.Span
	for _, c := range cells {
		out = append(out, report.Plain(c))
	}
	return out
}

// rightWords count how many were right, as "7 of 8"; a dash where nothing was judged.
func rightWords(p memory.Precision) string {
	if p.Judged() == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d", p.Right, p.Judged())
}

// fewJudged is how many have to be judged before a share is said without a warning.
const fewJudged = 10

// shareWords say what the share of the right ones is, where that says something.
func shareWords(p memory.Precision) string {
	switch {
	case p.Share == nil:
		return "-"
	case p.Judged() < fewJudged:
		return "few"
	}
	return percentOf(*p.Share)
}

// likelyWords say where the true share lies.
func likelyWords(p memory.Precision) string {
	if p.Share == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f to %.0f %%", *p.Low*100, *p.High*100)
}

func percentOf(share float64) string { return fmt.Sprintf("%.0f %%", share*100) }
