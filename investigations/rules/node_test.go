package rules

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// onNode makes the incident a kill for the whole machine, of 16 GiB.
func onNode() *incident {
	i := newIncident().ends("OOMKilled", 137).report(func(r *investigations.KernelReport) {
		r.Kind, r.Boundary, r.OOMMemcg, r.Memory, r.Stats = investigations.KernelGlobal, investigations.BoundaryNode, "", nil, nil
		r.Node = &investigations.KernelNode{RAMPages: ptr(int64(4 << 20)), FreePages: ptr(int64(20000))}
	})
	return i.nodePod("api-h1-x", steady(400*mib)).series(investigations.QueryNodeAvailable, "", "", 12, func(ago time.Duration) float64 {
		if ago < time.Hour {
			return (150 + 90*ago.Minutes()) * mib
		}
		return 6 << 30
	})
}

func (i *incident) nodePod(name string, value func(time.Duration) float64) *incident {
	return i.series(investigations.QueryNodePods, name, "", 12, value)
}

// neighbour adds another pod on the node, with a request and no limit.
func (i *incident) neighbour(name, container string, request int64, value func(time.Duration) float64) *incident {
	p := i.newPod(name, container, "uid-"+name)
	p.OwnerKind, p.OwnerName = "replicaset", name
	p.Containers[0].MemoryRequest, p.Containers[0].MemoryLimit = ptr(request), nil
	i.ev.Pods.Pods = append(i.ev.Pods.Pods, p)
	return i.nodePod(name, value)
}

func rising(from, to float64) func(time.Duration) float64 {
	return func(ago time.Duration) float64 {
		if ago < time.Hour {
			return to - (to-from)*ago.Minutes()/60
		}
		return from
	}
}

func (i *incident) row(pid int64, comm string, pages, adj int64) *incident {
	r := &i.ev.Kernel.Logs[0].Reports[0]
	r.Tasks = append(r.Tasks, investigations.KernelTask{PID: pid, TGID: pid, Comm: comm, RSSPages: pages, OOMScoreAdj: adj})
	return i
}

func TestNodeCauses(t *testing.T) {
	many := func() *incident {
		i := onNode()
		for _, n := range []string{"a", "b", "c", "d", "e"} {
			i.neighbour("svc-"+n, n, 512*mib, rising(1.6*1024*mib, 2.9*1024*mib))
		}
		return i
	}
	tests := []struct {
		name     string
		incident *incident
		cause    investigations.Cause
		culprit  investigations.Party
		action   investigations.Action
	}{
		{
			"a neighbour grew", onNode().neighbour("batch", "import", 256*mib, rising(300*mib, 9000*mib)).neighbour("calm", "calm", 900*mib, steady(1000*mib)),
			investigations.CauseNoisyNeighbour,
			investigations.Party{Namespace: "shop", Pod: "batch", Container: "import", Node: "n1"},
			investigations.ActionLimitCulprit,
		},
		{
			"a program outside Kubernetes", onNode().row(42, "api", 100000, 985).row(7, "backup-agent", 2_000_000, 0).row(8, "kubelet", 20000, -999),
			investigations.CauseNoisyNeighbour,
			investigations.Party{Node: "n1", PID: 7, Comm: "backup-agent"},
			investigations.ActionLimitCulprit,
		},
		{"many together", many(), investigations.CauseNodeOvercommit, investigations.Party{Node: "n1"}, investigations.ActionMoveOrResizeNode},
		{"all pods at what the node allows", func() *incident {
			i := many()
			r := &i.ev.Kernel.Logs[0].Reports[0]
			r.Kind, r.Boundary, r.OOMMemcg, r.Node = investigations.KernelMemcg, investigations.BoundaryNodeAllocatable, "/kubepods", nil
			r.Memory = &investigations.KernelCounter{UsageKB: 15 << 20, LimitKB: ptr(int64(15 << 20))}
			return i
		}(), investigations.CauseNodeOvercommit, investigations.Party{Node: "n1"}, investigations.ActionMoveOrResizeNode},
		{"fragmentation", func() *incident {
			i := onNode()
			r := &i.ev.Kernel.Logs[0].Reports[0]
			r.InvokedBy = &investigations.KernelInvoker{Comm: "kworker", Order: 5}
			r.Node.FreePages = ptr(int64(1 << 20))
			delete(i.ev.Metrics.Queries, investigations.QueryNodeAvailable)
			return i
		}(), investigations.CauseKernelMemory, investigations.Party{}, investigations.ActionCollectMore},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, led := tt.incident.diagnose()
			checkSound(t, d, led)
			if d.Verdict.Cause != tt.cause {
				t.Errorf("cause %s, want %s", d.Verdict.Cause, tt.cause)
				for _, f := range led.Facts() {
					t.Logf("%s %s", f.ID, f.Says)
				}
			}
			if c := d.Verdict.Culprit; tt.culprit != (investigations.Party{}) && (c == nil || *c != tt.culprit) {
				t.Errorf("culprit %+v, want %+v", c, tt.culprit)
			}
			if v := d.Verdict.Victim; v.Pod != "api-h1-x" || v.PID != 42 {
				t.Errorf("victim %+v", v)
			}
			found := false
			for _, r := range d.Verdict.Recommendations {
				found = found || r.Action == tt.action
				if r.Action == investigations.ActionSetLimit || r.Action == investigations.ActionFixLeak {
					t.Errorf("%s against a shortage of the node", r.Action)
				}
			}
			if !found {
				t.Errorf("%s is not recommended", tt.action)
			}
		})
	}
}

// twoContainers puts a log-shipper beside the app, under a pod's limit of 700 MiB.
func twoContainers() *incident {
	i := newIncident().ends("OOMKilled", 137).report(func(r *investigations.KernelReport) {
		r.Boundary, r.OOMMemcg = investigations.BoundaryPod, "/kubepods/burstable/pod1111"
		r.Memory = &investigations.KernelCounter{UsageKB: 700 << 10, LimitKB: ptr(int64(700 << 10))}
		r.Tasks = []investigations.KernelTask{{PID: 42, Comm: "api", RSSPages: 100000, OOMScoreAdj: 985}, {PID: 50, Comm: "fluent-bit", RSSPages: 74000, OOMScoreAdj: 996}}
	})
	i.pod().MemoryLimit = ptr(int64(700 * mib))
	side := i.newPod("x", "log-shipper", "s").Containers[0]
	side.MemoryRequest, side.Image = ptr(int64(64*mib)), "r/fluent-bit:2"
	i.pod().Containers = append(i.pod().Containers, side)
	return i
}

func TestPodLimit(t *testing.T) {
	grew := twoContainers().memory("api-h1-x", "api", 12, steady(400*mib)).memory("api-h1-x", "log-shipper", 12, rising(50*mib, 300*mib))
	d, led := grew.diagnose()
	checkSound(t, d, led)
	if v := d.Verdict; v.Cause != investigations.CauseSidecar || v.Victim.Container != "api" || v.Culprit.Container != "log-shipper" {
		t.Errorf("cause %s, victim %+v, culprit %+v", v.Cause, v.Victim, v.Culprit)
	}
	// Without metrics the table tells: the sidecar holds the most beyond its request.
	d, led = twoContainers().diagnose()
	checkSound(t, d, led)
	if v := d.Verdict; v.Cause != investigations.CauseSidecar || v.Culprit == nil || v.Culprit.Container != "log-shipper" || v.Culprit.Comm != "fluent-bit" {
		t.Errorf("from the table: cause %s, culprit %+v", v.Cause, v.Culprit)
	}
	if d.Verdict.Confidence > ceilingNoMetrics {
		t.Errorf("confidence %v without metrics", d.Verdict.Confidence)
	}
	// The app itself leaks under the shared limit: no sidecar's fault.
	own := twoContainers().memory("api-h1-x", "api", 12, func(ago time.Duration) float64 { return (640 - 30*ago.Hours()) * mib }).memory("api-h1-x", "log-shipper", 12, steady(50*mib))
	d, led = own.diagnose()
	checkSound(t, d, led)
	if v := d.Verdict; v.Cause != investigations.CauseLeak || v.Culprit.Container != "api" {
		t.Errorf("cause %s, culprit %+v", v.Cause, v.Culprit)
	}
}
