package metrics

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/model"

	"github.com/oombot/oombot/investigations"
)

// TestDecodeAgreesWithPrometheusTypes decodes random answers, and compares with the types of Prometheus.
func TestDecodeAgreesWithPrometheusTypes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		matrix := randomMatrix(rnd)
		body, err := json.Marshal(map[string]any{
			"status": "success", "data": map[string]any{"resultType": "matrix", "result": matrix},
		})
		if err != nil {
			t.Fatal(err)
		}
		q := spec(investigations.QueryTraffic)
		res, err := decode(context.Background(), strings.NewReader(string(body)), q, windowOf(testRequest()), maxSamples)
		if err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		if diff := cmp.Diff(expected(matrix), q.clean(res.series), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s\n%s", body, diff)
		}
	}
}

func randomMatrix(rnd *rand.Rand) model.Matrix {
	var out model.Matrix
	for i := range rnd.IntN(5) {
		s := &model.SampleStream{Metric: model.Metric{
			"series": model.LabelValue(fmt.Sprint(i)), "path": []model.LabelValue{"/", `a"b\c`, "é\n", "日本"}[rnd.IntN(4)],
		}}
		at := testAt.UnixMilli() - 3_600_000
		for range rnd.IntN(30) {
			at += int64(rnd.IntN(60_000) + 1)
			v := []float64{rnd.Float64() * 1e9, float64(rnd.IntN(1000)), math.NaN(), math.Inf(1), -1, 0, 5e-324, 1e300}[rnd.IntN(8)]
			s.Values = append(s.Values, model.SamplePair{Timestamp: model.Time(at), Value: model.SampleValue(v)})
		}
		out = append(out, s)
	}
	return out
}

// expected says what is to be kept of a matrix, in the plain way.
func expected(matrix model.Matrix) []investigations.Series {
	var out []investigations.Series
	for _, stream := range matrix {
		s := investigations.Series{Labels: map[string]string{}}
		for k, v := range stream.Metric {
			s.Labels[string(k)] = string(v)
		}
		for _, p := range stream.Values {
			v := float64(p.Value)
			if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				s.Dropped++
				continue
			}
			s.T, s.V = append(s.T, int64(p.Timestamp)), append(s.V, v)
		}
		if len(s.T) > 0 {
			out = append(out, s)
		}
	}
	// The tool's order is that of the label sets.
	for i := range out {
		for j := i + 1; j < len(out); j++ {
			if labelSet(out[j].Labels).String() < labelSet(out[i].Labels).String() {
				out[i], out[j] = out[j], out[i]
			}
		}
	}
	return out
}

func TestIdentify(t *testing.T) {
	tests := []struct {
		query   string
		labels  map[string]string
		want    identity
		missing []model.LabelName
	}{
		{
			investigations.QueryWorkingSet,
			map[string]string{"namespace": "a", "pod": "b", "container": "c", "node": "n"},
			identity{namespace: "a", pod: "b", container: "c"},
			nil,
		},
		{
			investigations.QueryWorkingSet,
			map[string]string{"exported_namespace": "a", "exported_pod": "b", "container": "c", "namespace": "x", "pod": "y"},
			identity{namespace: "a", pod: "b", container: "c"},
			nil,
		},
		{
			investigations.QueryWorkingSet,
			map[string]string{"namespace": "a", "exported_pod": "", "pod": "b"},
			identity{namespace: "a", pod: "b"},
			[]model.LabelName{"container"},
		},
		{investigations.QueryNodeTotal, map[string]string{"kubernetes_node": "n", "pod": "x"}, identity{node: "n"}, nil},
		{investigations.QueryNodeTotal, map[string]string{"job": "x"}, identity{}, []model.LabelName{"node"}},
		{
			investigations.QueryRuntimeHeap,
			map[string]string{"namespace": "a", "pod": "b", "runtime": "go", "container": "c"},
			identity{namespace: "a", pod: "b", container: "c", rest: "go"},
			nil,
		},
		{investigations.QueryTraffic, map[string]string{"code": "200"}, identity{rest: `{code="200"}`}, nil},
	}
	for _, tt := range tests {
		got, missing := spec(tt.query).identify(tt.labels)
		if got != tt.want || !cmp.Equal(tt.missing, missing) {
			t.Errorf("%s %v: %+v, missing %v", tt.query, tt.labels, got, missing)
		}
	}
}

func TestHost(t *testing.T) {
	for in, want := range map[string]string{
		"n1:9100": "n1", "n1": "n1", "10.0.0.1:9100": "10.0.0.1", "[fe80::1]:9100": "fe80::1", "": "", ":9100": ":9100", "a:b": "a:b",
	} {
		if got := host(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestHalve(t *testing.T) {
	tests := []struct {
		name  string
		query string
		fine  int64
		t     []int64
		v     []float64
		wantT []int64
		wantV []float64
	}{
		{"peaks stay", investigations.QueryWorkingSet, 100, []int64{1, 2, 3, 4, 5}, []float64{1, 9, 7, 3, 5}, []int64{2, 3, 5}, []float64{9, 7, 5}},
		{"of a shortage the lowest", investigations.QueryNodeAvailable, 100, []int64{1, 2, 3, 4}, []float64{1, 9, 7, 3}, []int64{1, 4}, []float64{1, 3}},
		{"what is near stays", investigations.QueryWorkingSet, 3, []int64{1, 2, 3, 4}, []float64{1, 9, 7, 3}, []int64{2, 3, 4}, []float64{9, 7, 3}},
		{"nothing", investigations.QueryWorkingSet, 3, nil, nil, nil, nil},
	}
	for _, tt := range tests {
		d := &decoder{spec: spec(tt.query)}
		gotT, gotV := d.halve(tt.t, tt.v, tt.fine)
		if diff := cmp.Diff(tt.wantT, gotT, cmpopts.EquateEmpty()) + cmp.Diff(tt.wantV, gotV, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestJoin(t *testing.T) {
	a := rawSeries{t: []int64{1, 3, 5}, v: []float64{1, 3, 5}, labels: map[string]string{"x": "1", "y": "2"}, dropped: 1}
	b := rawSeries{t: []int64{2, 3, 6}, v: []float64{2, 30, 6}, labels: map[string]string{"x": "1", "y": "3"}, dropped: 2}
	got := join(a, b, func(a, b float64) float64 { return a + b })
	if diff := cmp.Diff([]int64{1, 2, 3, 5, 6}, got.t) + cmp.Diff([]float64{1, 2, 33, 5, 6}, got.v) +
		cmp.Diff(map[string]string{"x": "1"}, got.labels); diff != "" || got.dropped != 3 {
		t.Errorf("dropped %d: %s", got.dropped, diff)
	}
}

func TestWindow(t *testing.T) {
	req := testRequest()
	w := windowOf(req)
	at := testAt.UnixMilli()
	const hour = 3_600_000
	for ms, want := range map[int64]bool{
		at: true, at - 30*24*hour: true, at - 31*24*hour: false, at + 2*hour: true, at + 2*hour + 1: false, 0: false,
	} {
		if w.holds(ms) != want {
			t.Errorf("%d: %v", ms-at, !want)
		}
	}
	req.Window = 60 * 24 * hour * 1e6
	if !windowOf(req).holds(at - 59*24*hour) {
		t.Error("a longer window is not looked at whole")
	}
}

func TestAllQueriesShareABound(t *testing.T) {
	left, total := allSamples, 0
	for range specs() {
		n := share(left) // each takes all that it may
		left, total = left-n, total+n
	}
	if share(allSamples) != maxSamples || share(-1) != minSamples || total > allSamples+len(specs())*minSamples {
		t.Errorf("%d samples in all", total)
	}
}

func ExampleTool_Query() {
	fsys := bundleOf(map[string]string{ // as bundle.Open returns it
		investigations.QueryWorkingSet: matrix(series(apiLabels, sample(60, "400000000"), sample(30, "500000000"))),
		investigations.QueryLimit:      matrix(series(apiLabels, sample(60, "536870912"))),
	})
	res, err := New(fsys).Query(context.Background(), testRequest())
	fmt.Println(err, len(res.Evidence.Metrics.Queries))
	fmt.Println(res.Facts[0].Says)
	// Output:
	// <nil> 2
	// working set of "shop/api-1/api": 477 MiB at most within the 30 min before 2026-03-04T02:17:09Z, 93 % of its limit of 512 MiB; 477 MiB in the last sample, 30 s before that; sampled every 30 s
}
