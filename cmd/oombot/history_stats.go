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

	s.Heading("BY CAUSE", "right, of those that were found right or wrong")
	rows := [][]report.Span{headRow("cause", "incidents", "right", "fix held", "failed", "")}
	for _, c := range stats.Causes {
		rows = append(rows, plainRow(report.CauseWords(c.Cause), fmt.Sprint(c.Traces), rightWords(c.Precision), fmt.Sprint(c.FixHeld),
			fmt.Sprint(c.FixFailed), shareWords(c.Precision)))
	}
	s.Table("  ", rows, 1, 2, 3, 4)

	s.Heading("BY CONFIDENCE", "what was claimed, and how often it was right")
	rows = [][]report.Span{headRow("confidence", "incidents", "right", "claimed", "")}
	for _, b := range stats.Calibration {
		if b.Traces == 0 {
			continue
		}
		claimed := "-"
		if b.Confidence != nil {
			claimed = percentOf(*b.Confidence)
		}
		rows = append(rows, plainRow(fmt.Sprintf("%.0f to %.0f %%", b.From*100, b.To*100), fmt.Sprint(b.Traces), rightWords(b.Precision), claimed, shareWords(b.Precision)))
	}
	s.Table("  ", rows, 1, 2, 3)

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

// shareWords say what the share is, and how sure that is.
func shareWords(p memory.Precision) string {
	if p.Share == nil {
		return ""
	}
	says := fmt.Sprintf("%s, %.0f to %.0f %% likely", percentOf(*p.Share), *p.Low*100, *p.High*100)
	if p.Judged() < fewJudged {
		says = fmt.Sprintf("too few to say: %.0f to %.0f %%", *p.Low*100, *p.High*100)
	}
	return says
}

func percentOf(share float64) string { return fmt.Sprintf("%.0f %%", share*100) }
