package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// tops has the recorder see a process of the container at two moments before the kill.
func (i *incident) tops(comm string, pid int64, first, last float64, from time.Duration) *incident {
	r := &i.ev.Metrics.Recorder[0]
	for ago, size := range map[time.Duration]float64{from: first, time.Second: last} {
		r.Top = append(r.Top, investigations.RecorderTop{At: testAt.Add(-ago), Namespace: "shop", Pod: "api-h1-x", Container: "api", PID: pid, Comm: comm, RSSBytes: int64(size)})
	}
	slices.SortStableFunc(r.Top, func(a, b investigations.RecorderTop) int { return a.At.Compare(b.At) })
	return i
}

// score returns the score of a cause, 0 where it is none of the hypotheses.
func score(d investigations.Diagnosis, cause investigations.Cause) float64 {
	for _, h := range d.Hypotheses {
		if h.Cause == cause {
			return h.Score
		}
	}
	return 0
}

// TestRecordedSpike: a rise that no scrape saw is one by the recorder, which says who grew.
func TestRecordedSpike(t *testing.T) {
	i := killed().memory("api-h1-x", "api", 6, steady(200*mib)).recorder("api-h1-x", "api", investigations.RecordedCurrent, jump(200*mib, 510*mib)).
		tops("api", 7, 180*mib, 185*mib, 9*time.Minute).tops("convert", 99, 5*mib, 300*mib, 20*time.Second)
	d, led := i.diagnose()
	checkSound(t, d, led)
	f := factOf(t, led, "recorder/rise")
	if want := "the process that grew most was convert (pid 99), from not among the largest to 300 MiB."; !strings.HasSuffix(f.Says, want) || f.Tool != investigations.ToolMetrics || f.Source != "recorder/n1.json" {
		t.Errorf("%+v", f)
	}
	without, _ := killed().memory("api-h1-x", "api", 6, steady(200*mib)).diagnose()
	if d.Verdict.Cause != investigations.CauseLoadSpike || score(d, investigations.CauseLoadSpike) < score(without, investigations.CauseLoadSpike) {
		t.Errorf("%s: %v, without %v", d.Verdict.Cause, score(d, investigations.CauseLoadSpike), score(without, investigations.CauseLoadSpike))
	}
	// Nothing but the recorder tells of memory.
	d, _ = killed().recorder("api-h1-x", "api", investigations.RecordedCurrent, jump(200*mib, 510*mib)).diagnose()
	if d.Verdict.Cause != investigations.CauseLoadSpike {
		t.Errorf("the recorder alone: %s %v", d.Verdict.Cause, d.Hypotheses)
	}
	// The last second was too long to see it get there.
	d, led = killed().memory("api-h1-x", "api", 6, steady(200*mib)).recorder("api-h1-x", "api", investigations.RecordedCurrent, steady(200*mib)).diagnose()
	if f := factOf(t, led, "recorder/rise"); d.Verdict.Cause != investigations.CauseLoadSpike || f.Values["peak_bytes"] != 512*mib {
		t.Errorf("%s %+v", d.Verdict.Cause, f)
	}
	// Page cache fills the limit all along.
	d, led = killed().recorder("api-h1-x", "api", investigations.RecordedCurrent, steady(505*mib)).
		recorder("api-h1-x", "api", investigations.RecordedAnon, jump(150*mib, 500*mib)).diagnose()
	if f := factOf(t, led, "recorder/rise"); d.Verdict.Cause != investigations.CauseLoadSpike || !slices.ContainsFunc(led.Facts(), func(f investigations.Fact) bool {
		return strings.Contains(f.Says, "anonymous memory of container api at 150 MiB")
	}) {
		t.Errorf("%s %s", d.Verdict.Cause, f.Says)
	}
}

// TestRecordedTop: which process grew, and which is only large.
func TestRecordedTop(t *testing.T) {
	flat := func() *incident {
		return killed().recorder("api-h1-x", "api", investigations.RecordedCurrent, steady(400*mib))
	}
	for _, tt := range []struct {
		name     string
		incident *incident
		want     string
	}{
		{"none grew", flat().tops("api", 7, 300*mib, 301*mib, time.Minute).tops("sh", 8, mib, mib, time.Minute), "; the largest process was api (pid 7) with 301 MiB"},
		{"the smaller grew", flat().tops("api", 7, 300*mib, 301*mib, time.Minute).tops("job", 8, mib, 90*mib, time.Minute), "; the process that grew most was job (pid 8), from 1 MiB to 90 MiB"},
		{"nobody", flat(), ""},
		{"two alike", flat().tops("b", 9, mib, mib, time.Minute).tops("a", 8, mib, mib, time.Minute), "; the largest process was a (pid 8) with 1 MiB"},
	} {
		s := looked(tt.incident.req, tt.incident.ev, investigations.NewLedger(nil))
		if got := s.recordedTop(); got != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

// TestRecordedOutside: what is in no process, by the recorder's count, where no report of the kernel tells it.
func TestRecordedOutside(t *testing.T) {
	noStats := func() *incident {
		return newIncident().ends("OOMKilled", 137).report(func(r *investigations.KernelReport) {
			r.Stats, r.Missing, r.Complete = nil, []string{"stats"}, false
			r.Memory = nil
		}).recorder("api-h1-x", "api", investigations.RecordedCurrent, jump(100*mib, 510*mib))
	}
	for _, tt := range []struct {
		name     string
		incident *incident
		cause    investigations.Cause
		fact     string
	}{
		{"tmpfs", noStats().recorder("api-h1-x", "api", investigations.RecordedShmem, jump(mib, 400*mib)), investigations.CauseMemoryBackedVolume, "recorder/shmem"},
		{"sockets", noStats().recorder("api-h1-x", "api", investigations.RecordedSock, jump(mib, 400*mib)), investigations.CauseKernelMemory, "recorder/kernel"},
		{
			"slab and sockets", noStats().recorder("api-h1-x", "api", investigations.RecordedSock, jump(mib, 200*mib)).
				recorder("api-h1-x", "api", investigations.RecordedSlab, jump(mib, 200*mib)), investigations.CauseKernelMemory, "recorder/kernel",
		},
	} {
		d, led := tt.incident.diagnose()
		checkSound(t, d, led)
		if f := factOf(t, led, tt.fact); d.Verdict.Cause != tt.cause || f.Tool != investigations.ToolMetrics || f.Source != "recorder/n1.json" {
			t.Errorf("%s: %s %+v\n%+v", tt.name, d.Verdict.Cause, f, d.Hypotheses)
		}
	}
	// Little of it is no cause, and the kernel's own account goes before.
	for name, i := range map[string]*incident{
		"little": noStats().recorder("api-h1-x", "api", investigations.RecordedShmem, steady(50*mib)),
		"kernel": killed().recorder("api-h1-x", "api", investigations.RecordedShmem, jump(mib, 400*mib)),
		"metrics": noStats().memory("api-h1-x", "api", 6, steady(200*mib)).recorder("api-h1-x", "api", investigations.RecordedShmem, jump(mib, 400*mib)).
			series(investigations.QueryCache, "api-h1-x", "api", 1, steady(mib)),
	} {
		if _, led := i.diagnose(); factOf(t, led, "recorder/shmem").Says != "" {
			t.Errorf("%s: %s", name, factOf(t, led, "recorder/shmem").Says)
		}
	}
}

// TestRecordedSidecar: which container of a pod grew, where the metrics are blind or saw none grow.
func TestRecordedSidecar(t *testing.T) {
	two := func() *incident {
		i := newIncident().ends("OOMKilled", 137)
		proxy := i.pod().Containers[0]
		proxy.Name, proxy.ContainerID, proxy.LastState = "proxy", "proxy1111", investigations.ContainerState{}
		proxy.Image = "r/proxy:1"
		i.pod().Containers = append(i.pod().Containers, proxy)
		i.ev.Rollouts.Workloads[0].Template.Containers = append(i.ev.Rollouts.Workloads[0].Template.Containers, investigations.Container{
			Name: "proxy", Kind: investigations.ContainerApp, MemoryLimit: ptr(int64(512 * mib)),
		})
		return i.report(func(r *investigations.KernelReport) {
			r.Boundary, r.OOMMemcg = investigations.BoundaryPod, "/kubepods/burstable/pod1111"
			r.Memory = &investigations.KernelCounter{UsageKB: 1 << 20, LimitKB: ptr(int64(1 << 20))}
		})
	}
	for name, i := range map[string]*incident{
		"blind": two(),
		"missed": two().series(investigations.QueryWorkingSet, "api-h1-x", "api", 6, steady(300*mib)).
			series(investigations.QueryWorkingSet, "api-h1-x", "proxy", 6, steady(100*mib)),
	} {
		i.recorder("api-h1-x", "api", investigations.RecordedAnon, steady(300*mib)).recorder("api-h1-x", "proxy", investigations.RecordedAnon, jump(100*mib, 700*mib))
		d, led := i.diagnose()
		checkSound(t, d, led)
		f := factOf(t, led, "share/proxy")
		if d.Verdict.Cause != investigations.CauseSidecar || d.Verdict.Culprit == nil || d.Verdict.Culprit.Container != "proxy" ||
			f.Source != "recorder/n1.json" || f.Values["usage_bytes"] < 690*mib {
			t.Errorf("%s: %s by %+v, %+v", name, d.Verdict.Cause, d.Verdict.Culprit, f)
		}
	}
}

// TestRecordedNeighbour: the pod of the node that grew, where no scrape saw it.
func TestRecordedNeighbour(t *testing.T) {
	i := newIncident().ends("Error", 137).report(func(r *investigations.KernelReport) {
		r.Kind, r.Boundary, r.OOMMemcg, r.Memory, r.Stats = investigations.KernelGlobal, investigations.BoundaryNode, "", nil, nil
	})
	other := i.newPod("batch-0", "batch", "2222")
	other.OwnerName = "batch"
	other.Containers[0].MemoryLimit = nil
	i.ev.Pods.Pods = append(i.ev.Pods.Pods, other)
	for pod, size := range map[string]float64{"api-h1-x": 300 * mib, "batch-0": 3 << 30} {
		i.series(investigations.QueryNodePods, pod, "", 6, steady(size))
		q := i.ev.Metrics.Queries[investigations.QueryNodePods]
		q.Series[len(q.Series)-1] = investigations.Series{Namespace: "shop", Pod: pod, T: q.Series[len(q.Series)-1].T, V: q.Series[len(q.Series)-1].V}
	}
	for j := range i.ev.Metrics.Queries[investigations.QueryNodePods].Series {
		sr := &i.ev.Metrics.Queries[investigations.QueryNodePods].Series[j]
		for k := range sr.V {
			sr.V[k] = map[string]float64{"api-h1-x": 300 * mib, "batch-0": 3 << 30}[sr.Pod]
		}
	}
	i.recorder("api-h1-x", "api", investigations.RecordedCurrent, steady(300*mib)).recorder("batch-0", "batch", investigations.RecordedCurrent, jump(3<<30, 14<<30))
	d, led := i.diagnose()
	checkSound(t, d, led)
	f := factOf(t, led, "holder/shop/batch-0")
	if d.Verdict.Cause != investigations.CauseNoisyNeighbour || d.Verdict.Culprit == nil || d.Verdict.Culprit.Pod != "batch-0" || f.Source != "recorder/n1.json" {
		t.Errorf("%s by %+v, %+v", d.Verdict.Cause, d.Verdict.Culprit, f)
	}
}

// TestRecordedLimit: the limit that only the recorder knows.
func TestRecordedLimit(t *testing.T) {
	i := newIncident().ends("OOMKilled", 137).recorder("api-h1-x", "api", investigations.RecordedCurrent, steady(505*mib)).
		recorder("api-h1-x", "api", investigations.RecordedLimit, func(time.Duration) float64 { return 512 * mib })
	i.ev.Kernel, i.ev.Rollouts = nil, nil
	i.container().MemoryLimit = nil
	d, led := i.diagnose()
	checkSound(t, d, led)
	f := factOf(t, led, "boundary/near")
	if d.Verdict.Boundary != investigations.BoundaryContainer || f.Values["limit_bytes"] != 512*mib || f.Source != "recorder/n1.json" {
		t.Errorf("%s %+v", d.Verdict.Boundary, f)
	}
}
