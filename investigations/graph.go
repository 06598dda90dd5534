package investigations

import "context"

// NodeKind is the kind of a node of the context graph.
type NodeKind string

// The kinds of nodes. A Name is unique within its kind.
const (
	NodeIncident NodeKind = "incident" // the trace's id
	NodeWorkload NodeKind = "workload" // CLUSTER/NAMESPACE/KIND/NAME
	NodeImage    NodeKind = "image"    // REPOSITORY
	NodeVersion  NodeKind = "version"  // REPOSITORY:TAG
	NodeMachine  NodeKind = "node"     // CLUSTER/NAME
	NodeCause    NodeKind = "cause"    // one of Causes
	NodeChange   NodeKind = "change"   // what changed, as "image 1.4.1 -> 1.5.0" with its workload and revision
	NodeFix      NodeKind = "fix"      // one of Actions
	NodeFunction NodeKind = "function" // full name
	NodeRuntime  NodeKind = "runtime"  // java, go, …
	NodePerson   NodeKind = "person"   // Slack user id or local user
)

// EdgeType is the type of an edge of the context graph.
type EdgeType string

// The types of edges.
const (
	EdgeOn            EdgeType = "on"             // incident → workload, node
	EdgeRuns          EdgeType = "runs"           // incident → version, image, runtime; version → image
	EdgeCausedBy      EdgeType = "caused-by"      // incident → cause, function
	EdgeTriggeredBy   EdgeType = "triggered-by"   // incident → change
	EdgeFixedBy       EdgeType = "fixed-by"       // incident → fix that was applied
	EdgeSameRootAs    EdgeType = "same-root-as"   // incident → incident
	EdgeRecurredAs    EdgeType = "recurred-as"    // earlier incident → later incident
	EdgeInheritedFrom EdgeType = "inherited-from" // incident → precedent that its verdict cites
	EdgeJudgedBy      EdgeType = "judged-by"      // incident → person
)

// GraphNode is a node of the context graph.
type GraphNode struct {
	Kind NodeKind `json:"kind"`
	Name string   `json:"name"`
}

// Edge is a directed edge of the context graph.
type Edge struct {
	From GraphNode `json:"from"`
	Type EdgeType  `json:"type"`
	To   GraphNode `json:"to"`
}

// Graph is the context graph that the traces span. It is safe for concurrent use.
type Graph interface {
	// Edges returns at most limit edges that touch n, those that lead away from it first, and of each direction the
	// newest first; total is how many there are. A node that is not there has none.
	Edges(ctx context.Context, n GraphNode, limit int) (edges []Edge, total int, err error)
}
