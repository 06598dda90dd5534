package alerts

import (
	"net"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// labels are those of one alert by their names, in lower case, with "_" for "." and "-".
type labels map[string]string

// labelKey writes a label's name as labels has it.
func labelKey(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == ' ' || r == '/' {
			return '_'
		}
		return r
	}, strings.ToLower(name))
}

// The names under which alerts tell what they are about, the more reliable first. Without honorLabels, namespace, pod
// and container are those of kube-state-metrics itself, and the real ones are exported_*.
var (
	namespaceKeys = []string{"exported_namespace", "kube_namespace", "kubernetes_namespace", "k8s_namespace_name", "namespace_name", "namespace", "ns"}
	podKeys       = []string{"exported_pod", "pod_name", "kube_pod_name", "kubernetes_pod_name", "k8s_pod_name", "pod", "podname"}
	containerKeys = []string{
		"exported_container", "kube_container_name", "container_name", "kubernetes_container_name", "k8s_container_name", "container",
	}
	nodeKeys    = []string{"exported_node", "kubernetes_node", "kube_node", "k8s_node_name", "node_name", "nodename", "node"}
	clusterKeys = []string{"cluster", "cluster_name", "kube_cluster_name", "k8s_cluster_name", "kubernetes_cluster"}
	severity    = []string{"severity", "priority", "level"}
	// workloadKeys are those whose name tells the kind. The label job is no Job: it is what Prometheus scraped.
	workloadKeys = []struct{ key, kind string }{
		{"exported_deployment", "deployment"},
		{"deployment", "deployment"},
		{"kube_deployment", "deployment"},
		{"k8s_deployment_name", "deployment"},
		{"exported_statefulset", "statefulset"},
		{"statefulset", "statefulset"},
		{"kube_stateful_set", "statefulset"},
		{"k8s_statefulset_name", "statefulset"},
		{"exported_daemonset", "daemonset"},
		{"daemonset", "daemonset"},
		{"kube_daemon_set", "daemonset"},
		{"k8s_daemonset_name", "daemonset"},
		{"exported_cronjob", "cronjob"},
		{"cronjob", "cronjob"},
		{"kube_cronjob", "cronjob"},
		{"k8s_cronjob_name", "cronjob"},
		{"job_name", "job"},
		{"kube_job", "job"},
		{"k8s_job_name", "job"},
	}
	// ownerKeys are pairs of a label with a kind and one with a name.
	ownerKeys = [][2]string{
		{"created_by_kind", "created_by_name"},
		{"owner_kind", "owner_name"},
		{"workload_type", "workload"},
		{"owner_kind", "owner"},
		{"workload_kind", "workload_name"},
	}
	// nameKeys hold a workload's name where nothing tells its kind.
	nameKeys = []string{"workload", "workload_name", "app", "app_kubernetes_io_name", "label_app"}
)

// first returns the first of the labels that is there and passes.
func (l labels) first(keys []string, ok func(string) bool) string {
	for _, k := range keys {
		if v := strings.TrimSpace(l[k]); v != "" && ok(v) {
			return v
		}
	}
	return ""
}

// targets returns what an alert with these labels may be about, the likeliest first.
func (l labels) targets() []investigations.Target {
	ns := l.first(namespaceKeys, isLabel)
	container := l.first(containerKeys, isLabel)
	var out []investigations.Target
	if pod := l.first(podKeys, isSubdomain); pod != "" {
		out = append(out, investigations.Target{Namespace: ns, Pod: pod, Container: container})
	}
	workloads := l.workloads()
	if len(out) == 0 && len(workloads) == 0 && container != "" && ns != "" {
		// A rule that sums by container leaves nothing else, and a container is often called as its workload.
		workloads = append(workloads, container)
	}
	for _, w := range workloads {
		out = append(out, investigations.Target{Namespace: ns, Workload: w})
	}
	if node := l.node(); node != "" {
		out = append(out, investigations.Target{Node: node})
	}
	return out
}

// workloads returns the workloads that the labels name, as kind/name or as a name alone.
func (l labels) workloads() []string {
	var out []string
	for _, k := range workloadKeys {
		if name := strings.TrimSpace(l[k.key]); isSubdomain(name) {
			out = append(out, k.kind+"/"+name)
		}
	}
	for _, k := range ownerKeys {
		if w := owner(l[k[0]], strings.TrimSpace(l[k[1]])); w != "" {
			out = append(out, w)
		}
	}
	if name := strings.TrimSpace(l["replicaset"]); isSubdomain(name) {
		out = append(out, owner("replicaset", name))
	}
	if len(out) == 0 {
		// What is scraped is often kube-state-metrics, which tells of others.
		if name := l.first(nameKeys, isSubdomain); name != "" && name != "kube-state-metrics" {
			out = append(out, name)
		}
	}
	return out
}

// owner returns the workload that is an owner of that kind and name; "" where it is none. A ReplicaSet is a Deployment's,
// as far as its name shows it.
func owner(kind, name string) string {
	if !isSubdomain(name) {
		return ""
	}
	switch kind = investigations.WorkloadKind(strings.TrimSpace(kind)); kind {
	case "deployment", "statefulset", "daemonset", "job", "cronjob":
		return kind + "/" + name
	case "replicaset":
		if m := replicaSet.FindStringSubmatch(name); m != nil {
			return "deployment/" + m[1]
		}
		return name
	}
	return ""
}

// node returns the node that the labels name. An instance is what was scraped: a node only where it is the address of
// what runs on every node, under a name.
func (l labels) node() string {
	if n := l.first(nodeKeys, isSubdomain); n != "" {
		return n
	}
	host, port, err := net.SplitHostPort(l["instance"])
	if err != nil {
		host, port = l["instance"], ""
	}
	onNodes := strings.Contains(l["job"], "node") || strings.Contains(l["job"], "kubelet") || strings.Contains(l["job"], "cadvisor")
	if net.ParseIP(host) != nil || !isSubdomain(host) || !hasLetter(host) {
		return ""
	}
	if port == "9100" || port == "10250" || port == "" && onNodes {
		return host
	}
	return ""
}

// unique returns the targets without those that repeat others, at most maxTargets of them.
func unique(targets []investigations.Target) []investigations.Target {
	seen := map[investigations.Target]bool{}
	var out []investigations.Target
	for _, t := range targets {
		if seen[t] || t.Pod == "" && t.Workload == "" && t.Node == "" {
			continue
		}
		seen[t] = true
		if out = append(out, t); len(out) == maxTargets {
			break
		}
	}
	return out
}
