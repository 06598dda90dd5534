package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/eval"
	"github.com/oombot/oombot/investigations/report"
)

// evaluation is what `oombot eval -o json` prints.
type evaluation struct {
	Version int          `json:"version"`
	Passed  int          `json:"passed"`
	Failed  int          `json:"failed"`
	Errors  int          `json:"errors"`
	Fields  []eval.Score `json:"fields"`
	Bundles []evaluated  `json:"bundles"`
}

// evaluated is how one bundle did.
type evaluated struct {
	Bundle string      `json:"bundle"`
	Status eval.Status `json:"status"`
	// Error says why there are no grades.
	Error  string       `json:"error,omitempty"`
	TookMS int64        `json:"took_ms"`
	Grades []eval.Grade `json:"grades"`
	// MisledBy are the facts that a wrong verdict rests on.
	MisledBy []investigations.Fact `json:"misled_by"`
}

func newEval(a *app) *cobra.Command {
	var noLLM bool
	cmd := &cobra.Command{
		Use:   "eval DIR...",
		Short: "investigate bundles whose truth is known, and score the verdicts",
		Long: `eval investigates each bundle that holds a truth.yaml and compares the verdict with it, field by field. DIR is
a bundle, or a folder of bundles. It prints PASS, FAIL or ERROR for each, what was wanted and what came, the
facts that a wrong verdict rests on, and how often each field was right. The exit status does not depend on
the score: it is 1 only where a bundle could not be investigated. docs/eval.md says what truth.yaml holds.`,
		Example: `  oombot eval examples
  oombot eval incidents/2026-03-* -o json | jq .fields`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("eval needs at least one bundle, or folder of bundles")
			}
			return nil
		},
	}
	output := outputFlag(cmd)
	noLLMFlag(cmd, &noLLM)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dirs, err := a.findBundles(args)
		if err != nil {
			return err
		}
		e, err := evaluateAll(cmd.Context(), dirs, a.logger(slog.LevelError))
		if err != nil {
			return err
		}
		if err := a.printEvaluation(e, output.value); err != nil {
			return err
		}
		if e.Errors > 0 {
			return fmt.Errorf("%s could not be investigated", count(e.Errors, "bundle"))
		}
		return nil
	}
	return cmd
}

// findBundles turns each argument into the bundle that it is, or those that it holds.
func (a *app) findBundles(args []string) ([]string, error) {
	var dirs []string
	for _, arg := range args {
		if isFile(arg, "incident.yaml") || isFile(arg, eval.TruthFile) {
			dirs = append(dirs, arg)
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			return nil, err
		}
		before := len(dirs)
		for _, e := range entries {
			dir := filepath.Join(arg, e.Name())
			switch {
			case isFile(dir, eval.TruthFile):
				dirs = append(dirs, dir)
			case isFile(dir, "incident.yaml"):
				a.say("%s: skipped, it has no %s", dir, eval.TruthFile)
			}
		}
		if len(dirs) == before {
			return nil, fmt.Errorf("%s holds no bundle with a %s; give a bundle, or a folder of bundles",
				oneLine(arg), eval.TruthFile)
		}
	}
	return dirs, nil
}

func isFile(dir, name string) bool {
	info, err := os.Lstat(filepath.Join(dir, name))
	return err == nil && !info.IsDir()
}

func (a *app) printEvaluation(e *evaluation, output string) error {
	if output == outputJSON {
		return report.Document(a.stdout, e, "  ")
	}
	return writeEvaluation(a.stdout, e)
}
