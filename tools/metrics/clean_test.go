package metrics

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

// row is a series as a test looks at it: who, and its values by seconds before the moment.
type row struct {
	Who string
	At  []int64
	V   []float64
}

func rows(series []investigations.Series) []row {
	var out []row
	for _, s := range series {
		r := row{Who: fmt.Sprintf("%s/%s/%s@%s", s.Namespace, s.Pod, s.Container, s.Node), V: s.V}
		for _, t := range s.T {
			r.At = append(r.At, testAt.Unix()-t/1000)
		}
		out = append(out, r)
	}
	return out
}

func TestClean(t *testing.T) {
	life := func(id string) string {
		return fmt.Sprintf(`{"namespace":"shop","pod":"api-1","container":"api","id":%q}`, id)
	}
	scrape := func(job string) string {
		return fmt.Sprintf(`{"namespace":"shop","pod":"api-1","container":"api","id":"a","instance":%q}`, job)
	}
	tests := []struct {
		name, query, doc string
		want             []row
	}{
		{
			"out of order, and twice at one time: the last holds", investigations.QueryWorkingSet,
			matrix(series(apiLabels, sample(30, "3"), sample(90, "1"), sample(60, "9"), sample(60, "2"))),
			[]row{{"shop/api-1/api@", []int64{90, 60, 30}, []float64{1, 2, 3}}},
		},
		{
			"scraped twice: the higher holds", investigations.QueryWorkingSet,
			matrix(series(scrape("x"), sample(60, "1"), sample(30, "5")), series(scrape("y"), sample(60, "2"), sample(30, "4"), sample(0, "3"))),
			[]row{{"shop/api-1/api@", []int64{60, 30, 0}, []float64{2, 5, 3}}},
		},
		{
			"two lives: the younger holds from its start", investigations.QueryWorkingSet,
			matrix(series(life("b"), sample(60, "1"), sample(30, "2")), series(life("a"), sample(120, "8"), sample(90, "9"), sample(60, "9"))),
			[]row{{"shop/api-1/api@", []int64{120, 90, 60, 30}, []float64{8, 9, 1, 2}}},
		},
		{
			"two nodes' exporters without a node: the lower holds", investigations.QueryNodeAvailable,
			matrix(series(`{"job":"a"}`, sample(30, "7")), series(`{"job":"b"}`, sample(30, "5"))),
			[]row{{"//@", []int64{30}, []float64{5}}},
		},
		{
			"a node by its instance", investigations.QueryNodeAvailable,
			matrix(series(`{"instance":"n1:9100","pod":"node-exporter-x","namespace":"monitoring"}`, sample(30, "7")),
				series(`{"instance":"[::1]:9100"}`, sample(30, "5")), series(`{"node":"n0","instance":"x:1"}`, sample(30, "6"))),
			[]row{{"//@::1", []int64{30}, []float64{5}}, {"//@n0", []int64{30}, []float64{6}}, {"//@n1", []int64{30}, []float64{7}}},
		},
		{
			"exported labels before the scraper's own", investigations.QueryLimit,
			matrix(series(`{"namespace":"monitoring","pod":"ksm-0","container":"ksm","exported_namespace":"shop",
				"exported_pod":"api-1","exported_container":"api","node":"n1"}`, sample(30, "7"))),
			[]row{{"shop/api-1/api@n1", []int64{30}, []float64{7}}},
		},
		{
			"old label names", investigations.QueryWorkingSet,
			matrix(series(`{"namespace":"shop","pod_name":"api-1","container_name":"api"}`, sample(30, "7"))),
			[]row{{"shop/api-1/api@", []int64{30}, []float64{7}}},
		},
		{
			"the pod's sum and the pause container are no containers", investigations.QueryWorkingSet,
			matrix(series(`{"namespace":"shop","pod":"api-1","container":""}`, sample(30, "9")),
				series(`{"namespace":"shop","pod":"api-1"}`, sample(30, "9")),
				series(`{"namespace":"shop","pod":"api-1","container":"POD"}`, sample(30, "1")),
				series(apiLabels, sample(30, "7"))),
			[]row{{"shop/api-1/api@", []int64{30}, []float64{7}}},
		},
		{
			"a pod's own sum before its containers", investigations.QueryNodePods,
			matrix(series(apiLabels, sample(30, "7")), series(`{"namespace":"shop","pod":"api-1"}`, sample(30, "9"))),
			[]row{{"shop/api-1/@", []int64{30}, []float64{9}}},
		},
		{
			"containers are added up where there is no sum", investigations.QueryNodePods,
			matrix(series(apiLabels, sample(60, "7"), sample(30, "7")), series(`{"namespace":"shop","pod":"api-1","container":"log"}`, sample(30, "2"))),
			[]row{{"shop/api-1/@", []int64{60, 30}, []float64{7, 9}}},
		},
		{
			"traffic keeps what differs in any label", investigations.QueryTraffic,
			matrix(series(`{"code":"500"}`, sample(30, "1")), series(`{"code":"200"}`, sample(30, "2")), series(`{"code":"200"}`, sample(30, "3"))),
			[]row{{"//@", []int64{30}, []float64{3}}, {"//@", []int64{30}, []float64{1}}},
		},
		{
			"no limit is no value", investigations.QueryLimit,
			matrix(series(apiLabels, sample(90, "0"), sample(60, "9223372036854771712"), sample(30, "1024"))),
			[]row{{"shop/api-1/api@", []int64{30}, []float64{1024}}},
		},
		{
			"in the order of names", investigations.QueryNodePods,
			matrix(series(`{"namespace":"shop","pod":"b"}`, sample(30, "1")), series(`{"namespace":"shop","pod":"a"}`, sample(30, "2")),
				series(`{"namespace":"pay","pod":"c"}`, sample(30, "3"))),
			[]row{{"pay/c/@", []int64{30}, []float64{3}}, {"shop/a/@", []int64{30}, []float64{2}}, {"shop/b/@", []int64{30}, []float64{1}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := mustDecode(t, tt.doc, tt.query)
			if diff := cmp.Diff(tt.want, rows(spec(tt.query).clean(res.series))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMergedSeriesKeepsSharedLabels(t *testing.T) {
	res := mustDecode(t, matrix(series(`{"namespace":"shop","pod":"api-1","container":"api","id":"a","image":"i"}`, sample(60, "1")),
		series(`{"namespace":"shop","pod":"api-1","container":"api","id":"b","image":"i"}`, sample(30, "1"))), investigations.QueryRSS)
	got := spec(investigations.QueryRSS).clean(res.series)
	want := map[string]string{"namespace": "shop", "pod": "api-1", "container": "api", "image": "i"}
	if diff := cmp.Diff(want, got[0].Labels); diff != "" || len(got) != 1 {
		t.Errorf("%d series: %s", len(got), diff)
	}
}

func TestAbout(t *testing.T) {
	tests := []struct {
		target investigations.Target
		id     identity
		want   bool
	}{
		{investigations.Target{Namespace: "shop", Pod: "api-1"}, identity{namespace: "shop", pod: "api-1", container: "x"}, true},
		{investigations.Target{Namespace: "shop", Pod: "api-1", Container: "api"}, identity{namespace: "shop", pod: "api-1", container: "x"}, false},
		{investigations.Target{Namespace: "shop", Pod: "api-1", Container: "api"}, identity{namespace: "shop", pod: "api-1"}, true},
		{investigations.Target{Namespace: "shop", Pod: "api-1"}, identity{namespace: "pay", pod: "api-1"}, false},
		{investigations.Target{Namespace: "shop", Workload: "deployment/api"}, identity{namespace: "shop", pod: "api-7c-x"}, true},
		{investigations.Target{Namespace: "shop", Workload: "deployment/api"}, identity{namespace: "shop", pod: "apical-7c-x"}, false},
		{investigations.Target{Node: "n1"}, identity{node: "n1"}, true},
		{investigations.Target{Node: "n1"}, identity{node: "n2"}, false},
		{investigations.Target{}, identity{}, false},
	}
	for _, tt := range tests {
		if got := target(tt.target).about(tt.id); got != tt.want {
			t.Errorf("%s about %v: %v", tt.target, tt.id, got)
		}
	}
}
