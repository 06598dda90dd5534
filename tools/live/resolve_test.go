package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/tools/kubeclient/kubetest"
)

// now is when the tests ask.
var now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func list(items ...string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(`{"apiVersion":"v1","kind":"List","items":[` + strings.Join(items, ",") + `]}`)}
}

// shop is a namespace with a workload of each kind.
func shop() fstest.MapFS {
	return fstest.MapFS{
		"kubernetes/namespaces.json": list(`{"metadata":{"name":"shop"}}`),
		"kubernetes/nodes.json": list(`{"metadata":{"name":"n1"},"status":{"addresses":[
			{"type":"InternalIP","address":"10.0.0.1"},{"type":"Hostname","address":"n1"}]}}`),
		"kubernetes/deployments.json": list(
			`{"metadata":{"name":"web","namespace":"shop"},"spec":{"selector":{"matchLabels":{"app":"web"}}}}`,
			`{"metadata":{"name":"twice","namespace":"shop"},"spec":{"selector":{"matchLabels":{"app":"twice"}}}}`),
		"kubernetes/statefulsets.json": list(
			`{"metadata":{"name":"db","namespace":"shop"},"spec":{"selector":{"matchLabels":{"app":"db"}}}}`,
			`{"metadata":{"name":"twice","namespace":"shop"},"spec":{"selector":{"matchLabels":{"app":"twice"}}}}`),
		"kubernetes/replicasets.json": list(`{"metadata":{"name":"web-7c9d8f6b5","namespace":"shop","ownerReferences":[
			{"kind":"Deployment","name":"web","controller":true}]},
			"spec":{"selector":{"matchLabels":{"app":"web","pod-template-hash":"7c9d8f6b5"}}}}`),
		"kubernetes/jobs.json": list(`{"metadata":{"name":"report-29","namespace":"shop","ownerReferences":[
			{"kind":"CronJob","name":"report","controller":true}]},"spec":{"selector":{"matchLabels":{"job-name":"report-29"}}}}`),
		"kubernetes/cronjobs.json": list(`{"metadata":{"name":"report","namespace":"shop"}}`),
		"kubernetes/pods.json": list(
			webPod("web-7c9d8f6b5-aaaaa", "u1", "2026-03-04T10:00:00Z", 137, "OOMKilled"),
			webPod("web-7c9d8f6b5-bbbbb", "u2", "2026-03-04T11:00:00Z", 1, "Error"),
			`{"metadata":{"name":"report-29-x7x7x","namespace":"shop","uid":"u3","labels":{"batch.kubernetes.io/job-name":"report-29"},
			"ownerReferences":[{"kind":"Job","name":"report-29","controller":true}]},"spec":{"nodeName":"n1","containers":[{"name":"c"}]},"status":{}}`,
			`{"metadata":{"name":"alone","namespace":"shop","uid":"u4"},"spec":{"containers":[{"name":"c"}]},"status":{}}`),
		"kubernetes/events.json": list(`{"metadata":{"name":"e","namespace":"shop"},"involvedObject":{"kind":"Pod","name":"web-7c9d8f6b5-ccccc","namespace":"shop"},
			"reason":"Evicted","lastTimestamp":"2026-03-04T09:00:00Z","source":{"component":"kubelet","host":"n1"}}`),
	}
}

func webPod(name, uid, finished string, code int, reason string) string {
	return `{"metadata":{"name":"` + name + `","namespace":"shop","uid":"` + uid + `","labels":{"app":"web"},
		"ownerReferences":[{"kind":"ReplicaSet","name":"web-7c9d8f6b5","controller":true}]},
		"spec":{"nodeName":"n1","containers":[{"name":"app"},{"name":"proxy"}]},
		"status":{"podIP":"10.1.0.1","containerStatuses":[{"name":"app","restartCount":1,"containerID":"containerd://new","state":{"running":{}},
		"lastState":{"terminated":{"exitCode":` + map[int]string{137: "137", 1: "1"}[code] + `,"reason":"` + reason + `","finishedAt":"` + finished + `","containerID":"containerd://old"}}}]}}`
}

// found is what the tests look at of a subject.
type found struct {
	Target                   string
	At                       string
	Workload, Selector, Node string
	Pods                     string
	Gone                     bool
}

func resolve(t *testing.T, s *kubetest.Server, target string, change func(*Ask), past Past) (found, error) {
	t.Helper()
	words, err := ParseTarget(target)
	if err != nil {
		t.Fatal(err)
	}
	ask := Ask{Words: words}
	if change != nil {
		change(&ask)
	}
	r := Resolver{Cluster: s.Cluster(t), Past: past, Now: func() time.Time { return now }}
	sub, err := r.Resolve(t.Context(), ask)
	if err != nil {
		return found{}, err
	}
	f := found{
		Target: sub.Request.Target.String(), At: sub.Request.At.Format(time.RFC3339), Workload: sub.Workload,
		Selector: sub.Selector, Node: sub.Node, Gone: sub.GonePod,
	}
	var names []string
	for _, p := range sub.Pods {
		names = append(names, p.Name)
	}
	f.Pods = strings.Join(names, " ")
	return f, nil
}

func TestResolve(t *testing.T) {
	const a, b = "web-7c9d8f6b5-aaaaa", "web-7c9d8f6b5-bbbbb"
	for target, want := range map[string]found{
		"shop/" + b: {
			Target: "shop/" + b, At: "2026-03-04T11:00:00Z", Workload: "deployment/web", Selector: "app=web", Node: "n1", Pods: b + " " + a,
		},
		"shop/" + a + "/app": {
			Target: "shop/" + a + "/app", At: "2026-03-04T10:00:00Z", Workload: "deployment/web", Selector: "app=web", Node: "n1", Pods: a + " " + b,
		},
		"shop/" + a + "/proxy": { // it never ended: the present
			Target: "shop/" + a + "/proxy", At: "2026-03-04T12:00:00Z", Workload: "deployment/web", Selector: "app=web", Node: "n1", Pods: a + " " + b,
		},
		// A kill for memory goes before a later other end.
		"shop/web": {
			Target: "shop/deployment/web", At: "2026-03-04T10:00:00Z", Workload: "deployment/web", Selector: "app=web", Node: "n1", Pods: a + " " + b,
		},
		"shop/statefulset/twice": {
			Target: "shop/statefulset/twice", At: "2026-03-04T12:00:00Z", Workload: "statefulset/twice", Selector: "app=twice",
		},
		"shop/report-29-x7x7x": {
			Target: "shop/report-29-x7x7x", At: "2026-03-04T12:00:00Z", Workload: "cronjob/report",
			Selector: "batch.kubernetes.io/job-name in (report-29)", Node: "n1", Pods: "report-29-x7x7x",
		},
		"shop/report": {
			Target: "shop/cronjob/report", At: "2026-03-04T12:00:00Z", Workload: "cronjob/report",
			Selector: "batch.kubernetes.io/job-name in (report-29)", Node: "n1", Pods: "report-29-x7x7x",
		},
		"shop/alone": {Target: "shop/alone", At: "2026-03-04T12:00:00Z", Pods: "alone"},
		"node/n1":    {Target: "node/n1", At: "2026-03-04T10:00:00Z", Node: "n1"},
		// Gone: its ReplicaSet is there, and an event.
		"shop/web-7c9d8f6b5-ccccc": {
			Target: "shop/web-7c9d8f6b5-ccccc", At: "2026-03-04T09:00:00Z", Workload: "deployment/web", Selector: "app=web", Node: "n1",
			Pods: a + " " + b, Gone: true,
		},
		// Gone, with its ReplicaSet.
		"shop/web-5f5f5f5f5-ccccc": {
			Target: "shop/web-5f5f5f5f5-ccccc", At: "2026-03-04T12:00:00Z", Workload: "deployment/web", Selector: "app=web",
			Pods: a + " " + b, Gone: true,
		},
		"shop/db-3": {Target: "shop/db-3", At: "2026-03-04T12:00:00Z", Workload: "statefulset/db", Selector: "app=db", Gone: true},
	} {
		got, err := resolve(t, kubetest.New(t, shop()), target, nil, nil)
		if err != nil {
			t.Errorf("%s: %v", target, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", target, diff)
		}
	}
}

func TestResolveErrors(t *testing.T) {
	for target, want := range map[string]struct {
		is   error
		says string
	}{
		"shop/twice":                     {ErrAmbiguous, "shop/deployment/twice, shop/statefulset/twice"},
		"shop/nobody":                    {ErrNoTarget, "no pod or workload nobody"},
		"nowhere/web":                    {ErrNoTarget, "no namespace nowhere"},
		"shop/deployment/nobody":         {ErrNoTarget, "no deployment nobody"},
		"shop/pod/nobody":                {ErrNoTarget, "no pod nobody"},
		"shop/deploy/web":                {ErrNoTarget, "did you mean shop/deployment/web?"},
		"shop/web-7c9d8f6b5-aaaaa/nope":  {ErrNoTarget, "it has app, proxy"},
		"node/n2":                        {ErrNoTarget, "no node n2"},
		"shop/notapod-7c9d8f6b5-aaaaa/x": {ErrNoTarget, "no pod or workload"},
	} {
		_, err := resolve(t, kubetest.New(t, shop()), target, nil, nil)
		if !errors.Is(err, want.is) || err == nil || !strings.Contains(err.Error(), want.says) {
			t.Errorf("%s: got %v, want one that says %q", target, err, want.says)
		}
	}
}

func TestResolveAt(t *testing.T) {
	at := time.Date(2026, 3, 4, 10, 30, 0, 0, time.UTC)
	got, err := resolve(t, kubetest.New(t, shop()), "shop/web", func(a *Ask) { a.At = at }, nil)
	if err != nil || got.At != "2026-03-04T10:30:00Z" || !strings.HasPrefix(got.Pods, "web-7c9d8f6b5-aaaaa") {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestResolveForbidden has a role that reads nothing: what the words say is still investigated.
// TestResolveSuccessor: a younger pod of the target's name is not the one that was killed.
func TestResolveSuccessor(t *testing.T) {
	files := shop()
	files["kubernetes/pods.json"] = list(`{"metadata":{"name":"db-3","namespace":"shop","uid":"u9","creationTimestamp":"2026-03-04T11:30:00Z","labels":{"app":"db"},
		"ownerReferences":[{"kind":"StatefulSet","name":"db","controller":true}]},"spec":{"nodeName":"n2","containers":[{"name":"db"}]},"status":{}}`)
	files["kubernetes/events.json"] = list(
		`{"metadata":{"name":"e","namespace":"shop"},"involvedObject":{"kind":"Pod","name":"db-3","namespace":"shop","uid":"u9"},
		"reason":"Started","lastTimestamp":"2026-03-04T11:30:09Z","source":{"component":"kubelet","host":"n2"}}`,
		`{"metadata":{"name":"f","namespace":"shop"},"involvedObject":{"kind":"Pod","name":"db-3","namespace":"shop","uid":"u8"},
		"reason":"Killing","lastTimestamp":"2026-03-04T11:29:00Z","source":{"component":"kubelet","host":"n1"}}`)
	for at, want := range map[string]found{
		"2026-03-04T10:30:00Z": {Node: "n1", Gone: true},
		"2026-03-04T11:45:00Z": {Node: "n2"},
	} {
		want.Target, want.At, want.Workload, want.Selector, want.Pods = "shop/db-3", at, "statefulset/db", "app=db", "db-3"
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		got, err := resolve(t, kubetest.New(t, files), "shop/db-3", func(a *Ask) { a.At = moment }, nil)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", at, err, diff)
		}
	}
}

func TestResolveForbidden(t *testing.T) {
	s := kubetest.New(t, shop())
	s.Forbid(func(*http.Request) bool { return true })
	for target, want := range map[string]found{
		"shop/web-7c9d8f6b5-x2x4p/app": {Target: "shop/web-7c9d8f6b5-x2x4p/app", Workload: "deployment/web"},
		"shop/deployment/web":          {Target: "shop/deployment/web", Workload: "deployment/web"},
		"node/n1":                      {Target: "node/n1", Node: "n1"},
	} {
		want.At = "2026-03-04T12:00:00Z"
		got, err := resolve(t, s, target, nil, nil)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", target, err, diff)
		}
	}
}

// seen is a Past that knows one pod.
type seen struct{ at time.Time }

func (s seen) LastSeen(context.Context, string, string, time.Time) (time.Time, string, error) {
	return s.at, "n1", nil
}

func (s seen) LastKill(_ context.Context, namespace string, pods []string, from, before time.Time) (time.Time, error) {
	if namespace != "shop" || len(pods) != 1 || pods[0] != "alone" || !from.Equal(now.Add(-24*time.Hour)) || !before.Equal(now) {
		return time.Time{}, fmt.Errorf("asked of %s/%q from %s to %s", namespace, pods, from, before)
	}
	return s.at, nil
}

// TestResolveSilentKill has a pod of which Kubernetes tells no end, and metrics a kill.
func TestResolveSilentKill(t *testing.T) {
	at := now.Add(-3 * time.Hour)
	for name, want := range map[string]string{"shop/alone": at.Format(time.RFC3339), "shop/report-29-x7x7x": now.Format(time.RFC3339)} {
		got, err := resolve(t, kubetest.New(t, shop()), name, nil, seen{at})
		if err != nil || got.At != want {
			t.Errorf("%s: at %s, %v, want %s", name, got.At, err, want)
		}
	}
}

func TestResolveByMetrics(t *testing.T) {
	got, err := resolve(t, kubetest.New(t, shop()), "shop/old-7c9d8f6b5-aaaaa", nil, seen{time.Date(2026, 3, 3, 1, 2, 3, 0, time.UTC)})
	want := found{Target: "shop/old-7c9d8f6b5-aaaaa", At: "2026-03-03T01:02:03Z", Node: "n1", Gone: true}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestResolveCost holds the number of calls: it must not follow the size of the cluster.
func TestResolveCost(t *testing.T) {
	s := kubetest.New(t, shop())
	if _, err := resolve(t, s, "shop/pod/web-7c9d8f6b5-aaaaa", nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.Calls(); len(got) != 4 {
		t.Errorf("%d calls, want the pod, its ReplicaSet, its workload's pods and its node:\n%s", len(got), strings.Join(got, "\n"))
	}
}
