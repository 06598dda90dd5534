package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

// incident writes a bundle with a target, and what pods and replicasets there are.
func incident(t *testing.T, dir, target, at string, kubernetes map[string]string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "kubernetes"), 0o700); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"incident.yaml": "version: 1\nat: " + at + "\ntarget: " + target + "\n"}
	for name, text := range kubernetes {
		files["kubernetes/"+name+".json"] = `{"kind":"List","items":[` + text + `]}`
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// podJSON is a pod of a ReplicaSet on a node.
func podJSON(namespace, name, owner, node string) string {
	return `{"kind":"Pod","metadata":{"namespace":"` + namespace + `","name":"` + name + `","ownerReferences":[{"kind":"ReplicaSet","name":"` + owner +
		`","controller":true}]},"spec":{"nodeName":"` + node + `","containers":[{"name":"app"},{"name":"proxy"}]}}`
}

func replicaSetJSON(namespace, name, owner string) string {
	return `{"kind":"ReplicaSet","metadata":{"namespace":"` + namespace + `","name":"` + name + `","ownerReferences":[{"kind":"Deployment","name":"` + owner +
		`","controller":true}]}}`
}

// recordedShop is a folder of incidents: two of the pods of a workload, one of a workload, one of a node, and what is none.
func recordedShop(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	shop := map[string]string{
		"pods": podJSON("shop", "checkout-7c9d8f6b5-x2x4p", "checkout-7c9d8f6b5", "n1") + "," +
			podJSON("shop", "checkout-7c9d8f6b5-9bbbb", "checkout-7c9d8f6b5", "n2") + "," + podJSON("shop", "cart-5f5f5f5f5-aaaaa", "cart-5f5f5f5f5", "n1"),
		"replicasets": replicaSetJSON("shop", "checkout-7c9d8f6b5", "checkout") + "," + replicaSetJSON("shop", "cart-5f5f5f5f5", "cart"),
	}
	incident(t, filepath.Join(dir, "a"), `{namespace: shop, pod: checkout-7c9d8f6b5-x2x4p, container: app}`, "2026-03-04T02:17:09Z", shop)
	incident(t, filepath.Join(dir, "b"), `{namespace: shop, pod: checkout-7c9d8f6b5-x2x4p, container: app}`, "2026-03-05T02:17:09Z", shop)
	incident(t, filepath.Join(dir, "c"), `{namespace: pay, workload: statefulset/db}`, "2026-03-01T00:00:00Z", nil)
	incident(t, filepath.Join(dir, "d"), `{node: n9}`, "2026-03-02T00:00:00Z", nil)
	incident(t, filepath.Join(dir, "e"), `{namespace: dev, pod: lone}`, "2026-03-02T00:00:00Z", map[string]string{
		"pods": `{"kind":"Pod","metadata":{"namespace":"dev","name":"lone"},"spec":{"nodeName":"n1","containers":[{"name":"app"},{"name":"proxy"}]}}`,
	})
	incident(t, filepath.Join(dir, "g"), `{namespace: bare, pod: lone, container: app}`, "2026-03-02T00:00:00Z", nil)
	incident(t, filepath.Join(dir, "f"), `{namespace: "[]"`, "2026-03-02T00:00:00Z", nil)
	if err := os.WriteFile(filepath.Join(dir, "README.md"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func recordingsOf(t *testing.T, dir string, in investigating) *recordings {
	t.Helper()
	if in.log == nil {
		in.log = slog.New(slog.DiscardHandler)
	}
	if in.app == nil {
		in.app = newApp(nil, nil, new(strings.Builder), new(strings.Builder))
	}
	all, err := openRecorded(t.Context(), dir, in.log)
	if err != nil {
		t.Fatal(err)
	}
	return &recordings{investigating: in, all: all}
}

func TestRecordingsFind(t *testing.T) {
	c := recordingsOf(t, recordedShop(t), investigating{})
	pod := func(p investigations.Target) bot.Ask { return bot.Ask{Targets: []investigations.Target{p}} }
	checkout := investigations.Target{
		Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p", Container: "app", Workload: "deployment/checkout", Node: "n1",
	}
	db := investigations.Target{Namespace: "pay", Workload: "statefulset/db"}
	lone := investigations.Target{Namespace: "dev", Pod: "lone", Node: "n1"}
	tests := map[string]struct {
		ask  bot.Ask
		want investigations.Target
		dir  string
	}{
		"a pod, the newest":         {bot.Ask{Words: "shop/checkout-7c9d8f6b5-x2x4p"}, checkout, "b"},
		"when it was asked for":     {bot.Ask{Words: "shop/checkout-7c9d8f6b5-x2x4p", At: time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)}, checkout, "b"},
		"its container":             {bot.Ask{Words: "shop/checkout-7c9d8f6b5-x2x4p/app"}, checkout, "b"},
		"its owner":                 {bot.Ask{Words: "shop/checkout"}, checkout, "b"},
		"its owner with its kind":   {bot.Ask{Words: "shop/deploy/checkout"}, checkout, "b"},
		"a name alone":              {bot.Ask{Words: "checkout"}, checkout, "b"},
		"a pod's name alone":        {bot.Ask{Words: "checkout-7c9d8f6b5-x2x4p"}, checkout, "b"},
		"where it may be":           {bot.Ask{Words: "checkout", Namespaces: []string{"s*"}}, checkout, "b"},
		"a pod beside it":           {bot.Ask{Words: "shop/checkout-7c9d8f6b5-9bbbb"}, checkout, "b"},
		"a workload":                {bot.Ask{Words: "pay/db"}, db, "c"},
		"a workload with its kind":  {bot.Ask{Words: "pay/statefulset/db"}, db, "c"},
		"a node":                    {bot.Ask{Words: "node/n9"}, investigations.Target{Node: "n9"}, "d"},
		"what happened on a node":   {bot.Ask{Words: "node/n1"}, checkout, "b"},
		"a container of the pod":    {bot.Ask{Words: "dev/lone/proxy"}, lone, "e"},
		"an alert's pod":            {pod(investigations.Target{Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p", Container: "app"}), checkout, "b"},
		"an alert's workload":       {pod(investigations.Target{Namespace: "shop", Workload: "checkout"}), checkout, "b"},
		"an alert without all":      {pod(investigations.Target{Pod: "checkout-7c9d8f6b5-x2x4p"}), checkout, "b"},
		"an alert's second guess":   {bot.Ask{Targets: []investigations.Target{{Namespace: "x", Pod: "y"}, {Namespace: "pay", Workload: "db"}}}, db, "c"},
		"a pod gone, its workload":  {pod(investigations.Target{Namespace: "shop", Pod: "checkout-gone", Workload: "deployment/checkout"}), checkout, "b"},
		"of an unknown kind of its": {pod(investigations.Target{Namespace: "shop", Workload: "rollout/checkout"}), checkout, "b"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			found, err := c.Find(t.Context(), tt.ask)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, found.Target()); diff != "" {
				t.Error(diff)
			}
			if dir := filepath.Base(found.(*recordedCase).recorded.dir); dir != tt.dir {
				t.Errorf("it is %s, want %s", dir, tt.dir)
			}
		})
	}
}

func TestRecordingsFindNothing(t *testing.T) {
	c := recordingsOf(t, recordedShop(t), investigating{})
	there := "; there are bare/lone, dev/lone, node/n9, pay/db, shop/checkout"
	tests := map[string]struct {
		ask  bot.Ask
		want string
	}{
		"another namespace":     {bot.Ask{Words: "prod/frontend"}, "no recorded incident is about prod/frontend" + there},
		"a slip":                {bot.Ask{Words: "shop/chekout"}, "no recorded incident is about shop/chekout; did you mean shop/checkout?"},
		"another container":     {bot.Ask{Words: "shop/checkout-7c9d8f6b5-x2x4p/proxy"}, "no recorded incident is about shop/checkout-7c9d8f6b5-x2x4p/proxy; did you mean shop/checkout-7c9d8f6b5-x2x4p/app?"},
		"another workload's":    {bot.Ask{Words: "shop/cart-5f5f5f5f5-aaaaa"}, "no recorded incident is about shop/cart-5f5f5f5f5-aaaaa" + there},
		"another kind":          {bot.Ask{Words: "pay/deployment/db"}, "no recorded incident is about pay/deployment/db" + there},
		"another node":          {bot.Ask{Words: "node/zzzzzzzz"}, "no recorded incident is about node/zzzzzzzz" + there},
		"what may not be asked": {bot.Ask{Words: "checkout", Namespaces: []string{"pay"}}, "no recorded incident is about checkout; there are node/n9, pay/db"},
		"a name of nothing":     {bot.Ask{Words: "frontend-app"}, "no recorded incident is about frontend-app" + there},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := c.Find(t.Context(), tt.ask)
			if !errors.Is(err, bot.ErrNoTarget) || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestOpenRecordedNone(t *testing.T) {
	dir := recordedShop(t)
	for path, want := range map[string]string{
		filepath.Join(dir, "nowhere"): "read the folder of recorded incidents",
		filepath.Join(dir, "empty"):   "give the folder whose sub-folders are bundles",
		filepath.Join(dir, "a"):       "it is a bundle itself: give the folder above it",
	} {
		_, err := openRecorded(t.Context(), path, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// TestOpenRecordedFaults has the one incident that can't be read said.
func TestOpenRecordedFaults(t *testing.T) {
	var log strings.Builder
	all, err := openRecorded(t.Context(), recordedShop(t), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil || len(all) != 6 {
		t.Errorf("%d incidents, %v", len(all), err)
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "/f ") || !strings.Contains(got, "incident.yaml") {
		t.Errorf("the log says %s", got)
	}
}

// TestRecordedExamples has every example found by the names that it is known by, and its result stored under who asked.
func TestRecordedExamples(t *testing.T) {
	store := memorytest.New(time.Now)
	app := newApp(nil, nil, new(strings.Builder), new(strings.Builder))
	log := slog.New(slog.DiscardHandler)
	c := recordingsOf(t, "../../examples", investigating{app: app, log: log, model: &llm{}, past: app.newPast(store, config.Memory{}, log)})
	if len(c.all) < 10 {
		t.Fatalf("%d examples", len(c.all))
	}
	for i := range c.all {
		r := &c.all[i]
		for _, name := range r.names() {
			if _, err := c.Find(t.Context(), bot.Ask{Words: name}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if r.target.Workload == "" || r.target.Node == "" {
			t.Errorf("%s: its workload and node are %+v", r.dir, r.target)
		}
	}

	var tools []string
	early := 0
	found, err := c.Find(t.Context(), bot.Ask{Words: c.all[0].names()[0]})
	if err != nil {
		t.Fatal(err)
	}
	result, evidence, err := found.Investigate(t.Context(), bot.Watch{
		AskedBy: "U0ASKER", Progress: func(p investigations.Progress) { tools = append(tools, p.Tool) },
		Published: func(*investigations.Result) { early++ },
	})
	if err != nil || evidence == nil {
		t.Fatal(err)
	}
	if result.Target != found.Target() {
		t.Errorf("found %+v, and investigated %+v", found.Target(), result.Target)
	}
	trace, err := store.Trace(t.Context(), result.ID)
	if err != nil || trace.AskedBy != "U0ASKER" || len(trace.Sources) == 0 {
		t.Errorf("stored: asked by %q, %d sources, %v", trace.AskedBy, len(trace.Sources), err)
	}
	if len(tools) < 12 || early != 0 {
		t.Errorf("told of %v, and %d verdicts before a model that is off", tools, early)
	}
	checkAnswer(t, app, trace)
}

func checkAnswer(t *testing.T, app *app, trace investigations.Trace) {
	t.Helper()
	got, err := answerer{app, &llm{}}.Answer(t.Context(), trace, "why?")
	if err != nil || !strings.Contains(got, "[F") {
		t.Errorf("the answer is %q, %v", got, err)
	}
}

var _ memory.Store = (*memorytest.Fake)(nil)
