package card

import (
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/report"
)

// helpLines are what the bot understands, with an example each.
var helpLines = []string{
	"*What I understand*: mention me, write to me directly, or use the slash command; in a thread of mine no mention is needed.",
	"• `investigate shop/checkout` looks at a pod or workload, `investigate node/n7` at a node; `what killed checkout?` does the same",
	"• `why not a leak?`, `will it happen again?`, `what should we do?` asks about the incident of the thread",
	"• `history` lists what was before, `similar` what was like the incident of the thread",
	"• `re-run` investigates again, `stop` ends what runs and leaves the thread alone",
	"• `mute 1h` keeps alerts of the channel from starting anything for an hour",
	"• `help` shows this",
	"An alert can be investigated from its menu as well: *Investigate this alert*. 👍 and 👎 on a verdict, as button or emoji, are remembered and count.",
}

// Help says what the bot understands.
func Help() bot.Message { return say("What oombot understands", helpLines...) }

// Answer is an answer to a question: paragraphs and lists of lines that begin with "- ", as report.Answer writes them.
func Answer(text string) bot.Message {
	const most, maxAnswer = 2000, 64 << 10
	b := newBoard()
	p := &part{id: "answer", more: "… %d more lines; ask for a part of it"}
	fallback := ""
	// As a whole, since a key goes over several lines.
	for line := range strings.Lines(redact.Text(text[:min(len(text), maxAnswer)])) {
		rest, listed := strings.CutPrefix(strings.TrimSpace(line), "- ")
		line = short(rest, most)
		if line == "" {
			continue
		}
		fallback = orElse(fallback, short(rest, maxWords))
		if listed {
			line = "• " + line
		}
		p.items = append(p.items, line)
	}
	if len(p.items) == 0 {
		p.items = []string{"There is no answer to that."}
	}
	b.take(p)
	return bot.Message{Text: orElse(fallback, p.items[0]), Blocks: b.blocks()}
}

// Refused says that somebody may not do what was asked for, why, and the line of configuration that would allow it;
// empty where there is none.
func Refused(why, configuration string) bot.Message {
	lines := []string{"Sorry, I may not do that here: " + orElse(short(unquoted(why), maxReason), "it is not allowed")}
	if text, ok := block(configuration); ok && size(text) <= maxCommand {
		lines = append(lines, "Whoever runs oombot can allow it in its configuration:", text)
	}
	return say(lines[0], lines...)
}

// Pointer says that an alert is told of in another incident's thread. incident is the one that the button investigates.
func Pointer(to, headline, incident string) bot.Message {
	where := short(headline, maxWords)
	if there := address(to); there != "" {
		where = joined("<"+there+"|this thread>", where)
	}
	text := "This is told of in " + orElse(where, "another thread")
	b := newBoard()
	b.take(&part{id: "text", items: []string{text}})
	b.add(row("buttons", []slack.BlockElement{button(bot.ActionAnyway, "Investigate anyway", "Investigate this by itself", incident)}), maxButtons)
	return bot.Message{Text: "This is told of in another thread: " + short(headline, maxWords), Blocks: b.blocks()}
}

// Muted says what starts nothing by itself until when.
func Muted(what string, until time.Time) bot.Message {
	text := orElse(code(what, maxName), "Alerts of this channel") + ": muted until " + report.Stamp(until) + ". A mention still works."
	return say(text, text)
}

// Recorded thanks for a vote; cause is the right one by that person, empty where none is named.
func Recorded(vote inv.Vote, cause inv.Cause) bot.Message {
	text := "Your vote is taken back."
	switch vote {
	case inv.VoteUp:
		text = "Recorded: you say that the verdict is right."
	case inv.VoteDown:
		text = "Recorded: you say that the verdict is wrong."
		if cause != "" {
			text = "Recorded: you say that the verdict is wrong, and that it was " + valued(report.CauseWords(cause), string(cause)) + "."
		}
	case inv.VoteRetracted:
	}
	return say(text, text+" Your last vote counts.")
}
