package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// The incidents in testdata/history/incidents.jsonl, the newest first.
const (
	againID = "01KAYWNQPMZ5W1N9N9N9N9N9N2" // checkout leaks once more
	cartID  = "01KAWGGZM8Z5W1N9N9N9N9N9N3" // cart, whose verdict people corrected
	firstID = "01KAWCSV48Z5W1N9N9N9N9N9N1" // checkout leaks
	probeID = "01KAGB9R80Z5W1N9N9N9N9N9N4" // ledger, which was no OOM
)

// today is the present of the tests of history.
var today = time.Date(2025, 11, 28, 12, 0, 0, 0, time.UTC)

// remembered is a store of past incidents, and the file that stands for it.
type remembered struct {
	memory.Store
	t    *testing.T
	file string
	// stdin is what the next commands read, and env their environment.
	stdin string
	env   []string
	// width is the columns of standard output.
	width int
}

// Close keeps the store open for the next command.
func (r *remembered) Close() error { return nil }

// remember returns a store that holds traces.
func remember(t *testing.T, traces ...investigations.Trace) *remembered {
	t.Helper()
	r := &remembered{
		Store: memorytest.New(func() time.Time { return today }), t: t, file: filepath.Join(t.TempDir(), "memory.db"), width: 80,
	}
	if err := r.Keep(t.Context(), traces...); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

// rememberFile returns a store that holds the incidents in testdata/history/incidents.jsonl.
func rememberFile(t *testing.T) *remembered {
	t.Helper()
	text, err := os.ReadFile("testdata/history/incidents.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	r := remember(t)
	r.stdin = string(text)
	if out := r.ok("import"); out != "4 incidents imported\n" {
		t.Fatalf("got %q", out)
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

// runOn runs a command of history; every file holds store.
func (r *remembered) runOn(store memory.Store, args ...string) (stdout, stderr string, code int) {
	r.t.Helper()
	var out, errs bytes.Buffer
	a := newApp(r.env, strings.NewReader(r.stdin), &out, &errs)
	a.stdout.width = r.width
	a.now = func() time.Time { return today }
	a.user = func() string { return "ann" }
	a.openFile = func(context.Context, string, *slog.Logger) (memory.Store, error) {
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

// fails is run for commands that don't: standard output stays empty, and standard error says why.
func (r *remembered) fails(code int, says string, args ...string) {
	r.t.Helper()
	stdout, stderr, got := r.run(args...)
	if got != code || stdout != "" || !strings.Contains(stderr, says) {
		r.t.Errorf("oombot history %q: exit status %d, want %d and %q\nstandard output:\n%s\nstandard error:\n%s", args, got, code, says, stdout, stderr)
	}
}

// same compares what a command printed with a text.
func (r *remembered) same(want string, args ...string) {
	r.t.Helper()
	if d := cmp.Diff(want, r.ok(args...)); d != "" {
		r.t.Errorf("oombot history %q (-want +got)\n%s", args, d)
	}
}

// onAnyID are the commands of history that take an id.
var onAnyID = [][]string{{"show"}, {"similar"}, {"graph"}, {"forget"}, {"feedback", "up"}}

func withID(command []string, id string) []string {
	return append([]string{command[0], id}, command[1:]...)
}

func TestHistoryFindsByTheBeginning(t *testing.T) {
	r := rememberFile(t)
	for _, given := range []string{againID, againID[:10], againID[:6], strings.ToLower(againID), strings.ToLower(againID[:8])} {
		if out := r.ok("show", given); !strings.Contains(out, "checkout-66f5c9d7b4-k8s2q") {
			t.Errorf("%s shows another incident:\n%s", given, out)
		}
	}
	const unknown = "; 'oombot history list' shows what there is"
	for _, c := range onAnyID {
		r.fails(exitCouldNot, `there is no incident "01KAYWZZZZ"`+unknown, withID(c, "01KAYWZZZZ")...)
		r.fails(exitCouldNot, `there is no incident "nope"; the beginning of an id needs at least 6 letters`, withID(c, "nope")...)
		r.fails(exitCouldNot, "there is no incident \"\ufffd[31m", withID(c, "\x1b[31mNO-SUCH-INCIDENT")...)
	}
	r.fails(exitCouldNot, `there is no incident "`+probeID[:25], "graph", againID, probeID[:25]+"9")
}

func TestHistoryNamesWhatABeginningFits(t *testing.T) {
	var traces []investigations.Trace
	for i := range 7 {
		trace := memorytest.Trace(1, i)
		trace.Result.ID = "01KAWCSV48Z5W1N9N9N9N9N9N" + string(rune('1'+i))
		traces = append(traces, trace)
	}
	r := remember(t, traces...)
	_, stderr, code := r.run("show", "01kawcsv")
	if code != exitCouldNot || strings.Count(stderr, "01KAWCSV48Z5W1N9N9N9N9N9N") != 5 || !strings.Contains(stderr, `"01kawcsv" is the beginning of several ids: `) ||
		!strings.Contains(stderr, " and 2 more\n") {
		t.Errorf("exit status %d: %s", code, stderr)
	}
	if r.fails(exitCouldNot, "several ids", "forget", "01KAWCSV"); len(r.ok("list", "-o", "json")) < 1000 {
		t.Error("something was forgotten all the same")
	}
}

func TestHistoryNeedsAFile(t *testing.T) {
	r := remember(t)
	gone := filepath.Join(t.TempDir(), "gone.db")
	commands := [][]string{
		{"list"},
		{"search", "x"},
		{"show", againID},
		{"similar", againID},
		{"graph", againID},
		{"stats"},
		{"forget", againID},
		{"export"},
		{"import"},
		{"backup", gone},
		{"compact"},
		{"feedback", againID, "up"},
	}
	for _, c := range commands {
		for _, how := range [][]string{nil, {"--memory", "none"}} {
			stdout, stderr, code := r.runOn(r, append(c, how...)...)
			if code != exitUsage || stdout != "" || !strings.Contains(stderr, "give --memory FILE, set OOMBOT_MEMORY, or set memory.file in the configuration") {
				t.Errorf("%q without a file: exit status %d: %s", append(c, how...), code, stderr)
			}
		}
		if _, stderr, code := r.runOn(r, append(c, "--memory", "")...); code != exitUsage || !strings.Contains(stderr, "--memory needs the file") {
			t.Errorf("%q with an empty file name: exit status %d: %s", c, code, stderr)
		}
		stdout, stderr, code := r.runOn(r, append(c, "--memory", gone)...)
		if c[0] == "import" {
			if code != exitDone {
				t.Errorf("import begins no file: exit status %d: %s", code, stderr)
			}
		} else if code != exitCouldNot || stdout != "" || !strings.Contains(stderr, "nothing is remembered yet, there is no file "+gone) {
			t.Errorf("%q with a file that is not there: exit status %d: %s", c, code, stderr)
		}
		if _, stderr, code := r.runOn(nil, append(c, "--memory", r.file)...); code != exitCouldNot || stderr != "oombot: it is locked by process 42\n" {
			t.Errorf("%q with a file that can't be opened: exit status %d: %s", c, code, stderr)
		}
	}
	if stdout, stderr, code := r.runOn(r, "list"); code != exitUsage || stdout != "" {
		t.Errorf("exit status %d: %s", code, stderr)
	}
}

// TestHistoryIsConfigured names the file in the configuration and in the environment.
func TestHistoryIsConfigured(t *testing.T) {
	r := rememberFile(t)
	conf := filepath.Join(t.TempDir(), "oombot.yaml")
	if err := os.WriteFile(conf, []byte("memory: {file: "+r.file+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{"file": {"list", "--config", conf}, "before": {"--config", conf, "list"}} {
		if stdout, stderr, code := r.runOn(r, args...); code != exitDone || !strings.Contains(stdout, againID) {
			t.Errorf("%s: exit status %d: %s", name, code, stderr)
		}
	}
	r.env = []string{"OOMBOT_MEMORY=" + r.file}
	if stdout, stderr, code := r.runOn(r, "list"); code != exitDone || !strings.Contains(stdout, againID) {
		t.Errorf("environment: exit status %d: %s", code, stderr)
	}
	if _, stderr, code := r.runOn(r, "list", "--memory", "none"); code != exitUsage {
		t.Errorf("the flag goes before the environment: exit status %d: %s", code, stderr)
	}
	if err := os.WriteFile(conf, []byte("memroy: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := r.runOn(r, "list", "--config", conf); code != exitCouldNot || !strings.Contains(stderr, "did you mean memory?") {
		t.Errorf("a faulty configuration: exit status %d: %s", code, stderr)
	}
}

// TestHistorySaysWhatTheStoreSays has the store fail in every command.
func TestHistorySaysWhatTheStoreSays(t *testing.T) {
	r := rememberFile(t)
	fake := memorytest.New(time.Now)
	if err := fake.Close(); err != nil { // everything fails from then on
		t.Fatal(err)
	}
	r.stdin = `{"version": 1, "id": "` + againID + `", "at": "2026-03-04T02:17:09Z", "verdict": {}}`
	for _, c := range [][]string{
		{"list"},
		{"list", "-o", "json"},
		{"search", "x"},
		{"show", againID},
		{"similar", againID},
		{"graph", againID},
		{"stats"},
		{"forget", againID},
		{"forget", "--namespace", "shop"},
		{"forget", "--namespace", "shop", "--dry-run"},
		{"export"},
		{"import"},
		{"backup", filepath.Join(t.TempDir(), "x")},
		{"compact"},
		{"feedback", againID, "up"},
	} {
		stdout, stderr, code := r.runOn(fake, append(c, "--memory", r.file)...)
		if code != exitCouldNot || stdout != "" || !strings.Contains(stderr, memory.ErrClosed.Error()) {
			t.Errorf("%q: exit status %d, %q: %s", c, code, stdout, stderr)
		}
	}
}
