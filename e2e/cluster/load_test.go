package cluster_test

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/oombot/oombot/e2e/cluster"
)

// TestLoad loads every example, and asks the API server for every object of it.
func TestLoad(t *testing.T) {
	server := cluster.SharedAPIServer(t)
	for name, bundle := range bundles(t) {
		t.Run(name, func(t *testing.T) {
			server.Reset(t)
			server.Load(t, cluster.LoadOptions{}, bundle)
			objects, err := cluster.Objects(bundle)
			if err != nil {
				t.Fatal(err)
			}
			if len(objects) == 0 {
				t.Fatal("the bundle holds no object")
			}
			for _, o := range objects {
				compare(t, o, server.Get(t, o))
			}
		})
	}
}

// compare fails where the object that is served has lost or changed something of the one that was recorded.
func compare(t *testing.T, recorded cluster.Object, served map[string]any) {
	t.Helper()
	namespace, name := recorded.Meta()
	what := fmt.Sprintf("%s %s/%s", recorded.Resource, namespace, name)
	want := map[string]any{}
	for k, v := range recorded.Value {
		want[k] = v
	}
	meta := map[string]any{}
	for k, v := range recorded.Value["metadata"].(map[string]any) {
		if k != "resourceVersion" {
			meta[k] = v
		}
	}
	want["metadata"] = meta
	for _, lost := range missing("", want, served) {
		t.Errorf("%s: %s", what, lost)
	}
	if cmp.Equal(meta["managedFields"], nil) && served["metadata"].(map[string]any)["managedFields"] != nil {
		t.Errorf("%s: it has managed fields that were not recorded", what)
	}
}

// missing says what of want isn't in got. Got may hold more: the API server fills in defaults.
func missing(path string, want, got any) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok && len(w) > 0 {
			return []string{fmt.Sprintf("%s is %v, want %v", path, got, want)}
		}
		var out []string
		for k, v := range w {
			out = append(out, missing(path+"."+k, v, g[k])...)
		}
		slices.Sort(out)
		return out
	case []any:
		g, ok := got.([]any)
		if !ok && len(w) == 0 {
			return nil
		}
		if len(g) != len(w) {
			return []string{fmt.Sprintf("%s is %v, want %v", path, got, want)}
		}
		var out []string
		for i := range w {
			out = append(out, missing(fmt.Sprintf("%s[%d]", path, i), w[i], g[i])...)
		}
		return out
	default:
		if empty := w == nil || w == "" || w == json.Number("0") || w == false; empty && got == nil {
			return nil // left out by one, written by the other
		}
		if want != got && !sameQuantity(want, got) {
			return []string{fmt.Sprintf("%s is %v, want %v", path, got, want)}
		}
		return nil
	}
}

// sameQuantity tells whether two values are one amount, which the API server writes in its own way.
func sameQuantity(a, b any) bool {
	x, ok := a.(string)
	y, ok2 := b.(string)
	if !ok || !ok2 {
		return false
	}
	p, err := resource.ParseQuantity(x)
	q, err2 := resource.ParseQuantity(y)
	return err == nil && err2 == nil && p.Cmp(q) == 0
}

// TestMissing makes sure that the comparison finds what it is there for.
func TestMissing(t *testing.T) {
	got := map[string]any{"a": []any{map[string]any{"b": "c", "default": true}}}
	if m := missing("", map[string]any{"a": []any{map[string]any{"b": "c"}}}, got); len(m) != 0 {
		t.Errorf("a default is taken for a loss: %q", m)
	}
	for _, want := range []map[string]any{
		{"a": []any{map[string]any{"b": "d"}}}, {"a": []any{}, "x": "y"}, {"a": []any{map[string]any{"e": "f"}}}, {"a": "g"},
	} {
		if len(missing("", want, got)) == 0 {
			t.Errorf("%v is found in %v", want, got)
		}
	}
}

func custom(kind, apiVersion, name string) map[string]any {
	return map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"namespace": "gitops", "name": name, "creationTimestamp": "2026-01-02T03:04:05Z", "uid": "u-" + name},
		"spec":     map[string]any{"anything": map[string]any{"goes": "here"}},
		"status":   map[string]any{"sync": map[string]any{"revision": "4f2a9d1"}},
	}
}

// TestLoadCustom stores resources that the API server doesn't know by itself, and takes them back.
func TestLoadCustom(t *testing.T) {
	server := cluster.SharedAPIServer(t)
	objects := []cluster.Object{
		{Resource: "applications", Value: custom("Application", "argoproj.io/v1alpha1", "shop")},
		{Resource: "kustomizations", Value: custom("Kustomization", "kustomize.toolkit.fluxcd.io/v1", "shop")},
		{Resource: "helmreleases", Value: custom("HelmRelease", "helm.toolkit.fluxcd.io/v2", "shop")},
		{Resource: "verticalpodautoscalers", Value: custom("VerticalPodAutoscaler", "autoscaling.k8s.io/v1", "shop")},
		{Resource: "horizontalpodautoscalers", Value: map[string]any{
			"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
			"metadata": map[string]any{"namespace": "gitops", "name": "shop", "uid": "u-hpa"},
			"spec": map[string]any{
				"scaleTargetRef": map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"},
				"maxReplicas":    json.Number("7"),
			},
		}},
		{Resource: "configmaps", Value: map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"k": "v"},
			"metadata": map[string]any{"namespace": "gitops", "name": "shop", "managedFields": []any{map[string]any{
				"manager": "kubectl", "operation": "Update", "apiVersion": "v1", "time": "2026-01-02T03:04:05Z",
				"fieldsType": "FieldsV1", "fieldsV1": map[string]any{"f:data": map[string]any{"f:k": map[string]any{}}},
			}}},
		}},
	}
	if err := server.Put(t.Context(), nil, objects...); err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		compare(t, o, server.Get(t, o))
	}
	if _, err := server.Client().CoreV1().Namespaces().Get(t.Context(), "gitops", metav1.GetOptions{}); err != nil {
		t.Errorf("the namespace that the objects are in was not made: %v", err)
	}
	server.Reset(t)
	for _, o := range objects {
		if _, err := server.Find(t.Context(), o); !apierrors.IsNotFound(err) {
			t.Errorf("%s is still there after a reset: %v", o.Resource, err)
		}
	}
}

// TestReset makes sure that what was there before is there again.
func TestReset(t *testing.T) {
	server := cluster.SharedAPIServer(t)
	before, err := server.Client().CoreV1().Namespaces().Get(t.Context(), "kube-system", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	bundle := example(t, "label-from-hours-ago")
	server.Load(t, cluster.LoadOptions{}, bundle)
	// From the cache, which has to have seen it all.
	pods, err := server.Client().CoreV1().Pods("").List(t.Context(), metav1.ListOptions{ResourceVersion: "0"})
	if err != nil || len(pods.Items) == 0 {
		t.Fatalf("%d pods, %v", len(pods.Items), err)
	}
	if err := server.Delete(t.Context(), "pods", pods.Items[0].Namespace, pods.Items[0].Name); err != nil {
		t.Fatal(err)
	}
	fewer, err := server.Client().CoreV1().Pods("").List(t.Context(), metav1.ListOptions{ResourceVersion: "0"})
	if err != nil || len(fewer.Items) != len(pods.Items)-1 {
		t.Errorf("%d pods after one was deleted, %v, want %d", len(fewer.Items), err, len(pods.Items)-1)
	}
	server.Reset(t)
	pods, err = server.Client().CoreV1().Pods("").List(t.Context(), metav1.ListOptions{ResourceVersion: "0"})
	if err != nil || len(pods.Items) != 0 {
		t.Errorf("%d pods after a reset, %v", len(pods.Items), err)
	}
	after, err := server.Client().CoreV1().Namespaces().Get(t.Context(), "kube-system", metav1.GetOptions{})
	if err != nil || after.UID != before.UID {
		t.Errorf("kube-system is %v after a reset, %v, want %v", after.UID, err, before.UID)
	}
}

// TestPodLogs has the real API server fetch logs from the stand-in for the kubelet.
func TestPodLogs(t *testing.T) {
	server := cluster.SharedAPIServer(t)
	bundle := example(t, "java-heap-ran-out")
	kubelet := cluster.StartKubelet(t, bundle)
	server.Load(t, cluster.LoadOptions{Kubelet: kubelet}, bundle)
	const namespace, pod, container = "payments", "sessions-8rgv9hdcd-k6wnj", "sessions"
	read := func(o corev1.PodLogOptions) (string, error) {
		o.Container = container
		stream, err := server.Client().CoreV1().Pods(namespace).GetLogs(pod, &o).Stream(t.Context())
		if err != nil {
			return "", err
		}
		defer stream.Close()
		text, err := io.ReadAll(stream)
		return string(text), err
	}
	recorded := file(t, bundle, "logs/"+namespace+"/"+pod+"/"+container+".log")
	previous := file(t, bundle, "logs/"+namespace+"/"+pod+"/"+container+".previous.log")
	lines := strings.SplitAfter(strings.TrimSuffix(recorded, "\n"), "\n")
	last := lines[len(lines)-1] + "\n"
	_, bare, _ := strings.Cut(last, " ")
	one, ten := int64(1), int64(10)
	for name, c := range map[string]struct {
		options corev1.PodLogOptions
		want    string
	}{
		"current":    {corev1.PodLogOptions{Timestamps: true}, recorded},
		"previous":   {corev1.PodLogOptions{Timestamps: true, Previous: true}, previous},
		"the last":   {corev1.PodLogOptions{Timestamps: true, TailLines: &one}, last},
		"bare":       {corev1.PodLogOptions{TailLines: &one}, bare},
		"ten bytes":  {corev1.PodLogOptions{LimitBytes: &ten, Timestamps: true}, recorded[:10]},
		"since then": {corev1.PodLogOptions{Timestamps: true, SinceTime: &metav1.Time{Time: stamp(t, last)}}, last},
	} {
		if got, err := read(c.options); err != nil || got != c.want {
			t.Errorf("%s: %v, difference (-want +got):\n%s", name, err, cmp.Diff(c.want, got))
		}
	}
	if asked := kubelet.Asked(); len(asked) != 6 || !strings.HasPrefix(asked[0], "/containerLogs/payments/") {
		t.Errorf("the kubelet was asked %q", asked)
	}

	nodes, err := server.Client().CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil || len(nodes.Items) == 0 {
		t.Fatalf("no nodes: %v", err)
	}
	if first := nodes.Items[0].Status.Addresses[0]; first.Type != corev1.NodeInternalIP {
		t.Errorf("a node's first address is %v, want the recorded one", first)
	}
}

// TestPodLogsMissing has a kubelet refuse what it has not.
func TestPodLogsMissing(t *testing.T) {
	server := cluster.SharedAPIServer(t)
	bundle := example(t, "pod-limit")
	server.Load(t, cluster.LoadOptions{Kubelet: cluster.StartKubelet(t, bundle)}, bundle)
	for _, o := range []corev1.PodLogOptions{{Container: "checkout"}, {Container: "checkout", Previous: true}} {
		err := server.Client().CoreV1().Pods("team-blue").GetLogs("checkout-splbggwt9-wqg7d", &o).Do(t.Context()).Error()
		if !apierrors.IsBadRequest(err) {
			t.Errorf("a log that is not there, with previous=%v: %v, want a bad request", o.Previous, err)
		}
	}
}

// TestAudit makes sure that the audit log tells who asked for what, and that a service account may do next to nothing.
func TestAudit(t *testing.T) {
	server := cluster.SharedAPIServer(t)
	bundle := example(t, "pod-limit")
	server.Load(t, cluster.LoadOptions{}, bundle)
	mark := server.AuditMark(t)
	token := server.ServiceAccount(t, "oombot", "reader")
	asReader := client(t, server.ConfigFor(cluster.Access{Token: token}))
	asAdmin := client(t, server.Config())
	if _, err := asReader.CoreV1().Pods("team-blue").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a service account without a role lists pods: %v", err)
	}
	if _, err := asAdmin.CoreV1().Nodes().Get(t.Context(), "edge-0e9", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	var got []string
	for _, r := range server.Audit(t, mark) {
		got = append(got, fmt.Sprintf("%s %s %s %q %q %d %s", r.User, r.Verb, r.Resource, r.Namespace, r.Name, r.Code, r.URI))
		if r.Began.IsZero() || r.Took <= 0 || r.UserAgent == "" {
			t.Errorf("incomplete: %+v", r)
		}
	}
	want := []string{
		`system:serviceaccount:oombot:reader list pods "team-blue" "" 403 /api/v1/namespaces/team-blue/pods`,
		`admin get nodes "" "edge-0e9" 200 /api/v1/nodes/edge-0e9`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("audit log (-want +got):\n%s", diff)
	}
}
