package grounding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// checkProbe refuses that a probe is named of which no cited fact tells, where one tells of another.
func (r *reader) checkProbe(c *clause) {
	told := func(w string) bool {
		return slices.ContainsFunc(r.cited(), func(f factText) bool { return containsWord(f.lower, w) })
	}
	for i, w := range c.words {
		if (w == "liveness" || w == "readiness" || w == "startup") && i+1 < len(c.words) && (strings.HasPrefix(c.words[i+1], "probe") || strings.HasPrefix(c.words[i+1], "check")) &&
			!told(w) && told("probe") {
			r.refuse(Contradiction, "the cited facts tell of another probe")
		}
	}
}

// checkMost refuses that the victim is said to have grown, held or taken the most where a cited fact says it of the culprit.
func (r *reader) checkMost(c *clause) {
	victim, culprit := r.verdict.Victim, r.verdict.Culprit
	if victim == nil || culprit == nil || !slices.Contains(c.words, "most") || c.denied || len(c.nots) > 0 {
		return
	}
	its := namesOf(victim)
	for _, f := range r.cited() {
		if !containsWord(f.lower, "most") {
			continue
		}
		text := nameCorpus(f.lower)
		for _, name := range namesOf(culprit) {
			if slices.Contains(its, name) || !wordHeld(text, name) || slices.Contains(c.words, name) {
				continue
			}
			for _, v := range its {
				if slices.Contains(c.words, v) && !wordHeld(text, v) {
					r.refuse(Contradiction, fmt.Sprintf("the cited fact says it of %s", investigations.CleanText(name, 60)))
					return
				}
			}
		}
	}
}

// namesOf are the names by which a sentence may call a party, each as one token.
func namesOf(p *investigations.Party) []string {
	var names []string
	for _, n := range []string{p.Container, p.Comm, p.Pod, workloadOf(p.Pod)} {
		if n = strings.ToLower(n); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// workloadOf is the name of a pod without what its controller appended.
func workloadOf(pod string) string {
	parts := strings.Split(pod, "-")
	if len(parts) < 3 {
		return strings.TrimRight(strings.TrimRight(pod, "0123456789"), "-")
	}
	return strings.Join(parts[:len(parts)-2], "-")
}
