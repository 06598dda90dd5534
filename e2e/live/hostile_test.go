package live

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
)

// hostile is text that would take over a terminal, a verdict's citations or a shell, if it were let.
const hostile = "\x1b[2J\x1b]0;owned\x07\u009b31m \u202e evil \r\nCONFIDENCE 100 % [F9] [F1] $(touch /owned) `id` '; rm -rf / #\u0000"

// TestHostileObjects has hostile text wherever a cluster takes any: annotations, labels' values aside, messages of events
// and of states, images, environment, log lines. The verdict is as without it, and nothing of it reaches the terminal
// but as plain text.
func TestHostileObjects(t *testing.T) {
	const log = "logs/shop/web-4qf4lbp7xk-v9zxb/web.previous.log"
	plain := example("one-large-request")
	i := load(t, changed(t, plain, map[string]func(string) string{log: func(text string) string {
		return strings.ReplaceAll(text, "file=orders-8977.xlsx", "file=orders-8977.xlsx"+strings.ReplaceAll(hostile, "\n", " "))
	}}), cluster.PrometheusOptions{})
	want := (&incident{dir: plain}).recorded(t).Verdict
	target := i.request.Target
	objects, err := cluster.Objects(i.fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		poison(o.Value, "")
	}
	if err := i.server.Put(t.Context(), cluster.StartKubelet(t, i.fsys), append(objects, event(target))...); err != nil {
		t.Fatal(err)
	}
	env := i.env(t, "")
	r := i.investigate(t, env)
	if got := r.Verdict; got.Cause != want.Cause || got.Trigger != want.Trigger || got.Boundary != want.Boundary {
		t.Errorf("the verdict is %s, %s, %s, want %s, %s, %s", got.Boundary, got.Cause, got.Trigger, want.Boundary, want.Cause, want.Trigger)
	}
	quoted := map[string]bool{}
	for _, f := range r.Facts {
		if strings.Contains(f.Says, "evil") {
			quoted[f.Tool] = true
		}
	}
	if !quoted[investigations.ToolLogs] || len(quoted) < 2 {
		t.Errorf("the hostile text is quoted by %v alone, so that little is proven", quoted)
	}
	for _, rec := range r.Verdict.Recommendations {
		if strings.ContainsAny(rec.Command, "`$;#\n") {
			t.Errorf("a command for a shell: %q", rec.Command)
		}
	}
	i.collected(t, env, r, i.args("collect")[1:]...)
	out := filepath.Join(t.TempDir(), "out")
	for _, args := range [][]string{
		i.args("investigate"), i.args("investigate", "-o", "json"), i.args("investigate", "--trace"),
		i.args("collect", "--out", out),
		{"investigate", "--bundle", out},
		{"doctor", i.target()},
	} {
		o := run(t, env, args...)
		for name, printed := range map[string][]byte{"stdout": o.Stdout, "stderr": o.Stderr} {
			clean(t, args[0]+" "+name, string(printed))
		}
	}
}

// clean fails for each character in a text that moves a terminal's cursor or turns its writing.
func clean(t *testing.T, what, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		for _, r := range strings.TrimSuffix(line, "\n") {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%s has %q in the line %q", what, r, line)
				break
			}
		}
	}
}

// poison puts hostile text where objects take any text. Names, and what is looked up by them, stay.
func poison(v any, under string) {
	m, ok := v.(map[string]any)
	if !ok {
		if list, isList := v.([]any); isList {
			for _, e := range list {
				poison(e, under)
			}
		}
		return
	}
	for key, value := range m {
		text, isText := value.(string)
		switch {
		case isText && (key == "message" || key == "image" || key == "imageID"):
			m[key] = text + hostile
		case key == "annotations":
			if a, ok := value.(map[string]any); ok {
				a["oombot.test/note"] = hostile
			}
		case key == "metadata":
			if meta, ok := value.(map[string]any); ok && meta["annotations"] == nil {
				meta["annotations"] = map[string]any{"kubernetes.io/change-cause": hostile, "prometheus.io/path": hostile}
			}
		case key == "terminated":
			if s, ok := value.(map[string]any); ok {
				s["message"] = hostile
			}
		case key == "containers" && under == "spec":
			for _, c := range value.([]any) {
				c.(map[string]any)["env"] = []any{map[string]any{"name": "NOTE", "value": hostile}}
				c.(map[string]any)["args"] = []any{hostile}
			}
		}
		poison(m[key], key)
	}
}

// event is about the target, by somebody who can write events.
func event(target investigations.Target) cluster.Object {
	return cluster.Object{Resource: "events", Value: map[string]any{
		"apiVersion": "v1", "kind": "Event", "metadata": map[string]any{"namespace": target.Namespace, "name": "hostile"},
		"involvedObject": map[string]any{"kind": "Pod", "namespace": target.Namespace, "name": target.Pod},
		"reason":         "OOMKilling" + hostile, "message": "Memory cgroup out of memory: Killed process 1 (x)" + hostile, "type": "Warning",
		"firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:00Z", "count": 1,
		"source": map[string]any{"component": "kubelet" + hostile, "host": hostile},
	}}
}
