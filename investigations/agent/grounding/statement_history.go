package grounding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// checkPrecedent refuses what is said of earlier incidents where there are none, and of earlier ends where no fact tells of
// one.
func (r *reader) checkPrecedent(c *clause) {
	if c.unreal || c.rival {
		return
	}
	for _, h := range precedentWords.find(c.words) {
		negated := c.negates(h)
		known := r.recalled()
		switch {
		case h.label == "life" && (known || negated || r.livedBefore()):
		case h.label == "before" && !negated && !known && (r.toldAgain(c) || r.toldTimes(c, h)):
		case h.label == "before" && negated == !known:
		case h.label == "before" && negated && known:
			r.refuse(Contradiction, "there are precedents")
		default:
			r.refuse(Contradiction, "no precedent and no cited fact tells of an earlier incident")
		}
	}
}

// recalled reports whether the investigation has precedents.
func (r *reader) recalled() bool {
	if r.c.Result != nil && len(r.c.Result.Precedents) > 0 {
		return true
	}
	for _, f := range r.facts {
		if f.Tool == investigations.ToolMemory {
			return true
		}
	}
	return false
}

// toldAgain reports whether the clause is about lives, kills or restarts of this incident that the facts hold.
func (r *reader) toldAgain(c *clause) bool {
	for _, w := range c.words {
		for _, about := range []string{"kill", "restart", "life", "lives", "pod", "oom", "crash", "level", "peak", "highest", "usage", "recurring", "recurrent", "repeat"} {
			if strings.HasPrefix(w, about) {
				return r.livedBefore()
			}
		}
	}
	return false
}

// toldTimes reports whether "for the third time" is said of what a cited fact counts.
func (r *reader) toldTimes(c *clause, h hit) bool {
	return c.words[h.to-1] == "time" && slices.ContainsFunc(r.cited(), func(f factText) bool { return strings.Contains(f.lower, " times)") || f.fact.Values["lives"] >= 2 })
}

// livedBefore reports whether a fact of the case tells of more than one end, life or revision.
func (r *reader) livedBefore() bool {
	kills := 0
	for _, f := range r.c.Facts {
		if f.Values["lives"] >= 1 || f.Values["restarts"] >= 2 || f.Values["reports"] >= 2 || f.Values["revisions"] >= 2 {
			return true
		}
		if strings.HasPrefix(f.Says, "On node ") {
			kills++
		}
	}
	return kills >= 2
}

// checkHarm refuses what is said of persons, business, data or attacks where no cited fact has the word.
func (r *reader) checkHarm(c *clause) {
	if c.unreal && slices.Contains(c.words, "if") {
		return
	}
	for _, h := range harmWords.find(c.words) {
		if h.label == "team" && h.from > 0 && c.words[h.from-1] == "be" { // "can be neglected"
			continue
		}
		if !r.factHas(c.words[h.from:h.to]) {
			r.refuse(Contradiction, fmt.Sprintf("no cited fact tells of %q: say nothing of people, business, data or attacks that the facts don't hold", strings.Join(c.words[h.from:h.to], " ")))
		}
	}
}

// factHas reports whether a cited fact holds the telling words of the phrase.
func (r *reader) factHas(words []string) bool {
	for _, f := range r.cited() {
		for _, w := range words {
			if len(w) >= 4 && strings.Contains(f.lower, w) && w != "service" && w != "data" && w != "system" {
				return true
			}
		}
	}
	return false
}
