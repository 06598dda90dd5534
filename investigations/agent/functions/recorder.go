package functions

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// mostTop is how many of a flight recorder's processes are told.
const mostTop = 4

// recorder answers from the node agents' flight recorders.
func (s *Set) recorder(ctx context.Context, p party, w window, a *answer) error {
	if len(s.ev.Metrics.Recorder) == 0 {
		a.couldNot = true
		a.note("could not look: no flight recorder of a node agent was read; it would tell how memory went in the seconds before")
		return nil
	}
	var curves []curve
	for i := range s.ev.Metrics.Recorder {
		r := &s.ev.Metrics.Recorder[i]
		for j := range r.Series {
			x := &r.Series[j]
			if !p.fits(x.Namespace, x.Pod, x.Container) {
				continue
			}
			c := curve{series: x.Series, unit: plainNumber, source: r.Source}
			c.series.Namespace, c.series.Pod, c.series.Container = x.Namespace, x.Pod, x.Container
			if x.Unit == "bytes" {
				c.unit = inBytes
			}
			c.name = "flight recorder of node " + quote(r.Node, 80) + ": " + quote(x.Name, 60)
			if who := strings.Trim(x.Namespace+"/"+x.Pod+"/"+x.Container, "/"); who != "" {
				c.name += " of " + quote(who, 220)
			}
			curves = append(curves, c)
		}
		top(r, p, cmp.Or(w.at, w.to, s.at()), a)
	}
	if len(curves) == 0 {
		a.note("nothing found: the flight recorder holds no series of %s", s.asked(p))
		return nil
	}
	return s.tell(ctx, curves, w, a)
}

// topReach is how long before the last of them a reading of a process still counts: a recorder looks at containers far from
// their limits every few seconds only.
const topReach = 15 * time.Second

// top tells of the largest processes that a recorder saw last before a moment, each by its last reading.
func top(r *investigations.Recorder, p party, moment time.Time, a *answer) {
	latest, commands := map[int64]investigations.RecorderTop{}, map[int64]string{}
	var last time.Time
	for _, t := range r.Top {
		if t.At.After(moment) || !p.fits(t.Namespace, t.Pod, t.Container) {
			continue
		}
		if had, ok := latest[t.PID]; !ok || t.At.After(had.At) {
			latest[t.PID] = t
		}
		// Not every reading says how the process was started.
		commands[t.PID] = cmp.Or(t.Command, commands[t.PID])
		if t.At.After(last) {
			last = t.At
		}
	}
	rows := slices.Collect(maps.Values(latest))
	rows = slices.DeleteFunc(rows, func(t investigations.RecorderTop) bool { return last.Sub(t.At) > topReach })
	slices.SortFunc(rows, func(x, y investigations.RecorderTop) int {
		return cmp.Or(cmp.Compare(y.RSSBytes, x.RSSBytes), cmp.Compare(x.PID, y.PID))
	})
	for _, t := range rows[:min(len(rows), mostTop)] {
		command := ""
		if c := commands[t.PID]; c != "" {
			command = ", started as " + quote(c, investigations.RecorderCommandBytes)
		}
		a.add(t.At, r.Source, say("flight recorder of node %s: at %s process %s (pid %s%s) had %s resident", quote(r.Node, 80), t.At, quote(t.Comm, 60), countOf("pid", t.PID), command, bytesOf("rss", t.RSSBytes)))
	}
}
