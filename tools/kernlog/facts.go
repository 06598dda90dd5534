package kernlog

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

// How many facts there are of each sort; together no more than ten.
const (
	maxLogFacts    = 3
	maxReportFacts = 5
	maxUserFacts   = 2
)

// facts state what the logs hold: what they cover, the reports nearest to the moment, and kills by others than
// the kernel.
func facts(req investigations.Request, ev *investigations.KernelEvidence) []investigations.Fact {
	logs := slices.Clone(ev.Logs)
	slices.SortStableFunc(logs, func(a, b investigations.KernelLog) int {
		return cmp.Or(rank(a.Node != req.Target.Node)-rank(b.Node != req.Target.Node), rank(len(a.Reports) == 0)-rank(len(b.Reports) == 0))
	})
	var out []investigations.Fact
	for i := range logs[:min(len(logs), maxLogFacts)] {
		out = append(out, logFact(&logs[i]))
	}
	out = append(out, reportFacts(req, logs)...)
	return append(out, userFacts(req, logs)...)
}

// logFact says what one log covers.
func logFact(l *investigations.KernelLog) investigations.Fact {
	covers := "has no time in its lines and"
	switch {
	case !l.From.IsZero():
		covers = fmt.Sprintf("covers %s to %s (%s) and", when(l.From), when(l.To), investigations.FormatDuration(l.To.Sub(l.From)))
	case l.UptimeFrom != nil:
		covers = fmt.Sprintf("covers the seconds %.0f to %.0f since boot and", *l.UptimeFrom, *l.UptimeTo)
	}
	kills := fmt.Sprintf("tells of %d OOM kills", len(l.Reports))
	switch len(l.Reports) {
	case 0:
		kills = "tells of no OOM kill"
	case 1:
		kills = "tells of one OOM kill"
	}
	f := investigations.Fact{
		Tool: investigations.ToolKernlog, Key: "kernlog/log/" + l.Node, Source: l.Source,
		Says:   investigations.CleanText(fmt.Sprintf("The kernel log of node %s %s %s.", l.Node, covers, kills), 600),
		Values: map[string]float64{"reports": float64(len(l.Reports)), "lines": float64(l.Lines)},
	}
	if !l.From.IsZero() {
		f.Values["covered_seconds"] = l.To.Sub(l.From).Seconds()
	}
	return f
}

// reportFacts state the reports nearest to the moment, on the target's node first, in the order of time.
func reportFacts(req investigations.Request, logs []investigations.KernelLog) []investigations.Fact {
	type found struct {
		log      *investigations.KernelLog
		r        *investigations.KernelReport
		distance time.Duration
	}
	var all []found
	for i := range logs {
		for j := range logs[i].Reports {
			f := found{&logs[i], &logs[i].Reports[j], 1<<63 - 1}
			if f.r.At != nil {
				f.distance = f.r.At.Sub(req.At).Abs()
			}
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(rank(a.log.Node != req.Target.Node)-rank(b.log.Node != req.Target.Node), cmp.Compare(a.distance, b.distance))
	})
	var out []investigations.Fact
	for _, f := range all[:min(len(all), maxReportFacts)] {
		out = append(out, reportFact(f.log, f.r))
	}
	slices.SortStableFunc(out, func(a, b investigations.Fact) int { return a.At.Compare(b.At) })
	return out
}

func reportFact(l *investigations.KernelLog, r *investigations.KernelReport) investigations.Fact {
	f := investigations.Fact{
		Tool: investigations.ToolKernlog, Key: fmt.Sprintf("kernlog/report/%s/%d", l.Node, r.Lines[0]),
		Source: fmt.Sprintf("%s:%d-%d", l.Source, r.Lines[0], r.Lines[1]), Values: map[string]float64{},
		Says: investigations.CleanText("On node "+l.Node+" "+Sentence(r)+".", 600),
	}
	if r.At != nil {
		f.At = *r.At
	}
	value := func(key string, v *int64, unit float64) {
		if v != nil {
			f.Values[key] = float64(*v) * unit
		}
	}
	if r.Memory != nil {
		value("usage_bytes", &r.Memory.UsageKB, 1024)
		value("limit_bytes", r.Memory.LimitKB, 1024)
	}
	if len(r.Killed) > 0 {
		value("pid", &r.Killed[0].PID, 1)
		value("anon_rss_bytes", r.Killed[0].AnonRSSKB, 1024)
	}
	return f
}

// userFacts state the kills by user space nearest to the moment.
func userFacts(req investigations.Request, logs []investigations.KernelLog) []investigations.Fact {
	type found struct {
		log *investigations.KernelLog
		k   *investigations.UserKill
	}
	var all []found
	for i := range logs {
		for j := range logs[i].UserKills {
			all = append(all, found{&logs[i], &logs[i].UserKills[j]})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(
			rank(a.log.Node != req.Target.Node)-rank(b.log.Node != req.Target.Node),
			cmp.Compare(a.k.At.Sub(req.At).Abs(), b.k.At.Sub(req.At).Abs()),
		)
	})
	var out []investigations.Fact
	for _, f := range all[:min(len(all), maxUserFacts)] {
		out = append(out, investigations.Fact{
			Tool: investigations.ToolKernlog, Key: fmt.Sprintf("kernlog/userkill/%s/%d", f.log.Node, f.k.Line), At: f.k.At,
			Source: fmt.Sprintf("%s:%d", f.log.Source, f.k.Line),
			Says:   investigations.CleanText(fmt.Sprintf("On node %s %s logged: %s.", f.log.Node, killerName(f.k.Killer), investigations.Quote(f.k.Text, 300)), 600),
		})
	}
	return out
}

func killerName(killer string) string {
	switch killer {
	case investigations.UserKillKubeletEviction:
		return "the kubelet"
	case investigations.UserKillUnit:
		return "systemd"
	}
	return killer
}
