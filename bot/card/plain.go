package card

import (
	"strings"

	"github.com/oombot/oombot/bot"
)

// Plain says something of the bot's own words: mrkdwn that holds nothing from outside.
func Plain(text string) bot.Message { return say(text, text) }

// Wrong says what can't be done; why may hold words from outside.
func Wrong(why string) bot.Message {
	text := orElse(short(unquoted(why), maxReason), "That did not work.")
	return say(text, text)
}

// unquoted drops the marks of code, which escaping would show as letters: names are marked as code anyway.
func unquoted(s string) string { return strings.ReplaceAll(s, "`", "") }

// Misunderstood says that the bot did not understand, and what it does.
func Misunderstood() bot.Message {
	return say("I did not understand that.", append([]string{"I did not understand that."}, helpLines...)...)
}
