package metrics

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/oombot/oombot/investigations"
)

const (
	// minStep and defaultStep bound how dense a query is asked, and say how dense where the scrape interval is
	// not known; the server's own lookback holds then.
	minStep, defaultStep, defaultLookback = 5 * time.Second, 30 * time.Second, 5 * time.Minute
	// fineReach is how long before the moment samples are asked for as dense as they are, coarsePoints how many
	// steps the time before that is divided into, and maxPoints how many steps one request may have: Prometheus
	// refuses more than 11,000.
	fineReach               = 24 * time.Hour
	coarsePoints, maxPoints = 2500, 10_000
	// behind is how long after the moment samples are asked for: an alert may be late, and the next life tells.
	behind = 10 * time.Minute
	// scatter is how much older than its scrape a sample of a kubelet's cAdvisor may be: it looks at a container every
	// ten to fifteen seconds.
	scatter = 20 * time.Second
)

// rhythm is when the target's series are scraped. Steps that follow it give each sample at its own time.
type rhythm struct {
	// interval is zero where it is not known.
	interval time.Duration
	// phase is when within the interval the samples lie.
	phase time.Duration
	// exact says that all samples lie on the same grid: Prometheus' own timestamps do, cAdvisor's do not.
	exact bool
}

// rhythmOf reads the rhythm from raw samples.
func rhythmOf(m model.Matrix) rhythm {
	distances, phases := map[int64]int{}, map[int64]int{}
	for _, s := range m {
		for i := 1; i < len(s.Values); i++ {
			distances[int64(s.Values[i].Timestamp-s.Values[i-1].Timestamp)]++
		}
	}
	most := mode(distances)
	if most <= 0 {
		return rhythm{}
	}
	r := rhythm{interval: time.Duration(most) * time.Millisecond, exact: most%1000 == 0}
	for d := range distances {
		r.exact = r.exact && d%most == 0
	}
	if !r.exact { // timestamps scatter around what is configured
		middle := time.Duration(median(distances)) * time.Millisecond
		unit := time.Second
		if middle > 2*minStep {
			unit = minStep
		}
		r.interval = max(time.Second, middle.Round(unit))
	}
	for _, s := range m {
		for _, v := range s.Values {
			phases[int64(v.Timestamp)%r.interval.Milliseconds()]++
		}
	}
	r.phase = time.Duration(mode(phases)) * time.Millisecond
	return r
}

// mode returns the value that was counted most often, the least of several; 0 of nothing.
func mode(counts map[int64]int) (most int64) {
	for _, v := range slices.Sorted(maps.Keys(counts)) {
		if counts[v] > counts[most] {
			most = v
		}
	}
	return most
}

func median(counts map[int64]int) int64 {
	total, seen := 0, 0
	for _, n := range counts {
		total += n
	}
	for _, v := range slices.Sorted(maps.Keys(counts)) {
		if seen += counts[v]; 2*seen >= total {
			return v
		}
	}
	return 0
}

// step is the distance of the samples that are asked for.
func (r rhythm) step() time.Duration {
	switch {
	case r.interval == 0:
		return defaultStep
	case r.interval < minStep:
		return r.interval * time.Duration(math.Ceil(float64(minStep)/float64(r.interval)))
	}
	return r.interval
}

// lookback is how old a sample may be to count. It is shorter than the interval where that loses none: a series
// that has ended must not go on.
func (r rhythm) lookback() time.Duration {
	switch {
	case r.interval == 0:
		return defaultLookback
	case r.exact:
		return r.interval - time.Millisecond
	}
	return r.interval + min(r.interval, scatter)
}

// values adds the placeholders that follow from the rhythm.
func (r rhythm) values(to map[string]string) {
	interval := r.interval
	if interval == 0 {
		interval = 2 * time.Minute
	}
	to["interval"] = promDuration(r.step())
	to["lookback"] = promDuration(r.lookback())
	to["range"] = promDuration(max(2*time.Minute, interval*5/2))
	if r.exact { // never three samples of one grid, which would blur a burst
		to["range"] = promDuration(max(2*time.Minute, 2*interval) - time.Millisecond)
	}
	to["join"] = promDuration(max(defaultLookback, 3*interval))
}

// promDuration writes d as PromQL does: milliseconds as far as needed.
func promDuration(d time.Duration) string {
	if ms := d.Milliseconds(); ms%1000 != 0 {
		if ms < 1000 {
			return fmt.Sprintf("%dms", ms)
		}
		return fmt.Sprintf("%ds%dms", ms/1000, ms%1000)
	}
	return fmt.Sprintf("%ds", int64(d/time.Second))
}

// piece is one request for a range. inner is the step within, of which a wider step takes the peak; zero where no
// sample lies between steps.
type piece struct {
	start, end  time.Time
	step, inner time.Duration
}

func (p piece) points() int { return int(p.end.Sub(p.start)/p.step) + 1 }

// expand writes a template for the piece, the peaks of wide steps in it. least says that low values are the peaks.
func (p piece) expand(template string, values map[string]string, least bool) (query string, missing []string) {
	peak := "max_over_time"
	if least {
		peak = "min_over_time"
	}
	values = maps.Clone(values)
	values["peak"] = "last_over_time"
	direct := strings.Contains(template, "$peak(")
	if p.inner > 0 && direct {
		values["peak"], values["lookback"] = peak, promDuration(p.step)
	}
	query, missing = expand(template, values)
	if p.inner > 0 && !direct {
		if strings.Contains(template, "[$range]") { // which is two minutes at least
			p.inner *= max(1, time.Minute/p.inner)
		}
		query = fmt.Sprintf("%s((%s)[%s:%s])", peak, query, promDuration(p.step), promDuration(p.inner))
	}
	return query, missing
}

// wider is the piece at a quarter of its points.
func (p piece) wider() piece {
	if p.inner == 0 {
		p.inner = p.step
	}
	p.step *= 4
	p.end = p.start.Add(p.end.Sub(p.start) / p.step * p.step)
	return p
}

// pieces divides the request's time into requests, the newest first. The same request gives the same steps,
// whenever it is made. series is how many series the largest answers are expected to have.
func (r rhythm) pieces(req investigations.Request, now time.Time, series int) []piece {
	step := r.step()
	until := req.At.Add(behind)
	if until.After(now) {
		until = now
	}
	end := r.grid(until, step)
	dense := fineReach
	for dense > time.Hour && int(dense/step)*series > maxSamples*3/4 {
		dense /= 2
	}
	start := r.grid(req.From().Add(step-time.Millisecond), step)
	fine := r.grid(req.At.Add(-dense), step)
	if fine.Before(start) {
		fine = start
	}
	if end.Before(fine) {
		return nil
	}
	inner := time.Duration(0)
	if r.interval > 0 && step > r.interval {
		inner = r.interval
	}
	out := split(piece{start: fine, end: end, step: step, inner: inner})
	before := fine.Add(-step)
	if before.Before(start) {
		return out
	}
	span := before.Sub(start)
	wide := max(1, (span+coarsePoints*step-1)/(coarsePoints*step)) * step
	coarse := piece{start: before.Add(-span / wide * wide), end: before, step: wide, inner: inner}
	if wide > step && inner == 0 {
		coarse.inner = step
	}
	return append(out, split(coarse)...)
}

// grid returns the last step at or before t.
func (r rhythm) grid(t time.Time, step time.Duration) time.Time {
	ms, every, phase := t.UnixMilli(), step.Milliseconds(), r.phase.Milliseconds()
	return time.UnixMilli((ms-phase)/every*every + phase).UTC()
}

// split divides a piece so that none has more than maxPoints, the newest first.
func split(p piece) []piece {
	var out []piece
	for p.points() > maxPoints {
		newest := p
		newest.start = p.end.Add(-(maxPoints - 1) * p.step)
		out = append(out, newest)
		p.end = newest.start.Add(-p.step)
	}
	return append(out, p)
}
