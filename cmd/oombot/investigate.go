package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/tools/bundle"
)

// memoryNone is the --memory that remembers nothing.
const memoryNone = "none"

// errNoMemory says that past incidents can't be kept.
var errNoMemory = errors.New("this version keeps no memory of past incidents: leave --memory away, or give --memory none")

func newInvestigate(a *app) *cobra.Command {
	var dir, memory string
	var noLLM, trace bool
	cmd := &cobra.Command{
		Use:   "investigate --bundle DIR",
		Short: "diagnose a recorded incident",
		Long: `investigate reads all that a bundle recorded about one incident and prints the verdict: what was killed, whose
limit broke, who used the memory up, what set it off, what to do, the evidence for each claim, and what could
not be seen. It needs no network and writes nothing. docs/bundle-format.md says what a bundle holds.`,
		Example: `  oombot investigate --bundle incidents/checkout-2026-03-04
  oombot investigate --bundle incidents/checkout-2026-03-04 -o json | jq .verdict`,
		Args: atMostOne,
	}
	output := outputFlag(cmd)
	cmd.Flags().StringVar(&dir, "bundle", "", "the folder of the recorded incident")
	cmd.Flags().StringVar(&memory, "memory", memoryNone, "the file of past incidents; none: remember nothing")
	noLLMFlag(cmd, &noLLM)
	configFlag(cmd)
	cmd.Flags().BoolVar(&trace, "trace", false, "say on standard error what each step did")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 1 && dir != "":
			return usagef("give either a target or --bundle, not both")
		case len(args) == 1:
			return fmt.Errorf("investigate %s: live sources are not part of this version; "+
				"give a recorded incident with --bundle DIR", oneLine(args[0]))
		case dir == "" && cmd.Flags().Changed("bundle"):
			return usagef("--bundle needs the folder of a recorded incident")
		case dir == "":
			return usagef("say what to investigate: --bundle DIR")
		case memory != memoryNone:
			return errNoMemory
		}
		if _, err := a.loadConfig(cmd); err != nil {
			return err
		}
		limitMemory()
		return a.investigateBundle(cmd, dir, output.value, trace)
	}
	return cmd
}

// noLLMFlag adds --no-llm, which is what happens anyhow as long as no model is asked.
func noLLMFlag(cmd *cobra.Command, value *bool) {
	cmd.Flags().BoolVar(value, "no-llm", false, "force the verdict of the rules (this version asks no model)")
}

func (a *app) investigateBundle(cmd *cobra.Command, dir, output string, trace bool) error {
	b, err := bundle.Open(dir)
	if err != nil {
		return err
	}
	defer b.Close()
	level, progress := slog.LevelWarn, a.watch()
	if trace {
		level = slog.LevelDebug
	}
	log := a.logger(level)
	if trace {
		progress = traceProgress(log)
	}
	result, evidence, err := diagnose(cmd.Context(), b.Request(), b.FS(), log, progress)
	if err != nil {
		return err
	}
	for _, h := range result.Hypotheses {
		log.Debug("hypothesis", "cause", h.Cause, "score", h.Score,
			"for", strings.Join(h.For, " "), "against", strings.Join(h.Against, " "))
	}
	if output == outputJSON {
		return report.JSON(a.stdout, result)
	}
	return a.printReport(result, evidence)
}

func (a *app) printReport(result *investigations.Result, evidence *investigations.Evidence) error {
	return report.Text(a.stdout, result, evidence, report.TextOptions{Width: a.stdout.width, Color: a.stdout.color})
}
