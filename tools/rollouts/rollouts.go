// Package rollouts reads how workloads and their configuration changed: revisions of pod templates, jobs,
// ConfigMaps, autoscalers, and who deploys. It owns which objects are read, how revisions and their owners
// belong together and when a revision came into force; the conversion of objects is kubeclient's, and what a
// change means for a kill is judged elsewhere.
//
// # Reads
//
// From a running cluster the target's workload with its revisions, the ConfigMaps that its pods take in, the jobs and
// autoscalers of its namespace, who deploys it, and the workloads whose pods came to its node within the window.
// From a bundle kubernetes/deployments.json, statefulsets.json, daemonsets.json, replicasets.json,
// controllerrevisions.json, jobs.json, cronjobs.json, configmaps.json, horizontalpodautoscalers.json,
// verticalpodautoscalers.json, priorityclasses.json, applications.json (Argo CD), kustomizations.json and
// helmreleases.json (Flux), each a v1 List as kubectl prints it. A Deployment's revisions are its ReplicaSets,
// those of a StatefulSet or DaemonSet its ControllerRevisions. Of a file above 24 MiB only the objects are read
// that name the target's namespace.
//
// # Cannot see
//
// Revisions beyond revisionHistoryLimit, and the earlier times in force of a revision that was rolled back to.
// What a ConfigMap held before; and without managedFields when it was changed. Changes of Secrets.
// Values of variables and ConfigMaps that steer no runtime's memory are left out on purpose.
//
// # Permissions
//
// None for a bundle. Live: get deployments, statefulsets, daemonsets, replicasets, jobs, cronjobs, configmaps,
// applications, kustomizations and helmreleases; list replicasets, controllerrevisions, jobs, cronjobs,
// horizontalpodautoscalers, verticalpodautoscalers, priorityclasses and applications.
//
// # Cost
//
// Live some ten calls for the target, and up to three for each workload whose pods came to the node within the window,
// at most ten of them: those that can take the most memory beyond their request.
// One pass over each file, about 50 MB of JSON a second, ten times that where a file is large. About 2 KB of
// memory for each revision, at most 50,000 objects of a file.
package rollouts

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"

	"github.com/oombot/oombot/investigations"
)

// Tool reads the workloads of a bundle. It is safe for concurrent use.
type Tool struct {
	fsys fs.FS
	// large is the size in bytes from which on only the target's namespace is read.
	large int64
}

var _ investigations.Tool = (*Tool)(nil)

// largeFile is what New takes for large: half a second's work.
const largeFile = 24 << 20

// New returns a Tool that reads the bundle in fsys.
func New(fsys fs.FS) *Tool { return &Tool{fsys: fsys, large: largeFile} }

// Describe implements investigations.Tool.
func (t *Tool) Describe() investigations.Description {
	d := investigations.Description{
		Name: investigations.ToolRollouts,
		Summary: "Revisions of the target's workload with their times and differences, jobs, ConfigMaps, autoscalers " +
			"and who deploys.",
		Schema: json.RawMessage(schema),
	}
	for _, p := range parts {
		for _, verb := range p.verbs {
			d.Permissions = append(d.Permissions, verb+" "+p.resource)
		}
	}
	return d
}

const schema = `{
  "type": "object",
  "properties": {
    "namespace": {"type": "string", "description": "namespace of the pod or workload"},
    "pod": {"type": "string", "description": "name of the pod"},
    "workload": {"type": "string", "description": "kind/name of a workload, in place of a pod"}
  },
  "additionalProperties": false
}`

// Query implements investigations.Tool. Its error is ctx's own, where nothing could be read before it ended.
func (t *Tool) Query(ctx context.Context, req investigations.Request) (investigations.ToolResult, error) {
	if err := ctx.Err(); err != nil {
		return investigations.ToolResult{}, fmt.Errorf("read rollouts: %w", err)
	}
	r := newReader(t, req)
	r.readAll(ctx)
	res := investigations.ToolResult{BlindSpots: r.blindSpots()}
	if r.anyUsable {
		res.Evidence.Rollouts = &r.ev
		res.Facts = facts(req, &r.ev)
	}
	return res, nil
}
