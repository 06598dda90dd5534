package rules

import (
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// TestNeighbourLimitFitsTheNode: a limit above what the node has left beside its other pods would bound nothing.
func TestNeighbourLimitFitsTheNode(t *testing.T) {
	i := onNode().neighbour("batch", "import", 256*mib, rising(9000*mib, 13900*mib)).neighbour("calm", "calm", 1900*mib, steady(2000*mib))
	d, led := i.diagnose()
	checkSound(t, d, led)
	for _, r := range d.Verdict.Recommendations {
		if r.Action != investigations.ActionLimitCulprit {
			continue
		}
		if want := quantityOf(roundDown(15<<30 - 2400*mib*1.008)); r.Value != want {
			t.Errorf("limit %s, want %s", r.Value, want)
		}
		return
	}
	t.Errorf("no limit for the culprit: %+v", d.Verdict.Recommendations)
}

// withWorkload gives the neighbour's pods a deployment of the same name.
func (i *incident) withWorkload(name string, created time.Time) *incident {
	w := investigations.Workload{Namespace: "shop", Kind: "deployment", Name: name, Created: created, Source: "kubernetes/deployments.json"}
	w.Revisions = []investigations.Revision{{Number: 1, Name: name + "-h1", Hash: "h1", Created: created, Source: "kubernetes/replicasets.json"}}
	i.ev.Rollouts.Workloads = append(i.ev.Rollouts.Workloads, w)
	for j := range i.ev.Pods.Pods {
		if p := &i.ev.Pods.Pods[j]; p.Name == name+"-h1-x" {
			p.OwnerName = name + "-h1"
		}
	}
	return i
}

// TestYoungNeighbour: a young pod of an old revision was only moved; one of a workload as young as itself was rolled out.
func TestYoungNeighbour(t *testing.T) {
	young := testAt.Add(-50 * time.Minute)
	for _, tt := range []struct {
		name    string
		created time.Time
		want    investigations.Trigger
	}{
		{"moved", testAt.Add(-30 * 24 * time.Hour), investigations.TriggerNone},
		{"new", young.Add(-5 * time.Second), investigations.TriggerDeploy},
	} {
		i := onNode().neighbour("batch-h1-x", "import", 256*mib, rising(300*mib, 9000*mib)).withWorkload("batch", tt.created)
		i.ev.Pods.Pods[len(i.ev.Pods.Pods)-1].Created = young
		q := i.ev.Metrics.Queries[investigations.QueryNodePods]
		s := &q.Series[len(q.Series)-1]
		cut := len(s.T) - 98
		s.T, s.V = s.T[cut:], s.V[cut:]
		d, led := i.diagnose()
		checkSound(t, d, led)
		if d.Verdict.Cause != investigations.CauseNoisyNeighbour || d.Verdict.Trigger != tt.want || d.Verdict.Change != nil {
			t.Errorf("%s: cause %s, trigger %s, want %s; change %+v", tt.name, d.Verdict.Cause, d.Verdict.Trigger, tt.want, d.Verdict.Change)
		}
	}
}

// burst makes a kill that no scrape saw coming: the table has it, under an oom_score_adj that two pods share.
func burst(adj int64, anon int64) *incident {
	i := onNode().neighbour("calm", "calm", 256*mib, steady(300*mib)).neighbour("batch", "import", 256*mib, steady(300*mib))
	i.ev.Pods.Pods[1].Containers[0].MemoryLimit = ptr(int64(512 * mib))
	delete(i.ev.Metrics.Queries, investigations.QueryNodeAvailable)
	n := i.ev.Kernel.Logs[0].Reports[0].Node
	n.AnonPages, n.FilePages, n.SlabUnreclaimablePages = ptr(anon), ptr(int64(9000)), ptr(int64(40000))
	i.row(42, "api", 100000, adj)
	for pid := range int64(20) {
		i.row(100+pid, "python3", 150000, adj)
	}
	return i
}

func TestTableBeyondMetrics(t *testing.T) {
	const adj = 985 // of a request of 256 MiB on 16 GiB
	d, led := burst(adj, 3_150_000).diagnose()
	checkSound(t, d, led)
	want := investigations.Party{Namespace: "shop", Pod: "batch", Container: "import", Node: "n1"}
	if c := d.Verdict.Culprit; d.Verdict.Cause != investigations.CauseNoisyNeighbour || c == nil || c.Pod != want.Pod || c.Container != want.Container || c.Comm != "python3" {
		t.Errorf("cause %s, culprit %+v: the pod that no limit keeps from it", d.Verdict.Cause, c)
	}
	// Pages that the processes share stand in every row: the machine's lists hold far less than the rows' sum, and what
	// fills it is elsewhere.
	d, led = burst(adj, 400_000).diagnose()
	checkSound(t, d, led)
	if d.Verdict.Cause == investigations.CauseNoisyNeighbour || d.Verdict.Cause == investigations.CauseNodeOvercommit {
		t.Errorf("cause %s from rows that share their pages", d.Verdict.Cause)
	}
}

// TestOutsideBurst: a program that no scrape saw grow had less before, and not what it has at the kill.
func TestOutsideBurst(t *testing.T) {
	i := onNode().row(42, "api", 100000, 985).row(7, "backup-agent", 3_000_000, 0).row(8, "kubelet", 20000, -999)
	delete(i.ev.Metrics.Queries, investigations.QueryNodeAvailable)
	i.series(investigations.QueryNodeAvailable, "", "", 12, steady(14<<30))
	d, led := i.diagnose()
	checkSound(t, d, led)
	if c := d.Verdict.Culprit; d.Verdict.Cause != investigations.CauseNoisyNeighbour || c == nil || c.Comm != "backup-agent" {
		t.Fatalf("cause %s, culprit %+v", d.Verdict.Cause, c)
	}
	for _, f := range led.Facts() {
		if f.Key == "rules/holder/backup-agent" && f.Values["growth_bytes"] < 8<<30 {
			t.Errorf("%s", f.Says)
		}
	}
}

// TestNodeWithoutReport: evictions have no kernel report, and not every pod has metrics.
func TestNodeWithoutReport(t *testing.T) {
	i := newIncident()
	i.pod().Reason, i.pod().Message = "Evicted", "The node was low on resource: memory."
	i.container().State.Terminated = &investigations.Termination{ExitCode: 137, Reason: "Error", StartedAt: testAt.Add(-time.Hour), FinishedAt: testAt}
	i.neighbour("batch", "import", 256*mib, rising(300*mib, 12000*mib))
	i.series(investigations.QueryNodeAvailable, "", "", 12, func(ago time.Duration) float64 { return min(10, 0.1+ago.Hours()) * (1 << 30) })
	d, led := i.diagnose()
	checkSound(t, d, led)
	if c := d.Verdict.Culprit; d.Verdict.Mechanism != investigations.KubeletEviction || d.Verdict.Cause != investigations.CauseNoisyNeighbour || c == nil || c.Pod != "batch" {
		t.Errorf("%s, cause %s, culprit %+v", d.Verdict.Mechanism, d.Verdict.Cause, c)
	}
}
