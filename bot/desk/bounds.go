package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
	"github.com/oombot/oombot/memory"
)

// bounded returns a result as it may be told of where c holds: without the precedents of other namespaces, the facts that
// tell of them, and what rests on those.
func (d *Desk) bounded(ctx context.Context, res *investigations.Result, c Channel) *investigations.Result {
	if c.whole() || len(res.Precedents) == 0 {
		return res
	}
	hidden := map[string]bool{} // by the source that their facts name
	out := *res
	out.Precedents = slices.DeleteFunc(slices.Clone(res.Precedents), func(p investigations.Precedent) bool {
		t, err := d.o.Store.Trace(ctx, p.ID)
		if err == nil && c.namespace(t.Result.Target.Namespace) {
			return false
		}
		hidden[memory.SourceOf(p.ID)] = true // one that can't be read may be of any
		return true
	})
	if len(hidden) == 0 {
		return res
	}
	var ids []string
	out.Facts = slices.DeleteFunc(slices.Clone(res.Facts), func(f investigations.Fact) bool {
		if f.Tool != investigations.ToolMemory || !hidden[f.Source] {
			return false
		}
		ids = append(ids, f.ID)
		return true
	})
	without := func(all []string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(id string) bool { return slices.Contains(ids, id) })
	}
	out.Hypotheses = slices.Clone(res.Hypotheses)
	for i := range out.Hypotheses {
		h := &out.Hypotheses[i]
		h.For, h.Against = without(h.For), without(h.Against)
	}
	out.Verdict.Recommendations = slices.Clone(res.Verdict.Recommendations)
	for i := range out.Verdict.Recommendations {
		r := &out.Verdict.Recommendations[i]
		r.Why = without(r.Why)
	}
	if n := res.Verdict.NextKill; n != nil {
		next := *n
		next.Why = without(n.Why)
		out.Verdict.NextKill = &next
	}
	paragraphs := slices.DeleteFunc(strings.Split(res.Verdict.Explanation, "\n\n"), func(p string) bool {
		return slices.ContainsFunc(report.Citations(p), func(id string) bool { return slices.Contains(ids, id) })
	})
	out.Verdict.Explanation = strings.Join(paragraphs, "\n\n")
	return &out
}
