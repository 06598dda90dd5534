// Package chart draws memory against its limit as a picture (PNG), for a thread: what report draws in a terminal, at a
// size that can be read on a phone, on a light and on a dark screen, with a sentence that says the same to who can't see
// it. It chooses nothing itself: series, window and marks are report's. The same input gives the same bytes.
//
// Fonts, lines and text are drawn by chartdraw of go-analyze/charts, which carries on go-chart.
//
//	chart.go   what is drawn, and in words
//	draw.go    how it is drawn
//	style.go   sizes and colours
package chart
