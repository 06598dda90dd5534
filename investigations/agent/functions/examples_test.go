package functions

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
	"github.com/oombot/oombot/investigations/rules"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kernlog"
	"github.com/oombot/oombot/tools/logs"
	"github.com/oombot/oombot/tools/metrics"
	"github.com/oombot/oombot/tools/pods"
	"github.com/oombot/oombot/tools/profiles"
	"github.com/oombot/oombot/tools/rollouts"
)

// investigation is an example that the rules have judged.
type investigation struct {
	req investigations.Request
	res *investigations.Result
	ev  *investigations.Evidence
}

func (i investigation) set(recall investigations.Recaller) *Set {
	return New(i.req, i.res, i.ev, recall)
}

var (
	examplesMu sync.Mutex
	examples   = map[string]investigation{}
)

// exampleNames lists the examples.
func exampleNames(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob("../../../examples/*/incident.yaml")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	var out []string
	for _, d := range dirs {
		out = append(out, filepath.Base(filepath.Dir(d)))
	}
	return out
}

// example investigates one of the examples, once for all tests, which leave it as it is.
func example(t testing.TB, name string) investigation {
	t.Helper()
	examplesMu.Lock()
	defer examplesMu.Unlock()
	if i, ok := examples[name]; ok {
		return i
	}
	i := investigate(t, filepath.Join("../../../examples", name))
	examples[name] = i
	return i
}

// investigate looks at the bundle in dir as the program does, without a memory.
func investigate(t testing.TB, dir string) investigation {
	t.Helper()
	b, err := bundle.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	fsys := b.FS()
	tools := []investigations.Tool{
		kernlog.New(fsys), pods.New(fsys), rollouts.New(fsys), metrics.New(fsys), logs.New(fsys), profiles.New(fsys),
	}
	for i := range tools {
		tools[i] = investigations.WithBlindSpots(tools[i], b.BlindSpots)
	}
	res, ev, err := investigations.Run(t.Context(), b.Request(), tools, rules.New(), investigations.Options{
		SourceTimeout: time.Minute, Redact: redact.Text,
	})
	if err != nil {
		t.Fatal(err)
	}
	return investigation{b.Request(), res, ev}
}

// call answers a call that has to succeed.
func call(t testing.TB, s *Set, name, arguments string) Answer {
	t.Helper()
	a, err := s.Call(t.Context(), name, arguments)
	if err != nil {
		t.Fatalf("%s %s: %v", name, arguments, err)
	}
	return a
}

// says joins the sentences of an answer, each on a line, and its note.
func says(a Answer) string {
	text := ""
	for _, f := range a.Facts {
		text += f.Says + "\n"
	}
	return text + "note: " + a.Note
}

func ptr[T any](v T) *T { return &v }
