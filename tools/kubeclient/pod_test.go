package kubeclient

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/oombot/oombot/investigations"
)

func ptr[T any](v T) *T { return &v }

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestPod(t *testing.T) {
	doc, err := os.ReadFile("testdata/pod.json")
	if err != nil {
		t.Fatal(err)
	}
	got := decodePod(t, string(doc))
	want := investigations.Pod{
		Namespace: "shop", Name: "checkout-7c9d8f6b5-x2x4p", UID: "0f6b3c1e-9a34-4d0b-8f3e-1c2f8b1a7d55", Node: "n1",
		Labels:      map[string]string{"app": "checkout", "pod-template-hash": "7c9d8f6b5"},
		Annotations: map[string]string{"prometheus.io/scrape": "true"},
		OwnerKind:   "replicaset", OwnerName: "checkout-7c9d8f6b5", OwnerUID: "5b2a",
		QoS: "Burstable", Priority: ptr(int32(1000)), PriorityClass: "business",
		Phase: "Failed", Reason: "Evicted", Message: "The node was low on resource: memory. Threshold quantity: 100Mi, available: 90Mi.",
		Created: at("2026-03-03T22:10:40Z"), Started: at("2026-03-03T22:10:41Z"),
		Deleted: at("2026-03-04T02:20:00Z"), DeletionGraceS: ptr(int64(30)), TerminationGraceS: ptr(int64(45)),
		RestartPolicy: "Always",
		Conditions: []investigations.Condition{{
			Type: "DisruptionTarget", Status: "True", Reason: "TerminationByKubelet", Message: "The node was low on resource: memory.",
			At: at("2026-03-04T02:17:12Z"),
		}},
		Containers: []investigations.Container{
			{
				Name: "shipper", Kind: "sidecar", Image: "shipper:2", ImageID: "shipper@sha256:2", MemoryLimit: ptr(int64(64 << 20)), RawMemoryLimit: "64Mi",
				ContainerID: "bb22", Ready: true, State: investigations.ContainerState{RunningSince: at("2026-03-03T22:10:42Z")},
			},
			{
				Name: "migrate", Kind: "init", Image: "migrate:1", ContainerID: "cc33",
				State: investigations.ContainerState{Terminated: &investigations.Termination{
					Reason: "Completed", StartedAt: at("2026-03-03T22:10:43Z"), FinishedAt: at("2026-03-03T22:10:44Z"), ContainerID: "cc33",
				}},
			},
			{
				Name: "checkout", Kind: "app", Image: "checkout:1.5.0", Command: []string{"/app"}, Args: []string{"--listen=:8080"},
				MemoryRequest: ptr(int64(256 << 20)), MemoryLimit: ptr(int64(512 << 20)), RawMemoryLimit: "512Mi",
				Mounts:             []investigations.Mount{{Volume: "shm", Path: "/dev/shm"}},
				MemoryResizePolicy: "RestartContainer", HasLiveness: true, HasStartup: true,
				ContainerID: "9f00", Restarts: 3, AllocatedLimit: ptr(int64(256 << 20)),
				State: investigations.ContainerState{WaitingReason: "CrashLoopBackOff", WaitingMessage: "back-off 40s"},
				LastState: investigations.ContainerState{Terminated: &investigations.Termination{
					Reason: "OOMKilled", Message: "heap", ExitCode: 137, Signal: 9,
					StartedAt: at("2026-03-03T22:10:45Z"), FinishedAt: at("2026-03-04T02:17:09Z"), ContainerID: "9f00",
				}},
			},
			{Name: "debugger", Kind: "ephemeral", Image: "busybox", ContainerID: "ee55", State: investigations.ContainerState{RunningSince: at("2026-03-04T02:00:00Z")}},
		},
		Volumes: []investigations.Volume{
			{Name: "shm", Kind: "emptyDir", Memory: true, SizeLimit: ptr(int64(128 << 20))},
			{Name: "tmp", Kind: "emptyDir"},
			{Name: "config", Kind: "configMap", Ref: "checkout-app", ConfigMaps: []string{"checkout-app"}},
			{Name: "all", Kind: "projected", Ref: "one", ConfigMaps: []string{"one", "two"}},
			{Name: "data", Kind: "persistentVolumeClaim", Ref: "data-0"},
			{Name: "keys", Kind: "secret", Ref: "keys"},
			{Name: "host", Kind: "hostPath", Ref: "/var/log"},
			{Name: "plugin", Kind: "csi"},
			{Name: "odd"},
		},
		MemoryRequest: ptr(int64(768 << 20)), MemoryLimit: ptr(int64(1 << 30)), OverheadMemoryBytes: 120 << 20,
		Source: "pods.json",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pod (-want +got):\n%s", diff)
	}
}

func TestPodWithLittle(t *testing.T) {
	got := decodePod(t, `{"metadata":{"name":"a"}}`)
	if diff := cmp.Diff(investigations.Pod{Name: "a", QoS: "BestEffort", Source: "pods.json"}, got); diff != "" {
		t.Errorf("pod (-want +got):\n%s", diff)
	}
	if _, err := New().Pod(&corev1.Pod{}, "f"); !errors.Is(err, ErrNoName) {
		t.Errorf("a pod without a name: %v", err)
	}
}

func TestQoS(t *testing.T) {
	tests := []struct{ name, spec, want string }{
		{"nothing set", `{"containers":[{"resources":{}}]}`, "BestEffort"},
		{"zeros", `{"containers":[{"resources":{"limits":{"memory":"0"}}}]}`, "BestEffort"},
		{"a request", `{"containers":[{"resources":{"requests":{"cpu":"1"}}}]}`, "Burstable"},
		{"all limits", `{"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}`, "Guaranteed"},
		{"limits equal requests", `{"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"1000m","memory":"1024Mi"}}}]}`, "Guaranteed"},
		{"lower requests", `{"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"memory":"1Mi"}}}]}`, "Burstable"},
		{"an init container without", `{"initContainers":[{}],"containers":[{"resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}`, "Burstable"},
		{"pod-level", `{"resources":{"limits":{"cpu":"1","memory":"1Gi"}},"containers":[{}]}`, "Guaranteed"},
	}
	for _, test := range tests {
		if got := decodePod(t, `{"metadata":{"name":"a"},"spec":`+test.spec+`}`).QoS; got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestOwner(t *testing.T) {
	tests := []struct{ refs, want string }{
		{`[]`, ""},
		{`[{"kind":"Job","name":"j"}]`, "job j"}, // the only one
		{`[{"kind":"Foo","name":"f"},{"kind":"StatefulSet","name":"s","controller":true}]`, "statefulset s"},
		{`[{"kind":"Foo","name":"f"},{"kind":"Bar","name":"b"}]`, ""},
		{`[{"kind":"Node","name":"n1","controller":true}]`, ""}, // a static pod
	}
	for _, test := range tests {
		p := decodePod(t, `{"metadata":{"name":"a","ownerReferences":`+test.refs+`}}`)
		got := p.OwnerKind + " " + p.OwnerName
		if got == " " {
			got = ""
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.refs, got, test.want)
		}
	}
}

func TestConverterForgetsNothingThatDiffers(t *testing.T) {
	c := New()
	for range 2 {
		for _, s := range []string{"", "a", "b", string(make([]byte, 2*maxTextLen))} {
			if got := c.text(s); got != s {
				t.Errorf("text(%q) = %q", s, got)
			}
		}
	}
	if len(c.texts) != 2 {
		t.Errorf("remembers %d texts, want 2", len(c.texts))
	}
}
