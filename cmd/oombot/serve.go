package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/cmd/oombot/config"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	bundles        string
	bundlesChanged bool
	llm            llmFlags
}

func newServe(a *app) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "be the bot: answer in Slack, and take alerts from PagerDuty and Alertmanager",
		Long: `serve runs until it is told to end (SIGTERM, SIGINT). It answers mentions in Slack, opens a thread for each alert about
memory and for each kill that node agents see, investigates, and shows the verdict there, with a chart, the evidence and
what to do. It listens for the webhooks of Alertmanager, Grafana and PagerDuty, for node agents (/v1/kernel-reports), and for
/healthz, /readyz and /metrics; Slack is heard over Socket Mode, or over HTTP where slack.mode says so. What was
acknowledged is in the memory file first: after a crash it goes on where it was.

Slack needs SLACK_BOT_TOKEN, and SLACK_APP_TOKEN (socket mode) or SLACK_SIGNING_SECRET (http mode); without any of them
alerts are investigated and remembered, and shown nowhere. With --bundles the recorded incidents below a folder are the
cluster, so that the bot can be tried without one. docs/configuration.md explains every key.`,
		Example: `  oombot serve --config oombot.yaml
  oombot serve --bundles examples --listen 127.0.0.1:8080
  oombot serve --memory /var/lib/oombot/memory.db --no-llm`,
		Args: noArgs,
	}
	configFlag(cmd)
	cmd.Flags().StringVar(&f.bundles, "bundles", "", "the `FOLDER` whose sub-folders are recorded incidents, which are the cluster then")
	cmd.Flags().String("memory", "", "the `FILE` that holds past incidents and what is in hand")
	cmd.Flags().String("listen", config.Default().HTTP.Listen, "the `ADDRESS` to listen on")
	noLLMFlag(cmd, &f.llm.off)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		f.bundlesChanged = cmd.Flags().Changed("bundles")
		if f.bundlesChanged && f.bundles == "" {
			return usagef("--bundles needs the folder of recorded incidents")
		}
		cfg, err := a.loadConfig(cmd)
		if err != nil {
			return err
		}
		return a.serve(cmd.Context(), cfg, f)
	}
	return cmd
}

// serve runs the bot until ctx ends, which is no error.
func (a *app) serve(ctx context.Context, cfg *config.Config, f serveFlags) error {
	limitMemory()
	log := a.logger(slog.LevelInfo)
	model, err := openLLM(cfg.LLM, f.llm, log, nil)
	if err != nil {
		return err
	}
	s := &server{app: a, config: cfg, model: model, log: log, front: newFront(log)}
	faults := serveFaults(cfg, f)
	cluster, err := s.openCluster(ctx, f)
	if err != nil {
		faults = append(faults, err.Error())
	}
	if cfg.LeaderElection.Lease != "" {
		if s.election, err = newElection(cfg, log); err != nil {
			faults = append(faults, err.Error())
		}
	}
	if len(faults) > 0 && ctx.Err() == nil {
		a.say("oombot: serve can't begin; docs/configuration.md explains every key")
		for _, fault := range faults {
			a.say("  %s", fault)
		}
		return errReported
	}
	s.cluster = cluster
	for _, w := range serveWarnings(cfg) {
		log.Warn("look at the configuration again", "why", w.says, "do", w.todo)
	}
	drop, err := s.chooseMemory(f)
	if err != nil {
		return err
	}
	defer drop()
	s.tellConfiguration(f)
	return s.run(ctx)
}

// opener makes the investigator once it is known what is remembered.
type opener func(in investigating) (bot.Investigator, error)

// openCluster returns where targets are looked for. Nothing is asked yet, but recorded incidents are read.
func (s *server) openCluster(ctx context.Context, f serveFlags) (opener, error) {
	if f.bundles == "" {
		cluster, err := connect(s.config, s.log)
		if err != nil {
			return nil, fmt.Errorf("%w; or try it without a cluster, with --bundles", err)
		}
		s.reviewer, s.oldestKill = reviewer{cluster, s.config.Agents.Audience}, oldestKill
		return func(in investigating) (bot.Investigator, error) { return newLiveCluster(s.config, in) }, nil
	}
	all, err := openRecorded(ctx, f.bundles, s.log)
	if err != nil {
		return nil, err
	}
	s.incidents = len(all)
	return func(in investigating) (bot.Investigator, error) { return &recordings{investigating: in, all: all}, nil }, nil
}

// chooseMemory has recorded incidents, where nothing else is said, remembered in a file for a while. drop removes it.
func (s *server) chooseMemory(f serveFlags) (drop func(), err error) {
	if f.bundles == "" || s.config.Memory.File != config.MemoryNone {
		return func() {}, nil
	}
	dir, err := os.MkdirTemp("", "oombot-serve-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the memory file; or name one by --memory: %w", err)
	}
	s.config.Memory.File = filepath.Join(dir, "memory.db")
	s.log.Warn("what happens is forgotten at the end", "do", "name a file by --memory to keep it")
	return func() {
		if err := os.RemoveAll(dir); err != nil {
			s.log.Warn("remove the memory file", "err", err)
		}
	}, nil
}
