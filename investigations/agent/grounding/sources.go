package grounding

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// checkSources refuses what a source is said to show where no cited fact is of it, and what is told of the inside of a program
// that no fact names.
func (r *reader) checkSources(c *clause) {
	if c.unreal || c.rival || len(r.facts) == 0 {
		return
	}
	for _, h := range sourceWords.find(c.words) {
		if c.negates(h) || h.turned || r.citesTool(h.label) || r.factHas([]string{h.label}) {
			continue
		}
		r.refuse(Contradiction, fmt.Sprintf("it says what %s shows, and no cited fact is of it", strings.Join(c.words[h.from:h.to], " ")))
	}
	for _, h := range insideWords.find(c.words) {
		if h.label == "expir" && slices.Contains(c.words, "grace") { // the grace period's
			continue
		}
		if c.negates(h) && h.label != "expir" || r.anyFact(h.label) || r.advises(c) {
			continue
		}
		r.refuse(Contradiction, fmt.Sprintf("no fact tells of %q: leave it out", strings.Join(c.words[h.from:h.to], " ")))
	}
}

func (r *reader) citesTool(tool string) bool {
	return slices.ContainsFunc(r.facts, func(f investigations.Fact) bool { return f.Tool == tool })
}

func (r *reader) advises(c *clause) bool { return len(advisedIn(c)) > 0 }

// certainFrom is the confidence of the verdict from which a sentence may call it certain.
const certainFrom = 0.95

// checkSureness refuses what goes beyond the verdict: certainty, promises, that all is well, and orders to the reader of the facts.
func (r *reader) checkSureness(c *clause) {
	if c.unreal && c.rival {
		return
	}
	v := r.verdict
	for _, h := range sureWords.find(c.words) {
		switch {
		case h.label == "ever" && (slices.Contains(c.words, "if") || slices.Contains(c.words, "must")): // what is wanted is no promise
		case h.label == "sure" && c.words[h.from] == number && !strings.Contains(r.claim, "100") && !strings.Contains(r.claim, "99"): // how sure it says to be has been looked at
		case h.label == "sure" && (v.Confidence >= certainFrom || r.kernelTold() && !causal.has(c.words)):
		case h.label == "calm" && v.Cause == investigations.CauseNotOOM:
		case h.label == "calm" && slices.ContainsFunc(c.words[h.from:h.to], func(w string) bool { return w == "node" }):
		case h.label == "sure":
			r.refuse(Contradiction, fmt.Sprintf("it calls certain what the verdict holds with a confidence of %.2f", v.Confidence))
		default:
			r.refuse(Contradiction, "no fact says so: promise nothing, and say only what the facts show")
		}
	}
}

// kernelTold reports whether the sentence rests on the kernel's own report.
func (r *reader) kernelTold() bool {
	return slices.ContainsFunc(r.facts, func(f investigations.Fact) bool { return f.Tool == investigations.ToolKernlog })
}

var (
	// variableRE is a variable of the environment that is said to have been changed in a direction.
	variableRE = regexp.MustCompile(`\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b(?:'s value)? (?:was|were|is|has been|had been|got) (?:\w+ly )?(raised|lowered|increased|decreased|doubled|halved|reduced|enlarged|removed|added|set|unset|enabled|disabled)\b`)
	agoRE      = regexp.MustCompile(`(?i)\b(yesterday|last (?:week|month|night|year)|a (?:week|month) (?:ago|before))\b`)
	functionRE = regexp.MustCompile(`\b[a-zA-Z]\w*\.(?:\(\*?\w+\)\.)?[a-zA-Z]\w*`)
	growsRE    = regexp.MustCompile(`(?i)\b(?:growth|grew|grows|growing|grown|leaks?|leaked|leaking|retains?|accumulates?|holds on)\b`)
	grownRE    = regexp.MustCompile(`(?i)\b(?:grew|grown|growth)\b`)
	nobodyRE   = regexp.MustCompile(`(?i)\b(?:nothing else|no other (?:pod|container|process)|only this (?:pod|container|process)|no one else) (?:was|were|got|has been|had been) (?:\w+ )?(?:killed|ended|evicted)`)
	killsRE    = regexp.MustCompile(`tells of (\d+) OOM kills`)
	nearRE     = regexp.MustCompile(`(?i)\b(?:close to|near|next to|almost at|just (?:under|below)|right at|up against|brushing) (?:its|the|their)(?: memory| container)? (?:limit|ceiling|cap)\b`)
	againstRE  = regexp.MustCompile(`(?i)\b(?:memory|usage|it) (?:falls|drops|shrinks|decreases|goes down|comes down) (?:as|when|while|whenever) (?:the )?(?:traffic|load|request rate|requests|demand) (?:rises?|grows?|increases?|climbs?|goes up)|\b(?:memory|usage|it) (?:rises|grows|increases|climbs|goes up) (?:as|when|while|whenever) (?:the )?(?:traffic|load|request rate|requests|demand) (?:falls?|drops?|decreases?|shrinks?|goes down)`)
	slowedRE   = regexp.MustCompile(`(?i)\b(?:growth|growing|rise|climb|it|curve) (?:\w+ )?(?:slowed|slows|flattened|flattens|tapered|levell?ed|eased|stopped|plateaued)\b`)
	weeksRE    = regexp.MustCompile(`(?i)\b(?:for|over|since|in) (?:several |many |some |the last |the past |a few |a )?(?:weeks?|months?|years?)\b`)
	daysRE     = regexp.MustCompile(`\b(\d+) d\b`)
	shareRE    = regexp.MustCompile(`(\d+(?:\.\d+)?) % of (?:its|the) limit`)
)

// checkDetails refuses what a few forms of words claim that cited facts show otherwise.
func (r *reader) checkDetails(text string) {
	if r.headline || len(r.facts) == 0 {
		return
	}
	negated := slices.ContainsFunc(r.clauses, func(c clause) bool { return c.denied || c.unreal || c.rival || len(c.nots) > 0 || len(c.denies) > 0 })
	says := make([]string, len(r.facts))
	for i, f := range r.facts {
		says[i] = f.Says
	}
	all := strings.Join(says, "\n")
	if m := variableRE.FindStringSubmatch(text); m != nil && !negated && !strings.Contains(strings.ToLower(all), m[1]) && strings.Contains(all, "value not shown") {
		r.refuse(Direction, "the facts don't show the values of the variable: say that it changed")
	}
	if m := agoRE.FindString(text); m != "" && !r.before(m) {
		r.refuse(Time, fmt.Sprintf("no cited fact is of %q: write the time that they tell", m))
	}
	if weeksRE.MatchString(text) && !negated && !slices.ContainsFunc(daysRE.FindAllStringSubmatch(all, -1), func(m []string) bool { return len(m[1]) > 1 || m[1] >= "7" }) {
		r.refuse(Time, "no cited fact tells of so long a time")
	}
	if !negated && growsRE.MatchString(text) {
		r.checkGrown(text)
	}
	if nobodyRE.MatchString(text) && killsRE.MatchString(all) {
		r.refuse(Contradiction, "the cited facts tell of other kills")
	}
	if strings.Contains(all, "follows the present traffic") && !negated && againstRE.MatchString(text) {
		r.refuse(Direction, "the cited facts show that memory follows traffic")
	}
	if strings.Contains(all, "grew steadily") && slowedRE.MatchString(text) && !negated {
		r.refuse(Direction, "the cited facts show that it grew steadily")
	}
	if nearRE.MatchString(text) && !negated {
		shares := shareRE.FindAllStringSubmatch(all, -1)
		if len(shares) > 0 && !slices.ContainsFunc(shares, func(m []string) bool { return quantity(m[1]) >= 70 }) {
			r.refuse(Direction, fmt.Sprintf("the cited facts have it at %s %% of the limit", shares[0][1]))
		}
	}
}

// checkGrown refuses that a function is what grew where the cited facts tell of it without telling of its growth.
func (r *reader) checkGrown(text string) {
	for _, name := range functionRE.FindAllString(text, 4) {
		named, grown := false, false
		for _, f := range r.facts {
			if f.Tool == investigations.ToolProfiles && nameHeld(nameCorpus(f.Says), name) {
				named = true
				grown = grown || grownRE.MatchString(f.Says)
			}
		}
		if named && !grown {
			r.refuse(Direction, fmt.Sprintf("no cited fact tells that %s grew", name))
		}
	}
}

// before reports whether a cited fact has a time so long before the kill as a word says.
func (r *reader) before(word string) bool {
	if r.c.Result == nil {
		return true
	}
	at := r.c.Result.At.UTC()
	word = strings.ToLower(word)
	for _, f := range r.facts {
		h := holdingOf(f)
		for _, i := range h.instants {
			days := at.Truncate(24*3600e9).Sub(i.at.Truncate(24*3600e9)).Hours() / 24
			switch {
			case word == "yesterday" || word == "last night":
				if days == 1 {
					return true
				}
			case strings.Contains(word, "week") && days >= 2 && days <= 14, strings.Contains(word, "month") && days >= 14 && days <= 62, strings.Contains(word, "year") && days >= 30:
				return true
			}
		}
	}
	return false
}
