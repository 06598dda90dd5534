package grounding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// How far a subject may stand from what is said of its direction, in words.
const (
	subjectBefore = 8
	subjectAfter  = 4
)

// motion is one change that a clause tells of.
type motion struct {
	// subject is "memory", "traffic", …, "entity" for a pod or the like, "" for none.
	subject string
	// direction is up, steady, down or flat; "moved", "not up", "not down" and "no leap" for what is denied.
	direction string
	at        hit
	// large says that it is told as a large one.
	large bool
}

// large is the share from which a rise may be called a doubling or a spike.
const large = 0.35

// manifold are words for large rises.
var manifold = map[string]bool{
	"doubled": true, "doubles": true, "doubling": true, "tripled": true, "quadrupled": true, "surged": true, "surge": true, "spiked": true, "spike": true, "exploded": true, "soared": true, "skyrocketed": true,
	"rocketed": true, "jumped": true, "burst": true, "ballooned": true, "shot": true,
}

// named are changes that a clause may name without telling of one.
var named = map[string]bool{"burst": true, "spike": true, "surge": true, "growth": true, "rise": true, "increase": true, "jump": true, "climb": true, "drop": true, "fall": true, "decline": true, "plateau": true}

// motions finds the changes of a clause. What directionWords calls none is none.
func motions(c *clause) []motion {
	hits := directionWords.find(c.words)
	var subjects, nones, steady, rising []hit
	for _, h := range hits {
		switch {
		case strings.HasPrefix(h.label, "s:"):
			subjects = append(subjects, h)
		case h.label == "none":
			nones = append(nones, h)
		case h.label == "steady" || h.label == "flat":
			steady = append(steady, h)
			if h.label == "steady" {
				rising = append(rising, h)
			}
		}
	}
	var out []motion
	for _, h := range hits {
		if strings.HasPrefix(h.label, "s:") || h.label == "none" || h.label == "leak" || overlaps(h, nones) {
			continue
		}
		if (h.label == "up" || h.label == "down") && overlaps(h, steady) || h.label == "flat" && overlaps(h, rising) {
			continue
		}
		if h.label == "flat" && slices.ContainsFunc(steady, func(o hit) bool { return o.label == "steady" && inside(h, []hit{o}) }) {
			continue // "a steady climb"
		}
		m := motion{subject: subjectOf(h, subjects), direction: h.label, at: h, large: manifold[c.words[h.from]]}
		before, behind := c.denial(h)
		if before && c.unexplained(h) {
			continue // "it does not explain the growth" tells of none either
		}
		if behind {
			continue // "the growth is not the problem" tells of no change
		}
		if before {
			m.direction = map[string]string{"up": "not up", "steady": "not up", "down": "not down", "flat": "moved", "moved": "flat"}[h.label]
			if m.large && h.label == "up" {
				m.direction = "no leap"
			}
		}
		out = append(out, m)
	}
	return out
}

// unexplained reports whether what is denied is that something explains or changes what was found.
func (c *clause) unexplained(h hit) bool {
	for _, not := range c.nots {
		if not.to > h.from {
			continue
		}
		for _, w := range c.words[not.to:h.from] {
			switch w {
			case "explain", "explains", "explained", "account", "accounts", "cause", "caused", "stop", "stops", "stopped", "prevent", "prevented", "prevents", "change", "affect", "cure", "justify", "justifies":
				return true
			}
		}
	}
	return false
}

func overlaps(h hit, with []hit) bool {
	for _, w := range with {
		if w.from < h.to && h.from < w.to {
			return true
		}
	}
	return false
}

// subjectOf is the subject that stands nearest; one that stands before counts for nearer, a named one before "it".
func subjectOf(h hit, subjects []hit) string {
	best, near := "", 1<<10
	for _, s := range subjects {
		if inside(s, subjects) {
			continue // "memory limit" is about the limit
		}
		d := h.from - s.to
		if s.from >= h.to {
			d = s.from - h.to + 3
			if d > subjectAfter+3 {
				continue
			}
		} else if d > subjectBefore {
			continue
		}
		d = max(d, 0)
		if s.label == "s:entity" {
			d += 6
		}
		if d < near {
			best, near = strings.TrimPrefix(s.label, "s:"), d
		}
	}
	return best
}

// inside reports whether a longer one holds h.
func inside(h hit, in []hit) bool {
	for _, o := range in {
		if o.from <= h.from && h.to <= o.to && o.to-o.from > h.to-h.from {
			return true
		}
	}
	return false
}

// checkDirection refuses changes that no cited fact shows. What may, might or would change is none.
func (r *reader) checkDirection(c *clause) {
	if c.unreal || c.rival || len(r.facts) == 0 && !r.headline {
		return
	}
	found := motions(c)
	r.checkUnread(c, found)
	r.checkApart(c)
	if !r.headline { // there it is a cause, which has been looked at
		found = append(found, leaks(c)...)
	}
	for _, m := range found {
		if strings.HasPrefix(m.subject, "other:") {
			continue
		}
		if m.subject == "" && named[c.words[m.at.from]] && m.direction != "steady" {
			continue // "before the burst" tells of none
		}
		if r.verdict.Cause == investigations.CauseLoadSpike && causeNamed(c.words, m.at.from) {
			continue // one large request is a load spike too
		}
		shown, told := r.shows(c, m)
		vague := m.subject == "" || m.subject == "entity"
		if shown || vague && !told {
			continue
		}
		r.refuse(Direction, fmt.Sprintf("no cited fact shows that %s %s: cite the one that does, or say what the facts show", thing(m.subject), moved[m.direction]))
	}
}

// causeNamed says whether the word at is the second one of the cause's own name, as "load spike".
func causeNamed(words []string, at int) bool {
	return at > 0 && at < len(words) && words[at-1] == "load" && (strings.HasPrefix(words[at], "spike") || strings.HasPrefix(words[at], "burst"))
}

// measured is a fact, or a part of one, and what it tells of a change.
type measured struct {
	factText
	trend trend
}

// partsOf returns the cited facts, and of those that tell of anonymous memory and of the working set the part that the
// subject is about. They are read once for each of the three kinds of subjects.
func (r *reader) partsOf(subject string) []measured {
	if subject != "cache" && subject != "anon" {
		subject = ""
	}
	if out, ok := r.parts[subject]; ok {
		return out
	}
	out := make([]measured, 0, len(r.cited()))
	for _, f := range r.cited() {
		at := strings.Index(f.lower, "; the working set")
		if at < 0 {
			out = append(out, measured{f, trendOf(f)})
			continue
		}
		if subject != "cache" {
			first := factText{fact: f.fact, lower: f.lower[:at], clauses: clauses(f.lower[:at])}
			first.fact.Says = f.fact.Says[:min(at, len(f.fact.Says))]
			out = append(out, measured{first, trendOf(first)})
		}
		if subject != "anon" {
			second := factText{lower: f.lower[at+2:], clauses: clauses(f.lower[at+2:])}
			second.fact.Says = f.fact.Says[min(at+2, len(f.fact.Says)):]
			out = append(out, measured{second, trendOf(second)})
		}
	}
	if r.parts == nil {
		r.parts = map[string][]measured{}
	}
	r.parts[subject] = out
	return out
}

var moved = map[string]string{
	"up": "rose", "steady": "rose all the time", "down": "fell", "flat": "stayed level", "not up": "did not rise", "no leap": "made no leap", "not down": "did not fall", "moved": "changed",
}

func thing(subject string) string {
	switch subject {
	case "", "entity":
		return "it"
	case "volume":
		return "the volume"
	case "node":
		return "the node's memory"
	case "kernel":
		return "kernel memory"
	case "anon":
		return "anonymous memory"
	}
	return subject
}

// checkApart refuses that memory has nothing to do with traffic where a cited fact shows that it follows it.
func (r *reader) checkApart(c *clause) {
	if !slices.ContainsFunc(c.words, func(w string) bool {
		return w == "decoupled" || w == "independent" || w == "regardless" || w == "irrespective" || w == "uncorrelated"
	}) || !slices.ContainsFunc(directionWords.find(c.words), func(h hit) bool { return h.label == "s:traffic" }) || slices.ContainsFunc(c.words, func(w string) bool { return denying[w] }) {
		return
	}
	for _, f := range r.cited() {
		if strings.Contains(f.lower, "follows the present traffic") {
			r.refuse(Contradiction, "the cited facts show that memory follows traffic")
		}
	}
}

// unread are quantities that no source has a series of: only to name one needs a fact that does.
var unread = map[string]bool{"cpu": true, "latency": true, "error": true, "gc": true, "network": true, "swap": true}

// checkUnread refuses what is said of a quantity that the sources hold no series of, unless a cited fact has the word.
func (r *reader) checkUnread(c *clause, found []motion) {
	for _, h := range directionWords.find(c.words) {
		name, ok := strings.CutPrefix(h.label, "s:other:")
		if !ok || c.negates(h) && len(found) == 0 {
			continue
		}
		if len(found) == 0 && !unread[name] && !stated.has(c.words) {
			continue
		}
		if !r.mentions(h.label) {
			r.refuse(Direction, fmt.Sprintf("no cited fact tells of %s", name))
		}
	}
}

// mentions reports whether a cited fact has a word with that label.
func (r *reader) mentions(label string) bool {
	for _, f := range r.cited() {
		for i := range f.clauses {
			for _, h := range directionWords.find(f.clauses[i].words) {
				if h.label == label {
					return true
				}
			}
		}
	}
	return false
}

// shows reports whether a cited fact shows the change, and whether any cited fact shows one at all.
func (r *reader) shows(c *clause, m motion) (shown, told bool) {
	which, revision := r.sideOf(c)
	little := slightChange.has(c.words)
	trendly := slices.ContainsFunc(c.words, func(w string) bool { return w == "trend" || w == "slope" || w == "tau" })
	for _, f := range r.partsOf(m.subject) {
		t := f.trend
		t.choose(f.factText, which, revision)
		if m.subject == "restarts" && t.often {
			t.weak = true
		}
		if !t.about[m.subject] && m.subject != "" {
			continue
		}
		if m.subject == "image" {
			t.up, t.down, t.flat = t.newImage, t.newImage, !t.newImage
		}
		told = told || t.up || t.down || t.flat
		switch m.direction {
		case "up":
			shown = shown || (t.up || t.weak || little && t.rises) && !(m.large && t.known && t.most < large)
		case "steady":
			shown = shown || t.up && !t.partly && !t.down || t.gained
		case "down":
			shown = shown || t.down || little && t.falls
		case "flat":
			shown = shown || t.flat || trendly && t.still || t.same && slices.Contains(c.words[m.at.from:m.at.to], "difference")
		case "not up":
			shown = shown || t.flat || t.down
		case "no leap": // what rises bit by bit makes none
			shown = shown || t.flat || t.down || t.gained || t.known && t.most < large
		case "not down":
			shown = shown || t.flat || t.up || t.weak
		case "moved":
			shown = shown || t.up || t.down
		}
	}
	return shown, told
}
