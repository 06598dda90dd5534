package report

import (
	"bytes"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// style is how a span looks where colours are wanted.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "1;31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// span is a piece of a line in one style.
type span struct {
	text  string
	style style
}

// page collects lines. Everything passes line, which cleans it: no text can bring an escape sequence.
type page struct {
	out   bytes.Buffer
	width int
	color bool
}

// maxText bounds a single text in bytes; what is longer is cut with an ellipsis.
const maxText = 16 << 10

func clean(s string) string { return investigations.CleanText(s, maxText) }

// line writes one line, without trailing spaces.
func (p *page) line(spans ...span) {
	last := len(spans) - 1
	for last >= 0 && strings.TrimSpace(spans[last].text) == "" {
		last--
	}
	for i, s := range spans[:last+1] {
		text := clean(s.text)
		if i == last {
			text = strings.TrimRight(text, " ")
		}
		if !p.color || s.style == plain || strings.TrimSpace(text) == "" {
			p.out.WriteString(text)
			continue
		}
		p.out.WriteString("\x1b[" + string(s.style) + "m" + text + "\x1b[0m")
	}
	p.out.WriteByte('\n')
}

// heading starts a section: an empty line, the title in capitals, and what is said beside it.
func (p *page) heading(title, aside string) {
	p.line()
	if aside == "" {
		p.line(span{title, bold})
		return
	}
	for i, l := range wrap(clean(aside), p.width-width(title)-2) {
		head := span{title, bold}
		if i > 0 {
			head = span{strings.Repeat(" ", width(title)), plain}
		}
		p.line(head, span{"  ", plain}, span{l, dim})
	}
}

// para writes text wrapped: its first line after lead, the others indented as far. Citations stand out. A
// lead that leaves no room for text gets a line of its own.
func (p *page) para(lead span, text string, st style) {
	const leastText = 20
	indent := strings.Repeat(" ", width(clean(lead.text)))
	if p.width-len(indent) < leastText {
		p.line(span{cut(clean(lead.text), p.width), lead.style})
		lead, indent = span{"    ", plain}, "    "
	}
	for i, l := range wrap(clean(text), p.width-len(indent)) {
		head := lead
		if i > 0 {
			head = span{indent, plain}
		}
		p.line(append([]span{head}, citations(l, st)...)...)
	}
}

// parts writes short texts side by side, with dots between them; no text is broken where a line can hold it.
func (p *page) parts(indent string, texts ...string) {
	const dot = " · "
	line := ""
	for _, text := range texts {
		text = clean(text)
		switch {
		case line == "":
			line = text
		case width(indent)+width(line)+len(dot)+width(text) <= p.width:
			line += dot + text
		default:
			p.para(span{indent, plain}, line, dim)
			line = text
		}
	}
	p.para(span{indent, plain}, line, dim)
}

// citations splits a line so that what it cites gets a style of its own.
func citations(l string, st style) []span {
	var spans []span
	at := 0
	for _, m := range citation.FindAllStringIndex(l, -1) {
		spans = append(spans, span{l[at:m[0]], st}, span{l[m[0]:m[1]], cyan})
		at = m[1]
	}
	return append(spans, span{l[at:], st})
}

// pad fills s up with spaces to n columns.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(n-width(s), 0)) }

// padLeft fills s up with spaces on its left to n columns.
func padLeft(s string, n int) string { return strings.Repeat(" ", max(n-width(s), 0)) + s }

// cut shortens s to n columns, with an ellipsis where something is left out.
func cut(s string, n int) string {
	if width(s) <= n {
		return s
	}
	used := 0
	for i, r := range s {
		if used += runeWidth(r); used > n-1 {
			return s[:i] + "…"
		}
	}
	return s
}
