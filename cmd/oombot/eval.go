package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/cmd/oombot/config"
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
	// LLM is how a model did; nil where none was asked.
	LLM     *modelScore `json:"llm,omitempty"`
	Bundles []evaluated `json:"bundles"`
}

// evaluated is how one bundle did.
type evaluated struct {
	Bundle string      `json:"bundle"`
	Status eval.Status `json:"status"`
	// Error says why there are no grades.
	Error string `json:"error,omitempty"`
	// TookMS is the time to the verdict of the rules.
	TookMS int64        `json:"took_ms"`
	Grades []eval.Grade `json:"grades"`
	// MisledBy are the facts that a wrong verdict rests on.
	MisledBy []investigations.Fact `json:"misled_by"`
	// LLM is what became of the verdict where a model looked at it; nil where none did.
	LLM *modelGrade `json:"llm,omitempty"`
}

// evalFlags are the flags of eval.
type evalFlags struct {
	llm      llmFlags
	ask      bool
	parallel int
}

// mostParallel is how many bundles may be put to a model at a time.
const mostParallel = 16

func (f *evalFlags) add(cmd *cobra.Command) {
	configFlag(cmd)
	f.llm.add(cmd)
	cmd.Flags().BoolVar(&f.ask, "llm", false, "have the configured model look at each verdict, and score its verdicts beside those of the rules")
	cmd.Flags().IntVar(&f.parallel, "llm-parallel", 1, "how many bundles are put to the model at a time")
	exclusive(cmd, "llm", "no-llm")
}

// asks says whether a model is called for.
func (f *evalFlags) asks() bool { return f.ask || f.llm.record != "" || f.llm.replay != "" }

// open returns the model to ask; one that asks nothing where none is called for.
func (f *evalFlags) open(c config.LLM, log *slog.Logger) (*llm, error) {
	switch {
	case f.parallel < 1 || f.parallel > mostParallel:
		return nil, usagef("--llm-parallel takes a number from 1 to %d", mostParallel)
	case !f.asks():
		return &llm{}, nil // a model in the configuration alone costs nobody money
	case f.llm.replay == "" && c.Model == "":
		return nil, fmt.Errorf("--llm: %w", errNoModel)
	}
	return openLLM(c, f.llm, log, nil)
}

func newEval(a *app) *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval DIR...",
		Short: "investigate bundles whose truth is known, and score the verdicts",
		Long: `eval investigates each bundle that holds a truth.yaml and compares the verdict with it, field by field. DIR is
a bundle, or a folder of bundles. It prints PASS, FAIL or ERROR for each, what was wanted and what came, the
facts that a wrong verdict rests on, and how often each field was right. With --llm, the configured model looks at each
verdict as well: the scores of the rules and of the model stand side by side, with what the model cost. The exit status
does not depend on the score: it is 1 only where a bundle could not be investigated, or the model never answered.
docs/eval.md says what truth.yaml holds.`,
		Example: `  oombot eval examples
  oombot eval incidents/2026-03-* -o json | jq .fields
  oombot eval examples --llm --llm-record talk.jsonl
  oombot eval examples --llm-replay talk.jsonl`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("eval needs at least one bundle, or folder of bundles")
			}
			return nil
		},
	}
	output := outputFlag(cmd)
	f.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		cfg, err := a.loadConfig(cmd)
		if err != nil {
			return err
		}
		dirs, err := a.findBundles(args)
		if err != nil {
			return err
		}
		log := a.logger(slog.LevelError)
		if f.asks() {
			log = a.logger(slog.LevelWarn)
		}
		model, err := f.open(cfg.LLM, log)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, model.close()) }()
		examiner := &examiner{model: model, log: log, atOnce: f.parallel, told: a.tellEvaluated(len(dirs))}
		e, err := examiner.all(cmd.Context(), dirs)
		if err != nil {
			return err
		}
		if err := a.printEvaluation(e, output.value); err != nil {
			return err
		}
		return e.fault()
	}
	return cmd
}

// fault says why an evaluation is not what was asked for; nil where it is.
func (e *evaluation) fault() error {
	if e.Errors > 0 {
		return fmt.Errorf("%s could not be investigated", count(e.Errors, "bundle"))
	}
	if m := e.LLM; m != nil && m.Of > 0 && m.Calls == 0 {
		return fmt.Errorf("%s gave no answer; its scores are those of the rules", oneLine(m.Model))
	}
	return nil
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
