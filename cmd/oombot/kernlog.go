package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/tools/kernlog"
)

func newKernlog(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kernlog [FILE...]",
		Short: "print the OOM reports of kernel logs",
		Long: `kernlog finds every OOM kill in kernel logs and prints what the kernel said about it: whose limit broke, who
was killed, what held the memory. It reads what dmesg, journalctl, syslog and /dev/kmsg write, of any size,
from the files or from standard input. docs/kernlog.md says what the fields mean.`,
		Example: `  dmesg | oombot kernlog
  journalctl -k -o short-iso | oombot kernlog -o json
  oombot kernlog /var/log/kern.log /var/log/kern.log.1`,
		Args: cobra.ArbitraryArgs,
	}
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		k := kernlogRun{app: a, json: output.value == outputJSON}
		if len(args) == 0 {
			if err := k.read(cmd.Context(), "standard input", a.stdin); err != nil {
				return err
			}
			k.summarize()
			return nil
		}
		failed := false
		for _, name := range args {
			if err := k.readFile(cmd.Context(), name); err != nil {
				if cmd.Context().Err() != nil || k.broken != nil {
					return err
				}
				a.say("oombot: %v", err)
				failed = true
			}
		}
		k.summarize()
		if failed {
			return errReported
		}
		return nil
	}
	return cmd
}

// kernlogRun prints the reports of one or more logs, and counts them.
type kernlogRun struct {
	*app
	json bool

	reports, killed, lost int64
	// broken is why nothing can be printed any more.
	broken error
}

func (k *kernlogRun) readFile(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return k.read(ctx, name, f)
}

// read prints the reports of one log as they come, so that a log can be followed.
func (k *kernlogRun) read(ctx context.Context, name string, r io.Reader) error {
	scanner := kernlog.NewScanner(&interruptible{ctx: ctx, r: r}, kernlog.Options{Now: time.Now()})
	for scanner.Scan() {
		if k.broken = k.print(scanner.Report()); k.broken != nil {
			return k.broken
		}
	}
	for _, loss := range scanner.Summary().Lost {
		k.lost++
		k.say("%s:%d: %s", name, loss.Line, loss.Why)
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// print writes one report in one piece.
func (k *kernlogRun) print(r *investigations.KernelReport) error {
	k.reports++
	k.killed += int64(len(r.Killed))
	if k.json {
		return report.Document(k.stdout, r, "")
	}
	var b bytes.Buffer
	if k.reports > 1 {
		b.WriteByte('\n')
	}
	options := kernlog.TextOptions{Width: min(k.stdout.width, report.MaxWidth), Color: k.stdout.color}
	if err := kernlog.WriteText(&b, r, options); err != nil {
		return err
	}
	_, err := io.WriteString(k.stdout, redact.Text(b.String()))
	return err
}

// summarize says on standard error what was found.
func (k *kernlogRun) summarize() {
	if k.reports == 0 {
		k.say("no OOM report found")
		return
	}
	parts := []string{count(k.reports, "OOM report"), plural(k.killed, "process killed", "processes killed")}
	if k.lost > 0 {
		parts = append(parts, plural(k.lost, "place where the log lost lines", "places where the log lost lines"))
	}
	k.say("%s", strings.Join(parts, ", "))
}

// interruptible is a reader that gives up when ctx is done, even while it waits for a terminal or a pipe.
type interruptible struct {
	ctx context.Context // io.Reader leaves no other way to hand it in
	r   io.Reader
	buf []byte
}

// Read reads into a buffer of its own, which an abandoned read may fill after its end.
func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	if len(i.buf) < len(p) {
		i.buf = make([]byte, len(p))
	}
	type answer struct {
		n   int
		err error
	}
	done := make(chan answer, 1)
	buf := i.buf[:len(p)]
	go func() { // ends with the read; where that never ends, with the program
		n, err := i.r.Read(buf)
		done <- answer{n, err}
	}()
	select {
	case <-i.ctx.Done():
		i.buf = nil
		return 0, i.ctx.Err()
	case a := <-done:
		return copy(p, buf[:a.n]), a.err
	}
}
