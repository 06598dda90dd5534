package memorytest

import (
	"fmt"
	"strings"
	"time"

	"github.com/oombot/oombot/investigations"
)

// sources are what a live investigation asks.
var sources = []struct{ tool, file, asked string }{
	{investigations.ToolKernlog, "kernel/%s.log", `{job="kernel"} |= "oom"`},
	{investigations.ToolPods, "kubernetes/pods.json%.0s", "kubectl get pods -A -o json --show-managed-fields"},
	{investigations.ToolPods, "kubernetes/nodes.json%.0s", "kubectl get nodes -A -o json --show-managed-fields"},
	{investigations.ToolPods, "kubernetes/events.json%.0s", "kubectl get events -A -o json --show-managed-fields"},
	{investigations.ToolRollouts, "kubernetes/deployments.json%.0s", "kubectl get deployments -A -o json --show-managed-fields"},
	{investigations.ToolRollouts, "kubernetes/replicasets.json%.0s", "kubectl get replicasets -A -o json --show-managed-fields"},
	{investigations.ToolMetrics, "metrics/container_working_set.json%.0s", "sum by (namespace, pod, container) (container_memory_working_set_bytes)"},
	{investigations.ToolMetrics, "metrics/traffic.json%.0s", "sum(rate(http_requests_total[5m]))"},
}

// queries are those of which a fact says how much they answered.
var queries = []string{
	"container_working_set", "container_limit", "container_rss", "container_oom_events", "node_available", "node_total",
	"node_pods_working_set", "traffic",
}

func (g generator) result(id string) investigations.Result {
	c, ref, container := g.w.course, g.w.ref(), g.pod+"/"+g.w.container
	party := &investigations.Party{Namespace: g.w.namespace, Pod: g.pod, Container: g.w.container, Node: g.node, PID: int64(1000 + g.r.IntN(900000)), Comm: g.w.comm}
	v := investigations.Verdict{
		Mechanism: c.mechanism, Boundary: c.boundary, Cause: c.cause, Trigger: c.trigger, Victim: party, Culprit: party,
		Confidence: float64(50+g.r.IntN(50)) / 100, WrittenBy: "rules",
		Headline: fmt.Sprintf("%s was killed at its memory limit of %d MiB: %s since revision %d.", container, g.w.limit>>20, c.cause, g.minor),
	}
	if c.changed != "" {
		v.Change = &investigations.Change{Workload: ref, Revision: int64(g.minor), At: g.at.Add(-2 * time.Hour), What: []string{fmt.Sprintf("%s: %s -> %s", c.changed, g.version(1), g.version(0))}}
	}
	v.Explanation = fmt.Sprintf("The kernel killed %s because the container reached its own memory limit. [F27] [F28]\n\n"+
		"Cause: %s. Anonymous memory grew from %d MiB to %d MiB under the limit. [F29] Further evidence: [F30] [F31] [F32] [F33].\n\n"+
		"Set off by: %s, at %s. [F36] [F37]", container, c.cause, g.w.limit>>22, g.w.limit>>20, c.trigger, g.at.Add(-2*time.Hour).Format(time.RFC3339))
	for _, a := range c.actions {
		v.Recommendations = append(v.Recommendations, investigations.Recommendation{
			Action: a, Workload: ref, Container: g.w.container, Revision: int64(g.minor - 1),
			Command: fmt.Sprintf("kubectl rollout undo -n %s %s --to-revision=%d", g.w.namespace, ref, g.minor-1),
			Note:    "It takes away what the evidence points at, and nothing else.", Why: []string{"F29", "F33", "F36"},
		})
	}
	if c.shape == investigations.ShapeSteady {
		v.NextKill = &investigations.NextKill{At: g.at.Add(50 * time.Minute), Earliest: g.at.Add(42 * time.Minute), Latest: g.at.Add(58 * time.Minute), Why: []string{"F31"}}
	}
	return investigations.Result{
		ID: id, At: g.at, Verdict: v, Facts: g.facts(party.PID),
		Target: investigations.Target{Namespace: g.w.namespace, Pod: g.pod, Container: g.w.container, Workload: ref, Node: g.node},
		Hypotheses: []investigations.Hypothesis{
			{Cause: c.cause, Score: v.Confidence, For: []string{"F29", "F30", "F31", "F32", "F33"}},
			{Cause: investigations.CauseKernelMemory, For: []string{}, Against: []string{"F35"}},
		},
		BlindSpots: []investigations.BlindSpot{
			{Tool: investigations.ToolPods, Why: "not recorded: kubernetes/limitranges.json, kubernetes/resourcequotas.json", WouldTell: "whether defaults or quotas of the namespace bound the limit"},
			{Tool: investigations.ToolLogs, Why: "no container logs were recorded: there is no folder logs/", WouldTell: "what the program was doing when it was killed"},
		},
		Tools: []investigations.ToolRun{
			{Name: investigations.ToolKernlog, TookMS: g.r.Int64N(20), Facts: 3},
			{Name: investigations.ToolPods, TookMS: g.r.Int64N(40), Facts: 5},
			{Name: investigations.ToolMetrics, TookMS: g.r.Int64N(300), Facts: 10},
			{Name: investigations.ToolProfiles, TookMS: g.r.Int64N(900), Facts: 4},
		},
	}
}

// facts makes up 38 facts, of the tools and of about the lengths of real ones.
func (g generator) facts(pid int64) []investigations.Fact {
	var out []investigations.Fact
	kernel := "kernel/" + g.node + ".log"
	add := func(tool, source string, values map[string]float64, format string, args ...any) {
		out = append(out, investigations.Fact{
			ID: fmt.Sprintf("F%d", len(out)+1), Tool: tool, At: g.at.Add(-time.Duration(g.r.IntN(3600)) * time.Second),
			Says: fmt.Sprintf(format, args...), Source: source, Values: values,
		})
	}
	limit := float64(g.w.limit)
	for i := range 3 {
		add(investigations.ToolKernlog, fmt.Sprintf("%s:%d-%d", kernel, i*70+9, i*70+68), map[string]float64{"anon_rss_bytes": limit - float64(g.r.IntN(1<<24)), "limit_bytes": limit, "usage_bytes": limit, "pid": float64(pid)},
			"On node %s the kernel killed %q (pid %d): container %s of pod %s-%s reached its memory limit of %d MiB.", g.node, g.w.comm, pid, hex(g.r, 12), hex(g.r, 8), hex(g.r, 12), g.w.limit>>20)
	}
	for range 5 {
		add(investigations.ToolPods, "kubernetes/pods.json", map[string]float64{"limit_bytes": limit, "request_bytes": limit / 2, "restarts": float64(g.r.IntN(9)), "exit_code": 137, "lifetime_s": float64(g.r.IntN(9000))},
			"container %q (app) of pod %q: memory limit %d MiB, restarts: %d; its last end was \"OOMKilled\" with exit code 137 at %s", g.w.container, g.w.namespace+"/"+g.pod, g.w.limit>>20, g.r.IntN(9), g.at.Format(time.RFC3339))
	}
	for i := range 3 {
		add(investigations.ToolRollouts, "kubernetes/replicasets.json", map[string]float64{"from_revision": float64(g.minor - i - 1), "to_revision": float64(g.minor - i)},
			"from revision %d to %d of %q in namespace %q changed: image of %q: %q -> %q", g.minor-i-1, g.minor-i, g.w.ref(), g.w.namespace, g.w.container, g.w.image+":"+g.version(i+1), g.w.image+":"+g.version(i))
	}
	for _, q := range queries {
		n := float64(100 + g.r.IntN(400))
		add(investigations.ToolMetrics, "metrics/"+q+".json", map[string]float64{"from_s": float64(g.at.Unix() - 21600), "to_s": float64(g.at.Unix()), "samples": n, "series": float64(1 + g.r.IntN(6)), "step_s": 180},
			"%s: %g samples from %s to %s, every 3 min", q, n, g.at.Add(-6*time.Hour).Format(time.RFC3339), g.at.Format(time.RFC3339))
	}
	grown := strings.Join(g.w.functions, ", ")
	for range 4 {
		add(investigations.ToolProfiles, "profiles/"+g.w.namespace+"/"+g.pod+"/"+g.w.container+"/20260415T120318Z.pb.gz", map[string]float64{"before_bytes": limit / 4, "after_bytes": limit, "function_bytes": limit / 2},
			"heap in use of %q: %d MiB at %s, %d MiB at %s; grown are %s", g.pod+"/"+g.w.container, g.w.limit>>22, g.at.Add(-time.Hour).Format(time.RFC3339), g.w.limit>>20, g.at.Format(time.RFC3339), grown)
	}
	for len(out) < 38 {
		add(investigations.ToolMetrics, "metrics/container_working_set.json", map[string]float64{"first_bytes": limit / 3, "last_bytes": limit, "slope_bytes_per_hour": float64(g.r.IntN(1 << 30)), "kendall_tau": 1, "span_seconds": 2700},
			"In the life of %s/%s from %s to %s anonymous memory grew steadily: from %d MiB to %d MiB in 45 min under the limit of %d MiB.", g.pod, g.w.container, g.at.Add(-45*time.Minute).Format(time.RFC3339), g.at.Format(time.RFC3339), g.w.limit/3>>20, g.w.limit>>20, g.w.limit>>20)
	}
	return out
}
