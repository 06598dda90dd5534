package report

import (
	"math"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

// rangeOf spans the samples and the kill, and reaches back to a rollout that came shortly before. Samples that
// are far from the kill have a wrong clock and don't count.
func rangeOf(s *subject, r *inv.Result, rollouts []mark) timeRange {
	at := r.At.UnixMilli()
	near := timeRange{at - 31*day.Milliseconds(), at + day.Milliseconds()}
	out := timeRange{from: math.MaxInt64, to: at}
	for _, points := range s.main {
		for _, p := range points {
			if p.t >= near.from && p.t <= near.to {
				out.from, out.to = min(out.from, p.t), max(out.to, p.t)
			}
		}
	}
	for _, m := range rollouts {
		if before := out.from - m.t; before > 0 && before < (out.to-out.from)/4 {
			out.from = m.t
		}
	}
	return out
}

// zoom narrows a range in which the last rise before the kill would be a mere edge: it shows some six times
// that rise, and the change that set it off where it is not far beyond.
func zoom(shown timeRange, s *subject, r *inv.Result) timeRange {
	rise, ok := lastRise(shown, s, r.At.UnixMilli())
	if !ok || rise > (shown.to-shown.from)/10 {
		return shown
	}
	at := r.At.UnixMilli()
	least := 3 * day.Milliseconds() / 48 // an hour and a half
	if s.recorded {
		least = 2 * time.Minute.Milliseconds()
	}
	length := max(6*rise, least)
	from := at - length
	if c := r.Verdict.Change; c != nil && !c.At.IsZero() {
		if since := at - c.At.UnixMilli(); since > length && since < 3*length {
			from = at - since - since/20
		}
	}
	return timeRange{max(from, shown.from), min(shown.to, at+length/4)}
}

// lastRise returns for how long before the kill memory had been above the lowest quarter of what it came to;
// ok is false where it did not rise by much.
func lastRise(shown timeRange, s *subject, at int64) (ms int64, ok bool) {
	const n = 2000
	data := sum(s.columns(shown, n)...)
	last, within := shown.column(at, n)
	if !within {
		return 0, false
	}
	for last > 0 && math.IsNaN(data[last]) {
		last--
	}
	peak, base := data[last], math.NaN()
	for _, v := range data[:last+1] {
		if !math.IsNaN(v) && !(v > base) {
			base = v
		}
	}
	// A comparison with NaN is false: no samples, no rise.
	if !(peak-base > peak/4) {
		return 0, false
	}
	start := last
	for start > 0 && !(data[start] < base+(peak-base)/4) {
		start--
	}
	return at - shown.from - int64(start)*((shown.to-shown.from)/n), true
}
