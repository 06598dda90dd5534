package grounding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// How near an opener or a closer stands to what is advised, in words.
const (
	openBefore  = 4
	openAfter   = 6
	closeBefore = 4
	closeAfter  = 7
)

// Advises returns what a sentence tells its reader to do, each action once; advice that is none of the result document's
// actions is Unlisted. What is denied, only supposed, or told as done is no advice.
func Advises(s Sentence) []investigations.Action {
	text := s.Text
	if len(text) > longest {
		text = text[:longest]
	}
	var out []investigations.Action
	for _, c := range clauses(text) {
		for _, a := range advisedIn(&c) {
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

// advisedIn returns what one clause advises.
func advisedIn(c *clause) []investigations.Action {
	if c.denied {
		return nil
	}
	base := make([]string, len(c.words))
	for i, w := range c.words {
		base[i] = w
		if b, ok := gerunds[w]; ok {
			base[i] = b
		}
	}
	var found []investigations.Action
	last := -1
	for _, h := range adviceDirect.find(base) {
		if !closed(base, h, c) {
			found = append(found, investigations.Action(h.label))
		}
	}
	for _, h := range adviceWords.find(base) {
		gerund := base[h.from] != c.words[h.from]
		chained := last >= 0 && h.from-last <= 4 && h.from > 0 && (base[h.from-1] == "and" || base[h.from-1] == "or" || base[h.from-1] == "then" || h.from <= last)
		if !chained && !opened(base, h, gerund) || closed(base, h, c) {
			continue
		}
		last = h.to
		found = append(found, investigations.Action(h.label))
	}
	for i, w := range base {
		if commands[w] && i+1 < len(base) && len(base[i+1]) > 1 && !finite[base[i+1]] && !prepositions[base[i+1]] {
			found = append(found, Unlisted)
		}
	}
	return settled(found)
}

// prepositions may follow the name of a program that is only mentioned: "edited with kubectl at 04:47".
var prepositions = map[string]bool{"at": true, "on": true, "in": true, "by": true, "and": true, "to": true, "before": true, "after": true, "some": true, "from": true}

// putsBack reports whether a sentence is about a change of configuration that the verdict names: what was edited can be put
// back, though no revision of the workload holds it.
func (r *reader) putsBack(s Sentence) bool {
	change := r.verdict.Change
	if change == nil && r.c.Result != nil {
		change = r.c.Result.Verdict.Change
	}
	if change == nil || change.Revision > 0 || r.verdict.Trigger != investigations.TriggerConfigChange {
		return false
	}
	what := strings.ToLower(strings.Join(change.What, " "))
	text := strings.ToLower(s.Text)
	return strings.Contains(what, "configmap") && (strings.Contains(text, "config") || strings.Contains(text, "edit"))
}

// settled drops what a more specific action of the same clause explains.
func settled(found []investigations.Action) []investigations.Action {
	has := func(a investigations.Action) bool { return slices.Contains(found, a) }
	if slices.ContainsFunc(found, func(a investigations.Action) bool { return slices.Contains(specific, a) }) {
		found = slices.DeleteFunc(slices.Clone(found), func(a investigations.Action) bool {
			return a == investigations.ActionSetLimit || a == investigations.ActionSetRequest
		})
	}
	if slices.Contains(found, investigations.ActionCapVolume) {
		found = slices.DeleteFunc(slices.Clone(found), func(a investigations.Action) bool {
			return a == investigations.ActionReduceLoad || a == investigations.ActionMoveOrResizeNode
		})
	}
	if has(investigations.ActionProtect) || has(investigations.ActionSetRequest) {
		found = slices.DeleteFunc(slices.Clone(found), func(a investigations.Action) bool { return a == investigations.ActionSetLimit })
	}
	if has(Unlisted) && has(investigations.ActionScaleOut) { // "scale down to zero"
		found = slices.DeleteFunc(slices.Clone(found), func(a investigations.Action) bool { return a == investigations.ActionScaleOut })
	}
	if len(found) > 1 && has(Unlisted) && has(investigations.ActionFixLeak) {
		found = slices.DeleteFunc(slices.Clone(found), func(a investigations.Action) bool { return a == investigations.ActionCollectMore })
	}
	return found
}

// opened reports whether a phrase tells somebody to do it: it opens its clause in the base form, or an opener stands with it.
func opened(words []string, h hit, gerund bool) bool {
	noun := nouns[words[h.from]]
	if noun && h.from > 0 && (words[h.from-1] == "of" || words[h.from-1] == "with") { // "a pod of higher priority"
		return false
	}
	start := h.from == 0 || h.from <= 2 && onlyLeads(words[:h.from])
	if start && !noun && !gerund && !told(words, h) {
		return true
	}
	for _, o := range adviceOpeners.find(words) {
		if o.label == "close" {
			continue
		}
		if words[o.from] == "by" && !gerund {
			continue
		}
		if o.to <= h.from && h.from-o.to <= openBefore && (!told(words, h) || o.label == "passive") {
			return true
		}
		if o.from >= h.to-1 && o.from-h.to <= openAfter && o.to > h.to && after[words[o.from]] {
			return true
		}
	}
	return false
}

// after are openers that may follow what they open: "a higher limit is needed".
var after = map[string]bool{"is": true, "are": true, "will": true, "would": true, "should": true, "helps": true, "fixes": true, "solves": true, "cures": true, "resolves": true, "required": true, "necessary": true, "needed": true, "recommended": true, "can": true, "was": true}

// leads may stand before what opens a clause.
var leads = map[string]bool{"and": true, "then": true, "so": true, "please": true, "first": true, "or": true, "now": true, "next": true, "finally": true, "also": true, "just": true, "simply": true, "immediately": true, "either": true, "to": true, "you": true, number: true, "-": true, "therefore": true, "meanwhile": true, "quickly": true, "definitely": true, "as": true, "temporarily": true}

func onlyLeads(words []string) bool {
	for _, w := range words {
		if !leads[w] {
			return false
		}
	}
	return true
}

// told reports whether a verb follows the phrase so that it is a subject, or was done: "set off by", "change of the limit was".
func told(words []string, h hit) bool {
	if h.to < len(words) && finite[words[h.to]] && words[h.to] != "set" && words[h.to] != "can" {
		return true
	}
	return h.from > 0 && (words[h.from-1] == "was" || words[h.from-1] == "were" || words[h.from-1] == "been" || words[h.from-1] == "had")
}

// closed reports whether the clause says that it is of no use, or not to be done.
func closed(words []string, h hit, c *clause) bool {
	for _, o := range adviceOpeners.find(words) {
		if o.label != "close" {
			continue
		}
		before := o.to <= h.from && h.from-o.to <= closeBefore
		behind := o.from >= h.to && o.from-h.to <= closeAfter
		if before || behind {
			return true
		}
	}
	return c.negates(hit{from: h.from, to: h.from + 1}) && !slices.Contains(words[:h.from], "why")
}

// checkAdvice refuses advice that the verdict does not give.
func (r *reader) checkAdvice(s Sentence) {
	allowed := map[investigations.Action]bool{investigations.ActionCollectMore: true, investigations.ActionNoMemoryChange: true}
	var names []string
	for _, rec := range r.verdict.Recommendations {
		allowed[rec.Action] = true
		if name := words(string(rec.Action)); !slices.Contains(names, name) {
			names = append(names, name)
		}
		if rec.Action == investigations.ActionProtect { // which a true request does
			allowed[investigations.ActionSetRequest] = true
		}
		if rec.Action == investigations.ActionSetLimit || rec.Action == investigations.ActionSetRequest {
			allowed[investigations.ActionNoMemoryChange] = false
		}
	}
	for _, a := range Advises(s) {
		if allowed[a] || a == investigations.ActionRollback && r.putsBack(s) {
			continue
		}
		what := "it advises to " + words(string(a))
		if a == Unlisted {
			what = "it advises what is no action of the result"
		}
		if len(names) == 0 {
			names = []string{"nothing"}
		}
		r.refuse(Advice, fmt.Sprintf("%s; the verdict recommends: %s", what, strings.Join(names, ", ")))
	}
}
