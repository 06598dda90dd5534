package memory_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/oombot/oombot/investigations"
)

// family is a root cause that comes back: what its incidents have in common, whichever workload they hit.
type family struct {
	number    int
	mechanism investigations.Mechanism
	boundary  investigations.Boundary
	cause     investigations.Cause
	trigger   investigations.Trigger
	shape     investigations.Shape
	runtime   string
	comm      string
	// image is empty where the root is not in one program.
	image     string
	changed   []string
	functions []string
	culprit   string
	// homes are the workloads that it hits.
	homes []home
}

// home is a workload.
type home struct{ namespace, workload, container, node, image, comm string }

// ways are how memory runs out; each is the root of several families.
var ways = []family{
	{mechanism: investigations.MemcgOOMKill, boundary: investigations.BoundaryContainer, cause: investigations.CauseLeak, trigger: investigations.TriggerDeploy, shape: investigations.ShapeSteady, runtime: "go", changed: []string{"image"}},
	{mechanism: investigations.MemcgOOMKill, boundary: investigations.BoundaryContainer, cause: investigations.CauseLeak, trigger: investigations.TriggerNone, shape: investigations.ShapeSteady, runtime: "java", comm: "java"},
	{mechanism: investigations.RuntimeOOM, boundary: investigations.BoundaryHeap, cause: investigations.CauseLeak, trigger: investigations.TriggerNone, shape: investigations.ShapeSteady, runtime: "node", comm: "node"},
	{mechanism: investigations.MemcgOOMKill, boundary: investigations.BoundaryContainer, cause: investigations.CauseUndersizedLimit, trigger: investigations.TriggerConfigChange, shape: investigations.ShapePlateau, changed: []string{"memory limit"}},
	{mechanism: investigations.MemcgOOMKill, boundary: investigations.BoundaryContainer, cause: investigations.CauseUndersizedLimit, trigger: investigations.TriggerTraffic, shape: investigations.ShapeTraffic},
	{mechanism: investigations.MemcgOOMKill, boundary: investigations.BoundaryContainer, cause: investigations.CauseLoadSpike, trigger: investigations.TriggerTraffic, shape: investigations.ShapeJump},
	{mechanism: investigations.MemcgOOMKill, boundary: investigations.BoundaryContainer, cause: investigations.CauseRuntimeMisconfiguration, trigger: investigations.TriggerConfigChange, shape: investigations.ShapePlateau, runtime: "java", comm: "java"},
	{mechanism: investigations.MemcgOOMKill, boundary: investigations.BoundaryPod, cause: investigations.CauseSidecar, trigger: investigations.TriggerDeploy, shape: investigations.ShapeSteady},
	{mechanism: investigations.GlobalOOMKill, boundary: investigations.BoundaryNode, cause: investigations.CauseNoisyNeighbour, trigger: investigations.TriggerUnknown, shape: investigations.ShapeUnknown},
	{mechanism: investigations.MemcgOOMKill, boundary: investigations.BoundaryContainer, cause: investigations.CauseMemoryBackedVolume, trigger: investigations.TriggerDeploy, shape: investigations.ShapeSteady, changed: []string{"volume shm"}},
	{mechanism: investigations.SigkillNotOOM, boundary: investigations.BoundaryNone, cause: investigations.CauseNotOOM, trigger: investigations.TriggerUnknown, shape: investigations.ShapePlateau},
}

var (
	programs = []string{"checkout", "gateway", "indexer", "pricing", "sessions", "search", "ledger", "mailer", "router", "matcher", "importer", "feeds"}
	spaces   = []string{"shop", "ads", "pay", "search", "platform", "data", "web", "team-blue"}
)

// families returns n families: each way of running out of memory, in several programs.
func families(n int) []family {
	out := make([]family, 0, n)
	for i := range n {
		f := ways[i%len(ways)]
		f.number = i
		program := fmt.Sprintf("%s-%d", programs[i%len(programs)], i/len(programs))
		f.image = "registry.example/" + spaces[i%len(spaces)] + "/" + program
		if f.comm == "" {
			f.comm = program
		}
		if f.cause == investigations.CauseLeak {
			f.functions = []string{fmt.Sprintf("%s.(*Store%d).Put", program, i), "bytes.growSlice"}
		}
		switch f.cause {
		case investigations.CauseRuntimeMisconfiguration: // one start script, in many programs
			f.image, f.changed = "", []string{fmt.Sprintf("env JAVA_OPTS_%d", i)}
		case investigations.CauseSidecar:
			f.image, f.culprit = "", fmt.Sprintf("container agent-%d", i)
		case investigations.CauseNoisyNeighbour:
			f.image, f.comm, f.culprit = "", "", fmt.Sprintf("batch/cronjob/report-%d", i)
		}
		for h := range 1 + i%3 {
			where := spaces[(i+h)%len(spaces)]
			p := program
			if f.image == "" {
				p = fmt.Sprintf("%s-%d", programs[(i+h*7)%len(programs)], i/len(programs))
			}
			f.homes = append(f.homes, home{
				namespace: where, workload: fmt.Sprintf("deployment/%s-%d", p, (i+h)%4), container: p, node: fmt.Sprintf("n%d", (i+h)%9),
				image: "registry.example/" + where + "/" + p, comm: p,
			})
		}
		out = append(out, f)
	}
	return out
}

// incident makes one incident of the family, with what a real one lacks: a source that was down, another version.
func (f family) incident(r *rand.Rand, at time.Time) investigations.Trace {
	h := f.homes[r.IntN(len(f.homes))]
	x := investigations.Features{
		Mechanism: f.mechanism, Boundary: f.boundary, Cause: f.cause, Trigger: f.trigger, Shape: f.shape, Runtime: f.runtime, Comm: f.comm, Image: f.image,
		Version: fmt.Sprintf("1.%d.%d", r.IntN(6), r.IntN(4)), Changed: f.changed, Functions: f.functions, Culprit: f.culprit,
		Cluster: "prod", Namespace: h.namespace, Workload: h.workload, Container: h.container, Node: h.node,
	}
	if x.Image == "" {
		x.Image = h.image
	}
	if x.Comm == "" {
		x.Comm = h.comm
	}
	if r.IntN(4) == 0 { // no heap profile
		x.Functions = nil
	}
	if r.IntN(6) == 0 { // no metrics
		x.Shape = investigations.ShapeUnknown
	}
	if r.IntN(6) == 0 { // no rollouts
		x.Trigger, x.Changed = investigations.TriggerUnknown, nil
	}
	if f.cause == investigations.CauseNoisyNeighbour {
		x.Node = fmt.Sprintf("n%d", r.IntN(9))
	}
	return traceOf(x, at, fmt.Sprintf("family %d of %s", f.number, x.Workload))
}

// decoy looks like an incident and is none of any family: the same namespace, workload, program and words, and memory
// that ran out in another way; one in ten leaks as well, by a function of its own.
func decoy(like investigations.Trace, all []family, r *rand.Rand, at time.Time) investigations.Trace {
	x := like.Features
	if len(x.Functions) > 0 && r.IntN(10) == 0 {
		x.Functions = []string{fmt.Sprintf("other.(*Thing%d).Do", at.UnixNano()), "bytes.growSlice"}
		return traceOf(x, at, like.Result.Verdict.Headline)
	}
	for {
		other := all[r.IntN(len(all))]
		if other.cause == x.Cause {
			continue
		}
		x.Mechanism, x.Boundary, x.Cause, x.Trigger, x.Shape = other.mechanism, other.boundary, other.cause, other.trigger, other.shape
		x.Changed, x.Functions, x.Culprit = nil, nil, ""
		switch other.cause {
		case investigations.CauseLeak:
			x.Functions = []string{fmt.Sprintf("other.(*Thing%d).Do", at.UnixNano())}
		case investigations.CauseSidecar:
			x.Culprit = fmt.Sprintf("container helper-%d", at.UnixNano())
		case investigations.CauseNoisyNeighbour:
			x.Culprit = fmt.Sprintf("batch/job/once-%d", at.UnixNano())
		case investigations.CauseRuntimeMisconfiguration:
			x.Changed = []string{fmt.Sprintf("env OPTS_%d", at.UnixNano())}
		case investigations.CauseUndersizedLimit, investigations.CauseMemoryBackedVolume:
			x.Changed = other.changed
		}
		return traceOf(x, at, like.Result.Verdict.Headline)
	}
}

// traceOf is a trace of features.
func traceOf(x investigations.Features, at time.Time, headline string) investigations.Trace {
	t := investigations.Trace{Features: x}
	t.Result.ID = investigations.KillID(at, fmt.Sprint(x.Workload, at.UnixNano()))
	t.Result.At = at
	t.Result.Target = investigations.Target{Namespace: x.Namespace, Workload: x.Workload, Container: x.Container, Node: x.Node, Pod: x.Container + "-1"}
	v := &t.Result.Verdict
	v.Mechanism, v.Boundary, v.Cause, v.Trigger, v.Confidence, v.Headline = x.Mechanism, x.Boundary, x.Cause, x.Trigger, 0.9, headline
	if len(x.Changed) > 0 {
		v.Change = &investigations.Change{Workload: x.Workload}
		for _, c := range x.Changed {
			v.Change.What = append(v.Change.What, c+": 1 -> 2")
		}
	}
	return t
}
