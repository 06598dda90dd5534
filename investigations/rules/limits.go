package rules

import (
	"fmt"
	"math"

	"github.com/oombot/oombot/investigations"
)

// quantityOf writes bytes as a Kubernetes quantity: whole GiB or MiB where they divide, else bytes.
func quantityOf(b float64) string {
	n := int64(b)
	switch {
	case n > 0 && n%(1<<30) == 0:
		return fmt.Sprintf("%dGi", n>>30)
	case n > 0 && n%(1<<20) == 0:
		return fmt.Sprintf("%dMi", n>>20)
	case n > 0 && n%(1<<10) == 0:
		return fmt.Sprintf("%dKi", n>>10)
	}
	return fmt.Sprint(n)
}

// roundUp rounds bytes up to a unit that people write: 16 MiB below 512 MiB, 64 MiB below 2 GiB, 128 MiB
// below 8 GiB, 512 MiB above.
func roundUp(b float64) float64 {
	unit := 512.0
	switch mib := b / (1 << 20); {
	case mib <= 512:
		unit = 16
	case mib <= 2048:
		unit = 64
	case mib <= 8192:
		unit = 128
	}
	unit *= 1 << 20
	return math.Ceil(b/unit) * unit
}

// demand is how much memory the judged container needs at its peak.
type demand struct {
	peak float64
	// usual is the median level, for a request.
	usual float64
	// censored says that every life ended at the limit, so that the peak says "at least". atLeast says so of a peak
	// that the relation to traffic alone would put lower.
	censored, atLeast bool
	fact              string
}

// headroom above an observed peak: 20 %, in the middle of the 15 to 25 % that practice gives.
const headroom = 1.2

// findDemand estimates the need: the relation to traffic; else the highest level of lives that no limit cut
// off; else what the limit cut off, as "at least".
func (s *scene) findDemand() demand {
	limit := s.containerLimit(s.target.Pod, s.subjectContainer)
	d := demand{usual: s.usualLevel()}
	for _, l := range s.lives {
		if l.mass.n >= 8 && l.free() {
			d.peak = math.Max(d.peak, quantile(l.ws.Y, 0.995))
		}
	}
	if f := s.follows(); f.yes && f.peak > 0 {
		d.peak = math.Max(d.peak, f.level.A+f.level.B*f.peak*1.05)
		values, more := map[string]float64{"peak_rps": f.peak, "need_bytes": d.peak}, ""
		by := d.peak
		if d.peak < limit && s.boundary == investigations.BoundaryContainer {
			d.peak, d.atLeast = limit, true
			values["at_least_bytes"] = limit
			more = fmt.Sprintf("; killed at %s, it needed that much and more", bytesOf(limit))
		}
		d.fact = s.fact("demand/traffic", investigations.ToolMetrics, s.at, s.usageSource(), values,
			"At the window's highest traffic of %.1f requests per second that relation asks for %s%s.", f.peak, bytesOf(by), more)
		return d
	}
	if d.peak > 0.92*limit {
		d.fact = s.fact("demand/free", investigations.ToolMetrics, s.at, s.usageSource(), map[string]float64{"peak_bytes": d.peak},
			"The highest level of a life that no limit cut off is %s.", bytesOf(d.peak))
		return d
	}
	d.censored, d.peak = true, math.Max(d.peak, limit)
	d.fact = s.fact("demand/censored", investigations.ToolMetrics, s.at, s.usageSource(), map[string]float64{"at_least_bytes": d.peak},
		"Every life that came near the limit was cut off there, so its peak says only \"at least %s\".", bytesOf(d.peak))
	return d
}

// demandNote says what a proposed limit rests on.
func (s *scene) demandNote(d demand) string {
	switch {
	case s.startKill:
		return "A size that lets the container start; mind the unit (Mi, not m). Look again after a day."
	case d.censored:
		return fmt.Sprintf("No life shows the real need: this is a step above the limit of %s; look again after a day.", bytesOf(s.containerLimit(s.target.Pod, s.subjectContainer)))
	case d.atLeast:
		return fmt.Sprintf("A need of at least %s, at which it was killed, plus %.0f %% headroom.", bytesOf(d.peak), (headroom-1)*100)
	}
	return fmt.Sprintf("The observed need of %s plus %.0f %% headroom.", bytesOf(d.peak), (headroom-1)*100)
}

// free says whether no limit cut the life off.
func (l *life) free() bool { return !l.killed && (l.limit <= 0 || l.mass.peak < 0.97*l.limit) }

// usualLevel is the level that a request should be near: the median over the lives. Lives that a limit cut off may have
// ended on their way up, so that the longer ones that none cut off count for more.
func (s *scene) usualLevel() float64 {
	var all, free []float64
	longest := 0.0
	for _, l := range s.lives {
		if l.free() {
			longest = math.Max(longest, l.mass.span)
		}
	}
	for _, l := range s.lives {
		if l.mass.n < 4 {
			continue
		}
		all = append(all, l.mass.tail)
		if l.mass.n >= 8 && l.free() && l.mass.span >= 0.5*longest {
			free = append(free, l.mass.tail)
		}
	}
	return math.Max(median(all), median(free))
}

// proposeLimit turns a need into a limit: peak plus headroom; where all is censored, a step of 40 %, which one
// more look at the metrics must confirm.
func (d demand) proposeLimit() float64 {
	if d.censored {
		return roundUp(d.peak * 1.4)
	}
	return roundUp(d.peak * headroom)
}
