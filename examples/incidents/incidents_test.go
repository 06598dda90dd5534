package incidents

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/prometheus/common/model"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"sigs.k8s.io/yaml"

	"github.com/oombot/oombot/investigations"
)

// seeds of each kind that the tests look at.
var seeds = []uint64{1, 2}

// render builds a kind and seed.
func render(t *testing.T, k Kind, seed uint64, opt Options) (*scene, map[string][]byte) {
	t.Helper()
	s := newScene(k, seed, opt)
	k.build(s)
	files, err := s.render()
	if err != nil {
		t.Fatalf("%s-%d: %v", k.Name, seed, err)
	}
	return s, files
}

// made is the bundle of a kind and seed.
func made(t *testing.T, k Kind, seed uint64, opt Options) map[string][]byte {
	t.Helper()
	_, files := render(t, k, seed, opt)
	return files
}

// coarse keeps the tests quick: the metrics' step does not matter to most.
var coarse = Options{Step: 10 * time.Minute}

// everyBundle runs a check on every kind and seed.
func everyBundle(t *testing.T, check func(t *testing.T, k Kind, seed uint64, files map[string][]byte)) {
	for _, k := range Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			for _, seed := range seeds {
				check(t, k, seed, bundleOf(t, k, seed))
			}
		})
	}
}

// bundles keeps what bundleOf made, for all tests.
var bundles sync.Map

func bundleOf(t *testing.T, k Kind, seed uint64) map[string][]byte {
	t.Helper()
	key := fmt.Sprint(k.Name, seed)
	if b, ok := bundles.Load(key); ok {
		return b.(map[string][]byte)
	}
	b := made(t, k, seed, coarse)
	bundles.Store(key, b)
	return b
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, k := range Kinds() {
		a, b := bundleOf(t, k, 1), made(t, k, 1, coarse)
		if !maps.EqualFunc(a, b, func(x, y []byte) bool { return string(x) == string(y) }) {
			t.Errorf("%s: two runs of one seed differ", k.Name)
		}
	}
}

func TestKindsAreNamedAndExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if seen[k.Name] || k.Name == "" || len(k.Teaches) < 20 || k.build == nil {
			t.Errorf("kind %q is not complete, or twice there", k.Name)
		}
		seen[k.Name] = true
	}
}

func TestWriteRefusesUnknownKind(t *testing.T) {
	if err := Write(t.TempDir(), "no_such_kind", 1, Options{}); err == nil {
		t.Fatal("no error")
	}
}

func TestWriteMakesTheSameFiles(t *testing.T) {
	dir := t.TempDir()
	k := Kinds()[0]
	if err := Write(dir, k.Name, 5, coarse); err != nil {
		t.Fatal(err)
	}
	for name, want := range made(t, k, 5, coarse) {
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: %v, or other bytes", name, err)
		}
	}
}

// items decodes a List into typed objects, strictly.
func items[T any](t *testing.T, name string, b []byte) []T {
	t.Helper()
	var l struct {
		APIVersion string                     `json:"apiVersion"`
		Kind       string                     `json:"kind"`
		Metadata   map[string]json.RawMessage `json:"metadata"`
		Items      []T                        `json:"items"`
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return l.Items
}

func TestObjectsAreKubernetes(t *testing.T) {
	everyBundle(t, func(t *testing.T, k Kind, seed uint64, files map[string][]byte) {
		for name, b := range files {
			resource, ok := strings.CutPrefix(name, "kubernetes/")
			if !ok || k.damaged(name) {
				continue
			}
			switch strings.TrimSuffix(resource, ".json") {
			case "pods":
				items[corev1.Pod](t, name, b)
			case "nodes":
				items[corev1.Node](t, name, b)
			case "events":
				items[corev1.Event](t, name, b)
			case "limitranges":
				items[corev1.LimitRange](t, name, b)
			case "resourcequotas":
				items[corev1.ResourceQuota](t, name, b)
			case "namespaces":
				items[corev1.Namespace](t, name, b)
			case "configmaps":
				items[corev1.ConfigMap](t, name, b)
			case "deployments":
				items[appsv1.Deployment](t, name, b)
			case "replicasets":
				items[appsv1.ReplicaSet](t, name, b)
			case "statefulsets":
				items[appsv1.StatefulSet](t, name, b)
			case "daemonsets":
				items[appsv1.DaemonSet](t, name, b)
			case "controllerrevisions":
				items[appsv1.ControllerRevision](t, name, b)
			case "jobs":
				items[batchv1.Job](t, name, b)
			case "cronjobs":
				items[batchv1.CronJob](t, name, b)
			case "horizontalpodautoscalers":
				items[autoscalingv2.HorizontalPodAutoscaler](t, name, b)
			case "priorityclasses":
				items[schedulingv1.PriorityClass](t, name, b)
			case "verticalpodautoscalers", "applications":
				items[map[string]any](t, name, b)
			default:
				t.Errorf("%s-%d: unknown resource %s", k.Name, seed, resource)
			}
		}
	})
}

func TestMetricsArePrometheus(t *testing.T) {
	queries := []string{
		"container_working_set", "container_rss", "container_cache", "container_limit", "container_oom_events",
		"container_restarts", "node_available", "node_total", "node_pods_working_set", "traffic", "runtime_heap",
		"runtime_threads",
	}
	everyBundle(t, func(t *testing.T, k Kind, seed uint64, files map[string][]byte) {
		for name, b := range files {
			file, ok := strings.CutPrefix(name, "metrics/")
			if !ok || k.damaged(name) {
				continue
			}
			if !slices.Contains(queries, strings.TrimSuffix(file, ".json")) {
				t.Errorf("unknown query %s", file)
			}
			var body struct {
				Status string `json:"status"`
				Data   struct {
					ResultType string       `json:"resultType"`
					Result     model.Matrix `json:"result"`
				} `json:"data"`
			}
			if err := json.Unmarshal(b, &body); err != nil || body.Data.ResultType != "matrix" {
				t.Fatalf("%s-%d %s: %v", k.Name, seed, name, err)
			}
			seen := map[model.Fingerprint]bool{}
			for _, s := range body.Data.Result {
				if seen[s.Metric.Fingerprint()] {
					t.Errorf("%s-%d %s: series %v twice", k.Name, seed, name, s.Metric)
				}
				seen[s.Metric.Fingerprint()] = true
				if !slices.IsSortedFunc(s.Values, func(a, b model.SamplePair) int { return int(a.Timestamp - b.Timestamp) }) {
					t.Errorf("%s: samples out of order", name)
				}
			}
		}
	})
}

func TestProfilesParse(t *testing.T) {
	k := find(t, "leak_with_profiles")
	n := 0
	for name, b := range made(t, k, 1, coarse) {
		if !strings.HasPrefix(name, "profiles/") {
			continue
		}
		n++
		p, err := profile.ParseData(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.CheckValid(); err != nil {
			t.Error(err)
		}
		if _, err := time.Parse("20060102T150405Z.pb.gz", filepath.Base(name)); err != nil {
			t.Error(err)
		}
	}
	if n < 2 {
		t.Errorf("%d profiles", n)
	}
}

// find returns a kind by name.
func find(t *testing.T, name string) Kind {
	t.Helper()
	for _, k := range Kinds() {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("no kind %s", name)
	return Kind{}
}

// names turns an enumeration into strings.
func names[T ~string](of []T) []string {
	var out []string
	for _, v := range of {
		out = append(out, string(v))
	}
	return out
}

func TestTruthKeepsToTheContract(t *testing.T) {
	choices := map[string][]string{
		"mechanism": names(investigations.Mechanisms), "boundary": names(investigations.Boundaries),
		"cause": names(investigations.Causes), "trigger": names(investigations.Triggers),
		"actions": names(investigations.Actions), "actions_any": names(investigations.Actions),
		"not_actions": names(investigations.Actions),
		"blind_spots": {"kernlog", "pods", "rollouts", "metrics", "logs", "profiles"},
	}
	free := []string{"change_revision", "victim", "culprit", "limit_between", "mentions", "max_confidence"}
	everyBundle(t, func(t *testing.T, k Kind, seed uint64, files map[string][]byte) {
		var truth map[string]any
		if err := yaml.Unmarshal(files["truth.yaml"], &truth); err != nil {
			t.Fatal(err)
		}
		for key, v := range truth {
			allowed, ok := choices[key]
			if !ok && !slices.Contains(free, key) {
				t.Errorf("%s-%d: unknown key %s", k.Name, seed, key)
			}
			if !ok {
				continue
			}
			list, isList := v.([]any)
			if !isList {
				list = []any{v}
			}
			for _, x := range list {
				if !slices.Contains(allowed, x.(string)) {
					t.Errorf("%s-%d: %s can't be %v", k.Name, seed, key, x)
				}
			}
		}
		if truth["mechanism"] == nil || truth["cause"] == nil && truth["boundary"] == nil {
			t.Errorf("%s-%d: the truth says too little", k.Name, seed)
		}
	})
}

// TestTruthAllowsItsCauses checks the truth against the table of causes that a boundary admits.
func TestTruthAllowsItsCauses(t *testing.T) {
	for _, k := range Kinds() {
		s := newScene(k, 1, coarse)
		k.build(s)
		tr := s.truth
		same := tr.victim != nil && tr.culprit != nil && *tr.victim == *tr.culprit
		if len(tr.boundary) != 1 || len(tr.cause) == 0 {
			continue
		}
		allowed := names(investigations.AllowedCauses(investigations.Boundary(tr.boundary[0]), same))
		for _, c := range tr.cause {
			if !slices.Contains(allowed, c) {
				t.Errorf("%s: boundary %v does not admit %s", k.Name, tr.boundary, c)
			}
		}
	}
}

func TestIncidentNamesWhatIsThere(t *testing.T) {
	everyBundle(t, func(t *testing.T, k Kind, seed uint64, files map[string][]byte) {
		var inc struct {
			Version int               `json:"version"`
			At      time.Time         `json:"at"`
			Target  map[string]string `json:"target"`
			Window  string            `json:"window"`
			Cluster string            `json:"cluster"`
			Alert   map[string]string `json:"alert"`
		}
		if err := yaml.UnmarshalStrict(files["incident.yaml"], &inc); err != nil {
			t.Fatal(err)
		}
		if inc.Version != 1 || inc.At.IsZero() || len(inc.Target) == 0 {
			t.Errorf("%s-%d: %s", k.Name, seed, files["incident.yaml"])
		}
		if _, err := time.ParseDuration(inc.Window); inc.Window != "" && err != nil {
			t.Error(err)
		}
		pods := files["kubernetes/pods.json"]
		if name := inc.Target["pod"]; name != "" && k.Name != "pod_gone" && len(pods) > 0 && !k.damaged("kubernetes/pods.json") &&
			!strings.Contains(string(pods), `"name":"`+name+`"`) {
			t.Errorf("%s-%d: no pod %s", k.Name, seed, name)
		}
	})
}
