package functions

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxLine is how much of a line of a log is quoted.
	maxLine = 300
	// mostPlain is how many lines that are nothing in particular are told where nothing was asked for.
	mostPlain = 6
)

// logged is a line with its log, and what it was recognised as.
type logged struct {
	log    *investigations.ContainerLog
	line   investigations.LogLine
	kind   string
	detail string
	bytes  int64
}

// logs answers from the lines that were kept of containers' logs.
func (s *Set) logs(_ context.Context, args args, a *answer) error {
	p, err := s.party("logs", args)
	if err != nil {
		return err
	}
	from, to, err := args.between("logs")
	if err != nil {
		return err
	}
	if s.ev.Logs == nil || len(s.ev.Logs.Logs) == 0 {
		s.blind(a, investigations.ToolLogs)
		return nil
	}
	previous, asked := args.flag("previous")
	chosen := s.chooseLogs(p, func(l *investigations.ContainerLog) bool { return !asked || l.Previous == previous })
	if len(chosen) == 0 {
		a.note("could not look: no such log of %s was read; read were %s", s.asked(p), logList(s.ev.Logs.Logs))
		return nil
	}
	contains := strings.ToLower(args.text("contains"))
	var lines []logged
	for _, l := range chosen {
		for _, x := range linesOf(l) {
			switch {
			case contains != "" && !strings.Contains(strings.ToLower(x.line.Text), contains):
			case !from.IsZero() && x.line.At.Before(from), !to.IsZero() && x.line.At.After(to):
			default:
				lines = append(lines, x)
			}
		}
	}
	if len(lines) == 0 {
		a.note("nothing matched among the lines that were kept: %s", logsHold(chosen))
		return nil
	}
	a.note("%s", logsHold(chosen))
	if contains == "" && from.IsZero() && to.IsZero() {
		lines = telling(lines, s.at())
	}
	moment := cmp.Or(to, s.at())
	slices.SortStableFunc(lines, func(x, y logged) int { return cmp.Compare(awayFrom(x.line.At, moment), awayFrom(y.line.At, moment)) })
	a.skip(len(lines) - a.most)
	lines = lines[:min(len(lines), a.most)]
	slices.SortStableFunc(lines, func(x, y logged) int {
		return cmp.Or(x.line.At.Compare(y.line.At), cmp.Compare(x.line.Line, y.line.Line))
	})
	for _, x := range lines {
		x.tell(a)
	}
	return nil
}

// telling leaves of the lines that are nothing in particular those nearest to a moment: whoever asks for no words and no
// time wants what was recognised, and how it ended.
func telling(lines []logged, moment time.Time) []logged {
	var plain []logged
	recognised := slices.DeleteFunc(lines, func(x logged) bool {
		if x.kind == "" {
			plain = append(plain, x)
		}
		return x.kind == ""
	})
	slices.SortStableFunc(plain, func(x, y logged) int { return cmp.Compare(awayFrom(x.line.At, moment), awayFrom(y.line.At, moment)) })
	return append(recognised, plain[:min(len(plain), mostPlain)]...)
}

// chooseLogs returns the logs that a call is about: those that it names, else the target's pod's, else all.
func (s *Set) chooseLogs(p party, want func(*investigations.ContainerLog) bool) []*investigations.ContainerLog {
	find := func(p party) (out []*investigations.ContainerLog) {
		for i := range s.ev.Logs.Logs {
			if l := &s.ev.Logs.Logs[i]; p.fits(l.Namespace, l.Pod, l.Container) && want(l) {
				out = append(out, l)
			}
		}
		return out
	}
	t := s.target()
	if p.pod == "" && p.namespace == "" && t.Pod != "" {
		if out := find(party{t.Namespace, t.Pod, p.container}); len(out) > 0 {
			return out
		}
	}
	return find(p)
}

// linesOf returns the lines kept of a log, each once.
func linesOf(l *investigations.ContainerLog) []logged {
	var out []logged
	seen := map[investigations.LogLine]bool{}
	for _, m := range l.Matches {
		if !seen[m.LogLine] {
			out = append(out, logged{l, m.LogLine, m.Kind, m.Detail, m.Bytes})
		}
		seen[m.LogLine] = true
	}
	for _, x := range l.Last {
		if !seen[x] {
			out = append(out, logged{log: l, line: x})
		}
		seen[x] = true
	}
	return out
}

func (x *logged) tell(a *answer) {
	t := say("%s", quote(x.log.Pod+"/"+x.log.Container, 160))
	if x.log.Previous {
		t.and(" in its life before")
	}
	t.and(" logged")
	if !x.line.At.IsZero() {
		t.and(" at %s", x.line.At)
	}
	if x.kind != "" {
		t.and(" (%s", words(x.kind))
		if x.detail != "" {
			t.and(", %s", quote(x.detail, 60))
		}
		if x.bytes > 0 {
			t.and(", names %s", bytesOf("named", x.bytes))
		}
		t.and(")")
	}
	source := x.log.Source
	if x.line.Line > 0 {
		source = fmt.Sprintf("%s:%d", source, x.line.Line)
	}
	a.add(x.line.At, source, t.and(": %s", quote(x.line.Text, maxLine)))
}

// logsHold says how much the logs hold, and how much of it was kept.
func logsHold(chosen []*investigations.ContainerLog) string {
	var parts []string
	for _, l := range chosen[:min(len(chosen), 4)] {
		text := fmt.Sprintf("%s holds %d lines", logName(l), l.Lines)
		if !l.From.IsZero() {
			text += " from " + stamp(l.From) + " to " + stamp(l.To)
		}
		parts = append(parts, text+fmt.Sprintf(", of which %d were kept", len(linesOf(l))))
	}
	if rest := len(chosen) - len(parts); rest > 0 {
		parts = append(parts, fmt.Sprintf("and %d more logs", rest))
	}
	return strings.Join(parts, "; ")
}

func logName(l *investigations.ContainerLog) string {
	name := "the log of " + quote(l.Namespace+"/"+l.Pod+"/"+l.Container, 200)
	if l.Previous {
		name += " (previous)"
	}
	return name
}

// logList names some of the logs that there are.
func logList(all []investigations.ContainerLog) string {
	var names []string
	for i := range all[:min(len(all), 5)] {
		names = append(names, logName(&all[i]))
	}
	if rest := len(all) - len(names); rest > 0 {
		names = append(names, fmt.Sprintf("%d more", rest))
	}
	return strings.Join(names, ", ")
}
