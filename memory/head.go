package memory

import (
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// HeadOf returns what of a trace is needed to list it, find it and compare it.
func HeadOf(t investigations.Trace) investigations.Head {
	v := t.Result.Verdict
	h := investigations.Head{
		ID: t.Result.ID, At: t.Result.At, Target: t.Result.Target, Features: FeaturesOf(t),
		Confidence: v.Confidence, Headline: v.Headline, Feedback: t.Feedback, Outcome: t.Outcome,
	}
	for _, r := range v.Recommendations {
		if !slices.Contains(h.Actions, r.Action) {
			h.Actions = append(h.Actions, r.Action)
		}
	}
	return h
}

// FeaturesOf returns a trace's features; what they lack, as in a trace that another program made, is taken from its
// result.
func FeaturesOf(t investigations.Trace) investigations.Features {
	f := t.Features
	if f.Image == "" && f.Shape == "" && f.Runtime == "" && len(f.Functions) == 0 && f.Culprit == "" {
		f = extracted(f, t.Result)
	}
	return f.Of(t.Result.Target, t.Result.Verdict)
}

// Matches says whether a filter selects the trace of a head. The filter's limit is not looked at.
func Matches(f investigations.Filter, h investigations.Head) bool {
	switch {
	case len(f.IDs) > 0 && !slices.Contains(f.IDs, h.ID),
		f.Cluster != "" && f.Cluster != h.Features.Cluster,
		f.Namespace != "" && f.Namespace != h.Features.Namespace,
		f.Workload != "" && !slices.Contains([]string{h.Features.Workload, bare(h.Features.Workload), h.Target.Workload, bare(h.Target.Workload)}, f.Workload),
		f.Container != "" && f.Container != h.Features.Container,
		f.Cause != "" && f.Cause != h.Features.Cause,
		!f.Since.IsZero() && h.At.Before(f.Since),
		!f.Before.IsZero() && !h.At.Before(f.Before):
		return false
	}
	return len(f.Words) == 0 || holds(h, f.Words)
}

// bare is a workload's name without its kind.
func bare(workload string) string {
	_, name, _ := strings.Cut(workload, "/")
	return name
}

// holds says whether a head's texts have every word.
func holds(h investigations.Head, words []string) bool {
	f := h.Features
	texts := []string{
		h.ID, h.Headline, h.Target.String(), f.Cluster, f.Workload, f.Container, f.Node, f.Comm, f.Runtime, f.Image, f.Version, f.Culprit,
		string(f.Mechanism), string(f.Boundary), string(f.Cause), string(f.Trigger), string(f.Shape), string(h.Outcome.State),
	}
	texts = append(append(texts, f.Changed...), f.Functions...)
	for _, b := range h.Feedback {
		texts = append(texts, b.By, string(b.Cause), b.Note)
	}
	text := strings.ToLower(strings.Join(texts, "\n"))
	for _, w := range words {
		w = strings.ToLower(w)
		if !strings.Contains(text, w) && !strings.Contains(strings.ReplaceAll(text, "_", " "), w) {
			return false
		}
	}
	return true
}
