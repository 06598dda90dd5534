// Package pods reads the state of pods and of what surrounds them: how containers ended, under which limits,
// on which nodes and beside whom. It owns which objects are read and what about them could not be seen; their
// conversion is kubeclient's, and what they mean for a kill is judged elsewhere.
//
// # Reads
//
// From a running cluster the target and its workload's pods, all pods of its node, the node, and of its namespace the
// events, LimitRanges and ResourceQuotas. From a bundle kubernetes/pods.json, nodes.json, events.json, namespaces.json, limitranges.json and
// resourcequotas.json, each a v1 List as kubectl prints it. Of a file above 24 MiB only the objects are read
// that share the target's namespace or node: the cost follows what is looked at, and not the cluster's size.
//
// # Cannot see
//
// A pod that was deleted before the recording. Any but the latest end of a container: lastState keeps one.
// Events older than an hour, which the API server drops by default. A limit that was changed since: the object
// holds the present one. Processes that Kubernetes did not start.
//
// # Permissions
//
// None for a bundle. Live: get and list pods; get nodes and namespaces; list events, limitranges and resourcequotas.
//
// # Cost
//
// Live some ten calls, whatever the size of the cluster: the pods of the workload and of the node, each once.
// One pass over each file, about 50 MB of JSON a second; a second, faster pass where a file is large. About
// 3 KB of memory for each pod that is kept, at most 50,000 of them.
package pods

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"

	"github.com/oombot/oombot/investigations"
)

// Tool reads the pods of a bundle. It is safe for concurrent use.
type Tool struct {
	fsys fs.FS
	// large is the size in bytes from which on only what surrounds the target is read.
	large int64
}

var _ investigations.Tool = (*Tool)(nil)

// New returns a Tool that reads the bundle in fsys.
func New(fsys fs.FS) *Tool { return &Tool{fsys: fsys, large: largeFile} }

// Describe implements investigations.Tool.
func (t *Tool) Describe() investigations.Description {
	return investigations.Description{
		Name: investigations.ToolPods,
		Summary: "How the target's containers ended and under which limits, the pods beside them, their nodes, events, " +
			"and the namespace's limits and quotas.",
		Schema: json.RawMessage(schema),
		Permissions: []string{
			"get pods", "list pods", "get nodes", "list events", "get namespaces", "list limitranges", "list resourcequotas",
		},
	}
}

const schema = `{
  "type": "object",
  "properties": {
    "namespace": {"type": "string", "description": "namespace of the pod or workload"},
    "pod": {"type": "string", "description": "name of the pod"},
    "workload": {"type": "string", "description": "kind/name of a workload, in place of a pod"},
    "node": {"type": "string", "description": "name of a node, in place of a pod"}
  },
  "additionalProperties": false
}`

// Query implements investigations.Tool. Its error is ctx's own, where nothing could be read before it ended.
func (t *Tool) Query(ctx context.Context, req investigations.Request) (investigations.ToolResult, error) {
	if err := ctx.Err(); err != nil {
		return investigations.ToolResult{}, fmt.Errorf("read pods: %w", err)
	}
	r := newReader(t, req)
	r.readAll(ctx)
	res := investigations.ToolResult{BlindSpots: r.blindSpots()}
	if r.usable {
		res.Evidence.Pods = &r.ev
		res.Facts = facts(req, &r.ev)
	}
	return res, nil
}
