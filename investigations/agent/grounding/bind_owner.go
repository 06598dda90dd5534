package grounding

import (
	"regexp"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// parties are the pods, containers and processes that a case tells apart, each with its names, in small letters.
type parties [][]string

// plainNames are names that are words of the field as well: a sentence that has one need not mean the party.
var plainNames = wordsOf(`node pod container kernel kubelet worker main job memory heap cache init stage test import`)

var (
	heldBy    = regexp.MustCompile(`(?:^|\. )([\w.-]+)/([\w.-]+) (?:held|accounts|holds)`)
	container = regexp.MustCompile(`(?:^|\. )Container ([\w.-]+) (?:held|of)`)
	function  = regexp.MustCompile(`\b[a-z]\w*\.(?:\(\*?\w+\)\.)?\w+\b`)
)

// parties reads them from the result and the facts, once.
func (l *LiteralCheck) parties() parties {
	if l.known != nil {
		return l.known
	}
	l.known = parties{}
	var verdicts []investigations.Verdict
	if r := l.c.Result; r != nil {
		verdicts = append(verdicts, r.Verdict)
	}
	for _, v := range append(verdicts, l.c.Verdict) {
		shared := v.Victim != nil && v.Culprit != nil && v.Victim.Pod == v.Culprit.Pod && v.Victim.Container != v.Culprit.Container
		for _, p := range []*investigations.Party{v.Victim, v.Culprit} {
			if p == nil {
				continue
			}
			names := []string{p.Container, p.Comm}
			if !shared {
				names = append(names, podNames(p.Pod)...)
			}
			if p == v.Victim {
				names = append(names, "victim")
			} else {
				names = append(names, "culprit")
			}
			l.known = l.known.add(names...)
		}
	}
	for _, f := range l.c.Facts {
		for _, m := range heldBy.FindAllStringSubmatch(f.Says, 4) {
			l.known = l.known.add(podNames(m[2])...)
		}
		for _, m := range container.FindAllStringSubmatch(f.Says, 4) {
			l.known = l.known.add(m[1])
		}
	}
	return l.known
}

// podNames are the name of a pod and what it begins with: its replica set and its workload.
func podNames(pod string) []string {
	names := []string{pod}
	for range 2 {
		at := strings.LastIndexByte(pod, '-')
		if at < 3 {
			break
		}
		pod = pod[:at]
		names = append(names, pod)
	}
	return names
}

// add takes in a party, or adds to the one that has one of the names.
func (p parties) add(names ...string) parties {
	names = slices.Clone(names)
	for i := range names {
		names[i] = strings.ToLower(names[i])
	}
	names = slices.DeleteFunc(names, func(n string) bool { return len(n) < 2 || plainNames[n] })
	for i := range p {
		if slices.ContainsFunc(names, func(n string) bool { return slices.Contains(p[i], n) }) {
			for _, n := range names {
				if !slices.Contains(p[i], n) {
					p[i] = append(p[i], n)
				}
			}
			return p
		}
	}
	if len(names) == 0 {
		return p
	}
	return append(p, names)
}

// of returns the indexes of the parties that a text in small letters names.
func (p parties) of(text string) []int {
	var out []int
	for i, names := range p {
		if slices.ContainsFunc(names, func(n string) bool { return namedIn(text, n) }) {
			out = append(out, i)
		}
	}
	return out
}

// namedIn says whether a text holds a name that is no part of a longer one.
func namedIn(text, name string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(name)
		at = start + 1
		if start > 0 && inName(text[start-1]) || end < len(text) && inName(text[end]) && (text[end] != '.' || end+1 < len(text) && inName(text[end+1])) {
			continue
		}
		return true
	}
}

func inName(b byte) bool { return alnum(b) || b == '-' || b == '_' || b == '.' }

// owns says whether a fact is about one of the owners of a number, or about nobody that the case tells apart.
func (p parties) owns(owners []string, f investigations.Fact) bool {
	if len(owners) == 0 {
		return true
	}
	says := strings.ToLower(f.Says)
	if theirs := p.of(says); len(theirs) > 0 {
		named := false
		for _, o := range owners {
			for _, i := range p.of(o) {
				if named = true; slices.Contains(theirs, i) {
					return true
				}
			}
		}
		if named {
			return false
		}
	}
	if f.Tool != investigations.ToolProfiles {
		return true
	}
	corpus, named := nameCorpus(f.Says), false
	for _, o := range owners {
		if function.MatchString(o) {
			if named = true; nameHeld(corpus, o) {
				return true
			}
		}
	}
	return !named
}

// ownersOf are the words that stand between the number before and this one: names among them are those of what it is told of.
func (s *scanner) ownersOf(lit literal, before int) []string {
	if lit.kind == Time {
		return nil
	}
	var out []string
	for i := lit.from - 1; i >= before; i-- {
		if w := s.at(i); strings.ContainsAny(w.after, ".;:!?") || partsOwners[w.low] {
			break
		}
		out = append(out, s.at(i).low)
	}
	slices.Reverse(out)
	return out
}

// partsOwners open what is told of another one.
var partsOwners = wordsOf(`while whereas but although because — although though`)

// checkForeign refuses a sentence without a number about one party whose facts are all about others.
func (l *LiteralCheck) checkForeign(field string, s Sentence, cited []investigations.Fact) []Reason {
	parties := l.parties()
	named := parties.of(strings.ToLower(s.Text))
	if len(named) == 0 || len(cited) == 0 || strings.HasPrefix(field, "headline") {
		return nil
	}
	for _, c := range clauses(s.Text) {
		if c.denied || c.unreal || c.rival || len(c.nots) > 0 && !slices.Contains(c.words, "limit") || len(c.denies) > 0 || len(advisedIn(&c)) > 0 || slices.Contains(c.words, number) {
			return nil
		}
	}
	for _, f := range cited {
		theirs := parties.of(strings.ToLower(f.Says))
		if len(theirs) == 0 || slices.ContainsFunc(named, func(i int) bool { return slices.Contains(theirs, i) }) {
			return nil
		}
	}
	return []Reason{{Kind: NoCitation, Field: field, Claim: cutClaim(s.Raw), Says: "the facts that it cites are about others: cite those that tell of this one"}}
}
