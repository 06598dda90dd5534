package functions

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/oombot/oombot/internal/judgetest"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/investigations/redact"
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
	j := judgetest.Folder(t, dir, investigations.Options{SourceTimeout: time.Minute, Redact: redact.Text})
	return investigation{j.Request, j.Result, j.Evidence}
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
