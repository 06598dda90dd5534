package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

// leastSimilar is the least similarity that is printed. A verdict tells only what is closer; whoever asks for what is
// similar wants to see the rest as well.
const leastSimilar = 0.3

func newHistorySimilar(a *app) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "similar ID",
		Short: "find the past incidents that resemble one",
		Long: `similar prints the past incidents that resemble one in how memory ran out, and not in how it was worded: each with how
alike the two are, why, how far its verdict is to be trusted, and what became of its advice.`,
		Example: `  oombot history similar 01KAXW8B4M
  oombot history similar 01KAXW8B4M --limit 10 -o json | jq -r '.[].id'`,
		Args: oneIncident,
	}
	output := outputFlag(cmd)
	cmd.Flags().IntVar(&limit, "limit", 5, "how many at most")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if limit < 1 {
			return usagef("--limit is how many at most, 1 or more")
		}
		return a.withMemory(cmd, true, func(ctx context.Context, store memory.Store) error {
			id, err := findIncident(ctx, store, args[0])
			if err != nil {
				return err
			}
			t, err := store.Trace(ctx, id)
			if err != nil {
				return err
			}
			found, err := memory.NewRecaller(store).Recall(ctx, investigations.RecallQuery{ID: id, Features: memory.FeaturesOf(t), Limit: limit, Least: leastSimilar})
			if err != nil {
				return err
			}
			if output.value == outputJSON {
				return a.similarJSON(found)
			}
			return a.similarText(ctx, store, found)
		})
	}
	return cmd
}

func (a *app) similarJSON(found []investigations.Recalled) error {
	out := investigations.Result{}
	for _, p := range found {
		out.Precedents = append(out.Precedents, p.Precedent)
	}
	return report.Document(a.stdout, out.Normalized().Precedents, "  ")
}

func (a *app) similarText(ctx context.Context, store memory.Store, found []investigations.Recalled) error {
	s := a.sheet()
	if len(found) == 0 {
		s.Line(report.Plain("no past incident resembles it in how memory ran out"))
		return a.printSheet(s)
	}
	var ids []string
	for _, p := range found {
		ids = append(ids, p.ID)
	}
	heads, err := headsOf(ctx, store, ids)
	if err != nil {
		return err
	}
	for _, p := range found {
		writePrecedent(s, p.Precedent, p.Trust, p.Learned.State)
		if h, known := heads[p.ID]; known {
			writeOther(s, h, a.now())
		}
	}
	return a.printSheet(s)
}
