package vm

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/e2e/vm/scene"
)

// object is one of the API, as JSON has it.
type object = map[string]any

// started is when all pods were.
var started = time.Now().Add(-2 * time.Hour).Truncate(time.Second)

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// objects are the node and the pods of the scene, where these processes have ended.
func objects(ended []scene.Ended) []cluster.Object {
	node := cluster.Object{Resource: "nodes", Value: object{
		"apiVersion": "v1", "kind": "Node",
		"metadata": object{"name": scene.Node, "uid": "c0ffee00-0000-4000-8000-000000000001", "creationTimestamp": "2026-01-01T00:00:00Z"},
		"status": object{
			"capacity": object{"cpu": "1", "memory": "512Mi", "pods": "110"}, "allocatable": object{"cpu": "1", "memory": "184Mi", "pods": "110"},
			"conditions": []any{object{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": stamp(time.Now()), "lastTransitionTime": "2026-01-01T00:00:00Z"}},
			"nodeInfo":   object{"kernelVersion": "6.1.0", "kubeletVersion": "v1.36.3", "operatingSystem": "linux", "architecture": "amd64", "containerRuntimeVersion": "containerd://2.1.4"},
		},
	}}
	out := []cluster.Object{node}
	var done []string
	for _, c := range scene.Containers {
		if !slices.Contains(done, c.Pod) {
			done = append(done, c.Pod)
			out = append(out, pod(c, ended))
		}
	}
	return out
}

// pod is the pod that a container is of.
func pod(of scene.Container, ended []scene.Ended) cluster.Object {
	var containers, statuses []any
	for _, c := range scene.Containers {
		if c.Pod != of.Pod {
			continue
		}
		resources := object{"requests": object{"memory": "8Mi"}}
		if c.LimitMiB > 0 {
			resources["limits"] = object{"memory": fmt.Sprintf("%dMi", c.LimitMiB)}
		}
		image := "registry.test/" + c.Name + ":1.5.0"
		containers = append(containers, object{"name": c.Name, "image": image, "resources": resources})
		id, restarts, last := c.ID, 0, object{}
		for _, e := range ended {
			if e.Cgroup == c.Cgroup() {
				last = object{"terminated": object{
					"exitCode": 137, "reason": "OOMKilled", "containerID": "containerd://" + c.ID, "startedAt": stamp(started), "finishedAt": stamp(e.At),
				}}
				id, restarts = strings.Repeat("0", 8)+c.ID[8:], 1
			}
		}
		statuses = append(statuses, object{
			"name": c.Name, "image": image, "imageID": "registry.test/" + c.Name + "@sha256:5a762061064cd3a78dd704594e48890f3e347803150474a51c23ec1192b27aae",
			"containerID": "containerd://" + id, "restartCount": restarts, "ready": true, "started": true,
			"state": object{"running": object{"startedAt": stamp(started)}}, "lastState": last,
		})
	}
	return cluster.Object{Resource: "pods", Value: object{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": object{"namespace": namespace, "name": of.Pod, "uid": of.UID, "creationTimestamp": stamp(started)},
		"spec":     object{"nodeName": scene.Node, "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "containers": containers},
		"status":   object{"phase": "Running", "qosClass": "Burstable", "startTime": stamp(started), "podIP": "10.1.0.7", "containerStatuses": statuses},
	}}
}
