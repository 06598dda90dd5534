package card

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
)

// inFile says of what is left out where it stands.
const inFile = "… %d more in the evidence file"

// How many of each a card shows; the evidence file has all.
const (
	mostFacts   = 3
	mostAdvice  = 3
	mostSpots   = 3
	mostSimilar = 3
)

const (
	maxFact      = 320
	maxSource    = 120
	maxCommand   = 900
	maxWords     = 300
	maxWorkloads = 4000
)

// verdict is a card with a result, whatever the state: what was judged stays while it is looked at again.
func verdict(v bot.View) bot.Message {
	r, i := v.Result, v.Incident
	b := newBoard()
	b.header(headline(r))
	b.take(&part{id: "state", items: slices.Concat(progress(v), counting(i), ending(i))})
	b.take(&part{id: "about", quiet: true, items: nonEmpty(aboutVerdict(v), seen(i, false))})
	b.take(&part{id: "verdict", items: answers(r)})
	b.take(&part{id: "who", items: who(r)})
	facts := b.put(evidence(r))
	advice := b.put(todo(r))
	next, similar := b.put(nextKill(r)), b.put(before(v))
	blind := b.put(blindSpots(r))
	b.take(ownPods(i))
	told := b.put(workloads(i, maxWorkloads))
	from := b.put(alerts(i))
	links := b.put(dashboards(v.Links))
	b.take(footer(v))
	first, rest := verdictButtons(v)
	b.add(row("votes", first), maxButtons)
	b.add(row("more", rest), maxButtons)

	for _, p := range []struct {
		p    *part
		most int
	}{{told, maxWorkloads}, {advice, 2600}, {facts, 1700}, {next, 400}, {links, 1000}, {from, 1200}, {similar, 1000}, {blind, 800}} {
		b.fill(p.p, p.most)
	}
	return bot.Message{Text: short(headline(r), maxWords), Blocks: b.blocks()}
}

// headline is the verdict's own, else one made of its cause.
func headline(r *inv.Result) string {
	if clean(r.Verdict.Headline) != "" {
		return r.Verdict.Headline
	}
	return r.Target.String() + ": " + report.CauseWords(r.Verdict.Cause)
}

// inMemory says whether the mechanism has to do with memory: else the card is a short answer.
func inMemory(m inv.Mechanism) bool {
	return m != inv.NotKilled && m != inv.OtherExit && m != inv.SigkillNotOOM
}

// progress says how far what is shown may still change.
func progress(v bot.View) []string {
	switch v.Incident.State {
	case bot.StateWaiting:
		return []string{"⏳ Waiting to be investigated again. The verdict below is that of the run before."}
	case bot.StateRunning:
		for _, s := range v.Steps {
			if !s.Done && v.Model == "" {
				return []string{"⏳ Being investigated again. The verdict below is that of the run before."}
			}
		}
		if v.Model != "" {
			return []string{"⏳ The verdict of the rules. A model looks at it: " + short(v.Model, maxWords)}
		}
		return []string{"⏳ The verdict of the rules, which is still being looked at."}
	case bot.StateFailed:
		return append([]string{"⚠️ The last run failed. The verdict below is that of the run before."}, reasons(v.Incident.Why)...)
	case bot.StateStopped:
		return []string{"⏹️ The last run was stopped. The verdict below is that of the run before."}
	case bot.StateJudged:
	}
	return nil
}

// aboutVerdict says of what and when, in one line.
func aboutVerdict(v bot.View) string {
	r, i := v.Result, v.Incident
	workload := ""
	if r.Target.Workload != "" {
		workload = code(inv.Target{Namespace: r.Target.Namespace, Workload: r.Target.Workload}.String(), maxName)
	}
	pod := code(inv.Target{Namespace: r.Target.Namespace, Pod: r.Target.Pod, Container: r.Target.Container}.String(), maxName)
	if r.Target.Pod == "" {
		pod = ""
	}
	if workload == "" && pod == "" {
		workload = about(i)
	}
	at := ""
	if !r.At.IsZero() {
		at = report.Stamp(r.At)
	}
	return joined(workload, pod, cluster(i), at, alertCount(i))
}

func cluster(i bot.Incident) string {
	if i.Cluster == "" {
		return ""
	}
	return "cluster " + code(i.Cluster, maxLabel)
}

func alertCount(i bot.Incident) string {
	n := i.AlertCount - i.Kills
	if n <= 0 {
		return ""
	}
	text := count(n, "alert", "alerts")
	if i.Firing > 0 && i.Firing < n {
		text += fmt.Sprintf(", %d still firing", i.Firing)
	}
	return text
}

// answers are boundary, cause and trigger in one line, and how certain that is. A headline too long for the header
// comes before them as a whole.
func answers(r *inv.Result) []string {
	v := &r.Verdict
	var out []string
	if h := headline(r); size(plain(h, maxRaw, "")) > maxHeader {
		out = append(out, short(h, maxWords))
	}
	out = append(out, joined(
		"*Boundary* "+valued(report.BoundaryWords(v.Boundary), string(v.Boundary)),
		"*Cause* "+valued(report.CauseWords(v.Cause), string(v.Cause)),
		"*Trigger* "+valued(report.TriggerWords(v.Trigger), string(v.Trigger)),
	))
	return append(out, joined(
		fmt.Sprintf("*Confidence* %.2f (%s)", v.Confidence, report.ConfidenceWord(v.Confidence)),
		"*Mechanism* "+valued(report.HowEnded(v), string(v.Mechanism)),
	))
}

// valued is an enumeration as people say it, with its value beside it.
func valued(words, value string) string {
	if words == value || value == "" {
		return code(orElse(value, words), maxLabel)
	}
	return short(words, maxWords) + " (" + code(value, maxLabel) + ")"
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// who names victim, culprit and the change that set it off.
func who(r *inv.Result) []string {
	v := &r.Verdict
	var out []string
	if v.Victim != nil {
		out = append(out, "*Victim* "+party(*v.Victim))
	}
	if v.Culprit != nil {
		words := report.CulpritWords(v.Victim, *v.Culprit)
		if words == report.PartyWords(*v.Culprit) {
			out = append(out, "*Culprit* "+party(*v.Culprit))
		} else {
			out = append(out, "*Culprit* "+short(words, maxWords))
		}
	}
	if c := v.Change; c != nil {
		const most = 4
		out = append(out, "*Change* "+short(report.ChangeWords(*c, r.At), maxWords))
		for i, what := range c.What {
			if i == most {
				out = append(out, fmt.Sprintf("… %d more differences in the evidence file", len(c.What)-most))
				break
			}
			out = append(out, "• "+short(what, 200))
		}
	}
	return out
}

// party says which process of which container on which node.
func party(p inv.Party) string {
	node := code(p.Node, maxName)
	where := code(inv.Target{Namespace: p.Namespace, Pod: p.Pod, Container: p.Container}.String(), maxName)
	switch {
	case p.Pod == "" && node != "" && p.Comm != "":
		where = "node " + node + ", outside of any pod"
	case p.Pod == "" && node != "":
		where = "node " + node
	case p.Pod == "":
		where = ""
	case node != "":
		where += " on " + node
	}
	process := code(p.Comm, maxLabel)
	if p.PID != 0 {
		process = strings.TrimSpace(fmt.Sprintf("%s pid %d", process, p.PID))
	}
	return orElse(joined(where, process), "not known")
}

// evidence are the facts that carry the verdict, each with its id and its source.
func evidence(r *inv.Result) *part {
	p := &part{id: "evidence", title: "*Evidence*", more: inFile}
	shown := report.Strongest(r, mostFacts)
	for _, f := range shown {
		p.items = append(p.items, fact(f))
	}
	p.extra = len(r.Facts) - len(shown)
	return p
}

func fact(f inv.Fact) string {
	text := "• " + code(f.ID, 12) + " " + short(f.Says, maxFact)
	if source := code(f.Source, maxSource); source != "" {
		text += " — " + source
	}
	return text
}

// todo is what to do, each with its command to copy.
func todo(r *inv.Result) *part {
	p := &part{id: "todo", title: "*What to do*", more: inFile}
	for i, rec := range r.Verdict.Recommendations {
		if i == mostAdvice {
			p.extra = len(r.Verdict.Recommendations) - mostAdvice
			break
		}
		p.items = append(p.items, fmt.Sprintf("%d. %s", i+1, advice(rec)))
	}
	return p
}

func advice(rec inv.Recommendation) string {
	text := short(report.ActionWords(rec), maxWords)
	if note := short(rec.Note, maxWords); note != "" {
		text += ". " + note
	}
	if rec.Command == "" {
		return text
	}
	if command, ok := block(rec.Command); ok && size(command) <= maxCommand {
		return text + "\n" + command
	}
	return text + "\n(its command can't be shown here and stands in the evidence file)"
}

func nextKill(r *inv.Result) *part {
	p := &part{id: "next"}
	if words := report.NextKillWords(r); words != "" && inMemory(r.Verdict.Mechanism) {
		p.items = []string{"*Next kill*, if nothing changes: " + short(words, maxWords)}
	}
	return p
}

// blindSpots is what could not be seen.
func blindSpots(r *inv.Result) *part {
	p := &part{id: "blind", quiet: true, title: "*Not seen*", more: inFile}
	most := mostSpots
	if !inMemory(r.Verdict.Mechanism) {
		most = 1 // a short answer
	}
	for i, s := range r.BlindSpots {
		if i == most {
			p.extra = len(r.BlindSpots) - most
			break
		}
		p.items = append(p.items, "• "+code(s.Tool, maxLabel)+" "+short(s.Why, 180))
	}
	return p
}
