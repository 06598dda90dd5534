package cluster

import (
	"maps"
	"path"
	"slices"
)

// stored says where the API server keeps the objects of a resource, and how it is asked for them.
type stored struct {
	// prefix is the folder below /registry.
	prefix string
	// group and version are those of the API.
	group, version string
	// clusterWide says that the objects have no namespace.
	clusterWide bool
	// custom is the kind of a resource that the API server doesn't know by itself.
	custom string
}

// resources are those that a bundle may hold, by their plural names.
var resources = map[string]stored{
	"pods":           {prefix: "pods", version: "v1"},
	"nodes":          {prefix: "minions", version: "v1", clusterWide: true},
	"events":         {prefix: "events", version: "v1"},
	"namespaces":     {prefix: "namespaces", version: "v1", clusterWide: true},
	"limitranges":    {prefix: "limitranges", version: "v1"},
	"resourcequotas": {prefix: "resourcequotas", version: "v1"},
	"configmaps":     {prefix: "configmaps", version: "v1"},

	"deployments":         {prefix: "deployments", group: "apps", version: "v1"},
	"statefulsets":        {prefix: "statefulsets", group: "apps", version: "v1"},
	"daemonsets":          {prefix: "daemonsets", group: "apps", version: "v1"},
	"replicasets":         {prefix: "replicasets", group: "apps", version: "v1"},
	"controllerrevisions": {prefix: "controllerrevisions", group: "apps", version: "v1"},

	"jobs":     {prefix: "jobs", group: "batch", version: "v1"},
	"cronjobs": {prefix: "cronjobs", group: "batch", version: "v1"},

	"horizontalpodautoscalers": {prefix: "horizontalpodautoscalers", group: "autoscaling", version: "v2"},
	"priorityclasses":          {prefix: "priorityclasses", group: "scheduling.k8s.io", version: "v1", clusterWide: true},

	"verticalpodautoscalers": {group: "autoscaling.k8s.io", version: "v1", custom: "VerticalPodAutoscaler"},
	"applications":           {group: "argoproj.io", version: "v1alpha1", custom: "Application"},
	"kustomizations":         {group: "kustomize.toolkit.fluxcd.io", version: "v1", custom: "Kustomization"},
	"helmreleases":           {group: "helm.toolkit.fluxcd.io", version: "v2", custom: "HelmRelease"},
}

// Resources returns the names of the resources that a bundle may hold, sorted.
func Resources() []string { return slices.Sorted(maps.Keys(resources)) }

// key is where an object is stored.
func (r stored) key(plural, namespace, name string) string {
	prefix := r.prefix
	if r.custom != "" {
		prefix = path.Join(r.group, plural)
	}
	return path.Join("/registry", prefix, namespace, name)
}

// url is the path of the API at which an object, or with an empty name the list of them, is found.
func (r stored) url(plural, namespace, name string) string {
	base := path.Join("/apis", r.group, r.version)
	if r.group == "" {
		base = path.Join("/api", r.version)
	}
	if namespace != "" && !r.clusterWide {
		base = path.Join(base, "namespaces", namespace)
	}
	return path.Join(base, plural, name)
}
