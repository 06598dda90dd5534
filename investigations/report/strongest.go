package report

import (
	"slices"
	"strings"

	inv "github.com/oombot/oombot/investigations"
)

// Strongest returns at most n facts that carry the verdict: the first that each paragraph of the explanation cites, then
// what it cites beside them, then what speaks for the cause. Ids that the result has no fact of are left out.
func Strongest(r *inv.Result, n int) []inv.Fact {
	var first, rest []string
	for paragraph := range strings.SplitSeq(r.Verdict.Explanation, "\n\n") {
		if ids := Citations(paragraph); len(ids) > 0 {
			first, rest = append(first, ids[0]), append(rest, ids[1:]...)
		}
	}
	for _, h := range r.Hypotheses {
		if h.Cause == r.Verdict.Cause {
			rest = append(rest, h.For...)
		}
	}
	var out []inv.Fact
	for _, id := range append(first, rest...) {
		i := slices.IndexFunc(r.Facts, func(f inv.Fact) bool { return f.ID == id })
		known := func(f inv.Fact) bool { return f.ID == id }
		if len(out) < n && i >= 0 && !slices.ContainsFunc(out, known) {
			out = append(out, r.Facts[i])
		}
	}
	return out
}
