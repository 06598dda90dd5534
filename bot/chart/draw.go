package chart

import (
	"io"
	"math"
	"time"

	"github.com/go-analyze/charts/chartdraw"
	"github.com/go-analyze/charts/chartdraw/drawing"

	inv "github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/report"
)

// plot is a picture under construction: box is where the lines are, below title and legend and beside the labels.
type plot struct {
	d   *report.Drawing
	r   chartdraw.Renderer
	box chartdraw.Box
	// x is in unix milliseconds, y in bytes.
	x, y *chartdraw.ContinuousRange
	day  int // where the date begins
}

func render(w io.Writer, d *report.Drawing) error {
	p := &plot{d: d, r: chartdraw.PNG(Width, Height)}
	p.r.SetDPI(72) // a point is a pixel
	p.fill(chartdraw.Box{Right: Width, Bottom: Height}, paper)
	p.title()
	p.legend()
	p.axes()
	p.lines()
	p.marks()
	return p.r.Save(w)
}

func (p *plot) fill(box chartdraw.Box, c drawing.Color) {
	chartdraw.Draw.Box(p.r, box, chartdraw.Style{FillColor: c, StrokeColor: c})
}

// text writes at a base line, and returns where it ends.
func (p *plot) text(s string, x, y int, font chartdraw.FontStyle) int {
	chartdraw.Draw.Text(p.r, s, x, y, chartdraw.Style{FontStyle: font})
	return x + p.width(s, font)
}

func (p *plot) width(s string, font chartdraw.FontStyle) int {
	return chartdraw.Draw.MeasureText(p.r, s, chartdraw.Style{FontStyle: font}).Width()
}

func (p *plot) segment(x0, y0, x1, y1 int, style chartdraw.Style) {
	style.WriteDrawingOptionsToRenderer(p.r)
	p.r.MoveTo(x0, y0)
	p.r.LineTo(x1, y1)
	p.r.Stroke()
}

func (p *plot) title() {
	font := text(ink, titleSize)
	runes := []rune(p.d.Title)
	title := p.d.Title
	for end := len(runes) / 3; p.width(title, font) > Width-2*margin && len(runes) > 2*end; runes = runes[:len(runes)-1] {
		// What is left out is the middle: pods differ at the end.
		all := []rune(p.d.Title)
		title = string(runes[:len(runes)-end-1]) + "…" + string(all[len(all)-end:])
	}
	p.text(title, margin, margin+titleSize-6, font)
}

// legend says what lines and marks are, in as many rows as it takes, at most two.
func (p *plot) legend() {
	x, y := margin, margin+titleSize+44
	font := text(ink, textSize)
	const sample, gap, between = 40, 10, 34
	for _, e := range p.entries() {
		need := sample + gap + p.width(e.says, font)
		if x > margin && x+need > Width-margin {
			x, y = margin, y+textSize+12
		}
		e.sample(x, y-textSize/3)
		x = p.text(e.says, x+sample+gap, y, font) + between
	}
	p.box.Top = y + 30
}

type entry struct {
	says   string
	sample func(x, y int)
}

func (p *plot) entries() []entry {
	lineOf := func(style chartdraw.Style) func(x, y int) {
		return func(x, y int) { p.segment(x, y, x+40, y, style) }
	}
	says := "memory"
	if p.d.Recorded != "" {
		says += " (" + p.d.Recorded + ")"
	}
	out := []entry{{says, lineOf(stroke(memory, line, nil))}}
	if p.d.Second != nil {
		out = append(out, entry{p.d.SecondName, lineOf(stroke(second, line, secondDash))})
	}
	if p.d.Limit != nil {
		_, last := ends(p.d.Limit)
		out = append(out, entry{"limit " + inv.FormatBytes(last), lineOf(stroke(limit, line, limitDash))})
	}
	if len(p.d.Kills) > 0 {
		out = append(out, entry{p.d.Ended, func(x, y int) { p.triangle(x+20, y-10) }})
	}
	if len(p.d.Rollouts) > 0 {
		out = append(out, entry{"rollout", lineOf(stroke(rollout, line, rolloutDash))})
	}
	if p.d.Traffic != nil {
		out = append(out, entry{"traffic, up to " + number(report.Peak(p.d.Traffic)) + "/s", lineOf(stroke(traffic, line-1, nil))})
	}
	return out
}

// axes finds the box, and draws grid and labels.
func (p *plot) axes() {
	font := text(faint, textSize)
	widest := p.width(p.d.Unit, font)
	for _, l := range p.d.Levels {
		widest = max(widest, p.width(l.Label, font))
	}
	p.box = chartdraw.Box{Top: p.box.Top + textSize + 14, Left: margin + widest + 16, Right: Width - margin, Bottom: Height - margin - textSize - 10}
	p.x = &chartdraw.ContinuousRange{Min: float64(p.d.From.UnixMilli()), Max: float64(p.d.To.UnixMilli()), Domain: p.box.Width()}
	p.y = &chartdraw.ContinuousRange{Max: p.d.Levels[len(p.d.Levels)-1].Bytes, Domain: p.box.Height()}
	p.text(p.d.Unit, margin, p.box.Top-textSize, font)
	for i, l := range p.d.Levels {
		y := p.box.Bottom - p.y.Translate(l.Bytes)
		style := stroke(grid, thin, nil)
		if i == 0 {
			style.StrokeColor = faint
		}
		p.segment(p.box.Left, y, p.box.Right, y, style)
		p.text(l.Label, p.box.Left-16-p.width(l.Label, font), y+textSize/3, font)
	}
	for _, m := range p.d.Clock {
		x, w := p.at(m.At), p.width(m.Label, font)
		p.segment(x, p.box.Bottom, x, p.box.Bottom+8, stroke(faint, thin, nil))
		p.text(m.Label, min(x-w/2, Width-margin/2-w), p.box.Bottom+textSize+14, font)
	}
	p.day = p.box.Right - p.width(p.date(), font)
	p.text(p.date(), p.day, p.box.Top-textSize, font)
}

// date says of which day the clock is, or of which days.
func (p *plot) date() string {
	from, to := p.d.From.Format("2006-01-02"), p.d.To.Format("2006-01-02")
	if from == to {
		return to + ", UTC"
	}
	return from + " to " + to + ", UTC"
}

// at is where a moment is.
func (p *plot) at(t time.Time) int { return p.box.Left + p.x.Translate(float64(t.UnixMilli())) }

// lines draws the quiet ones first: traffic has a scale of its own in the lowest third.
func (p *plot) lines() {
	filled := stroke(memory, line, nil)
	filled.FillColor = area
	p.curve(p.d.Memory, p.y, filled)
	if p.d.Traffic != nil {
		own := &chartdraw.ContinuousRange{Max: math.Max(report.Peak(p.d.Traffic), 1e-9) * 3, Domain: p.box.Height()}
		p.curve(p.d.Traffic, own, stroke(traffic, line-1, nil))
	}
	p.curve(p.d.Memory, p.y, stroke(memory, line, nil))
	p.curve(p.d.Second, p.y, stroke(second, line, secondDash))
	p.curve(p.d.Limit, p.y, stroke(limit, line, limitDash))
}

// curve draws a line, broken where there are no samples.
func (p *plot) curve(values []float64, y chartdraw.Range, style chartdraw.Style) {
	step := (p.x.Max - p.x.Min) / float64(max(len(values)-1, 1))
	var run chartdraw.ContinuousSeries
	flush := func() {
		if len(run.XValues) == 1 { // a single sample is a dot
			run.XValues, run.YValues = append(run.XValues, run.XValues[0]+step), append(run.YValues, run.YValues[0])
		}
		chartdraw.Draw.LineSeries(p.r, p.box, p.x, y, style, run)
		run = chartdraw.ContinuousSeries{}
	}
	for i, v := range values {
		if math.IsNaN(v) {
			flush()
			continue
		}
		run.XValues, run.YValues = append(run.XValues, p.x.Min+float64(i)*step), append(run.YValues, v)
	}
	flush()
}

// marks draws rollouts with their revisions, and kills over them. What would fall upon the mark before it is left out.
func (p *plot) marks() {
	font := text(rollout, textSize)
	free, before := p.box.Left, -apart // where the last label ended, and where the last mark is
	for _, o := range p.d.Rollouts {
		x := p.at(o.At)
		if x-before < apart {
			continue
		}
		before = x
		p.segment(x, p.box.Bottom, x, p.box.Top-10, stroke(rollout, line-1, rolloutDash))
		says := revision(o)
		w := p.width(says, font)
		if left := min(x+8, p.day-w-16); left >= free && o.Revision != 0 {
			free = p.text(says, left, p.box.Top-textSize, font) + 16
		}
	}
	p.kills()
}

// kills marks each by a line and a triangle; where there are very many, most go without the line, which would hide memory.
func (p *plot) kills() {
	const most = 24
	before := -apart
	for i, t := range p.d.Kills {
		x := p.at(t)
		if x-before < apart && i < len(p.d.Kills)-1 {
			continue
		}
		before = x
		if len(p.d.Kills)-i <= most {
			p.segment(x, p.box.Bottom, x, p.box.Top, stroke(kill, line-1, nil))
		}
		p.triangle(x, p.box.Bottom-26)
	}
}

// triangle points up from below its top at y.
func (p *plot) triangle(x, y int) {
	const half, height = 13, 24
	stroke(kill, thin, nil).WriteDrawingOptionsToRenderer(p.r)
	p.r.SetFillColor(kill)
	p.r.MoveTo(x, y)
	p.r.LineTo(x+half, y+height)
	p.r.LineTo(x-half, y+height)
	p.r.LineTo(x, y)
	p.r.Close()
	p.r.FillStroke()
}
