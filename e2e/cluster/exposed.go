package cluster

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
)

// exposer turns the answers to the named queries back into the series that a site with kube-prometheus-stack
// scrapes, so that its queries have to find them among what else there is.
type exposer struct {
	options PrometheusOptions
	request investigations.Request
	answers map[string][]series
	pods    map[string]podFacts // by namespace/name
	nodes   map[string]string   // the address of each
	node    string              // of the target
	out     []series
}

// podFacts is what series tell of a pod beside its name.
type podFacts struct {
	uid, node, qos string
	images, ids    map[string]string // by container
	before         map[string]string // the id of the life before
	restarts       map[string]int    // by container
	containers     []string
}

// expose returns the series of a bundle.
func expose(b fs.FS, o PrometheusOptions) ([]series, error) {
	request, err := bundle.ReadIncident(b)
	if err != nil {
		return nil, err
	}
	e := &exposer{options: o, request: request, pods: map[string]podFacts{}, nodes: map[string]string{}}
	if e.answers, err = readAnswers(b); err != nil {
		return nil, err
	}
	objects, err := Objects(b)
	if err != nil {
		return nil, err
	}
	if err := e.learn(objects); err != nil {
		return nil, err
	}
	e.containers()
	e.neighbours()
	e.machine()
	e.stateMetrics()
	if err := e.runtimes(); err != nil {
		return nil, err
	}
	e.requests()
	if o.Scatter {
		e.offset()
	}
	return e.out, nil
}

// pod returns what is known of a pod. One that the cluster has forgotten ran on the target's node if it was among the
// pods there, and on some other node if not.
func (e *exposer) pod(namespace, name string) podFacts {
	if p, ok := e.pods[namespace+"/"+name]; ok {
		return p
	}
	sum := sha256.Sum256([]byte(namespace + "/" + name))
	p := podFacts{uid: fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]), qos: "Burstable", node: "gone-node"}
	for _, s := range e.answers[investigations.QueryNodePods] {
		if s.labels["namespace"] == namespace && s.labels["pod"] == name {
			p.node = e.node
		}
	}
	e.pods[namespace+"/"+name] = p
	return p
}

// address is a node's.
func (e *exposer) address(node string) string {
	if a := e.nodes[node]; a != "" {
		return a
	}
	sum := sha256.Sum256([]byte(node))
	return fmt.Sprintf("10.200.%d.%d", sum[0], sum[1])
}

// cadvisor is what the kubelet of a node exposes of a container. With no container it is the pod as a whole.
func (e *exposer) cadvisor(metric, namespace, pod, container string, points []point) {
	for _, l := range e.lives(metric, namespace, pod, container, points) {
		e.life(metric, namespace, pod, container, l)
	}
}

// life is a series of cAdvisor.
func (e *exposer) life(metric, namespace, pod, container string, of life) {
	p := e.pod(namespace, pod)
	dir := e.podCgroup(p)
	l := map[string]string{"namespace": namespace, "pod": pod, "id": dir}
	if container != "" {
		id := of.id
		l["container"], l["name"] = container, id
		if l["image"] = p.images[container]; l["image"] == "" {
			l["image"] = "registry.example/" + container + ":1"
		}
		l["id"] = dir + "/" + id
		if !e.options.Cgroupfs {
			l["id"] = dir + "/cri-containerd-" + id + ".scope"
		}
	}
	points := of.points
	if e.options.Scatter {
		points = scatter(points, p.uid+of.id)
	}
	e.kubelet(metric, p.node, l, points)
}

// podCgroup is the path of a pod's cgroup.
func (e *exposer) podCgroup(p podFacts) string {
	qos := strings.ToLower(p.qos)
	if e.options.Cgroupfs {
		if qos == "guaranteed" {
			return "/kubepods/pod" + p.uid
		}
		return "/kubepods/" + qos + "/pod" + p.uid
	}
	slice, parent := "kubepods", "/kubepods.slice"
	if qos != "guaranteed" {
		slice += "-" + qos
		parent += "/" + slice + ".slice"
	}
	return parent + "/" + slice + "-pod" + strings.ReplaceAll(p.uid, "-", "_") + ".slice"
}

func (e *exposer) kubelet(metric, node string, labels map[string]string, points []point) {
	maps.Copy(labels, map[string]string{
		"node": node, "instance": e.address(node) + ":10250", "job": "kubelet", "endpoint": "https-metrics",
		"service": "prometheus-kubelet", "metrics_path": "/metrics/cadvisor",
	})
	e.out = append(e.out, series{metric, labels, points})
}

// containerMetrics are cAdvisor's, by the query that asks for them.
var containerMetrics = map[string]string{
	investigations.QueryWorkingSet: "container_memory_working_set_bytes",
	investigations.QueryRSS:        "container_memory_rss",
	investigations.QueryCache:      "container_memory_cache",
	investigations.QueryLimit:      "container_spec_memory_limit_bytes",
	investigations.QueryOOMEvents:  "container_oom_events_total",
}

// containers exposes the target's workload, and each pod as a whole, which must not be counted on top.
func (e *exposer) containers() {
	limited := map[string]bool{}
	for query, metric := range containerMetrics {
		pods := map[string][][]point{}
		for _, s := range e.answers[query] {
			namespace, pod, container := s.labels["namespace"], s.labels["pod"], s.labels["container"]
			e.cadvisor(metric, namespace, pod, container, s.points)
			pods[namespace+"/"+pod] = append(pods[namespace+"/"+pod], s.points)
			limited[query+namespace+"/"+pod+"/"+container] = true
		}
		if query == investigations.QueryLimit || query == investigations.QueryOOMEvents {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(pods)) {
			namespace, pod, _ := strings.Cut(key, "/")
			e.cadvisor(metric, namespace, pod, "", add(pods[key]...))
		}
	}
	for _, s := range e.answers[investigations.QueryWorkingSet] {
		namespace, pod, container := s.labels["namespace"], s.labels["pod"], s.labels["container"]
		if e.options.ZeroLimits && !limited[investigations.QueryLimit+namespace+"/"+pod+"/"+container] {
			e.cadvisor(containerMetrics[investigations.QueryLimit], namespace, pod, container, constant(s.points, 0))
		}
	}
}

// neighbours exposes the other pods of the target's node, each as its first container.
func (e *exposer) neighbours() {
	known := map[string]bool{}
	for _, s := range e.answers[investigations.QueryWorkingSet] {
		known[s.labels["namespace"]+"/"+s.labels["pod"]] = true
	}
	metric := containerMetrics[investigations.QueryWorkingSet]
	for _, s := range e.answers[investigations.QueryNodePods] {
		namespace, pod := s.labels["namespace"], s.labels["pod"]
		if known[namespace+"/"+pod] {
			continue
		}
		container := "main"
		if p := e.pod(namespace, pod); len(p.containers) > 0 {
			container = p.containers[0]
		}
		e.cadvisor(metric, namespace, pod, container, s.points)
		e.cadvisor(metric, namespace, pod, "", s.points)
	}
}
