package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/oombot/oombot/bot/slackfake"
)

// demoGuide is what the page says can be tried.
const demoGuide = "*oombot watches this channel.* Alerts come in by themselves, each grows a thread: open one (“replies”).\n" +
	"• Press *👍* or *👎* below a verdict, or react with an emoji; look at its *Evidence*, what is *Similar*, or have it *Re-run*.\n" +
	"• Ask in a thread: `why not a sidecar?`\n" +
	"• Ask here: `@oombot investigate shop/web`, `@oombot what killed session-cache?`, `@oombot help`, or `/oombot history`.\n" +
	"• Use ⚡ on an alert, open oombot's *Home*, write to it directly, or be somebody else (“You are”) and vote again."

// greet says where the page is, what can be done there, and how it ends.
func (d *slackDemo) greet(model *llm, keys bool) error {
	asked := "Nothing leaves this machine."
	if model.name != "" {
		asked = "Nothing leaves this machine but what " + oneLine(model.name) + " is asked."
	}
	ends := "Ctrl-C ends it"
	if keys {
		ends = "Ctrl-C or q ends it, Enter skips a pause"
	}
	return d.printf(`Slack, as far as a bot can tell: open this in a browser.

  %s/

Recorded incidents come in as alerts, and oombot answers them as it does in a workspace. Try there:

  @oombot investigate shop/web     investigate another one
  why not a sidecar?               ask in the thread of an incident
  👍 👎 Evidence Similar Re-run     press what is below a verdict
  /oombot history                  look back; or open oombot's Home

%s %s; nothing of it is kept.

`, d.fake.URL(), asked, ends)
}

// tell prints what is said in the workspace, each message's first line once, until ctx ends.
func (d *slackDemo) tell(ctx context.Context) {
	told := map[string]string{}                           // by ts: the line
	_ = d.fake.Wait(ctx, func(s *slackfake.Server) bool { // it ends with ctx
		for _, c := range s.Channels() {
			for _, m := range s.Messages(c.ID) {
				line := newsLine(s, m)
				if line == "" || told[m.TS] == line {
					continue
				}
				told[m.TS] = line
				if err := d.printf("%s\n", line); err != nil {
					return true // nobody reads
				}
			}
		}
		return false
	})
}

// newsWidth is how much of a message the terminal shows.
const newsWidth = 100

// newsLine is a message in one line, without its time; empty for one that says nothing.
func newsLine(s *slackfake.Server, m slackfake.Message) string {
	text, _, _ := strings.Cut(strings.TrimSpace(m.Text), "\n")
	var attachments []struct{ Title string }
	if text == "" && len(m.Attachments) > 0 && json.Unmarshal(m.Attachments, &attachments) == nil && len(attachments) > 0 {
		text = attachments[0].Title
	}
	if text == "" {
		return ""
	}
	text = oneLine(text)
	if utf8.RuneCountInString(text) > newsWidth {
		text = string([]rune(text)[:newsWidth-1]) + "…"
	}
	in := ""
	if m.ThreadTS != "" && m.ThreadTS != m.TS {
		in = "  "
	}
	return fmt.Sprintf("%s%s: %s", in, s.Author(m), text)
}
