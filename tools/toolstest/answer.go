package toolstest

import (
	"context"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing/fstest"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

var toolNames = []string{
	investigations.ToolKernlog, investigations.ToolPods, investigations.ToolRollouts, investigations.ToolMetrics,
	investigations.ToolLogs, investigations.ToolProfiles, investigations.ToolMemory,
}

var headings = []string{"Reads", "Cannot see", "Permissions", "Cost"}

// packageComment looks for the four headings that say what a source can and can't do.
func (s suite) packageComment() []string {
	files, err := filepath.Glob(filepath.Join(s.opts.Dir, "*.go"))
	if err != nil || len(files) == 0 {
		return faultf("no Go files in %q (%v)", s.opts.Dir, err)
	}
	var comment strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return faultf("%v", err)
		}
		comment.WriteString(f.Doc.Text())
	}
	var faults []string
	for _, h := range headings {
		if !strings.Contains("\n"+comment.String(), "\n# "+h+"\n") {
			faults = append(faults, fmt.Sprintf("the package comment has no heading %q", "# "+h))
		}
	}
	return faults
}

func (s suite) description() []string {
	tool := s.newTool(fstest.MapFS{})
	d := tool.Describe()
	var faults []string
	known := false
	for _, n := range toolNames {
		known = known || n == d.Name
	}
	if !known {
		faults = append(faults, fmt.Sprintf("the name %q is none of %q", d.Name, toolNames))
	}
	if d.Summary == "" || unclean(d.Summary) || len(d.Summary) > 300 {
		faults = append(faults, fmt.Sprintf("the summary is no short sentence: %q", d.Summary))
	}
	var schema struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(d.Schema, &schema); err != nil || schema.Type != "object" {
		faults = append(faults, fmt.Sprintf("the schema is no JSON schema of an object (%v): %s", err, d.Schema))
	}
	for _, p := range d.Permissions {
		for word := range strings.FieldsSeq(strings.ToLower(p)) {
			switch strings.Trim(word, ",") {
			case "create", "update", "patch", "delete", "deletecollection", "exec", "*":
				faults = append(faults, fmt.Sprintf("the permission %q is not read-only", p))
			}
		}
	}
	if diff := cmp.Diff(d, tool.Describe()); diff != "" {
		faults = append(faults, "the description changes:\n"+diff)
	}
	return faults
}

// query asks a new tool over fsys, and judges the shape of its answer.
func (s suite) query(ctx context.Context, fsys fs.FS, req investigations.Request) (investigations.ToolResult, []string) {
	tool := s.newTool(fsys)
	r, err := tool.Query(ctx, req)
	if err != nil {
		return r, faultf("Query fails: %v", err)
	}
	return r, s.judge(tool.Describe().Name, r)
}

// judge returns what is wrong with the shape of an answer, whatever it found.
func (s suite) judge(name string, r investigations.ToolResult) []string {
	var faults []string
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if len(r.Facts) > s.opts.MaxFacts {
		add("%d facts, more than %d", len(r.Facts), s.opts.MaxFacts)
	}
	keys := map[string]bool{}
	for _, f := range r.Facts {
		switch {
		case f.Tool != name:
			add("a fact is of tool %q: %q", f.Tool, f.Says)
		case f.ID != "":
			add("a fact has an id already, %q: the run gives it", f.ID)
		case !strings.HasPrefix(f.Key, name+"/"):
			add("a fact's key %q does not begin with %q", f.Key, name+"/")
		case keys[f.Key]:
			add("two facts have the key %q", f.Key)
		case f.Says == "" || unclean(f.Says) || len(f.Says) > maxSays:
			add("a fact is no clean sentence of at most %d bytes: %q", maxSays, f.Says)
		case f.Source == "" || unclean(f.Source):
			add("the fact %q has no clean source: %q", f.Key, f.Source)
		}
		keys[f.Key] = true
		for k, v := range f.Values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				add("the fact %q has the value %s = %v", f.Key, k, v)
			}
		}
	}
	for _, b := range r.BlindSpots {
		if b.Tool != name || b.Why == "" || b.WouldTell == "" || unclean(b.Why) || unclean(b.WouldTell) {
			add("a blind spot is not complete and clean: %+q", b)
		}
	}
	for _, part := range foreignParts(name, r.Evidence) {
		add("it sets the evidence of %s", part)
	}
	return faults
}

// foreignParts names the parts of the evidence that are another tool's.
func foreignParts(name string, e investigations.Evidence) []string {
	set := map[string]bool{
		investigations.ToolKernlog:  e.Kernel != nil,
		investigations.ToolPods:     e.Pods != nil,
		investigations.ToolRollouts: e.Rollouts != nil,
		investigations.ToolMetrics:  e.Metrics != nil,
		investigations.ToolLogs:     e.Logs != nil,
		investigations.ToolProfiles: e.Profiles != nil,
	}
	var foreign []string
	for _, part := range toolNames {
		if set[part] && part != name {
			foreign = append(foreign, part)
		}
	}
	return foreign
}

func (s suite) sampleIsRead() []string {
	r, faults := s.query(context.Background(), s.opts.Tree, s.opts.Request)
	if len(r.Facts) == 0 {
		faults = append(faults, "the sample tree gives no fact")
	}
	if cmp.Equal(r.Evidence, investigations.Evidence{}) {
		faults = append(faults, "the sample tree gives no evidence")
	}
	return faults
}

func (s suite) sameAnswerTwice() []string {
	tool := s.newTool(s.opts.Tree)
	first, err1 := tool.Query(context.Background(), s.opts.Request)
	second, err2 := tool.Query(context.Background(), s.opts.Request)
	third, err3 := s.newTool(s.opts.Tree).Query(context.Background(), s.opts.Request)
	if err1 != nil || err2 != nil || err3 != nil {
		return faultf("errors %v, %v, %v", err1, err2, err3)
	}
	var faults []string
	if diff := cmp.Diff(first, second); diff != "" {
		faults = append(faults, "asked again, the tool answers otherwise:\n"+diff)
	}
	if diff := cmp.Diff(first, third); diff != "" {
		faults = append(faults, "a new tool answers otherwise:\n"+diff)
	}
	return faults
}

// sameAnswerConcurrently is for the race detector above all.
func (s suite) sameAnswerConcurrently() []string {
	tool := s.newTool(s.opts.Tree)
	want, err := tool.Query(context.Background(), s.opts.Request)
	if err != nil {
		return faultf("Query fails: %v", err)
	}
	faults := make([]string, 4)
	var wg sync.WaitGroup
	for i := range faults {
		wg.Go(func() {
			got, err := tool.Query(context.Background(), s.opts.Request)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				faults[i] = fmt.Sprintf("asked concurrently, the tool answers otherwise (%v):\n%s", err, diff)
			}
		})
	}
	wg.Wait()
	return nonEmpty(faults)
}

// anyTarget asks for what the tree does not hold, and for nothing at all.
func (s suite) anyTarget() []string {
	var faults []string
	for _, t := range []investigations.Target{
		{},
		{Namespace: "nowhere", Pod: "nobody-0"},
		{Namespace: "nowhere", Pod: "nobody-0", Container: "none"},
		{Namespace: "nowhere", Workload: "deployment/nobody"},
		{Namespace: "nowhere", Workload: "nobody"},
		{Namespace: "nowhere", Workload: "/"},
		{Node: "nowhere"},
		{Namespace: "../..", Pod: "\x1b[31m*?[", Container: "\u202e"},
	} {
		req := s.opts.Request
		req.Target = t
		_, f := s.query(context.Background(), s.opts.Tree, req)
		for _, fault := range f {
			faults = append(faults, fmt.Sprintf("target %+q: %s", t, fault))
		}
	}
	if _, f := s.query(context.Background(), s.opts.Tree, investigations.Request{}); len(f) > 0 {
		faults = append(faults, f...)
	}
	return faults
}

// unclean says that a text can't be printed as one line as it is.
func unclean(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
	})
}

func faultf(format string, args ...any) []string { return []string{fmt.Sprintf(format, args...)} }

func nonEmpty(in []string) []string {
	var out []string
	for _, s := range in {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}
