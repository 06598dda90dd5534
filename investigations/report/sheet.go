package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/oombot/oombot/investigations/redact"
)

// Sheet is a page of text in the look of Text, for other views: it fits the width, and nothing that is written on it brings
// control characters of its own. It is for one goroutine at a time.
type Sheet struct{ page page }

// NewSheet returns an empty Sheet.
func NewSheet(opt TextOptions) *Sheet {
	return &Sheet{page{width: textWidth(opt.Width), color: opt.Color}}
}

// Span is a piece of a line in one style.
type Span struct{ span span }

// Plain returns text without a style. The functions below return it in the style that they are named after, where
// colours are wanted.
func Plain(text string) Span { return Span{span{text, plain}} }

// Bold is like Plain.
func Bold(text string) Span { return Span{span{text, bold}} }

// Dim is like Plain.
func Dim(text string) Span { return Span{span{text, dim}} }

// Red is like Plain.
func Red(text string) Span { return Span{span{text, red}} }

// Green is like Plain.
func Green(text string) Span { return Span{span{text, green}} }

// Yellow is like Plain.
func Yellow(text string) Span { return Span{span{text, yellow}} }

// Cyan is like Plain.
func Cyan(text string) Span { return Span{span{text, cyan}} }

// Heading starts a section: an empty line, the title, and what is said beside it.
func (s *Sheet) Heading(title, aside string) { s.page.heading(title, aside) }

// Line writes one line. What does not fit the width is cut, with an ellipsis.
func (s *Sheet) Line(spans ...Span) { s.page.line(fit(spans, s.page.width)...) }

// Sides writes one line with text at its left and at its right end. The left one is cut to make room; where less than
// half of the width is left for it, the right one gets a line of its own, and is never cut.
func (s *Sheet) Sides(left []Span, right Span) {
	p := &s.page
	room := p.width - width(clean(right.span.text)) - 2
	if room < p.width/2 {
		s.Line(left...)
		p.line(span{"  ", plain}, right.span)
		return
	}
	spans := fit(left, room)
	gap := p.width - width(clean(right.span.text))
	for _, l := range spans {
		gap -= width(l.text)
	}
	p.line(append(spans, span{strings.Repeat(" ", gap), plain}, right.span)...)
}

// Para writes text wrapped, its first line after lead, and the others indented as far.
func (s *Sheet) Para(lead, text Span) { s.page.para(lead.span, text.span.text, text.span.style) }

// Parts writes short texts side by side, with dots between them.
func (s *Sheet) Parts(indent string, texts ...string) { s.page.parts(indent, texts...) }

// Table writes rows as columns, each as wide as its widest cell; the last one is cut where the width ends. Numbers say
// which columns are set to the right.
func (s *Sheet) Table(indent string, rows [][]Span, numbers ...int) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(clean(cell.span.text)))
		}
	}
	right := map[int]bool{}
	for _, n := range numbers {
		right[n] = true
	}
	for _, row := range rows {
		line := []Span{Plain(indent)}
		for i, cell := range row {
			text := clean(cell.span.text)
			switch {
			case right[i]:
				text = padLeft(text, widths[i])
			case i < len(row)-1:
				text = pad(text, widths[i])
			}
			if i > 0 {
				line = append(line, Plain("  "))
			}
			line = append(line, Span{span{text, cell.span.style}})
		}
		s.Line(line...)
	}
}

// WriteTo writes the page without secrets.
func (s *Sheet) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, redact.Text(s.page.out.String()))
	if err != nil {
		err = fmt.Errorf("print: %w", err)
	}
	return int64(n), err
}

// Cut shortens text from outside to n columns, with an ellipsis where something is left out.
func Cut(text string, n int) string { return cut(clean(text), n) }

// fit cleans spans and cuts what goes beyond n columns.
func fit(spans []Span, n int) []span {
	var out []span
	for _, s := range spans {
		text := clean(s.span.text)
		if w := width(text); w <= n {
			n -= w
			out = append(out, span{text, s.span.style})
			continue
		}
		if n > 0 {
			return append(out, span{cut(text, n), s.span.style})
		}
		if last := len(out) - 1; last >= 0 {
			out[last].text = cut(out[last].text+"…", width(out[last].text))
		}
		return out
	}
	return out
}
