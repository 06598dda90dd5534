package rollouts

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
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

func find(t *testing.T, ev *investigations.RolloutEvidence, ref string) *investigations.Workload {
	t.Helper()
	for i := range ev.Workloads {
		if ev.Workloads[i].Ref() == ref {
			return &ev.Workloads[i]
		}
	}
	t.Fatalf("no workload %s", ref)
	return nil
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestConforms(t *testing.T) {
	toolstest.TestTool(t, func(fsys fs.FS) investigations.Tool { return New(fsys) }, toolstest.Options{
		Tree: shop(t), Request: shopRequest,
	})
}

func TestRevisions(t *testing.T) {
	ev := query(t, shop(t), shopRequest).Evidence.Rollouts
	if !ev.HasWorkloads || !ev.HasRevisions {
		t.Errorf("has workloads %t, revisions %t; want both", ev.HasWorkloads, ev.HasRevisions)
	}
	type revision struct {
		Number      int64
		Name, Hash  string
		RolledOutAt time.Time
	}
	tests := []struct {
		ref     string
		current int64
		want    []revision
	}{
		{"deployment/checkout", 12, []revision{
			{11, "checkout-5d4f7c8b9", "5d4f7c8b9", time.Time{}}, {12, "checkout-7c9d8f6b5", "7c9d8f6b5", time.Time{}},
		}},
		{"deployment/cart", 7, []revision{
			{6, "cart-bbbbbbbbb", "bbbbbbbbb", time.Time{}},
			{7, "cart-aaaaaaaaa", "aaaaaaaaa", at("2026-03-03T20:00:00Z")}, // rolled back to by kubectl
		}},
		{"statefulset/db", 4, []revision{
			{3, "db-6f6f", "db-6f6f", time.Time{}}, {4, "db-7a7a", "db-7a7a", at("2026-03-03T19:00:00Z")},
		}},
		{"daemonset/agent", 2, []revision{{1, "agent-11", "11", time.Time{}}, {2, "agent-22", "22", time.Time{}}}},
		{"rollout/canary", 3, []revision{{3, "canary-ccccccccc", "ccccccccc", time.Time{}}}},
		{"replicaset/lonely", 0, nil},
		{"job/import-29544120", 0, nil},
	}
	for _, test := range tests {
		w := find(t, ev, test.ref)
		var got []revision
		for _, r := range w.Revisions {
			got = append(got, revision{r.Number, r.Name, r.Hash, r.RolledOutAt})
		}
		if diff := cmp.Diff(test.want, got); diff != "" || w.Current != test.current {
			t.Errorf("%s is at revision %d, want %d; revisions (-want +got):\n%s", test.ref, w.Current, test.current, diff)
		}
	}
}

func TestOtherEvidence(t *testing.T) {
	ev := query(t, shop(t), shopRequest).Evidence.Rollouts
	job, cron := find(t, ev, "job/import-29544120"), find(t, ev, "cronjob/import")
	if job.OwnerKind != "cronjob" || job.OwnerName != "import" || !job.StartTime.Equal(at("2026-03-04T02:00:01Z")) || len(job.Conditions) != 1 {
		t.Errorf("job: %+v", job)
	}
	if cron.Schedule != "CRON_TZ=Europe/Berlin 0 2 * * *" || len(cron.Template.Containers) != 1 {
		t.Errorf("cronjob: %+v", cron)
	}
	kinds := []string{}
	for _, a := range ev.Autoscalers {
		kinds = append(kinds, a.Kind+" "+a.Target)
	}
	for _, g := range ev.GitOps {
		kinds = append(kinds, g.Kind+" "+g.Name)
	}
	want := []string{
		"hpa deployment/checkout", "vpa deployment/checkout", "application shop", "kustomization infra", "helmrelease shop",
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("autoscalers and GitOps (-want +got):\n%s", diff)
	}
	if len(ev.ConfigMaps) != 2 || len(ev.Priorities) != 1 {
		t.Errorf("%d ConfigMaps and %d priority classes", len(ev.ConfigMaps), len(ev.Priorities))
	}
	changed := find(t, ev, "deployment/checkout").Changed
	if len(changed) != 1 || changed[0].Manager != "helm" || !changed[0].Memory {
		t.Errorf("changes of the deployment: %+v", changed)
	}
}

func TestFacts(t *testing.T) {
	r := query(t, shop(t), shopRequest)
	got := map[string]string{}
	for _, f := range r.Facts {
		got[f.Key] = f.Says
	}
	const deployment = `"deployment/checkout" in namespace "shop"`
	want := map[string]string{
		"rollouts/workload": deployment + ", replicas wanted: 3, revision 12 in force; " +
			"revisions kept: 11 of 2026-02-20T08:00:00Z, 12 of 2026-03-03T22:10:40Z",
		"rollouts/change": "from revision 11 to 12 of " + deployment + " changed: " +
			`image of "checkout": "registry.example/checkout:1.4.1" -> "registry.example/checkout:1.5.0"; ` +
			`variable "JAVA_TOOL_OPTIONS" of "checkout": "-Xmx384m" -> "-Xmx448m -Dkey.store.password=***"; ` +
			`volume "scratch" added: emptyDir in memory of 128 MiB`,
		"rollouts/hpa/checkout": `HorizontalPodAutoscaler "checkout" keeps ` + deployment + " between 2 and 6 replicas, now 3, by memory among others",
		"rollouts/vpa/checkout": `VerticalPodAutoscaler "checkout" watches ` + deployment + ` in mode "Off", recommends 700 MiB for "checkout"`,
		"rollouts/gitops": `application "argocd/shop" manages ` + deployment +
			`; it last applied "cafe1234" at 2026-03-03T22:10:39Z, and undoes changes by hand`,
		"rollouts/configmaps": `ConfigMaps that the pods take in were changed: "checkout-app" at 2026-03-04T01:00:00Z by "kubectl-edit"`,
		"rollouts/jobs":       `jobs that started within 1 h before the moment: 1 ("shop/import-29544120" at 2026-03-04T02:00:01Z)`,
		"rollouts/others": `other workloads that rolled out within the window: 2 ("deployment/cart" in "shop" at 2026-03-03T20:00:00Z, ` +
			`"statefulset/db" in "shop" at 2026-03-03T19:00:00Z)`,
		"rollouts/inventory": "workloads seen: 8, with revisions: 9; ConfigMaps: 2; autoscalers: 2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestTargets(t *testing.T) {
	ev := query(t, shop(t), shopRequest).Evidence.Rollouts
	tests := []struct {
		target investigations.Target
		want   string
	}{
		{investigations.Target{Namespace: "shop", Pod: "checkout-5d4f7c8b9-abcde"}, "deployment/checkout"},
		{investigations.Target{Namespace: "shop", Pod: "checkout-0000000000-abcde"}, "deployment/checkout"}, // its ReplicaSet is gone
		{investigations.Target{Namespace: "shop", Pod: "db-0"}, "statefulset/db"},
		{investigations.Target{Namespace: "shop", Pod: "agent-x7x7x"}, "daemonset/agent"},
		{investigations.Target{Namespace: "shop", Pod: "import-29544120-qqqqq"}, "job/import-29544120"},
		{investigations.Target{Namespace: "shop", Pod: "lonely-abcde"}, "replicaset/lonely"},
		{investigations.Target{Namespace: "shop", Pod: "canary-ccccccccc-abcde"}, "rollout/canary"},
		{investigations.Target{Namespace: "shop", Workload: "statefulset/db"}, "statefulset/db"},
		{investigations.Target{Namespace: "shop", Workload: "cart"}, "deployment/cart"},
		{investigations.Target{Namespace: "bank", Pod: "checkout-5d4f7c8b9-abcde"}, ""},
		{investigations.Target{Namespace: "shop", Pod: "checkoutx-5d4f7c8b9-abcde"}, ""},
		{investigations.Target{Namespace: "shop", Workload: "daemonset/db"}, ""},
		{investigations.Target{Node: "n1"}, ""},
	}
	for _, test := range tests {
		got := ""
		if w := targetWorkload(test.target, ev.Workloads); w != nil {
			got = w.Ref()
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.target, got, test.want)
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
	workload := func(ref string) investigations.Request {
		return investigations.Request{At: shopRequest.At, Target: investigations.Target{Namespace: "shop", Workload: ref}}
	}
	const empty = `{"kind": "List", "items": []}`
	tests := []struct {
		name string
		tree fstest.MapFS
		req  investigations.Request
		want []string
	}{
		{"all there", shop(t), shopRequest, nil},
		{"no folder", fstest.MapFS{}, shopRequest, []string{"none of the files"}},
		{"no revisions", without("replicasets", "controllerrevisions"), shopRequest, []string{
			"kubernetes/replicasets.json was not recorded", "not recorded of kubernetes/: controllerrevisions",
		}},
		{"no revisions of a StatefulSet", without("replicasets", "controllerrevisions"), workload("statefulset/db"), []string{
			"kubernetes/controllerrevisions.json was not recorded", "not recorded of kubernetes/: replicasets",
		}},
		{"revisions of others only", with("replicasets", empty), shopRequest, []string{`replicasets.json holds no revision of "deployment/checkout"`}},
		{"no ConfigMaps", without("configmaps"), shopRequest, []string{"kubernetes/configmaps.json was not recorded"}},
		{"no ConfigMaps and none wanted", without("configmaps"), workload("cronjob/import"), []string{"not recorded of kubernetes/: configmaps"}},
		{"no such ConfigMap", with("configmaps", empty), shopRequest, []string{`does not hold ["checkout-env" "checkout-app"]`}},
		{
			"no managed fields", with("configmaps", `{"kind": "List", "items": [
			  {"kind": "ConfigMap", "metadata": {"name": "checkout-env", "namespace": "shop"}},
			  {"kind": "ConfigMap", "metadata": {"name": "checkout-app", "namespace": "shop"}}]}`), shopRequest,
			[]string{`when ConfigMap ["checkout-env" "checkout-app"] last changed is not known`},
		},
		{"no such workload", shop(t), workload("deployment/nobody"), []string{`no workload "shop/deployment/nobody"`}},
		{
			"no such pod", shop(t),
			investigations.Request{At: shopRequest.At, Target: investigations.Target{Namespace: "shop", Pod: "bare"}},
			[]string{`no workload was found that pod "shop/bare" is named after`},
		},
		{"a node", shop(t), investigations.Request{At: shopRequest.At, Target: investigations.Target{Node: "n1"}}, nil},
		{
			"a broken revision", with("controllerrevisions", `{"kind": "List", "items": [{"kind": "ControllerRevision",
			  "metadata": {"name": "db-1", "namespace": "shop", "ownerReferences": [{"kind": "StatefulSet", "name": "db", "controller": true}]},
			  "data": {"spec": {"template": []}}}]}`), shopRequest, []string{"controllerrevisions.json holds an object that can't be read"},
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

func TestNoSecretInEvidence(t *testing.T) {
	r := query(t, shop(t), shopRequest)
	if all := fmt.Sprintf("%+v", r.Evidence.Rollouts); strings.Contains(all, "hunter2") || strings.Contains(all, "s3cret") || strings.Contains(all, "token=abc") {
		t.Error("the evidence holds a secret of the fixture")
	}
}

func TestRevisionsWithoutTheirOwner(t *testing.T) {
	tree := shop(t)
	delete(tree, "kubernetes/deployments.json")
	r := query(t, tree, shopRequest)
	w := find(t, r.Evidence.Rollouts, "deployment/checkout")
	if w.Current != 12 || len(w.Revisions) != 2 || w.Template.Containers[0].Image != "registry.example/checkout:1.5.0" {
		t.Errorf("workload made up of its revisions: %+v", w)
	}
}
