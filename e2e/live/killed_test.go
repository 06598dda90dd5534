package live

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/e2e/oombot"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kubeclient"
	"github.com/oombot/oombot/tools/live"
)

const (
	killedNode      = "ip-10-0-3-186"
	killedUID       = "9928d1ec-5e69-4b9f-a69b-a7b133e8d9d1"
	killedContainer = secondID
	staticHash      = "1f2e3d4c5b6a79880123456789abcdef"
)

// static is the pod of a node's own file as its kubelet mirrors it: its cgroup is named by the file's hash.
func static() cluster.Object {
	return cluster.Object{Resource: "pods", Value: map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{
			"namespace": "kube-system", "name": "etcd-" + killedNode, "uid": "5f0c3d1e-0000-4000-8000-00000000feed", "creationTimestamp": "2026-04-01T00:00:00Z",
			"annotations":     map[string]any{"kubernetes.io/config.hash": staticHash, "kubernetes.io/config.mirror": staticHash, "kubernetes.io/config.source": "file"},
			"ownerReferences": []any{map[string]any{"apiVersion": "v1", "kind": "Node", "name": killedNode, "uid": "n", "controller": true}},
		},
		"spec": map[string]any{"nodeName": killedNode, "containers": []any{map[string]any{"name": "etcd", "image": "etcd:3"}}},
	}}
}

func resolver(t *testing.T, s *cluster.APIServer, a cluster.Access) *live.Resolver {
	t.Helper()
	c, err := kubeclient.Connect(s.ConfigFor(a), nil)
	if err != nil {
		t.Fatal(err)
	}
	return &live.Resolver{Cluster: c, Now: time.Now}
}

// TestKilled finds the pods of kills by what the kernel names their cgroups by, with the role that is shipped; and says
// that it may not where the role is that of one namespace.
func TestKilled(t *testing.T) {
	server := cluster.StartAPIServer(t, cluster.ServerOptions{})
	token := server.ServiceAccount(t, "oombot", "oombot")
	i := loadInto(t, server, example("leak-after-deploy"), cluster.PrometheusOptions{})
	if err := server.Put(t.Context(), nil, static()); err != nil {
		t.Fatal(err)
	}
	kill := live.Kill{Node: killedNode, PodUID: killedUID, ContainerID: killedContainer}
	narrow := resolver(t, server, cluster.Access{Token: token})
	if _, err := narrow.Killed(t.Context(), kill); !errors.Is(err, investigations.ErrForbidden) {
		t.Errorf("without a role: %v, want that it is forbidden", err)
	}
	apply(t, server, "rbac.yaml", "")
	mark := server.AuditMark(t)
	r := resolver(t, server, cluster.Access{Token: token})
	target := i.request.Target
	for name, tt := range map[string]struct {
		kill live.Kill
		want live.Words
	}{
		"by its uid":       {kill, live.Words{Namespace: target.Namespace, Kind: "pod", Name: target.Pod, Container: target.Container}},
		"by its container": {live.Kill{Node: killedNode, ContainerID: killedContainer}, live.Words{Namespace: target.Namespace, Kind: "pod", Name: target.Pod, Container: target.Container}},
		"a static pod":     {live.Kill{Node: killedNode, PodUID: staticHash}, live.Words{Namespace: "kube-system", Kind: "pod", Name: "etcd-" + killedNode}},
	} {
		words := until(t, r, tt.kill)
		if diff := cmp.Diff(tt.want, words); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		sub, err := r.Resolve(t.Context(), live.Ask{Words: words, At: i.request.At, Kill: &tt.kill})
		if err != nil || sub.Node != killedNode || !sub.Request.At.Equal(i.request.At) || sub.GonePod {
			t.Errorf("%s: resolved to %+v, %v", name, sub, err)
		}
	}
	if _, err := r.Killed(t.Context(), live.Kill{Node: killedNode, PodUID: youngerUID}); !errors.Is(err, live.ErrNoTarget) {
		t.Errorf("a uid that is nobody's: %v", err)
	}
	if _, err := r.Killed(t.Context(), live.Kill{Node: "elsewhere", PodUID: killedUID}); !errors.Is(err, live.ErrNoTarget) {
		t.Errorf("on another node: %v", err)
	}
	lists := 0
	for _, q := range server.Audit(t, mark) {
		if q.User == account && q.Verb == "list" && q.Resource == "pods" && q.Namespace == "" {
			lists++
		}
	}
	if lists == 0 {
		t.Error("the audit log knows no list of pods of all namespaces")
	}
}

// until looks for the pod of a kill until the role is in force.
func until(t *testing.T, r *live.Resolver, k live.Kill) (words live.Words) {
	t.Helper()
	oombot.Until(t, "the pod of a kill", func() bool {
		var err error
		words, err = r.Killed(t.Context(), k)
		return err == nil
	})
	return words
}

// TestKilledPodMadeAnew has a pod of the killed one's name made seconds after the kill: by the kernel's uid it is not taken
// for the one that was killed.
func TestKilledPodMadeAnew(t *testing.T) {
	i := load(t, written(t, "leak_statefulset", 5), cluster.PrometheusOptions{})
	younger := successor(t, i)
	meta := younger.Value["metadata"].(map[string]any)
	meta["creationTimestamp"] = i.request.At.Add(20 * time.Second).Format(time.RFC3339)
	if err := i.server.Put(t.Context(), nil, younger); err != nil {
		t.Fatal(err)
	}
	r := resolver(t, i.server, cluster.Access{})
	target := i.request.Target
	words := live.Words{Namespace: target.Namespace, Kind: "pod", Name: target.Pod}
	for uid, gone := range map[string]bool{killedUID: true, youngerUID: false} {
		sub, err := r.Resolve(t.Context(), live.Ask{Words: words, At: i.request.At, Kill: &live.Kill{Node: "n-before", PodUID: uid}})
		if err != nil || sub.GonePod != gone || gone && sub.Node != "n-before" {
			t.Errorf("of %s: resolved to %+v, %v", uid, sub, err)
		}
	}
}
