package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/oombot/oombot/investigations/eval"
	"github.com/oombot/oombot/investigations/redact"
)

// writeEvaluation prints how each bundle did, and then how often each field was right.
func writeEvaluation(w io.Writer, e *evaluation) error {
	var b bytes.Buffer
	for _, bundle := range e.Bundles {
		writeEvaluated(&b, bundle)
		if bundle.LLM != nil {
			writeModelGrade(&b, bundle)
		}
	}
	if e.LLM == nil {
		writeFields(&b, e.Fields)
	} else {
		writeBothFields(&b, e)
	}
	fmt.Fprintf(&b, "\n%s: %d passed, %d failed, %s\n",
		count(len(e.Bundles), "bundle"), e.Passed, e.Failed, count(e.Errors, "error"))
	if e.LLM != nil {
		writeModelScore(&b, e.LLM)
	}
	_, err := io.WriteString(w, redact.Text(b.String()))
	return err
}

func writeFields(b *bytes.Buffer, fields []eval.Score) {
	if len(fields) > 0 {
		b.WriteString("\nfield            right  of\n")
	}
	for _, f := range fields {
		fmt.Fprintf(b, "%-15s %6d %3d  %s\n", f.Field, f.Right, f.Of, percent(f.Right, f.Of))
	}
}

func writeEvaluated(b *bytes.Buffer, e evaluated) {
	fmt.Fprintf(b, "%-5s %s", e.Status, oneLine(e.Bundle))
	if e.Status == eval.Errored {
		fmt.Fprintf(b, ": %s\n", e.Error)
		return
	}
	b.WriteByte('\n')
	for _, g := range e.Grades {
		if !g.Right {
			writeWrong(b, g)
		}
	}
	for i, f := range e.MisledBy {
		if i == 0 {
			b.WriteString("      the verdict rests on:\n")
		}
		fmt.Fprintf(b, "        %s %s (%s)\n", f.ID, f.Says, f.Source)
	}
}

func writeWrong(b *bytes.Buffer, g eval.Grade) {
	fmt.Fprintf(b, "      %s: want %s, got %s\n", g.Field, oneLine(g.Want), oneLine(g.Got))
}

// percent is a whole number of percent that says 100 only where all is right.
func percent(right, of int) string {
	return strings.Repeat(" ", 3-len(fmt.Sprint(right*100/of))) + fmt.Sprintf("%d %%", right*100/of)
}
