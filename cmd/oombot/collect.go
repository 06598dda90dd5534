package main

import (
	"context"
	"fmt"
	"time"

	"al.essio.dev/pkg/shellescape"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

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
afterwards, or not at all. What could not be read is noted in its incident.yaml. The cluster is only read.

TARGET is written as for 'oombot investigate'.`,
		Example: `  oombot collect shop/checkout-7c9d8f6b5-x2x4p --out incidents/checkout-2026-03-04
  oombot investigate --bundle incidents/checkout-2026-03-04`,
		Args: atMostOne,
	}
	output := outputFlag(cmd)
	f.add(cmd)
	cmd.Flags().StringVar(&out, "out", "", "the folder to write; it must not be there yet, or be empty")
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
	if err := bundle.Vacant(out); err != nil {
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
	s, err := openSession(cmd.Context(), cfg, ask, f.kernel(a.stdin), log)
	if err != nil {
		return err
	}
	a.tellSubject(s.subject)
	if err := s.record(cmd.Context(), progress); err != nil {
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
	err := a.printf("%s: %s, %s\n", oneLine(w.Dir), count(w.Files, "file"), investigations.FormatBytes(w.Bytes))
	if err != nil {
		return err
	}
	for _, line := range w.NotRead() {
		if err := a.printf("  not read: %s\n", oneLine(line)); err != nil {
			return err
		}
	}
	err = a.printf("Investigate it with: oombot investigate --bundle %s\n", shellescape.Quote(w.Dir))
	return err
}
