package memorytest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// The generated world: what incidents happen to.
const (
	workloads = 400
	machines  = 150
)

var (
	clusters   = []string{"prod-eu", "prod-us", "staging"}
	namespaces = []string{
		"ads", "analytics", "auth", "billing", "cart", "catalog", "chat", "checkout", "data", "edge", "feeds", "fraud", "geo",
		"identity", "ingest", "ledger", "mail", "maps", "media", "ml", "monitoring", "notify", "orders", "pay", "platform",
		"pricing", "profile", "queue", "recs", "reports", "returns", "risk", "search", "ship", "shop", "stock", "support", "video",
	}
	kinds  = []string{"deployment", "deployment", "deployment", "statefulset", "daemonset", "cronjob"}
	nouns  = []string{"gateway", "worker", "indexer", "api", "scheduler", "cache", "renderer", "sync", "importer", "matcher", "router", "proxy", "consumer", "exporter"}
	types  = []string{"Store", "Cache", "Pool", "Session", "Buffer", "Registry", "Index", "Batch", "Queue", "Loader"}
	verbs  = []string{"Put", "Append", "Load", "Grow", "Decode", "Register", "Fetch", "Merge", "Flush", "Insert"}
	states = []investigations.OutcomeState{
		investigations.OutcomeUnknown, investigations.OutcomeUnknown, investigations.OutcomeUnknown, investigations.OutcomeFixApplied,
		investigations.OutcomeFixHeld, investigations.OutcomeFixFailed, investigations.OutcomeRecurredUnfixed,
	}
)

// runtimes are languages with the command that the kernel sees, and the form of a function's name.
var runtimes = []struct{ name, comm, function string }{
	{"go", "", "%s.(*%s).%s"},
	{"java", "java", "com.example.%s.%s.%s"},
	{"node", "node", "%s/%s.js:%s"},
	{"python", "python3", "%s.%s.%s"},
	{"ruby", "ruby", "%s::%s#%s"},
	{"", "redis-server", ""},
}

// course is one way in which memory runs out.
type course struct {
	cause     investigations.Cause
	mechanism investigations.Mechanism
	boundary  investigations.Boundary
	trigger   investigations.Trigger
	shape     investigations.Shape
	actions   []investigations.Action
	changed   string
}

var courses = []course{
	{investigations.CauseLeak, investigations.MemcgOOMKill, investigations.BoundaryContainer, investigations.TriggerDeploy, investigations.ShapeSteady, []investigations.Action{investigations.ActionRollback, investigations.ActionFixLeak}, "image"},
	{investigations.CauseLeak, investigations.MemcgOOMKill, investigations.BoundaryContainer, investigations.TriggerNone, investigations.ShapeSteady, []investigations.Action{investigations.ActionFixLeak}, ""},
	{investigations.CauseUndersizedLimit, investigations.MemcgOOMKill, investigations.BoundaryContainer, investigations.TriggerConfigChange, investigations.ShapePlateau, []investigations.Action{investigations.ActionSetLimit, investigations.ActionSetRequest}, "limit"},
	{investigations.CauseLoadSpike, investigations.MemcgOOMKill, investigations.BoundaryContainer, investigations.TriggerTraffic, investigations.ShapeTraffic, []investigations.Action{investigations.ActionScaleOut, investigations.ActionReduceLoad}, ""},
	{investigations.CauseRuntimeMisconfiguration, investigations.RuntimeOOM, investigations.BoundaryHeap, investigations.TriggerConfigChange, investigations.ShapePlateau, []investigations.Action{investigations.ActionSetRuntimeCeiling}, "env JAVA_TOOL_OPTIONS"},
	{investigations.CauseSidecar, investigations.MemcgOOMKill, investigations.BoundaryPod, investigations.TriggerDeploy, investigations.ShapeSteady, []investigations.Action{investigations.ActionLimitCulprit}, "image"},
	{investigations.CauseNoisyNeighbour, investigations.GlobalOOMKill, investigations.BoundaryNode, investigations.TriggerUnknown, investigations.ShapeUnknown, []investigations.Action{investigations.ActionLimitCulprit, investigations.ActionProtect}, ""},
	{investigations.CauseNodeOvercommit, investigations.KubeletEviction, investigations.BoundaryNodeAllocatable, investigations.TriggerScheduledJob, investigations.ShapeUnknown, []investigations.Action{investigations.ActionMoveOrResizeNode}, ""},
	{investigations.CauseMemoryBackedVolume, investigations.MemcgOOMKill, investigations.BoundaryContainer, investigations.TriggerDeploy, investigations.ShapeSteady, []investigations.Action{investigations.ActionCapVolume}, "volumes"},
	{investigations.CauseKernelMemory, investigations.MemcgOOMKill, investigations.BoundaryContainer, investigations.TriggerNone, investigations.ShapeSteady, []investigations.Action{investigations.ActionCollectMore}, ""},
	{investigations.CauseNotOOM, investigations.SigkillNotOOM, investigations.BoundaryNone, investigations.TriggerNone, investigations.ShapePlateau, []investigations.Action{investigations.ActionFixProbe, investigations.ActionNoMemoryChange}, ""},
}

// workload is a program that incidents happen to: it is the same in each of them.
type workload struct {
	cluster, namespace, kind, name string
	container, image, comm         string
	runtime                        string
	functions                      []string
	limit                          int64
	course                         course
}

// workloadOf returns the workload of that number in the world of seed.
func workloadOf(seed uint64, number int) workload {
	r := rand.New(rand.NewPCG(seed, 1<<40|uint64(number)))
	namespace, noun := pick(r, namespaces), pick(r, nouns)
	w := workload{
		cluster: pick(r, clusters), namespace: namespace, kind: pick(r, kinds), name: fmt.Sprintf("%s-%s-%d", namespace, noun, number%7),
		container: noun, comm: noun, limit: 1 << (28 + r.IntN(5)), course: pick(r, courses),
		image: fmt.Sprintf("registry.example/%s/%s", namespace, noun),
	}
	runtime := pick(r, runtimes)
	w.runtime = runtime.name
	if runtime.comm != "" {
		w.comm = runtime.comm
	}
	for range r.IntN(5) {
		if runtime.function != "" {
			w.functions = append(w.functions, fmt.Sprintf(runtime.function, strings.ToLower(noun), pick(r, types), pick(r, verbs)))
		}
	}
	return w
}

// ref is kind/name.
func (w workload) ref() string { return w.kind + "/" + w.name }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
