package bundle

import (
	"strings"

	"github.com/oombot/oombot/investigations"
)

const targetShapes = "write exactly one of namespace and pod (and container), namespace and workload, or node"

func (in incident) target() (investigations.Target, error) {
	var none investigations.Target
	if in.Target == nil {
		return none, invalid("%s has no target: %s", incidentFile, targetShapes)
	}
	t := investigations.Target{
		Namespace: string(in.Target.Namespace), Pod: string(in.Target.Pod), Container: string(in.Target.Container),
		Workload: string(in.Target.Workload), Node: string(in.Target.Node),
	}
	given := 0
	for _, part := range []string{t.Pod, t.Workload, t.Node} {
		if part != "" {
			given++
		}
	}
	switch {
	case given == 0:
		return none, invalid("%s has a target without a pod, workload or node: %s", incidentFile, targetShapes)
	case given > 1:
		return none, invalid("%s has a target of several kinds: %s", incidentFile, targetShapes)
	case t.Container != "" && t.Pod == "":
		return none, invalid("%s has a target with a container but no pod: %s", incidentFile, targetShapes)
	case t.Node == "" && t.Namespace == "":
		return none, invalid("%s has a target without a namespace: add namespace to it", incidentFile)
	case t.Node != "" && t.Namespace != "":
		return none, invalid("%s has a target with a node and a namespace: %s", incidentFile, targetShapes)
	}
	if err := checkNames(t); err != nil {
		return none, err
	}
	return normalWorkload(t)
}

// checkNames refuses what can't be a name and could harm as one: a path, control characters, endless text.
func checkNames(t investigations.Target) error {
	for _, n := range []struct{ key, name string }{
		{"namespace", t.Namespace},
		{"pod", t.Pod},
		{"container", t.Container},
		{"node", t.Node},
		{"workload", strings.Replace(t.Workload, "/", "", 1)},
	} {
		if !investigations.IsName(n.name) {
			return invalid("%s has a target whose %s is no name in Kubernetes, %q: write the object's metadata.name",
				incidentFile, n.key, clip(n.name))
		}
	}
	return nil
}

// normalWorkload brings kind/name to the singular and lower case. A bare name stays bare: which kind it is
// follows from the objects that the bundle holds.
func normalWorkload(t investigations.Target) (investigations.Target, error) {
	kind, name, both := strings.Cut(t.Workload, "/")
	if !both {
		return t, nil
	}
	kind = investigations.WorkloadKind(kind)
	if kind == "" || name == "" || name == "." || name == ".." {
		return t, invalid("%s has a workload that is not kind/name, %q: write it as deployment/checkout",
			incidentFile, clip(t.Workload))
	}
	t.Workload = kind + "/" + name
	return t, nil
}
