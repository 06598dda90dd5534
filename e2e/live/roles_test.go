package live

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
)

const account = "system:serviceaccount:oombot:oombot"

// apply creates the roles and bindings of a file in deploy/, with the namespace shop replaced by namespace, and returns
// what the roles named oombot grant, as "verb resource.group".
func apply(t *testing.T, s *cluster.APIServer, file, namespace string) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../deploy", file))
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte("namespace: shop"), []byte("namespace: "+namespace))
	client, err := dynamic.NewForConfig(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	granted := map[string]bool{}
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		var o unstructured.Unstructured
		if err := decoder.Decode(&o.Object); errors.Is(err, io.EOF) {
			return granted
		} else if err != nil {
			t.Fatal(err)
		}
		if o.GetKind() == "ServiceAccount" || o.GetKind() == "Lease" {
			continue // an account is made together with its token, a Lease by who needs it
		}
		gvr := rbacv1.SchemeGroupVersion.WithResource(strings.ToLower(o.GetKind()) + "s")
		if _, err := client.Resource(gvr).Namespace(o.GetNamespace()).Create(t.Context(), &o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if o.GetName() == "oombot" {
			maps.Copy(granted, grants(t, o))
		}
	}
}

func grants(t *testing.T, o unstructured.Unstructured) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	rules, _, err := unstructured.NestedSlice(o.Object, "rules")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range rules {
		words := func(field string) []string {
			list, _, err := unstructured.NestedStringSlice(rule.(map[string]any), field)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		for _, group := range words("apiGroups") {
			for _, resource := range words("resources") {
				for _, verb := range words("verbs") {
					out[strings.TrimSuffix(verb+" "+resource+"."+group, ".")] = true
				}
			}
		}
	}
	return out
}

// used is what a request used of a role, in the form of grants.
func used(r cluster.Request) string {
	resource := r.Resource
	if r.Subresource != "" {
		resource += "/" + r.Subresource
	}
	return strings.TrimSuffix(r.Verb+" "+resource+"."+r.Group, ".")
}

// TestClusterRole has everything investigated with the roles of deploy/rbac.yaml: they are enough, and the API server's
// audit log shows that each of their permissions is used and no other one is asked for.
func TestClusterRole(t *testing.T) {
	server := cluster.StartAPIServer(t, cluster.ServerOptions{})
	token := server.ServiceAccount(t, "oombot", "oombot")
	granted := apply(t, server, "rbac.yaml", "")
	kubeconfig := server.KubeconfigFor(t, cluster.Access{Token: token})
	seen := map[string]bool{}
	look := func(t *testing.T, mark int64) {
		t.Helper()
		for _, r := range server.Audit(t, mark) {
			switch {
			case r.User != account:
			case r.Code == 403:
				t.Errorf("%s was refused: %s", used(r), r.URI)
			case r.Resource == "":
				t.Errorf("the program asked for %s %s", r.Verb, r.URI)
			default:
				seen[used(r)] = true
			}
		}
	}
	for _, dir := range examples(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			i := loadInto(t, server, dir, cluster.PrometheusOptions{})
			mark := server.AuditMark(t)
			r := result(t, run(t, i.env(t, kubeconfig), i.args("investigate", "-o", "json")...))
			for _, b := range r.BlindSpots {
				if strings.Contains(b.Why, "forbidden") {
					t.Errorf("blind: %s", b.Why)
				}
			}
			look(t, mark)
		})
		server.Reset(t)
	}
	t.Run("all kinds", func(t *testing.T) {
		targets := everyKind(t, server)
		env := []string{"KUBECONFIG=" + kubeconfig}
		mark := server.AuditMark(t)
		for _, target := range targets {
			run(t, env, "investigate", target, "-o", "json")
		}
		look(t, mark)
	})
	if diff := cmp.Diff(slices.Sorted(maps.Keys(granted)), slices.Sorted(maps.Keys(seen))); diff != "" {
		t.Errorf("the role and what was used differ (-granted +used):\n%s", diff)
	}
}

// everyKind makes a workload of each kind, some of them deployed by Argo CD or Flux, and returns them as targets.
func everyKind(t *testing.T, s *cluster.APIServer) []string {
	t.Helper()
	const ns = "kinds"
	ctx, c := t.Context(), s.Client()
	if _, err := c.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	template := func(name string) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "c", Image: "registry.example/c:1",
				EnvFrom: []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}}},
			}}},
		}
	}
	selector := func(name string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
	}
	made := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	deployers := map[string]metav1.ObjectMeta{
		"argo-here": {Annotations: map[string]string{"argocd.argoproj.io/tracking-id": "cd_shop:apps/Deployment:kinds/argo-here"}},
		"argo":      {Annotations: map[string]string{"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:kinds/argo"}},
		"kustomize": {Labels: map[string]string{"kustomize.toolkit.fluxcd.io/name": "k", "kustomize.toolkit.fluxcd.io/namespace": "flux"}},
		"helm":      {Labels: map[string]string{"helm.toolkit.fluxcd.io/name": "h", "helm.toolkit.fluxcd.io/namespace": "flux"}},
	}
	var targets []string
	for name, meta := range deployers {
		meta.Name = name
		_, err := c.AppsV1().Deployments(ns).Create(ctx, &appsv1.Deployment{
			ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Selector: selector(name), Template: template(name)},
		}, metav1.CreateOptions{})
		made(err)
		targets = append(targets, fmt.Sprintf("%s/deployment/%s", ns, name))
	}
	_, err := c.AppsV1().StatefulSets(ns).Create(ctx, &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "set"}, Spec: appsv1.StatefulSetSpec{Selector: selector("set"), Template: template("set")},
	}, metav1.CreateOptions{})
	made(err)
	_, err = c.AppsV1().DaemonSets(ns).Create(ctx, &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "agent"}, Spec: appsv1.DaemonSetSpec{Selector: selector("agent"), Template: template("agent")},
	}, metav1.CreateOptions{})
	made(err)
	job := template("job")
	job.Spec.RestartPolicy = corev1.RestartPolicyNever
	_, err = c.BatchV1().CronJobs(ns).Create(ctx, &batchv1.CronJob{
		ObjectMeta: metav1.ObjectMeta{Name: "nightly"},
		Spec:       batchv1.CronJobSpec{Schedule: "0 2 * * *", JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: job}}},
	}, metav1.CreateOptions{})
	made(err)
	_, err = c.BatchV1().Jobs(ns).Create(ctx, &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "once"}, Spec: batchv1.JobSpec{Template: job},
	}, metav1.CreateOptions{})
	made(err)
	return append(targets, ns+"/set", ns+"/agent", ns+"/nightly", ns+"/once")
}

// TestNamespacedRole has an incident investigated with a role in its namespace alone: what lies outside is a blind
// spot, and nothing else is lost.
func TestNamespacedRole(t *testing.T) {
	server := cluster.StartAPIServer(t, cluster.ServerOptions{})
	token := server.ServiceAccount(t, "oombot", "oombot")
	i := loadInto(t, server, example("leak-after-deploy"), cluster.PrometheusOptions{})
	granted := apply(t, server, "rbac-namespaced.yaml", i.request.Target.Namespace)
	mark := server.AuditMark(t)
	r := result(t, run(t, i.env(t, server.KubeconfigFor(t, cluster.Access{Token: token})), i.args("investigate", "-o", "json")...))
	if v := r.Verdict; v.Mechanism != investigations.MemcgOOMKill || v.Cause != investigations.CauseLeak || v.Trigger != investigations.TriggerDeploy {
		t.Errorf("the verdict is %s, %s, %s", v.Mechanism, v.Cause, v.Trigger)
	}
	for _, want := range []string{"nodes", "other namespaces"} {
		if got := blind(r, investigations.ToolPods); !strings.Contains(got, want) {
			t.Errorf("no blind spot tells of %q:\n%s", want, got)
		}
	}
	refused := map[string]bool{}
	for _, q := range server.Audit(t, mark) {
		switch {
		case q.User != account:
		case q.Code == 403 && (q.Namespace != i.request.Target.Namespace || q.Resource == "namespaces"):
			refused[used(q)] = true
		case q.Code == 403 || !granted[used(q)]:
			t.Errorf("%s in namespace %q: %d", used(q), q.Namespace, q.Code)
		}
	}
	want := []string{"get namespaces", "get nodes", "list events", "list pods", "list priorityclasses.scheduling.k8s.io"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(refused))); diff != "" {
		t.Errorf("refused was (-want +got):\n%s", diff)
	}
}
