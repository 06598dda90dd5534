package rollouts

import (
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// wouldTell says what a resource tells.
func wouldTell(resource string) string {
	switch resource {
	case "replicasets", "controllerrevisions":
		return "which revision came into force when, and what it changed"
	case "jobs", "cronjobs":
		return "whether a scheduled job ran at the moment"
	case "configmaps":
		return "whether configuration changed without a rollout, and what settings the runtime was given"
	case "horizontalpodautoscalers", "verticalpodautoscalers":
		return "whether an autoscaler owns the limits or the number of replicas"
	case "priorityclasses":
		return "which pods go before others"
	case "applications", "kustomizations", "helmreleases":
		return "who deploys the workload, and whether a change by hand would hold"
	}
	return investigations.WouldTell(investigations.ToolRollouts)
}

// blindSpots returns all that could not be seen.
func (r *reader) blindSpots() []investigations.BlindSpot {
	if !r.looked {
		r.blind("the bundle holds none of the files of kubernetes/ that tell about workloads, as kubernetes/deployments.json",
			wouldTell("deployments"))
		return r.spots
	}
	target := targetWorkload(r.req.Target, r.ev.Workloads)
	r.missingFiles(target)
	if target == nil {
		r.noTarget()
		return r.spots
	}
	if len(target.Revisions) == 0 && r.revisionsOf(target) != "" && r.usable[r.revisionsOf(target)] {
		r.blindf(wouldTell("replicasets"), "kubernetes/%s.json holds no revision of %.200q", r.revisionsOf(target), target.Ref())
	}
	r.configMaps(target)
	return r.spots
}

// revisionsOf returns the resource that a workload's revisions are kept in; "" for kinds that keep none.
func (r *reader) revisionsOf(w *investigations.Workload) string {
	switch w.Kind {
	case "deployment":
		return "replicasets"
	case "statefulset", "daemonset":
		return "controllerrevisions"
	}
	return ""
}

// missingFiles tells of those that matter to the target one by one, and of the rest in one sentence.
func (r *reader) missingFiles(target *investigations.Workload) {
	var rest []string
	for _, p := range parts {
		switch {
		case !r.missing[p.resource]:
		case r.matters(p.resource, target):
			r.blindf(wouldTell(p.resource), "%s was not recorded", p.file())
		default:
			rest = append(rest, p.resource)
		}
	}
	if len(rest) > 0 {
		r.blindf("what these say about the workload and its surroundings", "not recorded of kubernetes/: %s", strings.Join(rest, ", "))
	}
}

func (r *reader) matters(resource string, target *investigations.Workload) bool {
	if resource == "configmaps" {
		return target == nil || len(configMapsOf(&target.Template)) > 0
	}
	if target == nil {
		return slices.Contains([]string{"deployments", "replicasets"}, resource)
	}
	return resource == target.Kind+"s" || resource == r.revisionsOf(target)
}

// noTarget tells that the target's workload is not there, unless there need not be one: a node has none, and a
// pod may have none.
func (r *reader) noTarget() {
	t := r.req.Target
	switch {
	case t.Workload != "":
		r.blindf(wouldTell(""), "no workload %.200q was found", t.Namespace+"/"+t.Workload)
	case t.Pod != "" && r.ev.HasWorkloads:
		r.blindf(wouldTell(""), "no workload was found that pod %.200q is named after", t.Namespace+"/"+t.Pod)
	}
}

// configMaps tells which of the target's ConfigMaps are not there, and of which the time of the last change is
// not known.
func (r *reader) configMaps(target *investigations.Workload) {
	if !r.usable["configmaps"] {
		return
	}
	var absent, undated []string
	for _, name := range configMapsOf(&target.Template) {
		i := slices.IndexFunc(r.ev.ConfigMaps, func(m investigations.ConfigMap) bool {
			return m.Name == name && m.Namespace == target.Namespace
		})
		switch {
		case i < 0:
			absent = append(absent, name)
		case !r.ev.ConfigMaps[i].HasManagedFields:
			undated = append(undated, name)
		}
	}
	const atMost = 5
	if len(absent) > 0 {
		r.blindf(wouldTell("configmaps"), "kubernetes/configmaps.json does not hold %.200q, which the pods take in", absent[:min(len(absent), atMost)])
	}
	if len(undated) > 0 {
		r.blindf("whether configuration changed before the memory grew",
			"when ConfigMap %.200q last changed is not known: kubernetes/configmaps.json has no managed fields of it",
			undated[:min(len(undated), atMost)])
	}
}
