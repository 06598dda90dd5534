package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
	"github.com/oombot/oombot/investigations/redact"
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
	var fast, noLLM bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "watch recorded incidents being diagnosed; nothing has to be installed",
		Long: `demo replays recorded incidents as the engineer on call lives them: the alert, what is read, the verdict, and
what it teaches. What is remembered of one, in a temporary file, is at hand in the next. It needs no cluster and no
network, and takes less than a minute; Enter or space goes on to the next incident, q ends it.`,
		Example: `  oombot demo
  oombot demo --fast | less`,
		Args: noArgs,
	}
	output := outputFlag(cmd)
	cmd.Flags().BoolVar(&fast, "fast", false, "make no pauses")
	noLLMFlag(cmd, &noLLM)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		limitMemory()
		d := demo{app: a, log: a.logger(slog.LevelWarn), pauser: noPauser{}}
		defer d.remember(cmd.Context())()
		if output.value == outputJSON {
			return d.documents(cmd.Context())
		}
		if !fast && a.stdout.terminal {
			p := newKeyPauser(a.stdin)
			d.pauser, d.keys = p, p.reads()
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

// investigate investigates an example, with what is remembered of those before it, and remembers it.
func (d *demo) investigate(
	ctx context.Context, name string, progress func(investigations.Progress),
) (*investigations.Result, *investigations.Evidence, error) {
	fsys, req, err := openExample(name)
	if err != nil {
		return nil, nil, err
	}
	result, evidence, err := diagnose(ctx, req, bundleTools(fsys, nil, d.past), d.past.recaller(), d.log, progress)
	if err == nil {
		d.past.keep(ctx, req, result, evidence, nil)
	}
	return result, evidence, err
}

// documents prints each incident's result as a JSON document on one line.
func (d *demo) documents(ctx context.Context) error {
	for _, i := range demoIncidents {
		result, _, err := d.investigate(ctx, i.name, nil)
		if err != nil {
			return err
		}
		if err := report.CompactJSON(d.stdout, result); err != nil {
			return err
		}
	}
	return nil
}

// show plays all incidents.
func (d *demo) show(ctx context.Context) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, as the engineer on call lives them.\nNothing is installed, asked or changed.\n",
		count(len(demoIncidents), "recorded incident"))
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

// play shows one incident from its alert to what it teaches.
func (d *demo) play(ctx context.Context, i demoIncident) error {
	_, req, err := openExample(i.name)
	if err != nil {
		return err
	}
	if err := d.tell(ctx, pauseAlert, alertLine(req)+"\n"); err != nil {
		return err
	}
	var steps []string
	result, evidence, err := d.investigate(ctx, i.name, func(p investigations.Progress) {
		if p.Done {
			steps = append(steps, progressLine(p)+"\n")
		}
	})
	if err != nil {
		return err
	}
	if err := d.print("\noombot reads what was recorded (examples/" + i.name + "):\n"); err != nil {
		return err
	}
	for _, step := range steps { // they took milliseconds: slowed down, so that one can read along
		if err := d.tell(ctx, pauseSource, step); err != nil {
			return err
		}
	}
	var verdict bytes.Buffer
	options := report.TextOptions{Width: d.stdout.width, Color: d.stdout.color}
	if err := report.Text(&verdict, result, evidence, options); err != nil {
		return err
	}
	for part := range strings.SplitAfterSeq("\n"+verdict.String(), "\n\n") {
		if err := d.tell(ctx, time.Duration(strings.Count(part, "\n"))*pauseLine, part); err != nil {
			return err
		}
	}
	teaches := i.teaches
	if teaches == "" {
		teaches = lesson(result.Verdict)
	}
	return d.tell(ctx, pauseEnding, "\n"+wrap("What it teaches: "+teaches, d.width()))
}

// tell prints text and gives time to read it.
func (d *demo) tell(ctx context.Context, pause time.Duration, text string) error {
	if err := d.print(text); err != nil {
		return err
	}
	if d.hurry {
		return ctx.Err()
	}
	switch d.pauser.pause(ctx, pause) {
	case leave:
		return errLeft
	case goOn:
		d.hurry = true
	case timeOver:
	}
	return nil
}

func (d *demo) print(text string) error {
	_, err := io.WriteString(d.stdout, redact.Text(text))
	return err
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
