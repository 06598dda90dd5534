package card

import (
	"fmt"
	"slices"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
)

// seen says that a node agent saw the kill that an incident is about, and how soon it was told of where the kernel said
// when it killed; "" where none did.
// in full says as well what was killed, for cards whose verdict does not say it yet.
func seen(i bot.Incident, inFull bool) string {
	k := i.Ask.Kill
	if k == nil {
		return ""
	}
	text := "Seen by the node agent"
	if node := code(k.Node, maxName); node != "" {
		text += " of " + node
	}
	// Only the kernel's own time tells how late it was: any other is no earlier than the look that told of the kill.
	if late := i.OpenedAt.Sub(k.At); i.Origin == bot.OriginAgent && k.KernelTime && !k.At.IsZero() && late >= 0 {
		text += ", " + took(late) + " after the kill"
	}
	if inFull {
		text += ": " + killed(i)
	}
	return text
}

// killed says in words what a node agent saw of a kill. Where no process is named, the agent's own words have to do.
func killed(i bot.Incident) string {
	k := i.Ask.Kill
	text := code(k.Comm, maxLabel)
	switch n := slices.IndexFunc(i.Alerts, func(a bot.AlertRef) bool { return a.Source == bot.SourceAgent }); {
	case k.PID != 0:
		text = orElse(text, "a process") + fmt.Sprintf(" (pid %d)", k.PID)
	case text == "" && n >= 0:
		text = orElse(short(i.Alerts[n].Title, maxWords), "a process") + " (which one is not told)"
	case text == "":
		text = "a process (which one is not told)"
	}
	if !k.At.IsZero() {
		text += ", at " + report.Stamp(k.At)
	}
	if k.Boundary != "" && k.Boundary != inv.BoundaryUnknown {
		text = joined(text, "boundary "+valued(report.BoundaryWords(k.Boundary), string(k.Boundary)))
	}
	return text
}

// counting is the line of a verdict that counts its kills, where they are several.
func counting(i bot.Incident) []string {
	if text := killCount(i); text != "" {
		return []string{"🔁 " + text}
	}
	return nil
}

// killCount says how many kills belong to an incident, where they are several.
func killCount(i bot.Incident) string {
	if i.Kills < 2 {
		return ""
	}
	text := count(i.Kills, "kill", "kills")
	if !i.FirstKill.IsZero() && i.LastKill.After(i.FirstKill) {
		text += " in " + took(i.LastKill.Sub(i.FirstKill))
	}
	if !i.LastKill.IsZero() {
		text += ", the last at " + report.Stamp(i.LastKill)
	}
	return text
}

// alertsFirst are the alerts that a card lists: those of alert sources, which lead somewhere, before kills. A kill that is
// alone is not among them, since the card says of it what there is.
func alertsFirst(i bot.Incident) []bot.AlertRef {
	all := slices.Clone(i.Alerts)
	slices.SortStableFunc(all, func(a, b bot.AlertRef) int {
		switch ofA, ofB := a.Source == bot.SourceAgent, b.Source == bot.SourceAgent; {
		case ofA == ofB:
			return 0
		case ofA:
			return 1
		}
		return -1
	})
	if i.Kills == 1 && i.Ask.Kill != nil {
		all = slices.DeleteFunc(all, func(a bot.AlertRef) bool { return a.Source == bot.SourceAgent })
	}
	return all
}
