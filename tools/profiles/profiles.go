// Package profiles reads heap profiles in pprof's format, reduces them to the functions that hold memory in
// use, and compares earlier with later ones. It owns the choice of what is compared, and of the function that
// a stack counts for; whether a growth is a leak is judged elsewhere.
//
// # Reads
//
// profiles/NAMESPACE/POD/CONTAINER/TIME.pb.gz, TIME being 20060102T150405Z. Of the sample types the one for
// memory in use counts (inuse_space of Go and of Rust's jemalloc, space of Node.js and tcmalloc). Compared are,
// for each container, the latest profile before the moment with the earliest of the same pod, and with the
// latest of an older revision's pod.
//
// Live records these files, for the target's container and one older pod of its workload: from Pyroscope, whose API
// is proven against a stand-in only, and where that has none from the pprof endpoints that the pods announce in
// annotations. Those that the agent of the target's node took before the kill are kept first. What it keeps holds no
// comments, and no secrets in labels and file names.
//
// # Cannot see
//
// Memory that the profiler does not sample: stacks, what C code allocates beside a managed heap, page cache.
// A profile of allocations alone says nothing of what is held. The last seconds before a kill are in no
// profile. Of more than 8 profiles of one container some are read, of all at most 200; a profile that is over
// 32 MiB unpacked, or would take too much memory, is not.
//
// Pyroscope's profiles are found by labels that name the pod. It is asked for the last seven days of a window,
// which is how far it answers by default. A pprof endpoint knows the present only, not what was before the kill.
//
// # Permissions
//
// None for a bundle. Live: Pyroscope's querier.v1 Series, SelectSeries, SelectMergeProfile and ProfileTypes, which
// only read; a GET of the announced path on the addresses of the workload's own pods, without credentials, where
// the configuration allows it. What node agents took is in the bot's own store.
//
// # Cost
//
// One profile at a time in memory, at most 200 MB for one made to be hostile; some 30 MB a second unpacked. Live: 5
// calls to find the labels, at most 7 for the survey, two for each of at most 6 profiles, 4 of them at a time, and
// answers of at most 32 MiB; two pods' endpoints, 5 seconds each.
package profiles

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/oombot/oombot/investigations"
)

// Tool reads the heap profiles of a bundle. It is safe for concurrent use.
type Tool struct {
	fsys fs.FS
}

var _ investigations.Tool = (*Tool)(nil)

// New returns a Tool that reads the bundle in fsys.
func New(fsys fs.FS) *Tool { return &Tool{fsys: fsys} }

// Describe implements investigations.Tool.
func (t *Tool) Describe() investigations.Description {
	return investigations.Description{
		Name: investigations.ToolProfiles,
		Summary: "Heap profiles of the target's containers: the functions that hold memory in use, and those whose " +
			"share grew.",
		Schema: json.RawMessage(schema),
	}
}

const schema = `{
  "type": "object",
  "properties": {
    "namespace": {"type": "string", "description": "namespace of the pod"},
    "pod": {"type": "string", "description": "name of the pod"},
    "container": {"type": "string", "description": "name of a container of the pod"},
    "at": {"type": "string", "format": "date-time", "description": "the moment to look at"}
  },
  "additionalProperties": false
}`

// Query implements investigations.Tool. Its error is ctx's own, where nothing could be read before it ended.
func (t *Tool) Query(ctx context.Context, req investigations.Request) (investigations.ToolResult, error) {
	if err := ctx.Err(); err != nil {
		return investigations.ToolResult{}, fmt.Errorf("read profiles: %w", err)
	}
	n := &notes{}
	files, ok := t.list(ctx, req, n)
	if !ok {
		return investigations.ToolResult{BlindSpots: n.spots}, nil
	}
	var heaps []heap
	for i, f := range files {
		if ctx.Err() != nil {
			n.add("%s and %d more profiles were not read for want of time", f.path, len(files)-i-1)
			break
		}
		h, err := t.read(f)
		if err != nil {
			n.add("%s %s", f.path, reason(err))
			continue
		}
		if f.at.IsZero() {
			n.add("%s: the name of the file is no time (20060102T150405Z)", f.path)
		}
		heaps = append(heaps, *h)
	}
	ev := &investigations.ProfileEvidence{Growth: growth(req, heaps, n)}
	for _, h := range heaps {
		ev.Profiles = append(ev.Profiles, h.HeapProfile)
	}
	n.coverage(req, ev)
	return investigations.ToolResult{
		Evidence: investigations.Evidence{Profiles: ev}, Facts: facts(req, ev), BlindSpots: n.spots,
	}, nil
}

// notes collect what could not be seen.
type notes struct {
	spots []investigations.BlindSpot
}

func (n *notes) add(format string, args ...any) {
	n.spots = append(n.spots, investigations.BlindSpot{
		Tool: investigations.ToolProfiles, Why: investigations.CleanText(fmt.Sprintf(format, args...), 400),
		WouldTell: investigations.WouldTell(investigations.ToolProfiles),
	})
}

// coverage notes that the target has no profile, or none to compare with.
func (n *notes) coverage(req investigations.Request, ev *investigations.ProfileEvidence) {
	t := req.Target
	if t.Pod == "" && t.Workload == "" {
		return
	}
	count := 0
	for _, p := range ev.Profiles {
		if about(t, p.Namespace, p.Pod, p.Container) {
			count++
		}
	}
	compared := false
	for _, g := range ev.Growth {
		compared = compared || about(t, g.Namespace, g.AfterPod, g.Container)
	}
	switch {
	case count == 0:
		n.add("profiles/ holds no heap profile of %.300q that can be read", t.String())
	case count == 1 && !compared:
		n.add("there is one heap profile of %.300q only, and none to compare it with", t.String())
	}
}

// reason says why a file could not be read.
func reason(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	if errors.Is(err, errAllocations) || errors.Is(err, errNoHeap) {
		return err.Error()
	}
	return "can't be read: " + investigations.CleanText(err.Error(), 200)
}
