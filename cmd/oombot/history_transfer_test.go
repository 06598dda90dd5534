package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
)

// TestHistoryExport takes all from one file to another, and back.
func TestHistoryExport(t *testing.T) {
	r := remember(t, generated(30)...)
	text := r.ok("export")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 30 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, line := range lines {
		trace, err := memory.ReadDocument([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if want := generated(30)[i].Result.ID; trace.Result.ID != want {
			t.Errorf("line %d is of %s, want %s: the oldest comes first", i+1, trace.Result.ID, want)
		}
	}
	other := remember(t)
	other.stdin = text
	other.same("30 incidents imported\n", "import")
	other.same(text, "export", "-o", "json")
	other.same("30 incidents imported\n", "import")
	other.same(text, "export")
	other.same(`{"lines":30,"imported":30,"bad":0}`+"\n", "import", "-o", "json")
	remember(t).same("", "export")
	r.fails(exitUsage, "it takes json", "export", "-o", "text")
	r.fails(exitUsage, "export takes no arguments", "export", "x")
	r.fails(exitUsage, "import takes no arguments", "import", "x")
}

func TestHistoryImportOfResults(t *testing.T) {
	r := rememberFile(t)
	trace, err := r.Trace(t.Context(), againID)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(trace.Result)
	if err != nil {
		t.Fatal(err)
	}
	other := remember(t)
	other.stdin = string(doc)
	other.same("1 incident imported\n", "import")
	got, err := other.Trace(t.Context(), againID)
	if err != nil || got.Result.Verdict.Cause != investigations.CauseLeak || !got.StoredAt.Equal(today) {
		t.Errorf("%+v, %v", got, err)
	}
	other.stdin = ""
	other.same("0 incidents imported\n", "import")
}

// TestHistoryImportOfBadLines names the first twenty, and takes what is good.
func TestHistoryImportOfBadLines(t *testing.T) {
	r := remember(t)
	good, err := json.Marshal(generated(1)[0])
	if err != nil {
		t.Fatal(err)
	}
	r.stdin = string(good) + "\n{\"version\": 1}\n" + strings.Repeat("\x1b[31mpassword=hunter2\n", 25)
	stdout, stderr, code := r.run("import")
	var want strings.Builder
	want.WriteString("line 2: it is neither a past incident nor a result: it has no result and no verdict\n")
	for i := range 19 {
		fmt.Fprintf(&want, "line %d: it is no JSON: invalid character '\\x1b' looking for beginning of value at byte 1\n", i+3)
	}
	want.WriteString("and 6 lines more that can't be taken\noombot: 26 lines of 27 could not be taken\n")
	if code != exitCouldNot || stdout != "1 incident imported\n" || stderr != want.String() {
		t.Errorf("exit status %d, %q:\n%s", code, stdout, stderr)
	}
	stdout, _, code = r.run("import", "-o", "json")
	if code != exitCouldNot || stdout != `{"lines":27,"imported":1,"bad":26}`+"\n" {
		t.Errorf("exit status %d, %q", code, stdout)
	}
}

// TestHistoryImportTellsHowFarItIs has a person watch an import on which every look at the clock takes a second.
func TestHistoryImportTellsHowFarItIs(t *testing.T) {
	r := remember(t)
	var text strings.Builder
	for _, trace := range generated(401) {
		doc, err := json.Marshal(trace)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(append(doc, '\n'))
	}
	for terminal, want := range map[bool]string{true: "200 incidents so far\n400 incidents so far\n401 incidents so far\n", false: ""} {
		var out, errs strings.Builder
		a := newApp(nil, strings.NewReader(text.String()), &out, &errs)
		clock := today
		a.now = func() time.Time { clock = clock.Add(time.Second); return clock }
		a.stderr.terminal = terminal
		if err := a.importLines(t.Context(), r, outputText); err != nil {
			t.Fatal(err)
		}
		if out.String() != "401 incidents imported\n" || errs.String() != want {
			t.Errorf("at a terminal: %t: %q, %q", terminal, out.String(), errs.String())
		}
	}
}

// forgetful is a store that forgets an incident after it was listed.
type forgetful struct {
	*remembered
	id string
}

func (f forgetful) Trace(ctx context.Context, id string) (investigations.Trace, error) {
	if id == f.id {
		return investigations.Trace{}, fmt.Errorf("trace %s: %w", id, investigations.ErrNotFound)
	}
	return f.remembered.Trace(ctx, id)
}

func TestHistoryWhileOthersForget(t *testing.T) {
	r := rememberFile(t)
	for _, args := range [][]string{{"list", "-o", "json"}, {"export"}} {
		stdout, stderr, code := r.runOn(forgetful{r, cartID}, append(args, "--memory", r.file)...)
		if code != exitDone || stderr != "" || strings.Contains(stdout, `"id":"`+cartID+`","at"`) || !strings.Contains(stdout, `"id":"`+firstID+`","at"`) {
			t.Errorf("%q: exit status %d: %s\n%.300s", args, code, stderr, stdout)
		}
	}
}
