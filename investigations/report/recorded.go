package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

// recordedUsage are the names of the series that say all that a container is charged for, recordedLimits those of its
// limit.
var recordedUsage, recordedLimits = []string{inv.RecordedCurrent, "usage", ""}, []string{inv.RecordedLimit, "max"}

// recordedOf joins the series of a container with one of the names in the flight recorders.
func recordedOf(ev *inv.Evidence, a inv.Party, names []string) []point {
	if ev.Metrics == nil {
		return nil
	}
	var all []inv.Series
	for _, r := range ev.Metrics.Recorder {
		for _, s := range r.Series {
			if s.Namespace == a.Namespace && s.Pod == a.Pod && s.Container == a.Container && slices.Contains(names, inv.RecordedName(s.Name)) {
				all = append(all, s.Series)
			}
		}
	}
	const query = "recorder"
	one := &inv.MetricEvidence{Queries: map[string]inv.Query{query: {Series: all}}}
	return collect(one, query, func(inv.Series) bool { return true })
}

// recordedContainers returns the names of a pod's containers that a flight recorder has, sorted.
func recordedContainers(ev *inv.Evidence, a inv.Party) []string {
	if ev.Metrics == nil {
		return nil
	}
	var names []string
	for _, r := range ev.Metrics.Recorder {
		for _, s := range r.Series {
			if s.Namespace == a.Namespace && s.Pod == a.Pod && s.Container != "" && !slices.Contains(names, s.Container) &&
				slices.Contains(recordedUsage, inv.RecordedName(s.Name)) {
				names = append(names, s.Container)
			}
		}
	}
	slices.Sort(names)
	return names
}

// recordedParties are the containers of a pod that a flight recorder has.
func recordedParties(ev *inv.Evidence, a inv.Party) []inv.Party {
	var out []inv.Party
	for _, name := range recordedContainers(ev, a) {
		out = append(out, inv.Party{Namespace: a.Namespace, Pod: a.Pod, Container: name})
	}
	return out
}

// recordedSum adds the recordings of a pod's containers up.
func recordedSum(ev *inv.Evidence, a inv.Party) []point {
	at := map[int64]float64{}
	for _, c := range recordedParties(ev, a) {
		for _, p := range recordedOf(ev, c, recordedUsage) {
			at[p.t] += p.v
		}
	}
	out := make([]point, 0, len(at))
	for _, t := range slices.Sorted(maps.Keys(at)) {
		out = append(out, point{t, at[t]})
	}
	return out
}

// leastRecorded is how many readings a recording needs to be drawn, lateRecorded how long before the kill it may end.
const leastRecorded, lateRecorded = 20, 2 * time.Minute

// unseen is how much higher the recording must be than the last scrape for the rise to be one that no scrape saw.
const unseen = 1.25

// recorder draws the node agent's recording of containers of a pod in place of the scrapes of them, where there are none,
// or where none of them saw the rise. It tells whether it does.
func (s *subject) recorder(r *inv.Result, ev *inv.Evidence, of string, containers []inv.Party, scrapes ...[]point) bool {
	at := r.At.UnixMilli()
	var main [][]point
	var limit []point
	peak, low, scraped := 0.0, 0.0, 0.0
	for _, a := range containers {
		points := recordedOf(ev, a, recordedUsage)
		if len(points) < leastRecorded || at-points[len(points)-1].t > lateRecorded.Milliseconds() || points[0].t > at {
			return false
		}
		main, limit = append(main, points), recordedOf(ev, a, recordedLimits)
		peak += before(points, at, math.Max)
		low += before(points[1:], at, func(least, v float64) float64 { return math.Min(cmp.Or(least, v), v) })
	}
	for _, points := range scrapes {
		scraped += before(points, at, func(_, v float64) float64 { return v })
	}
	if len(main) == 0 || scraped > 0 && (peak < unseen*scraped || peak < unseen*low) {
		return false
	}
	s.recorded, s.main, s.title = true, main, "memory of "+of
	if len(containers) == 1 && len(limit) > 0 {
		s.limit = limit
	}
	return true
}

// recordedWords says how often and by whom what is drawn was read; empty for scrapes.
func (s *subject) recordedWords() string {
	switch {
	case !s.recorded:
		return ""
	case usualStep(s.main[0]) <= 1000:
		return "1 s, node agent"
	}
	return "node agent"
}

// before folds the values of the points up to a moment; 0 where there are none.
func before(points []point, at int64, fold func(acc, v float64) float64) float64 {
	acc := 0.0
	for _, p := range points {
		if p.t <= at {
			acc = fold(acc, p.v)
		}
	}
	return acc
}
