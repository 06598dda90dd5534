package grounding

import (
	"slices"
	"strings"
)

// Roles of bare numbers that are names rather than amounts.
const (
	roleRevision = "revision"
	rolePID      = "pid"
	roleExit     = "exit"
	roleSignal   = "signal"
)

var roleWords = map[string]string{
	"revision": roleRevision, "revisions": roleRevision, "rev": roleRevision, "revs": roleRevision,
	"pid": rolePID, "pids": rolePID, "signal": roleSignal,
}

// connectors may stand between two numbers that share a role, a unit or a noun.
var connectors = map[string]bool{
	"to": true, "and": true, "or": true, "–": true, "→": true, "-": true, "versus": true, "vs": true, "against": true, "through": true, "/": true, "&": true,
}

// maxOwner is how many words may say whose an amount is that another is a part of.
const maxOwner = 3

// maxChain bounds how many numbers are read for the unit of the first one.
const maxChain = 6

// bareNumber fills in a number without a unit: its role, what it counts, or the unit that it shares with the next ones.
func (s *scanner) bareNumber(lit *literal, n numeral, i, end, depth int) {
	lit.text = s.writtenAs(i, end)
	lit.bound = s.hedge(i, end)
	if strings.HasPrefix(n.rest, "+") {
		lit.bound = over
	}
	for k := range n.values {
		lit.readings = append(lit.readings, reading{dimCount, n.values[k], n.steps[k]})
	}
	lit.readings = append(lit.readings, s.pace(n, end)...)
	if s.at(i-1).low == "of" && s.at(i-2).low == "factor" {
		for k := range n.values {
			lit.readings = append(lit.readings, reading{dimFactor, n.values[k], n.steps[k]})
		}
	}
	lit.general = n.value() == killStatus && s.supposed(i)
	lit.role = s.roleOf(i)
	lit.nouns = s.nounsBehind(end)
	if lit.ordinal && len(lit.nouns) > 0 && lit.nouns[0] == roleRevision {
		lit.role, lit.ordinal = roleRevision, false
	}
	if lit.role != "" {
		return
	}
	if j := s.connected(end); j > 0 && depth < maxChain && len(lit.nouns) == 0 {
		if following, _ := s.numberWithin(j, depth+1); len(following) > 0 {
			s.share(lit, n, following[0], j)
		}
	}
	if prev := s.at(i - 1); len(lit.nouns) == 0 || s.next(end-1) == "of" {
		lit.nouns = append(lit.nouns, nounStem(prev.low))
		if b := prev.low; b == "of" || b == "was" || b == "is" || b == "were" || b == "kept" || b == "wanted" || b == "seen" || b == "=" {
			lit.nouns = append(lit.nouns, nounStem(s.at(i-2).low))
		}
	}
}

// killStatus is the exit code of what SIGKILL ended.
const killStatus = 137

// supposed says whether a number is one that was not there: "not 137", "would have shown up as 137".
func (s *scanner) supposed(i int) bool {
	if b := s.at(i - 1).low; b == "not" || b == "no" || b == "never" {
		return true
	}
	for k := i - 1; k >= max(0, i-6) && !strings.ContainsAny(s.at(k).after, ".;!?"); k-- {
		if s.at(k).low == "would" || s.at(k).low == "never" || s.at(k).low == "not" {
			return true
		}
	}
	return false
}

// returning are words behind which "to 18" names a revision.
var returning = map[string]bool{"back": true, "rollback": true, "return": true, "revert": true, "undo": true, "downgrade": true}

// pace reads "80 per second" in a sentence about traffic as requests.
func (s *scanner) pace(n numeral, end int) []reading {
	if a := s.next(end - 1); a != "per" && a != "a" && a != "each" && a != "every" {
		return nil
	}
	per, _, _ := s.rateBehind(end, "")
	if per == 0 || !slices.ContainsFunc(s.words, func(w litWord) bool { return w.low == "traffic" || w.low == "load" || requestNouns[w.low] }) {
		return nil
	}
	var all []reading
	for k := range n.values {
		all = append(all, reading{dimRequests, n.values[k] / per, n.steps[k] / per})
	}
	return all
}

// connected returns the word at which the next number of a list or a range begins; 0 where there is none.
func (s *scanner) connected(end int) int {
	j := end
	if s.at(end-1).after == "," {
		if connectors[s.at(j).low] {
			j++
		}
	} else if s.at(end-1).after != "" || !connectors[s.at(j).low] && s.at(j).low != "of" {
		return 0
	} else {
		owned := s.at(j).low == "of"
		j++
		for skipped := 0; owned && skipped < maxOwner && !s.at(j).ends() && !s.at(j).open; skipped++ { // "11.3 of the node's 15.6 GiB"
			if _, n := s.numeralAt(j); n > 0 {
				break
			}
			j++
		}
	}
	if _, n := s.numeralAt(j); n == 0 {
		return 0
	}
	return j
}

// share gives lit the unit, or the noun, of the number that follows it at word j.
func (s *scanner) share(lit *literal, n numeral, following literal, j int) {
	m, _ := s.numeralAt(j)
	if following.role != "" || len(following.readings) == 0 || len(m.values) == 0 || m.value() == 0 {
		return
	}
	if following.readings[0].dim == dimCount {
		lit.nouns = following.nouns
	}
	for _, r := range following.readings {
		if r.dim == dimCount {
			continue
		}
		factor := r.value / m.value()
		for k := range n.values {
			lit.readings = append(lit.readings, reading{r.dim, n.values[k] * factor, n.steps[k] * factor})
		}
	}
	lit.bound = max(lit.bound, following.bound)
}

// roleOf tells which role the words in front of word i give a number.
func (s *scanner) roleOf(i int) string {
	switch t := s.at(i).text; {
	case strings.HasPrefix(t, "#"):
		return roleRevision
	case strings.HasPrefix(t, "-") && s.at(i-1).low == "kill":
		return roleSignal
	}
	k := i - 1
	for skipped := 0; skipped < 3; skipped++ {
		switch s.at(k).low {
		case "#", "no", "number", "=", "is", "was", "of", "id", "kept":
			k--
			continue
		}
		break
	}
	if s.at(i-1).low == "to" && returning[s.at(i-2).low] {
		return roleRevision
	}
	w := s.at(k)
	if role := roleWords[w.low]; role != "" {
		// "revisions: 6" counts them.
		if w.low == "revisions" && strings.HasPrefix(w.after, ":") {
			return ""
		}
		return role
	}
	if w.low == "process" && s.at(i).open == s.at(k).open && k == i-1 {
		return rolePID
	}
	for back := 1; back <= 3; back++ {
		switch s.at(i - back).low {
		case "exit", "exited", "exitcode", "exit_code":
			return roleExit
		case "exits", "code", "status", "with", "of", "was", "a", "=", "":
			continue
		}
		break
	}
	if strings.HasPrefix(s.at(i-1).after, ":") { // "the exit code says otherwise: 0"
		for back := 1; back <= 5; back++ {
			if s.at(i-back-1).low == "exit" && (s.at(i-back).low == "code" || s.at(i-back).low == "status") {
				return roleExit
			}
		}
	}
	// "16 of 2026-02-04T14:47:55Z", as facts list revisions.
	if s.next(i) == "of" {
		if _, n := s.momentAt(i + 2); n > 0 && len(s.at(i+2).text) > 16 {
			return roleRevision
		}
	}
	return s.roleBefore(i)
}

// roleBefore tells the role of the number in front, which a connector or a comma joins to word i.
func (s *scanner) roleBefore(i int) string {
	if len(s.found) == 0 {
		return ""
	}
	last := s.found[len(s.found)-1]
	k := i - 1
	switch {
	case s.at(k).low == "from" && strings.HasPrefix(s.at(k-1).low, "differ"):
		return last.role // "revision 14 differs from 13"
	case connectors[s.at(k).low]:
		k--
	case s.at(k).after != "," || s.next(i) == "of" && partitive[s.at(i+2).low]:
		return ""
	}
	if k < 0 {
		return ""
	}
	if strings.Contains(s.at(k).after, ")") { // "(pid 252) and 3 more"
		return ""
	}
	if (last.role == roleRevision || last.role == rolePID) && last.text == s.at(k).text {
		return last.role
	}
	return ""
}

// partitive are words behind "of" that make a number in front count what was named: "of revision 19, 3 of them".
var partitive = map[string]bool{"them": true, "which": true, "these": true, "those": true, "whom": true}

// nounsBehind returns the stems of up to three words behind a number, as far as they may say what it counts.
func (s *scanner) nounsBehind(end int) []string {
	var nouns []string
	for j := end; j < end+3 && j < len(s.words); j++ {
		w := s.at(j)
		if s.at(j-1).ends() || w.open || notNouns[w.low] {
			break
		}
		if _, ok := parseNumeral(w.text); ok {
			break
		}
		nouns = append(nouns, nounStem(w.low))
	}
	return nouns
}

// notNouns end what a number may count.
var notNouns = map[string]bool{
	"a": true, "an": true, "the": true, "to": true, "of": true, "and": true, "or": true, "in": true, "on": true, "at": true, "by": true, "for": true,
	"from": true, "with": true, "under": true, "over": true, "is": true, "was": true, "were": true, "are": true, "had": true, "has": true,
	"–": true, "→": true, "—": true, "=": true, "|": true, "than": true, "that": true, "which": true, "but": true, "per": true, "as": true,
	"after": true, "before": true, "within": true, "ago": true, "later": true, "against": true, "versus": true, "vs": true, "it": true,
}

var stems = map[string]string{
	"lives": "life", "lifetime": "life", "lifetimes": "life", "killed": "kill", "kills": "kill", "ooms": "kill", "oomkills": "kill",
	"oom-kills": "kill", "reports": "kill", "restarted": "restart", "restarts": "restart", "processes": "process", "crashes": "restart",
	"crashed": "restart", "matches": "match", "series": "series", "containers": "container", "oom_killed": "kill",
}

func nounStem(word string) string {
	if stem, ok := stems[word]; ok {
		return stem
	}
	if len(word) > 3 {
		return strings.TrimSuffix(word, "s")
	}
	return word
}

// counted are nouns that a number in words counts; before any other it only structures the text.
var counted = map[string]bool{
	"pod": true, "life": true, "kill": true, "restart": true, "replica": true, "revision": true, "container": true, "process": true,
	"node": true, "namespace": true, "series": true, "sample": true, "line": true, "workload": true, "job": true, "instance": true,
	"incident": true, "event": true, "profile": true, "snapshot": true, "rollout": true, "goroutine": true, "thread": true, "row": true,
	"function": true, "time": true, "deployment": true, "release": true, "core": true, "cpu": true, "worker": true, "run": true,
	"generation": true, "file": true, "death": true, "oom": true,
}

// wordCounts says whether a number in words, which ends before end, is one of the incident. What "one" counts is told
// only of kills, restarts and replicas: else it is an article.
func (s *scanner) wordCounts(n numeral, end int) bool {
	if s.at(end - 1).ends() {
		return false
	}
	if readings, _, ok := s.unitBehind(n, end); ok && (n.value() != 1 || readings[0].dim != dimFactor) {
		return n.value() != 1 || s.at(end).low != "second" && !strings.HasSuffix(s.at(end).low, "s")
	}
	for _, noun := range s.nounsBehind(end) {
		if n.value() == 1 && (noun == "kill" || noun == "restart" || noun == "replica") || n.value() != 1 && counted[noun] {
			return true
		}
	}
	return false
}
