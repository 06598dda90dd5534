package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

// forgotten is what `oombot history forget -o json` prints.
type forgotten struct {
	// Forgotten is how many incidents; how many it would be with DryRun.
	Forgotten int  `json:"forgotten"`
	DryRun    bool `json:"dry_run"`
}

// forgetFlags say what is to be forgotten.
type forgetFlags struct {
	namespace, olderThan string
	dryRun               bool
}

func newHistoryForget(a *app) *cobra.Command {
	var f forgetFlags
	cmd := &cobra.Command{
		Use:   "forget ID... | --namespace NS | --older-than D",
		Short: "forget past incidents, with all that they are connected by",
		Long: `forget removes incidents by their ids, those of a namespace, or those whose kill is longer ago than D, which is a duration
as 90d or a time. It asks nothing; --dry-run only says how many it would be. Where one of several ids is not there,
nothing is forgotten. What is forgotten can't be found any more; its bytes stay in the file until they are written over, or
until 'oombot history compact' writes the file anew. Backups and exports keep what they hold.`,
		Example: `  oombot history forget 01KAXW8B4MZ5W1N9N9N9N9N9N9
  oombot history forget --older-than 365d --dry-run
  oombot history forget --namespace shop && oombot history compact`,
		Args: cobra.ArbitraryArgs,
	}
	output := outputFlag(cmd)
	cmd.Flags().StringVar(&f.namespace, "namespace", "", "those in this namespace")
	cmd.Flags().StringVar(&f.olderThan, "older-than", "", "those whose kill is longer ago: a duration as 90d, or a time")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "only say how many it would be")
	cmd.RunE = func(cmd *cobra.Command, ids []string) error {
		filter, err := f.read(cmd, a, ids)
		if err != nil {
			return err
		}
		return a.withMemory(cmd, true, func(ctx context.Context, store memory.Store) error {
			if filter.IDs, err = findIncidents(ctx, store, ids); err != nil {
				return err
			}
			n, err := f.forget(ctx, store, filter)
			if err != nil {
				return err
			}
			if output.value == outputJSON {
				return report.Document(a.stdout, forgotten{n, f.dryRun}, "")
			}
			return a.printForgotten(n, f.dryRun)
		})
	}
	return cmd
}

// read returns what the flags select; the ids are added to it later. It is never a filter that selects everything by
// oversight.
func (f *forgetFlags) read(cmd *cobra.Command, a *app, ids []string) (investigations.Filter, error) {
	var filter investigations.Filter
	kinds := 0
	for _, given := range []bool{len(ids) > 0, cmd.Flags().Changed("namespace"), cmd.Flags().Changed("older-than")} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		return filter, usagef("say what to forget: ids, --namespace NS or --older-than D")
	case kinds > 1:
		return filter, usagef("say in one way what to forget: by ids, by --namespace or by --older-than")
	case cmd.Flags().Changed("namespace") && f.namespace == "":
		return filter, usagef("--namespace needs the name of a namespace")
	}
	filter.Namespace = f.namespace
	if cmd.Flags().Changed("older-than") {
		var err error
		if filter.Before, err = readSince("--older-than", f.olderThan, a.now()); err != nil {
			return filter, err
		}
	}
	return filter, nil
}

// findIncidents finds each of the ids that a person gave, or fails.
func findIncidents(ctx context.Context, store memory.Store, given []string) ([]string, error) {
	var ids []string
	for _, g := range given {
		id, err := findIncident(ctx, store, g)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (f *forgetFlags) forget(ctx context.Context, store memory.Store, filter investigations.Filter) (int, error) {
	if !f.dryRun {
		return store.Forget(ctx, filter)
	}
	n := 0
	for _, err := range store.Heads(ctx, filter) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

func (a *app) printForgotten(n int, dryRun bool) error {
	switch {
	case n == 0:
		return a.printf("nothing to forget\n")
	case dryRun:
		return a.printf("%s would be forgotten\n", count(n, "incident"))
	}
	err := a.printf("%s forgotten\n", count(n, "incident"))
	if err == nil {
		a.say("'oombot history compact' writes the file anew, without the bytes of what was forgotten")
	}
	return err
}
