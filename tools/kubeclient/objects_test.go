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
