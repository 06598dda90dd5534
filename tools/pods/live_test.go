package pods

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
	"github.com/oombot/oombot/tools/toolstest"
)

// shopSubject is what a resolver finds of shopRequest.
func shopSubject() investigations.Subject {
	req := shopRequest
	req.Window = investigations.DefaultWindow
	return investigations.Subject{
		Request: req, Workload: "deployment/checkout", Selector: "app=checkout", Node: "n1",
		Pods: []investigations.SubjectPod{{Namespace: "shop", Name: req.Target.Pod, Node: "n1"}},
	}
}

// recordLive records s from the server, and reads what was recorded.
func recordLive(t *testing.T, s *kubetest.Server, subject investigations.Subject) (*bundle.Recording, investigations.ToolResult) {
	t.Helper()
	r := bundle.NewRecording()
	if err := NewLive(s.Cluster(t)).Record(t.Context(), subject, r); err != nil {
		t.Fatal(err)
	}
	tool := investigations.WithBlindSpots(New(r.FS()), r.BlindSpots)
	res, err := tool.Query(t.Context(), subject.Request)
	if err != nil {
		t.Fatal(err)
	}
	return r, res
}

func whys(r investigations.ToolResult) string { return strings.Join(toolstest.Whys(r), "\n") }

func TestLiveConforms(t *testing.T) {
	tree := shop(t)
	tree["kubernetes/pods.json"] = &fstest.MapFile{Data: []byte(strings.Replace(string(tree["kubernetes/pods.json"].Data),
		`"containers": [`, `"containers": [{"name": "extra", "env": [{"name": "DB_PASSWORD", "value": "hunter2"}]},`, 1))}
	if !strings.Contains(string(tree["kubernetes/pods.json"].Data), "hunter2") {
		t.Fatal("the test's pods hold no secret")
	}
	toolstest.TestLive(t, func() investigations.LiveSource { return NewLive(kubetest.New(t, tree).Cluster(t)) }, toolstest.LiveOptions{
		Subject: shopSubject(), Read: func(f fs.FS) investigations.Tool { return New(f) }, Secrets: []string{"hunter2"},
	})
}

// TestLiveIsLikeTheFiles has the same objects behind an API and in files.
func TestLiveIsLikeTheFiles(t *testing.T) {
	_, got := recordLive(t, kubetest.New(t, shop(t)), shopSubject())
	want := query(t, shop(t), shopSubject().Request)
	says := func(r investigations.ToolResult) (out []string) {
		for _, f := range r.Facts {
			out = append(out, f.Key+": "+f.Says)
		}
		return out
	}
	if diff := cmp.Diff(says(want), says(got)); diff != "" {
		t.Errorf("(-files +live):\n%s", diff)
	}
	if why := whys(got); why != "" {
		t.Errorf("blind spots:\n%s", why)
	}
}

// TestLiveForbidden has each permission lack by itself: the rest is there, and what lacks is said.
func TestLiveForbidden(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/nodes/":          "kubernetes/nodes.json can't be read: get nodes n1: forbidden: the role lacks the verb get on nodes",
		"/api/v1/pods":            "not all pods could be read: those of other namespaces on node n1: list pods in all namespaces: forbidden: the role lacks the verb list on pods",
		"namespaces/shop/events":  "kubernetes/events.json can't be read: list events in namespace shop: forbidden",
		"default/events":          "not all events could be read: list events in namespace default: forbidden",
		"/limitranges":            "kubernetes/limitranges.json can't be read: list limitranges in namespace shop: forbidden",
		"/resourcequotas":         "kubernetes/resourcequotas.json can't be read: list resourcequotas in namespace shop: forbidden",
		"/api/v1/namespaces/shop": "kubernetes/namespaces.json can't be read: get namespaces shop: forbidden: the role lacks the verb get on namespaces",
	} {
		s := kubetest.New(t, shop(t))
		s.Forbid(func(r *http.Request) bool {
			return strings.HasSuffix(r.URL.Path, path) || strings.HasSuffix(path, "/") && strings.Contains(r.URL.Path, path)
		})
		_, got := recordLive(t, s, shopSubject())
		if why := whys(got); !strings.Contains(why, want) {
			t.Errorf("%s: want %q among\n%s", path, want, why)
		}
		if !hasFact(got, "pods/container/shop/checkout-7c9d8f6b5-x2x4p/checkout") {
			t.Errorf("%s: the target is not told of: %+v", path, got.Facts)
		}
	}
}

// TestLiveForbiddenAltogether has nothing allowed: every part is missed with its reason.
func TestLiveForbiddenAltogether(t *testing.T) {
	s := kubetest.New(t, shop(t))
	s.Forbid(func(*http.Request) bool { return true })
	r, got := recordLive(t, s, shopSubject())
	if len(got.Facts) > 0 {
		t.Errorf("facts: %+v", got.Facts)
	}
	for _, resource := range resources {
		if err := r.Missed("kubernetes/" + resource + ".json"); err == nil || !strings.Contains(err.Error(), "deploy/rbac.yaml") {
			t.Errorf("%s: %v does not say what to do", resource, err)
		}
	}
}

// TestLiveNamespaced has a role for the target's namespace alone: the pods of it on the node are seen.
func TestLiveNamespaced(t *testing.T) {
	s := kubetest.New(t, shop(t))
	s.Forbid(func(r *http.Request) bool { return !strings.Contains(r.URL.Path, "/namespaces/shop/") })
	subject := shopSubject()
	subject.Selector = "" // not known
	_, got := recordLive(t, s, subject)
	if n := len(got.Evidence.Pods.Pods); n != 1 || got.Evidence.Pods.Pods[0].Namespace != "shop" {
		t.Errorf("%d pods: %+v", n, got.Evidence.Pods.Pods)
	}
}

// TestLiveNode has a node for a target: what is in namespaces is not asked for.
func TestLiveNode(t *testing.T) {
	s := kubetest.New(t, shop(t))
	subject := investigations.Subject{Request: investigations.Request{At: shopRequest.At, Target: investigations.Target{Node: "n1"}}, Node: "n1"}
	_, got := recordLive(t, s, subject)
	if !hasFact(got, "pods/node") || len(got.Evidence.Pods.Pods) != 2 {
		t.Errorf("%+v", got.Facts)
	}
	for _, c := range s.Calls() {
		if strings.Contains(c, "limitranges") || strings.Contains(c, "namespaces/shop") {
			t.Errorf("asked %s", c)
		}
	}
	s.Forbid(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/pods") })
	_, got = recordLive(t, s, subject)
	if why := whys(got); !strings.Contains(why, "kubernetes/pods.json can't be read: list pods in all namespaces: forbidden") {
		t.Errorf("forbidden:\n%s", why)
	}
}

// manyEvents is a namespace with more events than are read; the last one is about the target.
func manyEvents(t *testing.T, n int) *fstest.MapFile {
	t.Helper()
	var items []any
	for i := range n {
		name := fmt.Sprintf("other-%d", i)
		if i == n-1 {
			name = shopRequest.Target.Pod
		}
		items = append(items, map[string]any{
			"metadata": map[string]any{"name": fmt.Sprintf("e%06d", i), "namespace": "shop"}, "reason": "Unhealthy", "message": "the last straw",
			"involvedObject": map[string]any{"kind": "Pod", "namespace": "shop", "name": name},
			"firstTimestamp": "2026-03-04T02:10:00Z", "lastTimestamp": "2026-03-04T02:16:00Z", "count": 1,
		})
	}
	data, err := json.Marshal(map[string]any{"kind": "List", "items": items})
	if err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: data}
}

func TestLiveBoundsEvents(t *testing.T) {
	tree := shop(t)
	tree["kubernetes/events.json"] = manyEvents(t, 2500)
	_, got := recordLive(t, kubetest.New(t, tree), shopSubject())
	events := got.Evidence.Pods.Events
	found := false
	for i := range events {
		found = found || events[i].Name == shopRequest.Target.Pod
	}
	if len(events) != 2001 || !found {
		t.Errorf("%d events, the target's among them: %t", len(events), found)
	}
	if why := whys(got); !strings.Contains(why, "not all events could be read: list events in namespace shop: too large: there are more than 2000") {
		t.Errorf("blind spots:\n%s", why)
	}
}

// TestLiveUnknownWorkload has a workload whose pods could not be found out: it is not said that it has none.
func TestLiveUnknownWorkload(t *testing.T) {
	subject := shopSubject()
	subject.Request.Target = investigations.Target{Namespace: "shop", Workload: "deployment/checkout"}
	subject.Selector, subject.Node = "", ""
	_, got := recordLive(t, kubetest.New(t, shop(t)), subject)
	if why := whys(got); !strings.Contains(why, "which ones are those of deployment/checkout is not known") || strings.Contains(why, "does not hold") {
		t.Errorf("blind spots:\n%s", why)
	}
}

// TestLiveGone has a pod and a node that are gone: they are looked for and not there, which is no fault.
func TestLiveGone(t *testing.T) {
	subject := shopSubject()
	subject.Request.Target.Pod, subject.GonePod, subject.Node = "checkout-7c9d8f6b5-ccccc", true, "n9"
	s := kubetest.New(t, shop(t))
	_, got := recordLive(t, s, subject)
	why := whys(got)
	if !strings.Contains(why, `does not hold "shop/checkout-7c9d8f6b5-ccccc/checkout": it was gone already`) || strings.Contains(why, "can't be read") {
		t.Errorf("blind spots:\n%s", why)
	}
	for _, c := range s.Calls() {
		if strings.Contains(c, "pods/checkout-7c9d8f6b5-ccccc") {
			t.Errorf("a pod that is known to be gone is asked for: %s", c)
		}
	}
}

// TestLiveCost holds the number of calls, which must not follow the cluster.
func TestLiveCost(t *testing.T) {
	s := kubetest.New(t, cluster(t, 1000))
	subject := shopSubject()
	subject.Request.Target.Pod, subject.Node = "checkout-7c9d8f6b5-200", "n20"
	recordLive(t, s, subject)
	if n := len(s.Calls()); n > 9 {
		t.Errorf("%d calls:\n%s", n, strings.Join(s.Calls(), "\n"))
	}
}
