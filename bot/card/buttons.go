package card

import (
	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
)

// maxValue bounds what a button carries; Slack takes 2,000.
const maxValue = 200

// button is one that sends the incident's id.
func button(action, label, says, incident string) *slack.ButtonBlockElement {
	b := slack.NewButtonBlockElement(action, inv.CleanText(incident, maxValue), slack.NewTextBlockObject(slack.PlainTextType, label, false, false))
	b.AccessibilityLabel = says
	return b
}

// row is an actions block; nil for no buttons.
func row(id string, buttons []slack.BlockElement) slack.Block {
	if len(buttons) == 0 {
		return nil
	}
	return slack.NewActionBlock(id, buttons...)
}

// verdictButtons are those of a card that has a verdict: the votes and what is wanted most, then the rest.
func verdictButtons(v bot.View) (first, rest []slack.BlockElement) {
	id := v.Incident.ID
	first = []slack.BlockElement{
		button(bot.ActionUp, "👍", "The verdict is right", id),
		button(bot.ActionDown, "👎", "The verdict is wrong", id),
		button(bot.ActionEvidence, "Evidence", "Show the evidence to me", id),
	}
	if !busy(v.Incident.State) {
		first = append(first, button(bot.ActionRerun, "Re-run", "Investigate again", id))
	}
	first = append(first, button(bot.ActionSimilar, "Similar", "Show similar incidents to me", id))
	if v.Incident.FixedAt.IsZero() {
		rest = append(rest, button(bot.ActionFixed, "Mark as fixed", "Say that a fix was made", id))
	}
	rest = append(rest, button(bot.ActionRaw, "Show raw", "Show the verdict as JSON to me", id))
	return first, append(rest, anyway(v)...)
}

// statusButtons are those of a card without a verdict.
func statusButtons(v bot.View) []slack.BlockElement {
	var out []slack.BlockElement
	if s := v.Incident.State; s == bot.StateFailed || s == bot.StateStopped || s == bot.StateJudged {
		out = append(out, button(bot.ActionRerun, "Re-run", "Investigate again", v.Incident.ID))
	}
	return append(out, anyway(v)...)
}

// anyway is the button for what was folded, where anything was.
func anyway(v bot.View) []slack.BlockElement {
	if len(v.Incident.Folded) == 0 && v.Incident.AlertCount < 2 {
		return nil
	}
	return []slack.BlockElement{button(bot.ActionAnyway, "Investigate anyway", "Investigate what was folded in here by itself", v.Incident.ID)}
}

// busy says whether an investigation is on its way.
func busy(s bot.State) bool { return s == bot.StateWaiting || s == bot.StateRunning }
