package cluster

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/oombot/oombot/investigations"
)

// learn reads what series tell of pods and nodes.
func (e *exposer) learn(objects []Object) error {
	for _, s := range append(slices.Clone(e.answers[investigations.QueryNodeAvailable]), e.answers[investigations.QueryNodeTotal]...) {
		e.node = s.labels["node"]
	}
	for _, o := range objects {
		switch o.Resource {
		case "nodes":
			var node corev1.Node
			if err := o.as(&node); err != nil {
				return err
			}
			if len(node.Status.Addresses) > 0 {
				e.nodes[node.Name] = node.Status.Addresses[0].Address
			}
		case "pods":
			var pod corev1.Pod
			if err := o.as(&pod); err != nil {
				return err
			}
			e.pods[pod.Namespace+"/"+pod.Name] = factsOf(&pod)
		}
	}
	return nil
}

func factsOf(pod *corev1.Pod) podFacts {
	p := podFacts{
		uid: string(pod.UID), node: pod.Spec.NodeName, qos: string(pod.Status.QOSClass),
		images: map[string]string{}, ids: map[string]string{}, before: map[string]string{}, restarts: map[string]int{},
	}
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		p.containers = append(p.containers, c.Name)
		p.images[c.Name] = c.Image
	}
	for i := range pod.Status.ContainerStatuses {
		s := &pod.Status.ContainerStatuses[i]
		id := s.ContainerID
		if id == "" && s.LastTerminationState.Terminated != nil {
			id = s.LastTerminationState.Terminated.ContainerID
		}
		if _, bare, ok := strings.Cut(id, "://"); ok {
			p.ids[s.Name] = bare
		}
		p.restarts[s.Name] = int(s.RestartCount)
		if t := s.LastTerminationState.Terminated; t != nil {
			_, p.before[s.Name], _ = strings.Cut(t.ContainerID, "://")
		}
	}
	return p
}

// machine exposes the node: node_exporter, whose series know it by address, and the root cgroup.
func (e *exposer) machine() {
	free := map[string][]point{}
	exporter := func(metric, node string, points []point, more map[string]string) {
		l := map[string]string{
			"instance": e.address(node) + ":9100", "job": "node-exporter", "namespace": "monitoring", "container": "node-exporter",
			"pod": "prometheus-node-exporter-" + node, "service": "prometheus-node-exporter", "endpoint": "http-metrics",
		}
		if e.options.NodeLabel {
			l["node"] = node
		}
		maps.Copy(l, more)
		e.out = append(e.out, series{metric, l, points})
	}
	for _, s := range e.answers[investigations.QueryNodeAvailable] {
		node := s.labels["node"]
		free[node] = s.points
		exporter("node_memory_MemAvailable_bytes", node, s.points, nil)
		exporter("node_uname_info", node, constant(s.points, 1), map[string]string{"nodename": node, "sysname": "Linux", "machine": "x86_64"})
	}
	for _, s := range e.answers[investigations.QueryNodeTotal] {
		node := s.labels["node"]
		exporter("node_memory_MemTotal_bytes", node, s.points, nil)
		e.kubelet("machine_memory_bytes", node, map[string]string{}, s.points)
		if used := add(s.points, scaled(free[node], -1)); len(used) == len(free[node]) {
			e.kubelet(containerMetrics[investigations.QueryWorkingSet], node, map[string]string{"id": "/"}, used)
		}
	}
}

// stateMetrics exposes what kube-state-metrics knows of the pods.
func (e *exposer) stateMetrics() {
	for _, s := range e.answers[investigations.QueryLimit] {
		e.state("kube_pod_container_resource_limits", s, map[string]string{"resource": "memory", "unit": "byte"}, s.points)
	}
	for _, s := range e.answers[investigations.QueryRestarts] {
		e.state("kube_pod_container_status_restarts_total", s, nil, s.points)
	}
	told := map[string]bool{}
	for _, s := range append(slices.Clone(e.answers[investigations.QueryNodePods]), e.answers[investigations.QueryWorkingSet]...) {
		s.labels = map[string]string{"namespace": s.labels["namespace"], "pod": s.labels["pod"]}
		key := s.labels["namespace"] + "/" + s.labels["pod"]
		if !told[key] {
			told[key] = true
			p := e.pod(s.labels["namespace"], s.labels["pod"])
			e.state("kube_pod_info", s, map[string]string{"host_ip": e.address(p.node)}, constant(s.points, 1))
		}
	}
}

// state is a series that kube-state-metrics exposes about a pod. Where the scrape doesn't honour labels, the pod's
// stand under other names, and those of kube-state-metrics' own pod in their place.
func (e *exposer) state(metric string, of series, more map[string]string, points []point) {
	p := e.pod(of.labels["namespace"], of.labels["pod"])
	l := map[string]string{"uid": p.uid}
	if metric != "kube_pod_container_status_restarts_total" {
		l["node"] = p.node
	}
	maps.Copy(l, of.labels)
	maps.Copy(l, more)
	scrape := map[string]string{
		"job": "kube-state-metrics", "instance": "10.1.200.9:8080", "service": "prometheus-kube-state-metrics", "endpoint": "http",
		"namespace": "monitoring", "pod": "prometheus-kube-state-metrics-6d9f7c8b5-x7x2q", "container": "kube-state-metrics",
	}
	for name, value := range scrape {
		if own, ok := l[name]; ok && e.options.NoHonorLabels {
			l["exported_"+name] = own
		} else if ok {
			continue
		}
		l[name] = value
	}
	e.out = append(e.out, series{metric, l, points})
}

// heapMetrics are those of the runtimes that have one.
var heapMetrics = map[string]string{
	"go": "go_memstats_heap_inuse_bytes", "java": "jvm_memory_used_bytes", "jvm": "jvm_memory_used_bytes",
	"node": "nodejs_heap_size_used_bytes", "nodejs": "nodejs_heap_size_used_bytes", "dotnet": "dotnet_total_memory_bytes",
}

var threadMetrics = map[string]string{
	"go": "go_goroutines", "java": "jvm_threads_live_threads", "jvm": "jvm_threads_live_threads",
	"dotnet": "dotnet_threadpool_num_threads",
}

// runtimes exposes heaps and threads. The JVM's heap is told by its pools.
func (e *exposer) runtimes() error {
	for _, query := range []string{investigations.QueryRuntimeHeap, investigations.QueryRuntimeThreads} {
		metrics := heapMetrics
		if query == investigations.QueryRuntimeThreads {
			metrics = threadMetrics
		}
		for _, s := range e.answers[query] {
			metric := metrics[s.labels["runtime"]]
			if metric == "" {
				return fmt.Errorf("metrics/%s.json: no metric of the runtime %q is known", query, s.labels["runtime"])
			}
			if metric != "jvm_memory_used_bytes" {
				e.application(metric, s, nil, s.points)
				continue
			}
			old := make([]point, len(s.points))
			for i, p := range s.points {
				old[i] = point{p.t, math.Floor(p.v * 0.7)}
			}
			e.application(metric, s, map[string]string{"area": "heap", "id": "G1 Old Gen"}, old)
			e.application(metric, s, map[string]string{"area": "heap", "id": "G1 Eden Space"}, add(s.points, scaled(old, -1)))
			e.application(metric, s, map[string]string{"area": "nonheap", "id": "Metaspace"}, constant(s.points, 96<<20))
		}
	}
	return nil
}

// requestCounter counts requests one by one, however many they are.
const requestCounter = "http_requests_total"

// requests exposes a counter of requests, at the target's pod.
func (e *exposer) requests() {
	for _, s := range e.answers[investigations.QueryTraffic] {
		if s.labels["pod"] == "" {
			s.labels["pod"] = e.request.Target.Pod
		}
		if s.labels["pod"] == "" && len(e.answers[investigations.QueryWorkingSet]) > 0 {
			s.labels["pod"] = e.answers[investigations.QueryWorkingSet][0].labels["pod"]
		}
		e.application(requestCounter, s, map[string]string{"code": "200"}, count(s.points))
	}
}

// application is a series that a pod exposes about itself.
func (e *exposer) application(metric string, of series, more map[string]string, points []point) {
	l := maps.Clone(of.labels)
	delete(l, "runtime")
	p := e.pod(l["namespace"], l["pod"])
	container := e.request.Target.Container
	if len(p.containers) > 0 && !slices.Contains(p.containers, container) {
		container = p.containers[0]
	}
	maps.Copy(l, map[string]string{"container": container, "endpoint": "http", "instance": "10.1.0.77:8080", "job": l["namespace"] + "/" + container})
	maps.Copy(l, more)
	e.out = append(e.out, series{metric, l, points})
}
