package grounding

import (
	"math"
	"slices"
)

// How far a number may be from what it stands for. Written plainly, it is the value rounded to the last digit written
// (1.6 GiB for 1.57, and not 1.5), and never more than coarse away from it (2 GiB is no way to say 1.57). Cut off instead
// of rounded, or roughly right, is enough behind a word as about.
const (
	coarse       = 0.125
	aboutWithin  = 0.05
	aboutAtMost  = 0.10
	overWithin   = 0.20
	underWithin  = 0.22
	nearlyBeyond = 0.02
	// roundedToTens is how far a whole number that ends in a zero may be off: 90 for 90.6.
	roundedToTens = 0.0075
	tensOfMinutes = 0.015
)

// matches says whether r, as it was meant, stands for v.
func matches(r reading, b bound, v float64) bool {
	w, v := math.Abs(r.value), math.Abs(v)
	tolerance := r.step / 2 * (1 + 1e-6)
	if r.dim != dimShare && r.dim != dimCount {
		tolerance = min(tolerance, coarse*v+1e-9)
	}
	switch {
	case r.dim == dimCount && r.step == 1 && b == exactly:
		tolerance = 1e-6
	case r.dim == dimCount && r.step > 1: // 69.5 million
		tolerance = min(tolerance, coarse*v)
	case r.dim == dimSeconds && toTens(r) && r.step >= minute: // the first 50 minutes
		tolerance = max(tolerance, tensOfMinutes*v)
	case (r.dim == dimByteRate || r.dim == dimRequests) && toTens(r):
		tolerance = max(tolerance, roundedToTens*v)
	}
	d := math.Abs(w - v)
	if d <= tolerance {
		return true
	}
	switch b {
	case about:
		return d <= max(aboutWithin*v, min(r.step, aboutAtMost*v))*(1+1e-6)
	case over:
		return v >= w && v <= w*(1+overWithin)
	case under:
		return v <= w*(1+nearlyBeyond) && v >= w*(1-underWithin)
	}
	return false
}

// toTens says whether a number was written as a multiple of ten of its last digit.
func toTens(r reading) bool {
	n := math.Round(r.value / r.step)
	return r.step > 0 && n >= 20 && math.Mod(n, 10) == 0
}

// holdsNumber says whether the facts hold a number in one of its readings.
func (h *held) holdsNumber(lit literal) bool {
	if lit.general || lit.phrase != "" && h.says(lit.phrase) {
		return true
	}
	for _, r := range lit.readings {
		if r.dim == dimCount {
			if h.holdsCount(lit, r) {
				return true
			}
			continue
		}
		if r.dim == dimFactor {
			if lit.of != "" && h.hasMeasure(lit.of) {
				if h.holdsFactorOf(lit, r) {
					return true
				}
				continue
			}
			if h.holdsFactor(lit, r) {
				return true
			}
		}
		other := false
		for _, v := range h.values[r.dim] {
			if !matches(r, lit.bound, v.value) || v.implied && v.fact == caseFact && !lit.sure {
				continue
			}
			if v.measure.stands(lit.measure) && (lit.measure != measureCeiling || v.measure != measureLimit || !h.hasMeasure(measureCeiling)) {
				return true
			}
			other = true
		}
		if other {
			continue // it is there, and is something else
		}
		if r.dim == dimSeconds && h.holdsSpan(lit, r) || h.holdsDerived(lit, r) {
			return true
		}
	}
	return len(lit.counts) == 2 && h.holdsCount(lit, reading{dimCount, lit.counts[0], 1}) && h.holdsCount(lit, reading{dimCount, lit.counts[1], 1})
}

// says whether a fact's sentence has a word.
func (h *held) says(word string) bool {
	return slices.ContainsFunc(h.facts, func(f string) bool { return wordHeld(f, word) })
}

// namedNouns count what a fact states as such: another enumeration does not stand for them.
var namedNouns = map[string]bool{"restart": true, "replica": true}

// maxEnumerated bounds how many things an enumeration stands for.
const maxEnumerated = 12

// holdsCount says whether the facts hold a bare number: in its role, as the count of its noun where they count that,
// else as any count or as the length of an enumeration.
func (h *held) holdsCount(lit literal, r reading) bool {
	if lit.general {
		return true
	}
	switch lit.role {
	case roleRevision, rolePID, roleExit:
		return h.holdsRole(lit.role, r.value)
	case roleSignal:
		return h.holdsRole(roleExit, r.value+128) || h.holdsRole(roleSignal, r.value)
	}
	nouned, named := false, false
	for _, c := range h.counts {
		if c.role != "" {
			continue
		}
		for _, noun := range lit.nouns {
			if !notNouns[noun] && slices.Contains(c.nouns, noun) {
				nouned, named = true, named || namedNouns[noun]
				if h.countIs(lit, r, c.value) {
					return true
				}
			}
		}
	}
	if n := r.value; !named && n >= 2 && n <= maxEnumerated && h.enumerates(lit, n) {
		return true
	}
	if r.value == 1 && !nouned && slices.Contains(lit.nouns, "kill") && h.says("killed") {
		return true
	}
	if r.value == 0 && h.none || slices.Contains(lit.nouns, "→") && h.holdsRole(roleRevision, r.value) {
		return true
	}
	if nouned {
		return h.holdsCountDerived(lit, r)
	}
	for _, c := range h.counts {
		if c.implied && c.fact == caseFact && !lit.sure {
			continue
		}
		if c.role == "" && h.countIs(lit, r, c.value) || c.role == roleExit && len(lit.nouns) == 0 && c.value == r.value {
			return true
		}
	}
	if len(lit.nouns) == 0 || !counted[lit.nouns[0]] {
		if h.holdsUnnamed(lit, r) {
			return true
		}
	}
	return h.holdsCountDerived(lit, r)
}

func (h *held) countIs(lit literal, r reading, v float64) bool {
	if lit.ordinal {
		return v >= r.value && v < 1e6 && v == math.Trunc(v)
	}
	return matches(r, lit.bound, v)
}

func (h *held) enumerates(lit literal, n float64) bool {
	if slices.Contains(lit.nouns, "kill") {
		return h.kills[int(n)] && n == math.Trunc(n)
	}
	if lit.ordinal {
		for size := range h.sizes {
			if float64(size) >= n && size <= maxEnumerated {
				return true
			}
		}
		return false
	}
	return h.sizes[int(n)] && n == math.Trunc(n)
}

func (h *held) holdsRole(role string, n float64) bool {
	return slices.ContainsFunc(h.counts, func(c heldCount) bool { return c.role == role && c.value == n })
}

// holdsUnnamed lets a number of which nothing is said be a share (0.96), a value in base units (2147483648), or digits
// that a fact's sentence has (port 8080).
func (h *held) holdsUnnamed(lit literal, r reading) bool {
	for dim, values := range h.values {
		for _, v := range values {
			if dim == dimShare && r.step < 1 && matches(reading{dimShare, r.value, r.step}, lit.bound, v.value) ||
				r.value >= 1000 && v.value == r.value && v.key != "" {
				return true
			}
		}
	}
	return len(lit.text) >= 4 && r.value >= 1000 && versionHeld(h.corpus, lit.text)
}

// holdsFactor says whether a factor (2.5x, doubled) is the ratio of two values, or a share above one.
func (h *held) holdsFactor(lit literal, r reading) bool {
	for _, v := range h.values[dimShare] {
		if v.value >= 1 && matches(r, lit.bound, v.value) {
			return true
		}
	}
	return h.holdsRatio(lit, r)
}
