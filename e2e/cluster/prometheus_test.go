package cluster_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"github.com/oombot/oombot/e2e/cluster"
)

// ask sends a query for one moment and returns the matrix or vector as a matrix.
func ask(t *testing.T, p *cluster.Prometheus, promql string, at model.Time) model.Matrix {
	t.Helper()
	u := p.URL + "/api/v1/query?query=" + url.QueryEscape(promql) + "&time=" + at.String()
	status, text, err := get(t.Context(), t, u)
	if err != nil || status != 200 {
		t.Fatalf("%s: %d, %v: %s", promql, status, err, text)
	}
	var answer struct {
		Data struct {
			Type   model.ValueType `json:"resultType"`
			Result json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	var matrix model.Matrix
	if answer.Data.Type == model.ValMatrix {
		err = json.Unmarshal(answer.Data.Result, &matrix)
	} else {
		var vector model.Vector
		err = json.Unmarshal(answer.Data.Result, &vector)
		for _, s := range vector {
			matrix = append(matrix, &model.SampleStream{Metric: s.Metric, Values: []model.SamplePair{{Timestamp: s.Timestamp, Value: s.Value}}})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return matrix
}

// recorded reads an answer of a bundle; nil where it has none.
func recorded(t *testing.T, bundle fs.FS, query string) model.Matrix {
	t.Helper()
	name := "metrics/" + query + ".json"
	if _, err := fs.Stat(bundle, name); err != nil {
		return nil
	}
	var answer struct{ Data struct{ Result model.Matrix } }
	if err := json.Unmarshal([]byte(file(t, bundle, name)), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Data.Result
}

// samples are those of a matrix by the labels that count.
func samples(m model.Matrix, labels ...model.LabelName) map[string][]model.SamplePair {
	out := map[string][]model.SamplePair{}
	for _, s := range m {
		key := ""
		for _, l := range labels {
			key += string(s.Metric[l]) + "/"
		}
		out[key] = append(out[key], s.Values...)
	}
	return out
}

func end(m model.Matrix) model.Time {
	last := model.Time(0)
	for _, s := range m {
		last = max(last, s.Values[len(s.Values)-1].Timestamp)
	}
	return last
}

// byContainer says by which series a query about containers is answered, among what else is scraped.
var byContainer = map[string]string{
	"container_working_set": `container_memory_working_set_bytes{container!="",image!=""}`,
	"container_rss":         `container_memory_rss{container!="",image!=""}`,
	"container_cache":       `container_memory_cache{container!="",image!=""}`,
	"container_limit":       `container_spec_memory_limit_bytes{container!="",image!=""}`,
	"container_oom_events":  `container_oom_events_total{container!="",image!=""}`,
	"container_restarts":    `kube_pod_container_status_restarts_total`,
}

// TestPrometheus asks a Prometheus with the history of a bundle for that history.
func TestPrometheus(t *testing.T) {
	for name, bundle := range bundles(t) {
		t.Run(name, func(t *testing.T) {
			p := cluster.StartPrometheus(t, cluster.PrometheusOptions{}, bundle)
			for query, selector := range byContainer {
				want := recorded(t, bundle, query)
				if len(want) == 0 {
					continue
				}
				got := samples(ask(t, p, selector+"[60d]", end(want)), "namespace", "pod", "container")
				if query == "container_working_set" { // the neighbours' containers are among them
					known := samples(want, "namespace", "pod", "container")
					maps.DeleteFunc(got, func(key string, _ []model.SamplePair) bool { return known[key] == nil })
				}
				if diff := cmp.Diff(samples(want, "namespace", "pod", "container"), got); diff != "" {
					t.Errorf("%s (-recorded +answered):\n%s", query, diff)
				}
			}
			checkNode(t, p, bundle)
			checkRuntime(t, p, bundle)
			checkTraffic(t, p, bundle)
		})
	}
}

// checkNode finds the node by its name, through what node_exporter says of the host, and its pods.
func checkNode(t *testing.T, p *cluster.Prometheus, bundle fs.FS) {
	t.Helper()
	for query, metric := range map[string]string{
		"node_available": "node_memory_MemAvailable_bytes", "node_total": "node_memory_MemTotal_bytes",
	} {
		want := recorded(t, bundle, query)
		if len(want) == 0 {
			continue
		}
		host := ask(t, p, fmt.Sprintf("node_uname_info{nodename=%q}", want[0].Metric["node"]), end(want))
		if len(host) != 1 {
			t.Fatalf("%d hosts of the name %s", len(host), want[0].Metric["node"])
		}
		got := ask(t, p, fmt.Sprintf("%s{instance=%q}[60d]", metric, host[0].Metric["instance"]), end(want))
		if diff := cmp.Diff(samples(want), samples(got)); diff != "" {
			t.Errorf("%s (-recorded +answered):\n%s", query, diff)
		}
	}
	want := recorded(t, bundle, "node_pods_working_set")
	if len(want) == 0 {
		return
	}
	node := recorded(t, bundle, "node_total")[0].Metric["node"]
	got := ask(t, p, fmt.Sprintf(`max by (namespace, pod) (max_over_time(container_memory_working_set_bytes{node=%q,container!="",image!=""}[60d]))`, node), end(want))
	if diff := cmp.Diff(slices.Sorted(maps.Keys(samples(want, "namespace", "pod"))),
		slices.Sorted(maps.Keys(samples(got, "namespace", "pod")))); diff != "" {
		t.Errorf("pods on the node (-recorded +answered):\n%s", diff)
	}
}

func checkRuntime(t *testing.T, p *cluster.Prometheus, bundle fs.FS) {
	t.Helper()
	for _, want := range recorded(t, bundle, "runtime_heap") {
		at := want.Values[len(want.Values)/2]
		got := ask(t, p, fmt.Sprintf(`sum(jvm_memory_used_bytes{area="heap",pod=%q})`, want.Metric["pod"]), at.Timestamp)
		if len(got) != 1 || got[0].Values[0].Value != at.Value {
			t.Errorf("the heap is %v, want %v", got, at)
		}
	}
}

// checkTraffic compares rates over two samples with the mean of what was recorded for them.
func checkTraffic(t *testing.T, p *cluster.Prometheus, bundle fs.FS) {
	t.Helper()
	for _, want := range recorded(t, bundle, "traffic") {
		v := want.Values
		for _, i := range []int{len(v) / 4, len(v) / 2, len(v) - 1} {
			step := v[i].Timestamp.Sub(v[i-1].Timestamp)
			got := ask(t, p, "sum(rate(http_requests_total["+strconv.Itoa(int(2*step/time.Second))+"s]))", v[i].Timestamp)
			mean := float64(v[i].Value+v[i-1].Value) / 2
			if len(got) != 1 || math.Abs(float64(got[0].Values[0].Value)-mean) > 0.01+mean*0.01 {
				t.Errorf("the rate is %v, want %v", got, mean)
			}
		}
	}
}

// TestPrometheusVariants looks at sites that differ.
func TestPrometheusVariants(t *testing.T) {
	bundle := example(t, "pod-limit")
	at := end(recorded(t, bundle, "container_working_set"))
	count := func(p *cluster.Prometheus, promql string) int {
		t.Helper()
		got := ask(t, p, "count("+promql+")", at)
		if len(got) == 0 {
			return 0
		}
		return int(got[0].Values[0].Value)
	}
	odd := cluster.StartPrometheus(t, cluster.PrometheusOptions{
		NoHonorLabels: true, Cgroupfs: true, NodeLabel: true, ZeroLimits: true, DropMetrics: []string{"container_memory_cache"},
		Cluster: "prod", Other: "staging", Every: 30 * time.Second,
	}, bundle)
	for promql, want := range map[string]int{
		`kube_pod_container_status_restarts_total{exported_pod="checkout-splbggwt9-wqg7d",namespace="monitoring",cluster="prod"}`: 2,
		`kube_pod_container_status_restarts_total{pod="checkout-splbggwt9-wqg7d"}`:                                                0,
		`container_memory_rss{id=~"/kubepods/burstable/pod[^/]+/[0-9a-f]{64}",cluster="prod"}`:                                    2,
		`container_memory_rss{id=~"/kubepods/burstable/pod[^/]+",cluster="prod"}`:                                                 1,
		`container_memory_rss{name="eb3b2b32e6ab0e6152cf78de73fa860f7639840ce83bdeeea67fb32dab5f4278",instance="10.0.3.7:10250"}`: 2,
		`container_memory_working_set_bytes{id="/"}`:                                                                              2,
		`container_memory_rss{cluster="staging"}`:                                                                                 3,
		`node_memory_MemTotal_bytes{node="edge-0e9"}`:                                                                             2,
		`container_spec_memory_limit_bytes == 0`:                                                                                  4,
		`container_memory_cache`:                                                                                                  0,
	} {
		if got := count(odd, promql); got != want {
			t.Errorf("%d series of %s, want %d", got, promql, want)
		}
	}
	if dense := ask(t, odd, `count_over_time(container_memory_rss{container="envoy",cluster="prod"}[1h])`, at); len(dense) != 1 || dense[0].Values[0].Value < 118 {
		t.Errorf("samples in an hour: %v, want one in 30 s", dense)
	}
	bare := cluster.StartPrometheus(t, cluster.PrometheusOptions{Drop: []string{"container", "image", "node"}}, bundle)
	if got := count(bare, `container_memory_rss{container="",image="",node=""}`); got != 3 {
		t.Errorf("%d series without labels, want 3", got)
	}
	empty := cluster.StartPrometheus(t, cluster.PrometheusOptions{})
	if got := count(empty, `{__name__=~".+"}`); got != 0 {
		t.Errorf("%d series in an empty Prometheus", got)
	}
}
