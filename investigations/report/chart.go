package report

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/guptarohit/asciigraph"

	inv "github.com/oombot/oombot/investigations"
)

const (
	limitChar  = "╌"
	secondChar = "·"
	chartRows  = 10
)

// chart draws memory against its limit, with kills and rollouts below. Without samples it draws nothing.
func (p *page) chart(r *inv.Result, ev *inv.Evidence) {
	s, ok := chooseSubject(r, ev)
	if !ok {
		return
	}
	kills, rollouts := killMarks(r, ev, &s), rolloutMarks(r, ev, &s)
	shown := rangeOf(&s, r, rollouts)
	if shown.to <= shown.from {
		return
	}
	shown = zoom(shown, &s, r)
	labelWidth := len("0.0000")
	n := p.width - labelWidth - 2
	curves, top := s.curves(shown, n)
	if top <= 0 {
		return
	}
	axis := newScale(top, chartRows)

	p.heading("MEMORY", s.title)
	p.line(span{"  " + axis.unitName, dim})
	graph := asciigraph.PlotMany(curves.data,
		asciigraph.Height(axis.rows), asciigraph.LowerBound(0), asciigraph.UpperBound(float64(axis.rows)*axis.step),
		asciigraph.SeriesChars(curves.chars...), asciigraph.Offset(2),
		asciigraph.YAxisValueFormatter(func(v float64) string { return padLeft(axis.label(v), labelWidth) }))
	for l := range strings.Lines(graph) {
		p.line(chartSpans(strings.TrimRight(l, "\n"), labelWidth+2)...)
	}
	p.axis(shown, n, labelWidth, kills, rollouts)
	p.legend(r, &s, curves, kills, rollouts, shown)
}

// curves are the lines of a chart, in the order in which they are drawn.
type curves struct {
	data                [][]float64
	chars               []asciigraph.CharSet
	hasLimit, hasSecond bool
}

func (c *curves) add(data []float64, chars asciigraph.CharSet) {
	c.data, c.chars = append(c.data, data), append(c.chars, chars)
}

// curves reduces the subject to n columns, and returns the largest value in them.
func (s *subject) curves(shown timeRange, n int) (c curves, top float64) {
	limit := s.limitColumns(shown, n)
	if c.hasLimit = limit != nil; c.hasLimit {
		c.add(limit, asciigraph.CreateCharSet(limitChar))
	}
	if second := shown.columns(s.second, n); !empty(second) {
		c.hasSecond = true
		c.add(second, asciigraph.CreateCharSet(secondChar))
	}
	c.add(sum(s.columns(shown, n)...), asciigraph.DefaultCharSet)
	for i, data := range c.data {
		for _, v := range data {
			top = fmax(top, v)
		}
		c.data[i] = append(data, data[n-1]) // the library draws from each value to the next
	}
	return c, top
}

func empty(columns []float64) bool {
	for _, v := range columns {
		if !math.IsNaN(v) {
			return false
		}
	}
	return true
}

// lastOf returns the last value that is a number.
func lastOf(columns []float64) float64 {
	for _, v := range slices.Backward(columns) {
		if !math.IsNaN(v) {
			return v
		}
	}
	return math.NaN()
}

// chartSpans colours a line of the graph by its characters.
func chartSpans(l string, labels int) []span {
	runes := []rune(l)
	labels = min(labels, len(runes))
	spans := []span{{string(runes[:labels]), dim}}
	for _, c := range runes[labels:] {
		st := plain
		switch string(c) {
		case limitChar:
			st = yellow
		case secondChar:
			st = dim
		case " ":
		default:
			st = bold
		}
		if n := len(spans); spans[n-1].style == st && n > 1 {
			spans[n-1].text += string(c)
		} else {
			spans = append(spans, span{string(c), st})
		}
	}
	return spans
}

// axis draws the x axis, the clock below it, and the marks.
func (p *page) axis(shown timeRange, n, labelWidth int, kills, rollouts []mark) {
	line, labels, marks := []rune(strings.Repeat("─", n)), blankRow(n), blankRow(n)
	for _, t := range shown.ticks(n, 12) {
		if i, ok := shown.column(t.UnixMilli(), n); ok {
			line[i] = '┬'
			place(labels, i, tickLabel(t))
		}
	}
	for _, m := range rollouts {
		if i, ok := shown.column(m.t, n); ok {
			marks[i] = 'R'
		}
	}
	for _, m := range kills {
		if i, ok := shown.column(m.t, n); ok {
			if marks[i] == 'R' && i > 0 && marks[i-1] == ' ' {
				marks[i-1] = 'R'
			}
			marks[i] = '▲'
		}
	}
	left := strings.Repeat(" ", labelWidth+1)
	p.line(span{left + "└", dim}, span{string(line), dim})
	if strings.TrimSpace(string(marks)) != "" {
		spans := []span{{left + " ", plain}}
		for _, m := range marks {
			spans = append(spans, span{string(m), map[rune]style{'▲': red, 'R': cyan}[m]})
		}
		p.line(spans...)
	}
	p.line(span{left + " " + string(labels), dim})
}

// legend says what the lines and marks are.
func (p *page) legend(r *inv.Result, s *subject, c curves, kills, rollouts []mark, shown timeRange) {
	within := func(marks []mark) bool {
		for _, m := range marks {
			if _, ok := shown.column(m.t, 1); ok {
				return true
			}
		}
		return false
	}
	var parts []string
	if by := s.recordedWords(); by != "" {
		parts = append(parts, "memory ("+by+")")
	}
	if c.hasLimit {
		parts = append(parts, limitChar+limitChar+" limit "+inv.FormatBytes(lastOf(c.data[0])))
	}
	if c.hasSecond {
		parts = append(parts, secondChar+secondChar+" "+s.secondName)
	}
	if within(kills) {
		parts = append(parts, "▲ "+EndedWord(r.Verdict.Mechanism))
	}
	if s.fromKernel {
		parts = append(parts, "the last jump is the kernel's count")
	}
	if within(rollouts) {
		parts = append(parts, "R rollout")
	}
	p.parts("  ", append(parts, "times UTC")...)
}

// trimmed prints v with so many decimals.
func trimmed(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }
