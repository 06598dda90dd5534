package investigations

import (
	"fmt"
	"time"
)

// DefaultWindow is how far back an investigation looks where nothing else is said.
const DefaultWindow = 24 * time.Hour

// Target names what was killed, as far as it is known. Exactly one of three shapes is asked for: a pod (with
// or without a container), a workload, or a node; resolving fills in the rest. The zero Target names nothing.
type Target struct {
	Namespace string `json:"namespace,omitempty"`
	Pod       string `json:"pod,omitempty"`
	Container string `json:"container,omitempty"`
	// Workload is kind/name in lower case, as deployment/checkout.
	Workload string `json:"workload,omitempty"`
	Node     string `json:"node,omitempty"`
}

// String returns the target as a person writes it: ns/pod/container, ns/kind/name, or node/name.
func (t Target) String() string {
	switch {
	case t.Pod != "" && t.Container != "":
		return fmt.Sprintf("%s/%s/%s", t.Namespace, t.Pod, t.Container)
	case t.Pod != "":
		return fmt.Sprintf("%s/%s", t.Namespace, t.Pod)
	case t.Workload != "":
		return fmt.Sprintf("%s/%s", t.Namespace, t.Workload)
	case t.Node != "":
		return "node/" + t.Node
	}
	return "unknown target"
}

// Alert is what called for the investigation.
type Alert struct {
	Source string `json:"source,omitempty"`
	ID     string `json:"id,omitempty"`
	Title  string `json:"title,omitempty"`
}

// Request asks for one investigation.
type Request struct {
	// At is when something was killed, or when the alert fired, which is up to some minutes later.
	At     time.Time
	Target Target
	// Cluster may be empty.
	Cluster string
	// Window is how far before At the evidence reaches. Zero means DefaultWindow.
	Window time.Duration
	Alert  *Alert
	// PodUID is that of the target's pod, where it is known, as the kernel tells it: a static pod's is the hash of its
	// file. Another pod of the target's name is another pod then.
	PodUID string
}

// From returns the start of the window that the request looks at.
func (r Request) From() time.Time {
	w := r.Window
	if w <= 0 {
		w = DefaultWindow
	}
	return r.At.Add(-w)
}
