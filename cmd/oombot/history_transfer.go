package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

func newHistoryExport(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "print all past incidents as lines of JSON",
		Long: `export prints everything that is remembered, one JSON document a line, the oldest incident first, each as 'oombot history
show ID -o json' prints it. 'oombot history import' reads it, into this or another file; nothing is lost on the way.`,
		Example: `  oombot history export > incidents.jsonl
  oombot history export --memory old.db | oombot history import --memory new.db`,
		Args: noArgs,
	}
	lines := &enum{value: outputJSON, allowed: []string{outputJSON}}
	cmd.Flags().VarP(lines, "output", "o", "how to print: one JSON document a line")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.withMemory(cmd, true, func(ctx context.Context, store memory.Store) error { return a.export(ctx, store) })
	}
	return cmd
}

// export prints all traces, the oldest first. One that is forgotten meanwhile is left out.
func (a *app) export(ctx context.Context, store memory.Store) error {
	var ids []string
	for h, err := range store.Heads(ctx, investigations.Filter{}) {
		if err != nil {
			return err
		}
		ids = append(ids, h.ID)
	}
	slices.Reverse(ids)
	for _, id := range ids {
		t, err := store.Trace(ctx, id)
		switch {
		case errors.Is(err, investigations.ErrNotFound):
			continue
		case err != nil:
			return err
		}
		if err := report.Document(a.stdout, t, ""); err != nil {
			return err
		}
	}
	return nil
}

func newHistoryImport(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "remember incidents from lines of JSON",
		Long: `import reads lines of JSON from standard input: what 'oombot history export' wrote, or results as 'oombot investigate -o
json | jq -c .' prints them. Secrets are masked. Of an incident that is there already, the result that was stored later
stays, and what people said is joined, so that importing twice changes nothing. A line that can't be taken is named, and the
others are taken all the same; the exit status is 1 then.`,
		Example: `  oombot history import --memory memory.db < incidents.jsonl
  jq -c . result.json | oombot history import`,
		Args: noArgs,
	}
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.withMemory(cmd, false, func(ctx context.Context, store memory.Store) error {
			return a.importLines(ctx, store, output.value)
		})
	}
	return cmd
}

const (
	// mostBadLines is how many lines are named that can't be taken.
	mostBadLines = 20
	// progressEvery is how often a person is told how far a long import is.
	progressEvery = time.Second
)

func (a *app) importLines(ctx context.Context, store memory.Store, output string) error {
	named, told := 0, a.now()
	done, err := memory.Import(ctx, store, &interruptible{ctx: ctx, r: a.stdin}, memory.ImportOptions{
		Now: a.now(),
		Bad: func(line int, err error) {
			if named++; named <= mostBadLines {
				a.say("line %d: %s", line, oneLine(err.Error()))
			}
		},
		Progress: func(stored int) {
			if now := a.now(); a.stderr.terminal && now.Sub(told) >= progressEvery {
				told = now
				a.say("%s so far", count(stored, "incident"))
			}
		},
	})
	if more := done.Bad - mostBadLines; more > 0 {
		a.say("and %s more that can't be taken", count(more, "line"))
	}
	if err != nil {
		return fmt.Errorf("%s imported, then: %w", count(done.Imported, "incident"), err)
	}
	if output == outputJSON {
		err = report.Document(a.stdout, done, "")
	} else {
		err = a.printf("%s imported\n", count(done.Imported, "incident"))
	}
	if err == nil && done.Bad > 0 {
		return fmt.Errorf("%s of %d could not be taken", count(done.Bad, "line"), done.Lines)
	}
	return err
}
