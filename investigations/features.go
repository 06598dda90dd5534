package investigations

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
