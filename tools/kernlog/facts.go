package kernlog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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
	says := fmt.Sprintf("The kernel log of node %s %s %s.", l.Node, covers, kills)
	if w := l.Followed; w != nil && !w.From.IsZero() {
		says = fmt.Sprintf("The agent of node %s followed the kernel log without loss from %s to %s and %s.", l.Node, when(w.From), when(w.To), kills)
	} else if w != nil {
		says = fmt.Sprintf("The agent of node %s, which did not follow the kernel log without loss, %s.", l.Node, kills)
	}
	f := investigations.Fact{
		Tool: investigations.ToolKernlog, Key: "kernlog/log/" + l.Node, Source: l.Source,
		Says:   investigations.CleanText(says, 600),
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
		says := fmt.Sprintf("On node %s %s logged: %s.", f.log.Node, killerName(f.k.Killer), investigations.Quote(f.k.Text, 300))
		if f.k.Counted != nil {
			says = fmt.Sprintf("On node %s %s.", f.log.Node, CountedSentence(f.k.Counted))
		}
		out = append(out, investigations.Fact{
			Tool: investigations.ToolKernlog, Key: fmt.Sprintf("kernlog/userkill/%s/%d", f.log.Node, f.k.Line), At: f.k.At,
			Source: fmt.Sprintf("%s:%d", f.log.Source, f.k.Line), Says: investigations.CleanText(says, 600),
		})
	}
	return out
}

// CountedSentence says in one sentence, without its full stop, what a cgroup's counter of kills tells.
func CountedSentence(c *investigations.CountedKill) string {
	kills := "one kill"
	if c.Kills != 1 {
		kills = fmt.Sprintf("%d kills", c.Kills)
	}
	where := "cgroup " + quotePath(c.Path)
	if c.PodUID != "" {
		where = "container " + short(c.ContainerID) + " of pod " + c.PodUID
		if c.ContainerID == "" {
			where = "pod " + c.PodUID
		}
	}
	says := fmt.Sprintf("the kernel's own counter of %s told of %s that no report names", where, kills)
	switch {
	case c.Recorded:
		says = fmt.Sprintf("the flight recorder had seen in %s what the kernel killed by %s that no report names the cgroup of (%s)", where, kills, pidWords(c.PIDs))
	case len(c.Among) > 0:
		says += fmt.Sprintf("; bare kills came at that moment (%s), of this or of another cgroup", pidWords(c.Among))
	case len(c.PIDs) == 1:
		says += fmt.Sprintf("; the bare kill of pid %d came at that moment, and no other counter rose", c.PIDs[0])
	case len(c.PIDs) > 1:
		says += fmt.Sprintf("; the bare kills of %d processes came at that moment, and no other counter rose", len(c.PIDs))
	}
	if c.OOM {
		says += "; it was at that cgroup's own limit"
	}
	return says
}

// pidWords names some processes.
func pidWords(pids []int64) string {
	const most = 5
	words := make([]string, 0, most)
	for _, pid := range pids[:min(len(pids), most)] {
		words = append(words, fmt.Sprint(pid))
	}
	text := "pid " + strings.Join(words, ", ")
	if len(pids) > most {
		text += fmt.Sprintf(" and %d more", len(pids)-most)
	}
	return text
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
