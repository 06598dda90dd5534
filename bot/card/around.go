package card

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
)

// workloads are those that were folded in, each with a pod by its full name; more pods of each where that fits into most
// characters.
func workloads(i bot.Incident, most int) *part {
	p := &part{id: "workloads", title: "*Also in this incident*: " + count(len(i.Folded), "workload", "workloads"), more: "… %d more workloads in the evidence file"}
	shared := sharedReason(i.Folded)
	if shared != "" {
		p.title += ", " + short(shared, 120)
	}
	for _, pods := range []int{3, 1} {
		p.items, p.extra = nil, 0
		used := 0
		for n, f := range i.Folded {
			if used > most {
				p.extra = len(i.Folded) - n
				break
			}
			p.items = append(p.items, folded(f, pods, shared == ""))
			used += size(p.items[n]) + perItem
		}
		if used < most-size(p.title)-size(p.more)-perBlock {
			break
		}
	}
	return p
}

// sharedReason is what all have in common with the incident, where it is the same; else "".
func sharedReason(all []bot.Folded) string {
	if len(all) == 0 || slices.ContainsFunc(all, func(f bot.Folded) bool { return f.Why != all[0].Why }) {
		return ""
	}
	return all[0].Why
}

// ownPods are the pods of the incident's own workload that alerts named beside the one that its verdict is of.
func ownPods(i bot.Incident) *part {
	const most = 6
	p := &part{id: "pods"}
	pods := slices.DeleteFunc(slices.Clone(i.Pods), func(p string) bool { return p == i.Target.Pod })
	if len(pods) == 0 {
		return p
	}
	total := max(i.PodCount, len(i.Pods))
	if len(pods) < len(i.Pods) {
		total--
	}
	p.items = []string{"*Other pods* of it: " + names(i.Target.Namespace, pods, most, total)}
	return p
}

// names lists the first pods, as they are asked about, and how many there are beside them of total.
func names(namespace string, all []string, most, total int) string {
	var out []string
	for _, n := range all[:min(len(all), most)] {
		if namespace != "" {
			n = namespace + "/" + n
		}
		if n = code(n, maxName); n != "" {
			out = append(out, n)
		}
	}
	text := strings.Join(out, ", ")
	if rest := max(total, len(all)) - len(out); rest > 0 {
		text += fmt.Sprintf(" +%d", rest)
	}
	return text
}

// folded is a workload in one line.
func folded(f bot.Folded, pods int, why bool) string {
	text := "• " + code(inv.Target{Namespace: f.Namespace, Workload: f.Workload}.String(), maxName)
	if f.Namespace == "" {
		text = "• " + code(f.Workload, maxName)
	}
	if list := slices.DeleteFunc(slices.Clone(f.Pods), func(p string) bool { return p == f.Workload }); len(list) > 0 {
		text = joined(text, names(f.Namespace, list, pods, f.PodCount))
	}
	if f.Alerts > 1 {
		text = joined(text, count(f.Alerts, "alert", "alerts"))
	}
	if why {
		text = joined(text, short(f.Why, 80))
	}
	if f.Checking {
		text += " · being checked"
	}
	return text
}

// alerts leads to the alerts, and lists kills that node agents saw.
func alerts(i bot.Incident) *part {
	const most = 4
	p := &part{id: "alerts", quiet: true, inline: true, title: "*Alerts*", more: "… %d more alerts"}
	all, total := alertsFirst(i), max(i.AlertCount, len(i.Alerts))
	if i.Kills > 0 {
		p.more = "… %d more"
		if i.Kills >= total {
			p.title = "*Kills*"
		}
	}
	for _, a := range all[:min(len(all), most)] {
		text := link(a.URL, orElse(a.Title, a.Source+" "+a.ID))
		if a.Source == bot.SourceAgent && !a.At.IsZero() {
			text += ", " + a.At.UTC().Format("15:04:05 UTC")
		}
		if to := address(a.Link); to != "" {
			text += " (<" + to + "|post>)"
		}
		if a.Resolved {
			text += ", ended"
		}
		p.items = append(p.items, text)
	}
	p.extra = total - len(i.Alerts) + len(all) - len(p.items)
	return p
}

// dashboards are links with the time of the incident.
func dashboards(links []bot.Link) *part {
	p := &part{id: "links", quiet: true, inline: true, more: "… %d more links"}
	for _, l := range links {
		if address(l.URL) != "" {
			p.items = append(p.items, link(l.URL, l.Title))
		}
	}
	return p
}

// before are similar incidents and what came of them; of what has nothing to do with memory there are none.
func before(v bot.View) *part {
	p := &part{id: "similar", title: "*Seen before*", more: "… %d more behind Similar"}
	if !inMemory(v.Result.Verdict.Mechanism) {
		return p
	}
	for _, s := range v.Similar[:min(len(v.Similar), mostSimilar)] {
		p.items = append(p.items, earlier(s))
	}
	p.extra = len(v.Similar) - len(p.items)
	return p
}

// earlier is one similar incident in a line.
func earlier(s bot.Similar) string {
	when := ""
	if !s.At.IsZero() {
		when = s.At.UTC().Format("2006-01-02")
	}
	what := short(s.Headline, 160)
	if what == "" {
		what = code(s.Target.String(), maxName)
	}
	text := "• " + joined(when, what, fmt.Sprintf("%.0f %% alike", s.Similarity*100), short(report.OutcomeWords(s.Outcome), maxLabel), trust(s.Trust))
	if to := address(s.Link); to != "" {
		return text + " · <" + to + "|thread>"
	}
	return joined(text, code(s.ID, 26))
}

// trust says how people judged an earlier verdict; "" where nobody did.
func trust(t inv.Trust) string {
	switch t {
	case inv.TrustConfirmed:
		return "confirmed"
	case inv.TrustCorrected:
		return "corrected by people"
	case inv.TrustDisputed:
		return "disputed"
	case inv.TrustRefuted:
		return "judged wrong"
	case inv.TrustUnjudged, "":
		return ""
	}
	return short(string(t), maxLabel)
}

// footer has the votes, who wrote the verdict, and its id.
func footer(v bot.View) *part {
	r := v.Result
	votes := ""
	if v.Ups+v.Downs > 0 {
		votes = fmt.Sprintf("👍 %d · 👎 %d", v.Ups, v.Downs)
	}
	by := "verdict by the rules"
	if r.Verdict.WrittenBy == inv.WrittenByLLM {
		by = "verdict by " + orElse(code(r.LLM.Model, maxLabel), "a model") + ", checked against the facts"
	}
	id := code(orElse(v.Incident.ResultID, r.ID), 26)
	if id != "" {
		id = "id " + id
	}
	return &part{id: "footer", quiet: true, items: []string{joined(votes, by, id)}}
}
