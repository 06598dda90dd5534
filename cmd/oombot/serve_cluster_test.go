package main

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/memory/memorytest"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

const leak = "../../examples/leak-after-deploy"

// clusterOf is the cluster behind a stand-in for the API server, and what is stored of it.
func clusterOf(t *testing.T, server *kubetest.Server) (*liveCluster, *memorytest.Fake) {
	t.Helper()
	store := memorytest.New(time.Now)
	app := newApp(nil, nil, new(strings.Builder), new(strings.Builder))
	log := slog.New(slog.DiscardHandler)
	cfg := config.Default()
	cfg.Kubernetes.Kubeconfig, cfg.Cluster = server.Kubeconfig(t), "prod"
	cfg.Profiles.ScrapePods = false
	c, err := newLiveCluster(cfg, investigating{app: app, log: log, model: &llm{}, past: app.newPast(store, cfg.Memory, log)})
	if err != nil {
		t.Fatal(err)
	}
	return c, store
}

func TestLiveClusterFind(t *testing.T) {
	server := kubetest.New(t, os.DirFS(leak))
	c, _ := clusterOf(t, server)
	pod := investigations.Target{Namespace: "ads", Pod: "gateway-zxthbd6kg-tcr7d", Workload: "deployment/gateway", Node: "ip-10-0-3-186"}
	container := pod
	container.Container = "gateway"
	workload := investigations.Target{Namespace: "ads", Workload: "deployment/gateway", Node: pod.Node}
	tests := map[string]struct {
		ask  bot.Ask
		want investigations.Target
	}{
		"a pod":                 {bot.Ask{Words: "ads/gateway-zxthbd6kg-tcr7d"}, pod},
		"a container":           {bot.Ask{Words: "ads/gateway-zxthbd6kg-tcr7d/gateway"}, container},
		"a workload":            {bot.Ask{Words: "ads/gateway"}, workload},
		"a name alone":          {bot.Ask{Words: "gateway"}, workload},
		"in one namespace":      {bot.Ask{Words: "gateway", Namespaces: []string{"ads"}}, workload},
		"in some namespaces":    {bot.Ask{Words: "gateway", Namespaces: []string{"a*", "shop"}}, workload},
		"a node":                {bot.Ask{Words: "node/ip-10-0-3-186"}, investigations.Target{Node: "ip-10-0-3-186"}},
		"an alert's first":      {bot.Ask{Targets: []investigations.Target{container}}, container},
		"an alert's second":     {bot.Ask{Targets: []investigations.Target{{Namespace: "ads", Pod: "x"}, {Namespace: "ads", Workload: "gateway"}}}, workload},
		"an alert's lone pod":   {bot.Ask{Targets: []investigations.Target{{Pod: "gateway-zxthbd6kg-tcr7d", Container: "gateway"}}}, container},
		"a pod gone, its owner": {bot.Ask{Words: "gateway-zxthbd6kg-bcdfg"}, investigations.Target{Namespace: "ads", Pod: "gateway-zxthbd6kg-bcdfg", Workload: "deployment/gateway"}},
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
		})
	}
}

func TestLiveClusterFindNothing(t *testing.T) {
	server := kubetest.New(t, os.DirFS(leak))
	c, _ := clusterOf(t, server)
	tests := map[string]struct {
		ask  bot.Ask
		want string
	}{
		"a workload":              {bot.Ask{Words: "ads/deployment/frontend"}, "namespace ads has no deployment frontend"},
		"a container":             {bot.Ask{Words: "ads/gateway-zxthbd6kg-tcr7d/nginx"}, "has no container nginx; it has gateway"},
		"a node":                  {bot.Ask{Words: "node/n1"}, "the cluster has no node n1"},
		"a name alone":            {bot.Ask{Words: "frontend"}, "no namespace has anything called frontend"},
		"where it may not be":     {bot.Ask{Words: "gateway", Namespaces: []string{"pay-*", "shop"}}, "none of the namespaces pay-*, shop has anything called gateway"},
		"no words for a target":   {bot.Ask{Words: "a/b/c/d"}, "write NAMESPACE/NAME"},
		"the first of an alert's": {bot.Ask{Targets: []investigations.Target{{Namespace: "ads", Workload: "deployment/x"}, {Node: "n1"}}}, "no deployment x"},
		"nothing":                 {bot.Ask{}, "nothing in it names"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := c.Find(t.Context(), tt.ask)
			if !errors.Is(err, bot.ErrNoTarget) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	server.Forbid(func(r *http.Request) bool { return !strings.Contains(r.URL.Path, "/namespaces/") })
	_, err := c.Find(t.Context(), bot.Ask{Words: "gateway"})
	if !errors.Is(err, bot.ErrNoTarget) || !strings.Contains(err.Error(), "ask for NAMESPACE/gateway") {
		t.Errorf("without permission: %v", err)
	}
	if found, err := c.Find(t.Context(), bot.Ask{Words: "gateway", Namespaces: []string{"ads", "internal"}}); err != nil || found.Target().Namespace != "ads" {
		t.Errorf("without permission beyond two namespaces: %v", err)
	}
}

// TestLiveClusterInvestigates stores what is found, under who asked, and looks anew where that was long ago.
func TestLiveClusterInvestigates(t *testing.T) {
	b, err := bundle.Open(leak)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	server := kubetest.New(t, b.FS())
	c, store := clusterOf(t, server)
	at := b.Request().At
	c.now = func() time.Time { return at }
	alert := &investigations.Alert{Source: "alertmanager", ID: "1", Title: "KubePodCrashLooping"}
	found, err := c.Find(t.Context(), bot.Ask{Words: "ads/gateway-zxthbd6kg-tcr7d", At: at, Alert: alert})
	if err != nil {
		t.Fatal(err)
	}
	result, _, err := found.Investigate(t.Context(), bot.Watch{AskedBy: "U0ASKER"})
	if err != nil {
		t.Fatal(err)
	}
	trace, err := store.Trace(t.Context(), result.ID)
	if err != nil || trace.AskedBy != "U0ASKER" || result.Verdict.Mechanism != investigations.MemcgOOMKill {
		t.Errorf("stored of %q, asked by %q: %v", result.Verdict.Headline, trace.AskedBy, err)
	}
	if got := found.(*liveCase).session.subject.Request; got.Alert != alert || got.Cluster != "prod" {
		t.Errorf("asked was %+v", got)
	}

	calls := len(server.Calls())
	again, _, err := found.Investigate(t.Context(), bot.Watch{AskedBy: "U0OTHER"})
	if err != nil || again.ID != result.ID || len(server.Calls()) == calls {
		t.Errorf("a second run has the id %s, want %s, after %d calls: %v", again.ID, result.ID, len(server.Calls())-calls, err)
	}

	found, err = c.Find(t.Context(), bot.Ask{Words: "ads/gateway-zxthbd6kg-tcr7d", At: at})
	if err != nil {
		t.Fatal(err)
	}
	at = at.Add(fresh)
	before := found.(*liveCase).session
	server.Forbid(func(*http.Request) bool { return true })
	if _, _, err := found.Investigate(t.Context(), bot.Watch{}); err != nil || found.(*liveCase).session == before {
		t.Errorf("what was read long ago is used: %v", err)
	}
}
