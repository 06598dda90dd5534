package grounding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// release is a revision or a version that a sentence names.
type release struct {
	literal
	number int64
	// words are those of its part of the sentence, with "@" in its place.
	words []string
}

// releasesIn finds the revisions and versions of a text. One that is the beginning of a change, as in "2.4.7 -> 2.4.8", stands
// for none of its own.
func releasesIn(text string) []release {
	s := scanned(text, nil)
	var out []release
	for i, lit := range s.found {
		one := release{literal: lit}
		switch {
		case lit.role == roleRevision && len(lit.readings) > 0:
			one.number = int64(lit.readings[0].value)
		case lit.kind != Version:
			continue
		}
		if next := s.at(lit.to).low; (next == "→" || next == "to" || next == "and") && i+1 < len(s.found) && s.found[i+1].from <= lit.to+2 && !s.at(lit.to-1).ends() {
			continue
		}
		one.words = s.partAround(lit)
		out = append(out, one)
	}
	return out
}

// partAround returns the words of a sentence's part around a literal, for which "@" stands.
func (s *scanner) partAround(lit literal) []string {
	from, to := lit.from, lit.to
	for from > 0 && !strings.ContainsAny(s.at(from-1).after, ".;:!?,") && s.at(from-1).low != "—" {
		from--
	}
	for to < len(s.words) && !strings.ContainsAny(s.at(to-1).after, ".;:!?,") && s.at(to).low != "—" {
		to++
	}
	words := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		if i == lit.from {
			words = append(words, "@")
		}
		if i >= lit.from && i < lit.to {
			continue
		}
		words = append(words, strings.TrimSuffix(s.at(i).low, "n't"))
		if strings.HasSuffix(s.at(i).low, "n't") {
			words = append(words, "not")
		}
	}
	return words
}

// checkChange refuses that another revision or version than the one of the verdict's change brought what is wrong, that one
// changed what another did, and that the change's own is the good one.
func (r *reader) checkChange(text string) {
	for _, one := range releasesIn(text) {
		c := clause{words: one.words}
		c.weigh()
		if c.unreal || c.rival {
			continue
		}
		for _, h := range releaseWords.find(one.words) {
			if !slices.Contains(one.words[h.from:h.to], "@") || h.turned || c.negates(h) {
				continue
			}
			if says := r.misplaced(one, h.label); says != "" {
				r.refuse(Contradiction, says)
				return
			}
		}
	}
}

// misplaced says what is wrong with what is said of a release.
func (r *reader) misplaced(one release, label string) string {
	change := r.verdict.Change
	switch label {
	case "current":
		if change != nil && r.targetOf(change) && one.kind == Version && one.in(change, 0) && !one.in(change, 1) {
			return fmt.Sprintf("%s is what was there before the change that the verdict names: %s", one.text, strings.Join(change.What, ", "))
		}
	case "changed":
		if object := r.unchanged(one.words); object != "" {
			return fmt.Sprintf("the cited facts tell of no change of %s", object)
		}
		if n := r.changedBy(one.number); n > 0 {
			return fmt.Sprintf("the cited facts tell of that change with revision %d", n)
		}
	case "blamed":
		switch {
		case change == nil:
		case one.kind == Version && one.in(change, 0) && !one.in(change, 1):
			return fmt.Sprintf("%s is what was there before the change that the verdict names: %s", one.text, strings.Join(change.What, ", "))
		case one.role == roleRevision && one.number != change.Revision:
			return fmt.Sprintf("the change that the verdict names came with revision %d", change.Revision)
		}
	case "good":
		switch {
		case change == nil:
		case one.kind == Version && one.in(change, 1) && !one.in(change, 0):
			return fmt.Sprintf("%s is what came with the change that the verdict names: %s", one.text, strings.Join(change.What, ", "))
		case one.role == roleRevision && one.number == change.Revision:
			return fmt.Sprintf("revision %d is the one that the verdict blames", change.Revision)
		}
	}
	return ""
}

// targetOf reports whether a change is of the target's own workload.
func (r *reader) targetOf(change *investigations.Change) bool {
	return r.c.Result != nil && r.c.Result.Target.Workload == change.Workload
}

// objects are what a revision may change, by the words that a fact has for it.
var objects = []struct{ name, said, fact string }{
	{"the image", "image|tag", "image"},
	{"a limit", "limit|limits", "limit"},
	{"a request", "request|requests", "request"},
	{"the environment", "environment|env|variable|variables", "env|variable"},
	{"a ConfigMap", "configmap", "configmap"},
	{"arguments", "argument|arguments|flag|flags", "arg|flag|command"},
	{"a probe", "probe|probes", "probe"},
	{"a volume", "volume|volumes", "volume|emptydir"},
}

// unchanged names what a part of a sentence says that a revision changed where the cited facts of rollouts tell of something
// else.
func (r *reader) unchanged(words []string) string {
	at := slices.IndexFunc(words, func(w string) bool { return w == "@" })
	if slices.ContainsFunc(words, func(w string) bool { return denying[w] || w == "nothing" && !slices.Contains(words, "but") }) {
		return ""
	}
	said := ""
	for _, f := range r.facts {
		if f.Tool == investigations.ToolRollouts && strings.Contains(f.Says, "->") {
			said += " " + strings.ToLower(f.Says)
		}
	}
	if said == "" || at < 0 {
		return ""
	}
	for _, o := range objects {
		if !slices.ContainsFunc(words[at:min(len(words), at+9)], func(w string) bool { return slices.Contains(strings.Split(o.said, "|"), w) }) {
			continue
		}
		if !slices.ContainsFunc(strings.Split(o.fact, "|"), func(w string) bool { return strings.Contains(said, w) }) {
			return o.name
		}
	}
	return ""
}

// changedBy returns the revision that the cited facts tell of as the newer one where they tell of n as the older one only.
func (r *reader) changedBy(n int64) int64 {
	var newer int64
	for _, f := range r.facts {
		to := int64(max(f.Values["revision"], f.Values["to_revision"]))
		if n > 0 && to == n {
			return 0
		}
		if before := int64(max(f.Values["before"], f.Values["from_revision"])); n > 0 && before == n {
			newer = to
		}
	}
	return newer
}

// in says whether the change names the version before its arrow (side 0), or behind it.
func (one release) in(change *investigations.Change, side int) bool {
	version := strings.ToLower(strings.TrimSuffix(one.text, "…"))
	for _, what := range change.What {
		halves := strings.SplitN(strings.ToLower(what), "->", 2)
		if len(halves) == 2 && versionHeld(halves[side], version) {
			return true
		}
	}
	return false
}
