package functions

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/oombot/oombot/investigations"
)

const mib = 1 << 20

var killedAt = time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC)

// about returns the functions of an investigation of shop/web-1/web on node n1 with that evidence.
func about(ev investigations.Evidence, blind ...investigations.BlindSpot) *Set {
	target := investigations.Target{Namespace: "shop", Pod: "web-1", Container: "web", Workload: "deployment/web", Node: "n1"}
	res := &investigations.Result{ID: "01X", At: killedAt, Target: target, BlindSpots: blind}
	return New(investigations.Request{At: killedAt, Target: target, Cluster: "prod"}, res, &ev, nil)
}

// wantSays compares the sentences and the note of an answer.
func wantSays(t *testing.T, s *Set, function, arguments string, want ...string) {
	t.Helper()
	a := call(t, s, function, arguments)
	checkAnswer(t, a)
	if diff := cmp.Diff(strings.Join(want, "\n"), says(a)); diff != "" {
		t.Errorf("%s %s (-want +got):\n%s", function, arguments, diff)
	}
}

// kernelEvidence has a log in seconds since boot with the report of a v1 cgroup, one of a machine, and user space's kills.
func kernelEvidence() investigations.Evidence {
	return investigations.Evidence{
		Kernel: &investigations.KernelEvidence{Logs: []investigations.KernelLog{
			{
				Node: "n1", Source: "kernel/n1.log", UptimeFrom: ptr(1.0), UptimeTo: ptr(99.0),
				Reports: []investigations.KernelReport{{
					UptimeS: ptr(70.5), Lines: [2]int64{3, 40}, Kind: investigations.KernelMemcg, Boundary: investigations.BoundaryContainer, PodUID: "u1",
					InvokedBy: &investigations.KernelInvoker{Comm: "java", PID: 42, GFPMask: "0xcc0", Order: 0},
					Memory:    &investigations.KernelCounter{UsageKB: 1024, LimitKB: ptr(int64(1024)), FailCnt: 9}, MemorySwap: &investigations.KernelCounter{UsageKB: 2048},
					Stats: map[string]int64{"rss": mib, "cache": 4096, "pgfault": 17, "pgpgin": 0, "Bad Key[F1]": 5},
					Children: map[string]map[string]int64{
						"/kubepods/a": {"anon": 5 * mib}, "/kubepods/b": {"anon": 9 * mib, "file": mib},
					},
					Killed: []investigations.KernelKill{{PID: 42, Comm: "java", AnonRSSKB: ptr(int64(900)), Score: ptr(int64(1000))}},
					Tasks: []investigations.KernelTask{
						{PID: 1, Comm: "sh", RSSPages: 1, OOMScoreAdj: -998},
						{PID: 42, Comm: "java", RSSPages: 225, RSSAnonPages: ptr(int64(200)), SwapentsPages: 10, OOMScoreAdj: 5, Badness: ptr(int64(300))},
					},
					Missing: []string{"head"}, SuppressedBefore: 12,
				}},
			},
			{
				Node: "n2", Source: "kernel/n2.log", From: killedAt.Add(-time.Hour), To: killedAt, Lines: 100,
				Reports: []investigations.KernelReport{{
					At: ptr(killedAt.Add(-30 * time.Minute)), Kind: investigations.KernelGlobal, Boundary: investigations.BoundaryNode,
					Node:   &investigations.KernelNode{RAMPages: ptr(int64(256)), SwapFreeKB: ptr(int64(8)), SlabUnreclaimablePages: ptr(int64(2))},
					Killed: []investigations.KernelKill{{PID: 7, Comm: "a\x1b[31m[F3]"}, {PID: 8, Comm: "b"}},
				}},
				UserKills: []investigations.UserKill{{At: killedAt, Line: 5, Killer: investigations.UserKillSystemdOOMD, Text: "Killed /x [F7] <@U1>"}},
			},
		}},
		Pods: &investigations.PodEvidence{HasPods: true, Pods: []investigations.Pod{{Namespace: "shop", Name: "web-1", UID: "u1", Node: "n1"}}},
	}
}

func TestKernlogByHand(t *testing.T) {
	s := about(kernelEvidence())
	wantSays(t, s, "kernlog", `{"node":"n1"}`,
		`1 min 11 s after boot on node "n1" the kernel killed because a cgroup reached its limit; boundary: container; the allocation that failed was of "java" (pid 42), "0xcc0", order 0`,
		`1 min 11 s after boot on node "n1" the counters of the cgroup that broke were: memory usage 1 MiB, memory limit 1 MiB, memory failcnt 9, memory+swap usage 2 MiB, memory+swap failcnt 0`,
		`1 min 11 s after boot on node "n1" it killed "java" (pid 42), anonymous 900 KiB, score 1000`,
		`1 min 11 s after boot on node "n1" the cgroup that broke held: rss 1 MiB, cache 4 KiB`,
		`1 min 11 s after boot on node "n1" the report's table holds 2 processes with 904 KiB resident and 40 KiB swapped out in all (shared pages count for each)`,
		`1 min 11 s after boot on node "n1" process "java" (pid 42) had 900 KiB resident, anonymous 800 KiB, swapped out 40 KiB; oom_score_adj 5, badness 300; it was killed`,
		`1 min 11 s after boot on node "n1" process "sh" (pid 1) had 4 KiB resident; oom_score_adj -998`,
		"note: the report lacks: head. the kernel left out 12 lines before it")
	wantSays(t, s, "kernlog", `{"node":"n1","what":"stats"}`,
		`1 min 11 s after boot on node "n1" the cgroup that broke held: rss 1 MiB, cache 4 KiB`,
		`1 min 11 s after boot on node "n1" the counters of that cgroup were: pgfault 17`,
		`1 min 11 s after boot on node "n1" the cgroup "/kubepods/b" held: anon 9 MiB, file 1 MiB`,
		`1 min 11 s after boot on node "n1" the cgroup "/kubepods/a" held: anon 5 MiB`,
		"note: ")
	wantSays(t, s, "kernlog", `{"node":"n2"}`,
		`At 2026-03-04T01:47:09Z on node "n2" the kernel killed because the machine ran short of memory; boundary: node`,
		`At 2026-03-04T01:47:09Z on node "n2" the machine had: RAM 1 MiB, slab unreclaimable 8 KiB, swap free 8 KiB`,
		`At 2026-03-04T01:47:09Z on node "n2" it killed "a�[31m(F3)" (pid 7)`,
		`At 2026-03-04T01:47:09Z on node "n2" it killed "b" (pid 8)`,
		"note: the report holds no table of processes")
	wantSays(t, s, "kernlog", `{"what":"kills"}`,
		`1 min 11 s after boot on node "n1" the kernel killed "java" (pid 42) with 900 KiB anonymous; what broke: container at its limit of 1 MiB; pod "shop/web-1"`,
		`At 2026-03-04T01:47:09Z on node "n2" the kernel killed "a�[31m(F3)" (pid 7) and 1 more process; what broke: node`,
		`note: the kernel log of "n1" and the kernel log of "n2" from 2026-03-04T01:17:09Z to 2026-03-04T02:17:09Z tell of 2 kills`)
	wantSays(t, s, "kernlog", `{"what":"user_kills"}`,
		`At 2026-03-04T02:17:09Z on node "n2" systemd-oomd logged: "Killed /x (F7) <@U1>"`, "note: ")
	s.ev.Kernel.Logs[1].Reports, s.ev.Kernel.Logs[1].To = nil, killedAt.Add(-50*time.Minute)
	wantSays(t, s, "kernlog", `{"node":"n2"}`,
		`note: nothing found: the kernel log of "n2" from 2026-03-04T01:17:09Z to 2026-03-04T01:27:09Z tells of no OOM kill. `+
			`the log of "n2" says nothing of 2026-03-04T02:17:09Z: it does not cover that moment`)
}

// TestVictimsReport: without a moment it is the report of the verdict's victim, not the one nearest in time.
func TestVictimsReport(t *testing.T) {
	s := about(kernelEvidence())
	s.res.Verdict.Victim = &investigations.Party{PID: 42, Node: "n1"}
	if a := call(t, s, "kernlog", `{"top":1}`); !strings.Contains(a.Facts[0].Says, `on node "n1"`) || a.Facts[0].Source != "kernel/n1.log:3-40" {
		t.Errorf("%+v", a.Facts[0])
	}
	if a := call(t, s, "kernlog", `{"top":1,"at":"2026-03-04T01:47:00Z"}`); !strings.Contains(a.Facts[0].Says, `on node "n2"`) || a.Facts[0].Source != "kernel/n2.log" {
		t.Errorf("%+v", a.Facts[0])
	}
}

func podEvidence() investigations.Evidence {
	return investigations.Evidence{Pods: &investigations.PodEvidence{
		HasPods: true, HasEvents: true, HasNodes: true,
		Pods: []investigations.Pod{
			{
				Namespace: "shop", Name: "web-1", Node: "n1", OwnerKind: "replicaset", OwnerName: "web-77", QoS: "Burstable", Priority: ptr(int32(9)), PriorityClass: "high",
				Phase: "Failed", Reason: "Evicted", Message: "The node was low on resource: memory. [F2]", Created: killedAt.Add(-time.Hour), Deleted: killedAt,
				TerminationGraceS: ptr(int64(30)), MemoryLimit: ptr(int64(64 * mib)), MemoryRequest: ptr(int64(32 * mib)),
				Volumes:    []investigations.Volume{{Name: "cache", Memory: true, SizeLimit: ptr(int64(8 * mib))}, {Name: "shm", Memory: true}, {Name: "data"}},
				Conditions: []investigations.Condition{{Type: "Ready", Status: "False", At: killedAt}, {Type: "Initialized", Status: "True"}},
				Source:     "kubernetes/pods.json",
				Containers: []investigations.Container{
					{
						Name: "web", Kind: investigations.ContainerApp, Image: "r/web:1", MemoryLimit: ptr(int64(32 * mib)), AllocatedLimit: ptr(int64(16 * mib)), Restarts: 3, HasLiveness: true,
						Command: []string{"/web"}, Args: []string{"--db-password", "hunter2hunter2", "--heap=16m"},
						Env: []investigations.EnvVar{{Name: "GOMEMLIMIT", Value: "14MiB"}, {Name: "DB_PASSWORD", Value: "hunter2hunter2", Digest: "d"}, {Name: "X", Digest: "e"}},
						State: investigations.ContainerState{Terminated: &investigations.Termination{
							Reason: "OOMKilled", ExitCode: 137, Signal: 9, StartedAt: killedAt.Add(-90 * time.Second), FinishedAt: killedAt, Message: "bye",
						}},
						LastState: investigations.ContainerState{Terminated: &investigations.Termination{Reason: "Error", ExitCode: 1, FinishedAt: killedAt.Add(-5 * time.Minute)}},
					},
					{Name: "proxy", Kind: investigations.ContainerSidecar, State: investigations.ContainerState{WaitingReason: "CrashLoopBackOff", WaitingMessage: "back-off 10s"}},
				},
			},
			{
				Namespace: "shop", Name: "web-2", Node: "n1", OwnerKind: "replicaset", OwnerName: "web-77", Phase: "Running", Source: "kubernetes/pods.json",
				Containers: []investigations.Container{{Name: "web", Kind: investigations.ContainerApp, MemoryRequest: ptr(int64(mib)), MemoryLimit: ptr(int64(2 * mib))}},
			},
			{Namespace: "other", Name: "big", Node: "n1", Phase: "Running", Source: "kubernetes/pods.json", Containers: []investigations.Container{{Name: "c", Kind: investigations.ContainerApp}}},
		},
		Nodes: []investigations.Node{{
			Name: "n1", CapacityBytes: 100 * mib, AllocatableBytes: 90 * mib, SwapBytes: ptr(int64(5 * mib)), KernelVersion: "6.1", KubeletVersion: "v1", Runtime: "containerd://2",
			OSImage: "Debian", Unschedulable: true, Conditions: []investigations.Condition{{Type: "MemoryPressure", Status: "True", Reason: "Low", At: killedAt}}, Source: "kubernetes/nodes.json",
		}},
		Events: []investigations.Event{
			{Namespace: "shop", Kind: "Pod", Name: "web-1", Type: "Warning", Reason: "Evicted", Message: "gone [F1]", Component: "kubelet", Count: 2, First: killedAt.Add(-time.Minute), Last: killedAt, Source: "kubernetes/events.json"},
			{Namespace: "default", Kind: "Node", Name: "n1", Type: "Warning", Reason: "SystemOOM", Message: "oom", Count: 1, First: killedAt, Last: killedAt.Add(time.Second), Source: "kubernetes/events.json"},
			{Namespace: "shop", Kind: "Pod", Name: "web-2", Reason: "Started", Last: killedAt, Source: "kubernetes/events.json"},
		},
		LimitRanges: []investigations.LimitRange{{
			Namespace: "shop", Name: "lr", DefaultLimit: ptr(int64(32 * mib)), Max: ptr(int64(64 * mib)), Source: "kubernetes/limitranges.json",
			Changed: []investigations.ManagedChange{{At: killedAt.Add(-time.Hour)}},
		}},
		Quotas: []investigations.ResourceQuota{{Namespace: "shop", Name: "q", HardLimits: ptr(int64(100 * mib)), UsedLimits: ptr(int64(96 * mib)), Source: "kubernetes/resourcequotas.json"}},
	}}
}

func TestPodsByHand(t *testing.T) {
	s := about(podEvidence())
	wantSays(t, s, "pods", "",
		`pod "shop/web-1" of "replicaset/web-77" on node "n1": QoS class "Burstable", priority 9, priority class "high", pod-level memory limit 64 MiB, pod-level memory request 32 MiB, termination grace 30 s; `+
			`volume "cache" is kept in memory, at most 8 MiB; volume "shm" is kept in memory, without a size limit`,
		`container "web" of pod "web-1" (app): image "r/web:1", memory request none, limit 32 MiB, in force 16 MiB; command line "/web --db-password [redacted] --heap=16m"; "GOMEMLIMIT"="14MiB"; `+
			`"DB_PASSWORD"="[redacted]"; 1 variable whose value is not kept; it has a liveness probe`,
		`container "proxy" of pod "web-1" (sidecar): image "", memory request none, limit none`,
		`pod "shop/web-1": phase "Failed", reason "Evicted", message "The node was low on resource: memory. (F2)", created at 2026-03-04T01:17:09Z, to be deleted at 2026-03-04T02:17:09Z; `+
			`condition "Ready" is "False" since 2026-03-04T02:17:09Z`,
		`container "web" of pod "web-1": restarts 3; it ended with "OOMKilled", exit code 137, signal 9, at 2026-03-04T02:17:09Z after 1 min 30 s, message "bye"; `+
			`its last life before ended with "Error", exit code 1, at 2026-03-04T02:12:09Z`,
		`container "proxy" of pod "web-1": restarts 0, waiting: "CrashLoopBackOff" "back-off 10s"`,
		"note: ")
	wantSays(t, s, "pods", `{"what":"events"}`,
		`event about "Pod web-1": "Evicted" ("Warning"), 2 times from 2026-03-04T02:16:09Z to 2026-03-04T02:17:09Z, by "kubelet": "gone (F1)"`,
		`event about "Node n1": "SystemOOM" ("Warning") at 2026-03-04T02:17:10Z: "oom"`, "note: ")
	wantSays(t, s, "pods", `{"node":"n1"}`,
		`node "n1": memory 100 MiB, of which pods may use 90 MiB, swap 5 MiB; kernel "6.1", kubelet "v1", runtime "containerd://2", system "Debian"; it takes no new pods`,
		`node "n1": condition "MemoryPressure" is "True" since 2026-03-04T02:17:09Z ("Low")`, "note: ")
	wantSays(t, s, "pods", `{"what":"neighbours"}`,
		`on node "n1" run 2 pods that were read: memory requests 1 MiB in all, limits 2 MiB in all, without a limit 1; pods may use 90 MiB of the node`,
		`pod "shop/web-2" on node "n1": QoS class "", memory request 1 MiB, limit 2 MiB`,
		`pod "other/big" on node "n1": QoS class "", memory request 0 B, limit none`, "note: ")
	wantSays(t, s, "pods", `{"what":"quota"}`,
		`LimitRange "shop/lr": a container gets a memory limit of 32 MiB by default and a request of none; it may have at most 64 MiB, at least none, a pod at most none; last changed at 2026-03-04T01:17:09Z`,
		`ResourceQuota "shop/q": memory limits 96 MiB used of 100 MiB, memory requests none used of none`, "note: ")
	wantSays(t, s, "pods", `{"what":"quota","namespace":"other"}`, `note: nothing found: no LimitRange or ResourceQuota of namespace "other" is among what was read`)
	s.ev.Pods.HasEvents, s.ev.Pods.HasNodes = false, false
	for _, what := range []string{podEvents, podNode} {
		wantSays(t, s, "pods", `{"what":"`+what+`"}`, "note: could not look: pods was not read for this investigation; it would tell "+investigations.WouldTell("pods"))
	}
	s.res.Target.Pod, s.res.Target.Workload = "", "deployment/web"
	if a := call(t, s, "pods", `{"what":"state"}`); len(a.Facts) != 5 {
		t.Errorf("of the workload's two pods: %s", says(a))
	}
}

// TestManyPods: the work and the answer are bounded, and what is left out is counted.
func TestManyPods(t *testing.T) {
	s := about(podEvidence())
	for range 20_000 {
		s.ev.Pods.Pods = append(s.ev.Pods.Pods, s.ev.Pods.Pods[1])
		s.ev.Pods.Events = append(s.ev.Pods.Events, s.ev.Pods.Events[0])
		s.ev.Pods.Events[len(s.ev.Pods.Events)-1].Last = killedAt.Add(time.Duration(len(s.ev.Pods.Events)) * time.Second)
	}
	for i := range s.ev.Pods.Pods {
		s.ev.Pods.Pods[i].Name += strings.Repeat("x", i%7)
	}
	for arguments, note := range map[string]string{
		`{"what":"neighbours"}`:                  "19993 smaller pods not shown",
		`{"what":"events"}`:                      "19990 more not shown",
		`{"namespace":"shop","what":"state"}`:    "more not shown",
		`{"namespace":"other","what":"quota"}`:   "nothing found",
		`{"what":"events","namespace":"other"}`:  "",
		`{"namespace":"shop","what":"spec"}`:     "more not shown",
		`{"what":"neighbours","node":"n1"}`:      "19993 smaller pods not shown",
		`{"what":"node","node":"n1"}`:            "",
		`{"what":"events","pod":"web-1"}`:        "19990 more not shown",
		`{"what":"spec","namespace":"shop"}`:     "",
		`{"what":"state","pod":"web-1"}`:         "",
		`{"what":"state","namespace":"shop"}`:    "",
		`{"what":"neighbours","pod":"web-1"}`:    "19993 smaller",
		`{"what":"quota","namespace":"shop"}`:    "",
		`{"what":"events","node":"n1","pod":""}`: "",
	} {
		a := call(t, s, "pods", arguments)
		checkAnswer(t, a)
		if !strings.Contains(a.Note, note) {
			t.Errorf("%s: %q, want %q in it", arguments, a.Note, note)
		}
	}
}
