package slackio

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/oombot/oombot/investigations/redact"
)

const (
	maxLinks = 100
	// maxLink is the longest URL that is kept, in bytes.
	maxLink = 2048
)

var (
	bareURL = regexp.MustCompile(`(?i)\bhttps?://[^\s<>|"` + "`" + `]+`)
	// bold and code are read without their marks: a name behind them is to be found as it is. Underscores stay, since
	// names have them.
	bold = regexp.MustCompile(`(^|[\s(\[{"'])\*([^\s*](?:[^*\n]*[^\s*])?)\*($|[\s.,:;!?)\]}"'])`)
	code = regexp.MustCompile("`([^`\n]+)`")
	// markdownLink is a link as markdown blocks write it, a picture among them.
	markdownLink = regexp.MustCompile(`!?\[([^\]\n]*)\]\((https?://[^\s()]+)\)`)

	unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// links gathers URLs, each once and in order.
type links struct {
	seen map[string]bool
	list []string
}

// add takes a URL of http or https; what is none, or too long, is left out. User and password are taken out of it.
func (l *links) add(raw string) {
	raw = strings.TrimSpace(raw)
	if len(l.list) >= maxLinks || raw == "" || len(raw) > maxLink {
		return
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return
	}
	if s := strings.ToLower(u.Scheme); s != "http" && s != "https" {
		return
	}
	if u.User != nil {
		u.User = nil
		raw = u.String()
	}
	raw = redact.Text(raw)
	if l.seen[raw] {
		return
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[raw] = true
	l.list = append(l.list, raw)
}

// bare adds the URLs that stand in a text as they are.
func (l *links) bare(text string) {
	if !strings.Contains(text, "://") {
		return
	}
	for _, u := range bareURL.FindAllString(text, maxLinks) {
		u = strings.TrimRight(u, ".,;:!?'*_~")
		for strings.HasSuffix(u, ")") && strings.Count(u, "(") < strings.Count(u, ")") {
			u = u[:len(u)-1]
		}
		l.add(u)
	}
}

// mrkdwn returns what a reader sees of a text in Slack's markup.
func (r *reader) mrkdwn(s string) string {
	s = cut(s, maxRead)
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "<")
		b.WriteString(r.plain(before))
		if !ok {
			break
		}
		inside, after, closed := strings.Cut(rest, ">")
		if !closed || strings.ContainsAny(inside, "<\n") {
			b.WriteByte('<')
			s = rest
			continue
		}
		b.WriteString(r.angle(inside))
		s = after
	}
	return unmark(b.String())
}

// angle returns what stands for <inside>.
func (r *reader) angle(inside string) string {
	what, label, _ := strings.Cut(inside, "|")
	label = r.entities(label)
	switch {
	case strings.HasPrefix(what, "@"):
		return r.user(what[1:], label)
	case strings.HasPrefix(what, "#"):
		if label != "" {
			return "#" + label
		}
		return what
	case strings.HasPrefix(what, "!"):
		return special(what[1:], label)
	}
	target := r.entities(what)
	if target == "" {
		return "<" + inside + ">"
	}
	r.links.add(target)
	if label != "" {
		return label
	}
	return target
}

// user returns what stands for a person, and notes where it is the bot itself.
func (r *reader) user(id, label string) string {
	if id != "" && id == r.self.User {
		r.mentioned = true
		return "@" + id
	}
	if label != "" {
		return "@" + strings.TrimPrefix(label, "@")
	}
	return "@" + id
}

// special returns what stands for <!what|label>: here, subteam^S0, date^1^{date}.
func special(what, label string) string {
	name, arg, _ := strings.Cut(what, "^")
	switch {
	case name == "date" && label != "":
		return label
	case label != "":
		return "@" + strings.TrimPrefix(label, "@")
	case name == "subteam":
		return "@" + arg
	}
	return "@" + name
}

// plain returns a text without markup, and takes note of the URLs in it.
func (r *reader) plain(s string) string {
	s = r.entities(s)
	r.links.bare(s)
	return s
}

func (r *reader) entities(s string) string { return unescape.Replace(s) }

// markdown returns what a reader sees of a markdown block.
func (r *reader) markdown(s string) string {
	s = cut(s, maxRead)
	s = markdownLink.ReplaceAllStringFunc(s, func(m string) string {
		parts := markdownLink.FindStringSubmatch(m)
		r.links.add(parts[2])
		if parts[1] == "" {
			return parts[2]
		}
		return parts[1]
	})
	return r.mrkdwn(strings.ReplaceAll(s, "**", "*"))
}

// unmark takes the marks of bold text and of code away.
func unmark(s string) string {
	if strings.Contains(s, "`") {
		s = strings.ReplaceAll(s, "```", "\n")
		s = code.ReplaceAllString(s, "$1")
	}
	if strings.Contains(s, "*") {
		// Twice, since two that stand side by side share the space between them.
		s = bold.ReplaceAllString(bold.ReplaceAllString(s, "$1$2$3"), "$1$2$3")
	}
	return s
}
