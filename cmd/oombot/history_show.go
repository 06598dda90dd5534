package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

func newHistoryShow(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "show one past incident: the verdict, and what came after it",
		Long: `show prints what is remembered of one incident: the verdict with its evidence, what became of its advice, who judged it,
which earlier incidents it drew on and how they changed the scores, who asked for it, where it was shown, and what each
source was asked and answered. The chart of memory is not there: metrics are not remembered.`,
		Example: `  oombot history show 01KAXW8B4MZ5W1N9N9N9N9N9N9
  oombot history show 01KAXW8B4M -o json | jq .feedback`,
		Args: oneIncident,
	}
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.withMemory(cmd, true, func(ctx context.Context, store memory.Store) error {
			id, err := findIncident(ctx, store, args[0])
			if err != nil {
				return err
			}
			t, err := store.Trace(ctx, id)
			if err != nil {
				return err
			}
			if output.value == outputJSON {
				return report.Document(a.stdout, t, "  ")
			}
			p, err := readDossier(ctx, store, t)
			if err != nil {
				return err
			}
			return a.showDossier(p)
		})
	}
	return cmd
}

// dossier is a trace with what is known now of the incidents that it names.
type dossier struct {
	trace investigations.Trace
	head  investigations.Head
	// others are the heads of the incidents that it names, as far as they are still remembered.
	others map[string]investigations.Head
	// later are the edges from incidents that came after it, and earlier those to the ones it is a recurrence of.
	later, earlier []investigations.Edge
}

// mostRelated is how many edges of an incident are looked at.
const mostRelated = 200

func readDossier(ctx context.Context, store memory.Store, t investigations.Trace) (dossier, error) {
	p := dossier{trace: t, head: memory.HeadOf(t), others: map[string]investigations.Head{}}
	me := memory.Incident(t.Result.ID)
	edges, _, err := store.Edges(ctx, me, mostRelated)
	if err != nil {
		return p, err
	}
	var ids []string
	for _, e := range edges {
		other := memory.Opposite(e, me)
		if other.Kind != investigations.NodeIncident {
			continue
		}
		recurred := e.Type == investigations.EdgeRecurredAs
		switch {
		case recurred && e.To == me:
			p.earlier = append(p.earlier, e)
		case recurred || e.To == me:
			p.later = append(p.later, e)
		default: // what it drew on is among the precedents
			continue
		}
		ids = append(ids, other.Name)
	}
	for _, q := range t.Result.Precedents {
		ids = append(ids, q.ID)
	}
	p.others, err = headsOf(ctx, store, ids)
	return p, err
}

// headsOf returns the heads of incidents by their ids, as far as they are remembered.
func headsOf(ctx context.Context, store memory.Store, ids []string) (map[string]investigations.Head, error) {
	out := map[string]investigations.Head{}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 0 {
		return out, nil // a filter without ids would select all
	}
	for h, err := range store.Heads(ctx, investigations.Filter{IDs: ids}) {
		if err != nil {
			return nil, err
		}
		out[h.ID] = h
	}
	return out, nil
}

// showDossier prints the verdict as it was, and what came after it.
func (a *app) showDossier(p dossier) error {
	result := p.trace.Result
	result.Precedents = nil // they follow, with what is known of them now
	if err := a.printReport(&result, nil); err != nil {
		return err
	}
	s := a.sheet()
	now := a.now()
	writeOutcome(s, p.trace.Outcome)
	writeFeedback(s, p)
	writePrecedents(s, p, now)
	writeRelated(s, p, now)
	writeAsked(s, p.trace)
	writeSources(s, p.trace.Sources)
	return a.printSheet(s)
}
