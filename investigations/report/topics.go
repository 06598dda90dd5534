package report

import (
	"fmt"
	"strings"

	inv "github.com/oombot/oombot/investigations"
)

// topics are what people ask beside causes, each with the words for it.
var topics = []struct {
	words  []string
	answer func(asked) string
}{
	{[]string{"again", "next", "recur*", "how long"}, asked.next},
	{[]string{"do", "fix", "mitigate", "raise", "increase", "rollback", "roll back", "recommend*", "action", "actions", "command"}, asked.todo},
	{[]string{"trigger*", "set off", "set it off", "changed", "change", "deploy*", "rollout", "release", "revision"}, asked.trigger},
	{[]string{"sure", "confiden*", "certain", "trust"}, asked.sure},
	{[]string{"victim", "culprit", "who", "whose", "which process", "blame"}, asked.who},
	{[]string{"before", "precedent*", "earlier", "seen it", "last time", "history"}, asked.past},
	{[]string{"see", "seen", "missing", "blind", "unknown", "not know"}, asked.unseen},
}

func (q asked) next() string {
	n := q.r.Verdict.NextKill
	if n == nil || n.At.IsZero() {
		return "When it will happen again can't be told from what was seen." + q.firstCitations()
	}
	text := "If nothing changes, it will happen again at about " + Stamp(n.At)
	if !n.Earliest.IsZero() && !n.Latest.IsZero() {
		text += ", between " + Stamp(n.Earliest) + " and " + Stamp(n.Latest)
	}
	return text + "." + cited(n.Why)
}

func (q asked) todo() string {
	var b strings.Builder
	b.WriteString("What to do:")
	for _, r := range q.r.Verdict.Recommendations {
		fmt.Fprintf(&b, "\n- %s.%s", clean(ActionWords(r)), cited(r.Why))
		if r.Note != "" {
			b.WriteString(" " + clean(r.Note))
		}
	}
	if len(q.r.Verdict.Recommendations) == 0 {
		return "Nothing is recommended." + q.firstCitations()
	}
	return b.String()
}

func (q asked) trigger() string {
	v := &q.r.Verdict
	if c := v.Change; c != nil {
		what := orThe(c.Workload, "the configuration")
		if c.Revision > 0 {
			what += fmt.Sprintf(" revision %d", c.Revision)
		}
		if !c.At.IsZero() {
			what += " at " + Stamp(c.At)
		}
		return fmt.Sprintf("Set off by a %s: %s (%s).%s", TriggerWords(v.Trigger), clean(what), clean(strings.Join(c.What, "; ")), cited(q.paragraph("Set off")))
	}
	return fmt.Sprintf("Trigger: %s.%s", TriggerWords(v.Trigger), cited(q.paragraph("Set off", "No change")))
}

// paragraph returns what the first paragraph of the explanation that begins so cites, else what its first one does.
func (q asked) paragraph(begins ...string) []string {
	for p := range strings.SplitSeq(q.r.Verdict.Explanation, "\n\n") {
		for _, b := range begins {
			if strings.HasPrefix(p, b) {
				return Citations(p)
			}
		}
	}
	first, _, _ := strings.Cut(q.r.Verdict.Explanation, "\n\n")
	return Citations(first)
}

func (q asked) sure() string {
	v := &q.r.Verdict
	text := fmt.Sprintf("The confidence is %s.", ConfidenceWords(v.Confidence))
	const held = "The confidence is held down by"
	if _, doubts, ok := strings.Cut(v.Explanation, held); ok {
		doubts, _, _ = strings.Cut(doubts, "\n\n")
		text += " It is held down by" + strings.TrimRight(doubts, "\n")
	} else {
		text += q.firstCitations()
	}
	if others := otherCauses(q.r); len(others) > 0 && others[0].Score > 0 {
		text += fmt.Sprintf(" The next likely cause is %s, score %.2f.", CauseWords(others[0].Cause), others[0].Score)
	}
	return text
}

func (q asked) who() string {
	v := &q.r.Verdict
	var parts []string
	if v.Victim != nil {
		parts = append(parts, "Victim: "+PartyWords(*v.Victim)+".")
	}
	if v.Culprit != nil {
		parts = append(parts, "Culprit: "+CulpritWords(v.Victim, *v.Culprit)+".")
	}
	if len(parts) == 0 {
		return "Neither victim nor culprit is known." + q.firstCitations()
	}
	return clean(strings.Join(parts, " ")) + q.firstCitations()
}

func (q asked) unseen() string {
	if len(q.r.BlindSpots) == 0 {
		return "Nothing that an investigation looks for was out of sight."
	}
	var b strings.Builder
	b.WriteString("What could not be seen:")
	for _, s := range q.r.BlindSpots {
		fmt.Fprintf(&b, "\n- %s: %s; it would tell %s", clean(s.Tool), clean(s.Why), clean(s.WouldTell))
	}
	return b.String()
}

func (q asked) past() string {
	if len(q.r.Precedents) == 0 {
		return "No earlier incident resembles it, as far as is remembered."
	}
	var b strings.Builder
	b.WriteString("Earlier incidents that resemble it:")
	for _, p := range q.r.Precedents {
		fmt.Fprintf(&b, "\n- %s, %.0f %% alike, %s: %s", clean(p.ID), p.Similarity*100, OutcomeWords(p.Outcome), clean(strings.Join(p.Why, ", ")))
	}
	var ids []string
	for _, f := range q.r.Facts {
		if f.Tool == inv.ToolMemory {
			ids = append(ids, f.ID)
		}
	}
	return b.String() + cited(ids)
}
