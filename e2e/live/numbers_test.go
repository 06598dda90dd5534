package live

import (
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
)

// sum is what an investigation asked of the API server.
type sum struct {
	calls int
	bytes int64
}

// TestScale has the same incident investigated in a small cluster and in a large one: what it asks of the API server
// does not follow the cluster's size.
func TestScale(t *testing.T) {
	at := time.Now().Add(-10 * time.Minute).UTC().Truncate(time.Second)
	look := func(size cluster.Scale) (sum, int64) {
		server := cluster.StartAPIServer(t, cluster.ServerOptions{})
		scaled := server.LoadScale(t, size)
		p := cluster.StartProxy(t, server.URL, server.CAFile)
		kubeconfig := server.KubeconfigFor(t, cluster.Access{Server: p.URL, CAFile: p.CAFile})
		out := run(t, []string{"KUBECONFIG=" + kubeconfig}, "investigate", scaled.Namespace+"/"+scaled.Pod, "-o", "json")
		r := result(t, out)
		if r.Verdict.Victim == nil || r.Verdict.Victim.Pod != scaled.Pod {
			t.Fatalf("%+v: the victim is %+v", size, r.Verdict.Victim)
		}
		var s sum
		for _, c := range p.Calls() {
			s.calls++
			s.bytes += c.Out
		}
		t.Logf("%d nodes, %d pods: %d calls, %d bytes, %.0f MB resident, %s", size.Nodes, size.Pods, s.calls, s.bytes,
			float64(out.MaxRSS)/1e6, out.Took.Round(time.Millisecond))
		return s, out.MaxRSS
	}
	small, _ := look(cluster.Scale{Nodes: 2, Pods: 50, At: at})
	large, resident := look(cluster.Scale{Nodes: 200, Pods: 5000, At: at})
	if d := float64(large.calls)/float64(small.calls) - 1; d < -0.1 || d > 0.1 {
		t.Errorf("%d calls in the large cluster, %d in the small one", large.calls, small.calls)
	}
	if d := float64(large.bytes)/float64(small.bytes) - 1; d < -0.1 || d > 0.1 {
		t.Errorf("%d bytes in the large cluster, %d in the small one", large.bytes, small.bytes)
	}
	if resident > 100<<20 {
		t.Errorf("%d bytes resident", resident)
	}
}

// BenchmarkDelays has each source slow, and reports the wall time of an investigation as a multiple of the time of its
// slowest source in the same run. What the sources are asked one after the other is theirs; what oombot adds is above 1.
func BenchmarkDelays(b *testing.B) {
	i := load(b, example("leak-after-deploy"), cluster.PrometheusOptions{})
	for _, tt := range []struct {
		name            string
		api, prometheus time.Duration
	}{
		{"prometheus", 10 * time.Millisecond, time.Second},
		{"api", 400 * time.Millisecond, 50 * time.Millisecond},
		{"both", 100 * time.Millisecond, 500 * time.Millisecond},
	} {
		b.Run(tt.name, func(b *testing.B) {
			api := cluster.StartProxy(b, i.server.URL, i.server.CAFile, cluster.Delay(tt.api))
			prometheus := cluster.StartProxy(b, i.prometheus.URL, "", cluster.Delay(tt.prometheus))
			env := append(i.env(b, i.server.KubeconfigFor(b, cluster.Access{Server: api.URL, CAFile: api.CAFile})), "OOMBOT_PROMETHEUS_URL="+prometheus.URL)
			var wall, slowest time.Duration
			for b.Loop() {
				apiBefore, prometheusBefore := len(api.Calls()), len(prometheus.Calls())
				out := run(b, env, i.args("investigate", "-o", "json")...)
				wall += out.Took
				slowest += max(span(api.Calls()[apiBefore:]), span(prometheus.Calls()[prometheusBefore:]))
				if r := result(b, out); r.Verdict.Cause != investigations.CauseLeak {
					b.Fatalf("the cause is %s", r.Verdict.Cause)
				}
			}
			b.ReportMetric(wall.Seconds()/slowest.Seconds(), "wall/slowest")
			b.ReportMetric(slowest.Seconds()/float64(b.N), "slowest-s/op")
		})
	}
}

// span is from the first request of a source to its last answer.
func span(calls []cluster.Call) time.Duration {
	var first, last time.Time
	for _, c := range calls {
		if first.IsZero() || c.Began.Before(first) {
			first = c.Began
		}
		if end := c.Began.Add(c.Took); end.After(last) {
			last = end
		}
	}
	return last.Sub(first)
}
