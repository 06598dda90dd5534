package metrics

import (
	"math"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/oombot/oombot/investigations"
)

// querySpec is how the answer to one query is read.
type querySpec struct {
	name string
	// what the query would tell, where it can't be read.
	wouldTell string
	// labels are those that a series must carry.
	labels []model.LabelName
	// shortage says that low values matter: of several, the least is kept.
	shortage bool
	// optional queries that are missing are named together.
	optional bool
	// target says that series of the target are expected.
	target bool
}

var (
	containerLabels = []model.LabelName{"namespace", "pod", "container"}
	podLabels       = []model.LabelName{"namespace", "pod"}
	nodeLabels      = []model.LabelName{"node"}
)

// specs returns the queries in the order of their weight in a diagnosis, which is the order of reading.
func specs() []querySpec {
	return []querySpec{
		{
			name: investigations.QueryWorkingSet, labels: containerLabels, target: true,
			wouldTell: "how memory developed before the kill, in this and in earlier lifetimes",
		},
		{
			name: investigations.QueryLimit, labels: containerLabels, target: true,
			wouldTell: "which memory limit was in force, and whether it changed",
		},
		{
			name: investigations.QueryNodeAvailable, labels: nodeLabels, shortage: true,
			wouldTell: "whether the node was short of memory",
		},
		{
			name: investigations.QueryNodePods, labels: podLabels,
			wouldTell: "what other pods of the node used, and whether one of them grew",
		},
		{
			name:      investigations.QueryTraffic,
			wouldTell: "whether memory follows the load, and whether the load rose before the kill",
		},
		{name: investigations.QueryRSS, labels: containerLabels, target: true, optional: true},
		{name: investigations.QueryNodeTotal, labels: nodeLabels, optional: true},
		{name: investigations.QueryOOMEvents, labels: containerLabels, target: true, optional: true},
		{name: investigations.QueryRestarts, labels: containerLabels, target: true, optional: true},
		{name: investigations.QueryCache, labels: containerLabels, target: true, optional: true},
		{name: investigations.QueryRuntimeHeap, labels: podLabels, target: true, optional: true},
		{name: investigations.QueryRuntimeThreads, labels: podLabels, target: true, optional: true},
	}
}

// needs tells whether the query is of weight for the target: for a node no single container's is.
func (q querySpec) needs(t investigations.Target) bool {
	return !q.optional && (!q.target || t.Pod != "" || t.Workload != "")
}

// absence is what it can mean that the target has no series.
func (q querySpec) absence() string {
	if q.name == investigations.QueryLimit {
		return ", as of a container without a limit"
	}
	return ""
}

func (q querySpec) file() string { return "metrics/" + q.name + ".json" }

func (q querySpec) has(l model.LabelName) bool {
	for _, have := range q.labels {
		if have == l {
			return true
		}
	}
	return false
}

// identity is whose memory a series measures. rest holds all labels of a series of a query that asks for none
// in particular, and the runtime of a runtime's.
type identity struct {
	namespace, pod, container, node, rest string
}

// The label names that carry the same thing, the first that is there counts. A scrape without honor_labels
// puts kube-state-metrics' own pod into "pod", and the one that is meant into "exported_pod"; kubelets before
// 1.16 said pod_name and container_name.
var (
	namespaceNames = []string{"exported_namespace", "namespace", "kubernetes_namespace"}
	podNames       = []string{"exported_pod", "pod", "pod_name", "kubernetes_pod_name"}
	containerNames = []string{"exported_container", "container", "container_name"}
	nodeNames      = []string{"exported_node", "node", "kubernetes_node", "nodename", "kubernetes_io_hostname"}
	lifeNames      = []string{"id", "name", "container_id"}
)

func first(labels map[string]string, names []string) string {
	for _, n := range names {
		if v := labels[n]; v != "" {
			return v
		}
	}
	return ""
}

// identify reads who is measured from a series' labels, and which label that the query needs is missing.
func (q querySpec) identify(labels map[string]string) (id identity, missing []model.LabelName) {
	id = identity{
		namespace: first(labels, namespaceNames),
		pod:       first(labels, podNames),
		container: first(labels, containerNames),
		node:      first(labels, nodeNames),
	}
	if id.node == "" && q.has("node") {
		id.node = host(labels["instance"])
	}
	for _, l := range q.labels {
		if id.label(l) == "" {
			missing = append(missing, l)
		}
	}
	switch {
	case len(q.labels) == 0:
		id.rest = labelSet(labels).String()
	case q.has("node"):
		id.namespace, id.pod, id.container = "", "", ""
	case !q.has("container"):
		id.rest = labels["runtime"]
	}
	if !q.has("node") {
		id.node = "" // a pod has one node, and relabelling may add it to some series only
	}
	return id, missing
}

func (a identity) label(l model.LabelName) string {
	switch l {
	case "namespace":
		return a.namespace
	case "pod":
		return a.pod
	case "container":
		return a.container
	}
	return a.node
}

func labelSet(labels map[string]string) model.LabelSet {
	ls := make(model.LabelSet, len(labels))
	for k, v := range labels {
		ls[model.LabelName(k)] = model.LabelValue(v)
	}
	return ls
}

// host takes the port off an instance label.
func host(instance string) string {
	if i := strings.LastIndexByte(instance, ':'); i > 0 && digits([]byte(instance[i+1:])) == len(instance)-i-1 {
		return strings.Trim(instance[:i], "[]")
	}
	return instance
}

// noLimit tells whether a value of container_limit says that there is none: cAdvisor reports 0, and cgroup v1's
// "unlimited" is the largest multiple of the page size below 2^63 (mm/page_counter.c).
func noLimit(v float64) bool { return v == 0 || v >= math.MaxInt64/2 }

// keep takes the series that was read over into the response, where it is one that the query is read for.
func (d *decoder) keep(labels map[string]string) {
	id, missing := d.spec.identify(labels)
	if id.container == "POD" {
		return // the pause container, as cAdvisor names it
	}
	for _, l := range missing {
		d.res.unlabelled[l]++
	}
	if len(missing) > 0 && !d.spec.has("node") {
		// Nobody could say whose memory this is. cAdvisor's sum of a pod is among them: it has no container.
		return
	}
	if len(d.res.series) >= maxSeries && !d.window.target.about(id) || len(d.res.series) >= 2*maxSeries {
		d.res.overSeries++
		return
	}
	t, v := d.t, d.v
	if d.spec.name == investigations.QueryLimit {
		t, v = d.limits(id)
	}
	if len(t) == 0 {
		return
	}
	d.res.kept += len(t)
	d.res.series = append(d.res.series, rawSeries{
		id: id, labels: labels, dropped: d.dropped,
		t: append(make([]int64, 0, len(t)), t...),
		v: append(make([]float64, 0, len(v)), v...),
	})
}

// limits leaves out the samples that say that there is no limit.
func (d *decoder) limits(id identity) ([]int64, []float64) {
	t, v := d.t[:0:0], d.v[:0:0]
	for i, x := range d.v {
		if noLimit(x) {
			d.res.unlimited[id] = true
			continue
		}
		t, v = append(t, d.t[i]), append(v, x)
	}
	return t, v
}
