package report

import (
	"errors"
	"math"
	"time"

	inv "github.com/oombot/oombot/investigations"
)

var killedAt = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

const (
	mib = 1 << 20
	gib = 1 << 30
)

// incident is a result made by hand, and the evidence that belongs to it.
type incident struct {
	name   string
	result *inv.Result
	ev     *inv.Evidence
}

func cases() []incident {
	return []incident{leakAfterDeploy(), noisyNeighbour(), sidecar(), spike(), notOOM(), insufficient()}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func ptr[T any](v T) *T { return &v }

// series samples f every 30 s over the time before the kill.
func series(a inv.Party, before time.Duration, f func(age time.Duration) float64) inv.Series {
	s := inv.Series{Namespace: a.Namespace, Pod: a.Pod, Container: a.Container, Node: a.Node}
	for age := time.Duration(0); age < before; age += 30 * time.Second {
		s.T = append(s.T, killedAt.Add(age-before).UnixMilli())
		s.V = append(s.V, f(age))
	}
	return s
}

func query(all ...inv.Series) inv.Query { return inv.Query{Series: all} }

func leakAfterDeploy() incident {
	victim := inv.Party{Namespace: "shop", Pod: "checkout-7c9d8f6b5-x2x4p", Container: "checkout", Node: "n1", PID: 4711, Comm: "java"}
	deployed := killedAt.Add(-217 * time.Minute)
	lifetime := 72 * time.Minute
	ev := &inv.Evidence{
		Pods: &inv.PodEvidence{Pods: []inv.Pod{{Namespace: "shop", Name: victim.Pod, UID: "0b7a", Containers: []inv.Container{
			{Name: "checkout", MemoryLimit: ptr(int64(512 * mib))},
		}}}},
		Metrics: &inv.MetricEvidence{Queries: map[string]inv.Query{
			inv.QueryWorkingSet: query(series(victim, 215*time.Minute, func(age time.Duration) float64 {
				return 90*mib + 420*mib*float64(age%lifetime)/float64(lifetime)
			})),
			inv.QueryLimit: query(series(victim, 215*time.Minute, func(time.Duration) float64 { return 512 * mib })),
			inv.QueryOOMEvents: query(series(victim, 215*time.Minute, func(age time.Duration) float64 {
				return float64(age / lifetime)
			})),
		}},
		Rollouts: &inv.RolloutEvidence{Workloads: []inv.Workload{{
			Namespace: "shop", Kind: "deployment", Name: "checkout",
			Revisions: []inv.Revision{{Number: 11, Created: killedAt.AddDate(0, 0, -9)}, {Number: 12, Created: deployed}},
		}}},
		Kernel: &inv.KernelEvidence{Logs: []inv.KernelLog{{Node: "n1", Source: "kernel/n1.log", Reports: []inv.KernelReport{{
			At: &killedAt, Lines: [2]int64{120, 184}, Kind: inv.KernelMemcg, PodUID: "0b7a",
			Memory: &inv.KernelCounter{UsageKB: 524288, LimitKB: ptr(int64(524288))},
			Killed: []inv.KernelKill{{PID: 4711, Comm: "java", TotalVMKB: ptr(int64(4 * 900_000))}},
			Tasks: []inv.KernelTask{
				{PID: 4690, Comm: "pause", RSSPages: 129, OOMScoreAdj: -998},
				{PID: 4711, Comm: "java", TotalVMPages: 900_000, RSSPages: 130_611, OOMScoreAdj: 936},
				{PID: 4802, Comm: "sh", RSSPages: 212, OOMScoreAdj: 936},
			},
		}}}}},
	}
	r := &inv.Result{
		Version: 1, ID: "01KJVA5048P5B6GBPGK8PKGFX1", At: killedAt,
		Target: inv.Target{Namespace: "shop", Pod: victim.Pod, Container: "checkout", Workload: "deployment/checkout", Node: "n1"},
		Verdict: inv.Verdict{
			Mechanism: inv.MemcgOOMKill, Boundary: inv.BoundaryContainer, Cause: inv.CauseLeak, Trigger: inv.TriggerDeploy,
			Change: &inv.Change{
				Workload: "deployment/checkout", Revision: 12, At: deployed,
				What: []string{"image: registry.example/shop/checkout:1.4.1 -> 1.5.0", "env SESSION_CACHE: added"},
			},
			Victim: &victim, Culprit: &victim, Confidence: 0.93,
			Headline: "checkout leaks 5.83 MiB a minute since revision 12 and is killed at its limit of 512 MiB every 72 min.",
			Explanation: "The kernel killed java (pid 4711) because the container's cgroup reached its own limit of 512 MiB [F1]. " +
				"The node had memory to spare [F4].\n\n" +
				"In all 3 lifetimes the working set grows at about 5.83 MiB a minute and never comes down, while traffic is flat [F2] [F5]. " +
				"Revision 11 held at 95 MiB for nine days [F3].\n\n- The growth begins with revision 12 [F3]\n- Its heap profile shows session.(*Store).Put [F6]",
			Recommendations: []inv.Recommendation{
				{
					Action: inv.ActionRollback, Workload: "deployment/checkout", Revision: 11, Why: []string{"F2", "F3"},
					Command: "kubectl -n shop rollout undo deployment/checkout --to-revision=11 && kubectl -n shop rollout status deployment/checkout",
				},
				{
					Action: inv.ActionFixLeak, Container: "checkout", Why: []string{"F6"},
					Note: "Until then 1 GiB in place of 512 MiB would buy about 88 min between kills; it is no fix.",
				},
			},
			NextKill:  &inv.NextKill{At: killedAt.Add(72 * time.Minute), Earliest: killedAt.Add(66 * time.Minute), Latest: killedAt.Add(80 * time.Minute), Why: []string{"F2"}},
			WrittenBy: "rules",
		},
		Hypotheses: []inv.Hypothesis{
			{Cause: inv.CauseLeak, Score: 0.93, For: []string{"F2", "F3"}, Against: []string{}},
			{Cause: inv.CauseUndersizedLimit, Score: 0.22, For: []string{"F1"}, Against: []string{"F2", "F3"}},
			{Cause: inv.CauseLoadSpike, Score: 0.04, For: []string{}, Against: []string{"F5"}},
		},
		Facts: []inv.Fact{
			{
				ID: "F1", Tool: inv.ToolKernlog, At: killedAt, Source: "kernel/n1.log:120-184",
				Says:   `The kernel killed "java" (pid 4711) of shop/checkout-7c9d8f6b5-x2x4p: its container used 512 MiB of 512 MiB.`,
				Values: map[string]float64{"limit_bytes": 512 * mib, "usage_bytes": 512 * mib},
			},
			{ID: "F2", Tool: inv.ToolMetrics, At: killedAt, Says: "3 lifetimes of 72 min each grow by 5.83 MiB a minute.", Source: "metrics/container_working_set.json"},
			{ID: "F3", Tool: inv.ToolRollouts, At: deployed, Says: "Revision 12 of deployment/checkout came into force; revision 11 had held for 9 d.", Source: "kubernetes/replicasets.json"},
			{ID: "F4", Tool: inv.ToolMetrics, At: killedAt, Says: "The node had 9.2 GiB available.", Source: "metrics/node_available.json"},
			{ID: "F5", Tool: inv.ToolMetrics, Says: "Traffic stayed between 40 and 44 requests a second.", Source: "metrics/traffic.json"},
			{ID: "F6", Tool: inv.ToolProfiles, At: killedAt.Add(-10 * time.Minute), Says: "session.(*Store).Put holds 301 MiB more than 60 min before.", Source: "profiles/shop/checkout-7c9d8f6b5-x2x4p/checkout/20260304T020709Z.pb.gz"},
			{ID: "F7", Tool: inv.ToolPods, Says: "The pod is Burstable.", Source: "kubernetes/pods.json"},
		},
		BlindSpots: []inv.BlindSpot{{Tool: inv.ToolProfiles, Why: "only two profiles are there", WouldTell: "which functions hold the growth"}},
		Precedents: []inv.Precedent{{ID: "01HQZZ6V0N3M3V6Z8C0V6M1E7C", Similarity: 0.88, Why: []string{"same image repository", "same growing function"}, Outcome: "fix_held"}},
		Tools: []inv.ToolRun{
			{Name: "kernlog", TookMS: 12, Facts: 1},
			{Name: "pods", TookMS: 8, Facts: 1},
			{Name: "rollouts", TookMS: 15, Facts: 1},
			{Name: "metrics", TookMS: 141, Facts: 3},
			{Name: "logs", TookMS: 1},
			{Name: "profiles", TookMS: 33, Facts: 1},
		},
		LLM: inv.LLMUse{EndedBy: "off"},
	}
	return incident{"leak_after_deploy", r, ev}
}

func noisyNeighbour() incident {
	victim := inv.Party{Namespace: "media", Pod: "web-pbzqgvqfr-6qph7", Container: "web", Node: "node-9c7b", PID: 21001, Comm: "nginx"}
	culprit := inv.Party{Namespace: "media", Pod: "batch-import-z982dcfrg-rtmch", Container: "import", Node: "node-9c7b", PID: 30412, Comm: "python3"}
	onNode := func(a inv.Party) inv.Party { a.Container = ""; return a }
	at := killedAt
	ev := &inv.Evidence{
		Metrics: &inv.MetricEvidence{Queries: map[string]inv.Query{
			inv.QueryNodePods: query(
				series(onNode(culprit), 90*time.Minute, func(age time.Duration) float64 {
					return 0.4*gib + 9*gib*math.Max(0, float64(age-40*time.Minute)/float64(50*time.Minute))
				}),
				series(onNode(victim), 20*time.Hour, func(time.Duration) float64 { return 0.7 * gib }),
			),
		}},
		Kernel: &inv.KernelEvidence{Logs: []inv.KernelLog{{Node: "node-9c7b", Source: "kernel/node-9c7b.log", Reports: []inv.KernelReport{{
			At: &at, Lines: [2]int64{3, 61}, Kind: inv.KernelGlobal, Killed: []inv.KernelKill{{PID: 21001, Comm: "nginx"}},
			Tasks: []inv.KernelTask{
				{PID: 1, Comm: "systemd", RSSPages: 2900},
				{PID: 812, Comm: "kubelet", RSSPages: 24_000, OOMScoreAdj: -999},
				{PID: 700, Comm: "containerd", RSSPages: 15_000, OOMScoreAdj: -999},
				{PID: 21001, Comm: "nginx", RSSPages: 3100, OOMScoreAdj: 1000},
				{PID: 30412, Comm: "python3", RSSPages: 2_464_000, SwapentsPages: 51_000, OOMScoreAdj: 2},
				{PID: 9001, Comm: "postgres", RSSPages: 190_000, OOMScoreAdj: -997},
				{PID: 9002, Comm: "redis-server", RSSPages: 77_000, OOMScoreAdj: 801},
				{PID: 9003, Comm: "日本語プロセス", RSSPages: 51_000, OOMScoreAdj: 900},
			},
		}}}}},
	}
	r := &inv.Result{
		Version: 1, ID: "01KJVA5048QQ0ZD7E9Y3B5C6SW", At: killedAt,
		Target: inv.Target{Namespace: "media", Pod: victim.Pod, Container: "web", Workload: "deployment/web", Node: "node-9c7b"},
		Verdict: inv.Verdict{
			Mechanism: inv.GlobalOOMKill, Boundary: inv.BoundaryNode, Cause: inv.CauseNoisyNeighbour, Trigger: inv.TriggerScheduledJob,
			Victim: &victim, Culprit: &culprit, Confidence: 0.88,
			Headline:    "Node node-9c7b ran out of memory: media/batch-import grew to 9.4 GiB without a limit; web was only the likeliest victim.",
			Explanation: "The machine itself ran out, no container's limit was hit [F1]. batch-import-z982dcfrg-rtmch grew from 410 MiB to 9.4 GiB in the 50 min before [F2]; it requests 256 MiB and has no limit [F3]. web held at 717 MiB all day [F2]; as a BestEffort pod (oom_score_adj 1000) it is killed first whoever is guilty [F1].",
			Recommendations: []inv.Recommendation{
				{Action: inv.ActionLimitCulprit, Workload: "cronjob/batch-import", Container: "import", Value: "2Gi", Why: []string{"F2", "F3"}, Command: "kubectl -n media set resources cronjob/batch-import -c import --limits=memory=2Gi"},
				{Action: inv.ActionProtect, Workload: "deployment/web", Why: []string{"F1"}, Note: "A request of 768Mi makes it Burstable, with an oom_score_adj near 950."},
			},
			WrittenBy: "llm",
		},
		Hypotheses: []inv.Hypothesis{
			{Cause: inv.CauseNoisyNeighbour, Score: 0.88, For: []string{"F1", "F2", "F3"}},
			{Cause: inv.CauseNodeOvercommit, Score: 0.31, For: []string{"F3"}, Against: []string{"F2"}},
		},
		Facts: []inv.Fact{
			{ID: "F1", Tool: inv.ToolKernlog, At: killedAt, Says: `The kernel ran out of memory on the whole machine and killed "nginx" (pid 21001).`, Source: "kernel/node-9c7b.log:3-61"},
			{ID: "F2", Tool: inv.ToolMetrics, At: killedAt.Add(-50 * time.Minute), Says: "batch-import-z982dcfrg-rtmch grew from 410 MiB to 9.4 GiB in 50 min.", Source: "metrics/node_pods_working_set.json"},
			{ID: "F3", Tool: inv.ToolPods, Says: `Container "import" requests 256 MiB and has no memory limit.`, Source: "kubernetes/pods.json#14"},
		},
		BlindSpots: []inv.BlindSpot{
			{Tool: inv.ToolLogs, Why: "the bundle has no folder logs", WouldTell: inv.WouldTell(inv.ToolLogs)},
			{Tool: inv.ToolProfiles, Why: "the bundle has no folder profiles", WouldTell: inv.WouldTell(inv.ToolProfiles)},
		},
		Tools: []inv.ToolRun{{Name: "kernlog", TookMS: 31, Facts: 1}, {Name: "metrics", TookMS: 10000, Error: "no answer within 10s"}},
		LLM:   inv.LLMUse{Model: "gpt-5-mini", Calls: 3, PromptTokens: 9120, CompletionTokens: 880, Cost: 0.0041, RejectedClaims: 1, EndedBy: "submitted"},
	}
	return incident{"noisy_neighbour", r, ev}
}

// spike is a kill that no scrape saw coming: only the kernel counted it.
func spike() incident {
	c := leakAfterDeploy()
	v := &c.result.Verdict
	v.Cause, v.Trigger, v.Change, v.NextKill, v.Confidence = inv.CauseLoadSpike, inv.TriggerTraffic, nil, nil, 0.76
	v.Headline = "checkout was killed at its limit of 512 MiB while it took in one upload of 340 MiB."
	v.Explanation = "The last scrape, 30 s before, has 130 MiB; the kernel's report has the limit [F1] [F2]."
	v.Recommendations = []inv.Recommendation{{Action: inv.ActionReduceLoad, Workload: "deployment/checkout", Why: []string{"F2"}}}
	c.ev.Metrics.Queries = map[string]inv.Query{inv.QueryWorkingSet: query(series(*v.Victim, 20*time.Hour, func(age time.Duration) float64 {
		return 120*mib + 10*mib*math.Sin(age.Hours()*5)
	}))}
	c.ev.Rollouts = nil
	c.result.Facts = c.result.Facts[:2]
	c.result.Facts[1].Says = "The last sample before the kill has 130 MiB."
	c.result.Precedents, c.result.BlindSpots, c.result.Tools = nil, nil, nil
	c.result.Hypotheses = nil
	return incident{"load_spike", c.result, c.ev}
}

func sidecar() incident {
	victim := inv.Party{Namespace: "media", Pod: "app-4p5dtwnkq-vb5j2", Container: "app", Node: "n2", PID: 77, Comm: "app"}
	culprit := inv.Party{Namespace: "media", Pod: victim.Pod, Container: "log-shipper", Node: "n2"}
	at := killedAt
	ev := &inv.Evidence{
		Metrics: &inv.MetricEvidence{Queries: map[string]inv.Query{inv.QueryWorkingSet: query(
			series(victim, 6*time.Hour, func(time.Duration) float64 { return 300 * mib }),
			series(culprit, 6*time.Hour, func(age time.Duration) float64 { return 40*mib + 680*mib*age.Hours()/6 }),
		)}},
		Kernel: &inv.KernelEvidence{Logs: []inv.KernelLog{{Node: "n2", Source: "kernel/n2.log", Reports: []inv.KernelReport{{
			At: &at, Lines: [2]int64{1, 40}, Kind: inv.KernelMemcg, Boundary: inv.BoundaryPod,
			Memory: &inv.KernelCounter{UsageKB: 1 << 20, LimitKB: ptr(int64(1 << 20))}, Killed: []inv.KernelKill{{PID: 77, Comm: "app"}},
		}}}}},
	}
	r := &inv.Result{
		Version: 1, ID: "01KJVA5048SHTW3Q1ZB5T9W8XE", At: killedAt,
		Target: inv.Target{Namespace: "media", Pod: victim.Pod, Container: "app", Workload: "statefulset/app", Node: "n2"},
		Verdict: inv.Verdict{
			Mechanism: inv.MemcgOOMKill, Boundary: inv.BoundaryPod, Cause: inv.CauseSidecar, Trigger: inv.TriggerNone,
			Victim: &victim, Culprit: &culprit, Confidence: 0.9,
			Headline:    "log-shipper grew to 720 MiB and used up the pod's limit of 1 GiB; the kernel killed app.",
			Explanation: "The pod's cgroup hit its limit, not the container's [F1].",
			Recommendations: []inv.Recommendation{
				{Action: inv.ActionLimitCulprit, Container: "log-shipper", Value: "256Mi", Why: []string{"F1"}},
			},
		},
		Facts: []inv.Fact{{ID: "F1", Tool: inv.ToolKernlog, At: killedAt, Says: "The pod's cgroup used 1 GiB of 1 GiB.", Source: "kernel/n2.log:1-40"}},
	}
	return incident{"sidecar", r, ev}
}

func notOOM() incident {
	victim := inv.Party{Namespace: "team-blue", Pod: "api-7dp24r289-wdl6c", Container: "api", Node: "node-17cc"}
	ev := &inv.Evidence{
		Pods: &inv.PodEvidence{Pods: []inv.Pod{{Namespace: "team-blue", Name: victim.Pod, UID: "17", Containers: []inv.Container{
			{Name: "api", AllocatedLimit: ptr(int64(1.5 * gib))},
		}}}},
		Metrics: &inv.MetricEvidence{Queries: map[string]inv.Query{
			inv.QueryWorkingSet: query(series(victim, 26*time.Hour, func(age time.Duration) float64 {
				return 450*mib + 40*mib*math.Sin(age.Hours()/3)
			})),
		}},
	}
	r := &inv.Result{
		Version: 1, ID: "01KJVA5048ED2YB3GH1C9D8T6K", At: killedAt,
		Target: inv.Target{Namespace: "team-blue", Pod: victim.Pod, Container: "api", Workload: "deployment/api", Node: "node-17cc"},
		Verdict: inv.Verdict{
			Mechanism: inv.SigkillNotOOM, Boundary: inv.BoundaryNone, Cause: inv.CauseNotOOM, Trigger: inv.TriggerUnknown,
			Victim: &victim, Confidence: 0.9,
			Headline:    "Not an OOM kill: the kubelet killed api after its liveness probe had failed and the grace period ran out.",
			Explanation: "The liveness probe failed 3 times [F1], and the container did not end within its grace period of 30 s [F2]. The kernel log covers the moment and tells of no kill [F3].",
			Recommendations: []inv.Recommendation{
				{Action: inv.ActionFixProbe, Workload: "deployment/api", Container: "api", Why: []string{"F1"}, Note: "Find out why /healthz did not answer, or give it more time."},
				{Action: inv.ActionNoMemoryChange, Why: []string{"F3"}},
			},
		},
		Facts: []inv.Fact{
			{ID: "F1", Tool: inv.ToolPods, At: killedAt.Add(-70 * time.Second), Says: `Event Unhealthy: "Liveness probe failed: Get http://10.0.3.7:8080/healthz: context deadline exceeded" (3 times).`, Source: "kubernetes/events.json#4"},
			{ID: "F2", Tool: inv.ToolPods, At: killedAt, Says: "The container ended with exit code 137, reason Error.", Source: "kubernetes/pods.json#2"},
			{ID: "F3", Tool: inv.ToolKernlog, Says: "The kernel log from 2026-03-02 08:00 to 2026-03-04 02:30 tells of no OOM kill.", Source: "kernel/node-17cc.log"},
		},
	}
	return incident{"not_oom", r, ev}
}

func insufficient() incident {
	r := &inv.Result{
		Version: 1, ID: "01KJVA5048J1VV2QGQ7C1S5T3M", At: killedAt,
		Target: inv.Target{Namespace: "shop", Workload: "deployment/cart"},
		Verdict: inv.Verdict{
			Cause: inv.CauseInsufficientEvidence, Confidence: 0.2,
			Headline:        "Exit code 137 of shop/deployment/cart can't be explained: no kernel log and no metrics were there.",
			Explanation:     "The container ended with 137, which only says SIGKILL [F1].",
			Recommendations: []inv.Recommendation{{Action: inv.ActionCollectMore, Why: []string{"F1"}, Note: "Record the kernel log of the node and the metrics of the last 24 h.", Command: "oombot collect shop/cart --out ./incident"}},
		},
		Facts: []inv.Fact{{ID: "F1", Tool: inv.ToolPods, At: killedAt.Add(-24 * time.Hour), Says: "Container \"cart\" ended with exit code 137.", Source: "kubernetes/pods.json#0"}},
	}
	for _, tool := range []string{inv.ToolKernlog, inv.ToolMetrics, inv.ToolLogs, inv.ToolRollouts} {
		r.BlindSpots = append(r.BlindSpots, inv.BlindSpot{Tool: tool, Why: "the bundle has no such part", WouldTell: inv.WouldTell(tool)})
	}
	return incident{"insufficient_evidence", r, nil}
}
