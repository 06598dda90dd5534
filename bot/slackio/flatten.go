package slackio

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations/redact"
)

const (
	// maxText bounds the text of an event, in bytes.
	maxText = 16 << 10
	// maxRead bounds what is read of one message, in bytes. It is far more than maxText, so that redaction sees secrets
	// whole before the text is cut.
	maxRead = 128 << 10
	// maxLines bounds the lines of it.
	maxLines = 2000
	// maxDepth bounds how deep blocks may be nested.
	maxDepth = 24
)

// reader gathers what a person sees of a message, line by line. Text, blocks and attachments often say the same: a line
// that was read before is left out.
type reader struct {
	self      Self
	links     links
	mentioned bool
	lines     []string
	size      int
	// words are those of all lines so far, each between spaces.
	words strings.Builder
}

// message reads all of a message.
func (r *reader) message(m object) {
	r.add(r.mrkdwn(m.str("text")))
	r.blocks(m.list("blocks"), 0)
	mentioned := r.mentioned
	for _, a := range m.list("attachments") {
		r.attachment(asObject(a))
	}
	// Who is mentioned in an attachment is not spoken to.
	r.mentioned = mentioned
}

// text returns what was read: redacted, without the bot's own mention at its start, and bounded.
func (r *reader) text() string {
	s := strings.TrimSpace(strings.Join(r.lines, "\n"))
	for r.self.User != "" {
		rest, ok := strings.CutPrefix(s, "@"+r.self.User)
		if !ok || idContinues(rest) {
			break
		}
		s = strings.TrimLeftFunc(rest, func(c rune) bool { return unicode.IsSpace(c) || c == ':' || c == ',' })
	}
	return bounded(redact.Text(s))
}

// idContinues tells whether s goes on with what could be part of an id.
func idContinues(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return s != "" && (unicode.IsLetter(c) || unicode.IsDigit(c))
}

// add takes what may be several lines, of which those are left out that stand in what was added before.
func (r *reader) add(text string) {
	if r.size > maxRead {
		return
	}
	before := r.words.String()
	// Redaction finds most where a text is as it was posted, and once more when all stands together.
	for line := range strings.SplitSeq(redact.Text(text), "\n") {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		if line == "" || len(r.lines) >= maxLines {
			continue
		}
		w := words(line)
		if w != " " && strings.Contains(before, w) {
			continue
		}
		r.lines = append(r.lines, line)
		r.size += len(line) + 1
		r.words.WriteString(w)
	}
}

// words leaves the letters and digits of a line, with a space wherever something else stands, so that the same
// sentence in other markup is the same.
func words(line string) string {
	var b strings.Builder
	b.WriteByte(' ')
	apart := true
	for _, c := range line {
		switch {
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			b.WriteRune(c)
			apart = false
		case !apart:
			b.WriteByte(' ')
			apart = true
		}
	}
	if !apart {
		b.WriteByte(' ')
	}
	return b.String()
}

// attachment reads an attachment of the older kind, as most alert sources post them.
func (r *reader) attachment(a object) {
	if a == nil {
		return
	}
	before := len(r.lines)
	r.add(r.mrkdwn(a.str("pretext")))
	r.add(r.mrkdwn(a.str("author_name")))
	r.links.add(r.entities(a.str("author_link")))
	r.add(r.mrkdwn(a.str("title")))
	r.links.add(r.entities(a.str("title_link")))
	r.links.add(r.entities(a.str("from_url")))
	r.add(r.mrkdwn(a.str("text")))
	for _, f := range a.list("fields") {
		r.field(asObject(f))
	}
	r.blocks(a.list("blocks"), 0)
	for _, act := range a.list("actions") {
		r.links.add(r.entities(asObject(act).str("url")))
	}
	if len(r.lines) == before {
		r.add(r.mrkdwn(a.str("fallback")))
	} else {
		r.links.bare(r.entities(a.str("fallback")))
	}
	r.add(r.mrkdwn(a.str("footer")))
}

// field reads a field of an attachment as one line, title: value.
func (r *reader) field(f object) {
	title, value := strings.TrimSpace(r.mrkdwn(f.str("title"))), redact.Text(r.mrkdwn(f.str("value")))
	switch {
	case title == "":
		r.add(value)
	case value == "":
		r.add(title)
	default:
		r.add(strings.TrimSuffix(title, ":") + ": " + value)
	}
}

// cut returns at most n bytes of s, whole runes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// bounded returns s, or its beginning and "…" where it is longer than an event's text may be.
func bounded(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxText {
		return s
	}
	return cut(s, maxText-len("…")) + "…"
}

// sorted are the keys of an object in an order that is always the same.
func (o object) sorted() []string {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
