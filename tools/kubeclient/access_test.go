package kubeclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

func permission(t *testing.T, s string) kubeclient.Permission {
	t.Helper()
	p, ok := kubeclient.ParsePermission(s)
	if !ok {
		t.Fatalf("%q is no permission", s)
	}
	return p
}

func TestParsePermission(t *testing.T) {
	for in, want := range map[string]struct {
		says              string
		clustered, custom bool
	}{
		"get pods":          {"get pods", false, false},
		"get pods/log":      {"get pods/log", false, false},
		"list replicasets":  {"list replicasets.apps", false, false},
		"get nodes":         {"get nodes", true, false},
		"list applications": {"list applications.argoproj.io", false, true},
	} {
		p := permission(t, in)
		if p.String() != want.says || p.Clustered() != want.clustered || p.Custom() != want.custom {
			t.Errorf("%s: %s, clustered %t, custom %t", in, p, p.Clustered(), p.Custom())
		}
	}
	for _, in := range []string{"", "get", "pods", "prometheus query_range", "get secrets", "loki query"} {
		if p, ok := kubeclient.ParsePermission(in); ok {
			t.Errorf("%q is taken for %+v", in, p)
		}
	}
}

func TestAllowed(t *testing.T) {
	s := kubetest.New(t, fstest.MapFS{})
	s.Allow(func(a authorizationv1.ResourceAttributes) bool {
		return a.Namespace == "shop" && a.Verb == "get" && a.Resource == "pods" && a.Subresource == "log" ||
			a.Namespace == "" && a.Verb == "list" && a.Group == "apps" && a.Resource == "replicasets"
	})
	c := s.Cluster(t)
	for _, test := range []struct {
		permission, namespace string
		want                  bool
	}{
		{"get pods/log", "shop", true},
		{"get pods/log", "", false},
		{"get pods", "shop", false},
		{"list replicasets", "", true},
		{"list replicasets", "shop", false},
	} {
		got, err := c.Allowed(t.Context(), permission(t, test.permission), test.namespace)
		if err != nil || got != test.want {
			t.Errorf("%s in %q: %t, %v", test.permission, test.namespace, got, err)
		}
	}
}

// TestAllowedForbidden has an account that may not even ask: the error names the permission that lacks, not the one
// that was asked about.
func TestAllowedForbidden(t *testing.T) {
	s := kubetest.New(t, fstest.MapFS{})
	s.Forbid(func(*http.Request) bool { return true })
	_, err := s.Cluster(t).Allowed(t.Context(), permission(t, "list pods"), "")
	if !errors.Is(err, investigations.ErrForbidden) || !strings.Contains(err.Error(), "lacks the verb create on selfsubjectaccessreviews") {
		t.Error(err)
	}
	_, err = s.Cluster(t).Version(t.Context())
	if !errors.Is(err, investigations.ErrForbidden) || !strings.Contains(err.Error(), "lacks the verb get on /version") {
		t.Error(err)
	}
}

func TestAllowedInTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := kubetest.New(t, fstest.MapFS{}).Cluster(t)
	if _, err := c.Allowed(ctx, permission(t, "list pods"), ""); !errors.Is(err, context.Canceled) || !errors.Is(err, investigations.ErrUnavailable) {
		t.Error(err)
	}
	if _, err := c.Version(ctx); !errors.Is(err, context.Canceled) || !errors.Is(err, investigations.ErrUnavailable) {
		t.Error(err)
	}
}

func TestVersion(t *testing.T) {
	got, err := kubetest.New(t, fstest.MapFS{}).Cluster(t).Version(t.Context())
	if err != nil || got != kubetest.Version {
		t.Errorf("%q, %v", got, err)
	}
}

// podsFile is a list of pods: name, phase, creation.
func podsFile(t *testing.T, pods ...[3]string) fstest.MapFS {
	t.Helper()
	var items []map[string]any
	for _, p := range pods {
		items = append(items, map[string]any{
			"metadata": map[string]any{"name": p[0], "namespace": "shop", "creationTimestamp": p[2]},
			"status":   map[string]any{"phase": p[1]},
		})
	}
	data, err := json.Marshal(map[string]any{"kind": "List", "items": items})
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{"kubernetes/pods.json": {Data: data}}
}

func TestSample(t *testing.T) {
	tree := podsFile(t, [3]string{"young", "Running", "2026-03-04T02:00:00Z"}, [3]string{"done", "Succeeded", "2026-03-01T02:00:00Z"},
		[3]string{"old", "Running", "2026-03-02T02:00:00Z"})
	s := kubetest.New(t, tree)
	pod, err := s.Cluster(t).Sample(t.Context(), "shop")
	if err != nil || pod.GetName() != "old" {
		t.Errorf("%v, %v", pod, err)
	}
	if _, err := s.Cluster(t).Sample(t.Context(), "elsewhere"); !errors.Is(err, investigations.ErrNotFound) {
		t.Errorf("no pod runs there: %v", err)
	}
	s.Forbid(func(*http.Request) bool { return true })
	if _, err := s.Cluster(t).Sample(t.Context(), ""); !errors.Is(err, investigations.ErrForbidden) {
		t.Errorf("forbidden: %v", err)
	}
}

func TestSampleIsSomebodysOwn(t *testing.T) {
	pod := func(namespace, name, made string) string {
		return `{"metadata":{"namespace":"` + namespace + `","name":"` + name + `","creationTimestamp":"` + made + `"},"status":{"phase":"Running"}}`
	}
	pods := strings.Join([]string{
		pod("kube-system", "proxy", "2026-01-01T00:00:00Z"), pod("shop", "young", "2026-01-03T00:00:00Z"), pod("shop", "old", "2026-01-02T00:00:00Z"),
	}, ",")
	s := kubetest.New(t, fstest.MapFS{"kubernetes/pods.json": {Data: []byte(`{"items":[` + pods + `]}`)}})
	got, err := s.Cluster(t).Sample(t.Context(), "")
	if err != nil || got.GetName() != "old" {
		t.Errorf("got %v, %v", got, err)
	}
}
