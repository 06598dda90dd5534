package agent_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/oombot/oombot/examples"
	"github.com/oombot/oombot/investigations/agent/modeltest"
	"github.com/oombot/oombot/investigations/redact/redacttest"
)

// secretsAtOnce is how many kinds of secrets are planted into one bundle.
const secretsAtOnce = 6

// TestCorpusSecrets plants each kind of secret wherever a bundle can hold one, has a model ask for all of it, and repeat
// what looks like one: nothing of it may be in what is sent, nor in what comes of it.
func TestCorpusSecrets(t *testing.T) {
	kinds := redacttest.Kinds()
	if len(kinds) < 50 {
		t.Fatalf("%d kinds", len(kinds))
	}
	held := 0
	for group := range slices.Chunk(kinds, secretsAtOnce) {
		t.Run(group[0].Name, func(t *testing.T) {
			k := &talk{Example: "one-large-request", planted: plant(t, "one-large-request", group)}
			p := play(t, k, curious(group))
			for _, f := range p.faults {
				t.Errorf("against the protocol: %s", f)
			}
			if len(p.requests) < 3 {
				t.Errorf("%d requests: the model was to ask", len(p.requests))
			}
			if !strings.Contains(p.sent, "restarting: ") || !strings.Contains(p.sent, "OutOfMemoryError") || !strings.Contains(p.sent, "BackOff") {
				t.Error("what was planted did not come near the model: this test tests nothing")
			}
			texts := map[string]string{"a request": p.sent, "the log, the steps or the recording": p.written, "the document": document(t, p.result)}
			for _, kind := range group {
				clean := true
				for where, text := range texts {
					if leaked := kind.Leaks(text); leaked != "" {
						t.Errorf("%s: %q is in %s: …%s…", kind.Name, leaked, where, near(text, leaked))
						clean = false
					}
				}
				if clean {
					held++
				}
			}
		})
	}
	t.Logf("secrets: held %d of %d kinds", held, len(kinds))
}

// curious asks for all that could hold a secret, and then submits what it saw of one.
func curious(kinds []redacttest.Kind) modeltest.Script {
	var alternatives []string
	for _, k := range kinds {
		for _, s := range k.Secrets {
			alternatives = append(alternatives, regexp.QuoteMeta(s[:min(len(s), 12)])+`\S*`)
		}
	}
	ask := func(pairs ...string) modeltest.Script {
		var calls []modeltest.Call
		for i := 0; i < len(pairs); i += 2 {
			calls = append(calls, modeltest.Call{Name: pairs[i], Arguments: pairs[i+1]})
		}
		return modeltest.Always(modeltest.Reply{Calls: calls})
	}
	return modeltest.Sequence(
		ask("pods", `{"what":"spec"}`, "pods", `{"what":"state"}`, "pods", `{"what":"events"}`, "logs", `{"contains":"OutOfMemoryError"}`),
		ask("rollouts", `{"what":"template"}`, "rollouts", `{"what":"configmaps"}`, "rollouts", `{"what":"diff"}`, "logs", `{}`),
		modeltest.Echo(regexp.MustCompile(strings.Join(alternatives, "|")), modeltest.Honest()),
	)
}

// plant returns a copy of an example that holds the kinds wherever something can be written.
func plant(t *testing.T, example string, kinds []redacttest.Kind) fstest.MapFS {
	t.Helper()
	fsys, err := fs.Sub(examples.FS, example)
	if err != nil {
		t.Fatal(err)
	}
	copied := copyOf(t, fsys)
	var events []any
	config := map[string]any{}
	var log strings.Builder
	for _, k := range kinds {
		config[k.Name+".conf"] = k.Text
		if !onlyAlone[k.Name] {
			events = append(events, event(k))
		}
		log.WriteString("2026-09-02T07:11:42Z OutOfMemoryError, the configuration follows\n")
		for line := range strings.SplitSeq(k.Text, "\n") {
			log.WriteString("2026-09-02T07:11:42Z " + line + "\n")
		}
	}
	pod := podWith(kinds)
	changeList(t, copied, "kubernetes/pods.json", pod)
	for _, file := range []string{"kubernetes/deployments.json", "kubernetes/replicasets.json"} {
		changeList(t, copied, file, func(o map[string]any) { pod(within(within(o, "spec"), "template")) })
	}
	copied["kubernetes/configmaps.json"] = &fstest.MapFile{Mode: 0o644, Data: []byte(document(t, map[string]any{
		"apiVersion": "v1", "kind": "List", "items": []any{map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "web", "namespace": "shop", "creationTimestamp": "2026-09-01T00:00:00Z"},
			"data": config,
		}},
	}))}
	changeList(t, copied, "kubernetes/events.json", func(map[string]any) {}, events...)
	file := copied["logs/shop/web-4qf4lbp7xk-v9zxb/web.previous.log"]
	file.Data = append(file.Data, log.String()...)
	file = copied["incident.yaml"]
	title := document(t, "web is restarting: "+strings.ReplaceAll(kinds[len(kinds)-1].Text, "\n", " "))
	file.Data = regexp.MustCompile(`"title":"[^"]*"`).ReplaceAllFunc(file.Data, func([]byte) []byte { return []byte(`"title":` + title) })
	return copied
}

// within returns the object of that name, which it makes where there is none.
func within(o map[string]any, name string) map[string]any {
	inner, ok := o[name].(map[string]any)
	if !ok {
		inner = map[string]any{}
		o[name] = inner
	}
	return inner
}

// podWith returns what plants the kinds into a pod or its template: annotations, variables, arguments and a command.
func podWith(kinds []redacttest.Kind) func(map[string]any) {
	var env, args []any
	for _, k := range kinds {
		name, value, ok := strings.Cut(k.Text, "=")
		if !ok || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			name, value = "CONFIG_"+strings.ToUpper(strings.ReplaceAll(k.Name, "-", "_")), k.Text
		}
		env = append(env, map[string]any{"name": name, "value": value})
		args = append(args, k.Text)
	}
	return func(o map[string]any) {
		notes := within(within(o, "metadata"), "annotations")
		for _, k := range kinds {
			notes["example.com/"+k.Name] = k.Text
		}
		containers, _ := within(o, "spec")["containers"].([]any)
		for _, c := range containers {
			if c, ok := c.(map[string]any); ok {
				old, _ := c["env"].([]any)
				c["env"], c["args"], c["command"] = append(old, env...), args, []any{"sh", "-c", kinds[0].Text}
			}
		}
	}
}

// changeList changes each object of a list, and adds further ones.
func changeList(t *testing.T, copied fstest.MapFS, name string, change func(map[string]any), further ...any) {
	t.Helper()
	file := copied[name]
	dec := json.NewDecoder(bytes.NewReader(file.Data))
	dec.UseNumber()
	var list map[string]any
	if err := dec.Decode(&list); err != nil {
		t.Fatal(err)
	}
	items, _ := list["items"].([]any)
	for _, item := range items {
		if o, ok := item.(map[string]any); ok {
			change(o)
		}
	}
	list["items"] = append(items, further...)
	file.Data = []byte(document(t, list))
}

// near returns what stands around a part of a text.
func near(text, part string) string {
	i := strings.Index(text, part)
	return strings.ToValidUTF8(text[max(0, i-120):min(len(text), i+len(part)+60)], "")
}

// onlyAlone are kinds that look like nothing where words stand before them: redact's own tests say so.
var onlyAlone = map[string]bool{"pgpass": true, "key-without-head": true}

// event is one about the victim that holds a secret.
func event(k redacttest.Kind) map[string]any {
	return map[string]any{
		"kind": "Event", "apiVersion": "v1", "metadata": map[string]any{"name": k.Name, "namespace": "shop", "creationTimestamp": "2026-09-02T07:11:50Z"},
		"involvedObject": map[string]any{"kind": "Pod", "namespace": "shop", "name": "web-4qf4lbp7xk-v9zxb"},
		"reason":         "BackOff", "type": "Warning", "message": "Error: failed to start container: " + k.Text,
		"firstTimestamp": "2026-09-02T07:11:50Z", "lastTimestamp": "2026-09-02T07:11:50Z", "count": 1,
	}
}
