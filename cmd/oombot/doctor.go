package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/tools/kubeclient"
	"github.com/oombot/oombot/tools/live"
)

// checkup is what `oombot doctor -o json` prints.
type checkup struct {
	Version int `json:"version"`
	// Sample is the pod about which the sources were asked; empty where none was found.
	Sample string                 `json:"sample"`
	Checks []investigations.Check `json:"checks"`
}

func newDoctor(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor [NAMESPACE/POD]",
		Short: "check configuration, permissions and reach of every source",
		Long: `doctor checks what an investigation of a running cluster would need: the configuration, the API server and each
permission, Prometheus with each query, Loki, Pyroscope, the kernel logs, the model, Slack with each permission of the bot, and,
where the bot's memory file is, which node agents were heard. It asks the sources about a sample pod, which is one that runs if
none is given; the model is only asked for its endpoint's list. It prints one line a check: ok, warn or fail, and what to do.
It changes nothing and posts nothing, and its exit status is 0 also where something fails.`,
		Example: `  oombot doctor
  oombot doctor shop/checkout-7c9d8f6b5-x2x4p --config oombot.yaml -o json | jq '.checks[] | select(.state != "ok")'`,
		Args: atMostOne,
	}
	configFlag(cmd)
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var words live.Words
		if len(args) == 1 {
			var err error
			if words, err = live.ParseTarget(args[0]); err != nil {
				return usageError{err}
			}
		}
		var faulty *config.Error
		cfg, err := a.readConfig(cmd)
		c := &checkup{Version: 1, Checks: []investigations.Check{}}
		switch {
		case errors.As(err, &faulty):
			c.addConfiguration(faulty)
		case err != nil:
			return err
		default:
			log := a.logger(slog.LevelError)
			var model, bot []investigations.Check
			var group errgroup.Group
			group.Go(func() error { // beside the sources, since each may take all of its time
				model = checkModel(cmd.Context(), cfg)
				return nil
			})
			group.Go(func() error {
				bot = a.checkBot(cmd.Context(), cfg)
				return nil
			})
			a.examine(cmd.Context(), c, cfg, words, log)
			c.add(a.checkMemory(cmd.Context(), cfg.Memory, log)...)
			_ = group.Wait() // what goes wrong is in the checks
			c.add(model...)
			c.add(bot...)
		}
		c.mask()
		if err := context.Cause(cmd.Context()); err != nil {
			return err
		}
		if output.value == outputJSON {
			return report.Document(a.stdout, c, "  ")
		}
		return a.printCheckup(c)
	}
	return cmd
}

// addConfiguration says what is wrong with a configuration. Without it nobody knows which sources there are.
func (c *checkup) addConfiguration(e *config.Error) {
	const fix = "docs/configuration.md explains every key"
	for _, f := range e.Faults {
		c.add(investigations.Check{Name: "configuration", State: investigations.CheckFail, Says: f.String(), Fix: fix})
	}
	if e.More > 0 {
		c.add(investigations.Check{Name: "configuration", State: investigations.CheckFail, Says: count(e.More, "more fault"), Fix: fix})
	}
	c.add(investigations.Check{
		Name: "sources", State: investigations.CheckWarn, Says: "not looked at, since the configuration can't be used", Fix: "correct it first",
	})
}

// examine runs all checks. What goes wrong is in them.
func (a *app) examine(ctx context.Context, c *checkup, cfg *config.Config, words live.Words, log *slog.Logger) {
	c.add(investigations.Check{Name: "configuration", State: investigations.CheckOK, Says: "it can be used"})
	agents := a.openAgents(ctx, cfg.Memory, log)
	defer agents.close()
	timeout := time.Duration(cfg.Limits.SourceTimeout)
	cluster, err := connect(cfg, log)
	var sample investigations.Subject
	if err != nil {
		c.add(investigations.Check{
			Tool: investigations.ToolPods, Name: "API server", State: investigations.CheckFail, Says: err.Error(),
			Fix: "set kubernetes.kubeconfig in the configuration, or KUBECONFIG, or run oombot inside the cluster",
		})
	} else {
		limited, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		c.add(apiServer(limited, cluster))
		var found investigations.Check
		sample, found = sampleOf(limited, cluster, words)
		if len(sample.Pods) > 0 {
			c.Sample = sample.Request.Target.String()
		}
		c.add(found)
		if limited.Err() == nil {
			c.add(permissions(limited, cluster, sample.Request.Target.Namespace)...)
		} else {
			c.add(investigations.Check{
				Tool: investigations.ToolPods, Name: "permissions", State: investigations.CheckWarn,
				Says: "not looked at, since the API server gave no answer in time", Fix: "see to the API server first, or raise limits.source_timeout",
			})
		}
	}
	c.add(sources(ctx, cfg, cluster, kernelLogs{agents: agents.heard()}, sample, timeout)...)
	c.add(a.checkAgents(ctx, cfg, cluster, agents)...)
}

// mask takes secrets and line breaks out of what the checks say.
func (c *checkup) mask() {
	for i := range c.Checks {
		k := &c.Checks[i]
		k.Says, k.Fix = oneLine(redact.Text(k.Says)), oneLine(redact.Text(k.Fix))
	}
}

func (c *checkup) add(checks ...investigations.Check) { c.Checks = append(c.Checks, checks...) }

func apiServer(ctx context.Context, cluster *kubeclient.Cluster) investigations.Check {
	k := investigations.Check{Tool: investigations.ToolPods, Name: "API server", State: investigations.CheckOK}
	version, err := cluster.Version(ctx)
	if err != nil {
		k.State, k.Says = investigations.CheckFail, err.Error()
		k.Fix = "check the address and the credentials: kubectl version with the same kubeconfig"
		return k
	}
	k.Says = "it answers, version " + version
	return k
}

// sampleOf finds the pod that the sources are asked about.
func sampleOf(ctx context.Context, cluster *kubeclient.Cluster, words live.Words) (investigations.Subject, investigations.Check) {
	k := investigations.Check{Tool: investigations.ToolPods, Name: "sample pod", State: investigations.CheckOK}
	fail := func(err error) (investigations.Subject, investigations.Check) {
		k.State, k.Says = investigations.CheckWarn, err.Error()
		k.Fix = "name a pod that runs: oombot doctor NAMESPACE/POD"
		return investigations.Subject{Request: investigations.Request{
			At: time.Now(), Window: investigations.DefaultWindow, Target: investigations.Target{Namespace: words.Namespace},
		}}, k
	}
	if words == (live.Words{}) {
		object, err := cluster.Sample(ctx, "")
		if err != nil {
			return fail(err)
		}
		words = live.Words{Namespace: object.GetNamespace(), Kind: "pod", Name: object.GetName()}
	}
	resolver := live.Resolver{Cluster: cluster, Now: time.Now}
	sample, err := resolver.Resolve(ctx, live.Ask{Words: words, At: time.Now()})
	if err != nil {
		return fail(err)
	}
	k.Says = sample.Request.Target.String()
	return sample, k
}

// permissions asks the API server for each permission that a source declares: for the whole cluster, and where that
// is refused for the namespace.
func permissions(ctx context.Context, cluster *kubeclient.Cluster, namespace string) []investigations.Check {
	var out []investigations.Check
	var group errgroup.Group
	group.SetLimit(8)
	for _, read := range readers() {
		d := read(nil).Describe()
		for _, declared := range d.Permissions {
			p, ours := kubeclient.ParsePermission(declared)
			if !ours {
				continue
			}
			out = append(out, investigations.Check{Tool: d.Name, Name: p.String()})
		}
	}
	for i := range out {
		group.Go(func() error {
			k := &out[i]
			p, _ := kubeclient.ParsePermission(plainPermission(k.Name))
			*k = permission(ctx, cluster, k.Tool, p, namespace)
			return nil
		})
	}
	_ = group.Wait() // what goes wrong is in the checks
	return out
}

// plainPermission takes the API group off.
func plainPermission(name string) string {
	verb, resource, _ := strings.Cut(name, " ")
	resource, _, _ = strings.Cut(resource, ".")
	return verb + " " + resource
}

func permission(ctx context.Context, cluster *kubeclient.Cluster, tool string, p kubeclient.Permission, namespace string) investigations.Check {
	k := investigations.Check{Tool: tool, Name: p.String(), State: investigations.CheckOK, Says: "allowed"}
	everywhere, err := cluster.Allowed(ctx, p, "")
	if err != nil {
		k.State, k.Says, k.Fix = investigations.CheckWarn, err.Error(), "see the check of the API server"
		if errors.Is(err, investigations.ErrForbidden) {
			k.Fix = "the role oombot-doctor in deploy/rbac.yaml lets doctor ask: kubectl apply -f deploy/rbac.yaml"
		}
		return k
	}
	if everywhere {
		return k
	}
	k.State, k.Says = investigations.CheckFail, "not allowed: "+investigations.WouldTell(tool)+" is not seen whole"
	k.Fix = "add the rule to the role of oombot's account; kubectl apply -f deploy/rbac.yaml has all of them"
	switch {
	case p.Custom():
		k.State, k.Says = investigations.CheckWarn, "not allowed; it matters only where these objects are installed"
	case p.Clustered():
		k.State = investigations.CheckWarn
	}
	if namespace == "" || p.Clustered() {
		return k
	}
	if here, err := cluster.Allowed(ctx, p, namespace); err == nil && here {
		k.State, k.Says = investigations.CheckWarn, fmt.Sprintf("allowed in namespace %s, not in all", namespace)
		k.Fix = "for the node's other pods, kubectl apply -f deploy/rbac.yaml; a role for one namespace is enough for the rest"
	}
	return k
}

// sources asks all sources for their health, side by side.
func sources(
	ctx context.Context, cfg *config.Config, cluster *kubeclient.Cluster, kernel kernelLogs, sample investigations.Subject, timeout time.Duration,
) []investigations.Check {
	all := liveSources(cfg, cluster, kernel)
	answers := make([][]investigations.Check, len(all))
	var group errgroup.Group
	for i, src := range all {
		checker, ok := src.LiveSource.(investigations.Checker)
		if !ok {
			continue
		}
		group.Go(func() error {
			limited, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			answers[i] = checker.Check(limited, sample)
			return nil
		})
	}
	_ = group.Wait() // what goes wrong is in the checks
	var out []investigations.Check
	for _, a := range answers {
		out = append(out, a...)
	}
	return out
}
