package card

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
)

// Card is the one message of an incident's thread, by how far the incident is. With a result it is the verdict: it alone
// names cause, boundary and confidence and has the buttons to judge them; without one it says what is done, or why
// nothing is. v is not changed.
func Card(v bot.View) bot.Message {
	if v.Result != nil {
		r := v.Result.Normalized()
		v.Result = &r
		return verdict(v)
	}
	switch v.Incident.State {
	case bot.StateWaiting:
		return waiting(v)
	case bot.StateRunning:
		return running(v)
	case bot.StateStopped:
		return stopped(v)
	case bot.StateFailed, bot.StateJudged:
	}
	return failed(v)
}

// status is a card without a verdict: a title, lines below it, and what the incident is about.
func status(v bot.View, fallback, title string, lines []string, below *part) bot.Message {
	b := newBoard()
	b.take(&part{id: "status", items: append([]string{title}, lines...)})
	if facts := nonEmpty(seen(v.Incident, true), joined(cluster(v.Incident), killCount(v.Incident), alertCount(v.Incident))); len(facts) > 0 {
		b.take(&part{id: "about", quiet: true, items: facts})
	}
	if below != nil {
		b.take(below)
	}
	ended := b.put(&part{id: "ended", items: ending(v.Incident)})
	pods, told := b.put(ownPods(v.Incident)), b.put(workloads(v.Incident, maxWorkloads))
	from := b.put(alerts(v.Incident))
	if buttons := row("buttons", statusButtons(v)); buttons != nil {
		b.add(buttons, maxButtons)
	}
	b.fill(ended, maxAll)
	b.fill(pods, maxAll)
	b.fill(told, maxAll)
	b.fill(from, maxAll)
	return bot.Message{Text: fallback, Blocks: b.blocks()}
}

// maxButtons is more than the labels of all buttons take.
const maxButtons = 150

func waiting(v bot.View) bot.Message {
	what := about(v.Incident)
	why := "It is next."
	if v.Ahead == 1 {
		why = "One incident is ahead of it."
	} else if v.Ahead > 1 {
		why = fmt.Sprintf("%d incidents are ahead of it.", v.Ahead)
	}
	return status(v, "Waiting to investigate "+what+". "+why, "⏳ *Waiting to investigate* "+what, reasons(why, v.Incident.Why), nil)
}

func running(v bot.View) bot.Message {
	what := about(v.Incident)
	done := 0
	for _, s := range v.Steps {
		if s.Done {
			done++
		}
	}
	progress := "reading the cluster"
	if len(v.Steps) > 0 {
		progress = fmt.Sprintf("%d of %d sources have answered", done, len(v.Steps))
	}
	var lines []string
	if v.Model != "" {
		lines = append(lines, short(v.Model, maxReason))
	}
	return status(v, "Investigating "+what+": "+progress+".", "⏳ *Investigating* "+what+" · "+progress, lines, steps(v.Steps))
}

func stopped(v bot.View) bot.Message {
	what := about(v.Incident)
	return status(v, "Stopped: "+what+".", "⏹️ *Stopped* "+what, reasons(v.Incident.Why, "Re-run takes it up again."), nil)
}

// failed says what was tried, why there is no verdict, and what to do next.
func failed(v bot.View) bot.Message {
	what := about(v.Incident)
	why := v.Incident.Why
	if why == "" {
		why = "The investigation ended without one."
	}
	next := "Re-run tries again; `oombot doctor` says which sources can't be reached, and how to repair that."
	if v.Incident.NotFound && v.Incident.Ask.Kill == nil {
		next = "Name it as `NAMESPACE/NAME`, `NAMESPACE/KIND/NAME` or `node/NAME`: `investigate shop/checkout`."
	}
	return status(v, "No verdict for "+what+": "+short(why, maxReason), "⚠️ *No verdict for* "+what, append(reasons(why), next), steps(v.Steps))
}

const maxReason = 500

func reasons(texts ...string) []string {
	var out []string
	for _, t := range texts {
		if t = short(t, maxReason); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// nonEmpty are the lines that say anything.
func nonEmpty(lines ...string) []string {
	return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
}

// steps says of each source whether it has answered, and what; nil for none.
func steps(all []bot.Step) *part {
	if len(all) == 0 {
		return nil
	}
	p := &part{id: "steps", quiet: true, more: "… %d more sources"}
	for _, s := range all {
		p.items = append(p.items, step(s))
	}
	return p
}

func step(s bot.Step) string {
	name := code(s.Tool, maxLabel)
	switch {
	case !s.Done:
		return "⏳ " + name
	case s.Failed:
		return "✗ " + name + " · failed after " + took(s.Took)
	}
	text := "✓ " + name + " · " + count(s.Facts, "fact", "facts") + " · " + took(s.Took)
	if s.Blind > 0 {
		text += " · " + count(s.Blind, "blind spot", "blind spots")
	}
	return text
}

func took(d time.Duration) string { return angles.Replace(inv.FormatDuration(max(d, 1))) }

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// about names what an incident is about: what was found, what was asked for, or what the alert is called.
func about(i bot.Incident) string {
	for _, name := range []string{i.Target.String(), i.Ask.Words, i.Title} {
		if name != "" && name != (inv.Target{}).String() {
			return code(name, maxName)
		}
	}
	return "an incident"
}

// maxName is that of a namespace, a pod and a container together: none is cut that Kubernetes can hold.
const maxName = 63 + 253 + 63 + 2

// ending says that the alerts have ended, and that somebody marked it as fixed.
func ending(i bot.Incident) []string {
	var out []string
	switch {
	case i.ResolvedAt.IsZero():
	case i.Kills > 0 && i.Kills == i.AlertCount:
		out = append(out, "✅ No further kill was seen in the hour until "+report.Stamp(i.ResolvedAt))
	default:
		out = append(out, "✅ Resolved at "+report.Stamp(i.ResolvedAt))
	}
	if !i.FixedAt.IsZero() {
		by := ""
		if i.FixedBy != "" {
			by = " by " + person(i.FixedBy)
		}
		out = append(out, "🔧 Marked as fixed"+by+" at "+report.Stamp(i.FixedAt))
	}
	return out
}

// joined puts what is there side by side.
func joined(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " · ")
}
