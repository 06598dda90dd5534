package node

import (
	"cmp"
	"encoding/json"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
)

// namespace is where the pods of the tests are, if nothing else is said.
const namespace = "story"

// object is one of the API, as JSON has it.
type object = map[string]any

// container is one of a pod. Request and limit are in MiB; a limit of 0 is none.
type container struct {
	name           string
	request, limit int64
	// usual is what it has always used, in MiB; 0: what it requests. grown is what it gained in the last minutes that were
	// scraped.
	usual, grown int64
	// id is the runtime's, group its cgroup.
	id    string
	group cgroup.Group
	// restarts is how often it was started again, last how it ended then; nil where it did not.
	restarts int
	last     object
}

// workload is a Deployment with its one pod. Its containers' cgroups have the limits that the kubelet would set.
type workload struct {
	namespace, name string
	pod, uid        string
	node            string
	containers      []*container
	group           cgroup.Group
	started         time.Time
}

// newWorkload makes the cgroups of a pod below a tree of pods. The pod's own has the sum of the limits, where all have
// one.
func newWorkload(t testing.TB, pods, node, namespace, name string, containers ...*container) *workload {
	t.Helper()
	w := &workload{
		namespace: namespace, name: name, pod: name + "-7c9d8f6b5-" + cgroup.NewContainerID()[:5], uid: cgroup.NewPodUID(), node: node, containers: containers,
		started: time.Now().Add(-2 * time.Hour).Truncate(time.Second),
	}
	w.group = cgroup.New(t, pods+"/burstable/pod"+w.uid)
	var sum int64
	for _, c := range containers {
		c.id = cgroup.NewContainerID()
		c.group = cgroup.New(t, string(w.group)+"/"+c.id)
		if c.limit > 0 {
			c.group.Limit(t, c.limit*cgroup.MiB)
		}
		sum += c.limit
		if c.limit == 0 {
			sum = -1 << 40
		}
	}
	if sum > 0 {
		w.group.Limit(t, sum*cgroup.MiB)
	}
	return w
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// labels are those of the pod.
func (w *workload) labels() object { return object{"app": w.name, "pod-template-hash": "7c9d8f6b5"} }

func (w *workload) meta(name, uid string, owner object) object {
	m := object{"namespace": w.namespace, "name": name, "uid": uid, "creationTimestamp": stamp(w.started), "labels": w.labels()}
	if owner != nil {
		m["ownerReferences"] = []any{owner}
	}
	return m
}

// template is the pod's spec.
func (w *workload) template(node string) object {
	var list []any
	for _, c := range w.containers {
		resources := object{"requests": object{"memory": fmt.Sprintf("%dMi", c.request)}}
		if c.limit > 0 {
			resources["limits"] = object{"memory": fmt.Sprintf("%dMi", c.limit)}
		}
		list = append(list, object{"name": c.name, "image": "registry.test/" + c.name + ":1.5.0", "resources": resources})
	}
	spec := object{"restartPolicy": "Always", "containers": list, "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst"}
	if node != "" {
		spec["nodeName"] = node
	}
	return spec
}

// status is the pod's, as its kubelet would write it.
func (w *workload) status() object {
	var list []any
	for _, c := range w.containers {
		last := object{}
		if c.last != nil {
			last = object{"terminated": c.last}
		}
		list = append(list, object{
			"name": c.name, "image": "registry.test/" + c.name + ":1.5.0", "imageID": "registry.test/" + c.name + "@sha256:5a762061064cd3a78dd704594e48890f3e347803150474a51c23ec1192b27aae",
			"containerID": "containerd://" + c.id, "restartCount": c.restarts, "ready": true, "started": true,
			"state": object{"running": object{"startedAt": stamp(w.started)}}, "lastState": last,
		})
	}
	return object{"phase": "Running", "qosClass": "Burstable", "startTime": stamp(w.started), "podIP": "10.1.0.7", "containerStatuses": list}
}

// objects are the workload's, as they are now.
func (w *workload) objects() []cluster.Object {
	const deployment, set = "5f1e7c62-0000-4000-8000-%012x", "7c9d8f6b5"
	number := int64(0)
	for _, c := range w.uid[:8] {
		number = number*31 + int64(c)
	}
	uid, setUID := fmt.Sprintf(deployment, number), fmt.Sprintf("6f1e7c62-0000-4000-8000-%012x", number)
	owner := func(kind, name, uid string) object {
		return object{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true, "blockOwnerDeletion": true}
	}
	selector := object{"matchLabels": object{"app": w.name}}
	template := object{"metadata": object{"labels": w.labels()}, "spec": w.template("")}
	revision := object{"deployment.kubernetes.io/revision": "1"}
	d := w.meta(w.name, uid, nil)
	d["annotations"] = revision
	rs := w.meta(w.name+"-"+set, setUID, owner("Deployment", w.name, uid))
	rs["annotations"] = revision
	replicas := object{"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "observedGeneration": 1}
	return []cluster.Object{
		{Resource: "deployments", Value: object{
			"apiVersion": "apps/v1", "kind": "Deployment", "metadata": d, "spec": object{"replicas": 1, "selector": selector, "template": template}, "status": replicas,
		}},
		{Resource: "replicasets", Value: object{
			"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": rs, "spec": object{"replicas": 1, "selector": selector, "template": template}, "status": replicas,
		}},
		w.object(),
	}
}

// object is the pod as it is now.
func (w *workload) object() cluster.Object {
	return cluster.Object{Resource: "pods", Value: object{
		"apiVersion": "v1", "kind": "Pod", "metadata": w.meta(w.pod, w.uid, object{
			"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": w.name + "-7c9d8f6b5", "uid": "rs-" + w.uid, "controller": true, "blockOwnerDeletion": true,
		}),
		"spec": w.template(w.node), "status": w.status(),
	}}
}

// restart has the container be started again under another id, as the kubelet does when all of it was killed.
func (c *container) restart(t testing.TB, w *workload, reason string, at time.Time) {
	t.Helper()
	c.last = object{
		"exitCode": 137, "reason": reason, "containerID": "containerd://" + c.id, "startedAt": stamp(w.started), "finishedAt": stamp(at),
	}
	c.restarts++
	c.id = cgroup.NewContainerID()
	c.group = cgroup.New(t, string(w.group)+"/"+c.id)
	if c.limit > 0 {
		c.group.Limit(t, c.limit*cgroup.MiB)
	}
}

// score is the oom_score_adj that the kubelet gives a container of a Burstable pod (GetContainerOOMScoreAdjust of
// pkg/kubelet/qos/policy.go).
func (p *place) score(c *container) int {
	return int(min(max(1000-1000*c.request/(p.allocatable+reserved), 3), 999))
}

// reserved is what of a node's memory is for the system, in MiB.
const reserved = 64

// nodeObject is the node of the pods. allocatable is what its pods may use, in MiB.
func nodeObject(name string, allocatable int64) cluster.Object {
	return cluster.Object{Resource: "nodes", Value: object{
		"apiVersion": "v1", "kind": "Node", "metadata": object{"name": name, "uid": cgroup.NewPodUID(), "creationTimestamp": "2026-01-01T00:00:00Z"},
		"status": object{
			"capacity":    object{"cpu": "2", "memory": fmt.Sprintf("%dMi", allocatable+reserved), "pods": "110"},
			"allocatable": object{"cpu": "2", "memory": fmt.Sprintf("%dMi", allocatable), "pods": "110"},
			"conditions":  []any{object{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": stamp(time.Now()), "lastTransitionTime": "2026-01-01T00:00:00Z"}},
			"addresses":   []any{object{"type": "InternalIP", "address": "10.0.0.7"}},
			"nodeInfo":    object{"kernelVersion": "6.18.0", "kubeletVersion": "v1.36.3", "operatingSystem": "linux", "architecture": "amd64", "containerRuntimeVersion": "containerd://2.1.4"},
		},
	}}
}

// level is what was scraped in the last hour: the same value, but for the last ten minutes, in which it grew.
type level struct{ usual, grown int64 }

func (l level) at(t, now time.Time) int64 {
	const growing = 10 * time.Minute
	return l.usual + int64(float64(l.grown)*max(0, 1-float64(now.Sub(t))/float64(growing)))
}

// series writes an answer of Prometheus, with a value every half minute.
func series(of map[string]level, labels func(key string) object) []byte {
	type stream struct {
		Metric object   `json:"metric"`
		Values [][2]any `json:"values"`
	}
	var all []stream
	now := time.Now()
	for key, l := range of {
		s := stream{Metric: labels(key)}
		for at := now.Add(-time.Hour); !at.After(now); at = at.Add(30 * time.Second) {
			s.Values = append(s.Values, [2]any{at.Unix(), fmt.Sprint(l.at(at, now))})
		}
		all = append(all, s)
	}
	text, err := json.Marshal(object{"status": "success", "data": object{"resultType": "matrix", "result": all}})
	if err != nil {
		panic(err) // it holds nothing that can't be written
	}
	return text
}

// history is what a Prometheus scraped of the workloads until now. Half of the node's memory was available.
func history(node string, allocatable int64, workloads ...*workload) fstest.MapFS {
	used, limits, pods, restarts := map[string]level{}, map[string]level{}, map[string]level{}, map[string]level{}
	var objects []any
	containers, places := map[string]object{}, map[string]string{}
	for _, w := range workloads {
		objects = append(objects, w.object().Value)
		places[w.pod] = w.namespace
		for _, c := range w.containers {
			key := w.pod + "/" + c.name
			containers[key] = object{"namespace": w.namespace, "pod": w.pod, "container": c.name}
			used[key] = level{cmp.Or(c.usual, c.request) * cgroup.MiB, c.grown * cgroup.MiB}
			restarts[key] = level{}
			if c.limit > 0 {
				limits[key] = level{usual: c.limit * cgroup.MiB}
			}
			pods[w.pod] = level{pods[w.pod].usual + used[key].usual, pods[w.pod].grown + used[key].grown}
		}
	}
	of := func(key string) object { return containers[key] }
	list, err := json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		panic(err) // it holds nothing that can't be written
	}
	n, err := json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": []any{nodeObject(node, allocatable).Value}})
	if err != nil {
		panic(err)
	}
	file := func(data []byte) *fstest.MapFile { return &fstest.MapFile{Data: data} }
	metric := func(query string) string { return "metrics/" + query + ".json" }
	return fstest.MapFS{
		"incident.yaml":        file([]byte(fmt.Sprintf("version: 1\nat: %s\ntarget: {namespace: %s, pod: %s}\n", stamp(time.Now()), workloads[0].namespace, workloads[0].pod))),
		"kubernetes/pods.json": file(list), "kubernetes/nodes.json": file(n),
		metric(investigations.QueryWorkingSet):    file(series(used, of)),
		metric(investigations.QueryRSS):           file(series(used, of)),
		metric(investigations.QueryLimit):         file(series(limits, of)),
		metric(investigations.QueryRestarts):      file(series(restarts, of)),
		metric(investigations.QueryNodePods):      file(series(pods, func(key string) object { return object{"namespace": places[key], "pod": key} })),
		metric(investigations.QueryNodeTotal):     file(series(map[string]level{node: {usual: (allocatable + reserved) * cgroup.MiB}}, func(key string) object { return object{"node": key} })),
		metric(investigations.QueryNodeAvailable): file(series(map[string]level{node: {usual: (allocatable + reserved) * cgroup.MiB / 2}}, func(key string) object { return object{"node": key} })),
	}
}
