package live

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

const (
	staticHash = "1f2e3d4c5b6a79880123456789abcdef"
	newID      = "2222222222222222222222222222222222222222222222222222222222222222"
	oldID      = "1111111111111111111111111111111111111111111111111111111111111111"
)

// killedShop is shop with a pod whose containers have lived more than once, a static pod, and one on another node.
func killedShop(t *testing.T) *kubetest.Server {
	t.Helper()
	files := shop()
	files["kubernetes/pods.json"] = list(
		`{"metadata":{"name":"db-0","namespace":"shop","uid":"u-db-0","creationTimestamp":"2026-03-04T09:00:00Z","labels":{"app":"db"},
		"ownerReferences":[{"kind":"StatefulSet","name":"db","controller":true}]},"spec":{"nodeName":"n1","containers":[{"name":"proxy"},{"name":"db"}]},
		"status":{"containerStatuses":[{"name":"proxy","containerID":"containerd://`+strings.Repeat("9", 64)+`","state":{"running":{}}},
		{"name":"db","containerID":"containerd://`+newID+`","state":{"running":{}},"lastState":{"terminated":{"exitCode":137,"containerID":"containerd://`+oldID+`"}}}]}}`,
		`{"metadata":{"name":"etcd-n1","namespace":"kube-system","uid":"u-mirror","annotations":{"kubernetes.io/config.hash":"`+staticHash+`"},
		"ownerReferences":[{"kind":"Node","name":"n1","controller":true}]},"spec":{"nodeName":"n1","containers":[{"name":"etcd"}]},"status":{}}`,
		`{"metadata":{"name":"far","namespace":"shop","uid":"u-far"},"spec":{"nodeName":"n2","containers":[{"name":"far"}]},"status":{}}`)
	return kubetest.New(t, files)
}

func TestKilled(t *testing.T) {
	db := Words{Namespace: "shop", Kind: "pod", Name: "db-0", Container: "db"}
	for name, tt := range map[string]struct {
		kill Kill
		want Words
		says string
	}{
		"by its uid":                       {kill: Kill{"n1", "u-db-0", newID}, want: db},
		"a container of the life before":   {kill: Kill{"n1", "u-db-0", oldID}, want: db},
		"a container of long ago":          {kill: Kill{"n1", "u-db-0", strings.Repeat("3", 64)}, want: Words{Namespace: "shop", Kind: "pod", Name: "db-0"}},
		"by its container alone":           {kill: Kill{"n1", "", oldID}, want: db},
		"a static pod, by its file's hash": {kill: Kill{"n1", staticHash, ""}, want: Words{Namespace: "kube-system", Kind: "pod", Name: "etcd-n1"}},
		"a mirror pod":                     {kill: Kill{"n1", "u-mirror", ""}, want: Words{Namespace: "kube-system", Kind: "pod", Name: "etcd-n1"}},
		"on another node":                  {kill: Kill{"n1", "u-far", ""}, says: "no pod with uid u-far on node n1 is known any more"},
		"a container of no pod":            {kill: Kill{"n1", "", strings.Repeat("3", 64)}, says: "no pod with container 3333"},
		"a pod that is gone":               {kill: Kill{"n1", "u-gone", oldID}, says: "no pod with uid u-gone on node n1 is known any more"},
		"outside of pods":                  {kill: Kill{Node: "n1"}, says: "the kill on node n1 was in no pod"},
	} {
		t.Run(name, func(t *testing.T) {
			s := killedShop(t)
			r := &Resolver{Cluster: s.Cluster(t), Now: func() time.Time { return now }}
			got, err := r.Killed(t.Context(), tt.kill)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if tt.says != "" && (!errors.Is(err, ErrNoTarget) || !strings.Contains(err.Error(), tt.says)) || tt.says == "" && err != nil {
				t.Errorf("got %v, want one that says %q", err, tt.says)
			}
			for _, call := range s.Calls() {
				if !strings.Contains(call, "spec.nodeName%3Dn1") {
					t.Errorf("a call whose answer grows with the cluster: %s", call)
				}
			}
		})
	}
}

func TestKilledForbidden(t *testing.T) {
	s := killedShop(t)
	s.Forbid(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/pods") })
	r := &Resolver{Cluster: s.Cluster(t), Now: func() time.Time { return now }}
	_, err := r.Killed(t.Context(), Kill{Node: "n1", PodUID: "u-db-0"})
	if !errors.Is(err, investigations.ErrForbidden) || errors.Is(err, ErrNoTarget) || !strings.Contains(err.Error(), "look among the pods of node n1") {
		t.Errorf("where pods can't be listed: %v", err)
	}
}

// TestResolveKill has kills of which an agent knew the names: a pod of another uid is not the one that was killed,
// however shortly it was made afterwards; and what is gone without a trace was there all the same.
func TestResolveKill(t *testing.T) {
	at := time.Date(2026, 3, 4, 9, 0, 5, 123_000_000, time.UTC)
	for name, tt := range map[string]struct {
		target string
		kill   Kill
		want   found
	}{
		"the pod":               {"shop/pod/db-0", Kill{"n1", "u-db-0", oldID}, found{Target: "shop/db-0/db", Workload: "statefulset/db", Selector: "app=db", Node: "n1", Pods: "db-0"}},
		"the one before it":     {"shop/pod/db-0", Kill{"n3", "u-before", oldID}, found{Target: "shop/db-0", Workload: "statefulset/db", Selector: "app=db", Node: "n3", Pods: "db-0", Gone: true}},
		"a static pod":          {"kube-system/pod/etcd-n1/etcd", Kill{"n1", staticHash, ""}, found{Target: "kube-system/etcd-n1/etcd", Node: "n1", Pods: "etcd-n1"}},
		"gone without a trace":  {"ci/pod/build", Kill{"n1", "u-build", ""}, found{Target: "ci/build", Node: "n1", Gone: true}},
		"the node":              {"node/n1", Kill{"n1", "", ""}, found{Target: "node/n1", Node: "n1"}},
		"a node of no cluster":  {"node/elsewhere", Kill{"elsewhere", "", ""}, found{Target: "node/elsewhere", Node: "elsewhere"}},
		"a container as it was": {"shop/pod/db-0/db", Kill{"n1", "u-db-0", strings.Repeat("3", 64)}, found{Target: "shop/db-0/db", Workload: "statefulset/db", Selector: "app=db", Node: "n1", Pods: "db-0"}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.want.At = at.Format(time.RFC3339)
			got, err := resolve(t, killedShop(t), tt.target, func(a *Ask) { a.At, a.Kill = at, &tt.kill }, nil)
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestResolveKillUnreachable has the API server refuse everything: the node is the one that the agent is on.
func TestResolveKillUnreachable(t *testing.T) {
	s := killedShop(t)
	s.Forbid(func(*http.Request) bool { return true })
	got, err := resolve(t, s, "shop/pod/db-0/db", func(a *Ask) { a.At, a.Kill = now, &Kill{"n1", "u-db-0", ""} }, nil)
	want := found{Target: "shop/db-0/db", At: now.Format(time.RFC3339), Node: "n1"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
