package pseudonym

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

const (
	podUID      = "9928d1ec-5e69-4b9f-a69b-a7b133e8d9d1"
	containerID = "94eda3481d19aa0a5e0d7d014b91af1fcf9726e9757a808a60329c22f2ecf7c9"
)

// testSite is a small site in which every kind of name occurs.
func testSite() *investigations.Evidence {
	return &investigations.Evidence{
		Rollouts: &investigations.RolloutEvidence{
			Workloads: []investigations.Workload{
				{Namespace: "shop", Kind: "deployment", Name: "checkout", Revisions: []investigations.Revision{
					{Name: "checkout-6d5f7c9b84", Hash: "6d5f7c9b84"}, {Name: "checkout-7c9d8f6b5x", Hash: "7c9d8f6b5x"},
				}, Template: investigations.PodTemplate{ServiceAccount: "till-runner", PriorityClass: "gold-tier"}},
				{Namespace: "shop", Kind: "statefulset", Name: "basket"},
				{Namespace: "pay-core", Kind: "cronjob", Name: "settle"},
				{Namespace: "pay-core", Kind: "job", Name: "settle-29012345", OwnerKind: "cronjob", OwnerName: "settle"},
				{Namespace: "pay-core", Kind: "deployment", Name: "api"},
			},
			ConfigMaps:  []investigations.ConfigMap{{Namespace: "shop", Name: "till-settings"}},
			GitOps:      []investigations.GitOps{{Kind: "application", Namespace: "argocd", Name: "till-eu", Resources: []string{"shop/deployment/checkout"}}},
			Autoscalers: []investigations.Autoscaler{{Kind: "hpa", Namespace: "shop", Name: "till-scaler", Target: "deployment/checkout"}},
		},
		Pods: &investigations.PodEvidence{
			Pods: []investigations.Pod{
				{
					Namespace: "shop", Name: "checkout-7c9d8f6b5x-x2x4p", UID: podUID, Node: "ip-10-0-3-186.eu-west-1.compute.internal",
					OwnerKind: "replicaset", OwnerName: "checkout-7c9d8f6b5x",
					Labels: map[string]string{"app": "checkout", "team": "till-squad", "topology.kubernetes.io/zone": "eu-west-1a"},
					Containers: []investigations.Container{
						{Name: "checkout", Image: "registry.acme.example:5000/till/checkout:1.5.0", ContainerID: containerID},
						{Name: "log-shipper", Image: "docker.io/library/busybox:1.36"},
					},
					Volumes: []investigations.Volume{{Name: "scratchpad", Kind: "persistentVolumeClaim", Ref: "till-claim"}, {Name: "kube-api-access-abcde"}},
				},
				{Namespace: "shop", Name: "basket-0", OwnerKind: "statefulset", OwnerName: "basket"},
				{Namespace: "pay-core", Name: "settle-29012345-abcde", OwnerKind: "job", OwnerName: "settle-29012345"},
				{Namespace: "pay-core", Name: "api-5r5j4l5xjq-lxpmf", OwnerKind: "replicaset", OwnerName: "api-5r5j4l5xjq"},
			},
			Events: []investigations.Event{{Namespace: "shop", Kind: "Pod", Name: "checkout-7c9d8f6b5x-gone1", Message: "Readiness probe failed: dial tcp 10.244.3.17:8080: refused by db-17.acme.example"}},
		},
		Kernel: &investigations.KernelEvidence{Logs: []investigations.KernelLog{{Node: "ip-10-0-3-186", Reports: []investigations.KernelReport{{
			PodUID: podUID, ContainerID: containerID, Killed: []investigations.KernelKill{{Comm: "till-worker"}, {Comm: "java"}, {Comm: "python3.11"}, {Comm: `odd"name`}},
		}}}}},
		Profiles: &investigations.ProfileEvidence{Profiles: []investigations.HeapProfile{{Namespace: "shop", Pod: "checkout-7c9d8f6b5x-x2x4p", Container: "checkout", Functions: []investigations.FunctionBytes{
			{Function: "github.com/acme/till/internal/session.(*Store).Put"},
			{Function: "github.com/hashicorp/golang-lru.(*Cache).Add"},
			{Function: "com.acme.till.cart.CartService.put"},
			{Function: "org.apache.kafka.clients.producer.KafkaProducer.send"},
			{Function: "bytes.growSlice"},
		}}}},
	}
}

func testRequest() investigations.Request {
	return investigations.Request{
		Target: investigations.Target{Namespace: "shop", Pod: "checkout-7c9d8f6b5x-x2x4p", Container: "checkout", Workload: "deployment/checkout"}, Cluster: "acme-prod-eu",
	}
}

func TestHide(t *testing.T) {
	b := New(nil, testSite(), testRequest())
	tests := []struct{ name, text, want string }{
		{"a pod keeps its owners", "shop/checkout-7c9d8f6b5x-x2x4p", "ns-1/app-1-rs1-p1"},
		{"the same word is the same everywhere", `container "checkout" of deployment/checkout`, `container "app-1" of deployment/app-1`},
		{"another revision", "checkout-6d5f7c9b84 and its hash 6d5f7c9b84", "app-1-rs2 and its hash rs2"},
		{"a pod that is gone", "checkout-7c9d8f6b5x-gone1, checkout-7c9d8f6b5x-never", "app-1-rs1-p4, app-1-rs1-never"},
		{"a StatefulSet's pods keep their numbers", "basket-0 basket-1", "app-2-0 app-2-1"},
		{"a job's pod", "pay-core/settle-29012345-abcde", "ns-2/app-3-job1-p2"},
		{"a public workload stays, its pod does not", "api-5r5j4l5xjq-lxpmf of deployment/api", "api-rs3-p3 of deployment/api"},
		{"a node by all its names", "node ip-10-0-3-186, ip-10-0-3-186.eu-west-1.compute.internal", "node node-1, node-1.domain-1"},
		{"an image", "registry.acme.example:5000/till/checkout:1.5.0@sha256:00", "registry-1:5000/image-1/app-1:1.5.0@sha256:00"},
		{"a public image", "docker.io/library/busybox:1.36", "docker.io/library/busybox:1.36"},
		{"a name within a longer one", "my-checkout-canary, checkout_total", "my-app-1-canary, app-1_total"},
		{"a part of a word is none", "checkouts, precheckout, basketball", "checkouts, precheckout, basketball"},
		{"the longest counts", "till-settings till-claim till-squad till", "config-1 config-2 label-1 image-1"},
		{"PromQL", `sum(x{namespace="shop",pod=~"checkout-7c9d8f6b5x-.*"})`, `sum(x{namespace="ns-1",pod=~"app-1-rs1-.*"})`},
		{"a file", "logs/shop/checkout-7c9d8f6b5x-x2x4p/log-shipper.previous.log:12-20", "logs/ns-1/app-1-rs1-p1/container-1.previous.log:12-20"},
		{"a command", "kubectl rollout undo -n shop deployment/checkout --to-revision=11", "kubectl rollout undo -n ns-1 deployment/app-1 --to-revision=11"},
		{"other cases", "Checkout CHECKOUT checkOut", "app-1~1 app-1~ff app-1~02"},
		{"escapes", `"a\ncheckout\u0022checkout%2Fcheckout\x1b[31mcheckout`, `"a\napp-1\u0022app-1%2Fapp-1\x1b[31mapp-1`},
		{"processes", "till-worker, java and python3.11", "proc-1, java and python3.11"},
		{"a quoted process", `killed "odd\"name" and odd"name`, `killed "proc-2-q" and proc-2`},
		{"addresses", "10.244.3.17:8080 but 1.10.244.3.17, 10.244.3.17.2 and 127.0.0.1", "addr-1:8080 but 1.10.244.3.17, 10.244.3.17.2 and 127.0.0.1"},
		{"a host", "db-17.acme.example is down", "host-1 is down"},
		{"modules", "github.com/acme/till/internal/session.(*Store).Put", "module-1/internal/session.(*Store).Put"},
		{"packages", "com.acme.till.cart.CartService.put", "package-1.cart.CartService.put"},
		{"public code", "github.com/hashicorp/golang-lru.(*Cache).Add org.apache.kafka.clients.producer.KafkaProducer.send bytes.growSlice", "github.com/hashicorp/golang-lru.(*Cache).Add org.apache.kafka.clients.producer.KafkaProducer.send bytes.growSlice"},
		{"what a site shares with all", "default kube-system eu-west-1a worker api app redis", "default kube-system eu-west-1a worker api app redis"},
		{"the rest", "till-runner gold-tier till-eu till-scaler scratchpad acme-prod-eu", "account-1 object-1 object-3 object-2 volume-1 cluster-1"},
		{"no name", "It used 512 MiB of 512 MiB at 2026-03-04T02:17:09Z [F3].", "It used 512 MiB of 512 MiB at 2026-03-04T02:17:09Z [F3]."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := b.Hide(tt.text)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("hidden:\n%s", diff)
			}
			if diff := cmp.Diff(tt.text, b.Reveal(got)); diff != "" {
				t.Errorf("revealed:\n%s", diff)
			}
		})
	}
}

func TestIDsKeepTheirForm(t *testing.T) {
	b := New(nil, testSite(), testRequest())
	under := strings.ReplaceAll(podUID, "-", "_")
	for _, text := range []string{
		containerID, containerID[:12], containerID[:12] + "…", podUID, under, podUID[:8], podUID[:20] + "…",
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + under + ".slice/cri-containerd-" + containerID + ".scope",
		"/kubepods/burstable/pod" + podUID + "/" + containerID,
	} {
		hidden := b.Hide(text)
		if len(hidden) != len(text) || strings.Contains(hidden, podUID[:8]) || strings.Contains(hidden, containerID[:8]) {
			t.Errorf("%q became %q", text, hidden)
		}
		if got := b.Reveal(hidden); got != text {
			t.Errorf("%q came back as %q", text, got)
		}
	}
	if short, long := b.Hide(containerID[:12]), b.Hide(containerID); !strings.HasPrefix(long, short) {
		t.Errorf("%q is not the beginning of %q", short, long)
	}
	for _, other := range []string{containerID[:7], "99999999", containerID + "ab", "9928d1ed-5e69"} {
		if got := b.Hide(other); got != other {
			t.Errorf("%q became %q", other, got)
		}
	}
}

func TestReveal(t *testing.T) {
	b := New(nil, testSite(), testRequest())
	tests := []struct{ name, text, want string }{
		{"the beginning of a sentence", "App-1-rs1-p1 was killed.", "checkout-7c9d8f6b5x-x2x4p was killed."},
		{"a possessive", "app-1's limit, app-1’s limit", "checkout's limit, checkout’s limit"},
		{"a plural", "both app-1s", "both checkouts"},
		{"markup", "**app-1** `node-1` [app-1](x)", "**checkout** `ip-10-0-3-186` [checkout](x)"},
		{"other hyphens", "app\u20111\u2010rs1", "checkout-7c9d8f6b5x"},
		{"no stand-in", "app-99, node-7, ns-1x, app-1x, pod 1, rs77", "app-99, node-7, ns-1x, app-1x, pod 1, rs77"},
		{"an unknown part", "app-1-rs1-p99", "checkout-7c9d8f6b5x-p99"},
		{"a mark that fits", "app-1~1 app-1~ff app-1~0", "Checkout CHECKOUT checkout"},
		{"a mark that does not", "app-1~fff app-1~x app-1~", "checkout~fff checkout~x checkout~"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, b.Reveal(tt.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRevealedJSONStaysJSON(t *testing.T) {
	b := New(nil, testSite(), testRequest())
	got := b.Reveal(`{"pod": "app-1-rs1-p1", "comm": "proc-2", "n": [1, "ns-1"]}`)
	var doc map[string]any
	if err := json.Unmarshal([]byte(got), &doc); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	want := map[string]any{"pod": "checkout-7c9d8f6b5x-x2x4p", "comm": `odd"name`, "n": []any{1.0, "shop"}}
	if diff := cmp.Diff(want, doc); diff != "" {
		t.Error(diff)
	}
	if got := b.Reveal(`the process proc-2`); got != `the process odd"name` {
		t.Errorf("a text became %q", got)
	}
}

// TestAStandInOfTheSitesOwn has a site whose names look like stand-ins.
func TestAStandInOfTheSitesOwn(t *testing.T) {
	ev := &investigations.Evidence{Pods: &investigations.PodEvidence{
		Pods: []investigations.Pod{{Namespace: "ns-1", Name: "pod-1", Node: "node-2"}, {Namespace: "ns-3", Name: "Pod-2", Node: "node-1"}},
	}, Rollouts: &investigations.RolloutEvidence{Workloads: []investigations.Workload{{Kind: "deployment", Name: "app-1"}, {Kind: "deployment", Name: "till"}}}}
	req := investigations.Request{Alert: &investigations.Alert{Title: "app-2 and rs1 are not ours"}}
	b := New(nil, ev, req)
	text := "ns-1/pod-1 on node-2, ns-3/Pod-2 on node-1 and node-3, app-1, till, app-2 and rs1"
	hidden := b.Hide(text)
	want := "ns-2/pod-3 on node-3, ns-4/pod-4 on node-4 and node-3, app-3, app-4, app-2 and rs1"
	if diff := cmp.Diff(want, hidden); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"ns-1", "pod-1", "node-2", "Pod-2", "node-1", "app-1", "till", "app-2 and rs1"} {
		if got := b.Reveal(b.Hide(name)); got != name {
			t.Errorf("%q came back as %q", name, got)
		}
	}
}

func TestWordsOfSentences(t *testing.T) {
	ev := &investigations.Evidence{Pods: &investigations.PodEvidence{Pods: []investigations.Pod{
		{Namespace: "data", Name: "x", Containers: []investigations.Container{{Name: "memory"}, {Name: "app"}, {Name: "1"}, {Name: "f3"}, {Name: "10s"}, {Name: "users"}}},
	}}}
	b := New(nil, ev, investigations.Request{})
	for text, want := range map[string]string{
		"the app container of users held data in memory":                "the app container of users held data in memory",
		`pod "data/x" in namespace "data", kubectl -n data get pod/x`:   `pod "ns-1/pod-1" in namespace "ns-1", kubectl -n ns-1 get pod/pod-1`,
		"container users grew 1 MiB in 10s [F3], see x=1 and (x)":       "container container-3 grew 1 MiB in 10s [F3], see x=1 and (x)",
		`{namespace="data",container="users"}`:                          `{namespace="ns-1",container="container-3"}`,
		"Data was lost; the namespace data, namespace database, data-x": "Data was lost; the namespace ns-1, namespace database, data-x",
	} {
		got := b.Hide(text)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if back := b.Reveal(got); back != text {
			t.Errorf("%q came back as %q", text, back)
		}
	}
}

func TestLearn(t *testing.T) {
	b := New(nil, testSite(), testRequest())
	before := b.Hide("checkout-7c9d8f6b5x-x2x4p on ip-10-0-3-186")
	fact := investigations.Fact{
		Says:   `pod "stock/warehouse-5d4f6c7b88-abcde" of "replicaset/warehouse-5d4f6c7b88" on node "node-2", deployment/warehouse at 10.9.8.7; container 0123456789ab of pod 11aa22bb-33cc-44dd-55ee-66ff77008899 reached its limit`,
		Source: "https://grafana.acme.example/d/1",
	}
	b.Learn([]investigations.Fact{fact})
	hidden := b.Hide(fact.Says)
	for _, name := range []string{"warehouse", "node-2\"", "10.9.8.7", "0123456789ab", "11aa22bb"} {
		if strings.Contains(hidden, name) {
			t.Errorf("%q stands in %q", name, hidden)
		}
	}
	if !strings.Contains(hidden, "app-4-rs4-p") {
		t.Errorf("a new pod lost its owners: %q", hidden)
	}
	if got := b.Hide(fact.Source); got != "https://host-2/d/1" {
		t.Errorf("the source became %q", got)
	}
	if got := b.Reveal(hidden); got != fact.Says {
		t.Errorf("came back as %q", got)
	}
	if after := b.Hide("checkout-7c9d8f6b5x-x2x4p on ip-10-0-3-186"); after != before {
		t.Errorf("%q became %q", before, after)
	}
}

func TestConcurrentUse(t *testing.T) {
	b := New(nil, testSite(), testRequest())
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := range 50 {
				name := fmt.Sprintf("late-%d-%d", n, i)
				b.Learn([]investigations.Fact{{Says: `pod "shop/` + name + `"`}})
				if got := b.Reveal(b.Hide(name)); got != name || b.Hide(name) == name {
					t.Errorf("%q came back as %q, hidden as %q", name, got, b.Hide(name))
				}
			}
		})
	}
	all.Wait()
}

func TestNothingKnown(t *testing.T) {
	b := New(nil, nil, investigations.Request{})
	for _, text := range []string{"", "checkout", "app-1", "\xff\x00", "{}"} {
		if b.Hide(text) != text || b.Reveal(text) != text {
			t.Errorf("%q became %q and %q", text, b.Hide(text), b.Reveal(text))
		}
	}
}

// TestOddNames has names that no API server would take.
func TestOddNames(t *testing.T) {
	names := []string{"a.*[b", `back\slash`, "Größe", "größe", "名前空間", "white space", "(paren)", ".dot", "-dash-", "tab\there", "e\u0301t\u00e9", "quo'te", "x\xffy", "ends~1", strings.Repeat("long-", 50)}
	ev := &investigations.Evidence{Pods: &investigations.PodEvidence{}}
	for _, name := range names {
		ev.Pods.Pods = append(ev.Pods.Pods, investigations.Pod{Namespace: "shop", Name: name})
	}
	b := New(nil, ev, investigations.Request{})
	seen := map[string]string{}
	for _, name := range names {
		text := fmt.Sprintf("pod <%s> and %q, %s", name, name, investigations.CleanText(name, 600))
		hidden := b.Hide(text)
		if standsIn(hidden, name) >= 0 {
			t.Errorf("%q stands in %q", name, hidden)
		}
		if got := b.Reveal(hidden); got != text {
			t.Errorf("%q came back as %q by %q", text, got, hidden)
		}
		to := b.Hide(name)
		if other, ok := seen[to]; ok {
			t.Errorf("%q and %q are both %q", name, other, to)
		}
		seen[to] = name
	}
}
