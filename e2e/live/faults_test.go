package live

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/investigations"
)

// patience is what a source gets in these tests, and bound what a run with a source that hangs may take at most: the
// target is looked for within one patience, and all sources are asked within another. It is far above both, since it
// only tells an end from none.
const (
	patience = "limits: {source_timeout: 3s}"
	bound    = 30 * time.Second
)

// TestFaults has each source fail in each way: the investigation ends, says what it misses, and keeps the rest.
func TestFaults(t *testing.T) {
	i := load(t, example("leak-after-deploy"), cluster.PrometheusOptions{})
	faults := map[string]cluster.Fault{
		"hangs": cluster.Hang(), "answers garbage": cluster.Garbage(), "cuts the connection": cluster.Cut(20),
		"forbids": cluster.Forbid(),
	}
	for name, fault := range faults {
		t.Run("API server "+name, func(t *testing.T) {
			p := cluster.StartProxy(t, i.server.URL, i.server.CAFile, fault)
			kubeconfig := i.server.KubeconfigFor(t, cluster.Access{Server: p.URL, CAFile: p.CAFile})
			r := i.investigate(t, i.env(t, kubeconfig, patience))
			wantBlind(t, r, investigations.ToolPods)
			wantBlind(t, r, investigations.ToolRollouts)
			// The kernel's own words and the metrics are still there.
			if r.Verdict.Mechanism != investigations.MemcgOOMKill || r.Verdict.Boundary != investigations.BoundaryContainer {
				t.Errorf("the verdict is %s, %s", r.Verdict.Mechanism, r.Verdict.Boundary)
			}
		})
		t.Run("Prometheus "+name, func(t *testing.T) {
			p := cluster.StartProxy(t, i.prometheus.URL, "", fault)
			r := i.investigate(t, i.withPrometheus(t, p.URL))
			wantBlind(t, r, investigations.ToolMetrics)
			if r.Verdict.Mechanism != investigations.MemcgOOMKill || r.Verdict.Confidence > 0.8 {
				t.Errorf("the verdict is %s with confidence %.2f", r.Verdict.Mechanism, r.Verdict.Confidence)
			}
		})
		t.Run("Pyroscope "+name, func(t *testing.T) {
			p := cluster.StartProxy(t, i.pyroscope, "", fault)
			other := *i
			other.pyroscope = p.URL
			r := other.investigate(t, other.env(t, "", patience))
			wantBlind(t, r, investigations.ToolProfiles)
			if r.Verdict.Cause != investigations.CauseLeak || r.Verdict.Trigger != investigations.TriggerDeploy {
				t.Errorf("the verdict is %s, %s", r.Verdict.Cause, r.Verdict.Trigger)
			}
		})
	}
}

// TestFaultsOfOneCall has one call of many fail: only what it would have told is missing.
func TestFaultsOfOneCall(t *testing.T) {
	i := load(t, example("leak-after-deploy"), cluster.PrometheusOptions{})
	for name, tt := range map[string]struct {
		fault cluster.Fault
		tool  string
		says  string
	}{
		"events hang":                {cluster.Hang().On("/events"), investigations.ToolPods, "events"},
		"ReplicaSets forbidden":      {cluster.Forbid().On("/replicasets"), investigations.ToolRollouts, "replicasets"},
		"LimitRanges cut":            {cluster.Cut(5).On("/limitranges"), investigations.ToolPods, "limitranges"},
		"pods of the node forbidden": {cluster.Forbid().On("/api/v1/pods"), investigations.ToolPods, "other namespaces"},
		"autoscalers garbage":        {cluster.Garbage().On("/horizontalpodautoscalers"), investigations.ToolRollouts, "horizontalpodautoscalers"},
	} {
		t.Run(name, func(t *testing.T) {
			p := cluster.StartProxy(t, i.server.URL, i.server.CAFile, tt.fault)
			kubeconfig := i.server.KubeconfigFor(t, cluster.Access{Server: p.URL, CAFile: p.CAFile})
			r := i.investigate(t, i.env(t, kubeconfig, patience))
			if got := blind(r, tt.tool); !strings.Contains(got, tt.says) {
				t.Errorf("no blind spot of %s tells of %s:\n%s", tt.tool, tt.says, got)
			}
			if r.Verdict.Cause != investigations.CauseLeak {
				t.Errorf("the cause is %s", r.Verdict.Cause)
			}
		})
	}
	t.Run("one query hangs", func(t *testing.T) {
		p := cluster.StartProxy(t, i.prometheus.URL, "", cluster.Hang().On("container_memory_cache"))
		r := i.investigate(t, i.withPrometheus(t, p.URL))
		wantBlind(t, r, investigations.ToolMetrics)
		if r.Verdict.Cause != investigations.CauseLeak {
			t.Errorf("the cause is %s", r.Verdict.Cause)
		}
	})
}

// TestFaultsThatPass has the API server throttle and restart: what is asked again is not missed.
func TestFaultsThatPass(t *testing.T) {
	i := load(t, example("leak-after-deploy"), cluster.PrometheusOptions{})
	for name, fault := range map[string]cluster.Fault{
		"throttled":  cluster.Throttle(1).Times(3),
		"restarting": cluster.Unavailable().Times(4),
		"cut once":   cluster.Cut(20).Once(),
	} {
		t.Run(name, func(t *testing.T) {
			p := cluster.StartProxy(t, i.server.URL, i.server.CAFile, fault)
			kubeconfig := i.server.KubeconfigFor(t, cluster.Access{Server: p.URL, CAFile: p.CAFile})
			r := i.investigate(t, i.env(t, kubeconfig))
			for _, tool := range []string{investigations.ToolPods, investigations.ToolRollouts} {
				if got := blind(r, tool); got != "" {
					t.Errorf("blind in %s:\n%s", tool, got)
				}
			}
		})
	}
}

// investigate runs the program, which must end whatever the sources do.
func (i *incident) investigate(t *testing.T, env []string) *investigations.Result {
	t.Helper()
	out := run(t, env, i.args("investigate", "-o", "json")...)
	if out.Took > bound {
		t.Errorf("it took %s", out.Took)
	}
	return result(t, out)
}

// withPrometheus is env with another address of Prometheus.
func (i *incident) withPrometheus(t *testing.T, url string) []string {
	t.Helper()
	return append(i.env(t, "", patience), "OOMBOT_PROMETHEUS_URL="+url)
}

func wantBlind(t *testing.T, r *investigations.Result, tool string) {
	t.Helper()
	if blind(r, tool) == "" {
		t.Errorf("no blind spot of %s; there are %+v", tool, r.BlindSpots)
	}
}
