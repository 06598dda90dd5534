package investigations

import (
	"math"
	"slices"
	"time"
)

// Normalized returns a copy of r that has the shape that the document promises: lists are never nil, empty
// enumerations say unknown, times are UTC (and absent where no calendar can print them), numbers are finite;
// confidence, scores and similarities are within 0 to 1 and rounded to two decimals. The copy shares nothing
// with r that it changes.
func (r Result) Normalized() Result {
	r.Version = ResultVersion
	r.At = printable(r.At)
	r.Verdict = r.Verdict.normalized()
	r.Hypotheses = each(r.Hypotheses, func(h Hypothesis) Hypothesis {
		h.Score, h.For, h.Against = share(h.Score), orEmpty(h.For), orEmpty(h.Against)
		return h
	})
	r.Facts = each(r.Facts, func(f Fact) Fact {
		f.At, f.Values = printable(f.At), tidyValues(f.Values)
		return f
	})
	r.BlindSpots = orEmpty(r.BlindSpots)
	r.Precedents = each(r.Precedents, func(p Precedent) Precedent {
		p.Similarity, p.Why, p.Outcome = share(p.Similarity), orEmpty(p.Why), orElse(p.Outcome, OutcomeUnknown)
		return p
	})
	r.Tools = orEmpty(r.Tools)
	r.LLM.Cost = tidy(r.LLM.Cost)
	r.LLM.EndedBy = orElse(r.LLM.EndedBy, EndedOff)
	return r
}

func (v Verdict) normalized() Verdict {
	v.Mechanism = orElse(v.Mechanism, MechanismUnknown)
	v.Boundary = orElse(v.Boundary, BoundaryUnknown)
	v.Cause = orElse(v.Cause, CauseInsufficientEvidence)
	v.Trigger = orElse(v.Trigger, TriggerUnknown)
	v.Confidence = share(v.Confidence)
	v.WrittenBy = orElse(v.WrittenBy, WrittenByRules)
	if v.Change != nil {
		c := *v.Change
		c.At, c.What = printable(c.At), orEmpty(c.What)
		v.Change = &c
	}
	v.Recommendations = each(v.Recommendations, func(r Recommendation) Recommendation {
		r.Why = orEmpty(r.Why)
		return r
	})
	if v.NextKill != nil {
		n := *v.NextKill
		n.At, n.Earliest, n.Latest = printable(n.At), printable(n.Earliest), printable(n.Latest)
		n.Why = orEmpty(n.Why)
		v.NextKill = &n
	}
	return v
}

// printable returns t in UTC, or the zero time where RFC 3339 can't print it: its years have four digits.
func printable(t time.Time) time.Time {
	t = t.UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// share brings v into 0 to 1, with two decimals; what is no number is 0.
func share(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return math.Round(min(max(v, 0), 1)*100) / 100
}

// tidy drops the digits that only floating-point arithmetic brings in; what is no finite number is 0.
func tidy(v float64) float64 {
	switch abs := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0) || v == 0:
		return 0
	case abs >= 1e15: // no fraction is left at this size
		return v
	case abs >= 1:
		return math.Round(v*1000) / 1000
	}
	scale := math.Pow10(5 - int(math.Floor(math.Log10(math.Abs(v))))) // six significant digits
	if math.IsInf(scale, 0) {
		return 0
	}
	return math.Round(v*scale) / scale
}

// tidyValues returns a tidied copy of values without what is no finite number; nil where nothing is left.
func tidyValues(values map[string]float64) map[string]float64 {
	var out map[string]float64
	for k, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		if out == nil {
			out = make(map[string]float64, len(values))
		}
		out[k] = tidy(v)
	}
	return out
}

// each returns the changed elements of s in a new slice, which is never nil.
func each[T any](s []T, change func(T) T) []T {
	out := orEmpty(slices.Clone(s))
	for i := range out {
		out[i] = change(out[i])
	}
	return out
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func orElse[T ~string](v, otherwise T) T {
	if v == "" {
		return otherwise
	}
	return v
}
