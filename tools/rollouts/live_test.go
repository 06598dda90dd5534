package rollouts

import (
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/bundle"
	"github.com/oombot/oombot/tools/kubeclient"
	"github.com/oombot/oombot/tools/kubeclient/kubetest"
	"github.com/oombot/oombot/tools/toolstest"
)

// shopSubject is what a resolver finds of shopRequest.
func shopSubject() investigations.Subject {
	req := shopRequest
	req.Window = investigations.DefaultWindow
	return investigations.Subject{Request: req, Workload: "deployment/checkout", Selector: "app=checkout", Node: "n1"}
}

// recordLive records s from the server, and reads what was recorded.
func recordLive(t *testing.T, s *kubetest.Server, subject investigations.Subject) (*bundle.Recording, investigations.ToolResult) {
	t.Helper()
	r := bundle.NewRecording()
	if err := NewLive(s.Cluster(t)).Record(t.Context(), subject, r); err != nil {
		t.Fatal(err)
	}
	res, err := investigations.WithBlindSpots(New(r.FS()), r.BlindSpots).Query(t.Context(), subject.Request)
	if err != nil {
		t.Fatal(err)
	}
	return r, res
}

func whys(r investigations.ToolResult) string { return strings.Join(toolstest.Whys(r), "\n") }

// names are the workloads that were seen.
func names(r investigations.ToolResult) []string {
	var out []string
	for i := range r.Evidence.Rollouts.Workloads {
		out = append(out, r.Evidence.Rollouts.Workloads[i].Namespace+"/"+r.Evidence.Rollouts.Workloads[i].Ref())
	}
	slices.Sort(out)
	return out
}

func items(list ...string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(`{"kind":"List","items":[` + strings.Join(list, ",") + `]}`)}
}

func TestLiveConforms(t *testing.T) {
	tree := shop(t)
	tree["kubernetes/deployments.json"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(string(tree["kubernetes/deployments.json"].Data),
		`"containers": [`, `"containers": [{"name": "extra", "env": [{"name": "DB_PASSWORD", "value": "hunter2"}]},`))}
	if !strings.Contains(string(tree["kubernetes/deployments.json"].Data), "hunter2") {
		t.Fatal("the test's Deployment holds no secret")
	}
	toolstest.TestLive(t, func() investigations.LiveSource { return NewLive(kubetest.New(t, tree).Cluster(t)) }, toolstest.LiveOptions{
		Subject: shopSubject(), Read: func(f fs.FS) investigations.Tool { return New(f) }, Secrets: []string{"hunter2"},
	})
}

// TestLiveTarget has the target's workload with its revisions and its ConfigMaps read, and the revisions of others not.
func TestLiveTarget(t *testing.T) {
	s := kubetest.New(t, shop(t))
	_, got := recordLive(t, s, shopSubject())
	w := find(t, got.Evidence.Rollouts, "deployment/checkout")
	if len(w.Revisions) != 2 || len(got.Evidence.Rollouts.ConfigMaps) == 0 {
		t.Errorf("%d revisions, %d ConfigMaps", len(w.Revisions), len(got.Evidence.Rollouts.ConfigMaps))
	}
	if slices.Contains(names(got), "shop/statefulset/db") {
		t.Errorf("seen: %v", names(got))
	}
	for _, c := range s.Calls() {
		if strings.Contains(c, "secrets") || strings.HasSuffix(c, "/configmaps") {
			t.Errorf("asked %s", c)
		}
	}
}

// TestLiveWithoutSelector has a subject whose selector could not be found out: the workload itself tells it.
func TestLiveWithoutSelector(t *testing.T) {
	subject := shopSubject()
	subject.Selector = ""
	_, got := recordLive(t, kubetest.New(t, shop(t)), subject)
	if w := find(t, got.Evidence.Rollouts, "deployment/checkout"); len(w.Revisions) != 2 {
		t.Errorf("%d revisions", len(w.Revisions))
	}
}

// TestLiveNothingKnown has neither the workload nor its pods readable: what was not asked for is not said to be absent.
func TestLiveNothingKnown(t *testing.T) {
	s := kubetest.New(t, shop(t))
	s.Forbid(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/deployments/") })
	subject := shopSubject()
	subject.Selector = ""
	r, _ := recordLive(t, s, subject)
	for path, want := range map[string]string{
		"kubernetes/configmaps.json":  "which ones the pods take in is not known",
		"kubernetes/replicasets.json": "which ones are those of a deployment is not known",
	} {
		if err := r.Missed(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestLiveForbidden has each permission lack by itself: what lacks is said, with what to do.
func TestLiveForbidden(t *testing.T) {
	for resource, want := range map[string]string{
		"deployments":              "kubernetes/deployments.json can't be read: get deployments.apps shop/checkout: forbidden: the role lacks the verb get on deployments.apps (deploy/rbac.yaml has it)",
		"replicasets":              "kubernetes/replicasets.json can't be read: list replicasets.apps in namespace shop: forbidden: the role lacks the verb list on",
		"configmaps":               "kubernetes/configmaps.json can't be read: get configmaps shop/checkout-",
		"jobs":                     "kubernetes/jobs.json can't be read: list jobs.batch in namespace shop: forbidden",
		"cronjobs":                 "kubernetes/cronjobs.json can't be read: list cronjobs.batch in namespace shop: forbidden",
		"horizontalpodautoscalers": "kubernetes/horizontalpodautoscalers.json can't be read: list horizontalpodautoscalers.autoscaling in namespace shop: forbidden",
		"verticalpodautoscalers":   "kubernetes/verticalpodautoscalers.json can't be read: list verticalpodautoscalers.autoscaling.k8s.io in namespace shop: forbidden",
		"priorityclasses":          "kubernetes/priorityclasses.json can't be read: list priorityclasses.scheduling.k8s.io: forbidden",
	} {
		s := kubetest.New(t, shop(t))
		s.Forbid(func(r *http.Request) bool { return strings.Contains(r.URL.Path+"/", "/"+resource+"/") })
		_, got := recordLive(t, s, shopSubject())
		if why := whys(got); !strings.Contains(why, want) {
			t.Errorf("%s: want %q among\n%s", resource, want, why)
		}
		if len(got.Facts) == 0 {
			t.Errorf("%s: nothing is left", resource)
		}
	}
}

// TestLiveWithoutDefinitions has a cluster without autoscalers of pods' size, Argo CD and Flux: that is no fault.
func TestLiveWithoutDefinitions(t *testing.T) {
	tree := shop(t)
	for _, resource := range []string{"verticalpodautoscalers", "applications", "kustomizations", "helmreleases"} {
		delete(tree, "kubernetes/"+resource+".json")
	}
	_, got := recordLive(t, kubetest.New(t, tree), shopSubject())
	if why := whys(got); strings.Contains(why, "verticalpodautoscalers") || strings.Contains(why, "applications") {
		t.Errorf("blind spots:\n%s", why)
	}
}

// TestLiveNeighbours has pods that came to the node within the window: their workloads are read, and no others.
func TestLiveNeighbours(t *testing.T) {
	pod := func(ns, name, kind, owner, made string) string {
		return fmt.Sprintf(`{"metadata":{"name":%q,"namespace":%q,"creationTimestamp":%q,"ownerReferences":[
			{"kind":%q,"name":%q,"controller":true}]},"spec":{"nodeName":"n1","containers":[]}}`, name, ns, made, kind, owner)
	}
	tree := shop(t)
	tree["kubernetes/pods.json"] = items(
		pod("data", "etl-1-x", "Job", "etl-1", "2026-03-04T02:00:00Z"),
		pod("team", "new-5d4f-x", "ReplicaSet", "new-5d4f", "2026-03-04T01:00:00Z"),
		pod("team", "new-5d4f-y", "ReplicaSet", "new-5d4f", "2026-03-04T01:00:00Z"),
		pod("team", "old-5d4f-x", "ReplicaSet", "old-5d4f", "2026-03-01T01:00:00Z"),
		pod("team", "later-5d4f-x", "ReplicaSet", "later-5d4f", "2026-03-04T02:30:00Z"),
		pod("kube-system", "proxy-n1", "Node", "n1", "2026-03-04T01:00:00Z"),
		pod("kafka", "kafka-0", "StrimziPodSet", "kafka", "2026-03-04T01:00:00Z"),
		`{"metadata":{"name":"bare","namespace":"team","creationTimestamp":"2026-03-04T01:00:00Z"},"spec":{"nodeName":"n1","containers":[]}}`)
	tree["kubernetes/jobs.json"] = items(`{"metadata":{"name":"etl-1","namespace":"data","ownerReferences":[{"kind":"CronJob","name":"etl","controller":true}]},"spec":{"template":{"spec":{}}}}`)
	tree["kubernetes/cronjobs.json"] = items(`{"metadata":{"name":"etl","namespace":"data"},"spec":{"schedule":"0 2 * * *"}}`)
	set := func(name, owner, number string) string {
		return fmt.Sprintf(`{"metadata":{"name":%q,"namespace":"team","labels":{"app":%q},"annotations":{"deployment.kubernetes.io/revision":%q},
			"ownerReferences":[{"kind":"Deployment","name":%q,"controller":true}]},
			"spec":{"selector":{"matchLabels":{"app":%q,"pod-template-hash":"x"}},"template":{"spec":{}}}}`, name, owner, number, owner, owner)
	}
	tree["kubernetes/replicasets.json"] = items(set("new-5d4f", "new", "2"), set("new-6c5e", "new", "1"), set("old-5d4f", "old", "1"), set("later-5d4f", "later", "1"))
	tree["kubernetes/deployments.json"] = items(
		`{"metadata":{"name":"new","namespace":"team"},"spec":{"selector":{"matchLabels":{"app":"new"}},"template":{"spec":{}}}}`,
		`{"metadata":{"name":"old","namespace":"team"},"spec":{"selector":{"matchLabels":{"app":"old"}},"template":{"spec":{}}}}`)
	s := kubetest.New(t, tree)
	_, got := recordLive(t, s, shopSubject())
	if diff := cmp.Diff([]string{"data/cronjob/etl", "data/job/etl-1", "team/deployment/new"}, names(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if w := find(t, got.Evidence.Rollouts, "deployment/new"); len(w.Revisions) != 2 {
		t.Errorf("%d revisions of a neighbour", len(w.Revisions))
	}
	for _, c := range s.Calls() {
		if strings.Contains(c, "/nodes") || strings.Contains(c, "later") {
			t.Errorf("asked %s", c)
		}
	}
}

// TestLiveBoundsNeighbours has more workloads come to the node than are looked into: those that can take the most are.
func TestLiveBoundsNeighbours(t *testing.T) {
	var pods []string
	for i := range mostNeighbours + 5 {
		pods = append(pods, fmt.Sprintf(`{"metadata":{"name":"p-%02d","namespace":"team","creationTimestamp":"2026-03-04T01:%02d:00Z",
			"ownerReferences":[{"kind":"ReplicaSet","name":"set-%02d","controller":true}]},
			"spec":{"nodeName":"n1","containers":[{"name":"c","resources":{"limits":{"memory":"%dMi"},"requests":{"memory":"1Mi"}}}]}}`, i, i, i, 100+i))
	}
	pods = append(pods, `{"metadata":{"name":"proxy-n1","namespace":"kube-system","creationTimestamp":"2026-03-04T01:00:00Z",
		"ownerReferences":[{"kind":"Node","name":"n1","controller":true}]},"spec":{"nodeName":"n1","containers":[{"name":"c"}]}}`)
	s := kubetest.New(t, fstest.MapFS{"kubernetes/pods.json": items(pods...)})
	_, got := recordLive(t, s, shopSubject())
	n, least := 0, false
	for _, c := range s.Calls() {
		if strings.Contains(c, "/replicasets/set-") {
			n++
			least = least || strings.HasSuffix(c, "set-04")
		}
	}
	if n != mostNeighbours || least {
		t.Errorf("%d workloads asked for, one that can take little among them: %t", n, least)
	}
	if why := whys(got); !strings.Contains(why, "pods of 5 more workloads came to node n1") {
		t.Errorf("blind spots:\n%s", why)
	}
}

// TestLiveBarePod has a pod without a workload: its ConfigMaps are read all the same.
func TestLiveBarePod(t *testing.T) {
	tree := fstest.MapFS{
		"kubernetes/pods.json": items(`{"metadata":{"name":"bare","namespace":"shop"},"spec":{"nodeName":"n1","containers":[
			{"name":"c","envFrom":[{"configMapRef":{"name":"settings"}}]}],"volumes":[{"name":"v","configMap":{"name":"files"}},{"name":"s","secret":{"secretName":"keys"}}]}}`),
		"kubernetes/configmaps.json": items(`{"metadata":{"name":"settings","namespace":"shop"},"data":{"JAVA_OPTS":"-Xmx1g","TOKEN":"hunter2"}}`,
			`{"metadata":{"name":"files","namespace":"shop"}}`, `{"metadata":{"name":"other","namespace":"shop"}}`),
	}
	subject := shopSubject()
	subject.Workload, subject.Selector, subject.Request.Target.Pod = "", "", "bare"
	subject.Pods = []investigations.SubjectPod{{Namespace: "shop", Name: "bare"}}
	_, got := recordLive(t, kubetest.New(t, tree), subject)
	var maps []string
	for _, m := range got.Evidence.Rollouts.ConfigMaps {
		maps = append(maps, m.Name)
	}
	slices.Sort(maps)
	if diff := cmp.Diff([]string{"files", "settings"}, maps); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDeployersOf(t *testing.T) {
	for _, test := range []struct {
		name                string
		labels, annotations map[string]string
		want                []deployer
	}{
		{"nobody", nil, nil, nil},
		{"Argo CD, by its annotation", map[string]string{argoInstance: "other"}, map[string]string{argoTracking: "shop:apps/Deployment:shop/checkout"}, []deployer{{"applications", "", "shop"}}},
		{"Argo CD, in any namespace", nil, map[string]string{argoTracking: "team_shop:apps/Deployment:shop/checkout"}, []deployer{{"applications", "team", "shop"}}},
		{"Argo CD, by its own label", map[string]string{argoInstanceOwn: "shop"}, nil, []deployer{{"applications", "", "shop"}}},
		{"Argo CD, by the common label", map[string]string{argoInstance: "shop"}, nil, []deployer{{"applications", "", "shop"}}},
		{"Helm alone", map[string]string{argoInstance: "shop", "app.kubernetes.io/managed-by": "Helm"}, nil, nil},
		{"Flux", map[string]string{
			fluxKustomizeName: "apps", fluxKustomizeSpace: "flux-system", fluxHelmName: "shop", fluxHelmSpace: "team",
		}, nil, []deployer{{"kustomizations", "flux-system", "apps"}, {"helmreleases", "team", "shop"}}},
		{"half of Flux", map[string]string{fluxKustomizeName: "apps"}, nil, nil},
	} {
		o := &kubeclient.Object{Object: map[string]any{}}
		o.SetLabels(test.labels)
		o.SetAnnotations(test.annotations)
		if diff := cmp.Diff(test.want, deployersOf(o), cmp.AllowUnexported(deployer{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestLiveDeployers has the objects read that a workload says to be managed by.
func TestLiveDeployers(t *testing.T) {
	tree := shop(t)
	tree["kubernetes/deployments.json"] = items(`{"metadata":{"name":"checkout","namespace":"shop",
		"labels":{"app.kubernetes.io/instance":"shop","kustomize.toolkit.fluxcd.io/name":"infra","kustomize.toolkit.fluxcd.io/namespace":"flux-system"}},
		"spec":{"selector":{"matchLabels":{"app":"checkout"}},"template":{"spec":{}}}}`)
	r, got := recordLive(t, kubetest.New(t, tree), shopSubject())
	if n := len(got.Evidence.Rollouts.GitOps); n != 2 {
		t.Errorf("%d deployers: %+v", n, got.Evidence.Rollouts.GitOps)
	}
	o, _ := r.Origin("kubernetes/applications.json")
	if o.Source != "kubectl get applications.argoproj.io -A --field-selector 'metadata.name=shop' -o json" {
		t.Errorf("a person would repeat %q", o.Source)
	}
}

func TestSelectorOf(t *testing.T) {
	for in, want := range map[string]string{
		`{}`: "",
		`{"spec":{"selector":{"matchLabels":{"app":"a","pod-template-hash":"x"}}}}`:                   "app=a",
		`{"spec":{"selector":{"matchLabels":{"app":"a","rollouts-pod-template-hash":"x"}}}}`:          "app=a",
		`{"spec":{"selector":{"matchLabels":{"pod-template-hash":"x"}}}}`:                             "",
		`{"spec":{"selector":{"matchExpressions":[{"key":"a","operator":"In","values":["b","c"]}]}}}`: "a in (b,c)",
		`{"spec":{"selector":"garbage"}}`:                                                             "",
	} {
		o := &kubeclient.Object{}
		if err := o.UnmarshalJSON([]byte(`{"kind":"ReplicaSet",` + strings.TrimPrefix(in, "{"))); err != nil && in != `{}` {
			t.Fatal(err)
		}
		if got := selectorOf(o); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
