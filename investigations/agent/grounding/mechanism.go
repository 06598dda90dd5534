package grounding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// checkEnds refuses what a clause says of the mechanism and the boundary where the verdict says otherwise. What a cited fact
// says in the same terms passes: the sentence is about that fact. Of a verdict that is no want of memory only what
// is told as past passes in this way.
func (r *reader) checkEnds(c *clause) {
	v := r.verdict
	hits := narrowed(ends.find(c.words))
	for _, h := range hits {
		e, ok := endings[h.label]
		if !ok {
			continue
		}
		agrees := e.agrees(v)
		switch {
		case h.label == "spare" && v.Boundary == investigations.BoundaryPod && slices.Contains(c.words[h.from:h.to], "own"):
			agrees = true // it is the container's, and the pod's ran out
		case h.label == "pod limit" && !slices.Contains(c.words[h.from:h.to], "pod") && (v.Boundary == investigations.BoundaryNodeAllocatable || v.Boundary == investigations.BoundarySlice):
			agrees = true // all pods share it
		case h.label == "allocatable" && v.Cause == investigations.CauseNodeOvercommit:
			agrees = true
		case h.label == "probe":
			agrees = agrees && r.anyFact("probe")
		case h.label == "evicted" && v.Cause == investigations.CauseNotOOM:
			agrees = r.anyFact("evict") || r.anyFact("preempt")
		case (h.label == "oom" || h.label == "kernel kill") && v.Cause == investigations.CauseNotOOM && c.past && reported(c):
			agrees = r.anyFact("oomkilled")
		}
		negated := c.negates(h)
		switch {
		case c.unreal || c.dismisses(h):
		case negated && ofAmount(c, h):
		case !negated && !agrees && (!c.rival || r.headline) && !r.affirmed(c, h.label):
			r.refuse(Contradiction, fmt.Sprintf("it claims %s; the evidence shows %s: say that, or leave it out", e.says, endingOf(v)))
		case negated && agrees && !c.past && !c.rival && !elsewhere(c) && !r.denied(h.label):
			r.refuse(Contradiction, fmt.Sprintf("it denies %s; the evidence shows %s", e.says, endingOf(v)))
		}
	}
}

// narrowed drops what is said of a limit in general where the same clause names the limit.
func narrowed(hits []hit) []hit {
	if slices.ContainsFunc(hits, func(h hit) bool { return h.label == "outside kill" }) {
		hits = slices.DeleteFunc(hits, func(h hit) bool { return h.label == "oom" || h.label == "kernel kill" })
	}
	if slices.ContainsFunc(hits, func(h hit) bool { return h.label == "slice" || h.label == "allocatable" }) {
		hits = slices.DeleteFunc(hits, func(h hit) bool { return h.label == "pod limit" })
	}
	for _, h := range hits {
		if h.label == "none" || h.label == "node memory" { // "the OOM counter" tells of no kill, "an OOM of the node" of one of the node
			hits = slices.DeleteFunc(slices.Clone(hits), func(o hit) bool {
				return (o.label == "oom" || o.label == "kernel kill" || o.label == "evicted") && h.from <= o.from && o.to <= h.to
			})
		}
	}
	for _, h := range hits {
		if slices.Contains(exact, h.label) {
			return slices.DeleteFunc(hits, func(h hit) bool { return h.label == "own limit" || h.label == "limit" })
		}
	}
	if slices.ContainsFunc(hits, func(h hit) bool { return h.label == "own limit" }) {
		return slices.DeleteFunc(hits, func(h hit) bool { return h.label == "limit" })
	}
	if slices.ContainsFunc(hits, func(h hit) bool { return h.label == "node memory" || h.label == "global" }) {
		return slices.DeleteFunc(hits, func(h hit) bool { return h.label == "memory" })
	}
	return hits
}

// dismisses reports whether the words that were found are those that rule something out: "an OOM of the node is out of the
// question".
func (c *clause) dismisses(h hit) bool {
	return slices.ContainsFunc(c.denies, func(d hit) bool { return d.from < h.to && d.from > h.from && d.to > h.to })
}

// ofAmount reports whether what was found names no limit but an amount: "never exceeded 616 MiB".
func ofAmount(c *clause, h hit) bool {
	words := c.words[h.from:h.to]
	return strings.HasPrefix(words[0], "exceed") && slices.Contains(words, number)
}

// others are words of a clause that is about something else than the victim.
var others = []string{"sidecar", "other", "others", "neighbour", "neighbours", "envoy", "proxy", "another", "alone", "each"}

func elsewhere(c *clause) bool {
	return slices.ContainsFunc(c.words, func(w string) bool { return slices.Contains(others, w) })
}

// affirmed reports whether a cited fact says what the clause says.
func (r *reader) affirmed(c *clause, label string) bool {
	if r.headline || r.verdict.Cause == investigations.CauseNotOOM && !c.past && !reported(c) && (label == "oom" || label == "kernel kill" || label == "own limit" || label == "limit" || label == "memory") {
		return false
	}
	for _, f := range r.cited() {
		for i := range f.clauses {
			for _, h := range f.ends[i] {
				if (h.label == label || label == "own limit" && h.label == "limit" && c.past) && !f.clauses[i].negates(h) {
					return true
				}
			}
		}
	}
	return false
}

// denied reports whether a cited fact denies what has that label.
func (r *reader) denied(label string) bool {
	for _, f := range r.cited() {
		for i := range f.clauses {
			for _, h := range f.ends[i] {
				if h.label == label && f.clauses[i].negates(h) {
					return true
				}
			}
		}
	}
	return false
}

// reported reports whether the clause tells of a label or a status, and not of what happened.
func reported(c *clause) bool {
	return slices.ContainsFunc(c.words, func(w string) bool {
		return slices.Contains([]string{"label", "labelled", "labeled", "reason", "status", "shows", "marked", "says", "reports", "reported", "counter", "stale", "only", "despite", "flag", "flagged"}, w)
	})
}

// endingOf words the mechanism and the boundary of the verdict.
func endingOf(v investigations.Verdict) string {
	return "mechanism " + words(string(v.Mechanism)) + ", boundary " + words(string(v.Boundary))
}

func words(enum string) string { return strings.ReplaceAll(enum, "_", " ") }
