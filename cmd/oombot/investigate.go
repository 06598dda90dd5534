package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/investigations/rules"
	"github.com/oombot/oombot/tools/bundle"
)

// investigateFlags are the flags of investigate.
type investigateFlags struct {
	live          liveFlags
	bundle        string
	memory        config.Memory
	llm           llmFlags
	trace         bool
	output        *enum
	bundleChanged bool
}

func newInvestigate(a *app) *cobra.Command {
	var f investigateFlags
	cmd := &cobra.Command{
		Use:   "investigate TARGET | --bundle DIR",
		Short: "find out why something was killed, in a running cluster or in a recording",
		Long: `investigate looks at a pod, a workload or a node of a running cluster, or at a recorded bundle, and prints the
verdict: what was killed, whose limit broke, who used the memory up, what set it off, what to do, the evidence for
each claim, and what could not be seen. It only reads. A model, where one is configured, looks at that verdict and may
word it anew; docs/model.md says what it is sent, and what is checked.

TARGET is NAMESPACE/NAME, NAMESPACE/NAME/CONTAINER, NAMESPACE/KIND/NAME (kind: pod, deployment, statefulset, daemonset,
job, cronjob) or node/NAME. A name alone is that of a pod, else of the one workload of that name; a pod that is gone is
found through its owner, its events and its metrics.

docs/configuration.md says how Prometheus, Loki and Pyroscope are given; docs/sources-and-permissions.md what each
source tells and needs; docs/bundle-format.md what a bundle holds.`,
		Example: `  oombot investigate shop/checkout-7c9d8f6b5-x2x4p
  oombot investigate shop/deployment/checkout --at 2026-03-04T02:17:09Z --window 7d
  oombot investigate node/n1 --kernel-log kern.log
  oombot investigate --bundle incidents/checkout-2026-03-04 -o json | jq .verdict
  oombot investigate --bundle incidents/checkout-2026-03-04 --no-llm --trace`,
		Args: atMostOne,
	}
	f.output = outputFlag(cmd)
	f.live.add(cmd)
	cmd.Flags().StringVar(&f.bundle, "bundle", "", "the folder of the recorded incident")
	cmd.Flags().String("memory", config.MemoryNone, "the `FILE` of past incidents; none: remember nothing (a bundle is remembered only with this flag)")
	f.llm.add(cmd)
	cmd.Flags().BoolVar(&f.trace, "trace", false, "say on standard error what each step did")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		f.bundleChanged = cmd.Flags().Changed("bundle")
		if err := f.check(cmd, args); err != nil {
			return err
		}
		cfg, err := a.loadConfig(cmd)
		if err != nil {
			return err
		}
		f.memory = cfg.Memory
		limitMemory()
		if f.bundle != "" {
			if !cmd.Flags().Changed("memory") {
				f.memory.File = config.MemoryNone
			}
			return a.investigateBundle(cmd, cfg, f)
		}
		return a.investigateLive(cmd, cfg, args[0], f)
	}
	return cmd
}

// check finds what does not go together.
func (f *investigateFlags) check(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 1 && f.bundle != "":
		return usagef("give either a target or --bundle, not both")
	case len(args) == 0 && f.bundle == "" && f.bundleChanged:
		return usagef("--bundle needs the folder of a recorded incident")
	case len(args) == 0 && f.bundle == "":
		return usagef("say what to investigate: a target, as shop/checkout-7c9d8f6b5-x2x4p, or --bundle DIR")
	}
	if f.bundle != "" {
		for _, name := range []string{"at", "window", "kernel-log"} {
			if cmd.Flags().Changed(name) {
				return usagef("--%s is for a running cluster; a bundle says itself what it holds", name)
			}
		}
	}
	return nil
}

func (a *app) investigateBundle(cmd *cobra.Command, cfg *config.Config, f investigateFlags) (err error) {
	b, err := bundle.Open(f.bundle)
	if err != nil {
		return err
	}
	defer b.Close()
	log, progress := a.watchTrace(f.trace)
	model, err := openLLM(cfg.LLM, f.llm, log, a.watchModel())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.close()) }()
	past := a.openPast(cmd.Context(), f.memory, log)
	defer past.close()
	result, evidence, err := investigateRecorded(cmd.Context(), b, past, investigations.Options{
		Log: log, Progress: progress, Analyst: model.analyst(), Published: a.tellVerdict(model.name),
	})
	return a.printInvestigation(result, evidence, err, f.output.value, log)
}

// investigateRecorded investigates a bundle, with what is remembered, and remembers it.
func investigateRecorded(
	ctx context.Context, b *bundle.Bundle, past *casebook, opt investigations.Options,
) (*investigations.Result, *investigations.Evidence, error) {
	opt.Memory = past.recaller()
	result, evidence, err := diagnose(ctx, b.Request(), bundleTools(b.FS(), b.BlindSpots, past), opt)
	if err == nil {
		past.keep(ctx, b.Request(), result, evidence, nil)
	}
	return result, evidence, err
}

func (a *app) investigateLive(cmd *cobra.Command, cfg *config.Config, target string, f investigateFlags) (err error) {
	ask, err := f.live.ask(target)
	if err != nil {
		return err
	}
	log, progress := a.watchTrace(f.trace)
	model, err := openLLM(cfg.LLM, f.llm, log, a.watchModel())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.close()) }()
	past := a.openPast(cmd.Context(), f.memory, log)
	defer past.close()
	kernel := f.live.kernel(a.stdin)
	kernel.agents = past.agents(cmd.Context())
	s, err := openSession(cmd.Context(), cfg, ask, kernel, log)
	if err != nil {
		return err
	}
	a.tellSubject(s.subject)
	s.past = past
	result, evidence, err := s.investigate(cmd.Context(), investigations.Options{
		Progress: progress, Analyst: model.analyst(), Published: a.tellVerdict(model.name),
	})
	return a.printInvestigation(result, evidence, err, f.output.value, log)
}

// investigate asks all sources, has the rules judge, and remembers it. What is not about a running cluster is in opt.
func (s *session) investigate(ctx context.Context, opt investigations.Options) (*investigations.Result, *investigations.Evidence, error) {
	opt.SourceTimeout = time.Duration(s.config.Limits.SourceTimeout)
	opt.Log, opt.Redact, opt.Origins, opt.Memory = s.log, redact.Text, s.origins, s.past.recaller()
	result, evidence, err := investigations.Run(ctx, s.subject.Request, s.tools(), rules.New(), opt)
	if err == nil {
		s.past.keep(ctx, s.subject.Request, result, evidence, s.origins())
	}
	return result, evidence, err
}

// folders are what a person calls the parts of a recording that no file of is named.
var folders = map[string]investigations.Origin{
	"kernel":   {Name: "the kernel log source", Source: "the kernel logs"},
	"logs":     {Name: "the log source", Source: "kubectl logs"},
	"metrics":  {Name: "Prometheus", Source: "Prometheus"},
	"profiles": {Name: "the profile source", Source: "the profile source"},
	"recorder": {Name: "the flight recorder", Source: "the flight recorder"},
}

// origins says where the files of the recording came from, those that nobody keeps among them.
func (s *session) origins() map[string]investigations.Origin {
	out := maps.Clone(folders)
	req := s.subject.Request
	out["incident.yaml"] = investigations.Origin{
		Name: "the request", Source: fmt.Sprintf("oombot investigate %s --at %s", req.Target, req.At.Format(time.RFC3339)),
	}
	maps.Copy(out, s.recording.Origins())
	return out
}

// watchTrace returns where to log and who is told of each step.
func (a *app) watchTrace(trace bool) (*slog.Logger, func(investigations.Progress)) {
	if !trace {
		return a.logger(slog.LevelWarn), a.watch()
	}
	log := a.logger(slog.LevelDebug)
	return log, traceProgress(log)
}

// printInvestigation prints the result, unless there is none.
func (a *app) printInvestigation(
	result *investigations.Result, evidence *investigations.Evidence, err error, output string, log *slog.Logger,
) error {
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
