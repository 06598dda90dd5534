package investigations

import (
	"context"
	"errors"
	"time"
)

// ErrNotConfigured says that nobody has said where a source is. It is no fault of the source.
var ErrNotConfigured = errors.New("not configured")

// Subject is what a live investigation looks at: the request, and what the cluster says about its target.
type Subject struct {
	// Request is what is asked, and what a bundle of it asks: its Target has one of the three shapes, At and
	// Window are never zero.
	Request Request
	// NoEnd says that nobody knew when something ended: At is the present then.
	NoEnd bool
	// Workload is the target's workload in its namespace, as kind/name; empty where there is none or it is not known.
	Workload string
	// Selector is the label selector of the workload's pods; empty where it is not known.
	Selector string
	// Pods are the pods of the workload that the cluster knows, the target's first; for a node none.
	Pods []SubjectPod
	// GonePod says that the target is a pod that the cluster does not know any more.
	GonePod bool
	// Node is the name of the target's node, and NodeAddresses what else it is known by (IP addresses, host names).
	Node          string
	NodeAddresses []string
}

// SubjectPod is a pod of the target's workload.
type SubjectPod struct {
	Namespace, Name, UID, Node, IP string
	Annotations                    map[string]string
	Containers                     []SubjectContainer
}

// SubjectContainer is a container of a SubjectPod, init containers among them.
type SubjectContainer struct {
	Name string
	// IDs are the runtime's, without prefix: of the present life and of the one before, as far as they are known.
	IDs      []string
	Restarts int32
	// Running says that the container has a process now.
	Running bool
	// Started are the moments at which its lives began that the cluster still knows, in no order.
	Started []time.Time
	// Ports are the ports that its spec names, by their names; those without a name are not among them.
	Ports map[string]int32
}

// PodNames returns the names of the subject's pods, the target's first. A pod that is gone is among them.
func (s Subject) PodNames() []string {
	var names []string
	if s.GonePod {
		names = append(names, s.Request.Target.Pod)
	}
	for i := range s.Pods {
		names = append(names, s.Pods[i].Name)
	}
	return names
}

// Origin says where a part of the evidence comes from, in place of the path of a file.
type Origin struct {
	// Name is short, for sentences: "the pods of namespace shop".
	Name string
	// Source is what a person repeats to see the same: a kubectl command, a query.
	Source string
	// File says that Source is a file, whose lines can be named.
	File bool
}

// Sink takes what live sources read, as files of a bundle. Implementations are safe for concurrent use.
type Sink interface {
	// Keep takes the file at a path of the bundle's format. The data has passed redaction, and is the
	// sink's from then on. A second file of the same path replaces the first.
	Keep(path string, from Origin, data []byte)
	// Miss says why the file or folder at path was not read. Where the file is kept as well, that holds.
	Miss(path string, from Origin, why error)
	// Blind takes what could not be seen although a file is kept: a part of it.
	Blind(spot BlindSpot)
}

// LiveSource is one source of a running cluster. It writes what it reads down as the files that the Tool of the
// same name reads from a bundle, so that a live investigation and the bundle of it can't differ. Record is safe
// for concurrent use. It returns promptly once ctx is done, with what it has until then kept, and the rest
// missed. What a source can't read is a Miss and never an error; an error means that it could not look at all.
type LiveSource interface {
	Describe() Description
	Record(ctx context.Context, s Subject, to Sink) error
}

// Foreseer is a live source that can begin before the target was found: with the words that a person wrote as the
// target, and the moment as far as it is known. Foresee returns at once, and what it begins ends with ctx. Record is
// called all the same, and uses what was begun where it fits.
type Foreseer interface {
	Foresee(ctx context.Context, s Subject)
}
