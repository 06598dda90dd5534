package pods

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/toolstest"
)

var shopRequest = investigations.Request{
	At:     time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC),
	Target: investigations.Target{Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p", Container: "checkout"},
}

// shop is the tree of testdata/shop.
func shop(t testing.TB) fstest.MapFS {
	t.Helper()
	return toolstest.Tree(t, "testdata/shop")
}

func query(t testing.TB, fsys fs.FS, req investigations.Request) investigations.ToolResult {
	t.Helper()
	return toolstest.Query(t, New(fsys), req)
}

func TestConforms(t *testing.T) {
	toolstest.TestTool(t, func(fsys fs.FS) investigations.Tool { return New(fsys) }, toolstest.Options{
		Tree: shop(t), Request: shopRequest,
	})
}

func TestEvidence(t *testing.T) {
	r := query(t, shop(t), shopRequest)
	ev := r.Evidence.Pods
	if !ev.HasPods || !ev.HasNodes || !ev.HasEvents {
		t.Errorf("has pods %t, nodes %t, events %t; want all", ev.HasPods, ev.HasNodes, ev.HasEvents)
	}
	counts := []int{len(ev.Pods), len(ev.Nodes), len(ev.Events), len(ev.Namespaces), len(ev.LimitRanges), len(ev.Quotas)}
	if diff := cmp.Diff([]int{2, 1, 1, 1, 1, 1}, counts); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if len(r.BlindSpots) != 0 {
		t.Errorf("blind spots of a whole bundle: %+v", r.BlindSpots)
	}
}

func TestFacts(t *testing.T) {
	r := query(t, shop(t), shopRequest)
	got := map[string]string{}
	for _, f := range r.Facts {
		got[f.Key] = f.Says
	}
	want := map[string]string{
		"pods/target/shop/checkout-7c9d8f6b5-x2x4p": `pod "shop/checkout-7c9d8f6b5-x2x4p" of "replicaset/checkout-7c9d8f6b5" on node "n1": ` +
			`QoS class "Burstable", phase "Running", created at 2026-03-03T22:10:40Z`,
		"pods/container/shop/checkout-7c9d8f6b5-x2x4p/checkout": `container "checkout" (app): memory limit 512 MiB, request 256 MiB, restarts: 3; ` +
			`waiting: "CrashLoopBackOff" "back-off 40s restarting failed container=checkout"; ` +
			`its last end was "OOMKilled" with exit code 137 at 2026-03-04T02:17:09Z, after 4 h 6 min`,
		"pods/node": `node "n1": memory 15.6 GiB, of which pods may use 14.5 GiB; pods seen on it: 2; ` +
			`kernel "6.1.0-18-amd64", kubelet "v1.34.3"; under memory pressure since 2026-03-04T02:16:00Z`,
		"pods/events": `events around the moment about the target or its node: "BackOff" (4); the last one: "Back-off restarting failed container"`,
		"pods/limitrange": `LimitRange "defaults" gives a container of namespace "shop" that sets none a memory limit of 512 MiB, ` +
			`last changed at 2026-03-03T12:00:00Z`,
		"pods/inventory": "pods seen: 2, of namespaces: 2, on nodes: 1; containers whose last end was OOMKilled: 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if len(r.Facts) > 1 {
		f := r.Facts[1]
		wantValues := map[string]float64{
			"limit_bytes": 512 << 20, "request_bytes": 256 << 20, "restarts": 3, "exit_code": 137, "lifetime_s": 4*3600 + 6*60 + 24,
		}
		if diff := cmp.Diff(wantValues, f.Values); diff != "" {
			t.Errorf("values of %s (-want +got):\n%s", f.Key, diff)
		}
		if lines := linesOf(t, f.Source); !strings.Contains(lines, `"name": "checkout-7c9d8f6b5-x2x4p"`) || strings.Contains(lines, "node-exporter") {
			t.Errorf("the source %s holds another object:\n%s", f.Source, lines)
		}
	}
}

// linesOf returns the lines that a source names.
func linesOf(t *testing.T, source string) string {
	t.Helper()
	name, span, _ := strings.Cut(source, ":")
	var first, last int
	if _, err := fmt.Sscanf(span, "%d-%d", &first, &last); err != nil {
		t.Fatalf("the source %q names no lines: %v", source, err)
	}
	data, err := os.ReadFile(filepath.Join("testdata/shop", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Split(string(data), "\n")[first-1:last], "\n")
}

func TestFactsOfOtherTargets(t *testing.T) {
	tests := []struct {
		target investigations.Target
		key    string
	}{
		{investigations.Target{Namespace: "shop", Workload: "deployment/checkout"}, "pods/container/shop/checkout-7c9d8f6b5-x2x4p/checkout"},
		{investigations.Target{Namespace: "shop", Workload: "checkout"}, "pods/container/shop/checkout-7c9d8f6b5-x2x4p/checkout"},
		{investigations.Target{Namespace: "monitoring", Workload: "daemonset/node-exporter"}, "pods/target/monitoring/node-exporter-abcde"},
		{investigations.Target{Node: "n1"}, "pods/node"},
	}
	for _, test := range tests {
		r := query(t, shop(t), investigations.Request{At: shopRequest.At, Target: test.target})
		found := false
		for _, f := range r.Facts {
			found = found || f.Key == test.key
		}
		if !found || len(r.BlindSpots) != 0 {
			t.Errorf("%s: no fact %s among %+v, or blind: %+v", test.target, test.key, r.Facts, r.BlindSpots)
		}
	}
}

func TestBlindSpots(t *testing.T) {
	without := func(names ...string) fstest.MapFS {
		tree := shop(t)
		for _, n := range names {
			delete(tree, "kubernetes/"+n+".json")
		}
		return tree
	}
	with := func(name, content string) fstest.MapFS {
		tree := shop(t)
		tree["kubernetes/"+name+".json"] = &fstest.MapFile{Data: []byte(content)}
		return tree
	}
	target := func(tgt investigations.Target) investigations.Request {
		return investigations.Request{At: shopRequest.At, Target: tgt}
	}
	early := shopRequest
	early.At = early.At.Add(-6 * time.Hour)
	tests := []struct {
		name string
		tree fstest.MapFS
		req  investigations.Request
		want []string
	}{
		{"no folder", fstest.MapFS{}, shopRequest, []string{"none of the files"}},
		{"no pods", without("pods"), shopRequest, []string{"kubernetes/pods.json was not recorded"}},
		{"no events and ranges", without("events", "limitranges", "resourcequotas"), shopRequest, []string{
			"kubernetes/events.json was not recorded", "not recorded: kubernetes/limitranges.json, kubernetes/resourcequotas.json",
		}},
		{"no node object", with("nodes", `{"kind": "List", "items": []}`), shopRequest, []string{`does not hold node "n1"`}},
		{"another pod", shop(t), target(investigations.Target{Namespace: "shop", Pod: "cart-0"}), []string{`does not hold "shop/cart-0"`}},
		{"another workload", shop(t), target(investigations.Target{Namespace: "shop", Workload: "deployment/check"}), []string{"does not hold"}},
		{"another node", shop(t), target(investigations.Target{Node: "n9"}), []string{`no pod on node "n9"`, `does not hold node "n9"`}},
		{
			"another container", shop(t),
			target(investigations.Target{Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p", Container: "chekout"}),
			[]string{`has no container "chekout", only ["log-shipper" "migrate" "checkout"]`},
		},
		{"events expired", shop(t), early, []string{"begins at 2026-03-04T01:57:10Z, after the kill"}},
		{"no events left", with("events", `{"kind": "List", "items": []}`), shopRequest, []string{"holds no event"}},
		{
			"one broken pod", with("pods", strings.Replace(string(shop(t)["kubernetes/pods.json"].Data), `"kind": "Pod"`, `"kind": "Node"`, 1)), shopRequest,
			[]string{"kubernetes/pods.json holds an object that can't be read whole: object 1: it is a Node and no Pod"},
		},
		{
			"refused", with("pods", `{"kind": "Status", "status": "Failure", "message": "pods is forbidden"}`), shopRequest,
			[]string{`the API server's answer "pods is forbidden"`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := query(t, test.tree, test.req).BlindSpots
			if len(got) != len(test.want) {
				t.Fatalf("%d blind spots, want %d: %+v", len(got), len(test.want), got)
			}
			for i := range got {
				if !strings.Contains(got[i].Why, test.want[i]) {
					t.Errorf("blind spot %q does not say %q", got[i].Why, test.want[i])
				}
			}
		})
	}
}

func TestCutOffKeepsWhatCameBefore(t *testing.T) {
	tree := shop(t)
	data := tree["kubernetes/pods.json"].Data
	second := bytes.Index(data, []byte(`"name": "checkout-7c9d8f6b5-x2x4p"`))
	tree["kubernetes/pods.json"] = &fstest.MapFile{Data: data[:second]}
	r := query(t, tree, shopRequest)
	if ev := r.Evidence.Pods; !ev.HasPods || len(ev.Pods) != 1 || ev.Pods[0].Name != "node-exporter-abcde" {
		t.Errorf("evidence %+v", ev)
	}
	if why := r.BlindSpots[0].Why; !strings.Contains(why, "cut off; objects used from before that: 1") {
		t.Errorf("blind spot %q", why)
	}
}

func TestSampleBundles(t *testing.T) {
	for _, dir := range toolstest.SampleBundles(t) {
		b, err := bundle.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		r := query(t, b.FS(), b.Request())
		b.Close()
		if !hasFact(r, "pods/container/") || !hasFact(r, "pods/node") {
			t.Errorf("%s: the target's container or node is no fact: %+v", dir, r.Facts)
		}
		for _, s := range r.BlindSpots {
			if !strings.Contains(s.Why, "recorded") {
				t.Errorf("%s: %s", dir, s.Why)
			}
		}
	}
}

func hasFact(r investigations.ToolResult, prefix string) bool {
	for _, f := range r.Facts {
		if strings.HasPrefix(f.Key, prefix) {
			return true
		}
	}
	return false
}

// cluster is pods.json of a cluster of n pods, one in a hundred in the target's namespace, ten on a node.
func cluster(t testing.TB, n int) fstest.MapFS {
	t.Helper()
	data := string(shop(t)["kubernetes/pods.json"].Data)
	item := data[strings.LastIndex(data, "        {\n            \"apiVersion\""):]
	item = strings.TrimSuffix(strings.TrimSpace(item), "]\n}")
	var b strings.Builder
	b.WriteString(`{"kind": "List", "items": [`)
	for i := range n {
		ns := "shop"
		if i%100 != 0 {
			ns = fmt.Sprint("team-", i%100)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strings.NewReplacer(
			`"namespace": "shop"`, fmt.Sprintf(`"namespace": %q`, ns),
			`"name": "checkout-7c9d8f6b5-x2x4p"`, fmt.Sprintf(`"name": "checkout-7c9d8f6b5-%d"`, i),
			`"nodeName": "n1"`, fmt.Sprintf(`"nodeName": "n%d"`, i/10),
		).Replace(item))
	}
	b.WriteString("]}")
	return fstest.MapFS{"kubernetes/pods.json": {Data: []byte(b.String())}}
}

func TestLargeClusterIsReadAroundTheTarget(t *testing.T) {
	tool := &Tool{fsys: cluster(t, 400), large: 1 << 20}
	req := shopRequest
	req.Target.Pod = "checkout-7c9d8f6b5-200"
	r, err := tool.Query(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	namespaces := map[string]int{}
	for _, p := range r.Evidence.Pods.Pods {
		namespaces[p.Namespace]++
	}
	want := map[string]int{"shop": 4} // its own, and the nine others on its node
	for i := 201; i < 210; i++ {
		want[fmt.Sprint("team-", i%100)] = 1
	}
	if diff := cmp.Diff(want, namespaces); diff != "" {
		t.Errorf("pods by namespace (-want +got):\n%s", diff)
	}
	if !hasFact(r, "pods/container/shop/checkout-7c9d8f6b5-200/checkout") {
		t.Errorf("no fact about the target: %+v", r.Facts)
	}
	// A target that is not there leaves open which pods surround it: all are read.
	req.Target.Pod = "gone"
	if r, err := tool.Query(context.Background(), req); err != nil || len(r.Evidence.Pods.Pods) != 400 {
		t.Errorf("%d pods without a target (%v), want 400", len(r.Evidence.Pods.Pods), err)
	}
}

func BenchmarkCluster(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		tree := cluster(b, n)
		req := shopRequest
		req.Target.Pod = "checkout-7c9d8f6b5-1200"
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(tree["kubernetes/pods.json"].Data)))
			b.ReportAllocs()
			for b.Loop() {
				query(b, maps.Clone(tree), req)
			}
		})
	}
}
