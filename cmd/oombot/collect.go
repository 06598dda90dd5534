package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/tools/bundle"
)

func newCollect(a *app) *cobra.Command {
	var f liveFlags
	var out string
	var trace bool
	cmd := &cobra.Command{
		Use:   "collect TARGET --out DIR",
		Short: "record a live incident as a bundle",
		Long: `collect reads what 'oombot investigate TARGET' reads, takes the secrets out and writes it into the folder DIR, from
which 'oombot investigate --bundle DIR' gives the same verdict at any later time, without a cluster. DIR is there whole
afterwards, or not at all; with - in place of it a tar archive of the folder bundle goes to standard output. What could
not be read is noted in its incident.yaml. The cluster is only read.

What node agents told stands in the memory file of the bot: where memory.file, OOMBOT_MEMORY or --memory names it, as in
the bot's own pod, the bundle has that as well. Nothing is remembered.

TARGET is written as for 'oombot investigate'.`,
		Example: `  oombot collect shop/checkout-7c9d8f6b5-x2x4p --out incidents/checkout-2026-03-04
  kubectl exec deploy/oombot -n oombot -- /oombot collect shop/checkout-7c9d8f6b5-x2x4p --out - | tar -x
  oombot investigate --bundle incidents/checkout-2026-03-04`,
		Args: atMostOne,
	}
	output := outputFlag(cmd)
	f.add(cmd)
	cmd.Flags().StringVar(&out, "out", "", "the folder to write, which must not be there yet, or be empty; - for an archive on standard output")
	cmd.Flags().String("memory", config.MemoryNone, "the memory `FILE` of the bot, for what node agents told; none: do without")
	cmd.Flags().BoolVar(&trace, "trace", false, "say on standard error what each step did")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usagef("say what to record: a target, as shop/checkout-7c9d8f6b5-x2x4p")
		case out == "":
			return usagef("say where to write the bundle: --out DIR")
		}
		return a.collect(cmd, args[0], out, &f, trace, output.value)
	}
	return cmd
}

func (a *app) collect(cmd *cobra.Command, target, out string, f *liveFlags, trace bool, output string) error {
	ask, err := f.ask(target)
	if err != nil {
		return err
	}
	if err := a.vacantOut(out, output); err != nil {
		return err
	}
	cfg, err := a.loadConfig(cmd)
	if err != nil {
		return err
	}
	limitMemory()
	log, progress := a.watchTrace(trace)
	if !trace {
		progress = a.watchReading()
	}
	kernel := f.kernel(a.stdin)
	agents := a.openAgents(cmd.Context(), cfg.Memory, log)
	defer agents.close()
	kernel.agents = agents.heard()
	s, err := openSession(cmd.Context(), cfg, ask, kernel, log)
	if err != nil {
		return err
	}
	if agents.err != nil {
		s.recording.Blind(agents.blind())
	}
	a.tellSubject(s.subject)
	if err := s.record(cmd.Context(), progress); err != nil {
		return err
	}
	if out == standardOutput {
		written, err := a.archive(s)
		if err == nil {
			for _, line := range linesOf(written) {
				a.say("%s", line)
			}
		}
		return err
	}
	written, err := s.recording.Write(out, s.subject.Request, readVersion().String(), time.Now())
	if err != nil {
		return err
	}
	if output == outputJSON {
		return report.Document(a.stdout, written, "  ")
	}
	return a.printWritten(written)
}

// record reads all sources at once, each under its own deadline. The error is ctx's own only.
func (s *session) record(ctx context.Context, progress func(investigations.Progress)) error {
	if progress == nil {
		progress = func(investigations.Progress) {}
	}
	told := make(chan investigations.Progress)
	var group errgroup.Group
	for _, src := range s.sources {
		group.Go(func() error {
			name := src.Describe().Name
			told <- investigations.Progress{Tool: name}
			start := time.Now()
			err := s.recordOne(ctx, src)
			if err != nil {
				s.recording.Blind(investigations.BlindSpot{Tool: name, Why: "could not be read: " + err.Error(), WouldTell: investigations.WouldTell(name)})
			}
			told <- investigations.Progress{Tool: name, Done: true, Took: time.Since(start), Err: err}
			return nil
		})
	}
	go func() { // ends with the group, which ends with the sources
		_ = group.Wait() // what goes wrong is told
		close(told)
	}()
	for p := range told {
		progress(p)
	}
	return context.Cause(ctx)
}

func (s *session) recordOne(ctx context.Context, src liveSource) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.config.Limits.SourceTimeout))
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("source panicked", "source", src.Describe().Name, "err", p)
			err = fmt.Errorf("the source broke: %v", p)
		}
	}()
	return src.Record(ctx, s.subject, s.recording)
}

func (a *app) printWritten(w bundle.Written) error {
	return a.printf("%s\n", strings.Join(linesOf(w), "\n"))
}

// linesOf says what a bundle has, and what to do with it.
func linesOf(w bundle.Written) []string {
	out := []string{fmt.Sprintf("%s: %s, %s", oneLine(w.Dir), count(w.Files, "file"), investigations.FormatBytes(w.Bytes))}
	for _, line := range w.NotRead() {
		out = append(out, "  not read: "+oneLine(line))
	}
	return append(out, "Investigate it with: oombot investigate --bundle "+shellescape.Quote(w.Dir))
}
