package grounding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// causesOf are the causes that a label of causeWords stands for.
var causesOf = map[string][]investigations.Cause{
	"leak":          {investigations.CauseLeak},
	"undersized":    {investigations.CauseUndersizedLimit, investigations.CauseRuntimeMisconfiguration},
	"spike":         {investigations.CauseLoadSpike},
	"job":           {investigations.CauseLoadSpike},
	"neighbour":     {investigations.CauseNoisyNeighbour},
	"sidecar":       {investigations.CauseSidecar},
	"overcommit":    {investigations.CauseNodeOvercommit},
	"volume":        {investigations.CauseMemoryBackedVolume},
	"kernel":        {investigations.CauseKernelMemory},
	"heap ceiling":  {investigations.CauseRuntimeMisconfiguration},
	"cache":         {},
	"one":           {},
	"unknown":       {investigations.CauseInsufficientEvidence},
	"misconfigured": {investigations.CauseRuntimeMisconfiguration},
}

// checkCause refuses a clause that names another cause than the verdict's, or denies the verdict's own. A rival that is ruled
// out, or called weaker or possible, passes, though not in a headline.
func (r *reader) checkCause(c *clause) {
	hits := causeWords.find(c.words)
	for _, h := range hits {
		label, mention := strings.CutSuffix(h.label, "?")
		agrees := r.causeAgrees(label)
		negated := c.negates(h)
		switch {
		case label == "none":
		case label == "cache" && r.verdict.Cause == investigations.CauseLeak && slices.ContainsFunc(hits, func(o hit) bool { return o.label == "leak" && !c.negates(o) }):
		case label == "unknown" && !h.aboutCause(c):
		case mention && !c.causal && !causal.has(c.words):
		case negated && slices.Contains(causesOf[label], r.verdict.Cause) && r.deniesOwn(c, h):
			r.refuse(Contradiction, fmt.Sprintf("it denies %s, which is the cause that the verdict names", words(string(r.verdict.Cause))))
		case negated || agrees || slight.has(c.words) && mention:
		case (c.rival && label != "unknown" || c.unreal) && !r.headline:
		case covers(hits, h) || r.asFact(c, label):
		default:
			r.refuse(Contradiction, fmt.Sprintf("it names %s as the cause; the verdict's cause is %s: name another one only as ruled out or weaker, with the facts against it", word(label), words(string(r.verdict.Cause))))
		}
	}
}

func (r *reader) causeAgrees(label string) bool {
	v := r.verdict
	switch {
	case slices.Contains(causesOf[label], v.Cause):
		return true
	case label == "cache":
		return v.Cause == investigations.CauseUndersizedLimit || v.Change != nil && strings.Contains(strings.ToLower(strings.Join(v.Change.What, " ")), "cache")
	case label == "one":
		return v.Cause != investigations.CauseNodeOvercommit
	case label == "spike":
		return v.Trigger == investigations.TriggerTraffic || v.Trigger == investigations.TriggerScheduledJob
	case label == "job":
		return v.Trigger == investigations.TriggerScheduledJob
	case label == "heap ceiling":
		return v.Boundary == investigations.BoundaryHeap
	case label == "unknown":
		return v.Mechanism == investigations.MechanismUnknown || v.Boundary == investigations.BoundaryUnknown || v.Trigger == investigations.TriggerUnknown
	}
	return false
}

// deniesOwn reports whether a negation is about the verdict's cause itself: "a higher limit cures no leak" does not deny
// the leak, nor does what is said of another time.
func (r *reader) deniesOwn(c *clause, h hit) bool {
	if c.past || c.unreal || c.rival || elsewhere(c) && h.label != "sidecar" && h.label != "neighbour" {
		return false
	}
	if h.label == "unknown" {
		return false
	}
	if before, behind := c.denial(h); !before && behind && described(c, h) {
		return false
	}
	for _, not := range c.nots {
		if not.to <= h.from && (slices.Contains(c.words[not.from:not.to], "without") || slices.ContainsFunc(c.words[:h.from], func(w string) bool {
			return strings.HasPrefix(w, "cure") || strings.HasPrefix(w, "fix") || strings.HasPrefix(w, "solve") || strings.HasPrefix(w, "help") || strings.HasPrefix(w, "stop")
		})) {
			return false
		}
	}
	return true
}

// aboutCause reports whether what is said to be unknown is the cause, and not which of something or how it was.
func (h hit) aboutCause(c *clause) bool {
	if c.words[h.from] != "can" {
		return true
	}
	return h.from <= 1 || slices.ContainsFunc(c.words[:h.from], func(w string) bool {
		return w == "cause" || w == "reason" || w == "why" || w == "mechanism" || w == "it" || w == "culprit" || w == "explanation"
	})
}

// complements may follow "is not" where that denies the subject itself.
var complements = []string{"it", "the", "a", "an", "to", "what", "behind", "here", "there", "likely", "plausible", "responsible", "involved", "present", "visible", "real", "at", "in", "guilty", "supported"}

// described reports whether what was found is followed by "is not" and a quality: "the leak is not driven by traffic" says of the
// leak how it is, and does not deny it.
func described(c *clause, h hit) bool {
	for i := h.to; i+2 < len(c.words); i++ {
		if c.words[i] == "is" && c.words[i+1] == "not" {
			return !slices.Contains(complements, c.words[i+2])
		}
	}
	return false
}

// covers reports whether another hit of the clause, of a label that names its cause better, holds h.
func covers(hits []hit, h hit) bool {
	for _, o := range hits {
		if o.label != h.label && o.from <= h.from && h.to <= o.to && o.to-o.from > h.to-h.from {
			return true
		}
	}
	return false
}

// factual are labels that facts use of what they measure: as a description of the fact they are no cause.
var factual = []string{"overcommit", "leak", "undersized", "spike", "heap ceiling", "neighbour", "unknown"}

// asFact reports whether a cited fact itself uses the term, and the clause names it as no cause.
func (r *reader) asFact(c *clause, label string) bool {
	if r.headline || c.causal || !slices.Contains(factual, label) {
		return false
	}
	for _, h := range causal.find(c.words) {
		if h.label == "cause" {
			return false
		}
	}
	for _, f := range r.cited() {
		for i := range f.clauses {
			for _, h := range causeWords.find(f.clauses[i].words) {
				if h.label == label && !f.clauses[i].negates(h) {
					return true
				}
			}
		}
	}
	return false
}

// word is a label as a person says it.
func word(label string) string {
	switch label {
	case "undersized":
		return "an undersized limit"
	case "spike", "job":
		return "a load spike"
	case "neighbour":
		return "a noisy neighbour"
	case "volume":
		return "a memory-backed volume"
	case "kernel":
		return "kernel memory"
	case "misconfigured":
		return "a misconfigured runtime"
	case "leak", "sidecar", "heap ceiling", "cache":
		return "a " + label
	case "overcommit":
		return "an overcommitted node"
	}
	return "no cause"
}
