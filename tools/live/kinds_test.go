package live

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

func items(list ...string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(`{"kind":"List","items":[` + strings.Join(list, ",") + `]}`)}
}

// ownedPod is a pod with a controller.
func ownedPod(name, kind, owner, labels string) string {
	return fmt.Sprintf(`{"metadata":{"name":%q,"namespace":"shop","uid":%q,"labels":{%s},"ownerReferences":[
		{"kind":"Node","name":"not the controller"},{"kind":%q,"name":%q,"controller":true}]},
		"spec":{"nodeName":"n1","containers":[{"name":"c"}]},"status":{}}`, name, name, labels, kind, owner)
}

// TestResolveOwners has pods of controllers of all kinds.
func TestResolveOwners(t *testing.T) {
	tree := fstest.MapFS{
		"kubernetes/nodes.json": items(`{"metadata":{"name":"n1"}}`),
		"kubernetes/pods.json": items(
			ownedPod("etcd-n1", "Node", "n1", `"tier":"control-plane"`),
			ownedPod("roll-7c9d8f6b5-x2x4p", "ReplicaSet", "roll-7c9d8f6b5", `"app":"roll","rollouts-pod-template-hash":"7c9d8f6b5"`),
			ownedPod("roll-6b6b6b6b6-x2x4p", "ReplicaSet", "roll-6b6b6b6b6", `"app":"roll","rollouts-pod-template-hash":"6b6b6b6b6"`),
			ownedPod("lone-7c9d8-x2x4p", "ReplicaSet", "lone-7c9d8", `"app":"lone"`),
			ownedPod("kafka-0", "StrimziPodSet", "kafka", `"app":"kafka"`),
			ownedPod("step-x2x4p", "Job", "step", `"job-name":"step"`),
			ownedPod("lost-7c9d8f6b5-x2x4p", "ReplicaSet", "lost-7c9d8f6b5", `"app":"lost"`)),
		"kubernetes/replicasets.json": items(
			`{"metadata":{"name":"roll-7c9d8f6b5","namespace":"shop","ownerReferences":[{"kind":"Rollout","name":"roll","controller":true}]},
			"spec":{"selector":{"matchLabels":{"app":"roll","rollouts-pod-template-hash":"7c9d8f6b5"}}}}`,
			`{"metadata":{"name":"lone-7c9d8","namespace":"shop"},"spec":{"selector":{"matchLabels":{"app":"lone"}}}}`),
		"kubernetes/jobs.json": items(
			`{"metadata":{"name":"step","namespace":"shop","ownerReferences":[{"kind":"Workflow","name":"nightly","controller":true}]},
			"spec":{"selector":{"matchLabels":{"job-name":"step"}}}}`),
	}
	for pod, want := range map[string]struct{ workload, selector, pods string }{
		"etcd-n1":              {"", "", "etcd-n1"}, // a static pod stands alone
		"roll-7c9d8f6b5-x2x4p": {"rollout/roll", "app=roll", "roll-7c9d8f6b5-x2x4p roll-6b6b6b6b6-x2x4p"},
		"lone-7c9d8-x2x4p":     {"replicaset/lone-7c9d8", "app=lone", "lone-7c9d8-x2x4p"},
		"kafka-0":              {"strimzipodset/kafka", "", "kafka-0"},
		"step-x2x4p":           {"workflow/nightly", "job-name=step", "step-x2x4p"},
		"lost-7c9d8f6b5-x2x4p": {"deployment/lost", "", "lost-7c9d8f6b5-x2x4p"}, // its ReplicaSet is gone
	} {
		s := kubetest.New(t, tree)
		got, err := resolve(t, s, "shop/"+pod, nil, nil)
		if err != nil || got.Workload != want.workload || got.Selector != want.selector || got.Pods != want.pods {
			t.Errorf("%s: %+v, %v, want %+v", pod, got, err, want)
		}
		for _, c := range s.Calls() {
			if strings.Contains(c, "namespaces/shop/nodes") {
				t.Errorf("%s: nodes are in no namespace: %s", pod, c)
			}
		}
	}
}

// TestResolvePodsForbidden has a role that reads workloads and no pods: a name is that of the workload that is there.
func TestResolvePodsForbidden(t *testing.T) {
	s := kubetest.New(t, shop())
	s.Forbid(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/pods") })
	got, err := resolve(t, s, "shop/web", nil, nil)
	want := found{Target: "shop/deployment/web", At: got.At, Workload: "deployment/web", Selector: "app=web"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestResolveContainerOfAWorkload(t *testing.T) {
	_, err := resolve(t, kubetest.New(t, shop()), "shop/web/app", nil, nil)
	if !errors.Is(err, ErrNoTarget) || !strings.Contains(err.Error(), "ask for shop/deployment/web") {
		t.Error(err)
	}
}

// TestResolveGoneWithIndex has a pod of a Job with indexes that is gone: its name has one part more.
func TestResolveGoneWithIndex(t *testing.T) {
	tree := fstest.MapFS{"kubernetes/jobs.json": items(
		`{"metadata":{"name":"train","namespace":"shop"},"spec":{"selector":{"matchLabels":{"job-name":"train"}}}}`)}
	got, err := resolve(t, kubetest.New(t, tree), "shop/train-3-x2x4p", nil, nil)
	if err != nil || got.Workload != "job/train" || !got.Gone {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestResolveCronJobWithManyJobs has the latest Jobs looked at.
func TestResolveCronJobWithManyJobs(t *testing.T) {
	var jobs []string
	for i := range 30 {
		jobs = append(jobs, fmt.Sprintf(`{"metadata":{"name":"report-%02d","namespace":"shop","creationTimestamp":"2026-03-04T02:%02d:00Z",
			"ownerReferences":[{"kind":"CronJob","name":"report","controller":true}]}}`, i, i))
	}
	tree := fstest.MapFS{"kubernetes/jobs.json": items(jobs...), "kubernetes/cronjobs.json": items(`{"metadata":{"name":"report","namespace":"shop"}}`)}
	got, err := resolve(t, kubetest.New(t, tree), "shop/cronjob/report", nil, nil)
	if err != nil || !strings.Contains(got.Selector, "report-10") || !strings.Contains(got.Selector, "report-29") || strings.Contains(got.Selector, "report-09") {
		t.Errorf("%s, %v", got.Selector, err)
	}
	// Where its Jobs are gone there are no pods, and it is found all the same.
	delete(tree, "kubernetes/jobs.json")
	got, err = resolve(t, kubetest.New(t, tree), "shop/cronjob/report", nil, nil)
	if err != nil || got.Selector != "" || got.Pods != "" || got.Workload != "cronjob/report" {
		t.Errorf("%+v, %v", got, err)
	}
}
