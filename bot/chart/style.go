package chart

import (
	"github.com/go-analyze/charts/chartdraw"
	"github.com/go-analyze/charts/chartdraw/drawing"
)

// Width and Height are a picture's pixels: on a phone some 400 points wide, where the smallest text is still 8 points.
const (
	Width  = 1200
	Height = 675
)

// Sizes in pixels.
const (
	margin    = 36
	titleSize = 34
	textSize  = 26
	line      = 4.5
	thin      = 2
	apart     = 8 // of marks
)

// Colours: a calm opaque background, and on it nothing with a contrast below 3 to 1 that says something, no text below
// 4.5 to 1. Red and blue differ in brightness too, and marks in their form.
var (
	paper   = drawing.Color{R: 0xf7, G: 0xf8, B: 0xfa, A: 0xff}
	ink     = drawing.Color{R: 0x1d, G: 0x23, B: 0x2b, A: 0xff}
	faint   = drawing.Color{R: 0x55, G: 0x5e, B: 0x6b, A: 0xff}
	grid    = drawing.Color{R: 0xdd, G: 0xe1, B: 0xe7, A: 0xff}
	memory  = drawing.Color{R: 0x1f, G: 0x5f, B: 0xbf, A: 0xff}
	area    = drawing.Color{R: 0x1f, G: 0x5f, B: 0xbf, A: 0x22}
	second  = drawing.Color{R: 0x7a, G: 0x3f, B: 0xb0, A: 0xff}
	limit   = drawing.Color{R: 0xb3, G: 0x5a, B: 0x00, A: 0xff}
	kill    = drawing.Color{R: 0xc6, G: 0x1f, B: 0x2e, A: 0xff}
	rollout = drawing.Color{R: 0x0b, G: 0x77, B: 0x63, A: 0xff}
	traffic = drawing.Color{R: 0x7c, G: 0x87, B: 0x94, A: 0xff}
)

var (
	limitDash   = []float64{14, 8}
	secondDash  = []float64{4, 5}
	rolloutDash = []float64{10, 7}
)

func stroke(c drawing.Color, width float64, dash []float64) chartdraw.Style {
	return chartdraw.Style{StrokeColor: c, StrokeWidth: width, StrokeDashArray: dash}
}

func text(c drawing.Color, size float64) chartdraw.FontStyle {
	return chartdraw.FontStyle{FontSize: size, FontColor: c, Font: chartdraw.GetDefaultFont()}
}
