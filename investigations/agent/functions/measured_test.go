package functions

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// series samples f each step up to the kill.
func series(pod string, step time.Duration, n int, f func(i int) float64) investigations.Series {
	sr := investigations.Series{Namespace: "shop", Pod: pod, Container: "web"}
	for i := range n {
		sr.T = append(sr.T, killedAt.Add(time.Duration(i-n+1)*step).UnixMilli())
		sr.V = append(sr.V, f(i))
	}
	return sr
}

func metricEvidence(query string, all ...investigations.Series) investigations.Evidence {
	return investigations.Evidence{Metrics: &investigations.MetricEvidence{Queries: map[string]investigations.Query{
		query: {Series: all, Source: "metrics/" + query + ".json"},
	}}}
}

func TestMetricsByHand(t *testing.T) {
	gappy := series("web-1", time.Minute, 60, func(i int) float64 { return float64(10+i) * mib })
	gappy.T = append(gappy.T[:20:20], gappy.T[30:]...)
	gappy.V = append(gappy.V[:20:20], gappy.V[30:]...)
	s := about(metricEvidence(investigations.QueryRSS, gappy))
	wantSays(t, s, "metrics", `{"query":"container_rss"}`,
		`container_rss of "shop/web-1/web" from 2026-03-04T01:18:09Z to 2026-03-04T02:17:09Z, 50 samples every 1 min, 1 gap of up to 11 min: first 10 MiB, last 69 MiB, `+
			`lowest 10 MiB at 2026-03-04T01:18:09Z, highest 69 MiB at 2026-03-04T02:17:09Z, median 44.5 MiB; it grew, by the Theil-Sen slope, by 60 MiB an hour`, "note: ")
	wantSays(t, s, "metrics", `{"query":"container_rss","at":"2026-03-04T01:40:00Z"}`,
		`container_rss of "shop/web-1/web" was 29 MiB in the last sample up to 2026-03-04T01:40:00Z, of 2026-03-04T01:37:09Z; 40 MiB in the next, of 2026-03-04T01:48:09Z`, "note: ")
	wantSays(t, s, "metrics", `{"query":"container_rss","at":"2026-03-04T01:00:00Z"}`,
		`container_rss of "shop/web-1/web" has no sample up to 2026-03-04T01:00:00Z; the first is 10 MiB at 2026-03-04T01:18:09Z`, "note: ")
	wantSays(t, s, "metrics", `{"query":"container_rss","at":"2026-03-04T03:00:00Z"}`,
		`container_rss of "shop/web-1/web" was 69 MiB in the last sample up to 2026-03-04T03:00:00Z, of 2026-03-04T02:17:09Z; it is the series' last, 42 min 51 s before that moment`, "note: ")
	wantSays(t, s, "metrics", `{"query":"traffic"}`, "note: could not look: metrics was not read for this investigation; it would tell "+investigations.WouldTell("metrics"))

	saw := series("web-1", time.Minute, 40, func(i int) float64 { return float64(10+3*(i%20)) * mib })
	s = about(metricEvidence(investigations.QueryRSS, saw))
	if got := says(call(t, s, "metrics", `{"query":"container_rss"}`)); !strings.Contains(got, "it fell by more than 30 % 1 time, the last time at 2026-03-04T01:58:09Z; from 2026-03-04T01:58:09Z to 2026-03-04T02:17:09Z it grew, by the Theil-Sen slope, by 180 MiB an hour") {
		t.Errorf("%s", got)
	}
	s = about(metricEvidence(investigations.QueryOOMEvents, series("web-1", time.Minute, 10, func(i int) float64 { return float64((i / 3) % 3) })))
	wantSays(t, s, "metrics", `{"query":"container_oom_events"}`,
		`container_oom_events of "shop/web-1/web" from 2026-03-04T02:08:09Z to 2026-03-04T02:17:09Z, 10 samples every 1 min: first 0, last 0; it rose by 2, of late between 2026-03-04T02:13:09Z and 2026-03-04T02:14:09Z, `+
			`before that between 2026-03-04T02:10:09Z and 2026-03-04T02:11:09Z`, "note: ")
}

// TestTrendWords: what goes up and down is not said to grow, and what changes by next to nothing is level.
func TestTrendWords(t *testing.T) {
	for name, tt := range map[string]struct {
		f    func(i int) float64
		want string
	}{
		"level":        {func(i int) float64 { return 100*mib + float64(i%2) }, "it stayed level"},
		"falling":      {func(i int) float64 { return float64(200-i) * mib }, "it fell, by the Theil-Sen slope, by 60 MiB an hour"},
		"up and down":  {func(i int) float64 { return 100*mib + 20*mib*math.Sin(float64(i)/4) }, "it has no steady trend"},
		"one value":    {func(int) float64 { return mib }, "1 MiB throughout"},
		"a few points": {func(i int) float64 { return float64(max(0, i-57)) * mib }, "it has no steady trend: its Theil-Sen slope is 0 B an hour"},
	} {
		s := about(metricEvidence(investigations.QueryCache, series("web-1", time.Minute, 60, tt.f)))
		if got := says(call(t, s, "metrics", `{"query":"container_cache"}`)); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s, want %q", name, got, tt.want)
		}
	}
}

// TestManySeries: at most eight are told, the target's among them, then the largest.
func TestManySeries(t *testing.T) {
	var all []investigations.Series
	for i := range 500 {
		all = append(all, series(fmt.Sprintf("pod-%03d", i), time.Minute, 3, func(int) float64 { return float64(i+2) * mib }))
	}
	all = append(all, series("web-1", time.Minute, 3, func(int) float64 { return mib }))
	a := call(t, about(metricEvidence(investigations.QueryNodePods, all...)), "metrics", `{"query":"node_pods_working_set"}`)
	if len(a.Facts) != mostSeries || !strings.Contains(a.Facts[0].Says, `"shop/web-1/web"`) || !strings.Contains(a.Facts[1].Says, "pod-499") || !strings.Contains(a.Note, "493 smaller series not shown") {
		t.Errorf("%s", says(a))
	}
}

func TestOddSeries(t *testing.T) {
	s := about(metricEvidence(
		investigations.QueryTraffic,
		investigations.Series{}, investigations.Series{T: []int64{1, 2, 3}, V: []float64{1}}, investigations.Series{T: []int64{5}, V: []float64{math.MaxFloat64}},
		investigations.Series{Labels: map[string]string{"route": "/a[F1]", "api_token": "abcdefghijklmnop", "z": "cut"}, T: []int64{1, 1, 1, 1, 1}, V: []float64{-1, 0, 5, -1, 2}},
	))
	a := call(t, s, "metrics", `{"query":"traffic"}`)
	checkAnswer(t, a)
	if got := says(a); strings.Contains(got, "abcdefghijklmnop") || !strings.Contains(got, `"route=/a(F1)"`) || !strings.Contains(got, "1 series have no sample") {
		t.Errorf("%s", got)
	}
	checkAnswer(t, call(t, s, "metrics", ""))
}

func TestRecorder(t *testing.T) {
	cpu := series("web-1", time.Second, 5, func(i int) float64 { return float64(i) })
	s := about(investigations.Evidence{Metrics: &investigations.MetricEvidence{Recorder: []investigations.Recorder{{
		Node: "n1", Source: "recorder/n1.json",
		Series: []investigations.RecorderSeries{
			{Namespace: "shop", Pod: "web-1", Container: "web", Name: "anon", Unit: "bytes", Series: series("", time.Second, 5, func(i int) float64 { return float64(i+1) * mib })},
			{Name: "psi", Unit: "percent", Series: cpu},
		},
		Top: []investigations.RecorderTop{
			{At: killedAt.Add(-time.Second), Namespace: "shop", Pod: "web-1", Container: "web", PID: 4, Comm: "small", RSSBytes: mib},
			{At: killedAt.Add(-time.Second), Namespace: "shop", Pod: "web-1", Container: "web", PID: 5, Comm: "large", RSSBytes: 9 * mib, Command: "large --of [F1]"},
			{At: killedAt.Add(-5 * time.Second), PID: 5, Comm: "before", RSSBytes: 20 * mib},
			{At: killedAt.Add(-5 * time.Second), Pod: "other", PID: 7, Comm: "slower", RSSBytes: 2 * mib},
			{At: killedAt.Add(-20 * time.Second), Pod: "other", PID: 7, Comm: "slower", RSSBytes: mib, Command: "slower -n 2"},
			{At: killedAt.Add(-time.Minute), PID: 8, Comm: "gone", RSSBytes: 30 * mib},
			{At: killedAt.Add(time.Minute), PID: 6, Comm: "later"},
		},
	}}}})
	wantSays(t, s, "metrics", `{"query":"recorder"}`,
		`flight recorder of node "n1": at 2026-03-04T02:17:08Z process "large" (pid 5, started as "large --of (F1)") had 9 MiB resident`,
		`flight recorder of node "n1": at 2026-03-04T02:17:04Z process "slower" (pid 7, started as "slower -n 2") had 2 MiB resident`,
		`flight recorder of node "n1": at 2026-03-04T02:17:08Z process "small" (pid 4) had 1 MiB resident`,
		`flight recorder of node "n1": "anon" of "shop/web-1/web" from 2026-03-04T02:17:05Z to 2026-03-04T02:17:09Z, 5 samples every 1 s: first 1 MiB, last 5 MiB, lowest 1 MiB at 2026-03-04T02:17:05Z, `+
			`highest 5 MiB at 2026-03-04T02:17:09Z, median 3 MiB; it grew, by the Theil-Sen slope, by 3.52 GiB an hour`,
		`flight recorder of node "n1": "psi" from 2026-03-04T02:17:05Z to 2026-03-04T02:17:09Z, 5 samples every 1 s: first 0, last 4, lowest 0 at 2026-03-04T02:17:05Z, highest 4 at 2026-03-04T02:17:09Z, median 2; `+
			`it grew, by the Theil-Sen slope, by 3600 an hour`,
		"note: ")
	wantSays(t, s, "metrics", "", "note: flight recorders of 1 nodes are there: query=recorder")
}

func TestProfilesByHand(t *testing.T) {
	var all []investigations.HeapProfile
	for i := range 6 {
		all = append(all, investigations.HeapProfile{
			Namespace: "shop", Pod: "web-1", Container: "web", At: killedAt.Add(time.Duration(i-6) * time.Minute), InUseBytes: int64(100+i) * mib, Source: fmt.Sprintf("profiles/%d", i),
			Functions: []investigations.FunctionBytes{{Function: "cache.Put", Bytes: int64(50+i) * mib}, {Function: "evil\n[F1]", Bytes: mib}},
		})
	}
	all[0].Functions = nil
	s := about(investigations.Evidence{Profiles: &investigations.ProfileEvidence{Profiles: all, Growth: []investigations.ProfileGrowth{{
		Namespace: "shop", Container: "web", BeforePod: "web-1", AfterPod: "web-1", Before: all[0].At, After: all[5].At, BeforeSource: "profiles/0", AfterSource: "profiles/5",
		BeforeBytes: 100 * mib, AfterBytes: 105 * mib, Functions: []investigations.FunctionBytes{{Function: "cache.Put", Bytes: 5 * mib}},
	}}}})
	wantSays(t, s, "profiles", `{"at":"2026-03-04T02:16:00Z"}`,
		`heap profile of "shop/web-1/web" at 2026-03-04T02:16:09Z: 105 MiB in use`,
		`in the heap profile of "web-1/web" at 2026-03-04T02:16:09Z function "cache.Put" holds 55 MiB, 52.4 % of all in use`,
		`in the heap profile of "web-1/web" at 2026-03-04T02:16:09Z function "evil (F1)" holds 1 MiB, 0.952 % of all in use`,
		`heap profile of "shop/web-1/web" at 2026-03-04T02:15:09Z: 104 MiB in use`,
		`heap profile of "shop/web-1/web" at 2026-03-04T02:14:09Z: 103 MiB in use`,
		`from the heap profile of "web-1/web" at 2026-03-04T02:11:09Z to that of "web-1/web" at 2026-03-04T02:16:09Z memory in use went from 100 MiB to 105 MiB`,
		`from the heap profile of "web-1/web" at 2026-03-04T02:11:09Z to that of "web-1/web" at 2026-03-04T02:16:09Z what function "cache.Put" holds grew by 5 MiB`,
		"note: 3 further profiles not shown: ask with at, or with function")
	a := call(t, s, "profiles", `{"function":"CACHE"}`)
	if len(a.Facts) != 6 || a.Facts[5].Source != "profiles/0; profiles/5" || !strings.Contains(a.Note, "in 1 of 6 profiles it is not among the largest functions") {
		t.Errorf("%s", says(a))
	}
	wantSays(t, s, "profiles", `{"function":"nosuch"}`, `note: nothing found: no function that is named like "nosuch" is among the largest ones of 6 profiles`)
}

// BenchmarkMetrics tells of a day of 20 containers, sampled every 30 s.
func BenchmarkMetrics(b *testing.B) {
	var all []investigations.Series
	for p := range 20 {
		all = append(all, series(fmt.Sprintf("web-%d", p), 30*time.Second, 2880, func(i int) float64 { return float64(100+i%700+p) * mib }))
	}
	s := about(metricEvidence(investigations.QueryWorkingSet, all...))
	for b.Loop() {
		if a := call(b, s, "metrics", `{"query":"container_working_set"}`); len(a.Facts) != mostSeries {
			b.Fatal(says(a))
		}
	}
}
