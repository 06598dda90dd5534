package grounding

import (
	"math"
	"strings"
	"time"
)

// How far a time may be from the one that it stands for.
const (
	secondOff  = 1.0
	aboutClock = 5 * minute
	hourOff    = 10 * minute
	aboutHour  = 30 * minute
	// aboutForetold is by how much more a time that is only foretold may be cut to the hour.
	aboutForetold = 30 * time.Minute
	// maxInstants bounds the pairs of times that differences are taken of.
	maxInstants = 60
)

// holdsMoment says whether the facts hold a time, at the precision at which it was written: seconds to within one,
// minutes cut off or rounded. Without a zone it is UTC.
func (h *held) holdsMoment(lit literal) bool {
	m := *lit.moment
	for _, i := range h.instants {
		if m.is(i.at, lit.bound) || i.foretold && m.accuracy == time.Hour && lit.bound != exactly && m.is(i.at.Add(-aboutForetold), lit.bound) {
			return true
		}
	}
	for _, c := range h.clocks {
		if m.clock && m.day == 0 && clockNear(m, wrapDay(c.seconds-offsetOf(c.zone)+offsetOf(m.zone)), lit.bound) {
			return true
		}
	}
	if !m.clock {
		return false
	}
	// The beginning of a window: a time of a fact less a duration of the same fact.
	for _, i := range h.instants {
		for _, d := range h.values[dimSeconds] {
			if d.fact != i.fact || d.value > 31*day {
				continue
			}
			span := time.Duration(d.value * float64(time.Second))
			if m.is(i.at.Add(-span), exactly) {
				return true
			}
		}
	}
	return false
}

func (m moment) is(t time.Time, b bound) bool {
	zone := m.zone
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	if m.clock {
		// What is rounded up to the next minute may be of the next day.
		late := float64(t.Hour())*hour + float64(t.Minute())*minute + float64(t.Second())
		if d := wrapDay(m.seconds - late); !clockNear(m, late+float64(t.Nanosecond())/1e9, b) || !m.isDate(t.Add(time.Duration(d)*time.Second)) {
			return false
		}
		return true
	}
	return m.isDate(t)
}

func (m moment) isDate(t time.Time) bool {
	if m.weekday != "" && t.Weekday().String() != m.weekday || m.year > 0 && t.Year() != m.year {
		return false
	}
	month, date := int(t.Month()), t.Day()
	if m.month == 0 && m.day == 0 {
		return true
	}
	return m.month == month && (m.day == 0 || m.day == date) || m.swapped && m.month == date && m.day == month
}

// offsetOf returns how far a zone is east of UTC, in winter where that makes a difference.
func offsetOf(zone *time.Location) float64 {
	if zone == nil {
		return 0
	}
	_, seconds := time.Date(2026, time.January, 1, 0, 0, 0, 0, zone).Zone()
	return float64(seconds)
}

// clockNear says whether the time of day of m is that of late, in seconds since midnight.
func clockNear(m moment, late float64, b bound) bool {
	d := math.Abs(wrapDay(m.seconds - late))
	switch {
	case m.accuracy == time.Hour && b != exactly:
		return d <= aboutHour
	case m.accuracy == time.Hour:
		return d <= hourOff
	case b != exactly:
		return d <= aboutClock
	case m.accuracy == time.Minute:
		off := wrapDay(late - m.seconds)
		return off >= -minute/2 && off < minute
	}
	return d <= secondOff
}

func wrapDay(seconds float64) float64 {
	switch {
	case seconds > day/2:
		return seconds - day
	case seconds < -day/2:
		return seconds + day
	}
	return seconds
}

// holdsSpan says whether a duration is the time between two times that the facts hold; of such a difference the last
// written digit may be off by one.
func (h *held) holdsSpan(lit literal, r reading) bool {
	all := h.instants[:min(len(h.instants), maxInstants)]
	for i, a := range all {
		for _, b := range all[:i] {
			if h.direct && a.fact != b.fact || a.foretold || b.foretold || a.fact == caseFact && b.fact == caseFact {
				continue
			}
			d := math.Abs(a.at.Sub(b.at).Seconds())
			tolerance := max(min(r.step, coarse/2*d), min(r.step/2, coarse*d), min(1, r.step))
			if d > 0 && (math.Abs(d-r.value) <= tolerance*(1+1e-6) || lit.bound != exactly && matches(r, lit.bound, d)) {
				return true
			}
		}
	}
	return false
}

// parseQuantity reads a Kubernetes quantity of memory, as 768Mi.
func parseQuantity(s string) (reading, bool) {
	n, ok := parseNumeral(strings.TrimSpace(s))
	if !ok {
		return reading{}, false
	}
	by, ok := quantityUnits[n.rest]
	return reading{dimBytes, n.value() * by, n.steps[0] * by}, ok
}

var quantityUnits = map[string]float64{
	"": 1, "k": kilo, "M": mega, "G": giga, "T": tera, "P": peta, "Ki": kibi, "Mi": mebi, "Gi": gibi, "Ti": tebi, "Pi": pebi,
}
