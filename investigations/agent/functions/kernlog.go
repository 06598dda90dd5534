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

// What may be asked of kernel logs.
const (
	kernelReport    = "report"
	kernelTasks     = "tasks"
	kernelStats     = "stats"
	kernelKills     = "kills"
	kernelUserKills = "user_kills"
)

const (
	// usualTasks and reportTasks are how many processes are told where the call does not say.
	usualTasks, reportTasks = 6, 3
	// farReport is how far a report may be from the moment that was asked for without a word on it.
	farReport = 2 * time.Minute
)

// oomReport is a kernel report with its log and its moment; at is zero where the log's clock is not known.
type oomReport struct {
	log *investigations.KernelLog
	r   *investigations.KernelReport
	at  time.Time
}

func (o oomReport) source() string {
	if o.r.Lines[0] == 0 {
		return o.log.Source
	}
	return fmt.Sprintf("%s:%d-%d", o.log.Source, o.r.Lines[0], o.r.Lines[1])
}

// when says when and where a report was written, as the begin of a sentence.
func (o oomReport) when() *sentence {
	switch {
	case !o.at.IsZero():
		return say("At %s on node %s ", o.at, quote(o.log.Node, 80))
	case o.r.UptimeS != nil:
		return say("%s after boot on node %s ", secondsOf("uptime", time.Duration(*o.r.UptimeS*float64(time.Second))), quote(o.log.Node, 80))
	}
	return say("On node %s ", quote(o.log.Node, 80))
}

// kernlog answers from the kernel logs.
func (s *Set) kernlog(_ context.Context, args args, a *answer) error {
	node, err := s.node("kernlog", args)
	if err != nil {
		return err
	}
	logs, reports := s.kernelLogs(node)
	if len(logs) == 0 {
		s.blind(a, investigations.ToolKernlog)
		return nil
	}
	what := args.text("what")
	if what == kernelUserKills {
		userKills(logs, a)
		return nil
	}
	if len(reports) == 0 {
		a.note("nothing found: %s no OOM kill", logsTell(logs))
		silence(logs, cmp.Or(args.time("at"), s.at()), a)
		return nil
	}
	at := args.time("at")
	if what == kernelKills {
		s.kills(reports, cmp.Or(at, s.at()), a)
		a.note("%s %d kills", logsTell(logs), len(reports))
		return nil
	}
	o := s.chooseReport(reports, at)
	if len(reports) > 1 {
		a.note("%s %d kills, and this is one of them: what=kills lists them", logsTell(logs), len(reports))
	}
	if d := o.at.Sub(at).Abs(); !at.IsZero() && !o.at.IsZero() && d > farReport {
		a.note("the nearest report is %s away from the moment asked for", investigations.FormatDuration(d))
	}
	switch what {
	case kernelTasks:
		tasks(o, int(args.number("top", usualTasks)), a)
	case kernelStats:
		stats(o, a)
	default:
		report(o, int(args.number("top", reportTasks)), a)
	}
	return nil
}

// kernelLogs returns the logs of a node, or all, and their reports.
func (s *Set) kernelLogs(node string) (logs []*investigations.KernelLog, reports []oomReport) {
	if s.ev.Kernel == nil {
		return nil, nil
	}
	for i := range s.ev.Kernel.Logs {
		l := &s.ev.Kernel.Logs[i]
		if node != "" && l.Node != node {
			continue
		}
		logs = append(logs, l)
		for j := range l.Reports {
			o := oomReport{log: l, r: &l.Reports[j]}
			switch {
			case o.r.At != nil:
				o.at = *o.r.At
			case !l.BootTime.IsZero() && o.r.UptimeS != nil:
				o.at = l.BootTime.Add(time.Duration(*o.r.UptimeS * float64(time.Second)))
			}
			reports = append(reports, o)
		}
	}
	return logs, reports
}

// logsTell says what the logs cover, as the begin of a note.
func logsTell(logs []*investigations.KernelLog) string {
	var parts []string
	for _, l := range logs[:min(len(logs), 3)] {
		text := "the kernel log of " + quote(l.Node, 80)
		if !l.From.IsZero() {
			text += " from " + stamp(l.From) + " to " + stamp(l.To)
		}
		parts = append(parts, text)
	}
	if rest := len(logs) - len(parts); rest > 0 {
		parts = append(parts, fmt.Sprintf("%d more", rest))
	}
	verb := " tells of"
	if len(logs) > 1 {
		verb = " tell of"
	}
	return strings.Join(parts, " and ") + verb
}

// silence notes which logs don't speak for a moment, since they end too long before it or begin after it.
func silence(logs []*investigations.KernelLog, moment time.Time, a *answer) {
	for _, l := range logs[:min(len(logs), 3)] {
		if l.From.IsZero() {
			a.note("when the log of %s was written is not known", quote(l.Node, 80))
		} else if l.From.After(moment) || l.TooQuiet(l.From, l.To, moment) {
			a.note("the log of %s says nothing of %s: it does not cover that moment", quote(l.Node, 80), stamp(moment))
		}
	}
}

// chooseReport returns the report nearest to at; without at, that of the verdict's victim where there is one.
func (s *Set) chooseReport(reports []oomReport, at time.Time) oomReport {
	isVictims := func(o oomReport) bool {
		v := s.res.Verdict.Victim
		return at.IsZero() && v != nil && v.PID != 0 && (v.Node == "" || v.Node == o.log.Node) &&
			slices.ContainsFunc(o.r.Killed, func(k investigations.KernelKill) bool { return k.PID == v.PID })
	}
	moment := cmp.Or(at, s.at())
	return slices.MinFunc(reports, func(a, b oomReport) int {
		if x, y := isVictims(a), isVictims(b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Compare(awayFrom(a.at, moment), awayFrom(b.at, moment))
	})
}

// awayFrom is how far a moment is from another; one that is not known is farthest.
func awayFrom(t, moment time.Time) time.Duration {
	if t.IsZero() {
		return 1<<63 - 1
	}
	return t.Sub(moment).Abs()
}

// kills tells of the kills nearest to a moment, in the order of time.
func (s *Set) kills(reports []oomReport, moment time.Time, a *answer) {
	slices.SortStableFunc(reports, func(x, y oomReport) int { return cmp.Compare(awayFrom(x.at, moment), awayFrom(y.at, moment)) })
	if len(reports) > a.most {
		a.skip(len(reports) - a.most)
		reports = reports[:a.most]
	}
	slices.SortStableFunc(reports, func(x, y oomReport) int { return x.at.Compare(y.at) })
	for _, o := range reports {
		t := o.when()
		if len(o.r.Killed) == 0 {
			t.and("the kernel reports an OOM whose victim the log does not hold")
		} else {
			k := o.r.Killed[0]
			t.and("the kernel killed %s (pid %s)", quote(k.Comm, 60), countOf("pid", k.PID))
			if k.AnonRSSKB != nil {
				t.and(" with %s anonymous", bytesOf("anon_rss", *k.AnonRSSKB<<10))
			}
			if more := len(o.r.Killed) - 1; more > 0 {
				t.and(" and %s", things("more_killed", more, "more process", "more processes"))
			}
		}
		t.and("; what broke: %s", words(string(o.r.Boundary)))
		if m := o.r.Memory; m != nil && m.LimitKB != nil {
			t.and(" at its limit of %s", bytesOf("limit", *m.LimitKB<<10))
		}
		if pod := s.podOf(o.r); pod != "" {
			t.and("; pod %s", quote(pod, 200))
		}
		a.add(o.at, o.source(), t)
	}
}

// podOf returns the namespace and name of the pod whose cgroup a report names, as far as the pods are known.
func (s *Set) podOf(r *investigations.KernelReport) string {
	if r.PodUID == "" || s.ev.Pods == nil {
		return ""
	}
	for i := range s.ev.Pods.Pods {
		p := &s.ev.Pods.Pods[i]
		// The kubelet names a static pod's cgroup by the hash of its file.
		if p.UID == r.PodUID || p.Annotations["kubernetes.io/config.hash"] == r.PodUID {
			return p.Namespace + "/" + p.Name
		}
	}
	return ""
}

// userKills tells of kills by programs, as they stand in the kernel's log.
func userKills(logs []*investigations.KernelLog, a *answer) {
	for _, l := range logs {
		for _, k := range l.UserKills {
			if a.full() {
				a.skip(1)
				continue
			}
			source := l.Source
			if k.Line > 0 {
				source = fmt.Sprintf("%s:%d", l.Source, k.Line)
			}
			a.add(k.At, source, say("At %s on node %s %s logged: %s", k.At, quote(l.Node, 80), k.Killer, quote(k.Text, 300)))
		}
	}
	if a.empty() {
		a.note("nothing found: %s no kill by systemd-oomd, earlyoom or the kubelet", logsTell(logs))
	}
}
