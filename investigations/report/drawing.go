package report

import (
	"math"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

// Drawing is what a picture of the memory that ran out shows: the series, window and marks that Text draws, for whoever
// draws them otherwise. Texts are clean of control characters, and not escaped or masked.
type Drawing struct {
	// Title says what Memory is.
	Title    string
	From, To time.Time
	// Memory, Second, Limit and Traffic are the same number of values at equal distances from From to To, the largest of
	// each piece of time; NaN where there are no samples. All but Memory are nil where there is nothing to show. Traffic
	// is requests per second, the others are bytes.
	Memory, Second, Limit, Traffic []float64
	// SecondName says what Second is.
	SecondName string
	// Recorded says how often a node agent read Memory, as "1 s, node agent"; empty where it was scraped.
	Recorded string
	// FromKernel says that Memory's value at the kill is the kernel's own count.
	FromKernel bool
	// Kills are within From to To, in order, and so are Rollouts. Ended says in a word what befell it: "killed".
	Kills    []time.Time
	Ended    string
	Rollouts []Rollout
	// Levels are the marks of an axis of bytes from 0 up, in Unit; Clock those of the axis of time.
	Levels []Level
	Unit   string
	Clock  []Moment
}

// Rollout is a revision that came into force; its number is 0 where it is not known.
type Rollout struct {
	At       time.Time
	Revision int64
}

// Level is a mark on an axis of bytes.
type Level struct {
	Bytes float64
	Label string
}

// Moment is a mark on an axis of time; its label is UTC.
type Moment struct {
	At    time.Time
	Label string
}

// Draw chooses what a picture shows, each line with n values. ok is false where there are no samples. Neither r nor ev
// is changed.
func Draw(r *inv.Result, ev *inv.Evidence, n int) (d Drawing, ok bool) {
	if r == nil || ev == nil || n < 2 {
		return d, false
	}
	s, ok := chooseSubject(r, ev)
	if !ok {
		return d, false
	}
	kills, rollouts := killMarks(r, ev, &s), rolloutMarks(r, ev, &s)
	shown := rangeOf(&s, r, rollouts)
	if shown.to <= shown.from {
		return d, false
	}
	shown = zoom(shown, &s, r)
	d = Drawing{
		Title: clean(s.title), SecondName: clean(s.secondName), FromKernel: s.fromKernel, Recorded: s.recordedWords(), Ended: EndedWord(r.Verdict.Mechanism),
		From: time.UnixMilli(shown.from).UTC(), To: time.UnixMilli(shown.to).UTC(),
		Memory: sum(s.columns(shown, n)...), Limit: s.limitColumns(shown, n),
		Second: someOf(shown.columns(s.second, n)), Traffic: trafficColumns(ev, shown, n),
	}
	top := 0.0
	for _, line := range [][]float64{d.Memory, d.Second, d.Limit} {
		for _, v := range line {
			top = fmax(top, v)
		}
	}
	if top <= 0 {
		return Drawing{}, false
	}
	d.axes(shown, top)
	for _, m := range kills {
		if _, within := shown.column(m.t, n); within {
			d.Kills = append(d.Kills, time.UnixMilli(m.t).UTC())
		}
	}
	for _, m := range rollouts {
		if _, within := shown.column(m.t, n); within {
			d.Rollouts = append(d.Rollouts, Rollout{time.UnixMilli(m.t).UTC(), m.revision})
		}
	}
	return d, true
}

// axes puts marks on both axes: few enough to be read on a phone.
func (d *Drawing) axes(shown timeRange, top float64) {
	const rows, moments = 6, 7
	axis := newScale(top, rows)
	d.Unit = axis.unitName
	for i := range axis.rows + 1 {
		v := float64(i) * axis.step
		d.Levels = append(d.Levels, Level{v, axis.label(v)})
	}
	for _, t := range shown.ticks(moments, 1) {
		d.Clock = append(d.Clock, Moment{t, tickLabel(t)})
	}
}

// columns reduces each curve of the subject to n values.
func (s *subject) columns(shown timeRange, n int) [][]float64 {
	var parts [][]float64
	for _, points := range s.main {
		parts = append(parts, shown.columns(points, n))
	}
	return parts
}

// limitColumns is the limit in force, nil where there is none.
func (s *subject) limitColumns(shown timeRange, n int) []float64 {
	limit := shown.columns(s.limit, n)
	if empty(limit) && s.fixedLimit > 0 {
		for i := range limit {
			limit[i] = s.fixedLimit
		}
	}
	return someOf(limit)
}

// trafficColumns is the sum over all series of traffic.
func trafficColumns(ev *inv.Evidence, shown timeRange, n int) []float64 {
	if ev.Metrics == nil {
		return nil
	}
	const most = 50 // more series than that are no traffic of one workload
	var parts [][]float64
	for i, s := range ev.Metrics.Queries[inv.QueryTraffic].Series {
		if i == most {
			break
		}
		one := &inv.MetricEvidence{Queries: map[string]inv.Query{inv.QueryTraffic: {Series: []inv.Series{s}}}}
		parts = append(parts, shown.columns(collect(one, inv.QueryTraffic, func(inv.Series) bool { return true }), n))
	}
	return someOf(sum(parts...))
}

// someOf returns columns, nil where none has a value.
func someOf(columns []float64) []float64 {
	if empty(columns) {
		return nil
	}
	return columns
}

// Peak is the largest value of a line; NaN where it has none.
func Peak(line []float64) float64 {
	peak := math.NaN()
	for _, v := range line {
		peak = fmax(peak, v)
	}
	return peak
}
