package agent

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations"
)

// names hides the names of the site in what leaves and shows them again in what comes back. It learns names from facts
// that are found later. A *pseudonym.Book is one.
type names interface {
	Hide(text string) string
	Reveal(text string) string
	Learn(facts []investigations.Fact)
}

// openNames hides nothing.
type openNames struct{}

func (openNames) Hide(text string) string     { return text }
func (openNames) Reveal(text string) string   { return text }
func (openNames) Learn([]investigations.Fact) {}

// outgoing returns a copy of a request in which every text was redacted and its names hidden. Whatever is sent goes
// through here, and the texts of strangers in it twice: each fact was redacted when it was made.
func (t *talk) outgoing(req investigations.ChatRequest) investigations.ChatRequest {
	out := req
	out.Messages = slices.Clone(req.Messages)
	for i := range out.Messages {
		m := &out.Messages[i]
		m.Text = t.leaves(m.Text)
		m.Calls = slices.Clone(m.Calls)
		for j := range m.Calls {
			m.Calls[j].Arguments = t.leaves(m.Calls[j].Arguments)
		}
	}
	return out
}

func (t *talk) leaves(text string) string { return t.names.Hide(t.opt.Redact(text)) }

// incoming returns an answer with the names of the site, fit to work with. It is redacted as a recording of it is, so that
// a replay is judged as the talk was.
func (t *talk) incoming(r investigations.ChatReply) investigations.ChatReply {
	r.Text = t.names.Reveal(t.opt.Redact(tidyText(r.Text)))
	r.Calls = slices.Clone(r.Calls)
	for i := range r.Calls {
		r.Calls[i].Arguments = t.names.Reveal(t.opt.Redact(tidyText(r.Calls[i].Arguments)))
	}
	return r
}

// tidyText makes text valid UTF-8 without NUL.
func tidyText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// fence ends where text from outside ends, so that it must not stand in such text.
var fence = strings.NewReplacer("<data>", "(data)", "</data>", "(/data)", "<DATA>", "(data)", "</DATA>", "(/data)")

// outside makes text from outside fit for a place between fences: one line, cut, unable to close them.
func outside(s string, limit int) string {
	return fence.Replace(investigations.CleanText(s, limit))
}
