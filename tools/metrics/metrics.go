// Package metrics reads what Prometheus knows of the target's memory and of its node's, and the flight
// recorder that a node agent keeps. It owns the decoding and cleaning of series; what they mean is judged
// elsewhere.
//
// # Reads
//
// From a bundle metrics/QUERY.json, each the body of an answer of /api/v1/query_range, QUERY being one of the
// Query constants of package investigations; and recorder/NODE.json. Series are kept with the labels that
// identify them (exported_* before their plain form, pod_name and container_name too), in ascending order
// without duplicates, NaN, infinities and negative values. Several series of one container are merged: scraped
// twice, the higher value holds; of two lives of the container the younger.
//
// Live writes these files of a running Prometheus, Mimir, Thanos or VictoriaMetrics. It finds out by which labels
// and how often the target is scraped, and asks each query in the first of several ways that has data, or as the
// configuration says. Its steps follow the scrapes; of wider ones the peak is kept. What the agent of the target's node
// recorded around the moment becomes one recording: where several tell of a second, the newest holds.
//
// # Cannot see
//
// What happened between two samples: a spike shorter than the scrape interval leaves no trace. The last
// interval before a kill is missing more often than not. Native histograms are not read. Above 600,000 samples
// or 10,000 series a query is thinned out, and a blind spot says so. Of flight recorders 200,000 values are read: above
// 150,000 of a node, of what is more than three minutes from the moment every tenth second is kept. Live takes them from
// half an hour before the moment to ten minutes behind it, as far as the agent told.
//
// # Permissions
//
// None for a bundle. Live: query, query_range and series of a Prometheus; what node agents recorded is in the bot's own
// store.
//
// # Cost
//
// One pass over each file, over 100 MB of JSON a second; at most 60 MB of samples, whatever the size of the files.
// Live: about 25 requests in two rounds, twelve at a time, for the series of one workload and one node whatever the
// size of the cluster; 32 MiB of an answer at most.
package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/oombot/oombot/investigations"
)

// Tool reads the metrics of a bundle. It is safe for concurrent use.
type Tool struct {
	fsys fs.FS
}

var _ investigations.Tool = (*Tool)(nil)

// New returns a Tool that reads the bundle in fsys.
func New(fsys fs.FS) *Tool { return &Tool{fsys: fsys} }

// Describe implements investigations.Tool.
func (t *Tool) Describe() investigations.Description {
	return investigations.Description{
		Name: investigations.ToolMetrics,
		Summary: "Memory over time of the target's containers, of the pods on its node and of the node, with limits, " +
			"restarts and traffic.",
		Schema:      json.RawMessage(schema),
		Permissions: []string{"prometheus query_range"},
	}
}

const schema = `{
  "type": "object",
  "properties": {
    "namespace": {"type": "string", "description": "namespace of the pod or workload"},
    "pod": {"type": "string", "description": "name of the pod"},
    "container": {"type": "string", "description": "name of a container of the pod"},
    "at": {"type": "string", "format": "date-time", "description": "the moment to look at"},
    "window": {"type": "string", "description": "how far before it, as 24h"}
  },
  "additionalProperties": false
}`

// Query implements investigations.Tool. Its error is ctx's own, where nothing could be read before it ended.
func (t *Tool) Query(ctx context.Context, req investigations.Request) (investigations.ToolResult, error) {
	if err := ctx.Err(); err != nil {
		return investigations.ToolResult{}, fmt.Errorf("read metrics: %w", err)
	}
	n := &notes{req: req}
	ev := &investigations.MetricEvidence{Queries: map[string]investigations.Query{}}
	w := windowOf(req)
	if t.folder(n) {
		left := allSamples
		for _, spec := range specs() {
			left -= t.read(ctx, spec, w, share(left), n, ev.Queries)
		}
	}
	ev.Recorder = t.recorders(ctx, w, n)

	res := investigations.ToolResult{BlindSpots: n.blindSpots()}
	if len(ev.Queries) > 0 || len(ev.Recorder) > 0 || !n.noFolder {
		res.Evidence.Metrics = ev
		res.Facts = facts(req, ev)
	}
	return res, nil
}

// share returns how many samples the next query may keep, where so many are left for all that follow.
func share(left int) int { return max(minSamples, min(maxSamples, left)) }

// folder tells whether there is a folder to read.
func (t *Tool) folder(n *notes) bool {
	info, err := fs.Stat(t.fsys, "metrics")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		n.noFolder = true
		n.add("", "no metrics were recorded: there is no folder metrics/")
	case err != nil:
		n.noFolder = true
		n.add("", "metrics/ %s", reason(err))
	case !info.IsDir():
		n.noFolder = true
		n.add("", "metrics is a file, where a folder belongs")
	}
	return !n.noFolder
}

// read reads one query into queries, and notes what can't be seen. It returns how many samples it kept, at most
// limit.
func (t *Tool) read(
	ctx context.Context, spec querySpec, w window, limit int, n *notes, queries map[string]investigations.Query,
) int {
	if ctx.Err() != nil {
		n.late = append(n.late, spec.file())
		return 0
	}
	f, err := t.fsys.Open(spec.file())
	if errors.Is(err, fs.ErrNotExist) {
		n.missing = append(n.missing, spec)
		return 0
	}
	if err != nil {
		n.add(spec.wouldTell, "%s %s", spec.file(), reason(err))
		return 0
	}
	defer f.Close()
	res, err := decode(ctx, f, spec, w, limit)
	series := spec.clean(res.series)
	if n.answer(spec, res, series, err) {
		queries[spec.name] = investigations.Query{
			Series: series, Source: spec.file(), Broken: err != nil || res.partial || len(res.warnings) > 0,
		}
	}
	return res.kept
}
