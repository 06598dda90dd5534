package card

import (
	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
)

// Again says in one line what is new with a further kill of an incident.
func Again(a bot.Again) bot.Message {
	text := "Killed again"
	if a.Workload != "" {
		text = code(a.Workload, maxName) + " was killed again"
	}
	if a.Since > 0 {
		text += " " + took(a.Since) + " later"
	}
	for _, part := range []string{boundaryAgain(a), containerAgain(a), podAgain(a)} {
		if part != "" {
			text += ", " + part
		}
	}
	text += ": " + killsWithin(a.Kills, a) + "."
	for _, more := range []string{whyAgain(a.Why), lookedAgain(a.Look)} {
		if more != "" {
			text += " " + more
		}
	}
	return say(text, "🔁 "+text)
}

func killsWithin(n int, a bot.Again) string {
	text := count(n, "kill", "kills")
	if a.Span > 0 {
		text += " in " + took(a.Span)
	}
	return text
}

func boundaryAgain(a bot.Again) string {
	switch {
	case a.Boundary != "" && a.Boundary != inv.BoundaryUnknown:
		return "another boundary (" + report.BoundaryWords(a.Boundary) + ")"
	case a.SameBoundary:
		return "same boundary"
	}
	return ""
}

func containerAgain(a bot.Again) string {
	switch {
	case a.Container != "":
		return "another container (" + code(a.Container, maxLabel) + ")"
	case a.SameContainer:
		return "same container"
	}
	return ""
}

func podAgain(a bot.Again) string {
	if a.Pod == "" {
		return ""
	}
	return "another pod (" + code(a.Pod, maxName) + ")"
}

func whyAgain(why bot.AgainWhy) string {
	switch why {
	case bot.AgainFixed:
		return "It was marked as fixed before."
	case bot.AgainOver:
		return "It was over before."
	case bot.AgainWrong:
		return "The verdict was judged wrong."
	case bot.AgainReport:
		return "Of this one there is a report of the kernel."
	case bot.AgainRecording:
		return "Of this one there is a recording of its last minutes."
	}
	return ""
}

func lookedAgain(l bot.Look) string {
	switch l {
	case bot.LookedSame:
		return "Looked at again: the same cause as above."
	case bot.LookedRevised:
		return "Looked at again: the verdict above is of this kill now."
	case bot.LookedApart:
		return "Looked at by itself: it has another cause, and is told of in another thread."
	case bot.LookedFailed:
		return "It could not be looked at by itself."
	}
	return ""
}
