package pods

import (
	"strings"

	"github.com/oombot/oombot/investigations"
)

// isTarget says whether a pod is the target's: the pod itself, one of the workload's, or one on the node.
func isTarget(t investigations.Target, p *investigations.Pod) bool {
	switch {
	case t.Pod != "":
		return p.Name == t.Pod && p.Namespace == t.Namespace
	case t.Workload != "":
		return p.Namespace == t.Namespace && ownedBy(t.Workload, p)
	case t.Node != "":
		return p.Node == t.Node
	}
	return false
}

// ownedBy says whether a pod belongs to kind/name, or to any kind of that name. A Deployment's pods are its
// ReplicaSets', and a CronJob's are its Jobs': NAME-HASH.
func ownedBy(workload string, p *investigations.Pod) bool {
	kind, name, both := strings.Cut(workload, "/")
	if !both {
		kind, name = "", kind
	}
	if p.OwnerName == name || p.OwnerName == "" && p.Name == name {
		return true
	}
	if kind != "" && kind != "deployment" && kind != "cronjob" && kind != "rollout" {
		return false
	}
	hash, ok := strings.CutPrefix(p.OwnerName, name+"-")
	return ok && hash != "" && !strings.Contains(hash, "-")
}

// targetPods returns the pods of the target, at most limit of them.
func targetPods(t investigations.Target, all []investigations.Pod, limit int) []*investigations.Pod {
	var out []*investigations.Pod
	for i := range all {
		if len(out) < limit && isTarget(t, &all[i]) {
			out = append(out, &all[i])
		}
	}
	return out
}

// targetNode returns the name of the node that the target is or runs on; "" where it is not known.
func targetNode(t investigations.Target, all []investigations.Pod) string {
	if t.Node != "" {
		return t.Node
	}
	for _, p := range targetPods(t, all, 1) {
		return p.Node
	}
	return ""
}
