package pods

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func ptr[T any](v T) *T { return &v }

func TestIsTarget(t *testing.T) {
	pod := func(ns, name, ownerKind, owner, node string) investigations.Pod {
		return investigations.Pod{Namespace: ns, Name: name, OwnerKind: ownerKind, OwnerName: owner, Node: node}
	}
	workload := func(ref string) investigations.Target {
		return investigations.Target{Namespace: "shop", Workload: ref}
	}
	web := pod("shop", "web-5d4f-abcde", "replicaset", "web-5d4f", "n1")
	tests := []struct {
		name   string
		target investigations.Target
		pod    investigations.Pod
		want   bool
	}{
		{"the pod", investigations.Target{Namespace: "shop", Pod: "web-5d4f-abcde"}, web, true},
		{"the pod of another namespace", investigations.Target{Namespace: "bank", Pod: "web-5d4f-abcde"}, web, false},
		{"a Deployment's", workload("deployment/web"), web, true},
		{"a bare name's", workload("web"), web, true},
		{"a ReplicaSet's", workload("replicaset/web-5d4f"), web, true},
		{"another Deployment's", workload("deployment/we"), web, false},
		{"a Deployment's with a longer name", workload("deployment/web"), pod("shop", "web-api-5d4f-abcde", "replicaset", "web-api-5d4f", "n1"), false},
		{"a StatefulSet's", workload("statefulset/db"), pod("shop", "db-0", "statefulset", "db", "n1"), true},
		{"not a StatefulSet's", workload("statefulset/db"), pod("shop", "db-x-0", "statefulset", "db-x", "n1"), false},
		{"a CronJob's", workload("cronjob/import"), pod("shop", "import-2954-abcde", "job", "import-2954", "n1"), true},
		{"of another namespace", investigations.Target{Namespace: "bank", Workload: "deployment/web"}, web, false},
		{"a bare pod's", workload("pod/lonely"), pod("shop", "lonely", "", "", "n1"), true},
		{"on the node", investigations.Target{Node: "n1"}, web, true},
		{"on another node", investigations.Target{Node: "n2"}, web, false},
		{"of nothing", investigations.Target{}, web, false},
	}
	for _, test := range tests {
		if got := isTarget(test.target, &test.pod); got != test.want {
			t.Errorf("%s: %t, want %t", test.name, got, test.want)
		}
	}
}

func TestPodFact(t *testing.T) {
	tests := []struct {
		name string
		pod  investigations.Pod
		want string
	}{
		{
			"evicted",
			investigations.Pod{
				Namespace: "shop", Name: "a", QoS: "Burstable", Phase: "Failed", Reason: "Evicted",
				Message: "The node was low on resource: memory.", Source: "f",
			},
			`pod "shop/a": QoS class "Burstable", phase "Failed", reason "Evicted" ("The node was low on resource: memory.")`,
		},
		{
			"being deleted, with a limit of its own",
			investigations.Pod{
				Namespace: "shop", Name: "a", Node: "n1", QoS: "Guaranteed", Phase: "Running", MemoryLimit: ptr(int64(1 << 30)),
				Deleted: time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC), Source: "f",
			},
			`pod "shop/a" on node "n1": QoS class "Guaranteed", phase "Running", deletion asked for, to end by 2026-03-04T02:00:00Z, ` +
				"pod-level memory limit 1 GiB",
		},
	}
	for _, test := range tests {
		if got := podFact(&test.pod).Says; got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

func TestContainerFact(t *testing.T) {
	at := time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		c    investigations.Container
		want string
		at   time.Time
	}{
		{
			"no limit, running",
			investigations.Container{Name: "a", Kind: "app", State: investigations.ContainerState{RunningSince: at}},
			`container "a" (app): memory limit none, request none, restarts: 0; running since 2026-03-04T02:00:00Z`,
			time.Time{},
		},
		{
			"resized",
			investigations.Container{Name: "a", Kind: "app", MemoryLimit: ptr(int64(2 << 30)), AllocatedLimit: ptr(int64(1 << 30))},
			`container "a" (app): memory limit 2 GiB, request none, restarts: 0; limit in force 1 GiB`,
			time.Time{},
		},
		{
			"ended for good",
			investigations.Container{Name: "a", Kind: "init", State: investigations.ContainerState{
				Terminated: &investigations.Termination{Reason: "Error", ExitCode: 1, FinishedAt: at},
			}},
			`container "a" (init): memory limit none, request none, restarts: 0; its last end was "Error" with exit code 1 at 2026-03-04T02:00:00Z`, at,
		},
		{
			"ended before it began",
			investigations.Container{Name: "a", Kind: "app", LastState: investigations.ContainerState{
				Terminated: &investigations.Termination{Reason: "OOMKilled", ExitCode: 137, StartedAt: at.Add(time.Hour), FinishedAt: at},
			}},
			`container "a" (app): memory limit none, request none, restarts: 0; its last end was "OOMKilled" with exit code 137 at 2026-03-04T02:00:00Z`, at,
		},
	}
	for _, test := range tests {
		f := containerFact(&investigations.Pod{Namespace: "shop", Name: "p", Source: "f"}, &test.c)
		if f.Says != test.want || !f.At.Equal(test.at) {
			t.Errorf("%s at %s:\n%s\nwant at %s\n%s", test.name, f.At, f.Says, test.at, test.want)
		}
	}
}

func TestContainerFactsChoose(t *testing.T) {
	p := &investigations.Pod{Containers: []investigations.Container{
		{Name: "init"},
		{Name: "app", Restarts: 2},
		{Name: "side", LastState: investigations.ContainerState{Terminated: &investigations.Termination{Reason: "Error"}}},
	}}
	names := func(only string, p *investigations.Pod, limit int) string {
		var out []string
		for _, f := range containerFacts(only, p, limit) {
			out = append(out, f.Key[strings.LastIndexByte(f.Key, '/')+1:])
		}
		return strings.Join(out, " ")
	}
	quiet := &investigations.Pod{Containers: []investigations.Container{{Name: "a"}, {Name: "b"}}}
	got := []string{names("", p, 4), names("init", p, 4), names("none", p, 4), names("", p, 1), names("", quiet, 4)}
	if diff := cmp.Diff([]string{"app side", "init", "", "app", "a b"}, got); diff != "" {
		t.Errorf("containers told of (-want +got):\n%s", diff)
	}
}

func TestEventFactChoosesAroundTheMoment(t *testing.T) {
	at := shopRequest.At
	event := func(kind, name, reason string, first, last time.Duration) investigations.Event {
		return investigations.Event{
			Namespace: "shop", Kind: kind, Name: name, Reason: reason, Message: reason, Count: 2,
			First: at.Add(first), Last: at.Add(last), Source: "kubernetes/events.json",
		}
	}
	name := shopRequest.Target.Pod
	events := []investigations.Event{
		event("Pod", name, "Unhealthy", -10*time.Minute, -time.Minute),
		event("Pod", name, "Unhealthy", -9*time.Minute, -time.Minute),
		event("Pod", name, "Killing", 0, 0),
		event("Pod", name, "Early", -3*time.Hour, -2*time.Hour),
		event("Pod", name, "Late", time.Hour, time.Hour),
		event("Pod", "cart-0", "Other", 0, 0),
		event("Node", "n1", "SystemOOM", 0, 0),
	}
	says := func(req investigations.Request, node string, targets ...*investigations.Pod) string {
		for _, f := range eventFact(req, events, targets, node) {
			return f.Says
		}
		return ""
	}
	const want = `events around the moment about the target or its node: "Killing" (2), "Unhealthy" (4); the last one: "Killing"`
	if got := says(shopRequest, ""); got != want {
		t.Errorf("of the pod:\n%s\nwant\n%s", got, want)
	}
	if got := says(shopRequest, "n1"); !strings.Contains(got, `"Killing" (2), "SystemOOM" (2), "Unhealthy" (4)`) {
		t.Errorf("of the pod and its node: %s", got)
	}
	node := investigations.Request{At: at, Target: investigations.Target{Node: "n1"}}
	if got := says(node, "n1"); !strings.Contains(got, `"SystemOOM" (2);`) {
		t.Errorf("of the node: %s", got)
	}
	workload := investigations.Request{At: at, Target: investigations.Target{Namespace: "shop", Workload: "cart"}}
	if got := says(workload, "", &investigations.Pod{Namespace: "shop", Name: "cart-0"}); !strings.Contains(got, `"Other" (2);`) {
		t.Errorf("of the workload's pods: %s", got)
	}
	if got := says(workload, "n2"); got != "" {
		t.Errorf("of nothing: %s", got)
	}
}

func TestFactsAreBounded(t *testing.T) {
	ev := &investigations.PodEvidence{}
	for i := range 50 {
		p := investigations.Pod{
			Namespace: "shop", Name: fmt.Sprintf("web-%d", i), OwnerKind: "statefulset", OwnerName: "web", Source: podsFile,
			Message: strings.Repeat("x", 5000), Reason: "Evicted",
		}
		for j := range 20 {
			p.Containers = append(p.Containers, investigations.Container{Name: fmt.Sprintf("c%d", j), Restarts: 1})
		}
		ev.Pods = append(ev.Pods, p)
	}
	got := facts(investigations.Request{Target: investigations.Target{Namespace: "shop", Workload: "statefulset/web"}}, ev)
	if len(got) > maxFacts || len(got) < 5 {
		t.Errorf("%d facts", len(got))
	}
	for _, f := range got {
		if len(f.Says) > 600 {
			t.Errorf("a fact of %d bytes", len(f.Says))
		}
	}
}
