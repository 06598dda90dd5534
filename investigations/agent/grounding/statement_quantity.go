package grounding

import (
	"fmt"
	"slices"

	"github.com/oombot/oombot/investigations"
)

// checkQuantity refuses what is said of all, none or only one of a kind where no cited fact tells of the kind, and of all
// where the cited facts tell of two that differ.
func (r *reader) checkQuantity(c *clause) {
	if c.unreal || c.rival || len(r.facts) == 0 {
		return
	}
	for _, h := range quantityWords.find(c.words) {
		if h.label == "all" && (len(advisedIn(c)) > 0 || h.from > 0 && (c.words[h.from-1] == "give" || c.words[h.from-1] == "allow")) { // "give each replica more"
			continue
		}
		noun := stem(c.words[h.to-1])
		if !r.counts(noun) {
			r.refuse(Contradiction, fmt.Sprintf("no cited fact tells of %q, nor of how many", c.words[h.to-1]))
			continue
		}
		if h.label != "all" {
			continue
		}
		if where := scopeOf(c.words[h.to:]); where != "" && !r.counts(where) && (where != "node" || !wholeNode[r.verdict.Boundary]) {
			r.refuse(Contradiction, fmt.Sprintf("no cited fact tells of all in the %s", where))
			continue
		}
		if alike(c) && r.differs(motion{direction: "up"}) {
			r.refuse(Contradiction, "the cited facts show that they differ")
		}
		for _, m := range append(motions(c), leaks(c)...) {
			if d := m.at.from - h.to; d < -1 || d > 5 {
				continue
			}
			if _, told := r.shows(c, m); told && r.differs(m) {
				r.refuse(Direction, "the cited facts show one that did, and one that did not")
			}
		}
	}
}

// leaks are the changes that a clause tells of by saying that something leaks.
func leaks(c *clause) []motion {
	var out []motion
	for _, h := range directionWords.find(c.words) {
		if h.label == "leak" && !c.negates(h) {
			out = append(out, motion{subject: "entity", direction: "up", at: h})
		}
	}
	return out
}

// alike reports whether a clause says that its subjects are the same.
func alike(c *clause) bool {
	return slices.ContainsFunc(c.words, func(w string) bool {
		return w == "same" || w == "like" || w == "alike" || w == "identical" || w == "similar"
	})
}

// differs reports whether a cited fact compares, and shows the opposite as well.
func (r *reader) differs(m motion) bool {
	for _, f := range r.cited() {
		t := trendOf(f)
		if t.partly || !rates.MatchString(f.fact.Says) && len(f.fact.Values) < 2 {
			continue
		}
		if m.direction == "up" && t.flat && t.up && len(rates.FindAllString(f.fact.Says, -1)) > 1 {
			return true
		}
	}
	return false
}

// kindWords are words of facts that tell of a kind, beside the kind's own.
var kindWords = map[string][]string{
	"lif":      {"life", "lives", "restarts", "running since"},
	"kill":     {"kill", "ended in", "oomkilled"},
	"crash":    {"kill", "ended", "restart"},
	"restart":  {"restart", "lives", "kill"},
	"pod":      {"pod", "kubepods", "replica", "lives", "kubernetes"},
	"instanc":  {"pod", "replica", "lives"},
	"replica":  {"pod", "replica"},
	"version":  {"revision", "image", "version"},
	"revision": {"revision"},
	"deploy":   {"revision", "deployment"},
	"rollout":  {"revision", "rollout"},
	"process":  {"process", "pid"},
	"servic":   {"pod", "service", "unit"},
	"workload": {"pod", "workload", "deployment/", "statefulset/"},
	"tim":      {"lives", "restarts", "times", "ended in a kill"},
	"alway":    {"lives", "restarts", "kill", "times", "all", "level", "steadily"},
	"board":    {"lives", "pods", "all"},
	"wide":     {"lives", "pods", "all"},
	"exception": {
		"lives", "restarts", "kill", "times", "all",
	},
}

// counts reports whether a cited fact tells of the kind.
func (r *reader) counts(noun string) bool {
	words, ok := kindWords[noun]
	if !ok {
		words = []string{noun}
	}
	if noun == "never" || noun == "tim" && r.killsCited() > 1 {
		return true
	}
	for _, f := range r.cited() {
		for _, w := range words {
			if containsWord(f.lower, w) {
				return true
			}
		}
	}
	return false
}

// killsCited is how many of the cited facts tell of a kill each.
func (r *reader) killsCited() int {
	n := 0
	for _, f := range r.cited() {
		if containsWord(f.lower, "killed") {
			n++
		}
	}
	return n
}

// wholeNode are the boundaries of which the verdict itself is about a whole node.
var wholeNode = map[investigations.Boundary]bool{
	investigations.BoundaryNode: true, investigations.BoundaryNodeAllocatable: true, investigations.BoundaryNUMA: true, investigations.BoundarySlice: true,
}

// scopeOf is the word that says of what all are meant: "in the namespace".
func scopeOf(words []string) string {
	if len(words) < 3 || words[0] != "in" && words[0] != "on" && words[0] != "of" && words[0] != "across" || words[1] != "the" && words[1] != "this" {
		return ""
	}
	if w := words[2]; slices.Contains([]string{"namespace", "cluster", "node", "fleet", "region", "zone"}, w) {
		return w
	}
	return ""
}
