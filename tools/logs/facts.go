package logs

import (
	"fmt"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxFacts bounds the inventory, maxCovered the logs in it, and maxEach the lines of a kind.
	maxFacts, maxCovered, maxEach = 10, 3, 3
	// margin is how long before the moment a log must begin to tell of what came before the kill: an alert
	// fires some minutes after it.
	margin = 5 * time.Minute
)

// ofTarget returns the logs of the target's container, of its pod or of its workload's pods.
func ofTarget(req investigations.Request, logs []investigations.ContainerLog) []investigations.ContainerLog {
	var out []investigations.ContainerLog
	for _, l := range logs {
		f := file{namespace: l.Namespace, pod: l.Pod, container: l.Container}
		if r := f.near(req.Target); r == rankContainer || r == rankWorkload {
			out = append(out, l)
		}
	}
	return out
}

// coverage notes what the target's logs do not show.
func (n *notes) coverage(req investigations.Request, logs []investigations.ContainerLog) {
	t := req.Target
	if t.Pod == "" && t.Workload == "" {
		return
	}
	name := t.String()
	of := ofTarget(req, logs)
	if len(of) == 0 {
		n.add("logs/ holds no log of %.300q", name)
		return
	}
	previous, why := false, ""
	for _, l := range of {
		previous = previous || l.Previous
		switch {
		case l.From.IsZero():
			why = fmt.Sprintf("%s has no timestamps", l.Source)
		case l.From.After(req.At.Add(-margin)):
			why = fmt.Sprintf("%s begins at %s", l.Source, clock(l.From))
		case l.To.Before(req.At.Add(-after)):
			why = fmt.Sprintf("%s ends at %s", l.Source, clock(l.To))
		default:
			return // one shows the time before the kill
		}
	}
	if !previous {
		why += "; there is no CONTAINER.previous.log"
	}
	n.add("no log of %.200q shows the time before %s: %s", name, clock(req.At), why)
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// facts say what the logs hold, the target's first.
func facts(req investigations.Request, logs []investigations.ContainerLog) []investigations.Fact {
	var out []investigations.Fact
	for _, l := range logs[:min(len(logs), maxCovered)] {
		out = append(out, covered(l))
	}
	for _, kinds := range [][]string{
		runtimeKinds, {investigations.LogWork}, {investigations.LogAllocation}, {investigations.LogChildDied}, {investigations.LogSignal},
	} {
		for _, f := range told(req, logs, kinds) {
			if len(out) < maxFacts {
				out = append(out, f)
			}
		}
	}
	for i := range out {
		out[i].Says = investigations.CleanText(out[i].Says, 600)
		out[i].Source = investigations.CleanText(out[i].Source, 300)
	}
	return out
}

// runtimeKinds are the kinds of a runtime's own error.
var runtimeKinds = []string{
	investigations.LogJavaOOM, investigations.LogV8Heap, investigations.LogPythonOOM, investigations.LogGoOOM,
	investigations.LogDotnetOOM, investigations.LogRubyOOM, investigations.LogPHPOOM, investigations.LogRustOOM,
	investigations.LogNativeOOM,
}

// covered says how much of a log there is.
func covered(l investigations.ContainerLog) investigations.Fact {
	which := "log"
	if l.Previous {
		which = "log of the life before"
	}
	f := investigations.Fact{
		Tool: investigations.ToolLogs, Key: "logs/coverage/" + l.Source, Source: l.Source, At: l.To,
		Values: map[string]float64{"lines": float64(l.Lines), "matches": float64(len(l.Matches))},
	}
	f.Says = fmt.Sprintf("%s of %.200q: %d lines", which, l.Namespace+"/"+l.Pod+"/"+l.Container, l.Lines)
	if !l.From.IsZero() {
		f.Says += fmt.Sprintf(" from %s to %s", clock(l.From), clock(l.To))
	}
	return f
}

// told returns the lines of some kinds that tell most: in the nearest log that has any, the latest ones before
// the moment, the largest size first.
func told(req investigations.Request, logs []investigations.ContainerLog, kinds []string) []investigations.Fact {
	for _, l := range logs {
		var ms []investigations.LogMatch
		for _, m := range l.Matches {
			if slices.Contains(kinds, m.Kind) && !m.At.After(req.At.Add(after)) {
				ms = append(ms, m)
			}
		}
		if len(ms) == 0 {
			continue
		}
		slices.SortStableFunc(ms, func(a, b investigations.LogMatch) int {
			recent := req.At.Add(-after)
			switch {
			case a.At.After(recent) != b.At.After(recent):
				if a.At.After(recent) {
					return -1
				}
				return 1
			case a.Bytes != b.Bytes && kinds[0] == investigations.LogWork:
				if a.Bytes > b.Bytes {
					return -1
				}
				return 1
			}
			return int(b.Line - a.Line)
		})
		var out []investigations.Fact
		for _, m := range ms[:min(len(ms), maxEach)] {
			out = append(out, line(l, m))
		}
		return out
	}
	return nil
}

func line(l investigations.ContainerLog, m investigations.LogMatch) investigations.Fact {
	f := investigations.Fact{
		Tool: investigations.ToolLogs, At: m.At, Source: fmt.Sprintf("%s:%d", l.Source, m.Line),
		Says: fmt.Sprintf("%.150q logged: %s", l.Pod+"/"+l.Container, investigations.Quote(m.Text, 400)),
	}
	f.Key = "logs/line/" + f.Source
	if m.Bytes > 0 {
		f.Values = map[string]float64{"bytes": float64(m.Bytes)}
	}
	return f
}
