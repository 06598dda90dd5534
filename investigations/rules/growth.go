package rules

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// sayGrowth states how memory developed in a life: the levels and the trend of one curve, which is that of anonymous
// memory where it is known. The working set has a part of the sentence of its own where it went another way.
func (s *scene) sayGrowth(l *life) string {
	m := l.mass
	curve, name := l.mem, "anonymous memory"
	if l.blurred || curve.len() == 0 {
		curve, name = l.ws, "the working set"
	}
	first, last := bothEnds(curve)
	values := map[string]float64{
		"slope_bytes_per_hour": m.Slope * 3600, "kendall_tau": round2(m.Tau), "first_bytes": first,
		"last_bytes": last, "span_seconds": m.span,
	}
	limit := ""
	if l.limit > 0 {
		values["limit_bytes"] = l.limit
		limit = " under " + s.room(l.limit)
	}
	what := fmt.Sprintf("stayed about level, at %s in the median", bytesOf(median(curve.Y)))
	switch {
	case m.growing() && m.slowing():
		what = "grew, but ever more slowly"
	case m.growing() && m.early > 0 && m.late > 2.5*m.early:
		what = "grew, faster and faster"
	case m.growing():
		what = "grew steadily"
	case last > 1.15*median(curve.Y) && m.sudden():
		what = "was far from its end value until shortly before"
	case last > 1.15*median(curve.Y):
		what = fmt.Sprintf("was at %s or less for half of the time, and higher at its end", bytesOf(median(curve.Y)))
	case m.flattening() && !m.flat():
		what = "rose and flattened"
	}
	beside := ""
	if wsFirst, wsLast := bothEnds(l.ws); math.Abs(wsLast-wsFirst-(last-first)) > 0.15*math.Max(m.ceiling, 1) {
		beside = fmt.Sprintf("; the working set, cache and kernel memory included, went from %s to %s", bytesOf(wsFirst), bytesOf(wsLast))
	}
	return s.fact("growth/"+l.pod+"/"+fmt.Sprint(int64(l.start)), investigations.ToolMetrics, fromSeconds(l.end), s.usageSource(), values,
		"In the life of %s/%s from %s to %s %s %s: from %s to %s in %s%s, by the trend %s an hour (Kendall's tau %.2f)%s.",
		l.pod, l.container, stamp(fromSeconds(l.start)), stamp(fromSeconds(l.end)), name, what, bytesOf(first), bytesOf(last),
		durationOf(durationSeconds(m.span)), limit, bytesOf(m.Slope*3600), m.Tau, beside)
}

// bothEnds returns the level of a curve's first tenth and the higher one of its last two points; 0 for no points.
func bothEnds(p points) (first, last float64) {
	n := p.len()
	return median(p.Y[:min(n, max(1, n/10))]), maxOf(p.Y[max(0, n-2):])
}

// room names the ceiling of a life that the causes are judged by; see setCeilings.
func (s *scene) room(bytes float64) string {
	switch s.boundary {
	case investigations.BoundaryPod:
		return "what the pod's limit leaves it, " + bytesOf(bytes)
	case investigations.BoundaryHeap:
		return "what its heap's ceiling allows, " + bytesOf(bytes)
	}
	return "the limit of " + bytesOf(bytes)
}

// agesOf lists a few durations; of many, the median and the extremes.
func agesOf(ages []float64) string {
	words := make([]string, len(ages))
	for i, a := range ages {
		words[i] = durationOf(durationSeconds(a))
	}
	if len(ages) <= 5 {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s in the median (from %s to %s)", durationOf(durationSeconds(median(ages))),
		durationOf(durationSeconds(slices.Min(ages))), durationOf(durationSeconds(slices.Max(ages))))
}
