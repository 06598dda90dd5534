package kubeclient

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Resource is a kind of object that is read, under the name that a bundle's file has.
type Resource struct {
	// Name is the plural, as in "pods".
	Name, Kind, Group string
	// Versions are tried in their order until the server knows one.
	Versions []string
	// Clustered says that its objects are in no namespace.
	Clustered bool
	// Custom says that a server need not have it.
	Custom bool
}

// resources are all that is ever asked for. Secrets are not among them.
var resources = []Resource{
	{Name: "pods", Kind: "Pod", Versions: []string{"v1"}},
	{Name: "nodes", Kind: "Node", Versions: []string{"v1"}, Clustered: true},
	{Name: "events", Kind: "Event", Versions: []string{"v1"}},
	{Name: "namespaces", Kind: "Namespace", Versions: []string{"v1"}, Clustered: true},
	{Name: "limitranges", Kind: "LimitRange", Versions: []string{"v1"}},
	{Name: "resourcequotas", Kind: "ResourceQuota", Versions: []string{"v1"}},
	{Name: "configmaps", Kind: "ConfigMap", Versions: []string{"v1"}},
	{Name: "deployments", Kind: "Deployment", Group: "apps", Versions: []string{"v1"}},
	{Name: "statefulsets", Kind: "StatefulSet", Group: "apps", Versions: []string{"v1"}},
	{Name: "daemonsets", Kind: "DaemonSet", Group: "apps", Versions: []string{"v1"}},
	{Name: "replicasets", Kind: "ReplicaSet", Group: "apps", Versions: []string{"v1"}},
	{Name: "controllerrevisions", Kind: "ControllerRevision", Group: "apps", Versions: []string{"v1"}},
	{Name: "jobs", Kind: "Job", Group: "batch", Versions: []string{"v1"}},
	{Name: "cronjobs", Kind: "CronJob", Group: "batch", Versions: []string{"v1"}},
	{Name: "horizontalpodautoscalers", Kind: "HorizontalPodAutoscaler", Group: "autoscaling", Versions: []string{"v2"}},
	{Name: "priorityclasses", Kind: "PriorityClass", Group: "scheduling.k8s.io", Versions: []string{"v1"}, Clustered: true},
	{Name: "verticalpodautoscalers", Kind: "VerticalPodAutoscaler", Group: "autoscaling.k8s.io", Versions: []string{"v1", "v1beta2"}, Custom: true},
	{Name: "applications", Kind: "Application", Group: "argoproj.io", Versions: []string{"v1alpha1"}, Custom: true},
	{Name: "kustomizations", Kind: "Kustomization", Group: "kustomize.toolkit.fluxcd.io", Versions: []string{"v1", "v1beta2"}, Custom: true},
	{Name: "helmreleases", Kind: "HelmRelease", Group: "helm.toolkit.fluxcd.io", Versions: []string{"v2", "v2beta2", "v2beta1"}, Custom: true},
}

// Resources returns all kinds that are ever asked for.
func Resources() []Resource { return slices.Clone(resources) }

// ResourceNamed returns the kind of that name.
func ResourceNamed(name string) (Resource, bool) {
	i := slices.IndexFunc(resources, func(r Resource) bool { return r.Name == name })
	if i < 0 {
		return Resource{}, false
	}
	return resources[i], true
}

func (r Resource) in(version string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: r.Group, Version: version, Resource: r.Name}
}

// qualified is the name as RBAC and kubectl write it: deployments.apps.
func (r Resource) qualified() string {
	if r.Group == "" {
		return r.Name
	}
	return r.Name + "." + r.Group
}
