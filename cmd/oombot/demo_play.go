package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/report"
)

// play shows one incident from its alert to what it teaches.
func (d *demo) play(ctx context.Context, i demoIncident) error {
	_, req, err := openExample(i.name)
	if err != nil {
		return err
	}
	if err := d.tell(ctx, pauseAlert, alertLine(req)+"\n"); err != nil {
		return err
	}
	result, evidence, err := d.diagnose(ctx, i)
	if err != nil {
		return err
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

// diagnose investigates an incident and shows what is read; where a model is asked, also the verdict of the rules, which
// waits for no model. The error is errLeft where a person has seen enough.
func (d *demo) diagnose(ctx context.Context, i demoIncident) (*investigations.Result, *investigations.Evidence, error) {
	var steps []string
	progress := func(p investigations.Progress) {
		if p.Done {
			steps = append(steps, progressLine(p)+"\n")
		}
	}
	if d.model == nil {
		result, evidence, err := d.investigate(ctx, i.name, progress, nil)
		if err != nil {
			return nil, nil, err
		}
		return result, evidence, d.showSteps(ctx, i.name, steps)
	}
	asking, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watched := func() {}
	result, evidence, err := d.investigate(asking, i.name, progress, func(r *investigations.Result) {
		err := d.showSteps(ctx, i.name, steps)
		if err == nil {
			err = d.print("\n" + wrap(fmt.Sprintf("By the rules, confidence %.2f: %s", r.Verdict.Confidence, r.Verdict.Headline), d.width()) +
				"oombot asks " + oneLine(d.model.name) + " to look at it.\n")
		}
		if err != nil {
			cancel(err)
			return
		}
		watched = d.watchKeys(asking, cancel)
	})
	watched()
	if cause := context.Cause(asking); cause != nil && ctx.Err() == nil {
		err = cause
	}
	return result, evidence, err
}

// showSteps shows what was read. It took milliseconds, and is slowed down, so that one can read along.
func (d *demo) showSteps(ctx context.Context, name string, steps []string) error {
	if err := d.print("\noombot reads what was recorded (examples/" + name + "):\n"); err != nil {
		return err
	}
	for _, step := range steps {
		if err := d.tell(ctx, pauseSource, step); err != nil {
			return err
		}
	}
	return nil
}

// longestWait is longer than any model is waited for.
const longestWait = 24 * time.Hour

// watchKeys reads keys while a model is asked: one that leaves ends that, one that goes on has the rest come at once. end
// stops the reading and waits for it.
func (d *demo) watchKeys(ctx context.Context, leaves context.CancelCauseFunc) (end func()) {
	waiting, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { // end waits for it
		defer close(done)
		for waiting.Err() == nil {
			switch d.pauser.pause(waiting, longestWait) {
			case leave:
				if waiting.Err() == nil {
					leaves(errLeft)
				}
				return
			case goOn:
				d.hurry = true
			case timeOver:
				return
			}
		}
	}()
	return func() {
		stop()
		<-done
	}
}

// watchSteps returns a callback that shows what is done with the model; nil where nobody watches.
func (d *demo) watchSteps() func(agent.Step) {
	if !d.keys {
		return d.watchModel()
	}
	return func(s agent.Step) {
		// While keys are read the terminal is raw, and a line's end alone does not begin the next one at its start.
		_, _ = io.WriteString(d.stdout, stepLine(s)+"\r\n") // what can't be shown is not missed
	}
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
