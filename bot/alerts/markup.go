package alerts

import (
	"net/url"
	"regexp"
	"strings"
)

// maxLinks bounds the addresses whose queries are searched for names.
const maxLinks = 20

var (
	slackLink = regexp.MustCompile(`<(https?://[^|>\s]+)(?:\|([^>]*))?>`)
	slackRef  = regexp.MustCompile(`<[@#!][^>|\s]*(?:\|([^>]*))?>`)
	bareLink  = regexp.MustCompile(`https?://[^\s<>"|)\]]+`)
	// italics are underscores around words, not those in them.
	italics = regexp.MustCompile(`(^|[\s(\[{,;])_+|_+($|[\s)\]},;:.!?])`)

	entities  = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&quot;", `"`, "&#39;", "'")
	ornaments = strings.NewReplacer("*", "", "`", "", "~", "", "“", `"`, "”", `"`, "‘", "'", "’", "'", "\u00a0", " ",
		"\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "", "\r\n", "\n", "\r", "\n", "•", "-", "\u2192", "=")
)

// plain returns a text without Slack's and Markdown's marks, at most maxText bytes of it, and the addresses in it.
func plain(text string) (words string, links []string) {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	text = slackLink.ReplaceAllStringFunc(text, func(m string) string {
		parts := slackLink.FindStringSubmatch(m)
		links = append(links, entities.Replace(parts[1]))
		return " " + parts[2] + " "
	})
	text = slackRef.ReplaceAllString(text, " $1 ")
	text = entities.Replace(text)
	text = bareLink.ReplaceAllStringFunc(text, func(m string) string {
		links = append(links, m)
		return " "
	})
	text = ornaments.Replace(text)
	return italics.ReplaceAllString(text, "$1$2"), links
}

// queries returns what the addresses ask for, decoded, one a line: dashboards and silences name pods there.
func queries(links []string) string {
	var b strings.Builder
	for i, l := range links {
		if i == maxLinks || b.Len() > maxText {
			break
		}
		// Alertmanager's pages have their query behind the fragment.
		_, query, ok := strings.Cut(l, "?")
		if !ok || len(l) > maxURL {
			continue
		}
		if decoded, err := url.QueryUnescape(query); err == nil {
			b.WriteString(decoded)
			b.WriteByte('\n')
		}
	}
	return b.String()
}
