package report

import (
	"fmt"
	"io"

	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
)

// DefaultWidth is the width of a text where none is given, and MaxWidth is the widest: longer lines are hard
// to read.
const (
	DefaultWidth = 80
	MaxWidth     = 120
	minWidth     = 40
)

// TextOptions steer Text. The zero value is DefaultWidth without colours.
type TextOptions struct {
	// Width is the columns that a line may take; zero or less means DefaultWidth. Below 40 it is 40, above
	// MaxWidth it is MaxWidth.
	Width int
	// Color allows ANSI colours. Without it the text holds no escape sequence at all.
	Color bool
}

// Text writes r as an on-call engineer reads it. ev adds the chart of memory and the largest processes; it may
// be nil. No line is wider than the width, but for commands (to be copied whole) and words without a space.
// Times are UTC, and secrets are masked. r and ev are not changed; the error is w's own, or that r is nil.
func Text(w io.Writer, r *inv.Result, ev *inv.Evidence, opt TextOptions) error {
	if r == nil {
		return fmt.Errorf("print result: %w", errNoResult)
	}
	res := r.Normalized()
	p := &page{width: textWidth(opt.Width), color: opt.Color}
	p.verdict(&res)
	p.explanation(&res)
	if ev != nil {
		p.chart(&res, ev)
		p.processes(&res, ev)
	}
	p.recommendations(&res)
	p.nextKill(&res)
	p.facts(&res)
	p.blindSpots(&res)
	p.hypotheses(&res)
	p.precedents(&res)
	p.footer(&res)
	if _, err := io.WriteString(w, redact.Text(p.out.String())); err != nil {
		return fmt.Errorf("print result %s: %w", r.ID, err)
	}
	return nil
}

func textWidth(w int) int {
	if w <= 0 {
		return DefaultWidth
	}
	return min(max(w, minWidth), MaxWidth)
}
