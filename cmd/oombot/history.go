package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

func newHistory(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "look up past incidents: what happened, what was said, what became of it",
		Long: `history shows the incidents that oombot remembers, how they hang together, and how often its verdicts were right. A
running oombot need not be stopped for it: what holds the file answers for it.

The file is named by --memory, by OOMBOT_MEMORY, or by memory.file in the configuration. An ID may be shortened to its
first letters, at least six, as long as no other begins with them. docs/memory.md says what is remembered.`,
		Example: `  oombot history list --namespace shop --since 7d --memory memory.db
  oombot history search leak checkout
  oombot history show 01KAXW8B4M
  oombot history stats -o json | jq .causes`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().String("memory", "", "the file of past incidents")
	cmd.PersistentFlags().String("config", "", configUsage)
	cmd.AddCommand(
		newHistoryList(a), newHistorySearch(a), newHistoryShow(a), newHistorySimilar(a), newHistoryGraph(a), newHistoryStats(a),
		newHistoryFeedback(a), newHistoryForget(a), newHistoryExport(a), newHistoryImport(a), newHistoryBackup(a), newHistoryCompact(a),
	)
	return cmd
}

// withMemory opens the file of past incidents for use, and closes it again. Where it has to be there already, its
// absence is an error.
func (a *app) withMemory(cmd *cobra.Command, mustExist bool, use func(context.Context, memory.Store) error) (err error) {
	return a.withMemoryOf(cmd, mustExist, func(ctx context.Context, store memory.Store, _ *config.Config) error { return use(ctx, store) })
}

// withMemoryOf is withMemory for what needs the configuration, too.
func (a *app) withMemoryOf(cmd *cobra.Command, mustExist bool, use func(context.Context, memory.Store, *config.Config) error) (err error) {
	if f := cmd.Flags().Lookup("memory"); f.Changed && f.Value.String() == "" {
		return usagef("--memory needs the file of past incidents")
	}
	cfg, err := a.loadConfig(cmd)
	if err != nil {
		return err
	}
	store, err := a.openMemory(cmd.Context(), cfg, mustExist)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return use(cmd.Context(), store, cfg)
}

// shortestID is how many letters of an id are enough, where no other incident's begins with them.
const shortestID = 6

// findIncident returns the id that a person means by it, or by the beginning of it.
func findIncident(ctx context.Context, store memory.Store, given string) (string, error) {
	id := strings.ToUpper(given)
	_, err := store.Trace(ctx, id)
	switch {
	case err == nil:
		return id, nil
	case !errors.Is(err, investigations.ErrNotFound):
		return "", err
	case len(id) < shortestID:
		return "", fmt.Errorf("there is no incident %s; the beginning of an id needs at least %d letters. 'oombot history list' shows what there is",
			investigations.Quote(given, 40), shortestID)
	}
	var found []investigations.Head
	for h, err := range store.Heads(ctx, investigations.Filter{}) {
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(h.ID, id) {
			found = append(found, h)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("there is no incident %s; 'oombot history list' shows what there is", investigations.Quote(given, 40))
	case 1:
		return found[0].ID, nil
	}
	return "", ambiguous(given, found)
}

// ambiguous says which incidents a beginning fits.
func ambiguous(given string, found []investigations.Head) error {
	const most = 5
	var names []string
	for _, h := range found[:min(len(found), most)] {
		names = append(names, fmt.Sprintf("%s (%s)", h.ID, oneLine(h.Target.String())))
	}
	more := ""
	if n := len(found) - most; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("%s is the beginning of several ids: %s%s", investigations.Quote(given, 40), strings.Join(names, ", "), more)
}

// oneIncident asks for exactly one id.
func oneIncident(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef("%s needs the id of an incident; 'oombot history list' shows them", cmd.Name())
	}
	return atMostOne(cmd, args)
}

// sheet returns an empty page for standard output.
func (a *app) sheet() *report.Sheet {
	return report.NewSheet(report.TextOptions{Width: a.stdout.width, Color: a.stdout.color})
}

// printSheet prints a page to standard output.
func (a *app) printSheet(s *report.Sheet) error {
	_, err := s.WriteTo(a.stdout)
	return err
}
