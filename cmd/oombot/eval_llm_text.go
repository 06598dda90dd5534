package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/eval"
)

// writeModelGrade prints what became of a verdict where a model looked at it: who wrote the one that stands, what it cost,
// and the fields that differ from those of the rules.
func writeModelGrade(b *bytes.Buffer, e evaluated) {
	m := e.LLM
	fmt.Fprintf(b, "      llm %s, %s\n", m.Status, modelGradeLine(m))
	for i, g := range m.Grades {
		before := e.Grades[i] // the same truth grades the same fields
		switch {
		case g.Right && !before.Right:
			fmt.Fprintf(b, "      llm %s: right, got %s\n", g.Field, oneLine(g.Got))
		case !g.Right && (before.Right || g.Got != before.Got):
			b.WriteString("      llm ")
			fmt.Fprintf(b, "%s: want %s, got %s\n", g.Field, oneLine(g.Want), oneLine(g.Got))
		}
	}
}

// modelGradeLine says who wrote the verdict that stands, and what it cost.
func modelGradeLine(m *modelGrade) string {
	by := "written by the model"
	if m.WrittenBy != investigations.WrittenByLLM {
		by = "written by the rules"
	}
	parts := []string{by}
	if m.Use.EndedBy != investigations.EndedSubmitted {
		parts = append(parts, "ended by "+m.Use.EndedBy)
	}
	if m.Use.RejectedClaims > 0 {
		parts = append(parts, plural(m.Use.RejectedClaims, "claim refused", "claims refused"))
	}
	return strings.Join(append(parts, count(m.Use.Calls, "call"), count(m.Use.PromptTokens+m.Use.CompletionTokens, "token"),
		investigations.FormatDuration(time.Duration(m.TookMS)*time.Millisecond)), ", ")
}

// writeBothFields prints how often each field was right by the rules and by the model.
func writeBothFields(b *bytes.Buffer, e *evaluation) {
	if len(e.LLM.Fields) == 0 {
		return
	}
	b.WriteString("\nfield            rules  model  of\n")
	for _, f := range e.LLM.Fields {
		rules := 0
		if i := slices.IndexFunc(e.Fields, func(s eval.Score) bool { return s.Field == f.Field }); i >= 0 {
			rules = e.Fields[i].Right
		}
		fmt.Fprintf(b, "%-15s %6d %6d %3d  %s  %s\n", f.Field, rules, f.Right, f.Of, percent(rules, f.Of), percent(f.Right, f.Of))
	}
}

// writeModelScore prints how the model did, and what it cost.
func writeModelScore(b *bytes.Buffer, m *modelScore) {
	fmt.Fprintf(b, "with %s: %d passed, %d failed\n", oneLine(m.Model), m.Passed, m.Failed)
	fmt.Fprintf(b, "  written by the model: %d of %d, %s refused\n", m.Written, m.Of, count(m.RejectedClaims, "claim"))
	var ended []string
	for _, why := range endings {
		if n := m.EndedBy[why]; n > 0 {
			ended = append(ended, fmt.Sprintf("%s %d", why, n))
		}
	}
	fmt.Fprintf(b, "  ended by: %s\n", strings.Join(ended, ", "))
	fmt.Fprintf(b, "  %s, %d prompt tokens, %d completion tokens", count(m.Calls, "call"), m.PromptTokens, m.CompletionTokens)
	if m.Cost > 0 {
		fmt.Fprintf(b, ", cost %.4g", m.Cost)
	}
	ms := func(n int64) string { return investigations.FormatDuration(time.Duration(n) * time.Millisecond) }
	fmt.Fprintf(b, "\n  time of the model for a bundle: median %s, at most %s\n", ms(m.MedianMS), ms(m.MostMS))
}

// endings are what can end a model's work, in the order in which they are told.
var endings = []string{
	investigations.EndedSubmitted, investigations.EndedCalls, investigations.EndedTokens, investigations.EndedTime,
	investigations.EndedMoney, investigations.EndedError,
}

// tellEvaluated shows a person at a terminal each bundle as it is done, of so many; nil where nobody watches.
func (a *app) tellEvaluated(of int) func(evaluated) {
	if !a.stderr.terminal {
		return nil
	}
	done := 0
	return func(e evaluated) {
		done++
		line := fmt.Sprintf("  %*d/%d  %-5s %s", len(fmt.Sprint(of)), done, of, e.Status, oneLine(e.Bundle))
		if e.LLM != nil {
			line += fmt.Sprintf(": llm %s, %s", e.LLM.Status, modelGradeLine(e.LLM))
		}
		a.say("%s", line)
	}
}
