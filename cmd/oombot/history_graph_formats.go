package main

import (
	"fmt"
	"strings"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/memory"
)

// maxLabel bounds a label of a drawing, in bytes.
const maxLabel = 200

// drawing is a subgraph whose nodes have short names that no language takes for a word of its own: n1, n2, ….
type drawing struct {
	names map[investigations.GraphNode]string
	// cut are those that lead to more than is drawn.
	cut []memory.Cut
}

func newDrawing(sub memory.Subgraph) drawing {
	d := drawing{names: map[investigations.GraphNode]string{}}
	for i, n := range sub.Nodes {
		d.names[n.GraphNode] = fmt.Sprintf("n%d", i+1)
	}
	for _, c := range sub.Cut {
		if d.names[c.Node] != "" {
			d.cut = append(d.cut, c)
		}
	}
	return d
}

// nodeLabel is what stands in a node; it has no secrets and no control characters.
func nodeLabel(n memory.Member) string {
	text := string(n.Kind) + " " + n.Name
	if n.Label != "" {
		text += ", " + n.Label
	}
	return drawn(text)
}

func typeLabel(e investigations.Edge) string { return drawn(string(e.Type)) }

// drawn makes a text fit for a drawing. The mark of a character that can't be shown, which not all readers take, is a
// question mark.
func drawn(text string) string {
	return strings.ReplaceAll(investigations.CleanText(redact.Text(text), maxLabel), "\ufffd", "?")
}

// dotOf writes a subgraph in the language of Graphviz. What was cut off is a dotted node.
func dotOf(sub memory.Subgraph) string {
	d := newDrawing(sub)
	var b strings.Builder
	b.WriteString("digraph history {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n")
	for i, n := range sub.Nodes {
		style := ""
		switch {
		case i == 0:
			style = ", style=bold"
		case n.Kind != investigations.NodeIncident:
			style = ", shape=ellipse"
		}
		fmt.Fprintf(&b, "  %s [label=%s%s];\n", d.names[n.GraphNode], dotQuote(nodeLabel(n)), style)
	}
	for _, e := range sub.Edges {
		fmt.Fprintf(&b, "  %s -> %s [label=%s];\n", d.names[e.From], d.names[e.To], dotQuote(typeLabel(e)))
	}
	for i, c := range d.cut {
		fmt.Fprintf(&b, "  m%d [label=\"%d more\", shape=plaintext];\n  %s -> m%d [style=dotted, dir=none];\n", i+1, c.More, d.names[c.Node], i+1)
	}
	b.WriteString("}\n")
	return b.String()
}

// dotQuote writes a string of DOT: https://graphviz.org/doc/info/lang.html. A backslash begins an escape in labels.
func dotQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// mermaidOf writes a subgraph as a flowchart of Mermaid.
func mermaidOf(sub memory.Subgraph) string {
	d := newDrawing(sub)
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, n := range sub.Nodes {
		left, right := `(["`, `"])`
		if n.Kind == investigations.NodeIncident {
			left, right = `["`, `"]`
		}
		b.WriteString("  " + d.names[n.GraphNode] + left + mermaidText(nodeLabel(n)) + right + "\n")
	}
	for _, e := range sub.Edges {
		b.WriteString("  " + d.names[e.From] + ` -->|"` + mermaidText(typeLabel(e)) + `"| ` + d.names[e.To] + "\n")
	}
	for i, c := range d.cut {
		fmt.Fprintf(&b, "  m%d[\"%d more\"]\n  %s -.- m%d\n", i+1, c.More, d.names[c.Node], i+1)
	}
	return b.String()
}

// mermaidText writes a text for between quotes: https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters.
// Everything that could mean something to Mermaid, to Markdown or to HTML is written as a code.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(" .,/:=+-", r), r > 0xA0:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
