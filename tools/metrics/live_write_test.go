package metrics

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"github.com/oombot/oombot/investigations"
)

func TestEncode(t *testing.T) {
	pod := func(name string) model.Metric {
		return model.Metric{
			"__name__": "kube_pod_container_status_restarts_total", "namespace": "monitoring", "pod": "ksm-0", "container": "ksm",
			"exported_namespace": "shop", "exported_pod": model.LabelValue(name), "exported_container": "api",
		}
	}
	stream := func(m model.Metric, samples ...model.SamplePair) *model.SampleStream {
		return &model.SampleStream{Metric: m, Values: samples}
	}
	a := &answer{}
	a.add(model.Matrix{
		stream(pod("b"), model.SamplePair{Timestamp: 61_005, Value: 2}, model.SamplePair{Timestamp: 91_050, Value: 1e9}),
		stream(pod("a"), model.SamplePair{Timestamp: 60_000, Value: 0.25}),
	}, []string{"w2", "w1"}, false)
	a.add(model.Matrix{
		stream(pod("b"), model.SamplePair{Timestamp: 1_500, Value: model.SampleValue(math.NaN())}, model.SamplePair{Timestamp: 31_000, Value: 1e19}),
	}, []string{"w1"}, true)
	a.name(querySpec{name: investigations.QueryRestarts, labels: containerLabels}, "", owners{})
	want := `{"status":"success","isPartial":true,"warnings":["w1","w2"],"data":{"resultType":"matrix","result":[
{"metric":{"container":"api","namespace":"shop","pod":"a"},"values":[[60,"0.25"]]},
{"metric":{"container":"api","namespace":"shop","pod":"b"},"values":[[1.500,"NaN"],[31,"1e+19"],[61.005,"2"],[91.050,"1000000000"]]}
]}}
`
	got := a.encode()
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	// What is written can be read: of four samples one is no number.
	res, err := decode(context.Background(), bytes.NewReader(got), querySpec{name: investigations.QueryRestarts, labels: containerLabels},
		window{from: 0, to: math.MaxInt64}, maxSamples)
	if err != nil || len(res.series) != 2 || len(res.series[1].t) != 3 || res.series[1].t[1] != 61_005 || !res.partial {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestName(t *testing.T) {
	own := ownersOf(testSubject())
	cgroup := "/kubepods/burstable/pod1a2b3c4d-0000-1111-2222-333344445555/" + strings.Repeat("ab", 32)
	node := querySpec{name: investigations.QueryNodeTotal, labels: nodeLabels}
	containers := querySpec{name: investigations.QueryRSS, labels: containerLabels}
	tests := []struct {
		name string
		spec querySpec
		in   map[string]string
		want map[string]string
	}{
		{"a node without a label", node, map[string]string{}, map[string]string{"node": "n1"}},
		{"a node by its address", node, map[string]string{"instance": "10.0.0.1:9100"}, map[string]string{"instance": "10.0.0.1:9100"}},
		{"a node under another name", node, map[string]string{"exported_node": "n2", "node": "n1"}, map[string]string{"node": "n2"}},
		{
			"a container by its cgroup", containers,
			map[string]string{"id": cgroup},
			map[string]string{"id": cgroup, "namespace": "shop", "pod": "api-7c9d8f6b5-x2x4p", "container": "api"},
		},
		{
			"its own labels hold", containers,
			map[string]string{"id": cgroup, "namespace": "a", "pod": "b", "container": "c"},
			map[string]string{"id": cgroup, "namespace": "a", "pod": "b", "container": "c"},
		},
		{"nobody's cgroup", containers, map[string]string{"id": "/system.slice"}, map[string]string{"id": "/system.slice"}},
	}
	for _, tt := range tests {
		a := &answer{series: []*liveSeries{{labels: tt.in}}}
		a.name(tt.spec, "n1", own)
		if diff := cmp.Diff(tt.want, a.series[0].labels); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestChoose(t *testing.T) {
	q := liveQuery{querySpec: querySpec{name: investigations.QueryLimit}, alternatives: []alternative{
		{uses: "a", promql: `$peak(a{pod=~"$pods"}[$lookback])`, unlabelled: `a{id=~"$cgroups"}`},
		{uses: "b", promql: `b{node="$node"}`},
		{uses: "c", promql: "c"},
	}}
	values := map[string]string{"pods": "x", "cgroups": "y", "lookback": "30s", "node": ""}
	tests := []struct {
		name   string
		chosen map[string]int
		lacks  bool
		want   string
		uses   []string
	}{
		{"the one that has data", map[string]int{q.name: 2}, false, "c", []string{"c"}},
		{"none has: all that can be asked", map[string]int{q.name: -1}, false, "(last_over_time(a{pod=~\"x\"}[30s])) or on () (c)", []string{"a", "c"}},
		{"not known", nil, false, "(last_over_time(a{pod=~\"x\"}[30s])) or on () (c)", []string{"a", "c"}},
		{"without labels", map[string]int{q.name: 0}, true, `a{id=~"y"}`, []string{"a"}},
		{"one that can't be asked", map[string]int{q.name: 1}, false, "", nil},
	}
	for _, tt := range tests {
		r := recording{query: q, probe: probe{values: values, chosen: tt.chosen, unlabelled: tt.lacks}}
		got, uses, missing := r.choose(piece{})
		if got != tt.want || cmp.Diff(uses, tt.uses) != "" || (got == "") != (len(missing) > 0) {
			t.Errorf("%s: %s of %q, missing %q", tt.name, got, uses, missing)
		}
	}
}
