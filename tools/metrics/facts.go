package metrics

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxFacts bounds the inventory, and maxTargets the containers of the target in it.
	maxFacts, maxTargets = 10, 3
	// lately is how long before the moment a peak counts as close to it: an alert may come minutes after the
	// kill, and the next life begins low.
	lately = 30 * time.Minute
)

// facts say what the metrics show of the target and its node, and what was read.
func facts(req investigations.Request, ev *investigations.MetricEvidence) []investigations.Fact {
	var out []investigations.Fact
	for _, s := range ofTarget(req.Target, ev.Queries[investigations.QueryWorkingSet].Series) {
		if f, ok := workingSet(req, s, ev.Queries); ok && len(out) < maxTargets {
			out = append(out, f)
		}
	}
	if f, ok := nodeAvailable(req, ev.Queries); ok {
		out = append(out, f)
	}
	for _, r := range ev.Recorder {
		if len(out) < maxTargets+3 {
			out = append(out, recorderFact(r))
		}
	}
	for _, spec := range specs() {
		q, ok := ev.Queries[spec.name]
		if ok && len(q.Series) > 0 && len(out) < maxFacts {
			out = append(out, covered(spec, q))
		}
	}
	for i := range out {
		out[i].Says = investigations.CleanText(out[i].Says, 600)
		out[i].Source = investigations.CleanText(out[i].Source, 300)
	}
	return out
}

// interval returns the interval at which a series is sampled: the median distance of its latest samples. It is
// zero for a series of fewer than two samples.
func interval(s investigations.Series) time.Duration {
	const enough = 400
	t := s.T[max(0, len(s.T)-enough):]
	if len(t) < 2 {
		return 0
	}
	d := make([]int64, 0, len(t)-1)
	for i := 1; i < len(t); i++ {
		d = append(d, t[i]-t[i-1])
	}
	slices.Sort(d)
	return time.Duration(d[len(d)/2]) * time.Millisecond
}

// before returns the index of the last sample at or before ms; −1 where there is none.
func before(s investigations.Series, ms int64) int {
	i, found := slices.BinarySearch(s.T, ms)
	if found {
		return i
	}
	return i - 1
}

// valueAt returns the value of the series for the same container at ms.
func valueAt(series []investigations.Series, of investigations.Series, ms int64) (float64, bool) {
	for _, s := range series {
		if s.Namespace == of.Namespace && s.Pod == of.Pod && s.Container == of.Container {
			if i := before(s, ms); i >= 0 {
				return s.V[i], true
			}
		}
	}
	return 0, false
}

func workingSet(
	req investigations.Request, s investigations.Series, queries map[string]investigations.Query,
) (investigations.Fact, bool) {
	at := req.At.UnixMilli()
	last := before(s, at)
	if last < 0 {
		return investigations.Fact{}, false
	}
	peak := last
	for i := last; i >= 0 && s.T[i] >= at-lately.Milliseconds(); i-- {
		if s.V[i] > s.V[peak] {
			peak = i
		}
	}
	name := s.Namespace + "/" + s.Pod + "/" + s.Container
	age := req.At.Sub(time.UnixMilli(s.T[last]))
	f := investigations.Fact{
		Tool: investigations.ToolMetrics, Key: "metrics/working_set/" + name, At: time.UnixMilli(s.T[peak]).UTC(),
		Source: queries[investigations.QueryWorkingSet].Source,
		Values: map[string]float64{
			"peak_bytes": s.V[peak], "last_bytes": s.V[last], "last_age_s": age.Seconds(),
			"window_s": lately.Seconds(),
		},
	}
	f.Says = fmt.Sprintf("working set of %.200q: %s at most within the %s before %s", name,
		investigations.FormatBytes(s.V[peak]), investigations.FormatDuration(lately), clock(at))
	if age > lately {
		f.Says = fmt.Sprintf("working set of %.200q: no sample within the %s before %s, and %s in the one before", name,
			investigations.FormatDuration(lately), clock(at), investigations.FormatBytes(s.V[peak]))
	}
	if limit, ok := valueAt(queries[investigations.QueryLimit].Series, s, s.T[peak]); ok && limit > 0 {
		f.Values["limit_bytes"], f.Values["peak_percent"] = limit, 100*s.V[peak]/limit
		f.Says += fmt.Sprintf(", %.0f %% of its limit of %s", 100*s.V[peak]/limit, investigations.FormatBytes(limit))
	}
	if f.Says += fmt.Sprintf("; %s in the last sample", investigations.FormatBytes(s.V[last])); age >= time.Second {
		f.Says += fmt.Sprintf(", %s before that", investigations.FormatDuration(age))
	}
	if step := interval(s); step > 0 {
		f.Values["step_s"] = step.Seconds()
		f.Says += "; sampled every " + investigations.FormatDuration(step)
	}
	return f, true
}

func nodeAvailable(
	req investigations.Request, queries map[string]investigations.Query,
) (investigations.Fact, bool) {
	at := req.At.UnixMilli()
	lowest, when, node := math.Inf(1), int64(0), ""
	var of investigations.Series
	for _, s := range queries[investigations.QueryNodeAvailable].Series {
		if req.Target.Node != "" && s.Node != "" && s.Node != req.Target.Node {
			continue
		}
		for i := before(s, at); i >= 0 && s.T[i] >= at-lately.Milliseconds(); i-- {
			if s.V[i] < lowest {
				lowest, when, node, of = s.V[i], s.T[i], s.Node, s
			}
		}
	}
	if math.IsInf(lowest, 1) {
		return investigations.Fact{}, false
	}
	f := investigations.Fact{
		Tool: investigations.ToolMetrics, Key: "metrics/node_available", At: time.UnixMilli(when).UTC(),
		Source: queries[investigations.QueryNodeAvailable].Source,
		Values: map[string]float64{"available_bytes": lowest, "window_s": lately.Seconds()},
	}
	f.Says = fmt.Sprintf("node %.200q had %s of memory available at the least within the %s before %s",
		node, investigations.FormatBytes(lowest), investigations.FormatDuration(lately), clock(at))
	for _, s := range queries[investigations.QueryNodeTotal].Series {
		if i := before(s, when); i >= 0 && s.Node == of.Node && s.V[i] > 0 {
			f.Values["total_bytes"], f.Values["available_percent"] = s.V[i], 100*lowest/s.V[i]
			f.Says += fmt.Sprintf(", %.1f %% of its %s", 100*lowest/s.V[i], investigations.FormatBytes(s.V[i]))
			break
		}
	}
	return f, true
}

// covered says how much of a query there is.
func covered(spec querySpec, q investigations.Query) investigations.Fact {
	from, to, samples := int64(math.MaxInt64), int64(math.MinInt64), 0
	var steps []time.Duration
	for _, s := range q.Series {
		from, to = min(from, s.T[0]), max(to, s.T[len(s.T)-1])
		samples += len(s.T)
		if step := interval(s); step > 0 {
			steps = append(steps, step)
		}
	}
	f := investigations.Fact{
		Tool: investigations.ToolMetrics, Key: "metrics/coverage/" + spec.name, Source: q.Source,
		At: time.UnixMilli(to).UTC(),
		Values: map[string]float64{
			"series": float64(len(q.Series)), "samples": float64(samples),
			"from_s": float64(from) / 1000, "to_s": float64(to) / 1000,
		},
	}
	f.Says = fmt.Sprintf("%s: %d series with %d samples from %s to %s", spec.name, len(q.Series), samples,
		clock(from), clock(to))
	if len(steps) > 0 {
		slices.Sort(steps)
		step := steps[len(steps)/2]
		f.Values["step_s"] = step.Seconds()
		f.Says += ", every " + investigations.FormatDuration(step)
	}
	return f
}
