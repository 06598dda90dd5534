package live

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

// ended is a container's end in a pod that the tests make.
type ended struct {
	at, reason string
	code       int
	// list is where its status stands; containerStatuses where it is empty.
	list, name string
	message    string
}

// madePod is a pod of the ReplicaSet web-7c9d8f6b5 with these ends.
func madePod(name string, change func(pod map[string]any), ends ...ended) map[string]any {
	status := map[string]any{}
	for _, e := range ends {
		if e.list == "" {
			e.list, e.name = "containerStatuses", "app"
		}
		statuses, _ := status[e.list].([]any)
		status[e.list] = append(statuses, map[string]any{
			"name": e.name, "lastState": map[string]any{"terminated": map[string]any{
				"exitCode": e.code, "reason": e.reason, "finishedAt": e.at, "message": e.message,
			}},
		})
	}
	pod := map[string]any{
		"metadata": map[string]any{
			"name": name, "namespace": "shop", "uid": name, "labels": map[string]any{"app": "web"},
			"ownerReferences": []any{map[string]any{"kind": "ReplicaSet", "name": "web-7c9d8f6b5", "controller": true}},
		},
		"spec": map[string]any{
			"nodeName": "n1", "containers": []any{map[string]any{"name": "app"}, map[string]any{"name": "side"}},
			"ephemeralContainers": []any{map[string]any{"name": "debug"}},
		},
		"status": status,
	}
	if change != nil {
		change(pod)
	}
	return pod
}

// madeEvent is an event about a pod.
func madeEvent(pod, reason, at string, more map[string]any) map[string]any {
	e := map[string]any{
		"metadata": map[string]any{"name": pod + reason + at, "namespace": "shop"}, "reason": reason, "lastTimestamp": at,
		"involvedObject": map[string]any{"kind": "Pod", "namespace": "shop", "name": pod},
	}
	for k, v := range more {
		e[k] = v
	}
	return e
}

// made is shop with other pods and events.
func made(t *testing.T, pods, events []map[string]any) fstest.MapFS {
	t.Helper()
	tree := shop()
	for file, items := range map[string][]map[string]any{"pods": pods, "events": events} {
		data, err := json.Marshal(map[string]any{"kind": "List", "items": items})
		if err != nil {
			t.Fatal(err)
		}
		tree["kubernetes/"+file+".json"] = &fstest.MapFile{Data: data}
	}
	return tree
}

const (
	one, two = "web-7c9d8f6b5-aaaaa", "web-7c9d8f6b5-bbbbb"
	past     = "web-7c9d8f6b5-ccccc"
)

func disrupted(reason, message string) func(map[string]any) {
	return func(pod map[string]any) {
		status, _ := pod["status"].(map[string]any)
		status["reason"], status["message"] = reason, message
		status["conditions"] = []any{map[string]any{"type": "DisruptionTarget", "status": "True", "lastTransitionTime": "2026-03-04T11:00:00Z"}}
	}
}

func TestMoment(t *testing.T) {
	type list = []map[string]any
	oom := ended{at: "2026-03-04T10:00:00Z", reason: "OOMKilled", code: 137}
	failed := ended{at: "2026-03-04T10:30:00Z", reason: "Error", code: 1}
	field := map[string]any{"involvedObject": map[string]any{"kind": "Pod", "namespace": "shop", "name": one, "fieldPath": "spec.containers{side}"}}
	for _, test := range []struct {
		name, target string
		pods, events list
		at, want     string
	}{
		{"of two kills minutes apart the latest", "shop/" + one, list{madePod(one, nil, oom, ended{at: "2026-03-04T10:04:00Z", reason: "OOMKilled", code: 137, list: "containerStatuses", name: "side"})}, nil, "", "10:04:00"},
		{"of two kills that of the container", "shop/" + one + "/app", list{madePod(one, nil, oom, ended{at: "2026-03-04T10:04:00Z", reason: "OOMKilled", code: 137, list: "containerStatuses", name: "side"})}, nil, "", "10:00:00"},
		{"what is said holds, whatever ended later", "shop/" + one, list{madePod(one, nil, oom)}, nil, "2026-03-04T09:00:00Z", "09:00:00"},
		{"a child's kill, whose container ended well", "shop/" + one, list{madePod(one, nil, failed, ended{at: "2026-03-04T09:30:00Z", reason: "OOMKilled", list: "containerStatuses", name: "side"})}, nil, "", "09:30:00"},
		{"an init container's kill", "shop/" + one, list{madePod(one, nil, ended{at: "2026-03-04T08:00:00Z", reason: "OOMKilled", code: 137, list: "initContainerStatuses", name: "init"})}, nil, "", "08:00:00"},
		{"an ephemeral container's kill", "shop/" + one + "/debug", list{madePod(one, nil, ended{at: "2026-03-04T08:00:00Z", reason: "OOMKilled", code: 137, list: "ephemeralContainerStatuses", name: "debug"})}, nil, "", "08:00:00"},
		{"killed before it began", "shop/" + one, list{madePod(one, nil, ended{at: "2026-03-04T08:00:00Z", reason: "StartError", code: 128, message: "container init was OOM-killed (memory limit too low?)"}, ended{at: "2026-03-04T09:00:00Z", reason: "Error", code: 1, list: "containerStatuses", name: "side"})}, nil, "", "08:00:00"},
		{"a runtime that does not know the time", "shop/" + one, list{madePod(one, nil, ended{at: "1970-01-01T00:00:00Z", reason: "OOMKilled", code: 137})}, nil, "", "12:00:00"},
		{"completed", "shop/" + one, list{madePod(one, nil, ended{at: "2026-03-04T10:00:00Z", reason: "Completed"})}, nil, "", "12:00:00"},
		{"evicted for memory", "shop/" + one, list{madePod(one, disrupted("Evicted", "The node was low on resource: memory."), failed)}, nil, "", "11:00:00"},
		{"drained, after a kill", "shop/" + one, list{madePod(one, disrupted("", ""), oom)}, nil, "", "10:00:00"},
		{"evicted for its disk, after a kill", "shop/" + one, list{madePod(one, disrupted("Evicted", "The node was low on resource: ephemeral-storage."), oom)}, nil, "", "10:00:00"},
		{"its end, not the trouble to start it again", "shop/" + one, list{madePod(one, nil, failed)}, list{madeEvent(one, "BackOff", "2026-03-04T11:30:00Z", nil)}, "", "10:30:00"},
		{"an event of an eviction before another end", "shop/" + one, list{madePod(one, nil, failed)}, list{madeEvent(one, "Evicted", "2026-03-04T11:30:00Z", nil)}, "", "11:30:00"},
		{"an event of another container", "shop/" + one + "/app", list{madePod(one, nil)}, list{madeEvent(one, "BackOff", "2026-03-04T11:30:00Z", field)}, "", "12:00:00"},
		{"an event of the container", "shop/" + one + "/side", list{madePod(one, nil)}, list{madeEvent(one, "BackOff", "2026-03-04T11:30:00Z", field)}, "", "11:30:00"},
		{"a series of events", "shop/" + one, list{madePod(one, nil)}, list{madeEvent(one, "Killing", "2026-03-04T08:00:00Z", map[string]any{"series": map[string]any{"lastObservedTime": "2026-03-04T09:00:00.000000Z"}})}, "", "09:00:00"},
		{"a workload whose pod is gone", "shop/web", list{madePod(one, nil)}, list{madeEvent(past, "Evicted", "2026-03-04T11:30:00Z", nil), madeEvent("web-api-7c9d8f6b5-ccccc", "Evicted", "2026-03-04T11:45:00Z", nil)}, "", "11:30:00"},
		{"a workload without pods", "shop/deployment/web", nil, nil, "", "12:00:00"},
		{"a workload's latest kill", "shop/web", list{madePod(one, nil, oom), madePod(two, nil, ended{at: "2026-03-04T10:10:00Z", reason: "OOMKilled", code: 137})}, nil, "", "10:10:00"},
	} {
		got, err := resolve(t, kubetest.New(t, made(t, test.pods, test.events)), test.target, func(a *Ask) {
			if test.at != "" {
				at, err := time.Parse(time.RFC3339, test.at)
				if err != nil {
					t.Fatal(err)
				}
				a.At = at
			}
		}, nil)
		if want := "2026-03-04T" + test.want + "Z"; err != nil || got.At != want {
			t.Errorf("%s: %s, %v, want %s", test.name, got.At, err, want)
		}
	}
}

// TestLatestPodComesFirst has the workload's pods in the order of their kills, up to the moment.
func TestLatestPodComesFirst(t *testing.T) {
	pods := []map[string]any{
		madePod(one, nil, ended{at: "2026-03-04T09:00:00Z", reason: "OOMKilled", code: 137}),
		madePod(two, nil, ended{at: "2026-03-04T10:00:00Z", reason: "OOMKilled", code: 137}),
		madePod(past, nil),
	}
	s := kubetest.New(t, made(t, pods, nil))
	got, err := resolve(t, s, "shop/web", nil, nil)
	if want := two + " " + one + " " + past; err != nil || got.Pods != want {
		t.Errorf("%s, %v, want %s", got.Pods, err, want)
	}
	got, err = resolve(t, s, "shop/web", func(a *Ask) { a.At = time.Date(2026, 3, 4, 9, 30, 0, 0, time.UTC) }, nil)
	if want := one + " " + two + " " + past; err != nil || got.Pods != want {
		t.Errorf("%s, %v, want %s", got.Pods, err, want)
	}
}

func TestMadeBy(t *testing.T) {
	for workload, pods := range map[string]string{
		"deployment/web": "web-7c9d8f6b5-x2x4p !web-api-7c9d8f6b5-x2x4p !web !web-0 !web-7c9d8f6b5",
		"statefulset/db": "db-0 db-12 !db-x !db-0-1",
		"daemonset/log":  "log-x2x4p !log-x2x4p-a !log",
		"cronjob/report": "report-29-x2x4p !report-29",
		"job/import":     "import-x2x4p !import-0-x2x4p-y",
	} {
		for pod := range strings.FieldsSeq(pods) {
			name, not := strings.CutPrefix(pod, "!")
			if got := madeBy(workload, name); got == not {
				t.Errorf("%s of %s: %t", name, workload, got)
			}
		}
	}
}
