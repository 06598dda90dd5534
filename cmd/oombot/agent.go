package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
)

func newNodeAgent(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "agent",
		Short: "watch the node that it runs on: the kernel log and the memory of all containers",
		Long: `agent is what runs on each node. It follows the kernel log, samples the memory of each container once a second into a ring
of fifteen minutes, and tells the bot (--bot) of each kill for want of memory within a second, with the last minutes of the
victim, its pod and the node's largest containers. While the bot is away, reports wait on disk. Without --bot it prints the
kills that it sees. It reads only: the kernel log, cgroups, processes, and the names of the node's pods.

It needs Linux, and permission to read the kernel log: CAP_SYSLOG for syslog, the files of the journal for journal, root and
the device for kmsg. docs/agent.md explains what each reader sees, and what is lost without it.`,
		Example: `  oombot agent --bot http://oombot:8080 --token-file /var/run/secrets/oombot/token
  oombot agent --kernel-log journal --pods none
  oombot agent -o json`,
		Args: noArgs,
	}
	configFlag(cmd)
	cmd.Flags().String("bot", "", "where the bot listens, as `URL`; without it kills are printed")
	cmd.Flags().String("node", "", "the `NAME` of this node in Kubernetes; the host's name where it is not given")
	cmd.Flags().String("kernel-log", "", "how to read the kernel log: syslog|journal|kmsg; syslog in Kubernetes and kmsg outside where it is not given")
	cmd.Flags().String("token-file", "", "the `FILE` of the token that the bot asks for")
	cmd.Flags().String("ca-file", "", "the `FILE` of the authority that the bot's certificate is of")
	cmd.Flags().String("state", config.Default().Agent.StateDir, "the `FOLDER` for what waits, and for how far the log was read")
	cmd.Flags().String("pods", "", "where names of pods come from: api|kubelet|none; api in Kubernetes and none outside where it is not given")
	cmd.Flags().String("cgroup-root", config.Default().Agent.CgroupRoot, "the `FOLDER` where the node's control groups are mounted")
	cmd.Flags().String("proc", config.Default().Agent.Proc, "the `FOLDER` where the node's /proc is mounted")
	cmd.Flags().String("listen", "", "the `ADDRESS` of /metrics and /healthz, as :9101; nowhere where it is not given")
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := a.loadConfig(cmd)
		if err != nil {
			return err
		}
		return a.agent(cmd.Context(), cfg, output.value == outputJSON)
	}
	return cmd
}

// inKubernetes says whether the program runs in a pod (the kubelet sets the variable in each container).
func (a *app) inKubernetes() bool { return a.env["KUBERNETES_SERVICE_HOST"] != "" }

// completeAgent fills in what the configuration leaves to where the agent runs.
func (a *app) completeAgent(c config.Agent) (config.Agent, error) {
	in := a.inKubernetes()
	if c.KernelLog == "" {
		if c.KernelLog = config.KernelLogKmsg; in {
			c.KernelLog = config.KernelLogSyslog
		}
	}
	if c.Pods == "" {
		if c.Pods = config.PodsNone; in {
			c.Pods = config.PodsAPI
		}
	}
	if c.Node == "" {
		name, err := os.Hostname()
		if err != nil || name == "" {
			return c, errors.New("the name of this node is not known: give it by --node, OOMBOT_NODE or agent.node")
		}
		c.Node = name
	}
	return c, nil
}

// agent watches the node until ctx ends, which is no error.
func (a *app) agent(ctx context.Context, cfg *config.Config, asJSON bool) error {
	limitMemory()
	a.collectOften()
	log := a.logger(slog.LevelInfo)
	c, err := a.completeAgent(cfg.Agent)
	if err != nil {
		return err
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	p := &agentParts{app: a, config: c, kubernetes: cfg.Kubernetes, log: log, metrics: metrics, printed: newPrinter(a, asJSON)}
	if err := p.build(); err != nil {
		return err
	}
	defer p.close()
	var listener net.Listener
	if c.Listen != "" {
		if listener, err = listen(ctx, c.Listen); err != nil {
			return err
		}
		log.Info("listening", "addr", listener.Addr().String())
	}
	shrink(log)
	g, ctx := errgroup.WithContext(ctx)
	if listener != nil {
		g.Go(func() error { return serveAgent(ctx, listener, p, log) })
	}
	p.run(ctx, g)
	g.Go(func() error { staySmall(ctx, func() { shrink(log) }); return nil })
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("watch node %s: %w", c.Node, err)
	}
	return nil
}

// printReport prints what would be sent to the bot.
func (p *agentParts) printReport(n investigations.NodeReport) error {
	p.printing.Lock()
	defer p.printing.Unlock()
	if p.printed.json {
		return p.printed.document(n)
	}
	for i := range n.Reports {
		if err := p.printed.print(&n.Reports[i]); err != nil {
			return err
		}
	}
	for _, c := range n.Counted {
		if len(c.PIDs) > 0 {
			p.app.say("killed in %s, of which the kernel log names no cgroup: %d", c.Path, c.PIDs)
		}
		if alone := c.Kills - int64(len(c.PIDs)); alone > 0 {
			p.app.say("%d killed in %s, by the cgroup's counter alone", alone, c.Path)
		}
	}
	for _, k := range n.UserKills {
		p.app.say("%s: %s", k.Killer, k.Text)
	}
	return nil
}
