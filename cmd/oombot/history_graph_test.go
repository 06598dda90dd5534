package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/graph/formats/dot"
	"gonum.org/v1/gonum/graph/formats/dot/ast"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

func TestHistoryGraph(t *testing.T) {
	r := rememberFile(t)
	r.golden("graph.again.txt", "graph", againID)
	r.golden("graph.again.dot", "graph", againID, "--depth", "1", "-o", "dot")
	r.golden("graph.again.mmd", "graph", againID, "--depth", "1", "-o", "mermaid")
	r.golden("graph.path.txt", "graph", againID, cartID)
}

func TestHistoryGraphAsJSON(t *testing.T) {
	r := rememberFile(t)
	read := func(args ...string) (sub memory.Subgraph) {
		t.Helper()
		doc := r.ok(append(append([]string{"graph"}, args...), "-o", "json")...)
		if err := json.Unmarshal([]byte(doc), &sub); err != nil || sub.Nodes == nil || sub.Edges == nil || sub.Cut == nil {
			t.Fatalf("%v: %s", err, doc)
		}
		return sub
	}
	one, two, three := read(againID, "--depth", "1"), read(againID), read(againID, "--depth", "3")
	if len(one.Nodes) >= len(two.Nodes) || len(two.Nodes) >= len(three.Nodes) || one.Nodes[0].GraphNode != memory.Incident(againID) {
		t.Errorf("%d, %d and %d nodes, from %v on", len(one.Nodes), len(two.Nodes), len(three.Nodes), one.Nodes[0])
	}
	if want := "leak, shop/deployment/checkout, 2025-11-26"; one.Nodes[0].Label != want {
		t.Errorf("label %q, want %q", one.Nodes[0].Label, want)
	}
	path := read(againID, firstID)
	if len(path.Nodes) != 2 || len(path.Edges) != 1 || path.Nodes[1].GraphNode != memory.Incident(firstID) {
		t.Errorf("the path is %+v", path)
	}
}

func TestHistoryGraphWithoutAPath(t *testing.T) {
	r := remember(t, memorytest.Trace(1, 0))
	alone := investigations.Trace{Result: investigations.Result{ID: probeID, At: today}}
	if err := r.Keep(t.Context(), alone); err != nil {
		t.Fatal(err)
	}
	id := memorytest.Trace(1, 0).Result.ID
	r.same("nothing connects "+probeID+" with "+id+"\n", "graph", probeID, id)
	r.same(`{
  "nodes": [
    {
      "kind": "incident",
      "name": "`+probeID+`",
      "depth": 0,
      "label": "insufficient evidence, unknown target, 2025-11-28"
    },
    {
      "kind": "incident",
      "name": "`+id+`",
      "depth": 0,
      "label": "`+labelOf(t, r, id)+`"
    }
  ],
  "edges": [],
  "cut": []
}
`, "graph", probeID, id, "-o", "json")
	for _, format := range []string{"dot", "mermaid"} {
		if out := r.ok("graph", probeID, id, "-o", format); !strings.Contains(out, probeID) || !strings.Contains(out, id) {
			t.Errorf("got %s", out)
		}
	}
}

func labelOf(t *testing.T, r *remembered, id string) string {
	t.Helper()
	nodes := []memory.Member{{GraphNode: memory.Incident(id)}}
	if err := labelIncidents(t.Context(), r, nodes); err != nil {
		t.Fatal(err)
	}
	return nodes[0].Label
}

// TestPathThatWasCut says where the search gave up.
func TestPathThatWasCut(t *testing.T) {
	a := newApp(nil, nil, new(strings.Builder), new(strings.Builder))
	s := a.sheet()
	cause := investigations.GraphNode{Kind: investigations.NodeCause, Name: "leak"}
	writePath(s, memory.Subgraph{
		Nodes: []memory.Member{{GraphNode: memory.Incident("A")}, {GraphNode: memory.Incident("B")}},
		Cut:   []memory.Cut{{Node: cause, More: 300}, {Node: cause, More: 2}},
	})
	if err := a.printSheet(s); err != nil {
		t.Fatal(err)
	}
	want := "nothing connects A with B, as far as was looked: cause leak has 300 edges more,\nand 1 other has more, too\n"
	if got := fmt.Sprint(a.stdout.Writer); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHistoryGraphUsage(t *testing.T) {
	r := rememberFile(t)
	r.fails(exitUsage, "graph needs the id of an incident", "graph")
	r.fails(exitUsage, `graph takes one id, or two, and was given "c" as well`, "graph", "a", "b", "c")
	for _, depth := range []string{"0", "7", "-1"} {
		r.fails(exitUsage, "--depth is how many edges away the neighbours may be, 1 to 6", "graph", againID, "--depth", depth)
	}
	r.fails(exitUsage, "--depth is for the neighbours of one incident", "graph", againID, firstID, "--depth", "3")
	r.fails(exitUsage, "it takes text or json or dot or mermaid", "graph", againID, "-o", "svg")
	r.same(againID+"  leak, shop/deployment/checkout, 2025-11-26\n", "graph", againID, againID)
}

// edgeless is a store whose graph can't be read.
type edgeless struct{ *remembered }

var errNoEdges = errors.New("the graph is broken")

func (edgeless) Edges(context.Context, investigations.GraphNode, int) ([]investigations.Edge, int, error) {
	return nil, 0, errNoEdges
}

func TestHistoryGraphError(t *testing.T) {
	r := rememberFile(t)
	for _, args := range [][]string{{"graph", againID}, {"graph", againID, firstID}, {"show", againID}} {
		stdout, stderr, code := r.runOn(edgeless{r}, append(args, "--memory", r.file)...)
		if code != exitCouldNot || stdout != "" || !strings.Contains(stderr, errNoEdges.Error()) {
			t.Errorf("%q: exit status %d, %q: %s", args, code, stdout, stderr)
		}
	}
}

// hostileNames are what could be taken for a part of the languages that graphs are written in.
var hostileNames = []string{
	"", "end", "n1", "graph", "subgraph", "node", "digraph {", `a"b`, `a\"b`, `a\`, `\N`, `\`, `"`, "a]b", "a[b]", "a(b)", "{a|b}", "<b>bold</b>",
	"<script>alert(1)</script>", "&quot;", "#quot;", "#35;", "`code`", "a\nb", "a\r\nb --> c", "a-->b", "a|b", "%% comment", "%%{init: {}}%%", "a;b",
	"click n1 href \"javascript:alert(1)\"", "1. item", "- item", "日本語", "\u202eevil", "\x00", "\xff\xfe", strings.Repeat("long ", 100), "~~~", "a:::b",
	"password=hunter2", "//", "/* a", "*/", "'", "$x$", "@{ shape: rect }",
}

// hostileGraph joins nodes of all hostile names.
func hostileGraph() memory.Subgraph {
	sub := memory.Subgraph{Nodes: []memory.Member{{GraphNode: memory.Incident("A")}}}
	for _, name := range hostileNames {
		n := investigations.GraphNode{Kind: investigations.NodeFunction, Name: name}
		sub.Nodes = append(sub.Nodes, memory.Member{GraphNode: n, Label: name})
		sub.Edges = append(sub.Edges, investigations.Edge{From: memory.Incident("A"), Type: investigations.EdgeType(name), To: n})
		sub.Cut = append(sub.Cut, memory.Cut{Node: n, More: 3})
	}
	sub.Cut = append(sub.Cut, memory.Cut{Node: memory.Incident("not in it"), More: 3})
	return sub
}

// TestDOTIsRead has the parser of gonum read it, and compares what it says with what was written.
func TestDOTIsRead(t *testing.T) {
	sub := hostileGraph()
	file, err := dot.Parse(strings.NewReader(dotOf(sub)))
	if err != nil {
		t.Fatal(err)
	}
	labels, edges := map[string]string{}, map[string]string{}
	for _, stmt := range file.Graphs[0].Stmts {
		switch s := stmt.(type) {
		case *ast.NodeStmt:
			labels[s.Node.ID] = attribute(t, s.Attrs)
		case *ast.EdgeStmt:
			to, ok := s.To.Vertex.(*ast.Node)
			if !ok || s.To.To != nil {
				t.Fatalf("an edge to %v", s.To)
			}
			edges[to.ID] = attribute(t, s.Attrs)
		}
	}
	const more = "3 more"
	wantLabels, wantEdges := map[string]string{"n1": "incident A"}, map[string]string{}
	for i, n := range sub.Nodes[1:] {
		wantLabels[fmt.Sprintf("n%d", i+2)] = nodeLabel(n)
		wantEdges[fmt.Sprintf("n%d", i+2)] = typeLabel(sub.Edges[i])
		wantLabels[fmt.Sprintf("m%d", i+1)], wantEdges[fmt.Sprintf("m%d", i+1)] = more, ""
	}
	if d := cmp.Diff(wantLabels, labels); d != "" {
		t.Errorf("nodes (-want +got)\n%s", d)
	}
	if d := cmp.Diff(wantEdges, edges); d != "" {
		t.Errorf("edges (-want +got)\n%s", d)
	}
	checkPlain(t, dotOf(sub))
}

// attribute returns the label among attributes as Graphviz reads it.
func attribute(t *testing.T, attrs []*ast.Attr) string {
	t.Helper()
	for _, a := range attrs {
		if a.Key != "label" {
			continue
		}
		text, ok := strings.CutPrefix(a.Val, `"`)
		text, ok2 := strings.CutSuffix(text, `"`)
		if !ok || !ok2 {
			t.Fatalf("label %s has no quotes", a.Val)
		}
		return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(text)
	}
	return ""
}

// mermaidLine is all that a line of a flowchart may be. Within quotes there are letters, digits, some punctuation and codes.
var mermaidLine = regexp.MustCompile(`^(flowchart LR|` +
	`  n\d+(\["TEXT"\]|\(\["TEXT"\]\))|  n\d+ -->\|"TEXT"\| n\d+|  m\d+\["\d+ more"\]|  n\d+ -\.- m\d+)$`)

var (
	mermaidQuoted = regexp.MustCompile(`"([^"]*)"`)
	mermaidSafe   = regexp.MustCompile(`^(?:[a-zA-Z0-9 .,/:=+\-]|[^\x00-\xa0]|#\d+;)*$`)
	mermaidCode   = regexp.MustCompile(`#(\d+);`)
)

// TestMermaidIsStrict holds each line to a pattern, and decodes the texts again.
func TestMermaidIsStrict(t *testing.T) {
	sub := hostileGraph()
	var texts []string
	for line := range strings.Lines(mermaidOf(sub)) {
		line = strings.TrimSuffix(line, "\n")
		for _, m := range mermaidQuoted.FindAllStringSubmatch(line, -1) {
			if !mermaidSafe.MatchString(m[1]) {
				t.Errorf("%q holds what may mean something", line)
			}
			texts = append(texts, mermaidCode.ReplaceAllStringFunc(m[1], func(code string) string {
				n, err := strconv.Atoi(code[1 : len(code)-1])
				if err != nil {
					t.Fatal(err)
				}
				return string(rune(n))
			}))
		}
		shape := line
		if !strings.HasPrefix(line, "  m") {
			shape = mermaidQuoted.ReplaceAllString(line, `"TEXT"`)
		}
		if !mermaidLine.MatchString(shape) {
			t.Errorf("%q is no line of a flowchart", line)
		}
	}
	var want []string
	for _, n := range sub.Nodes {
		want = append(want, nodeLabel(n))
	}
	for _, e := range sub.Edges {
		want = append(want, typeLabel(e))
	}
	if d := cmp.Diff(want, texts[:len(want)]); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	checkPlain(t, mermaidOf(sub))
}

// checkPlain looks for what no output may hold.
func checkPlain(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsAny(text, "\r\x00\x1b\u202e") || strings.Contains(text, "hunter2") || !utf8.ValidString(text) {
		t.Errorf("got %q", text)
	}
}

// TestHistoryGraphOfHostileNames walks from an incident of which all names are hostile.
func TestHistoryGraphOfHostileNames(t *testing.T) {
	trace := memorytest.Trace(1, 0)
	trace.Features.Functions, trace.Features.Runtime, trace.Features.Image, trace.Features.Version = hostileNames, `"]`, `"];`, "\n"
	r := remember(t, trace)
	for line := range strings.Lines(r.ok("graph", trace.Result.ID)) {
		if utf8.RuneCountInString(line) > 81 {
			t.Errorf("a line of %d columns: %q", utf8.RuneCountInString(line)-1, line)
		}
	}
	if _, err := dot.Parse(strings.NewReader(r.ok("graph", trace.Result.ID, "-o", "dot"))); err != nil {
		t.Error(err)
	}
}
