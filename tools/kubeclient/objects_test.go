package kubeclient

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"

	"github.com/oombot/oombot/investigations"
)

// converted reads and converts one object, managedFields included.
func converted[F, T any](t *testing.T, kind, doc string, convert func(*Converter, *F, string) (T, error)) T {
	t.Helper()
	var object T
	out := Decode(context.Background(), strings.NewReader(doc), Options{Kind: kind, Managed: true}, func(_ Lines, from *F) error {
		var err error
		object, err = convert(New(), from, "file")
		return err
	})
	if out.Items != 1 || out.Err != nil {
		t.Fatalf("decode %s: %+v", doc, out)
	}
	return object
}

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestNode(t *testing.T) {
	got := converted(t, "Node", `{"kind":"Node","metadata":{"name":"n1","labels":{"zone":"a"}},"spec":{"unschedulable":true},
	  "status":{"capacity":{"memory":"16393216Ki"},"allocatable":{"memory":"15162816Ki"},
	   "conditions":[{"type":"MemoryPressure","status":"True","reason":"KubeletHasInsufficientMemory","message":"low","lastTransitionTime":"2026-03-04T02:16:00Z"}],
	   "nodeInfo":{"bootID":"b","kernelVersion":"6.1.0","kubeletVersion":"v1.34.3","containerRuntimeVersion":"containerd://2","osImage":"Debian","swap":{"capacity":1024}}}}`,
		(*Converter).Node)
	check(t, "node", investigations.Node{
		Name: "n1", Labels: map[string]string{"zone": "a"}, CapacityBytes: 16393216 << 10, AllocatableBytes: 15162816 << 10,
		Conditions: []investigations.Condition{{
			Type: "MemoryPressure", Status: "True", Reason: "KubeletHasInsufficientMemory", Message: "low", At: at("2026-03-04T02:16:00Z"),
		}},
		KernelVersion: "6.1.0", KubeletVersion: "v1.34.3", Runtime: "containerd://2", OSImage: "Debian", BootID: "b",
		SwapBytes: ptr(int64(1024)), Unschedulable: true, Source: "file",
	}, got)
}

func TestNamespace(t *testing.T) {
	got := converted(t, "Namespace", `{"kind":"Namespace","metadata":{"name":"shop","creationTimestamp":"2025-06-01T10:00:00Z",
	  "deletionTimestamp":"2026-03-04T02:00:00Z","labels":{"team":"a"}}}`, (*Converter).Namespace)
	check(t, "namespace", investigations.Namespace{
		Name: "shop", Labels: map[string]string{"team": "a"}, Created: at("2025-06-01T10:00:00Z"), Deleted: at("2026-03-04T02:00:00Z"), Source: "file",
	}, got)
}

func TestEvent(t *testing.T) {
	pod := func(e investigations.Event) investigations.Event {
		e.Namespace, e.Kind, e.Name, e.UID, e.Source = "shop", "Pod", "a", "u1", "file"
		return e
	}
	tests := []struct {
		name, doc string
		want      investigations.Event
	}{
		{
			"core/v1", `{"kind":"Event","metadata":{"namespace":"shop"},
			 "involvedObject":{"kind":"Pod","namespace":"shop","name":"a","uid":"u1","fieldPath":"spec.containers{app}"},
			 "type":"Warning","reason":"Unhealthy","message":"Liveness probe failed","source":{"component":"kubelet","host":"n1"},"reportingComponent":"kubelet",
			 "count":3,"firstTimestamp":"2026-03-04T02:00:00Z","lastTimestamp":"2026-03-04T02:10:00Z","eventTime":null}`,
			pod(investigations.Event{
				FieldPath: "spec.containers{app}", Type: "Warning", Reason: "Unhealthy", Message: "Liveness probe failed",
				Component: "kubelet", Host: "n1", Count: 3, First: at("2026-03-04T02:00:00Z"), Last: at("2026-03-04T02:10:00Z"),
			}),
		},
		{
			"core/v1 with a series", `{"kind":"Event","metadata":{"namespace":"shop"},"involvedObject":{"kind":"Pod","namespace":"shop","name":"a","uid":"u1"},
			 "reason":"Preempted","message":"by b","firstTimestamp":null,"lastTimestamp":null,"eventTime":"2026-03-04T02:00:00.123456Z",
			 "reportingComponent":"default-scheduler","reportingInstance":"s-1","series":{"count":5,"lastObservedTime":"2026-03-04T02:05:00.000000Z"}}`,
			pod(investigations.Event{
				Reason: "Preempted", Message: "by b", Component: "default-scheduler", Count: 5,
				First: at("2026-03-04T02:00:00.123456Z"), Last: at("2026-03-04T02:05:00Z"),
			}),
		},
		{
			"events.k8s.io/v1", `{"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"namespace":"shop"},
			 "regarding":{"kind":"Pod","namespace":"shop","name":"a","uid":"u1"},"type":"Normal","reason":"Killing","note":"Stopping container app",
			 "reportingController":"kubelet","reportingInstance":"n1","eventTime":null,"deprecatedCount":2,
			 "deprecatedFirstTimestamp":"2026-03-04T02:00:00Z","deprecatedLastTimestamp":"2026-03-04T02:01:00Z","deprecatedSource":{"component":"kubelet"}}`,
			pod(investigations.Event{
				Type: "Normal", Reason: "Killing", Message: "Stopping container app", Component: "kubelet", Host: "n1", Count: 2,
				First: at("2026-03-04T02:00:00Z"), Last: at("2026-03-04T02:01:00Z"),
			}),
		},
		{
			"with its creation only", `{"kind":"Event","metadata":{"namespace":"shop","creationTimestamp":"2026-03-04T02:00:00Z"},
			 "involvedObject":{"kind":"Pod","name":"a","uid":"u1"},"reason":"X"}`,
			pod(investigations.Event{Reason: "X", Count: 1, First: at("2026-03-04T02:00:00Z"), Last: at("2026-03-04T02:00:00Z")}),
		},
	}
	for _, test := range tests {
		check(t, test.name, test.want, converted(t, "Event", test.doc, (*Converter).Event))
	}
	if _, err := New().Event(&Event{}, "f"); err == nil {
		t.Error("an event about nothing is taken")
	}
}

func TestLimitRangeAndQuota(t *testing.T) {
	limits := converted(t, "LimitRange", `{"kind":"LimitRange","metadata":{"name":"d","namespace":"shop","creationTimestamp":"2025-06-01T10:00:00Z",
	  "managedFields":[{"manager":"kubectl-edit","operation":"Update","time":"2026-03-03T12:00:00Z","fieldsV1":{"f:spec":{"f:limits":{}}}}]},
	  "spec":{"limits":[{"type":"Container","default":{"memory":"512Mi"},"defaultRequest":{"memory":"256Mi"},"max":{"memory":"4Gi"},"min":{"memory":"16Mi"}},
	   {"type":"Pod","max":{"memory":"8Gi"}},{"type":"PersistentVolumeClaim","max":{"storage":"8Gi"}}]}}`, (*Converter).LimitRange)
	check(t, "limit range", investigations.LimitRange{
		Namespace: "shop", Name: "d", Created: at("2025-06-01T10:00:00Z"), DefaultLimit: ptr(int64(512 << 20)), DefaultRequest: ptr(int64(256 << 20)),
		Max: ptr(int64(4 << 30)), Min: ptr(int64(16 << 20)), PodMax: ptr(int64(8 << 30)), Source: "file",
		Changed: []investigations.ManagedChange{{
			Manager: "kubectl-edit", Operation: "Update", At: at("2026-03-03T12:00:00Z"), Memory: true, Fields: []string{"spec.limits"},
		}},
	}, limits)
	quota := converted(t, "ResourceQuota", `{"kind":"ResourceQuota","metadata":{"name":"q","namespace":"shop"},
	  "spec":{"hard":{"memory":"32Gi","limits.memory":"64Gi"}},"status":{"used":{"memory":"9Gi","limits.memory":"20Gi"}}}`, (*Converter).Quota)
	check(t, "quota", investigations.ResourceQuota{
		Namespace: "shop", Name: "q", HardLimits: ptr(int64(64 << 30)), UsedLimits: ptr(int64(20 << 30)),
		HardRequests: ptr(int64(32 << 30)), UsedRequests: ptr(int64(9 << 30)), Source: "file",
	}, quota)
}

func TestManagedFields(t *testing.T) {
	w := converted(t, "Deployment", `{"kind":"Deployment","metadata":{"name":"a","namespace":"shop","managedFields":[
	  {"manager":"helm","operation":"Apply","time":"2026-03-03T12:00:00Z","fieldsV1":{"f:spec":{"f:template":{"f:spec":{"f:containers":{
	    "k:{\"name\":\"app\"}":{".":{},"f:image":{},"f:resources":{"f:limits":{"f:memory":{}}}}}}}}}},
	  {"manager":"kubectl-scale","operation":"Update","subresource":"scale","time":"2026-03-04T12:00:00Z","fieldsV1":{"f:spec":{"f:replicas":{}}}},
	  {"manager":"kube-controller-manager","operation":"Update","subresource":"status","time":"2026-03-05T12:00:00Z","fieldsV1":{"f:status":{}}},
	  {"manager":"broken","operation":"Update","time":"2026-03-01T12:00:00Z","fieldsV1":{"k:{":{}}},
	  {"manager":"undated","operation":"Update"}]},"spec":{"template":{}}}`, (*Converter).Deployment)
	check(t, "changes", []investigations.ManagedChange{
		{Manager: "undated", Operation: "Update"},
		{Manager: "broken", Operation: "Update", At: at("2026-03-01T12:00:00Z")},
		{
			Manager: "helm", Operation: "Apply", At: at("2026-03-03T12:00:00Z"), Memory: true, Fields: []string{
				`spec.template.spec.containers[name="app"].image`,
				`spec.template.spec.containers[name="app"].resources.limits.memory`,
			},
		},
		{Manager: "kubectl-scale", Operation: "Update", At: at("2026-03-04T12:00:00Z"), Fields: []string{"spec.replicas"}},
	}, w.Changed)
}

func TestOwnsMemory(t *testing.T) {
	for path, want := range map[string]bool{
		`spec.template.spec.containers[name="app"].resources.limits.memory`:   true,
		`spec.template.spec.containers[name="app"].resources.requests.memory`: true,
		`spec.template.spec.containers[name="app"].resources`:                 true, // as a whole
		`spec.limits`: true,
		`spec.template.spec.containers[name="app"].resources.limits.cpu`: false,
		`spec.hard.memory`:   false,
		`data.limits.memory`: false,
		`spec.replicas`:      false,
	} {
		if got := ownsMemory(path); got != want {
			t.Errorf("%s: %t, want %t", path, got, want)
		}
	}
}

func TestFieldsAreBounded(t *testing.T) {
	var fields strings.Builder
	for i := range 3 * maxFields {
		fields.WriteString(`"f:k` + strings.Repeat("x", i+1) + `":{},`)
	}
	m := converted(t, "ConfigMap", `{"kind":"ConfigMap","metadata":{"name":"a","managedFields":[{"manager":"m","fieldsV1":{"f:data":{`+
		strings.TrimSuffix(fields.String(), ",")+`}}}]}}`, (*Converter).ConfigMap)
	if n := len(m.Changed[0].Fields); n != maxFields {
		t.Errorf("%d fields, want %d", n, maxFields)
	}
}

const template = `{"metadata":{"labels":{"app":"a","pod-template-hash":"h1"},"annotations":{"checksum/config":"c1"}},
  "spec":{"containers":[{"name":"app","image":"app:1","resources":{"limits":{"memory":"1Gi"}}}],"priorityClassName":"p","serviceAccountName":"s",
   "terminationGracePeriodSeconds":5,"nodeSelector":{"pool":"x"},"resources":{"limits":{"memory":"2Gi"}}}}`

var wantTemplate = investigations.PodTemplate{
	Containers:  []investigations.Container{{Name: "app", Kind: "app", Image: "app:1", MemoryLimit: ptr(int64(1 << 30)), RawMemoryLimit: "1Gi"}},
	Labels:      map[string]string{"app": "a"},
	Annotations: map[string]string{"checksum/config": "c1"},
	MemoryLimit: ptr(int64(2 << 30)), PriorityClass: "p", TerminationGraceS: ptr(int64(5)),
	NodeSelector: map[string]string{"pool": "x"}, ServiceAccount: "s",
}

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

func TestConfigMap(t *testing.T) {
	got := converted(t, "ConfigMap", `{"kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","creationTimestamp":"2025-06-01T10:00:00Z"},"data":{
	  "JAVA_OPTS":"-Xmx300m -Dtoken=abc","GOMEMLIMIT":"400MiB\n","LOG_LEVEL":"info","DB_PASSWORD":"1234","empty":"","limit":"450MiB","port":"8080",
	  "start":"exec java -Xmx1g -jar app.jar",
	  "app.properties":"# cache.size=1\ncache.size=200000\ndb.password=hunter2\nheap.max = 384m\ngreeting=hello\nmemory.token=99\n",
	  "jvm.options":"-Xms1g\n-Xmx1g\n-XX:+UseG1GC\n-Dfile.encoding=UTF-8\n",
	  "env.sh":"export NODE_OPTIONS=\"--max-old-space-size=460\"\nexport MEMCACHE_URL=redis://u:p@h/1\n",
	  "app.yaml":"server:\n  port: 80\ncache:\n  maxSize: 500MB\n  workers: 8\n"},
	  "binaryData":{"logo":"AAAA"}}`, (*Converter).ConfigMap)
	want := investigations.ConfigMap{
		Namespace: "shop", Name: "c", Created: at("2025-06-01T10:00:00Z"), Source: "file",
		Keys: []string{
			"DB_PASSWORD", "GOMEMLIMIT", "JAVA_OPTS", "LOG_LEVEL", "app.properties", "app.yaml", "empty", "env.sh", "jvm.options", "limit",
			"port", "start", "logo",
		},
		Data: map[string]string{
			"JAVA_OPTS": "-Xmx300m -Dtoken=***", "GOMEMLIMIT": "400MiB", "start": "exec java -Xmx1g -jar app.jar",
			"app.properties": "cache.size=200000\nheap.max = 384m",
			"jvm.options":    "-Xms1g\n-Xmx1g\n-XX:+UseG1GC",
			"limit":          "450MiB",
			"env.sh":         `NODE_OPTIONS="--max-old-space-size=460"`,
			"app.yaml":       "maxSize: 500MB\nworkers: 8",
		},
	}
	check(t, "ConfigMap", want, got)
	dated := converted[corev1.ConfigMap](t, "ConfigMap", `{"kind":"ConfigMap","metadata":{"name":"c","managedFields":[{"manager":"kubectl-edit","operation":"Update",
	  "time":"2026-03-04T01:00:00Z","fieldsV1":{"f:data":{"f:app.properties":{}}}}]}}`, (*Converter).ConfigMap)
	check(t, "changes", []investigations.ManagedChange{{
		Manager: "kubectl-edit", Operation: "Update", At: at("2026-03-04T01:00:00Z"), Fields: []string{"data.app.properties"},
	}}, dated.Changed)
	if !dated.HasManagedFields || got.HasManagedFields {
		t.Errorf("has managed fields: %t and %t", dated.HasManagedFields, got.HasManagedFields)
	}
}

func TestConfigMapIsBounded(t *testing.T) {
	c := New()
	for name, value := range map[string]string{
		"a long document": strings.Repeat("cache.size=1\n", maxDocument/10),
		"a long value":    "-Xmx1g " + strings.Repeat("x", maxValue),
	} {
		if got := c.memorySetting("some.file", value); got != "" {
			t.Errorf("%s: %d bytes are kept", name, len(got))
		}
	}
	if lines := strings.Count(c.memorySetting("f", strings.Repeat("cache.size=1\n", 10*maxKeptLines)), "\n") + 1; lines != maxKeptLines {
		t.Errorf("%d lines are kept, want %d", lines, maxKeptLines)
	}
}

func TestObjectsWithoutAName(t *testing.T) {
	c := New()
	errs := map[string]error{}
	_, errs["node"] = c.Node(&corev1.Node{}, "f")
	_, errs["namespace"] = c.Namespace(&corev1.Namespace{}, "f")
	_, errs["limitrange"] = c.LimitRange(&corev1.LimitRange{}, "f")
	_, errs["quota"] = c.Quota(&corev1.ResourceQuota{}, "f")
	_, errs["deployment"] = c.Deployment(&appsv1.Deployment{}, "f")
	_, errs["cronjob"] = c.CronJob(&batchv1.CronJob{}, "f")
	_, errs["revision"] = c.ReplicaSetRevision(&appsv1.ReplicaSet{}, "f")
	_, errs["controllerrevision"] = c.ControllerRevision(&appsv1.ControllerRevision{}, "f")
	_, errs["hpa"] = c.HPA(&autoscalingv2.HorizontalPodAutoscaler{}, "f")
	_, errs["vpa"] = c.VPA(&VPA{}, "f")
	_, errs["priorityclass"] = c.PriorityClass(&schedulingv1.PriorityClass{}, "f")
	_, errs["application"] = c.Application(&Application{}, "f")
	_, errs["flux"] = c.Flux("kustomization", &Flux{}, "f")
	_, errs["configmap"] = c.ConfigMap(&corev1.ConfigMap{}, "f")
	for what, err := range errs {
		if err == nil {
			t.Errorf("a %s without a name is taken", what)
		}
	}
}
