package grounding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// checkParties refuses that the victim used up the memory where somebody else did, and that the culprit is what was killed
// where it was somebody else.
func (r *reader) checkParties(text string) {
	victim, culprit := r.verdict.Victim, r.verdict.Culprit
	if r.c.Result != nil && r.c.Result.Verdict.Victim != nil {
		victim = r.c.Result.Verdict.Victim
	}
	if victim == nil || culprit == nil {
		return
	}
	v, c := partyNames(victim, culprit), partyNames(culprit, victim)
	if slices.ContainsFunc(v, func(n string) bool { return slices.Contains(c, n) }) || len(v) == 0 || len(c) == 0 {
		return
	}
	for _, words := range partsOf(text, v, c) {
		one := clause{words: words}
		one.weigh()
		if one.unreal || one.rival && !r.headline {
			continue
		}
		for _, h := range partyWords.find(words) {
			switch {
			case h.turned || one.negates(h):
			case h.label == "outside" || h.label == "inside":
				if (h.label == "inside") != (culprit.Pod != "") {
					r.refuse(Contradiction, fmt.Sprintf("%s does not run there", c[0]))
				}
			case h.label == "rollout":
				if change := r.verdict.Change; change != nil && slices.Contains(c, strings.ToLower(change.Workload[strings.LastIndexByte(change.Workload, '/')+1:])) {
					r.refuse(Contradiction, fmt.Sprintf("the change that the verdict names is of %s", change.Workload))
				}
			case h.label == "took":
				r.refuse(Contradiction, fmt.Sprintf("it says that %s used up the memory; that was %s", v[0], c[0]))
			case !r.killedToo(c):
				r.refuse(Contradiction, fmt.Sprintf("it says that %s was killed; that was %s", c[0], v[0]))
			}
		}
	}
}

// partyNames are the names of a party that tell it from another one.
func partyNames(p, other *investigations.Party) []string {
	names := []string{p.Container, p.Comm}
	if p.Pod != other.Pod || p.Namespace != other.Namespace {
		names = append(names, podNames(p.Pod)...)
	}
	for i := range names {
		names[i] = strings.ToLower(names[i])
	}
	return slices.DeleteFunc(names, func(n string) bool {
		return len(n) < 2 || plainNames[n] || n == strings.ToLower(other.Container) || n == strings.ToLower(other.Comm)
	})
}

// killedToo reports whether a fact tells that the kernel killed one of the names as well.
func (r *reader) killedToo(names []string) bool {
	for _, f := range r.c.Facts {
		low := strings.ToLower(f.Says)
		at := strings.Index(low, "killed ")
		if at >= 0 && slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(strings.Trim(low[at+len("killed "):], `"`), n) }) {
			return true
		}
	}
	return false
}

// partsOf cuts a text at its stops, with "@v" and "@c" for the names of the two.
func partsOf(text string, v, c []string) [][]string {
	words, _ := litWords(plainText(text))
	var out [][]string
	var now []string
	for _, w := range words {
		low := w.low
		switch last := low[strings.LastIndexByte(low, '/')+1:]; {
		case slices.Contains(v, low), slices.Contains(v, last):
			low = "@v"
		case slices.Contains(c, low), slices.Contains(c, last):
			low = "@c"
		case low == "application" || low == "app":
			low = "@v" // beside a sidecar or a neighbour it is what was killed
		}
		if low == "—" || low == "while" || low == "whereas" || low == "but" || low == "because" {
			out, now = append(out, now), nil
		}
		if strings.HasSuffix(low, "n't") {
			now = append(now, strings.TrimSuffix(low, "n't"))
			low = "not"
		}
		if now = append(now, low); strings.ContainsAny(w.after, ".;:!?") {
			out, now = append(out, now), nil
		}
	}
	return append(out, now)
}
