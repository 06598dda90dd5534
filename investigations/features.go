package investigations

import (
	"cmp"
	"slices"
	"strings"
)

// Shape is how the memory of the judged container grew before the end.
type Shape string

// The shapes.
const (
	// ShapeSteady grew for its whole life and gave nothing back.
	ShapeSteady Shape = "steady"
	// ShapePlateau came to a level and stayed there.
	ShapePlateau Shape = "plateau"
	// ShapeJump was far below its ceiling until moments before.
	ShapeJump Shape = "jump"
	// ShapeTraffic went up and down with the requests.
	ShapeTraffic Shape = "traffic"
	ShapeUnknown Shape = "unknown"
)

// Features are what recall compares two incidents by: how memory ran out, and not how it was worded. What is not
// known is empty.
type Features struct {
	Mechanism Mechanism `json:"mechanism,omitempty"`
	Boundary  Boundary  `json:"boundary,omitempty"`
	Cause     Cause     `json:"cause,omitempty"`
	Trigger   Trigger   `json:"trigger,omitempty"`
	Shape     Shape     `json:"shape,omitempty"`
	// Runtime is java, node, go, python, ….
	Runtime string `json:"runtime,omitempty"`
	// Comm is the command of what was killed, as the kernel names it.
	Comm string `json:"comm,omitempty"`
	// Image is the repository of the judged container's image, and Version its tag or digest.
	Image   string `json:"image,omitempty"`
	Version string `json:"version,omitempty"`
	// Changed names the fields that the change touched, as "image", "limit", "env SESSION_CACHE".
	Changed []string `json:"changed,omitempty"`
	// Functions grew between two heap profiles, the largest first; at most five.
	Functions []string `json:"functions,omitempty"`
	// Culprit is who used the memory up, where that is not the victim: a container of its pod, a workload, or a
	// process of the node.
	Culprit string `json:"culprit,omitempty"`

	Cluster   string `json:"cluster,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// Workload is kind/name.
	Workload  string `json:"workload,omitempty"`
	Container string `json:"container,omitempty"`
	Node      string `json:"node,omitempty"`
}

// Of returns the features of a verdict: what f lacks is taken from target and verdict, and what the verdict decides is
// always its own.
func (f Features) Of(target Target, v Verdict) Features {
	f.Mechanism, f.Boundary, f.Cause, f.Trigger = v.Mechanism, v.Boundary, v.Cause, v.Trigger
	f.Namespace, f.Workload = cmp.Or(f.Namespace, target.Namespace), cmp.Or(f.Workload, target.Workload)
	f.Container, f.Node = cmp.Or(f.Container, target.Container), cmp.Or(f.Node, target.Node)
	if v.Victim != nil {
		f.Comm, f.Node = cmp.Or(f.Comm, v.Victim.Comm), cmp.Or(f.Node, v.Victim.Node)
	}
	f.Changed = nil
	if v.Change != nil {
		f.Changed = changedFields(v.Change.What)
	}
	return f
}

// changedFields returns which fields sentences like "image: 1.4.1 -> 1.5.0", "memory limit of web: 1Gi -> 512Mi" or
// "env A added" are about, without the container that they belong to, so that they compare across workloads.
func changedFields(what []string) []string {
	var out []string
	for _, w := range what {
		field, _, _ := strings.Cut(w, ":")
		for _, end := range []string{" added", " removed", " set to"} {
			field, _, _ = strings.Cut(field, end)
		}
		for _, general := range []string{"image", "args", "memory limit", "memory request"} {
			if strings.HasPrefix(field, general+" of ") {
				field = general
			}
		}
		if field = CleanText(field, 80); field != "" && !slices.Contains(out, field) {
			out = append(out, field)
		}
	}
	return out
}
