package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// today is the present of the tests of history.
var today = time.Date(2026, 1, 8, 12, 0, 0, 0, time.UTC)

// remembered is a store of past incidents, and the file that stands for it.
type remembered struct {
	memory.Store
	t    *testing.T
	file string
	// stdin is what the next command reads.
	stdin string
	// env is the environment of the commands.
	env []string
}

// Close keeps the store open for the next command.
func (r *remembered) Close() error { return nil }

// remember returns a store that holds traces.
func remember(t *testing.T, traces ...investigations.Trace) *remembered {
	t.Helper()
	r := &remembered{Store: memorytest.New(func() time.Time { return today }), t: t, file: filepath.Join(t.TempDir(), "memory.db")}
	if err := r.Keep(t.Context(), traces...); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// generated are n incidents of a made-up history, the oldest first.
func generated(n int) []investigations.Trace {
	var out []investigations.Trace
	for i := range n {
		out = append(out, memorytest.Trace(1, i))
	}
	return out
}

// run runs a command of history on the store.
func (r *remembered) run(args ...string) (stdout, stderr string, code int) {
	r.t.Helper()
	return r.runOn(r, append(args, "--memory", r.file)...)
}

// runOn runs a command of history, for which store is in every file.
func (r *remembered) runOn(store memory.Store, args ...string) (stdout, stderr string, code int) {
	r.t.Helper()
	var out, errs bytes.Buffer
	a := newApp(r.env, strings.NewReader(r.stdin), &out, &errs)
	a.now = func() time.Time { return today }
	a.user = func() string { return "ann" }
	a.openFile = func(context.Context, string) (memory.Store, error) {
		if store == nil {
			return nil, errors.New("it is locked by process 42")
		}
		return store, nil
	}
	root := newRoot(a)
	root.SetArgs(append([]string{"history"}, args...))
	cmd, err := root.ExecuteContextC(r.t.Context())
	code = a.exitStatus(r.t.Context(), cmd, err)
	return out.String(), errs.String(), code
}

// ok is run for commands that do their work and say nothing on standard error.
func (r *remembered) ok(args ...string) string {
	r.t.Helper()
	stdout, stderr, code := r.run(args...)
	if code != exitDone || stderr != "" {
		r.t.Fatalf("oombot history %q: exit status %d, standard error:\n%s", args, code, stderr)
	}
	return stdout
}

// fails is run for commands that don't: it checks the exit status, that nothing is on standard output, and that standard
// error says what.
func (r *remembered) fails(code int, says string, args ...string) {
	r.t.Helper()
	stdout, stderr, got := r.run(args...)
	if got != code || stdout != "" || !strings.Contains(stderr, says) {
		r.t.Errorf("oombot history %q: exit status %d, want %d and %q in standard error; standard output:\n%sstandard error:\n%s",
			args, got, code, says, stdout, stderr)
	}
}

func TestPrintAll(t *testing.T) {
	r := remember(t, generated(60)...)
	out := r.ok("list", "--limit", "6")
	t.Log("\n" + out)
	id := memorytest.Trace(1, 59).Result.ID
	for i := range 60 {
		if tr := memorytest.Trace(1, i); len(tr.Result.Precedents) > 0 && len(tr.Feedback) > 0 {
			id = tr.Result.ID
		}
	}
	t.Log("\n" + r.ok("show", id))
	t.Log("\n" + r.ok("similar", id))
	t.Log("\n" + r.ok("graph", id))
	t.Log("\n" + r.ok("graph", id, "-o", "mermaid"))
	t.Log("\n" + r.ok("stats"))
	t.Log("\n" + r.ok("graph", id, memorytest.Trace(1, 3).Result.ID))
}
