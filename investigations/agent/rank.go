package agent

import (
	"cmp"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/agent/grounding"
)

// What a fact weighs, by who rests on it. Ties go to the lower number.
const (
	weighsVerdict  = 100
	weighsAgainst  = 80
	weighsRival    = 60
	weighsMemory   = 50
	weighsMoment   = 20
	weighsNothing  = 10
	weighsCoverage = 1
)

// rank returns the facts in the order of how much a judgement of this case depends on them.
func rank(r *investigations.Result) []investigations.Fact {
	weight := map[string]int{}
	raise := func(w int, ids ...string) {
		for _, id := range ids {
			weight[id] = max(weight[id], w)
		}
	}
	v := &r.Verdict
	raise(weighsVerdict, grounding.Citations(v.Explanation)...)
	for _, rec := range v.Recommendations {
		raise(weighsVerdict, rec.Why...)
		raise(weighsVerdict, grounding.Citations(rec.Note)...)
	}
	if v.NextKill != nil {
		raise(weighsVerdict, v.NextKill.Why...)
	}
	for i, h := range r.Hypotheses {
		if h.Cause == v.Cause {
			raise(weighsVerdict, h.For...)
			raise(weighsAgainst, h.Against...)
			continue
		}
		raise(max(weighsRival-5*i, weighsNothing+1), h.For...)
		raise(max(weighsRival-5*i, weighsNothing+1), h.Against...)
	}
	for _, f := range r.Facts {
		switch {
		case f.Tool == investigations.ToolMemory:
			raise(weighsMemory, f.ID)
		case isCoverage(f):
			raise(weighsCoverage, f.ID)
		case f.Tool == investigations.ToolKernlog || f.Tool == investigations.ToolPods:
			raise(weighsMoment, f.ID)
		default:
			raise(weighsNothing, f.ID)
		}
	}
	out := slices.Clone(r.Facts)
	slices.SortStableFunc(out, func(a, b investigations.Fact) int { return cmp.Compare(weight[b.ID], weight[a.ID]) })
	return out
}

// isCoverage says whether a fact only counts what was read.
func isCoverage(f investigations.Fact) bool {
	_, samples := f.Values["samples"]
	_, series := f.Values["series"]
	_, workloads := f.Values["workloads"]
	return samples && series || workloads
}

// choose returns the facts that fit into a number of tokens, in their own order, and those that do not.
func choose(r *investigations.Result, tokens int) (in, out []investigations.Fact) {
	chosen := map[string]bool{}
	for _, f := range rank(r) {
		need := textTokens(factLine(f)) + 1
		if need > tokens {
			continue
		}
		tokens -= need
		chosen[f.ID] = true
	}
	for _, f := range r.Facts {
		if chosen[f.ID] {
			in = append(in, f)
		} else {
			out = append(out, f)
		}
	}
	return in, out
}

// leftOut says which facts were cut: "F14 to F21, F38 (metrics 8, rollouts 1)"; "" for none.
func leftOut(facts []investigations.Fact) string {
	if len(facts) == 0 {
		return ""
	}
	var ids, tools []string
	counts := map[string]int{}
	for i := 0; i < len(facts); {
		j := i
		for j+1 < len(facts) && factNumber(facts[j+1].ID) == factNumber(facts[j].ID)+1 {
			j++
		}
		switch j {
		case i:
			ids = append(ids, facts[i].ID)
		case i + 1:
			ids = append(ids, facts[i].ID, facts[j].ID)
		default:
			ids = append(ids, facts[i].ID+" to "+facts[j].ID)
		}
		i = j + 1
	}
	for _, f := range facts {
		if counts[f.Tool]++; counts[f.Tool] == 1 {
			tools = append(tools, f.Tool)
		}
	}
	for i, t := range tools {
		tools[i] = t + " " + itoa(counts[t])
	}
	return strings.Join(ids, ", ") + " (" + strings.Join(tools, ", ") + ")"
}
