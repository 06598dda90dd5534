package rules

import (
	"fmt"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

const mib = 1 << 20

var testAt = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

// incident builds the evidence of one incident, piece by piece.
type incident struct {
	req investigations.Request
	ev  investigations.Evidence
}

// newIncident has one pod shop/api-h1-x of a deployment of one revision, on node n1 of 16 GiB, with one container that has a
// limit of 512 MiB and a request of 256 MiB, and a kernel log that covers the day.
func newIncident() *incident {
	i := &incident{req: investigations.Request{At: testAt, Target: investigations.Target{Namespace: "shop", Pod: "api-h1-x", Container: "api"}}}
	i.ev.Pods = &investigations.PodEvidence{HasPods: true, HasNodes: true, HasEvents: true}
	i.ev.Pods.Pods = []investigations.Pod{i.newPod("api-h1-x", "api", "1111")}
	i.ev.Pods.Nodes = []investigations.Node{{Name: "n1", CapacityBytes: 16 << 30, AllocatableBytes: 15 << 30, Source: "kubernetes/nodes.json"}}
	i.ev.Kernel = &investigations.KernelEvidence{Logs: []investigations.KernelLog{{
		Node: "n1", Source: "kernel/n1.log", From: testAt.Add(-20 * time.Hour), To: testAt.Add(time.Minute), Lines: 500,
	}}}
	i.ev.Metrics = &investigations.MetricEvidence{Queries: map[string]investigations.Query{}}
	i.ev.Rollouts = &investigations.RolloutEvidence{HasWorkloads: true, HasRevisions: true, Workloads: []investigations.Workload{{
		Namespace: "shop", Kind: "deployment", Name: "api", Replicas: ptr(int32(1)), Template: template("r/api:1", 512*mib), Current: 1, Source: "kubernetes/deployments.json",
		Revisions: []investigations.Revision{{
			Number: 1, Name: "api-h1", Hash: "h1", Created: testAt.AddDate(0, 0, -9), Template: template("r/api:1", 512*mib), Source: "kubernetes/replicasets.json",
		}},
	}}}
	return i
}

func (i *incident) newPod(name, container, uid string) investigations.Pod {
	return investigations.Pod{
		Namespace: "shop", Name: name, UID: uid, Node: "n1", QoS: "Burstable", OwnerKind: "replicaset", OwnerName: "api-h1",
		Created: testAt.Add(-18 * time.Hour), Started: testAt.Add(-18 * time.Hour), TerminationGraceS: ptr(int64(30)), Source: "kubernetes/pods.json",
		Containers: []investigations.Container{{
			Name: container, Kind: investigations.ContainerApp, Image: "r/" + container + ":1", MemoryLimit: ptr(int64(512 * mib)), MemoryRequest: ptr(int64(256 * mib)),
			ContainerID: "now" + uid, State: investigations.ContainerState{RunningSince: testAt.Add(12 * time.Second)},
		}},
	}
}

func (i *incident) pod() *investigations.Pod { return &i.ev.Pods.Pods[0] }

func (i *incident) container() *investigations.Container { return &i.pod().Containers[0] }

// ends has the container end at the moment in question.
func (i *incident) ends(reason string, code int32) *incident {
	i.container().Restarts = 1
	i.container().LastState.Terminated = &investigations.Termination{
		Reason: reason, ExitCode: code, StartedAt: testAt.Add(-18 * time.Hour), FinishedAt: testAt, ContainerID: "dead1111",
	}
	return i
}

// report adds a kernel report; change may be nil.
func (i *incident) report(change func(*investigations.KernelReport)) *incident {
	r := investigations.KernelReport{
		At: ptr(testAt), Lines: [2]int64{10, 60}, Complete: true, Kind: investigations.KernelMemcg, Boundary: investigations.BoundaryContainer,
		OOMMemcg: "/kubepods/burstable/pod1111/dead1111", TaskMemcg: "/kubepods/burstable/pod1111/dead1111", PodUID: "1111", ContainerID: "dead1111",
		Memory: &investigations.KernelCounter{UsageKB: 524288, LimitKB: ptr(int64(524288))},
		Stats:  map[string]int64{"anon": 500 * mib, "file": 4 * mib, "shmem": 0, "slab": 2 * mib},
		Killed: []investigations.KernelKill{{PID: 42, Comm: "api", AnonRSSKB: ptr(int64(500 * 1024))}},
	}
	if change != nil {
		change(&r)
	}
	i.ev.Kernel.Logs[0].Reports = append(i.ev.Kernel.Logs[0].Reports, r)
	return i
}

func (i *incident) event(kind, name, reason, msg string, before time.Duration) *incident {
	i.ev.Pods.Events = append(i.ev.Pods.Events, investigations.Event{
		Namespace: "shop", Kind: kind, Name: name, Reason: reason, Message: msg, Count: 1,
		First: testAt.Add(-before), Last: testAt.Add(-before), Source: "kubernetes/events.json",
	})
	return i
}

// series adds a container's (or, without one, the node's) samples of the last hours, every 30 s.
func (i *incident) series(query, pod, container string, hours float64, value func(ago time.Duration) float64) *incident {
	sr := investigations.Series{Namespace: "shop", Pod: pod, Container: container}
	if pod == "" {
		sr = investigations.Series{Node: "n1"}
	}
	for t := testAt.Add(-time.Duration(hours * float64(time.Hour))); !t.After(testAt); t = t.Add(30 * time.Second) {
		sr.T, sr.V = append(sr.T, t.UnixMilli()), append(sr.V, value(testAt.Sub(t)))
	}
	q := i.ev.Metrics.Queries[query]
	q.Source = "metrics/" + query + ".json"
	q.Series = append(q.Series, sr)
	i.ev.Metrics.Queries[query] = q
	return i
}

func (i *incident) diagnose() (investigations.Diagnosis, *investigations.Ledger) {
	led := investigations.NewLedger(nil)
	return New().Diagnose(i.req, i.ev, led), led
}

func steady(v float64) func(time.Duration) float64 {
	return func(ago time.Duration) float64 { return v * (1 + 0.004*float64(int(ago.Seconds())/30%5-2)) }
}

func TestMechanismAndBoundary(t *testing.T) {
	tests := []struct {
		name     string
		incident *incident
		mech     investigations.Mechanism
		boundary investigations.Boundary
	}{
		{"container limit", newIncident().ends("OOMKilled", 137).report(nil), investigations.MemcgOOMKill, investigations.BoundaryContainer},
		{"machine ran out", newIncident().ends("Error", 137).report(func(r *investigations.KernelReport) {
			r.Kind, r.Boundary, r.OOMMemcg, r.Memory, r.Stats = investigations.KernelGlobal, investigations.BoundaryNode, "", nil, nil
		}), investigations.GlobalOOMKill, investigations.BoundaryNode},
		{"sysrq", newIncident().ends("Error", 137).report(func(r *investigations.KernelReport) {
			r.Kind, r.Boundary = investigations.KernelManual, investigations.BoundaryNone
		}), investigations.SigkillNotOOM, investigations.BoundaryNone},
		{"silent child", newIncident().report(nil), investigations.MemcgOOMKill, investigations.BoundaryContainer},
		{
			"liveness", newIncident().ends("Error", 137).
				event("Pod", "api-h1-x", "Unhealthy", "Liveness probe failed: timeout", 40*time.Second).
				event("Pod", "api-h1-x", "Killing", "Container api failed liveness probe, will be restarted", 30*time.Second),
			investigations.SigkillNotOOM, investigations.BoundaryNone,
		},
		{"unexplained", newIncident().ends("Error", 137), investigations.SigkillNotOOM, investigations.BoundaryNone},
		{"graceful", newIncident().ends("Completed", 0), investigations.OtherExit, investigations.BoundaryNone},
		{
			"stale label", newIncident().ends("OOMKilled", 143).report(func(r *investigations.KernelReport) { r.At = ptr(testAt.Add(-3 * time.Hour)) }),
			investigations.OtherExit, investigations.BoundaryNone,
		},
		{"nothing", newIncident(), investigations.NotKilled, investigations.BoundaryNone},
		{"only the reason", func() *incident {
			i := newIncident().ends("OOMKilled", 137)
			i.ev.Kernel, i.ev.Metrics = nil, nil
			return i
		}(), investigations.MemcgOOMKill, investigations.BoundaryUnknown},
		{"near the limit", func() *incident {
			i := newIncident().ends("OOMKilled", 137).series(investigations.QueryWorkingSet, "api-h1-x", "api", 6, steady(500*mib))
			i.ev.Kernel = nil
			return i
		}(), investigations.MemcgOOMKill, investigations.BoundaryContainer},
		{"node short", func() *incident {
			i := newIncident().ends("OOMKilled", 137).series(investigations.QueryWorkingSet, "api-h1-x", "api", 6, steady(200*mib)).
				series(investigations.QueryNodeAvailable, "", "", 6, steady(200*mib))
			i.ev.Kernel = nil
			return i
		}(), investigations.GlobalOOMKill, investigations.BoundaryNode},
		{"start killed", func() *incident {
			i := newIncident().ends("StartError", 128)
			i.container().LastState.Terminated.Message = "failed to create containerd task: container init was OOM-killed (memory limit too low?)"
			i.container().MemoryLimit, i.container().RawMemoryLimit = ptr(int64(5*mib)), "5Mi"
			return i
		}(), investigations.MemcgOOMKill, investigations.BoundaryContainer},
		{"eviction", func() *incident {
			i := newIncident()
			i.pod().Reason, i.pod().Message, i.pod().Phase = "Evicted", "The node was low on resource: memory.", "Failed"
			return i.event("Pod", "api-h1-x", "Evicted", "The node was low on resource: memory. Threshold quantity: 100Mi", 0)
		}(), investigations.KubeletEviction, investigations.BoundaryNode},
		{"preemption", func() *incident {
			i := newIncident().ends("Error", 137)
			i.pod().Conditions = []investigations.Condition{{Type: "DisruptionTarget", Status: "True", Reason: "PreemptionByScheduler", At: testAt}}
			return i
		}(), investigations.SigkillNotOOM, investigations.BoundaryNone},
		{"java", func() *incident {
			i := newIncident().ends("Error", 3)
			i.ev.Logs = &investigations.LogEvidence{Logs: []investigations.ContainerLog{{
				Namespace: "shop", Pod: "api-h1-x", Container: "api", Previous: true, Source: "logs/x",
				Matches: []investigations.LogMatch{{Kind: investigations.LogJavaOOM, LogLine: investigations.LogLine{At: testAt.Add(-time.Second), Line: 9, Text: "java.lang.OutOfMemoryError: Java heap space"}}},
			}}}
			return i
		}(), investigations.RuntimeOOM, investigations.BoundaryHeap},
		{"systemd-oomd", func() *incident {
			i := newIncident().ends("Error", 137)
			i.ev.Kernel.Logs[0].UserKills = []investigations.UserKill{{
				At: testAt, Line: 3, Killer: investigations.UserKillSystemdOOMD, PodUID: "1111", Path: "/kubepods.slice/x",
				Text: "Killed /kubepods.slice/x due to memory pressure for /kubepods.slice being 59.41% > 50.00% for > 20s with reclaim activity",
			}}
			return i
		}(), investigations.SystemdOOMD, investigations.BoundaryNodeAllocatable},
		{"bare kill", newIncident().ends("OOMKilled", 137).series(investigations.QueryWorkingSet, "api-h1-x", "api", 6, steady(500*mib)).
			report(func(r *investigations.KernelReport) {
				r.Complete, r.Boundary, r.OOMMemcg, r.TaskMemcg, r.PodUID, r.ContainerID = false, investigations.BoundaryUnknown, "", "", "", ""
				r.Memory, r.Stats = nil, nil
			}), investigations.MemcgOOMKill, investigations.BoundaryContainer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, led := tt.incident.diagnose()
			if d.Verdict.Mechanism != tt.mech || d.Verdict.Boundary != tt.boundary {
				t.Errorf("got %s at %s, want %s at %s\n%s", d.Verdict.Mechanism, d.Verdict.Boundary, tt.mech, tt.boundary, d.Verdict.Explanation)
			}
			checkSound(t, d, led)
		})
	}
}

// checkSound holds every diagnosis to what must be true of all.
func checkSound(t *testing.T, d investigations.Diagnosis, led *investigations.Ledger) {
	t.Helper()
	ids := map[string]bool{}
	for _, f := range led.Facts() {
		ids[f.ID] = true
		if f.Says == "" || f.Source == "" || f.Tool == "" {
			t.Errorf("fact %s lacks a sentence, source or tool: %+v", f.ID, f)
		}
	}
	cited := 0
	check := func(where string, list []string) {
		for _, id := range list {
			cited++
			if !ids[id] {
				t.Errorf("%s cites %q, which is no fact", where, id)
			}
		}
	}
	for _, h := range d.Hypotheses {
		check(fmt.Sprintf("hypothesis %s", h.Cause), append(h.For, h.Against...))
		if h.Score < 0 || h.Score > 1 {
			t.Errorf("score of %s is %v", h.Cause, h.Score)
		}
	}
	for _, r := range d.Verdict.Recommendations {
		check("recommendation "+string(r.Action), r.Why)
	}
	if cited == 0 {
		t.Error("the verdict cites no fact")
	}
	if n := len([]rune(d.Verdict.Headline)); n == 0 || n > headlineLimit {
		t.Errorf("headline of %d characters: %s", n, d.Verdict.Headline)
	}
	if (d.Verdict.Cause == investigations.CauseNotOOM) != (d.Verdict.Boundary == investigations.BoundaryNone) {
		t.Errorf("cause %s at boundary %s", d.Verdict.Cause, d.Verdict.Boundary)
	}
	if d.Verdict.Cause == investigations.CauseNotOOM && d.Verdict.Culprit != nil {
		t.Errorf("a culprit where nothing ran out: %+v", d.Verdict.Culprit)
	}
	rollback := false
	for _, r := range d.Verdict.Recommendations {
		rollback = rollback || r.Action == investigations.ActionRollback
		if d.Verdict.Cause == investigations.CauseLeak && r.Action == investigations.ActionSetLimit {
			t.Error("a higher limit against a leak")
		}
	}
	if rollback && d.Verdict.Change == nil {
		t.Error("a rollback though no change set it off")
	}
}
