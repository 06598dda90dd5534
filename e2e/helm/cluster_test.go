package helm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/oombot/oombot/e2e/cluster"
)

// applier creates objects in a real API server and keeps what it warns of. Objects with fields that it does not know are
// refused. It is not safe for concurrent use.
type applier struct {
	server *cluster.APIServer
	client dynamic.Interface
	mapper meta.RESTMapper

	mu       sync.Mutex
	warnings []string
}

// newApplier starts an API server of the test's own, which knows the kinds of Prometheus's operator.
func newApplier(t *testing.T) *applier {
	t.Helper()
	a := &applier{server: cluster.StartAPIServer(t, cluster.ServerOptions{Args: []string{"--allow-privileged=true"}})}
	cfg := rest.CopyConfig(a.server.Config())
	cfg.QPS, cfg.WarningHandler = -1, a
	var err error
	if a.client, err = dynamic.NewForConfig(cfg); err != nil {
		t.Fatal(err)
	}
	define(t, a.client)
	d, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := restmapper.GetAPIGroupResources(d)
	if err != nil {
		t.Fatal(err)
	}
	a.mapper = restmapper.NewDiscoveryRESTMapper(groups)
	return a
}

// HandleWarningHeader implements rest.WarningHandler.
func (a *applier) HandleWarningHeader(_ int, _, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.warnings = append(a.warnings, text)
}

// warned returns what was warned of since it was asked last.
func (a *applier) warned() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.warnings
	a.warnings = nil
	return out
}

// define makes the three kinds of Prometheus's operator that the chart uses. Their fields are judged by TestOperatorObjects.
func define(t *testing.T, client dynamic.Interface) {
	t.Helper()
	const group = "monitoring.coreos.com"
	crds := client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	for _, kind := range []string{"ServiceMonitor", "PodMonitor", "PrometheusRule"} {
		plural := strings.ToLower(kind) + "s"
		crd := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": map[string]any{"name": plural + "." + group},
			"spec": map[string]any{
				"group": group, "scope": "Namespaced", "names": map[string]any{"kind": kind, "plural": plural, "singular": strings.ToLower(kind)},
				"versions": []any{map[string]any{"name": "v1", "served": true, "storage": true, "schema": map[string]any{
					"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true},
				}}},
			},
		}}
		if _, err := crds.Create(t.Context(), crd, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		served := client.Resource(schema.GroupVersionResource{Group: group, Version: "v1", Resource: plural})
		within, stop := context.WithTimeout(t.Context(), 30*time.Second)
		defer stop()
		for {
			_, err := served.List(within, metav1.ListOptions{})
			if err == nil {
				break
			}
			if within.Err() != nil {
				t.Fatalf("%s is defined and not served: %v", kind, err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// namespace makes one with labels of Pod Security.
func (a *applier) namespace(t *testing.T, name, enforce, warn string) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		"pod-security.kubernetes.io/enforce": enforce, "pod-security.kubernetes.io/warn": warn,
	}}}
	if _, err := a.server.Client().CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// create creates an object, and refuses fields that the API server does not know.
func (a *applier) create(ctx context.Context, o unstructured.Unstructured) error {
	kind := o.GroupVersionKind()
	mapping, err := a.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	var in dynamic.ResourceInterface = a.client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		in = a.client.Resource(mapping.Resource).Namespace(o.GetNamespace())
	}
	_, err = in.Create(ctx, &o, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
	return err
}

// pod is a pod as its controller would make it.
func pod(t *testing.T, of unstructured.Unstructured) unstructured.Unstructured {
	t.Helper()
	template, found, err := unstructured.NestedMap(of.Object, "spec", "template")
	if err != nil || !found {
		t.Fatalf("%s has no template: %v", of.GetName(), err)
	}
	o := unstructured.Unstructured{Object: template}
	o.SetAPIVersion("v1")
	o.SetKind("Pod")
	o.SetName("pod-of-" + of.GetName())
	o.SetNamespace(of.GetNamespace())
	return o
}

// TestApplied creates every variant in a real API server: without an error, without a warning, and with the pods that the
// controllers would make.
func TestApplied(t *testing.T) {
	a := newApplier(t)
	for _, ns := range []string{"shop", "pay"} {
		a.namespace(t, ns, "restricted", "restricted")
	}
	for name := range variants {
		t.Run(name, func(t *testing.T) {
			a.warned()
			a.namespace(t, "ns-"+name, "privileged", "privileged")
			for _, o := range render(t, name) {
				if err := a.create(t.Context(), o); err != nil {
					t.Errorf("create %s %s: %v", o.GetKind(), o.GetName(), err)
				}
				if o.GetKind() != "Deployment" && o.GetKind() != "DaemonSet" {
					continue
				}
				if err := a.create(t.Context(), pod(t, o)); err != nil && !lacksController(err) {
					t.Errorf("create a pod of %s %s: %v", o.GetKind(), o.GetName(), err)
				}
			}
			if w := a.warned(); len(w) > 0 {
				t.Errorf("the API server warns:\n%s", strings.Join(w, "\n"))
			}
		})
	}
	t.Run("manifests", func(t *testing.T) { appliesFile(t, a, "../../deploy/manifests/oombot.yaml") })
	t.Run("pod security", func(t *testing.T) { judgesPods(t, a) })
}

// lacksController says that a pod is refused only since nothing counts what the quota of its namespace holds.
func lacksController(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "status unknown for quota")
}

// appliesFile creates what a file holds, the namespace included.
func appliesFile(t *testing.T, a *applier, file string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	decoder := utilyaml.NewYAMLOrJSONDecoder(f, 4096)
	made := 0
	for {
		var o unstructured.Unstructured
		if err := decoder.Decode(&o.Object); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if err := a.create(t.Context(), o); err != nil {
			t.Errorf("create %s %s: %v", o.GetKind(), o.GetName(), err)
		}
		made++
	}
	if w := a.warned(); len(w) > 0 || made < 15 {
		t.Errorf("%d objects; the API server warns: %q", made, w)
	}
}

// judgesPods has Pod Security judge the pods: the bot's is fit for the strictest level, and the agent's for none but
// privileged, for just the reasons that the chart's README names.
func judgesPods(t *testing.T, a *applier) {
	a.namespace(t, "strict", "restricted", "restricted")
	a.namespace(t, "told", "privileged", "restricted")
	judged := func(variant, id, in string) (string, error) {
		o, found := named(render(t, variant))[strings.ReplaceAll(id, "$", "oombot-"+variant)]
		if !found {
			t.Fatalf("the variant %s has no %s", variant, id)
		}
		p := pod(t, o)
		p.SetNamespace(in)
		err := a.create(t.Context(), p)
		return strings.Join(a.warned(), "\n"), err
	}
	for _, variant := range []string{"default", "two", "full"} {
		if w, err := judged(variant, "Deployment/$", "strict"); w != "" || err != nil {
			t.Errorf("the bot of %s is not fit for restricted: %v %s", variant, err, w)
		}
	}
	if _, err := judged("default", "DaemonSet/$-agent", "strict"); err == nil || !strings.Contains(err.Error(), "violates PodSecurity") {
		t.Errorf("the agent in a restricted namespace: %v, want a refusal", err)
	}
	for variant, want := range map[string][]string{
		"default": {"host namespaces (hostPID=true)", "must not include \"SYSLOG\"", "hostPath", "runAsNonRoot"},
		"journal": {"host namespaces (hostPID=true)", "hostPath", "runAsNonRoot"},
		"kubelet": {"must not include \"SYSLOG\"", "hostPath", "runAsNonRoot"},
		"kmsg":    {"privileged (container \"agent\"", "host namespaces (hostPID=true)", "hostPath", "runAsNonRoot"},
	} {
		w, err := judged(variant, "DaemonSet/$-agent", "told")
		if err != nil {
			t.Errorf("the agent of %s: %v", variant, err)
		}
		for _, text := range want {
			if !strings.Contains(w, text) {
				t.Errorf("%s: Pod Security does not say %q:\n%s", variant, text, w)
			}
		}
		for _, text := range []string{"hostNetwork", "seccompProfile", "hostPort", "hostIPC"} {
			if strings.Contains(w, text) {
				t.Errorf("%s: Pod Security says %q:\n%s", variant, text, w)
			}
		}
		if variant == "kubelet" && strings.Contains(w, "hostPID") || variant == "journal" && strings.Contains(w, "capabilities") {
			t.Errorf("%s asks for more than it needs:\n%s", variant, w)
		}
	}
}

// account is the user name of a service account of a variant.
func account(variant, name string) string {
	return fmt.Sprintf("system:serviceaccount:ns-%s:%s", variant, strings.ReplaceAll(name, "$", "oombot-"+variant))
}
