package functions

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// queryRecorder asks for the node agents' flight recorders, which are no query.
const queryRecorder = "recorder"

// mostSeries is how many series an answer tells of, and mostLabels how many further labels name one.
const mostSeries, mostLabels = 8, 2

// units are what a query's values are, by name, in the order in which the queries are offered.
var units = []struct {
	query string
	unit  unit
}{
	{investigations.QueryWorkingSet, inBytes},
	{investigations.QueryRSS, inBytes},
	{investigations.QueryCache, inBytes},
	{investigations.QueryLimit, inBytes},
	{investigations.QueryOOMEvents, counter},
	{investigations.QueryRestarts, counter},
	{investigations.QueryNodeAvailable, inBytes},
	{investigations.QueryNodeTotal, inBytes},
	{investigations.QueryNodePods, inBytes},
	{investigations.QueryTraffic, perSecond},
	{investigations.QueryRuntimeHeap, inBytes},
	{investigations.QueryRuntimeThreads, plainNumber},
}

// queryNames are what may be asked for.
func queryNames() []string {
	var out []string
	for _, u := range units {
		out = append(out, u.query)
	}
	return append(out, queryRecorder)
}

func unitOf(query string) unit {
	for _, u := range units {
		if u.query == query {
			return u.unit
		}
	}
	return plainNumber
}

// window is what of a series is looked at; zero ends are open.
type window struct{ from, to, at time.Time }

// curve is a series that is told of, cut to the window.
type curve struct {
	name   string
	query  string
	series investigations.Series
	unit   unit
	source string
	peak   float64
}

// metrics answers from time series.
func (s *Set) metrics(ctx context.Context, args args, a *answer) error {
	p, err := s.party("metrics", args)
	if err != nil {
		return err
	}
	var w window
	if w.from, w.to, err = args.between("metrics"); err != nil {
		return err
	}
	w.at = args.time("at")
	if s.ev.Metrics == nil {
		s.blind(a, investigations.ToolMetrics)
		return nil
	}
	query := args.text("query")
	switch query {
	case "":
		s.queriesThere(a)
		return nil
	case queryRecorder:
		return s.recorder(ctx, p, w, a)
	}
	q, asked := s.ev.Metrics.Queries[query]
	if !asked {
		s.blind(a, investigations.ToolMetrics)
		return nil
	}
	if q.Broken {
		a.note("the answer to %s is not whole", query)
	}
	if p.pod != "" && !slices.ContainsFunc(q.Series, func(sr investigations.Series) bool { return sr.Pod != "" }) {
		a.note("the series of %s name no pod", query)
		p = party{}
	}
	var curves []curve
	for j := range q.Series {
		sr := q.Series[j]
		if p.fits(cmp.Or(sr.Namespace, p.namespace), sr.Pod, sr.Container) {
			curves = append(curves, curve{name: query + seriesName(&sr), query: query, series: sr, unit: unitOf(query), source: q.Source})
		}
	}
	if len(curves) == 0 {
		a.note("nothing found: %s was answered with %d series, none of them of %s%s", query, len(q.Series), s.asked(p), seriesList(q.Series))
		return nil
	}
	return s.tell(ctx, curves, w, a)
}

// seriesList names some of the series that there are.
func seriesList(all []investigations.Series) string {
	if len(all) == 0 {
		return ""
	}
	var names []string
	for i := range all[:min(len(all), 5)] {
		names = append(names, seriesName(&all[i]))
	}
	text := "; they are"
	for _, n := range names {
		text += n + ","
	}
	return text[:len(text)-1]
}

// seriesName says whose a series is.
func seriesName(sr *investigations.Series) string {
	text := ""
	switch {
	case sr.Container != "":
		text = " of " + quote(sr.Namespace+"/"+sr.Pod+"/"+sr.Container, 220)
	case sr.Pod != "":
		text = " of " + quote(sr.Namespace+"/"+sr.Pod, 200)
	case sr.Node != "":
		text = " of node " + quote(sr.Node, 80)
	}
	said, shown := []string{"namespace", "pod", "container", "node", "__name__"}, 0
	for _, name := range slices.Sorted(maps.Keys(sr.Labels)) {
		if value := sr.Labels[name]; shown < mostLabels && value != "" && !slices.Contains(said, name) {
			text += " " + quote(name+"="+redact.Value(name, value), 80)
			shown++
		}
	}
	return text
}

// tell tells of curves: the target's own, then the largest first.
func (s *Set) tell(ctx context.Context, curves []curve, w window, a *answer) error {
	var kept []curve
	empty := 0
	for _, c := range curves {
		if err := context.Cause(ctx); err != nil {
			return fmt.Errorf("call metrics: %w", err)
		}
		cut := within(&c.series, w.from, w.to)
		if len(cut.T) == 0 {
			empty++
			continue
		}
		c.series, c.peak = cut, slices.Max(cut.V)
		kept = append(kept, c)
	}
	target := s.target()
	rank := func(c curve) int { // the target's own is never cut off
		if c.series.Pod != "" && c.series.Pod == target.Pod && c.series.Namespace == target.Namespace {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(kept, func(x, y curve) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(y.peak, x.peak), cmp.Compare(x.name, y.name))
	})
	for i, c := range kept {
		if i == mostSeries {
			a.note("%d smaller series not shown: name a pod or container", len(kept)-i)
			break
		}
		if w.at.IsZero() {
			t := c.describe()
			s.share(t, &c)
			a.add(time.UnixMilli(c.series.T[len(c.series.T)-1]), c.source, t)
			continue
		}
		s.value(&c, w.at, a)
	}
	if empty > 0 {
		a.note("%d series have no sample within the time asked for%s", empty, reach(curves))
	}
	return nil
}

// reach says from when to when curves have samples.
func reach(curves []curve) string {
	var from, to int64
	for _, c := range curves {
		t := c.series.T
		if len(t) == 0 {
			continue
		}
		if from == 0 || t[0] < from {
			from = t[0]
		}
		to = max(to, t[len(t)-1])
	}
	if from == 0 {
		return ""
	}
	return "; all reach from " + stamp(time.UnixMilli(from)) + " to " + stamp(time.UnixMilli(to))
}

// value tells what a series was at a moment: the sample up to it, and the next.
func (s *Set) value(c *curve, at time.Time, a *answer) {
	i := lastBefore(&c.series, at)
	t := say("%s", c.name)
	stampOf := func(i int) time.Time { return time.UnixMilli(c.series.T[i]) }
	if i < 0 {
		t.and(" has no sample up to %s; the first is %s at %s", at, c.unit.of("next", c.series.V[0]), stampOf(0))
		a.add(stampOf(0), c.source, t)
		return
	}
	t.and(" was %s in the last sample up to %s, of %s", c.unit.of("value", c.series.V[i]), at, stampOf(i))
	if i+1 < len(c.series.T) {
		t.and("; %s in the next, of %s", c.unit.of("next", c.series.V[i+1]), stampOf(i+1))
	} else {
		t.and("; it is the series' last")
		if age := at.Sub(stampOf(i)); age > 2*stepOf(c.series.T) {
			t.and(", %s before that moment", secondsOf("age", age))
		}
	}
	a.add(stampOf(i), c.source, t)
}

// share appends how near a container's usage came to the limit that was in force then.
func (s *Set) share(t *sentence, c *curve) {
	usage := []string{investigations.QueryWorkingSet, investigations.QueryRSS, investigations.QueryCache}
	if c.series.Container == "" || !slices.Contains(usage, c.query) {
		return
	}
	limits := s.ev.Metrics.Queries[investigations.QueryLimit].Series
	i := slices.IndexFunc(limits, func(l investigations.Series) bool {
		return l.Namespace == c.series.Namespace && l.Pod == c.series.Pod && l.Container == c.series.Container
	})
	if i < 0 {
		return
	}
	top := time.UnixMilli(c.series.T[slices.Index(c.series.V, c.peak)])
	if j := lastBefore(&limits[i], top); j >= 0 && limits[i].V[j] > 0 {
		t.and("; the highest is %s of the limit of %s then", percentOf("peak", 100*c.peak/limits[i].V[j]), bytesOf("limit", limits[i].V[j]))
	}
}

// queriesThere tells of each query that was answered.
func (s *Set) queriesThere(a *answer) {
	for _, u := range units {
		q, ok := s.ev.Metrics.Queries[u.query]
		if !ok {
			continue
		}
		samples, peak := 0, 0.0
		var from, to int64
		for i := range q.Series {
			n := len(q.Series[i].T)
			if n == 0 {
				continue
			}
			if samples == 0 || q.Series[i].T[0] < from {
				from = q.Series[i].T[0]
			}
			to, peak = max(to, q.Series[i].T[n-1]), max(peak, slices.Max(q.Series[i].V))
			samples += n
		}
		t := say("%s: %s", u.query, countOf("series", len(q.Series))).and(" series with %s samples", countOf("samples", samples))
		if samples > 0 {
			t.and(" from %s to %s; the highest value is %s", time.UnixMilli(from), time.UnixMilli(to), u.unit.of("max", peak))
		}
		a.add(time.Time{}, q.Source, t)
	}
	if n := len(s.ev.Metrics.Recorder); n > 0 {
		a.note("flight recorders of %d nodes are there: query=recorder", n)
	}
	if a.empty() && len(s.ev.Metrics.Recorder) == 0 {
		a.note("no query was answered")
	}
}
