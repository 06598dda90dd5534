package kubeclient

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	schedulingv1 "k8s.io/api/scheduling/v1"

	"github.com/oombot/oombot/investigations"
)

func TestWorkloads(t *testing.T) {
	const meta = `"metadata":{"name":"a","namespace":"shop","uid":"u","creationTimestamp":"2025-06-01T10:00:00Z","labels":{"l":"1"},
	  "annotations":{"deployment.kubernetes.io/revision":"12"},"ownerReferences":[{"kind":"Foo","name":"f","controller":true}]}`
	base := func(kind string) investigations.Workload {
		return investigations.Workload{
			Namespace: "shop", Kind: kind, Name: "a", UID: "u", OwnerKind: "foo", OwnerName: "f", Labels: map[string]string{"l": "1"},
			Annotations: map[string]string{"deployment.kubernetes.io/revision": "12"}, Created: at("2025-06-01T10:00:00Z"),
			Template: wantTemplate, Source: "file",
		}
	}
	want := base("deployment")
	want.Current, want.Replicas = 12, ptr(int32(3))
	want.Conditions = []investigations.Condition{{Type: "Progressing", Status: "True", Reason: "NewReplicaSetAvailable", At: at("2026-03-03T22:11:40Z")}}
	check(t, "deployment", want, converted(t, "Deployment", `{"kind":"Deployment",`+meta+`,"spec":{"replicas":3,"template":`+template+`},
	  "status":{"conditions":[{"type":"Progressing","status":"True","reason":"NewReplicaSetAvailable","lastTransitionTime":"2025-06-01T10:00:00Z",
	  "lastUpdateTime":"2026-03-03T22:11:40Z"}]}}`, (*Converter).Deployment))

	want = base("statefulset")
	want.Replicas = ptr(int32(2))
	check(t, "statefulset", want, converted(t, "StatefulSet", `{"kind":"StatefulSet",`+meta+`,"spec":{"replicas":2,"template":`+template+`}}`, (*Converter).StatefulSet))
	check(t, "daemonset", base("daemonset"), converted(t, "DaemonSet", `{"kind":"DaemonSet",`+meta+`,"spec":{"template":`+template+`}}`, (*Converter).DaemonSet))
	check(t, "replicaset", base("replicaset"), converted(t, "ReplicaSet", `{"kind":"ReplicaSet",`+meta+`,"spec":{"template":`+template+`}}`, (*Converter).ReplicaSet))

	want = base("job")
	want.Replicas, want.StartTime, want.CompletionTime = ptr(int32(4)), at("2026-03-04T02:00:00Z"), at("2026-03-04T02:10:00Z")
	want.Conditions = []investigations.Condition{{Type: "Complete", Status: "True", At: at("2026-03-04T02:10:00Z")}}
	check(t, "job", want, converted(t, "Job", `{"kind":"Job",`+meta+`,"spec":{"parallelism":4,"template":`+template+`},"status":{"startTime":"2026-03-04T02:00:00Z",
	  "completionTime":"2026-03-04T02:10:00Z","conditions":[{"type":"Complete","status":"True","lastTransitionTime":"2026-03-04T02:10:00Z"}]}}`, (*Converter).Job))

	want = base("cronjob")
	want.Schedule, want.StartTime = "CRON_TZ=Europe/Berlin 0 2 * * *", at("2026-03-04T02:00:00Z")
	check(t, "cronjob", want, converted(t, "CronJob", `{"kind":"CronJob",`+meta+`,"spec":{"schedule":"0 2 * * *","timeZone":"Europe/Berlin",
	  "jobTemplate":{"spec":{"template":`+template+`}}},"status":{"lastScheduleTime":"2026-03-04T02:00:00Z"}}`, (*Converter).CronJob))
}

func TestRevisions(t *testing.T) {
	want := investigations.Revision{
		Number: 12, Name: "a-h1", UID: "u", Hash: "h1", Created: at("2026-03-03T22:10:40Z"), Replicas: 1, Template: wantTemplate, Source: "file",
	}
	check(t, "replicaset", want, converted(t, "ReplicaSet", `{"kind":"ReplicaSet","metadata":{"name":"a-h1","uid":"u","creationTimestamp":"2026-03-03T22:10:40Z",
	  "labels":{"pod-template-hash":"h1"},"annotations":{"deployment.kubernetes.io/revision":"12"}},"spec":{"template":`+template+`}}`, (*Converter).ReplicaSetRevision))

	want.Replicas, want.Number, want.Hash = 0, 3, "a-h1"
	const revision = `{"kind":"ControllerRevision","metadata":{"name":"a-h1","uid":"u","creationTimestamp":"2026-03-03T22:10:40Z",
	  "labels":{"controller-revision-hash":"h1"},"ownerReferences":[{"kind":"%","name":"a","controller":true}]},"revision":3,
	  "data":{"spec":{"template":` + template + `}}}`
	check(t, "statefulset", want, converted(t, "ControllerRevision", strings.Replace(revision, "%", "StatefulSet", 1), (*Converter).ControllerRevision))
	want.Hash = "h1"
	check(t, "daemonset", want, converted(t, "ControllerRevision", strings.Replace(revision, "%", "DaemonSet", 1), (*Converter).ControllerRevision))

	for _, data := range []string{``, `7`, `{"spec":{}}`, `{"spec":{"template":7}}`} {
		c := &appsv1.ControllerRevision{}
		c.Name, c.Data.Raw = "a", []byte(data)
		if _, err := New().ControllerRevision(c, "f"); err == nil {
			t.Errorf("data %q is taken for a revision", data)
		}
	}
	for text, number := range map[string]int64{"12": 12, "": 0, "-1": 0, "x": 0, "99999999999999999999": 0} {
		if got := revisionNumber(map[string]string{RevisionAnnotation: text}); got != number {
			t.Errorf("revision %q: %d, want %d", text, got, number)
		}
	}
}

func TestWhoTouchedAndEdited(t *testing.T) {
	const doc = `{"kind":"ReplicaSet","metadata":{"name":"a","managedFields":[
	  {"manager":"kube-controller-manager","time":"2026-03-03T22:11:38Z","fieldsV1":{"f:spec":{"f:template":{},"f:replicas":{}}}},
	  {"manager":"kube-controller-manager","time":"2026-03-04T22:11:38Z","subresource":"status","fieldsV1":{"f:status":{}}},
	  {"manager":"kubectl","time":"2026-03-02T22:11:38Z","fieldsV1":{"f:spec":{"f:template":{"f:spec":{}}}}},
	  {"manager":"kubectl-label","time":"2026-03-05T22:11:38Z","fieldsV1":{"f:metadata":{"f:labels":{}}}}]}}`
	type times struct{ Touched, Edited string }
	got := converted(t, "ReplicaSet", doc, func(_ *Converter, rs *appsv1.ReplicaSet, _ string) (times, error) {
		return times{ControllerTouched(&rs.ObjectMeta).Format("02 15:04"), TemplateEdited(&rs.ObjectMeta).Format("02 15:04")}, nil
	})
	check(t, "times", times{"03 22:11", "02 22:11"}, got)
}

func TestAutoscalers(t *testing.T) {
	want := investigations.Autoscaler{
		Kind: "hpa", Namespace: "shop", Name: "a", Target: "deployment/a", OnMemory: true, Min: 2, Max: 6, Current: 3, Source: "file",
	}
	const head = `{"kind":"HorizontalPodAutoscaler","metadata":{"name":"a","namespace":"shop"},"spec":{"scaleTargetRef":{"kind":"Deployment","name":"a"},"minReplicas":2,"maxReplicas":6`
	const tail = `},"status":{"currentReplicas":3}}`
	hpa := func(doc string) investigations.Autoscaler {
		return converted[autoscalingv2.HorizontalPodAutoscaler](t, "HorizontalPodAutoscaler", doc, (*Converter).HPA)
	}
	check(t, "by memory", want, hpa(head+`,"metrics":[{"type":"Resource","resource":{"name":"cpu"}},{"type":"Resource","resource":{"name":"memory"}}]`+tail))
	check(t, "by a container's memory", want, hpa(head+`,"metrics":[{"type":"ContainerResource","containerResource":{"name":"memory","container":"x"}}]`+tail))
	check(t, "autoscaling/v1", want, hpa(strings.Replace(head, `"namespace"`,
		`"annotations":{"autoscaling.alpha.kubernetes.io/metrics":"[{\"type\":\"Resource\",\"resource\":{\"name\":\"memory\"}}]"},"namespace"`, 1)+tail))
	want.OnMemory = false
	check(t, "by cpu", want, hpa(head+`,"metrics":[{"type":"Resource","resource":{"name":"cpu"}}]`+tail))

	check(t, "vpa", investigations.Autoscaler{
		Kind: "vpa", Namespace: "shop", Name: "a", Target: "statefulset/db", Mode: "Auto", MemoryTargets: map[string]int64{"app": 700 << 20}, Source: "file",
	}, converted(t, "VerticalPodAutoscaler", `{"kind":"VerticalPodAutoscaler","metadata":{"name":"a","namespace":"shop"},"spec":{"targetRef":{"kind":"StatefulSet","name":"db"}},
	  "status":{"recommendation":{"containerRecommendations":[{"containerName":"app","target":{"memory":"700Mi"}},{"containerName":"side","target":{"cpu":"1"}}]}}}`, (*Converter).VPA))

	check(t, "priority class", investigations.PriorityClass{Name: "p", Value: 1000, Default: true, Source: "file"},
		converted[schedulingv1.PriorityClass](t, "PriorityClass", `{"kind":"PriorityClass","metadata":{"name":"p"},"value":1000,"globalDefault":true}`, (*Converter).PriorityClass))
}

func TestGitOps(t *testing.T) {
	check(t, "application", investigations.GitOps{
		Kind: "application", Namespace: "argocd", Name: "shop", Revision: "cafe", At: at("2026-03-03T22:10:39Z"), AutoSync: true,
		Resources: []string{"shop/deployment/checkout"}, Source: "file",
	}, converted(t, "Application", `{"kind":"Application","metadata":{"name":"shop","namespace":"argocd"},"spec":{"syncPolicy":{"automated":{}}},
	  "status":{"sync":{"revision":"beef"},"operationState":{"finishedAt":"2026-03-04T00:00:00Z"},
	   "history":[{"revision":"old","deployedAt":"2026-03-01T00:00:00Z"},{"revision":"cafe","deployedAt":"2026-03-03T22:10:39Z"}],
	   "resources":[{"kind":"Deployment","namespace":"shop","name":"checkout"}]}}`, (*Converter).Application))
	check(t, "application without history", investigations.GitOps{
		Kind: "application", Name: "shop", Revision: "beef", At: at("2026-03-04T00:00:00Z"), Source: "file",
	}, converted(t, "Application", `{"kind":"Application","metadata":{"name":"shop"},"spec":{"syncPolicy":{"automated":{"enabled":false}}},
	  "status":{"sync":{"revision":"beef"},"operationState":{"finishedAt":"2026-03-04T00:00:00Z"}}}`, (*Converter).Application))

	flux := func(kind string) func(*Converter, *Flux, string) (investigations.GitOps, error) {
		return func(c *Converter, f *Flux, source string) (investigations.GitOps, error) {
			return c.Flux(kind, f, source)
		}
	}
	check(t, "kustomization", investigations.GitOps{
		Kind: "kustomization", Name: "infra", Revision: "main@sha1:abc", At: at("2026-03-01T00:00:00Z"), Suspended: true,
		Resources: []string{"shop/statefulset/db", "/namespace/shop"}, Source: "file",
	}, converted(t, "Kustomization", `{"kind":"Kustomization","metadata":{"name":"infra"},"spec":{"suspend":true},"status":{"lastAppliedRevision":"main@sha1:abc",
	  "conditions":[{"type":"Ready","lastTransitionTime":"2026-03-01T00:00:00Z"}],
	  "inventory":{"entries":[{"id":"shop_db_apps_StatefulSet"},{"id":"_shop__Namespace"},{"id":"odd"}]}}}`, flux("kustomization")))
	check(t, "helmrelease", investigations.GitOps{
		Kind: "helmrelease", Name: "shop", Revision: "shop@1.2.3", At: at("2026-03-03T22:10:30Z"), AutoSync: true, Source: "file",
	}, converted(t, "HelmRelease", `{"kind":"HelmRelease","metadata":{"name":"shop"},"status":{"lastAttemptedRevision":"1.2.3",
	  "history":[{"chartName":"shop","chartVersion":"1.2.3","lastDeployed":"2026-03-03T22:10:30Z"}]}}`, flux("helmrelease")))
}
