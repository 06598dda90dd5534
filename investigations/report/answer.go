package report

import (
	"fmt"
	"slices"
	"strings"

	inv "github.com/oombot/oombot/investigations"
)

// Answer answers a question about a closed investigation from its document alone: what speaks for and against the cause
// that is asked about, when it will happen again, what to do, what could not be seen. Paragraphs are parted by an empty
// line, and every claim cites its facts. Where the question names nothing that is known, the answer says so and gives the
// facts that share its words.
func Answer(r *inv.Result, question string) string {
	res := r.Normalized()
	q := asked{r: &res, words: questionWords(question)}
	var out []string
	for _, c := range q.causes() {
		out = append(out, q.cause(c))
	}
	for _, t := range topics {
		if q.about(t.words) {
			if text := t.answer(q); text != "" && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	if len(out) == 0 {
		out = append(out, q.anything())
	}
	return strings.Join(out, "\n\n")
}

// asked is a question about a result.
type asked struct {
	r     *inv.Result
	words []string
}

// questionWords are the words of a question in lower case, names whole.
func questionWords(question string) []string {
	words := strings.FieldsFunc(strings.ToLower(question), func(r rune) bool { return !isNameRune(r) })
	for i, w := range words {
		words[i] = strings.Trim(w, "-./_")
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

func isNameRune(r rune) bool {
	return r == '-' || r == '_' || r == '.' || r == '/' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 0x7f
}

// about says whether any of the words, or of the phrases, is in the question. A word that ends in * begins one.
func (q asked) about(words []string) bool {
	text := " " + strings.Join(q.words, " ") + " "
	return slices.ContainsFunc(words, func(w string) bool {
		if stem, ok := strings.CutSuffix(w, "*"); ok {
			return strings.Contains(text, " "+stem)
		}
		return strings.Contains(text, " "+w+" ")
	})
}

// causeWordsAsked are the words by which people ask about a cause.
var causeWordsAsked = []struct {
	cause inv.Cause
	words []string
}{
	{inv.CauseLeak, []string{"leak*", "memleak"}},
	{inv.CauseUndersizedLimit, []string{"undersized*", "limit", "limits", "too small", "too low", "underprovisioned"}},
	{inv.CauseLoadSpike, []string{"spike*", "burst*", "traffic", "load", "request", "requests", "batch", "rps"}},
	{inv.CauseRuntimeMisconfiguration, []string{"heap", "xmx", "gomemlimit", "jvm", "runtime", "misconfig*", "gc", "max-old-space-size", "maxrampercentage"}},
	{inv.CauseSidecar, []string{"sidecar*", "other container", "another container", "istio*", "envoy", "proxy"}},
	{inv.CauseNoisyNeighbour, []string{"neighbo*", "other pod", "other pods", "another pod", "noisy"}},
	{inv.CauseNodeOvercommit, []string{"overcommit*", "node", "overbooked"}},
	{inv.CauseMemoryBackedVolume, []string{"tmpfs", "shm", "dev/shm", "emptydir", "volume", "volumes", "memory-backed"}},
	{inv.CauseKernelMemory, []string{"slab", "kernel memory", "socket*", "page tables", "pagetables", "dentries"}},
	{inv.CauseNotOOM, []string{"probe", "probes", "liveness", "not an oom", "no oom", "not oom", "really an oom", "evict*", "sigterm"}},
}

// causes are those that the question is about. A container of the facts that is not the victim stands for a sidecar.
func (q asked) causes() []inv.Cause {
	var out []inv.Cause
	for _, c := range causeWordsAsked {
		// "raise the limit" asks what to do.
		if c.cause == inv.CauseUndersizedLimit && q.about([]string{"raise", "increase", "set", "higher", "more"}) {
			continue
		}
		if q.about(c.words) {
			out = append(out, c.cause)
		}
	}
	return out
}

// cause says what speaks for and against one cause.
func (q asked) cause(c inv.Cause) string {
	v := &q.r.Verdict
	name := CauseWords(c)
	i := slices.IndexFunc(q.r.Hypotheses, func(h inv.Hypothesis) bool { return h.Cause == c })
	switch {
	case i >= 0:
		return q.weighed(q.r.Hypotheses[i])
	case !slices.Contains(inv.AllowedCauses(v.Boundary, v.Culprit.SameContainer(v.Victim)), c):
		return fmt.Sprintf("%s is ruled out by whose limit ran out: %s. %s%s", firstUpper(name), BoundaryWords(v.Boundary), v.Headline, q.firstCitations())
	}
	return fmt.Sprintf("For %s no fact was found, and none against it. The verdict is %s, confidence %.2f.%s", name, CauseWords(v.Cause), v.Confidence, q.firstCitations())
}

// weighed says what speaks for and against a hypothesis, fact by fact.
func (q asked) weighed(h inv.Hypothesis) string {
	v := &q.r.Verdict
	var b strings.Builder
	if h.Cause == v.Cause {
		fmt.Fprintf(&b, "Yes: the verdict is %s, confidence %.2f.", CauseWords(h.Cause), v.Confidence)
	} else {
		best := 0.0
		for _, o := range q.r.Hypotheses {
			if o.Cause == v.Cause {
				best = o.Score
			}
		}
		fmt.Fprintf(&b, "No: %s scores %.2f, %s, which is the verdict, %.2f.", CauseWords(h.Cause), h.Score, CauseWords(v.Cause), best)
	}
	q.list(&b, "For it", h.For)
	q.list(&b, "Against it", h.Against)
	if len(h.For)+len(h.Against) == 0 {
		b.WriteString(" No fact speaks for it or against it.")
	}
	if h.Cause != v.Cause {
		for _, o := range q.r.Hypotheses {
			if o.Cause == v.Cause {
				q.list(&b, "For "+CauseWords(v.Cause)+" speaks", o.For)
			}
		}
	}
	return b.String()
}

// mostTold is how many facts are told for one side.
const mostTold = 5

// list writes facts as lines, each with its citation.
func (q asked) list(b *strings.Builder, title string, ids []string) {
	if len(ids) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:", title)
	for i, id := range ids {
		if i == mostTold {
			fmt.Fprintf(b, "\n- and %d more%s", len(ids)-mostTold, cited(ids[mostTold:]))
			break
		}
		fmt.Fprintf(b, "\n- %s [%s]", strings.TrimSpace(q.says(id)), id)
	}
}

func (q asked) says(id string) string {
	for _, f := range q.r.Facts {
		if f.ID == id {
			return clean(f.Says)
		}
	}
	return "(this fact is not stored)"
}

// firstCitations are those of the explanation's first paragraph.
func (q asked) firstCitations() string {
	first, _, _ := strings.Cut(q.r.Verdict.Explanation, "\n\n")
	return cited(Citations(first))
}

// Citations returns the ids of the facts that a text of a document cites in square brackets, each once, in order.
func Citations(text string) []string {
	var ids []string
	for _, m := range citation.FindAllString(text, -1) {
		for id := range strings.SplitSeq(strings.Trim(m, "[]"), ",") {
			if id = strings.TrimSpace(id); !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func firstUpper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// anything is the answer to a question that nothing known is named in.
func (q asked) anything() string {
	var found []string
	for _, f := range q.r.Facts {
		says := " " + strings.Join(questionWords(f.Says), " ") + " "
		if slices.ContainsFunc(q.words, func(w string) bool { return len(w) > 3 && !dull[w] && strings.Contains(says, " "+w+" ") }) {
			found = append(found, f.ID)
		}
	}
	var b strings.Builder
	b.WriteString(strings.TrimSpace(q.r.Verdict.Headline) + q.firstCitations())
	if len(found) == 0 {
		b.WriteString("\n\nNo fact of this investigation answers the question. Ask about a cause (\"why not the sidecar?\"), what set it off, what to do, " +
			"when it happens again, how sure it is, or what could not be seen.")
		return b.String()
	}
	b.WriteString("\n")
	q.list(&b, "What the facts say in these words", found)
	return b.String()
}

// dull words are in every question.
var dull = map[string]bool{
	"what": true, "when": true, "where": true, "which": true, "this": true, "that": true, "there": true, "have": true, "does": true, "with": true, "from": true,
	"memory": true, "about": true, "could": true, "would": true, "should": true, "pod": true, "container": true, "killed": true, "kill": true, "because": true,
}
