package toolstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/oombot/oombot/investigations"
)

const petsFile = "pets.json"

// pets is the smallest tool that keeps every promise. Its quirks are the ways in which a tool can break one.
type pets struct {
	fsys  fs.FS
	quirk string
}

func (p pets) Describe() investigations.Description {
	d := investigations.Description{
		Name: investigations.ToolPods, Summary: "Reads about pets.",
		Schema: json.RawMessage(`{"type": "object"}`), Permissions: []string{"get pets"},
	}
	switch p.quirk {
	case "unknown name":
		d.Name = "pets"
	case "no schema":
		d.Schema = nil
	case "writes":
		d.Permissions = []string{"delete pods"}
	case "changing description":
		d.Summary += fmt.Sprint(rand.Int())
	}
	return d
}

func (p pets) Query(ctx context.Context, req investigations.Request) (investigations.ToolResult, error) {
	var r investigations.ToolResult
	blind := func(why string) {
		r.BlindSpots = append(r.BlindSpots, investigations.BlindSpot{
			Tool: investigations.ToolPods, Why: investigations.CleanText(why, 400), WouldTell: "whose pet it is",
		})
	}
	if ctx.Err() != nil && p.quirk != "ignores the context" {
		return r, fmt.Errorf("pets: %w", ctx.Err())
	}
	names, err := p.read()
	if err != nil {
		if p.quirk == "fails" {
			return r, err
		}
		if p.quirk == "names no file" {
			err = errors.New("it broke")
		}
		if p.quirk != "keeps silent" {
			blind(err.Error())
		}
		return r, nil
	}
	if ctx.Err() != nil && p.quirk != "ignores the context" {
		blind("stopped early")
	}
	p.state(&r, req, names)
	return r, nil
}

func (p pets) read() ([]string, error) {
	f, err := p.fsys.Open(petsFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", petsFile, err)
	}
	if p.quirk != "leaves files open" {
		defer f.Close()
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", petsFile, err)
	}
	var doc struct{ Items []string }
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", petsFile, err)
	}
	if len(doc.Items) == 0 {
		return nil, fmt.Errorf("%s: no items", petsFile)
	}
	return doc.Items, nil
}

func (p pets) state(r *investigations.ToolResult, req investigations.Request, names []string) {
	r.Evidence.Pods = &investigations.PodEvidence{HasPods: true}
	f := investigations.Fact{
		Tool: investigations.ToolPods, Key: "pods/pets", Source: petsFile, Says: fmt.Sprintf("the pets are %+q", names),
	}
	switch p.quirk {
	case "foreign evidence":
		r.Evidence.Kernel = &investigations.KernelEvidence{}
	case "raw text":
		f.Says = names[0]
	case "no source":
		f.Source = ""
	case "foreign key":
		f.Key = "pets"
	case "gives ids":
		f.ID = "F1"
	case "not a number":
		f.Values = map[string]float64{"pets": math.NaN()}
	case "random":
		f.Says = fmt.Sprint(rand.Int())
	case "same key twice":
		r.Facts = append(r.Facts, f)
	case "chatter":
		for i := range 20 {
			r.Facts = append(r.Facts, f)
			r.Facts[i].Key = fmt.Sprint("pods/", i)
		}
	case "afraid of nodes":
		if req.Target.Node != "" {
			f.Source = ""
		}
	}
	r.Facts = append(r.Facts, f)
}

func petsSuite(quirk string) suite {
	return suite{
		newTool: func(fsys fs.FS) investigations.Tool { return pets{fsys: fsys, quirk: quirk} },
		opts: Options{
			Tree: fstest.MapFS{petsFile: {Data: []byte(`{"items": ["rex", "tom"]}`)}},
			Request: investigations.Request{
				At: time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC), Target: investigations.Target{Namespace: "shop", Pod: "rex-0"},
			},
			Dir:      "testdata/documented",
			MaxFacts: 10,
		},
	}
}

func TestGoodToolPasses(t *testing.T) {
	s := petsSuite("")
	TestTool(t, s.newTool, Options{Tree: s.opts.Tree, Request: s.opts.Request, Dir: s.opts.Dir})
}

func TestEachBrokenPromiseIsFound(t *testing.T) {
	tests := []struct{ quirk, check string }{
		{"unknown name", "description"},
		{"no schema", "description"},
		{"writes", "description"},
		{"changing description", "description"},
		{"leaves files open", "files are closed"},
		{"fails", "nothing there"},
		{"keeps silent", "nothing there"},
		{"keeps silent", "file is garbage"},
		{"names no file", "nothing opens"},
		{"names no file", "file breaks off while read"},
		{"names no file", "file is cut off"},
		{"names no file", "file is garbage"},
		{"names no file", "file is a folder"},
		{"foreign evidence", "sample is read"},
		{"raw text", "text is hostile"},
		{"no source", "sample is read"},
		{"foreign key", "sample is read"},
		{"gives ids", "sample is read"},
		{"not a number", "sample is read"},
		{"same key twice", "sample is read"},
		{"chatter", "sample is read"},
		{"random", "same answer twice"},
		{"random", "same answer concurrently"},
		{"afraid of nodes", "any target"},
		{"ignores the context", "cancelled before"},
		{"ignores the context", "cancelled meanwhile"},
	}
	for _, test := range tests {
		t.Run(test.quirk+", "+test.check, func(t *testing.T) {
			i := slices.IndexFunc(checks, func(c check) bool { return c.name == test.check })
			if i < 0 {
				t.Fatalf("no check %q", test.check)
			}
			if faults := checks[i].run(petsSuite(test.quirk)); len(faults) == 0 {
				t.Error("not found")
			}
		})
	}
}

func TestPackageCommentIsLookedAt(t *testing.T) {
	s := petsSuite("")
	s.opts.Dir = "." // this package is no source and has no such headings
	if faults := s.packageComment(); len(faults) != len(headings) {
		t.Errorf("faults %q, want one for each of %q", faults, headings)
	}
	s.opts.Dir = t.TempDir()
	if faults := s.packageComment(); len(faults) != 1 || !strings.Contains(faults[0], "no Go files") {
		t.Errorf("faults %q for an empty folder", faults)
	}
}

func TestWatchedFSConforms(t *testing.T) {
	w := &watchedFS{tree: fstest.MapFS{"a/b.json": {Data: []byte("{}")}, "c.log": {Data: []byte("x")}}}
	if err := fstest.TestFS(w, "a/b.json", "c.log"); err != nil {
		t.Error(err)
	}
}
