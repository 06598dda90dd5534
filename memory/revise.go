package memory

import (
	"cmp"
	"slices"

	"github.com/oombot/oombot/investigations"
)

// Revise joins what is stored of a kill with a newer trace of it, as investigations.Memory promises: the newer result and
// what belongs to it hold; feedback and places shown are joined; the first asker stays; and of two outcomes the one
// with the later At holds. Both are left as they are.
func Revise(old, newer investigations.Trace) investigations.Trace {
	old, newer = Normalized(old), Normalized(newer)
	out := newer
	out.AskedBy = cmp.Or(old.AskedBy, newer.AskedBy)
	out = Amend(out, investigations.Amendment{Outcome: &old.Outcome})
	out.Feedback, out.ShownAt = old.Feedback, old.ShownAt
	return Amend(out, investigations.Amendment{Feedback: newer.Feedback, ShownAt: newer.ShownAt})
}

// Amend adds what was learned to a trace, and leaves t as it is. Feedback that is there already is not added again;
// all of it is in the order of its times. An outcome replaces one whose At is not later, and an unknown one replaces
// none that is known.
func Amend(t investigations.Trace, a investigations.Amendment) investigations.Trace {
	t = Normalized(t)
	for _, f := range a.Feedback {
		if f.Judged == "" {
			f.Judged = t.Result.Verdict.Cause
		}
		if !slices.ContainsFunc(t.Feedback, func(g investigations.Feedback) bool { return same(f, g) }) {
			t.Feedback = append(t.Feedback, f)
		}
	}
	slices.SortStableFunc(t.Feedback, func(x, y investigations.Feedback) int { return x.At.Compare(y.At) })
	t.ShownAt = slices.Clone(t.ShownAt)
	for _, p := range a.ShownAt {
		if !slices.Contains(t.ShownAt, p) {
			t.ShownAt = append(t.ShownAt, p)
		}
	}
	if o := a.Outcome; o != nil && known(*o) && (!known(t.Outcome) || !o.At.Before(t.Outcome.At)) {
		t.Outcome = *o
	}
	return Normalized(t)
}

func same(f, g investigations.Feedback) bool {
	at := f.At.Equal(g.At)
	f.At = g.At // the same moment in another zone is the same
	return at && f == g
}

func known(o investigations.Outcome) bool {
	return o.State != "" && o.State != investigations.OutcomeUnknown
}

// Normalized returns a trace in the shape that its document promises: lists are never nil, the version is set, times
// are UTC, feedback says which verdict it judged, and an outcome that is not known says so.
func Normalized(t investigations.Trace) investigations.Trace {
	t.Version = investigations.TraceVersion
	t.Result = t.Result.Normalized()
	t.Result.Features, t.Result.Influences = investigations.Features{}, nil // the trace has its own
	t.Feedback = slices.Clone(t.Feedback)
	for i := range t.Feedback {
		f := &t.Feedback[i]
		f.At = f.At.UTC()
		if f.Judged == "" {
			f.Judged = t.Result.Verdict.Cause
		}
	}
	t.Feedback, t.ShownAt = orEmpty(t.Feedback), orEmpty(t.ShownAt)
	t.Sources, t.Influences, t.Links = orEmpty(t.Sources), orEmpty(t.Influences), orEmpty(t.Links)
	t.StoredAt, t.Outcome.At = t.StoredAt.UTC(), t.Outcome.At.UTC()
	if t.Outcome.State == "" {
		t.Outcome.State = investigations.OutcomeUnknown
	}
	return t
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
