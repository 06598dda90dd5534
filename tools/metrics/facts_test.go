package metrics

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

func TestFacts(t *testing.T) {
	docs := full()
	docs[investigations.QueryWorkingSet] = matrix(
		series(apiLabels, sample(7200, "999"), sample(600, "536870912"), sample(570, "104857600"), sample(39, "209715200"), sample(-20, "1")),
		series(`{"namespace":"shop","pod":"web-1","container":"web"}`, sample(30, "1")))
	docs[investigations.QueryLimit] = matrix(series(apiLabels, sample(7200, "536870912")))
	docs[investigations.QueryNodeAvailable] = matrix(
		series(`{"node":"n1"}`, sample(90, "1073741824"), sample(60, "268435456"), sample(30, "2147483648")))
	docs[investigations.QueryNodeTotal] = matrix(series(`{"node":"n1"}`, sample(90, "8589934592")))
	res := query(t, bundleOf(docs), testRequest())

	got := map[string]string{}
	for _, f := range res.Facts {
		if _, again := got[f.Key]; again || f.Tool != investigations.ToolMetrics || !strings.HasPrefix(f.Source, "metrics/") {
			t.Errorf("fact %+v", f)
		}
		got[f.Key] = f.Says
	}
	for key, want := range map[string]string{
		"metrics/working_set/shop/api-1/api": `working set of "shop/api-1/api": 512 MiB at most within the 30 min before 2026-03-04T02:17:09Z, ` +
			`100 % of its limit of 512 MiB; 200 MiB in the last sample, 39 s before that; sampled every 9 min 21 s`,
		"metrics/node_available": `node "n1" had 256 MiB of memory available at the least within the 30 min before 2026-03-04T02:17:09Z, 3.1 % of its 8 GiB`,
		"metrics/coverage/container_working_set": `container_working_set: 2 series with 6 samples from 2026-03-04T00:17:09Z to 2026-03-04T02:17:29Z, ` +
			`every 8 min 51 s`,
	} {
		if key == "metrics/working_set/shop/api-1/api" || key == "metrics/coverage/container_working_set" {
			// The step is the median of few and uneven distances here; TestInterval judges it.
			want, _, _ = strings.Cut(want, "every ")
			got[key], _, _ = strings.Cut(got[key], "every ")
		}
		if got[key] != want {
			t.Errorf("%s\n got %s\nwant %s", key, got[key], want)
		}
	}
	if len(res.Facts) > maxFacts || res.Facts[0].Key != "metrics/working_set/shop/api-1/api" {
		t.Errorf("%d facts, first %s", len(res.Facts), res.Facts[0].Key)
	}
	want := map[string]float64{
		"peak_bytes": 512 << 20, "last_bytes": 200 << 20, "last_age_s": 39, "window_s": 1800, "limit_bytes": 512 << 20,
		"peak_percent": 100, "step_s": res.Facts[0].Values["step_s"],
	}
	if diff := cmp.Diff(want, res.Facts[0].Values); diff != "" {
		t.Error(diff)
	}
}

func TestFactsAreFew(t *testing.T) {
	var many []string
	for i := range 20 {
		many = append(many, series(fmt.Sprintf(`{"namespace":"shop","pod":"api-%d","container":"api"}`, i), sample(30, "1")))
	}
	docs := full()
	docs[investigations.QueryWorkingSet] = matrix(many...)
	req := testRequest()
	req.Target = investigations.Target{Namespace: "shop", Workload: "deployment/api"}
	res := query(t, bundleOf(docs), req)
	if len(res.Facts) != maxFacts || !strings.HasPrefix(res.Facts[3].Key, "metrics/node_available") {
		t.Errorf("%d facts", len(res.Facts))
	}
}

func TestInterval(t *testing.T) {
	s := investigations.Series{}
	if interval(s) != 0 {
		t.Error("a series without samples has a step")
	}
	for i := range int64(1000) {
		at := i * 30_000
		if i%10 == 0 {
			at += 5 // jitter
		}
		s.T, s.V = append(s.T, at), append(s.V, 1)
	}
	if got := interval(s); got != 30*time.Second {
		t.Errorf("step %s", got)
	}
}
