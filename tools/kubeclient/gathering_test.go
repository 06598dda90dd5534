package kubeclient_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kubeclient"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

func gathered(t *testing.T, s *kubetest.Server, resources []string, ask func(g *kubeclient.Gathering)) *bundle.Recording {
	t.Helper()
	g := kubeclient.NewGathering(s.Cluster(t), "pods")
	ask(g)
	r := bundle.NewRecording()
	g.Write(r, resources, func(resource string) string { return "what " + resource + " tell" })
	return r
}

func fileOf(t *testing.T, r *bundle.Recording, path string) string {
	t.Helper()
	f, err := r.FS().Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, info.Size())
	if _, err := f.Read(data); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestGatheringKeeps(t *testing.T) {
	s := kubetest.New(t, podsFile(t, [3]string{"a", "Running", "2026-03-04T02:00:00Z"}, [3]string{"b", "Failed", "2026-03-04T02:00:00Z"}))
	r := gathered(t, s, []string{"pods", "nodes"}, func(g *kubeclient.Gathering) {
		if g.Get(t.Context(), "pods", "shop", "b") == nil {
			t.Error("pod b is not found")
		}
		if g.Get(t.Context(), "pods", "shop", "nobody") != nil {
			t.Error("a pod is found that is not there")
		}
		g.List(t.Context(), kubeclient.Query{Resource: "pods", Namespace: "shop"})
	})
	pods := fileOf(t, r, "kubernetes/pods.json")
	if strings.Count(pods, `"name":"a"`) != 1 || strings.Count(pods, `"name":"b"`) != 1 {
		t.Errorf("each once, got\n%s", pods)
	}
	// Nothing was asked of nodes: that there are none is known.
	if nodes := fileOf(t, r, "kubernetes/nodes.json"); strings.Contains(nodes, "metadata\":{\"name") {
		t.Errorf("nodes:\n%s", nodes)
	}
	if spots := r.BlindSpots("pods"); len(spots) > 0 {
		t.Errorf("what is not there is no blind spot: %+v", spots)
	}
}

func TestGatheringFaults(t *testing.T) {
	s := kubetest.New(t, podsFile(t, [3]string{"a", "Running", "2026-03-04T02:00:00Z"}))
	s.Forbid(func(r *http.Request) bool {
		return !strings.Contains(r.URL.Path, "namespaces/shop/pods/a")
	})
	r := gathered(t, s, []string{"pods", "events"}, func(g *kubeclient.Gathering) {
		g.Get(t.Context(), "pods", "shop", "a")
		g.List(t.Context(), kubeclient.Query{Resource: "pods"})
		g.List(t.Context(), kubeclient.EventsIn("shop"))
		g.Fault("events", errors.New("a later fault in the order of letters: zzz"))
		if _, err := g.Try(t.Context(), kubeclient.Query{Resource: "nodes"}); !errors.Is(err, investigations.ErrForbidden) {
			t.Errorf("Try: %v", err)
		}
	})
	want := []investigations.BlindSpot{{
		Tool: "pods", WouldTell: "what pods tell",
		Why: "not all pods could be read: list pods in all namespaces: forbidden: the role lacks the verb list on pods (deploy/rbac.yaml has it)",
	}}
	if diff := cmp.Diff(want, r.BlindSpots("pods")); diff != "" {
		t.Errorf("blind spots (-want +got):\n%s", diff)
	}
	// Of several faults always the same is told.
	err := r.Missed("kubernetes/events.json")
	if err == nil || !strings.HasPrefix(err.Error(), "a later fault") {
		t.Errorf("events: %v", err)
	}
}

// TestGatheringOrigins has sources that a person repeats: what was asked, or what shows the same among more.
func TestGatheringOrigins(t *testing.T) {
	s := kubetest.New(t, fstest.MapFS{})
	r := gathered(t, s, []string{"pods", "configmaps", "replicasets", "jobs"}, func(g *kubeclient.Gathering) {
		g.Get(t.Context(), "pods", "shop", "web-1")
		g.List(t.Context(), kubeclient.PodsOf("shop", "app=web"))
		g.List(t.Context(), kubeclient.PodsOf("shop", "app=web"))
		for _, name := range []string{"a", "b", "c", "d"} {
			g.Get(t.Context(), "configmaps", "shop", name)
			g.Get(t.Context(), "replicasets", name, "x")
		}
	})
	want := map[string]string{
		"kubernetes/pods.json":        "kubectl get pods -n shop -l 'app=web' -o json; kubectl get pods -n shop web-1 -o json",
		"kubernetes/configmaps.json":  "kubectl get configmaps -n shop -o json",
		"kubernetes/replicasets.json": "kubectl get replicasets.apps -A -o json",
		"kubernetes/jobs.json":        "kubectl get jobs.batch -A -o json",
	}
	for path, source := range want {
		o, ok := r.Origin(path)
		if !ok || o.Source != source || o.File {
			t.Errorf("%s: %+v, want %q", path, o, source)
		}
	}
	if o, _ := r.Origin("kubernetes/pods.json"); o.Name != "the API server's list of pods" {
		t.Errorf("in sentences it is %q", o.Name)
	}
}

// TestListsAreTheCallersOwn has one caller put an answer in another order: the next one gets it as it came.
func TestListsAreTheCallersOwn(t *testing.T) {
	s := kubetest.New(t, podsFile(t, [3]string{"a", "Running", "2026-03-04T02:00:00Z"}, [3]string{"b", "Running", "2026-03-04T02:00:00Z"}))
	c, q := s.Cluster(t), kubeclient.Query{Resource: "pods", Namespace: "shop"}
	first, err := c.List(t.Context(), q)
	if err != nil || len(first) != 2 {
		t.Fatalf("%d pods, %v", len(first), err)
	}
	first[0], first[1] = first[1], first[0]
	again, err := c.List(t.Context(), q)
	if err != nil || again[0].GetName() != "a" || len(s.Calls()) != 1 {
		t.Errorf("asked again: %s first, %v, %d calls", again[0].GetName(), err, len(s.Calls()))
	}
}
