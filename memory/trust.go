package memory

import (
	"slices"

	"github.com/oombot/oombot/investigations"
)

// Standing returns the feedback that holds: of each person the entry with the newest At (of two of the same moment the
// one that came last), without those that were retracted, in the order of their times.
func Standing(all []investigations.Feedback) []investigations.Feedback {
	newest := map[string]int{}
	for i, f := range all {
		if j, ok := newest[f.By]; !ok || !f.At.Before(all[j].At) {
			newest[f.By] = i
		}
	}
	var out []investigations.Feedback
	for i, f := range all {
		if newest[f.By] == i && f.Vote != investigations.VoteRetracted {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b investigations.Feedback) int { return a.At.Compare(b.At) })
	return out
}

// judgement is what the standing feedback says of the present verdict of a trace.
type judgement struct {
	ups, downs int
	// right is the cause that most corrections name; empty where there is none. note is that of the newest of them.
	right investigations.Cause
	note  string
	// by are those who judged.
	by []string
}

// judge counts the feedback that is about the cause which the verdict names now.
func judge(h investigations.Head) judgement {
	var j judgement
	named := map[investigations.Cause]int{}
	for _, f := range Standing(h.Feedback) {
		if f.Judged != "" && f.Judged != h.Features.Cause && f.Cause != h.Features.Cause {
			if f.Cause == "" {
				continue // it was about another verdict
			}
		}
		j.by = append(j.by, f.By)
		switch {
		case f.Cause != "" && f.Cause != h.Features.Cause:
			j.downs++
			named[f.Cause]++
			if named[f.Cause] >= named[j.right] {
				j.right, j.note = f.Cause, f.Note
			}
		case f.Cause == h.Features.Cause && f.Cause != "", f.Vote == investigations.VoteUp:
			j.ups++
		case f.Vote == investigations.VoteDown:
			j.downs++
		}
	}
	if j.ups >= j.downs {
		j.right = ""
	}
	return j
}

// TrustOf says how far the verdict of a trace is to be trusted: by what people say of it, else by what became of its advice.
func TrustOf(h investigations.Head) investigations.Trust {
	j := judge(h)
	switch {
	case j.right != "":
		return investigations.TrustCorrected
	case j.downs > j.ups:
		return investigations.TrustRefuted
	case j.ups > j.downs && h.Outcome.State != investigations.OutcomeFixFailed:
		return investigations.TrustConfirmed
	case j.ups+j.downs > 0, h.Outcome.State == investigations.OutcomeFixFailed:
		return investigations.TrustDisputed
	case h.Outcome.State == investigations.OutcomeFixHeld:
		return investigations.TrustConfirmed
	}
	return investigations.TrustUnjudged
}

// Votes returns how many people hold the present verdict of a trace for right and for wrong.
func Votes(h investigations.Head) (ups, downs int) {
	j := judge(h)
	return j.ups, j.downs
}

// EffectiveCause is the cause that a trace stands for: the one that people named in place of the verdict's, else the
// verdict's own.
func EffectiveCause(h investigations.Head) investigations.Cause {
	if j := judge(h); j.right != "" {
		return j.right
	}
	return h.Features.Cause
}
