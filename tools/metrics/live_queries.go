package metrics

import (
	"strings"

	"github.com/oombot/oombot/investigations"
)

// alternative is one way to ask a query: where it lies depends on what a site scrapes, and how.
type alternative struct {
	// uses names what it reads, for people: a metric, and where it matters by which label.
	uses   string
	promql string
	// unlabelled is promql for a cAdvisor whose series lack labels; empty where there is none.
	unlabelled string
}

// liveQuery is how one of the named queries is asked: by the first alternative that has data around the moment.
type liveQuery struct {
	querySpec
	alternatives []alternative
	// configured says that the user wrote the query.
	configured bool
}

// labelled and byCgroup match cAdvisor's series of the target's containers: by their labels, and by the ids of the
// containers that the cluster knows, where labels are missing.
const (
	labelled = `{namespace="$namespace",pod=~"$pods",container!="",image!=""$cluster}`
	loosely  = `{namespace="$namespace",pod=~"$pods",container!=""$cluster}`
	byCgroup = `{id=~"$cgroups"$cluster}`
	// known and exported match kube-state-metrics' series with honor_labels and without.
	known    = `{namespace="$namespace",pod=~"$pods",exported_pod=""$cluster}`
	exported = `{exported_namespace="$namespace",exported_pod=~"$pods"$cluster}`
)

// last asks for the samples themselves: the last one of each step, or the peak of a step that is wider.
func last(metric, selector string) string { return "$peak(" + metric + selector + "[$lookback])" }

// container asks for a series of cAdvisor by container.
func container(metric string) alternative {
	return alternative{
		uses: metric, promql: last(metric, labelled),
		unlabelled: last(metric, loosely) + " or " + last(metric, byCgroup),
	}
}

// state asks for a series of kube-state-metrics by container. matchers are further ones, each with a comma behind.
func state(metric, matchers string) alternative {
	with := func(selector string) string { return "{" + matchers + selector[1:] }
	return alternative{uses: metric, promql: last(metric, with(known)) + " or " + last(metric, with(exported))}
}

// podsOfNode are the pods that kube-state-metrics sees on the node, by namespace and pod.
const podsOfNode = `max by (namespace, pod) (last_over_time(kube_pod_info{node="$node",exported_pod=""$cluster}[$join])` +
	` or label_replace(label_replace(last_over_time(kube_pod_info{node="$node",exported_pod!=""$cluster}[$join]),` +
	` "pod", "$$1", "exported_pod", "(.+)"), "namespace", "$$1", "exported_namespace", "(.+)"))`

// nodeExporter asks for a series of node_exporter on the node. Its scrape knows the node by a label, by the address,
// or by its own pod, and the exporter itself knows the host's name.
func nodeExporter(function, metric string) []alternative {
	all := last(metric, `{job!=""$cluster}`)
	return []alternative{
		{uses: metric + " by node", promql: function + "(" + last(metric, `{node="$node"$cluster}`) + ")"},
		{uses: metric + " by instance", promql: function + "(" + last(metric, `{instance=~"$node_addresses"$cluster}`) + ")"},
		{uses: metric + " by node_uname_info", promql: function + "(" + all +
			` * on (instance) group_left () max by (instance) (last_over_time(node_uname_info{nodename="$node"$cluster}[$join])))`},
		{uses: metric + " by kube_pod_info", promql: function + "(" + all + " * on (namespace, pod) group_left () " + podsOfNode + ")"},
	}
}

// machine asks the kubelet's cAdvisor about the node as a whole.
func machine(selector string) string {
	return "max(" + last("machine_memory_bytes", "{"+selector+"$cluster}") + ")"
}

// left is what the root cgroup leaves of the machine. The least of a difference is no difference of peaks.
func left(selector string) string {
	return "max(last_over_time(machine_memory_bytes{" + selector + "$cluster}[$lookback])) - " +
		`max(last_over_time(container_memory_working_set_bytes{id="/",` + selector + "$cluster}[$lookback]))"
}

// podSums adds up the containers of each pod; a container that was scraped twice counts once.
func podSums(selector string) string {
	return "sum by (namespace, pod) (max by (namespace, pod, container) (" +
		last("container_memory_working_set_bytes", "{"+selector+`,container!="",image!=""$cluster}`) + "))"
}

const (
	byNode     = `node="$node"`
	byInstance = `instance=~"$node_addresses"`
)

func nodeAlternatives(name string) []alternative {
	switch name {
	case investigations.QueryNodeAvailable:
		return append(nodeExporter("min", "node_memory_MemAvailable_bytes"),
			alternative{uses: "machine_memory_bytes less the root cgroup, by node", promql: left(byNode)},
			alternative{uses: "machine_memory_bytes less the root cgroup, by instance", promql: left(byInstance)})
	case investigations.QueryNodeTotal:
		return append(nodeExporter("max", "node_memory_MemTotal_bytes"),
			alternative{uses: "machine_memory_bytes by node", promql: machine(byNode)},
			alternative{uses: "machine_memory_bytes by instance", promql: machine(byInstance)},
			alternative{
				uses:   "kube_node_status_capacity",
				promql: "max(" + last("kube_node_status_capacity", `{resource="memory",node="$node"$cluster}`) + ")",
			})
	}
	// Of series without labels those of the target's containers can be told.
	own := func(selector string) string {
		return podSums(selector) + " or " + last("container_memory_working_set_bytes", `{id=~"$cgroups",pod="",`+selector+"$cluster}")
	}
	const uses = "container_memory_working_set_bytes by "
	return []alternative{
		{uses: uses + "node", promql: podSums(byNode), unlabelled: own(byNode)},
		{uses: uses + "instance", promql: podSums(byInstance), unlabelled: own(byInstance)},
		{
			uses: uses + "kube_pod_info",
			promql: podSums(`namespace=~"$node_namespaces",pod=~"$node_pods"`) +
				" * on (namespace, pod) group_left () " + podsOfNode,
		},
	}
}

// gauge is a metric of a language's runtime.
type gauge struct{ runtime, metric, matchers string }

// runtimes asks for whichever of the gauges there are, by pod and runtime. Two names for one thing, which libraries
// keep for a while, count once.
func runtimes(gauges []gauge) alternative {
	var uses, parts []string
	for _, g := range gauges {
		uses = append(uses, g.metric)
		parts = append(parts, `label_replace(sum by (namespace, pod) (`+
			last(g.metric, `{namespace="$namespace",pod=~"$pods"`+g.matchers+`$cluster}`)+`), "runtime", "`+g.runtime+`", "", "")`)
	}
	// label sets of the same runtime are the same: of two names the first that has data holds.
	return alternative{uses: strings.Join(uses, ", "), promql: strings.Join(parts, " or ")}
}

var heaps = []gauge{
	{"go", "go_memstats_heap_inuse_bytes", ""},
	{"jvm", "jvm_memory_used_bytes", `,area="heap"`},                  // Micrometer, Prometheus' own client since 1.0
	{"jvm", "jvm_memory_bytes_used", `,area="heap"`},                  // Prometheus' own client before
	{"jvm", "jvm_memory_used_bytes", `,jvm_memory_type="heap"`},       // OpenTelemetry
	{"jvm", "process_runtime_jvm_memory_usage_bytes", `,type="heap"`}, // OpenTelemetry before 1.0
	{"nodejs", "nodejs_heap_size_used_bytes", ""},                     // prom-client
	{"nodejs", "v8js_memory_heap_used_bytes", ""},                     // OpenTelemetry
	{"dotnet", "dotnet_gc_last_collection_heap_size_bytes", ""},       // OpenTelemetry
	{"dotnet", "process_runtime_dotnet_gc_heap_size_bytes", ""},       // OpenTelemetry before .NET 9
	{"dotnet", "dotnet_total_memory_bytes", ""},                       // prometheus-net
}

var threads = []gauge{
	{"go", "go_goroutines", ""},
	{"jvm", "jvm_threads_live_threads", ""}, // Micrometer
	{"jvm", "jvm_threads_current", ""},      // Prometheus' own client
	{"jvm", "jvm_thread_count", ""},         // OpenTelemetry
	{"jvm", "process_runtime_jvm_threads_count", ""},
	{"dotnet", "dotnet_thread_pool_thread_count", ""},
	{"dotnet", "dotnet_threadpool_num_threads", ""},
}

// rate asks for requests per second by a counter, of all the selectors.
func rate(counter string, selectors ...string) alternative {
	var parts []string
	for _, s := range selectors {
		parts = append(parts, "rate("+counter+"{"+s+"$cluster}[$range])")
	}
	return alternative{
		uses:   counter,
		promql: "label_replace(sum(" + strings.Join(parts, " or ") + `), "counter", "` + counter + `", "", "")`,
	}
}

// traffic lists the counters of requests: first what stands before the workload and sees each request once.
func traffic() []alternative {
	const pods = `namespace="$namespace",pod=~"$pods"`
	otel := func(counter string) alternative {
		return rate(counter, pods, `k8s_namespace_name="$namespace",k8s_pod_name=~"$pods"`, `job="$namespace/$workload"`)
	}
	return []alternative{
		rate("istio_requests_total",
			`reporter!="source",destination_workload="$workload",destination_workload_namespace="$namespace"`),
		rate("envoy_cluster_upstream_rq_total", pods+`,envoy_cluster_name=~"inbound.*"`,
			`envoy_cluster_name=~"(.*[^a-z0-9-])?${namespace:regex}[^a-z0-9-]+$services([^a-z0-9-].*)?"`),
		rate("nginx_ingress_controller_requests", `exported_namespace="$namespace",exported_service=~"$services"`,
			`exported_namespace="",namespace="$namespace",service=~"$services"`,
			`exported_namespace="$namespace",exported_service="",ingress=~"$services"`),
		rate("traefik_service_requests_total", `service=~"${namespace:regex}-$services-[a-z0-9-]+@kubernetes.*"`,
			`exported_service=~"${namespace:regex}-$services-[a-z0-9-]+@kubernetes.*"`),
		otel("http_server_request_duration_seconds_count"),
		otel("http_server_duration_milliseconds_count"),
		rate("http_server_requests_seconds_count", pods), // Spring Boot
		rate("http_requests_total", pods),
		rate("http_request_duration_seconds_count", pods),
		rate("grpc_server_handled_total", pods),
		otel("rpc_server_duration_milliseconds_count"),
	}
}

// liveQueries returns how each query is asked, configured ones in place of the defaults.
func liveQueries(configured map[string]string) []liveQuery {
	queries := make([]liveQuery, 0, len(specs()))
	for _, spec := range specs() {
		q := liveQuery{querySpec: spec, alternatives: defaults(spec.name)}
		if promql, ok := configured[spec.name]; ok {
			q.alternatives = []alternative{{uses: "prometheus.queries." + spec.name, promql: promql}}
			q.configured = true
		}
		queries = append(queries, q)
	}
	return queries
}

func defaults(name string) []alternative {
	switch name {
	case investigations.QueryWorkingSet:
		return []alternative{container("container_memory_working_set_bytes")}
	case investigations.QueryRSS:
		return []alternative{container("container_memory_rss")}
	case investigations.QueryCache:
		return []alternative{container("container_memory_cache")}
	case investigations.QueryLimit:
		return []alternative{
			container("container_spec_memory_limit_bytes"),
			state("kube_pod_container_resource_limits", `resource="memory",`),
			state("kube_pod_container_resource_limits_memory_bytes", ""), // before 2.0
		}
	case investigations.QueryOOMEvents:
		return []alternative{container("container_oom_events_total")}
	case investigations.QueryRestarts:
		return []alternative{state("kube_pod_container_status_restarts_total", "")}
	case investigations.QueryRuntimeHeap:
		return []alternative{runtimes(heaps)}
	case investigations.QueryRuntimeThreads:
		return []alternative{runtimes(threads), {
			uses: "container_threads", promql: "sum by (namespace, pod) (" + last("container_threads", labelled) + ")",
		}}
	case investigations.QueryTraffic:
		return traffic()
	}
	return nodeAlternatives(name)
}
