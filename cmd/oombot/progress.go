package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// watch returns a callback that tells a person at a terminal, a line for each source, what has been read. It
// is nil where nobody watches.
func (a *app) watch() func(investigations.Progress) { return a.watchWith(progressLine) }

// watchReading is watch for a command that only reads: what a source's facts are nobody has looked at.
func (a *app) watchReading() func(investigations.Progress) { return a.watchWith(readingLine) }

func (a *app) watchWith(line func(investigations.Progress) string) func(investigations.Progress) {
	if !a.stderr.terminal {
		return nil
	}
	return func(p investigations.Progress) {
		if p.Done {
			fmt.Fprintln(a.stderr, redact.Text(line(p)))
		}
	}
}

// readingLine says what became of one source that was only read.
func readingLine(p investigations.Progress) string {
	says := "read"
	if p.Err != nil {
		says = oneLine(p.Err.Error())
	}
	return fmt.Sprintf("  %-9s %8s  %s", p.Tool, investigations.FormatDuration(p.Took), says)
}

// progressLine says what became of one source.
func progressLine(p investigations.Progress) string {
	if p.Err != nil {
		return fmt.Sprintf("  %-9s %8s  %s", p.Tool, investigations.FormatDuration(p.Took), oneLine(p.Err.Error()))
	}
	line := fmt.Sprintf("  %-9s %8s  %s", p.Tool, investigations.FormatDuration(p.Took), count(p.Facts, "fact"))
	if p.Blind > 0 {
		line += ", " + count(p.Blind, "blind spot")
	}
	return line
}

// traceProgress logs the start and the end of each source.
func traceProgress(log *slog.Logger) func(investigations.Progress) {
	return func(p investigations.Progress) {
		switch {
		case !p.Done:
			log.Debug("source asked", "source", p.Tool)
		case p.Err != nil:
			log.Debug("source failed", "source", p.Tool, "took", p.Took, "err", p.Err)
		default:
			log.Debug("source answered", "source", p.Tool, "took", p.Took, "facts", p.Facts, "blind_spots", p.Blind)
		}
	}
}

// count returns "1 fact", "2 facts".
func count[N int | int64](n N, thing string) string { return plural(n, thing, thing+"s") }

// plural returns n with the words for one or for many.
func plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// tellSubject says to a person at a terminal what was found to look at.
func (a *app) tellSubject(s investigations.Subject) {
	if !a.stderr.terminal {
		return
	}
	line := s.Request.Target.String()
	if s.GonePod {
		line += " (gone)"
	}
	if s.Workload != "" && s.Request.Target.Workload == "" {
		line += " of " + s.Workload
	}
	if s.Node != "" && s.Request.Target.Node == "" {
		line += " on node " + s.Node
	}
	a.say("looking at %s, at %s and the %s before", line, s.Request.At.Format(time.RFC3339), investigations.FormatDuration(s.Request.Window))
}
