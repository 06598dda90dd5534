package grounding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// checkAbsence refuses the claim that a source was not seen where it was: facts of it are there, and no blind spot tells of
// what the clause says is missing.
func (r *reader) checkAbsence(c *clause) {
	if c.unreal || c.rival || strings.Contains(strings.ToLower(r.claim), "confidence") {
		return
	}
	tool := r.missing(c)
	if tool == "" || r.blind(tool, c) || r.factGone() {
		return
	}
	r.refuse(Contradiction, fmt.Sprintf("it says that %s could not be seen; they were read, and no blind spot says otherwise", tool))
}

// missing returns the tool that the clause says was not seen, or "".
func (r *reader) missing(c *clause) string {
	hits := absenceWords.find(c.words)
	gone := slices.IndexFunc(hits, func(h hit) bool { return h.label == "gone" })
	if gone < 0 {
		return ""
	}
	tool, size := "", 0
	for _, h := range hits {
		if h.label != "gone" && h.from <= hits[gone].to+2 && h.to-h.from > size {
			tool, size = h.label, h.to-h.from
		}
	}
	return tool
}

// blind reports whether a blind spot holds that a tool did not see what the clause tells of.
func (r *reader) blind(tool string, c *clause) bool {
	if r.c.Result == nil {
		return false
	}
	seen := slices.ContainsFunc(r.c.Facts, func(f investigations.Fact) bool {
		return f.Tool == tool
	})
	if tool == investigations.ToolKernlog && slices.ContainsFunc(c.words, func(w string) bool { return strings.HasPrefix(w, "report") || w == "trace" || w == "entry" }) {
		return !slices.ContainsFunc(r.c.Facts, func(f investigations.Fact) bool { return strings.HasPrefix(f.Says, "The kernel killed") })
	}
	for _, run := range r.c.Result.Tools {
		if run.Name == tool && run.Error != "" {
			return true
		}
	}
	for _, b := range r.c.Result.BlindSpots {
		if b.Tool == tool && (!seen || shares(c.words, strings.ToLower(b.Why+" "+b.WouldTell))) {
			return true
		}
	}
	return false
}

// common are words that many blind spots have.
var common = []string{"metrics", "metric", "logs", "log", "profile", "profiles", "kernel", "there", "which", "were", "available", "container", "recorded", "have", "that", "this", "missing", "data", "memory", "heap", "kubernetes", "with", "from", "from", "history", "what", "whether"}

// shares reports whether a word of four letters or more, that tells one blind spot from another, stands in text.
func shares(words []string, text string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		return len(w) >= 4 && !slices.Contains(common, w) && containsWord(text, strings.TrimSuffix(w, "s"))
	})
}

// factGone reports whether a cited fact says that something is not there.
func (r *reader) factGone() bool {
	for _, f := range r.cited() {
		if strings.Contains(f.lower, "no oom report") || strings.Contains(f.lower, "no log shows") || strings.Contains(f.lower, "no kill") || strings.Contains(f.lower, "no sample") ||
			strings.Contains(f.lower, "no source") || strings.Contains(f.lower, "names no cgroup") || strings.Contains(f.lower, "tells of no") {
			return true
		}
		for i := range f.clauses {
			if r.missing(&f.clauses[i]) != "" {
				return true
			}
		}
	}
	return false
}

// Absent reports whether a sentence says no more than that something could not be seen, and a blind spot of the case holds
// it. Such a sentence needs no citation.
func Absent(c Case, s Sentence) bool {
	r := &reader{c: c, verdict: verdictOf(c)}
	found := false
	for _, cl := range clauses(s.Text) {
		if tool := r.missing(&cl); tool != "" {
			if !r.blind(tool, &cl) {
				return false
			}
			found = true
			continue
		}
		if !cl.unreal && !cl.rival && !found {
			return false
		}
		if strings.Contains(strings.Join(cl.words, " "), number) || ends.has(cl.words) || causeWords.has(cl.words) && !cl.denied {
			return false
		}
	}
	return found
}
