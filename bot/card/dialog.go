package card

import (
	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
)

// FeedbackModal asks who judged a verdict wrong for the right cause and a note; both may be left out. current is the
// cause that the verdict names; empty where that is not known.
func FeedbackModal(incident string, current inv.Cause) slack.ModalViewRequest {
	const maxNote = 1000
	intro := "Your vote is recorded. If you know better, say so: it counts when the next incident is judged."
	if current != "" {
		intro = "The verdict says " + valued(report.CauseWords(current), string(current)) + ". " + intro
	}
	var options []*slack.OptionBlockObject
	for _, c := range inv.Causes {
		options = append(options, slack.NewOptionBlockObject(string(c), label(report.CauseWords(c)), nil))
	}
	cause := slack.NewInputBlock(bot.InputCause, label("What was it really?"), nil,
		slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, label("Choose a cause"), bot.InputCause, options...))
	cause.Optional = true
	text := slack.NewPlainTextInputBlockElement(label("What tells you?"), bot.InputNote)
	text.Multiline, text.MaxLength = true, maxNote
	note := slack.NewInputBlock(bot.InputNote, label("Note"), nil, text)
	note.Optional = true
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: label("What was wrong?"), Submit: label("Send"), Close: label("Not now"),
		CallbackID: bot.FormFeedback, PrivateMetadata: inv.CleanText(incident, maxValue),
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewSectionBlock(mrkdwn(intro), nil, nil, slack.SectionBlockOptionBlockID("intro")), cause, note,
		}},
	}
}

func label(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, text, false, false)
}
