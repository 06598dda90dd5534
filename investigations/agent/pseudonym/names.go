package pseudonym

import (
	"maps"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// some tells of a name, if there is one.
func (n namer) some(name string, k kind) {
	if name != "" {
		n(name, k)
	}
}

// workload tells of kind/name.
func (n namer) workload(ref string) {
	if i := strings.LastIndexByte(ref, '/'); i >= 0 {
		ref = ref[i+1:]
	}
	n.some(ref, kindApp)
}

func (n namer) target(t investigations.Target) {
	n.workload(t.Workload)
	n.some(t.Pod, kindPod)
	n.some(t.Container, kindContainer)
	n.some(t.Node, kindNode)
	n.some(t.Namespace, kindNamespace)
}

// process tells of a command, as the kernel names it, which may be cut to 15 bytes.
func (n namer) process(comm string) {
	if strings.HasPrefix(comm, "kworker/") || public[fold(strings.TrimRight(comm, "0123456789.:"))] {
		return
	}
	n.some(comm, kindProcess)
}

// ownLabels are the keys of labels, or their beginnings, whose values are the same everywhere or no names.
var ownLabels = []string{
	"topology.", "failure-domain.", "kubernetes.io/arch", "kubernetes.io/os", "beta.kubernetes.io/", "node.kubernetes.io/", "node-role.",
	"app.kubernetes.io/version", "app.kubernetes.io/managed-by", "pod-template-generation", "version", "chart", "job-completion-index",
	"apps.kubernetes.io/pod-index", "tier", "env", "environment", "le", "quantile", "__name__", "code", "method", "job", "runtime", "status",
	"pod-security.", "uid", "controller-uid", "batch.kubernetes.io/controller-uid",
}

// hashLabels hold the last part of the name of a ReplicaSet or a ControllerRevision.
var hashLabels = []string{"pod-template-hash", "controller-revision-hash"}

func (n namer) labels(labels map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		v := labels[key]
		if len(v) < 3 || strings.Trim(v, "v0123456789.-_") == "" || v == "true" || v == "false" ||
			slices.ContainsFunc(ownLabels, func(own string) bool { return key == own || strings.HasSuffix(own, ".") && strings.HasPrefix(key, own) }) {
			continue
		}
		if slices.Contains(hashLabels, key) {
			n(v, kindRevision)
			continue
		}
		n(v, kindLabel)
	}
}

func (n namer) rollouts(r *investigations.RolloutEvidence, id func(string)) {
	for i := range r.Workloads {
		w := &r.Workloads[i]
		n.some(w.OwnerName, kindApp)
		n.some(w.Name, kindApp)
		n.some(w.Namespace, kindNamespace)
		id(w.UID)
		for j := range w.Revisions {
			rev := &w.Revisions[j]
			n.some(rev.Name, kindRevision)
			n.some(rev.Hash, kindRevision)
			id(rev.UID)
			n.template(&rev.Template)
		}
		n.template(&w.Template)
		n.labels(w.Labels)
	}
	for i := range r.ConfigMaps {
		n.some(r.ConfigMaps[i].Name, kindConfig)
		n.some(r.ConfigMaps[i].Namespace, kindNamespace)
	}
	for i := range r.Autoscalers {
		a := &r.Autoscalers[i]
		n.workload(a.Target)
		n.some(a.Name, kindObject)
		n.some(a.Namespace, kindNamespace)
		for _, c := range slices.Sorted(maps.Keys(a.MemoryTargets)) {
			n.some(c, kindContainer)
		}
	}
	for i := range r.GitOps {
		n.gitops(&r.GitOps[i])
	}
	for i := range r.Priorities {
		n.some(r.Priorities[i].Name, kindObject)
	}
}

func (n namer) gitops(g *investigations.GitOps) {
	n.some(g.Name, kindObject)
	n.some(g.Namespace, kindNamespace)
	for _, r := range g.Resources {
		parts := strings.Split(r, "/")
		n.some(parts[len(parts)-1], kindObject)
		if len(parts) > 2 {
			n.some(parts[0], kindNamespace)
		}
	}
}

func (n namer) template(t *investigations.PodTemplate) {
	n.containers(t.Containers, func(string) {})
	n.volumes(t.Volumes)
	n.some(t.ServiceAccount, kindAccount)
	n.some(t.PriorityClass, kindObject)
	n.labels(t.Labels)
	n.labels(t.NodeSelector)
}

func (n namer) containers(containers []investigations.Container, id func(string)) {
	for i := range containers {
		c := &containers[i]
		n.some(c.Name, kindContainer)
		n.image(c.Image)
		id(c.ContainerID)
		for _, state := range []*investigations.ContainerState{&c.State, &c.LastState} {
			if state.Terminated != nil {
				id(state.Terminated.ContainerID)
			}
		}
		for _, name := range c.EnvFromConfigMaps {
			n.some(name, kindConfig)
		}
		for j := range c.Env {
			n.some(c.Env[j].ConfigMap, kindConfig)
		}
		for j := range c.Mounts {
			n.volume(c.Mounts[j].Volume)
		}
	}
}

// volume tells of the name of a volume, but for those that Kubernetes gives.
func (n namer) volume(name string) {
	if !strings.HasPrefix(name, "kube-api-access") && !strings.HasPrefix(name, "default-token-") {
		n.some(name, kindVolume)
	}
}

func (n namer) volumes(volumes []investigations.Volume) {
	for i := range volumes {
		v := &volumes[i]
		n.volume(v.Name)
		if v.Kind != "hostPath" {
			n.some(v.Ref, kindConfig)
		}
		for _, name := range v.ConfigMaps {
			n.some(name, kindConfig)
		}
	}
}

// image tells of the registry and the parts of an image's name, without its tag.
func (n namer) image(image string) {
	if i := strings.Index(image, "://"); i >= 0 {
		image = image[i+3:]
	}
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	parts := strings.Split(image, "/")
	if len(parts) > 1 && (strings.ContainsAny(parts[0], ".:") || parts[0] == "localhost") {
		host, _, _ := strings.Cut(parts[0], ":")
		n.some(host, kindRegistry)
		parts = parts[1:]
	}
	for i := len(parts) - 1; i >= 0; i-- {
		n.some(parts[i], kindImage)
	}
}

func (n namer) pods(p *investigations.PodEvidence, id func(string)) {
	for i := range p.Pods {
		pod := &p.Pods[i]
		n.some(pod.Name, kindPod)
		n.some(pod.Namespace, kindNamespace)
		n.some(pod.Node, kindNode)
		if pod.OwnerKind == "replicaset" {
			n.some(pod.OwnerName, kindRevision)
		} else {
			n.some(pod.OwnerName, kindApp)
		}
		n.some(pod.PriorityClass, kindObject)
		id(pod.UID)
		id(pod.OwnerUID)
		n.containers(pod.Containers, id)
		n.volumes(pod.Volumes)
		n.labels(pod.Labels)
	}
	for i := range p.Nodes {
		n.some(p.Nodes[i].Name, kindNode)
		n.labels(p.Nodes[i].Labels)
		id(p.Nodes[i].BootID)
	}
	for i := range p.Events {
		e := &p.Events[i]
		n.some(e.Name, objectOf(e.Kind))
		n.some(e.Namespace, kindNamespace)
		n.some(e.Host, kindNode)
		id(e.UID)
	}
	for i := range p.LimitRanges {
		n.some(p.LimitRanges[i].Name, kindObject)
	}
	for i := range p.Quotas {
		n.some(p.Quotas[i].Name, kindObject)
	}
	for i := range p.Namespaces {
		n.some(p.Namespaces[i].Name, kindNamespace)
		n.labels(p.Namespaces[i].Labels)
	}
}

// objectOf returns what an object of Kubernetes is called after.
func objectOf(k string) kind {
	switch fold(k) {
	case "pod":
		return kindPod
	case "node":
		return kindNode
	case "replicaset":
		return kindRevision
	case "container":
		return kindContainer
	case "cluster":
		return kindCluster
	case "namespace":
		return kindNamespace
	case "configmap":
		return kindConfig
	case "persistentvolumeclaim", "persistentvolume", "volume", "claim", "emptydir":
		return kindVolume
	case "serviceaccount":
		return kindAccount
	case "deployment", "statefulset", "daemonset", "job", "cronjob":
		return kindApp
	}
	return kindObject
}

func (n namer) kernel(k *investigations.KernelEvidence, id func(string)) {
	for i := range k.Logs {
		log := &k.Logs[i]
		n.some(log.Node, kindNode)
		for j := range log.Reports {
			r := &log.Reports[j]
			n.some(r.Host, kindNode)
			id(r.PodUID)
			id(r.ContainerID)
			if r.InvokedBy != nil {
				n.process(r.InvokedBy.Comm)
			}
			for _, killed := range r.Killed {
				n.process(killed.Comm)
			}
			for _, task := range r.Tasks {
				n.process(task.Comm)
			}
		}
		for j := range log.UserKills {
			u := &log.UserKills[j]
			n.process(u.Comm)
			id(u.PodUID)
			id(u.ContainerID)
		}
	}
}

func (n namer) recorder(r *investigations.Recorder) {
	n.some(r.Node, kindNode)
	for i := range r.Series {
		n.target(investigations.Target{Namespace: r.Series[i].Namespace, Pod: r.Series[i].Pod, Container: r.Series[i].Container})
	}
	for i := range r.Top {
		n.target(investigations.Target{Namespace: r.Top[i].Namespace, Pod: r.Top[i].Pod, Container: r.Top[i].Container})
		n.process(r.Top[i].Comm)
	}
}

func (n namer) features(f *investigations.Features) {
	n.target(investigations.Target{Namespace: f.Namespace, Container: f.Container, Workload: f.Workload, Node: f.Node})
	n.some(f.Cluster, kindCluster)
	n.process(f.Comm)
	n.image(f.Image)
	n.workload(f.Culprit[strings.LastIndexByte(f.Culprit, ' ')+1:]) // as "container api"
	for _, function := range f.Functions {
		n.function(function)
	}
}

func (n namer) code(functions []investigations.FunctionBytes) {
	for i := range functions {
		n.function(functions[i].Function)
	}
}
