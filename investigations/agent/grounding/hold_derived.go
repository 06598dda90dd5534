package grounding

import (
	"math"
	"slices"
	"strings"
)

// What may be derived: the difference, the sum and the ratio of two values of the same dimension, at the precision that
// was written. Accidents grow with the square of the values and shrink with each digit. So a derived number needs two
// significant digits, but for a plain difference of two values of one fact, and a count must be above nine; a hedge
// widens by no more than derivedWithin. Where more than maxPaired different values are cited, a number of two digits
// combines those of one fact or of the same key only; and where they are of more than maxPairedFacts facts, it needs
// three digits and two values of one fact. A sum is of parts: what is a bound and what is held don't add up, nor do two
// states of the same thing.
const (
	derivedWithin = 0.02
	roundedWithin = 0.01
	besideWithin  = 0.1
	// timesWithin is how far a factor that ends in a zero may be off: forty times for 40.7.
	timesWithin    = 0.025
	maxPaired      = 12
	maxPairedFacts = 4
	minDigits      = 2
	// maxPairs bounds the work on many facts.
	maxPairs = 300
)

// paired are the values of a dimension that may be combined: a value that a fact's sentence only prints again is there
// once, with the step at which it was printed.
func (h *held) paired(dim dimension) []heldValue {
	if done, ok := h.combined[dim]; ok {
		return done
	}
	var all []heldValue
	for _, v := range h.values[dim] {
		if v.key != "" && v.value != 0 && !v.implied && !strings.Contains(v.key, "_per_request") {
			all = append(all, v)
		}
	}
	keyed := len(all)
	for _, v := range h.values[dim] {
		if v.key != "" || v.fact == caseFact || v.value == 0 || v.implied {
			continue
		}
		// A fact prints three digits and drops zeros at the end: "2 GiB" is no rounder than "1.93 GiB".
		v.step = min(v.step, roundedWithin*math.Abs(v.value))
		again := slices.IndexFunc(all, func(k heldValue) bool {
			return k.fact == v.fact && math.Abs(math.Abs(k.value)-math.Abs(v.value)) <= max(v.step/2*(1+1e-6), 1e-9*v.value)
		})
		switch {
		case again < 0:
			all = append(all, v)
		case again < keyed:
			all[again].step = max(all[again].step, v.step)
		}
		if len(all) >= maxPairs {
			break
		}
	}
	h.combined[dim] = all
	return all
}

// pairs calls yield for each ordered pair of values that a number of so many digits may combine, until it is true.
func pairs(values []heldValue, digits int, yield func(a, b heldValue) bool) bool {
	values = values[:min(len(values), maxPairs)]
	many, facts := crowd(values)
	narrow := many && facts > maxPairedFacts
	if narrow && digits <= minDigits {
		return false
	}
	for i, a := range values {
		for j, b := range values {
			if i == j || a.fact == caseFact || b.fact == caseFact {
				continue
			}
			if a.fact != b.fact && (narrow || many && digits <= minDigits && (a.key == "" || a.key != b.key)) {
				continue
			}
			if yield(a, b) {
				return true
			}
		}
	}
	return false
}

// crowd says whether there are more than maxPaired different values, and of how many facts they are.
func crowd(values []heldValue) (many bool, of int) {
	facts := map[int]bool{}
	var different []float64
	for _, v := range values {
		facts[v.fact] = true
		known := slices.ContainsFunc(different, func(d float64) bool { return math.Abs(d-v.value) <= 0.01*math.Abs(d) })
		if !known && len(different) <= maxPaired {
			different = append(different, v.value)
		}
	}
	return len(different) > maxPaired, len(facts)
}

// near says whether r stands for a derived value, whose parts were rounded to steps.
func near(r reading, b bound, v, rounding float64) bool {
	w, v := math.Abs(r.value), math.Abs(v)
	tolerance := min(r.step/2, coarse/2*v) + min(rounding/2, roundedWithin*v)
	if b != exactly {
		tolerance = max(tolerance, derivedWithin*v)
	}
	return v > 0 && math.Abs(w-v) <= tolerance*(1+1e-6)
}

// holdsDerived says whether r is a difference or a sum of two values, or, as a share, a ratio or a change.
func (h *held) holdsDerived(lit literal, r reading) bool {
	if r.dim == dimShare && lit.rest && slices.ContainsFunc(h.values[dimShare], func(v heldValue) bool {
		return v.fact != caseFact && v.value > 0 && v.value < 1 && matches(r, lit.bound, 1-v.value)
	}) {
		return true
	}
	if r.dim == dimShare {
		return lit.digits >= minDigits && h.holdsRatio(lit, r)
	}
	if r.dim == dimByteRate && lit.digits >= minDigits && h.holdsPace(lit, r) {
		return true
	}
	if r.dim == dimBytes && lit.digits >= minDigits && h.holdsProduct(lit, r) {
		return true
	}
	return pairs(h.paired(r.dim), lit.digits, func(a, b heldValue) bool {
		rounding := a.step + b.step
		if h.direct {
			return a.fact == b.fact && near(r, lit.bound, a.value-b.value, rounding)
		}
		if lit.digits < minDigits {
			if a.fact != b.fact || lit.bound > about {
				return false
			}
			return (math.Abs(a.value-b.value) > rounding || a.key == "all_"+b.key) && (near(r, exactly, a.value-b.value, 0) ||
				a.step > 0 && b.step > 0 && math.Abs(math.Abs(printed(a)-printed(b))-math.Abs(r.value)) < 1e-6*math.Abs(r.value))
		}
		if a.fact == b.fact && a.value > b.value && beside(r, lit.bound, a.value-b.value) {
			return true
		}
		return math.Abs(a.value-b.value) > rounding && near(r, lit.bound, a.value-b.value, rounding) ||
			addUp(a, b) && near(r, lit.bound, a.value+b.value, rounding)
	})
}

// beside says whether r is a bound on a difference: "less than 200 MiB" for 186.
func beside(r reading, b bound, v float64) bool {
	return b == under && v <= r.value && v >= r.value*(1-besideWithin) || b == over && v >= r.value && v <= r.value*(1+besideWithin)
}

// holdsPace says whether r is what a fact tells to have changed in a time that it tells: from 308 to 722 MiB in 9 s.
func (h *held) holdsPace(lit literal, r reading) bool {
	for _, span := range h.values[dimSeconds] {
		if span.value <= 0 || span.fact == caseFact || slices.ContainsFunc(h.values[dimByteRate], func(v heldValue) bool { return v.fact == span.fact }) {
			continue
		}
		for _, a := range h.paired(dimBytes) {
			for _, b := range h.paired(dimBytes) {
				if a.fact == span.fact && b.fact == span.fact && a.value-b.value > a.step+b.step && near(r, lit.bound, (a.value-b.value)/span.value, (a.step+b.step)/span.value) {
					return true
				}
			}
		}
	}
	return false
}

// holdsProduct says whether r is so many times a value as the same fact says that it may become.
func (h *held) holdsProduct(lit literal, r reading) bool {
	for _, c := range h.values[dimFactor] {
		if c.value < 2 {
			continue
		}
		for _, v := range h.values[dimBytes] {
			if v.fact == c.fact && near(r, lit.bound, v.value*c.value, v.step*c.value) {
				return true
			}
		}
	}
	return false
}

// printed is a value as the fact's sentence prints it.
func printed(v heldValue) float64 {
	if v.step <= 0 {
		return v.value
	}
	return math.Round(v.value/v.step) * v.step
}

// boundKeys and stateKeys are parts of keys whose values are bounds, and states of the same thing at different times.
var (
	boundKeys = []string{"limit", "request", "allocatable", "capacity", "total", "ceiling"}
	stateKeys = []string{"first", "last", "before", "after", "usual", "peak", "plateau", "old", "median", "window", "span", "step", "age"}
)

// addUp says whether the sum of two values means anything.
func addUp(a, b heldValue) bool {
	if a.key != "" && a.key == b.key { // of two things; the same value twice is of one
		return a.fact != b.fact && math.Abs(a.value-b.value) > roundedWithin*math.Abs(a.value)
	}
	if a.fact != b.fact && !hasPart(a.key, boundKeys) && !hasPart(b.key, boundKeys) && (a.key == "bytes" || b.key == "bytes") { // and what was asked for on top of it
		return true
	}
	return hasPart(a.key, boundKeys) == hasPart(b.key, boundKeys) && !hasPart(a.key, stateKeys) && !hasPart(b.key, stateKeys)
}

func hasPart(key string, parts []string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(key, p) })
}

// holdsRatio says whether r is the ratio of two values of one dimension, or what the second is above the first, as a
// part of it.
func (h *held) holdsRatio(lit literal, r reading) bool {
	for _, dim := range []dimension{dimBytes, dimByteRate, dimRequests, dimSeconds} {
		if pairs(h.paired(dim), lit.digits, func(a, b heldValue) bool { return (!h.direct || a.fact == b.fact) && ratioIs(lit, r, a, b) }) {
			return true
		}
	}
	counts := make([]heldValue, 0, len(h.counts))
	for _, c := range h.counts {
		if c.role == "" && c.value > 0 && c.key != "" {
			counts = append(counts, c.heldValue)
		}
	}
	return pairs(counts, lit.digits, func(a, b heldValue) bool { return a.fact == b.fact && ratioIs(lit, r, a, b) })
}

func ratioIs(lit literal, r reading, a, b heldValue) bool {
	if b.value == 0 || a.value == 0 {
		return false
	}
	q := math.Abs(a.value / b.value)
	rounding := min(q*(a.step/math.Abs(a.value)+b.step/math.Abs(b.value)), 2*roundedWithin*q)
	if math.Abs(q-1) <= rounding { // the same value, printed twice
		rounding = 0
	}
	if ratioNear(r, lit, q, rounding) {
		return true
	}
	changed := a.key == b.key || a.fact == b.fact && hasPart(b.key, boundKeys) && !hasPart(a.key, boundKeys) && q > 1 || hasPart(a.key, stateKeys) || hasPart(b.key, stateKeys)
	return r.dim == dimShare && lit.phrase == "" && changed && ratioNear(r, lit, q-1, rounding)
}

func ratioNear(r reading, lit literal, q, rounding float64) bool {
	if r.dim == dimFactor {
		loose := lit.phrase != ""
		switch lit.bound {
		case over:
			return q >= r.value && (q <= r.value*(1+overWithin) || loose && q <= 1.5*r.value)
		case under:
			return q <= r.value*(1+nearlyBeyond) && q >= r.value*(1-overWithin)
		case about:
			rounding = max(rounding, 2*aboutWithin*q)
		}
	}
	tolerance := r.step/2 + rounding/2
	if r.dim == dimFactor && toTens(r) {
		tolerance = max(tolerance, timesWithin*q)
	}
	if lit.bound != exactly {
		tolerance = max(tolerance, derivedWithin*math.Abs(q))
	}
	return math.Abs(math.Abs(r.value)-math.Abs(q)) <= tolerance*(1+1e-6)
}

// holdsCountDerived says whether a count of ten or more is the difference or the sum of two counts.
func (h *held) holdsCountDerived(lit literal, r reading) bool {
	if h.direct || r.value < 10 || lit.ordinal || lit.digits < minDigits {
		return false
	}
	counts := make([]heldValue, 0, len(h.counts))
	for _, c := range h.counts {
		if c.role == "" {
			counts = append(counts, c.heldValue)
		}
	}
	return pairs(counts, lit.digits, func(a, b heldValue) bool {
		return math.Abs(a.value-b.value) == r.value || a.value+b.value == r.value
	})
}
