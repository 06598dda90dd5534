package rollouts

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/oombot/oombot/tools/kubeclient"
)

// podSpec returns the pod spec of a pod, or of a workload's template; nil where there is none.
func podSpec(o *kubeclient.Object) map[string]any {
	if o == nil {
		return nil
	}
	path := []string{"spec", "template", "spec"}
	switch o.GetKind() {
	case "Pod":
		path = []string{"spec"}
	case "CronJob":
		path = []string{"spec", "jobTemplate", "spec", "template", "spec"}
	}
	spec, _, _ := unstructured.NestedMap(o.Object, path...) // copies; a wrong type is as good as nothing
	return spec
}

// configMapNames returns the names of the ConfigMaps that a pod spec takes in.
func configMapNames(spec map[string]any) []string {
	var typed corev1.PodSpec
	if spec == nil || runtime.DefaultUnstructuredConverter.FromUnstructured(spec, &typed) != nil {
		return nil
	}
	template := kubeclient.New().Template(&corev1.PodTemplateSpec{Spec: typed})
	return configMapsOf(&template)
}

// selectorOf returns the label selector of a workload's pods of all revisions; "" where it has none, or is nil.
func selectorOf(o *kubeclient.Object) string {
	if o == nil {
		return ""
	}
	raw, ok, err := unstructured.NestedMap(o.Object, "spec", "selector")
	if !ok || err != nil {
		return ""
	}
	var selector metav1.LabelSelector
	if runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &selector) != nil {
		return ""
	}
	delete(selector.MatchLabels, appsv1.DefaultDeploymentUniqueLabelKey)
	delete(selector.MatchLabels, "rollouts-pod-template-hash")
	if len(selector.MatchLabels) == 0 && len(selector.MatchExpressions) == 0 {
		return ""
	}
	return metav1.FormatLabelSelector(&selector)
}

// deployer names an object of Argo CD or Flux.
type deployer struct{ resource, namespace, name string }

// The labels and annotations by which Argo CD and Flux mark what they manage. Argo CD's is an annotation of the form
// [NAMESPACE_]APPLICATION:GROUP/KIND:NAMESPACE/NAME, or a label with the application's name; which label is
// configuration, this one is the default.
const (
	argoTracking       = "argocd.argoproj.io/tracking-id"
	argoInstance       = "app.kubernetes.io/instance"
	argoInstanceOwn    = "argocd.argoproj.io/instance"
	fluxKustomizeName  = "kustomize.toolkit.fluxcd.io/name"
	fluxKustomizeSpace = "kustomize.toolkit.fluxcd.io/namespace"
	fluxHelmName       = "helm.toolkit.fluxcd.io/name"
	fluxHelmSpace      = "helm.toolkit.fluxcd.io/namespace"
)

// deployersOf returns which objects a workload says to be managed by. An empty namespace means that it is not said.
func deployersOf(o *kubeclient.Object) []deployer {
	labels, annotations := o.GetLabels(), o.GetAnnotations()
	var out []deployer
	switch id, _, tracked := strings.Cut(annotations[argoTracking], ":"); {
	case tracked && id != "":
		namespace, name, both := strings.Cut(id, "_")
		if !both {
			namespace, name = "", id
		}
		out = append(out, deployer{"applications", namespace, name})
	case labels[argoInstanceOwn] != "":
		out = append(out, deployer{"applications", "", labels[argoInstanceOwn]})
	case labels[argoInstance] != "" && labels["app.kubernetes.io/managed-by"] != "Helm":
		out = append(out, deployer{"applications", "", labels[argoInstance]})
	}
	if name := labels[fluxKustomizeName]; name != "" && labels[fluxKustomizeSpace] != "" {
		out = append(out, deployer{"kustomizations", labels[fluxKustomizeSpace], name})
	}
	if name := labels[fluxHelmName]; name != "" && labels[fluxHelmSpace] != "" {
		out = append(out, deployer{"helmreleases", labels[fluxHelmSpace], name})
	}
	return out
}
