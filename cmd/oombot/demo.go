package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/examples"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/tools/bundle"
)

// The pauses of a demo, together below a minute for the incidents that it shows. With --fast, or where nobody
// watches, there are none.
const (
	pauseAlert  = 1200 * time.Millisecond
	pauseSource = 120 * time.Millisecond
	pauseLine   = 50 * time.Millisecond
	pauseEnding = 2200 * time.Millisecond
)

// errLeft ends a demo that a person has seen enough of.
var errLeft = errors.New("left")

// demoIncident is one of examples, with what it teaches where its verdict does not say that by itself.
type demoIncident struct{ name, teaches string }

// demoIncidents are those that the demo shows, in this order: what one expects, what is inherited from it and what
// only looks like it, and three that are not what they look like.
var demoIncidents = []demoIncident{
	{name: "leak-after-deploy"},
	{
		"leak-after-deploy-again", "an investigation inherits from those before it. The next release leaked by the same function; " +
			"the order of the revisions shows that the rollback had been done and had held until then, which nobody had to write down.",
	},
	{
		"limit-lowered", "what looks alike need not be alike. A gateway again, the same image repository, the same words in the alert, " +
			"and memory that ran out in another way: neither of the two incidents before is taken for a precedent.",
	},
	{name: "sidecar-in-a-pod-limit"},
	{name: "neighbour-is-a-backup-agent"},
	{name: "liveness-probe"},
}

func newDemo(a *app) *cobra.Command {
	var fast, ask, noLLM bool
	var slack slackFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "watch recorded incidents being diagnosed; nothing has to be installed",
		Long: `demo replays recorded incidents as the engineer on call lives them: the alert, what is read, the verdict, and
what it teaches. What is remembered of one, in a temporary file, is at hand in the next. It needs no cluster and no
network, and takes less than a minute; Enter or space goes on to the next incident, q ends it. With --llm, the configured
model looks at each verdict of the rules, and takes its time; docs/model.md says how to name one.

With --slack it is the bot that is shown: a local web page stands in for Slack, alerts come in, their threads grow, and
whoever opens it can mention oombot, press buttons and react. It serves until Ctrl-C, q or SIGTERM; Enter or space skips a
pause.`,
		Example: `  oombot demo
  oombot demo --fast | less
  oombot demo --slack
  OPENAI_BASE_URL=http://localhost:11434/v1 OPENAI_MODEL=a-local-model oombot demo --llm`,
		Args: noArgs,
	}
	output := outputFlag(cmd)
	configFlag(cmd)
	cmd.Flags().BoolVar(&fast, "fast", false, "make no pauses")
	cmd.Flags().BoolVar(&ask, "llm", false, "have the configured model look at each verdict of the rules")
	cmd.Flags().BoolVar(&slack.on, "slack", false, "show it as threads in a local web page that stands in for Slack")
	cmd.Flags().StringVar(&slack.listen, "listen", "127.0.0.1:0", "the loopback `ADDRESS` of that page; port 0 is any that is free")
	noLLMFlag(cmd, &noLLM)
	exclusive(cmd, "llm", "no-llm")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		limitMemory()
		if !ask && cmd.Flags().Changed("config") {
			return usagef("--config is for --llm: without a model there is nothing to configure")
		}
		asDocuments := output.value == outputJSON
		if err := slack.check(cmd.Flags().Changed("listen"), asDocuments); err != nil {
			return err
		}
		if slack.on {
			return a.demoSlack(cmd, slack, fast, ask)
		}
		d := demo{app: a, log: a.logger(slog.LevelWarn), pauser: noPauser{}}
		if !fast && !asDocuments && a.stdout.terminal {
			p := newKeyPauser(a.stdin)
			d.pauser, d.keys = p, p.reads()
		}
		if ask {
			if err := d.openModel(cmd); err != nil {
				return err
			}
		}
		defer d.remember(cmd.Context())()
		if asDocuments {
			return d.documents(cmd.Context())
		}
		return d.show(cmd.Context())
	}
	return cmd
}

// demo replays the incidents of examples.
type demo struct {
	*app
	log    *slog.Logger
	pauser pauser
	// model looks at the verdicts of the rules; nil where none is asked.
	model *llm
	// past is what the demo remembers of the incidents before; nil where that can't be kept.
	past *casebook
	// keys says that a key ends a pause, and hurry that one did: the rest of the incident comes at once.
	keys, hurry bool
}

// remember begins a file of past incidents that ends with the demo, and returns what ends it. Without a place for it the
// demo goes on and remembers nothing.
func (d *demo) remember(ctx context.Context) (end func()) {
	dir, err := os.MkdirTemp("", "oombot-demo-")
	if err != nil {
		d.log.Warn("the demo remembers nothing", "err", err)
		return func() {}
	}
	d.past = d.openPast(ctx, config.Memory{File: filepath.Join(dir, "memory.db")}, d.log)
	return func() {
		d.past.close()
		if err := os.RemoveAll(dir); err != nil {
			d.log.Warn("remove the demo's file of past incidents", "err", err)
		}
	}
}

// openModel opens the configured model; a demo that is to show one and has none is an error.
func (d *demo) openModel(cmd *cobra.Command) (err error) {
	d.model, err = d.demoModel(cmd, d.log, d.watchSteps())
	return err
}

// demoModel opens the configured model, or says how to name one.
func (a *app) demoModel(cmd *cobra.Command, log *slog.Logger, watch func(agent.Step)) (*llm, error) {
	cfg, err := a.loadConfig(cmd)
	if err != nil {
		return nil, err
	}
	if cfg.LLM.Model == "" {
		return nil, fmt.Errorf("--llm: %w", errNoModel)
	}
	return openLLM(cfg.LLM, llmFlags{}, log, watch)
}

// investigate investigates an example, with what is remembered of those before it, and remembers it.
func (d *demo) investigate(
	ctx context.Context, name string, progress func(investigations.Progress), published func(*investigations.Result),
) (*investigations.Result, *investigations.Evidence, error) {
	fsys, req, err := openExample(name)
	if err != nil {
		return nil, nil, err
	}
	result, evidence, err := diagnose(ctx, req, bundleTools(fsys, nil, d.past), investigations.Options{
		Memory: d.past.recaller(), Log: d.log, Progress: progress, Analyst: d.model.analyst(), Published: published,
	})
	if err == nil {
		d.past.keep(ctx, req, result, evidence, nil)
	}
	return result, evidence, err
}

// documents prints each incident's result as a JSON document on one line.
func (d *demo) documents(ctx context.Context) error {
	for _, i := range demoIncidents {
		result, _, err := d.investigate(ctx, i.name, nil, nil)
		if err != nil {
			return err
		}
		if err := report.CompactJSON(d.stdout, result); err != nil {
			return err
		}
	}
	return nil
}

// leavesAlone says what the demo does not do.
func (d *demo) leavesAlone() string {
	if d.model == nil {
		return "Nothing is installed, asked or changed."
	}
	return "Nothing is installed or changed; " + oneLine(d.model.name) + " is asked."
}

// show plays all incidents.
func (d *demo) show(ctx context.Context) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, as the engineer on call lives them.\n%s\n",
		count(len(demoIncidents), "recorded incident"), d.leavesAlone())
	if d.keys {
		b.WriteString("Enter or space goes on, q ends.\n")
	}
	if err := d.print(b.String()); err != nil {
		return err
	}
	for i, incident := range demoIncidents {
		title := fmt.Sprintf("── incident %d of %d ", i+1, len(demoIncidents))
		rule := strings.Repeat("─", max(0, d.width()-utf8.RuneCountInString(title)))
		if err := d.print("\n" + title + rule + "\n\n"); err != nil {
			return err
		}
		d.hurry = false
		if err := d.play(ctx, incident); errors.Is(err, errLeft) {
			return context.Cause(ctx) // nil where it was a key
		} else if err != nil {
			return err
		}
	}
	return d.print("\nYour own: oombot investigate --bundle DIR. All else: oombot help.\n")
}

// width is that of the report.
func (d *demo) width() int { return min(d.stdout.width, report.MaxWidth) }

// openExample returns an example's folder and what it asks to investigate.
func openExample(name string) (fs.FS, investigations.Request, error) {
	fsys, err := fs.Sub(examples.FS, name)
	if err != nil {
		return nil, investigations.Request{}, err
	}
	req, err := bundle.ReadIncident(fsys)
	return fsys, req, err
}
