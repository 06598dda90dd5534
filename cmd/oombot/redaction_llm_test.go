package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations/agent/modeltest"
	"github.com/oombot/oombot/investigations/redact"
)

// TestNoSecretReachesAModel investigates a bundle full of secrets with a model that calls every function, writes
// secrets into its calls and repeats whatever looks like one: none is sent, printed, traced or recorded.
func TestNoSecretReachesAModel(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, planted(t)); err != nil {
		t.Fatal(err)
	}
	memory, talk := filepath.Join(t.TempDir(), "memory.db"), filepath.Join(t.TempDir(), "talk.jsonl")
	var calls []modeltest.Call
	for _, name := range []string{"kernlog", "pods", "metrics", "rollouts", "logs", "profiles", "past_incidents", "exec"} {
		calls = append(calls, modeltest.Call{Name: name, Arguments: `{"password":"` + mark + `"}`}, modeltest.Call{Name: name, Arguments: "{}"})
	}
	server, env := askedModel(t, modeltest.Sequence(
		modeltest.Always(modeltest.Reply{Calls: calls[:8]}), modeltest.Always(modeltest.Reply{Calls: calls[8:]}),
		modeltest.Echo(regexp.MustCompile(mark+`\w*`), modeltest.Honest(map[string]any{"headline": "It cost 4711 dollars."})),
	))
	check := func(where, text string) {
		t.Helper()
		for line := range strings.Lines(text) {
			if i := strings.Index(line, mark); i >= 0 {
				t.Errorf("%s: …%s…", where, line[max(0, i-60):min(len(line), i+60)])
			}
			if strings.Contains(line, server.Key()) {
				t.Errorf("%s holds the key: %s", where, line)
			}
		}
	}
	stdout, stderr, code := runWith(t, env, "investigate", "--bundle", dir, "--trace", "--memory", memory, "--llm-record", talk, "-o", "json")
	if code != exitDone {
		t.Fatalf("exit status %d: %s", code, stderr)
	}
	check("standard output", stdout)
	check("the trace", stderr)
	if !strings.Contains(stderr, `msg="claim refused"`) || !strings.Contains(stderr, redact.Masked) {
		t.Errorf("nothing was masked, so nothing was tried:\n%s", stderr)
	}
	stdout, stderr, code = runWith(t, env, "ask", "01KP8GNHW0", "what of token="+mark+"?", "--memory", memory)
	if code != exitDone {
		t.Fatalf("exit status %d: %s", code, stderr)
	}
	check("the answer", stdout+stderr)
	recorded, err := os.ReadFile(talk)
	if err != nil {
		t.Fatal(err)
	}
	check("the transcript", string(recorded))
	check("what was sent", server.Text())
	if sent := server.Text(); len(server.Requests()) < 4 || !strings.Contains(sent, redact.Masked) {
		t.Errorf("%d requests; nothing was masked in them", len(server.Requests()))
	}
}
