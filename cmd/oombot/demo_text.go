package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/oombot/oombot/investigations"
)

// wrap breaks text between words so that no line is longer than width runes, but for words that are.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+n > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
	return b.String()
}

// alertLine is how the incident reaches a person.
func alertLine(req investigations.Request) string {
	at := req.At.UTC().Format("15:04 UTC")
	if req.Alert == nil {
		return fmt.Sprintf("%s  alert: %s went down", at, oneLine(req.Target.String()))
	}
	return fmt.Sprintf("%s  %s: %s\n%*s  %s",
		at, oneLine(req.Alert.Source), oneLine(req.Alert.Title), len(at), "", oneLine(req.Target.String()))
}
