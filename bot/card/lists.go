package card

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
)

// Past is an incident as lists show it.
type Past struct {
	ID     string
	At     time.Time
	Target inv.Target
	// Headline and what follows are of its verdict; empty where it has none, and State says why.
	Headline   string
	Cause      inv.Cause
	Confidence float64
	Outcome    inv.OutcomeState
	Ups, Downs int
	State      bot.State
	// Link is the permalink of its thread; empty where it was not shown.
	Link string
	// Unposted is why it can't be shown in its channel.
	Unposted string
}

// History lists incidents, the newest first as they are given; scope says what of: "shop/checkout", or empty for all.
func History(all []Past, scope string) bot.Message {
	title := "*History*"
	if name := code(scope, maxName); name != "" {
		title += " of " + name
	}
	if len(all) == 0 {
		return say("No incident is remembered", title+": no incident is remembered.")
	}
	b := newBoard()
	b.take(&part{id: "history", title: title, items: pasts(all), more: "… %d more: `oombot history list` has all"})
	return bot.Message{Text: count(len(all), "incident", "incidents") + " remembered", Blocks: b.blocks()}
}

func pasts(all []Past) []string {
	var out []string
	for _, p := range all {
		out = append(out, past(p))
	}
	return out
}

// past is an incident in two lines: when and what; what came of it.
func past(p Past) string {
	when := ""
	if !p.At.IsZero() {
		when = p.At.UTC().Format("2006-01-02 15:04")
	}
	what := short(p.Headline, 160)
	if what == "" {
		what = orElse(code(p.Target.String(), maxName), "an incident")
	}
	verdict := stateWords(p.State)
	if p.Cause != "" {
		verdict = fmt.Sprintf("%s %.2f", code(string(p.Cause), maxLabel), p.Confidence)
	}
	outcome := ""
	if p.Outcome != "" && p.Outcome != inv.OutcomeUnknown {
		outcome = short(report.OutcomeWords(p.Outcome), maxLabel)
	}
	votes := ""
	if p.Ups+p.Downs > 0 {
		votes = fmt.Sprintf("👍 %d · 👎 %d", p.Ups, p.Downs)
	}
	where := code(p.ID, 26)
	if to := address(p.Link); to != "" {
		where = "<" + to + "|thread>"
	}
	unposted := ""
	if p.Unposted != "" {
		unposted = "not shown: " + short(p.Unposted, 120)
	}
	return "• " + joined(when, what) + "\n   " + joined(verdict, outcome, votes, unposted, where)
}

func stateWords(s bot.State) string {
	switch s {
	case bot.StateWaiting:
		return "waiting"
	case bot.StateRunning:
		return "being investigated"
	case bot.StateStopped:
		return "stopped"
	case bot.StateFailed, bot.StateJudged, "":
	}
	return "without a verdict"
}

// SimilarList lists the incidents that resemble one, with what came of them and why they are alike.
func SimilarList(all []bot.Similar) bot.Message {
	if len(all) == 0 {
		return say("No similar incident is remembered", "No similar incident is remembered.")
	}
	p := &part{id: "similar", title: "*Similar incidents*", more: "… %d more"}
	for _, s := range all {
		item := earlier(s)
		if why := short(strings.Join(s.Why, ", "), maxWords); why != "" {
			item += "\n   " + why
		}
		p.items = append(p.items, item)
	}
	b := newBoard()
	b.take(p)
	return bot.Message{Text: count(len(all), "similar incident", "similar incidents"), Blocks: b.blocks()}
}

// EvidenceList lists the facts of a result by their sources, as many of each as there is room for.
func EvidenceList(r *inv.Result) bot.Message {
	if r == nil || len(r.Facts) == 0 {
		return say("No facts were found", "No facts were found.")
	}
	b := newBoard()
	byTool := map[string]*part{}
	var parts []*part
	for _, f := range r.Facts {
		p := byTool[f.Tool]
		if p == nil {
			p = &part{id: fmt.Sprintf("facts-%d", len(parts)+1), title: "*From* " + orElse(code(f.Tool, maxLabel), "elsewhere"), more: inFile}
			byTool[f.Tool] = p
			parts = append(parts, p)
		}
		p.items = append(p.items, fact(f))
	}
	const most = 12 // sources; there are seven
	for i, p := range parts[:min(len(parts), most)] {
		b.fill(b.put(p), b.left/(min(len(parts), most)-i))
	}
	return bot.Message{Text: count(len(r.Facts), "fact", "facts"), Blocks: b.blocks()}
}

// Raw is a result's verdict as JSON, as much of it as there is room for.
func Raw(r *inv.Result) bot.Message {
	if r == nil {
		return say("There is no verdict yet", "There is no verdict yet.")
	}
	n, err := masked(r)
	if err != nil {
		return say("The verdict can't be printed", "The verdict can't be printed: "+short(err.Error(), maxReason))
	}
	var doc bytes.Buffer
	if err := report.Document(&doc, struct {
		ID      string      `json:"id"`
		Target  inv.Target  `json:"target"`
		Verdict inv.Verdict `json:"verdict"`
	}{n.ID, n.Target, n.Verdict}, " "); err != nil {
		return say("The verdict can't be printed", "The verdict can't be printed: "+short(err.Error(), maxReason))
	}
	b := newBoard()
	p := &part{id: "raw", more: "… %d more parts in the evidence file"}
	const most = 2500
	var lines []string
	used := 0
	flush := func() {
		if len(lines) > 0 {
			p.items = append(p.items, "```\n"+strings.Join(lines, "\n")+"\n```")
		}
		lines, used = nil, 0
	}
	for l := range strings.Lines(doc.String()) {
		// In JSON a backtick has another spelling, which ends no code block.
		l = fitLine(strings.ReplaceAll(strings.TrimRight(l, "\n"), "`", `\u0060`), most)
		if used+size(l)+1 > most {
			flush()
		}
		lines, used = append(lines, l), used+size(l)+1
	}
	flush()
	b.take(p)
	return bot.Message{Text: "The verdict as JSON", Blocks: b.blocks()}
}

// fitLine escapes a line of JSON and cuts it to n characters.
func fitLine(l string, n int) string {
	for k := n; k > 0; {
		out := angles.Replace(cut(l, k))
		if size(out) <= n {
			return out
		}
		k = min(k-1, k*n/size(out))
	}
	return ""
}
