package profiles

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

const (
	// maxGrown is how many functions a comparison names.
	maxGrown = 20
	// late is how long after the moment a profile still counts as one from before the kill: clocks differ.
	late = 5 * time.Second
	// maxCompared bounds the comparisons.
	maxCompared = 50
)

// pair is two profiles to compare.
type pair struct{ before, after *heap }

// growth compares profiles of the same container: first those of one pod, then those of two revisions. The
// target's comparisons come first, as its profiles do.
func growth(req investigations.Request, heaps []heap, n *notes) []investigations.ProfileGrowth {
	var pairs []pair
	done := map[string]bool{}
	for i := range heaps {
		key := heaps[i].Namespace + "/" + heaps[i].Pod + "/" + heaps[i].Container
		if done[key] || len(pairs) >= maxCompared {
			continue
		}
		done[key] = true
		pairs = append(pairs, pairsOf(&heaps[i], heaps, req.At)...)
	}
	var out []investigations.ProfileGrowth
	for _, p := range pairs {
		if p.before.sampleType != p.after.sampleType {
			n.add("%s and %s can't be compared: one counts %.40q, the other %.40q", p.before.Source, p.after.Source,
				p.before.sampleType, p.after.sampleType)
			continue
		}
		out = append(out, p.compare())
	}
	return out
}

// pairsOf returns the comparisons that tell most of the container that of is a profile of.
func pairsOf(of *heap, heaps []heap, at time.Time) []pair {
	var own, others []*heap
	for i := range heaps {
		h := &heaps[i]
		switch {
		case h.Namespace != of.Namespace || h.Container != of.Container:
		case h.Pod == of.Pod:
			own = append(own, h)
		case sameWorkload(h.Pod, of.Pod):
			others = append(others, h)
		}
	}
	after := latest(own, at)
	var pairs []pair
	if first := slices.MinFunc(own, byTime); first.At.Before(after.At) {
		pairs = append(pairs, pair{first, after})
	}
	// Of other pods one of an older revision tells more: it may not have what grew.
	older := slices.DeleteFunc(slices.Clone(others), func(h *heap) bool { return revision(h.Pod) == revision(of.Pod) })
	if len(older) > 0 {
		others = older
	} else if len(pairs) > 0 {
		return pairs
	}
	others = slices.DeleteFunc(others, func(h *heap) bool { return !h.At.Before(after.At) })
	if len(others) > 0 {
		pairs = append(pairs, pair{latest(others, at), after})
	}
	return pairs
}

func byTime(a, b *heap) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	return strings.Compare(a.Source, b.Source)
}

// latest returns the last profile before the moment, or the first one after it where there is none.
func latest(heaps []*heap, at time.Time) *heap {
	var last *heap
	for _, h := range heaps {
		if !h.At.After(at.Add(late)) && (last == nil || byTime(h, last) > 0) {
			last = h
		}
	}
	if last == nil {
		return slices.MinFunc(heaps, byTime)
	}
	return last
}

// compare returns what grew. The difference is that of the functions' sums: two revisions have other addresses
// and lines, which would keep their stacks apart.
func (p pair) compare() investigations.ProfileGrowth {
	grown := map[string]int64{}
	for f, b := range p.after.holders {
		grown[f] = b - p.before.holders[f]
	}
	return investigations.ProfileGrowth{
		Namespace: p.after.Namespace, Container: p.after.Container,
		BeforePod: p.before.Pod, AfterPod: p.after.Pod, Before: p.before.At, After: p.after.At,
		BeforeSource: p.before.Source, AfterSource: p.after.Source,
		BeforeBytes: p.before.InUseBytes, AfterBytes: p.after.InUseBytes,
		Functions: top(grown, maxGrown),
	}
}

const (
	// maxFacts bounds the inventory, and maxNamed the functions in one fact.
	maxFacts, maxNamed = 10, 4
)

// facts say what grew and what is held.
func facts(req investigations.Request, ev *investigations.ProfileEvidence) []investigations.Fact {
	var out []investigations.Fact
	for i, g := range ev.Growth {
		if len(out) < maxFacts/2 && len(g.Functions) > 0 {
			out = append(out, grew(g, i))
		}
	}
	said := map[string]bool{}
	for _, p := range ev.Profiles {
		if key := p.Namespace + "/" + p.Pod + "/" + p.Container; !said[key] && len(out) < maxFacts {
			said[key] = true
			out = append(out, held(newest(ev.Profiles, p, req.At)))
		}
	}
	for i := range out {
		out[i].Says = investigations.CleanText(out[i].Says, 600)
		out[i].Source = investigations.CleanText(out[i].Source, 300)
	}
	return out
}

// newest returns the last profile before the moment of the container that of is a profile of.
func newest(all []investigations.HeapProfile, of investigations.HeapProfile, at time.Time) investigations.HeapProfile {
	for _, p := range all {
		if p.Namespace == of.Namespace && p.Pod == of.Pod && p.Container == of.Container &&
			p.At.After(of.At) && !p.At.After(at.Add(late)) {
			of = p
		}
	}
	return of
}

func grew(g investigations.ProfileGrowth, i int) investigations.Fact {
	f := investigations.Fact{
		Tool: investigations.ToolProfiles, Key: fmt.Sprintf("profiles/growth/%d", i), At: g.After, Source: g.AfterSource,
		Values: map[string]float64{
			"before_bytes": float64(g.BeforeBytes), "after_bytes": float64(g.AfterBytes),
			"function_bytes": float64(g.Functions[0].Bytes),
		},
	}
	who := fmt.Sprintf("%.150q", g.AfterPod+"/"+g.Container)
	if g.BeforePod != g.AfterPod {
		who += fmt.Sprintf(" against %.100q", g.BeforePod)
	}
	f.Says = fmt.Sprintf("heap in use of %s: %s at %s, %s at %s; grown are %s", who,
		investigations.FormatBytes(g.BeforeBytes), clock(g.Before), investigations.FormatBytes(g.AfterBytes), clock(g.After),
		named(g.Functions, "+"))
	return f
}

func held(p investigations.HeapProfile) investigations.Fact {
	f := investigations.Fact{
		Tool: investigations.ToolProfiles, Key: "profiles/held/" + p.Source, At: p.At, Source: p.Source,
		Values: map[string]float64{"in_use_bytes": float64(p.InUseBytes)},
	}
	f.Says = fmt.Sprintf("heap profile of %.150q: %s in use", p.Pod+"/"+p.Container, investigations.FormatBytes(p.InUseBytes))
	if !p.At.IsZero() {
		f.Says += " at " + clock(p.At)
	}
	if len(p.Functions) > 0 {
		f.Says += "; allocated by " + named(p.Functions, "")
	}
	return f
}

func named(functions []investigations.FunctionBytes, sign string) string {
	var parts []string
	for _, f := range functions[:min(len(functions), maxNamed)] {
		parts = append(parts, fmt.Sprintf("%.120q %s%s", f.Function, sign, investigations.FormatBytes(f.Bytes)))
	}
	return strings.Join(parts, ", ")
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }
