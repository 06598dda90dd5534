package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// unscraped makes the incident one of a node that nothing scrapes: the kernel's report and the node agent's recording are all
// that there is beside the pods of Kubernetes.
func unscraped(boundary investigations.Boundary, memcg string, limitMiB int64) *incident {
	i := newIncident()
	if boundary == investigations.BoundaryNode {
		i.ev.Pods.Nodes[0].CapacityBytes, i.ev.Pods.Nodes[0].AllocatableBytes = limitMiB<<20, limitMiB<<20
	}
	return i.ends("OOMKilled", 137).report(func(r *investigations.KernelReport) {
		r.Boundary, r.OOMMemcg, r.Stats = boundary, memcg, nil
		r.Memory = &investigations.KernelCounter{UsageKB: limitMiB << 10, LimitKB: ptr(limitMiB << 10)}
		if boundary == investigations.BoundaryNode {
			r.Kind, r.Memory = investigations.KernelGlobal, nil
			r.Node = &investigations.KernelNode{RAMPages: ptr(limitMiB << 8), FreePages: ptr(int64(2000))}
		}
	})
}

// running adds a container to the pods and to the recording, which has how much of it is anonymous memory; uid and id are
// those of its cgroup.
func (i *incident) running(pod, container string, anon func(time.Duration) float64) *incident {
	at := slices.IndexFunc(i.ev.Pods.Pods, func(p investigations.Pod) bool { return p.Name == pod })
	if at < 0 {
		p := i.newPod(pod, container, "uid-"+pod)
		p.OwnerName, p.Containers[0].MemoryLimit = pod, nil
		i.ev.Pods.Pods, at = append(i.ev.Pods.Pods, p), len(i.ev.Pods.Pods)
	}
	p := &i.ev.Pods.Pods[at]
	if containerSpec(p, container) == nil {
		c := p.Containers[0]
		c.Name, c.ContainerID, c.LastState, c.Image = container, "now-"+container, investigations.ContainerState{}, "r/"+container+":1"
		p.Containers = append(p.Containers, c)
	}
	i.recorder(pod, container, investigations.RecordedAnon, anon).recorder(pod, container, investigations.RecordedCurrent, anon)
	r := &i.ev.Metrics.Recorder[0]
	for j := range r.Series[len(r.Series)-2:] {
		x := &r.Series[len(r.Series)-2+j]
		if x.PodUID = p.UID; container == "api" {
			x.ContainerID = "dead1111"
		}
	}
	return i
}

// grows has the recorder see a process of a container grow within the last minute.
func (i *incident) grows(pod, container, comm, command string, pid int64, last float64) *incident {
	r := &i.ev.Metrics.Recorder[0]
	for ago, size := range map[time.Duration]float64{9 * time.Minute: 4 * mib, time.Second: last} {
		r.Top = append(r.Top, investigations.RecorderTop{
			At: testAt.Add(-ago), Namespace: "shop", Pod: pod, Container: container, PID: pid, Comm: comm, Command: command, RSSBytes: int64(size),
		})
	}
	slices.SortStableFunc(r.Top, func(a, b investigations.RecorderTop) int { return a.At.Compare(b.At) })
	return i
}

// cgroupsOnly leaves nothing of Kubernetes: the recording alone knows how pods are called.
func (i *incident) cgroupsOnly() *incident {
	i.ev.Pods, i.ev.Rollouts = nil, nil
	return i
}

// TestRecordingAlone: where nothing scrapes, and whether or not Kubernetes was read, who took the memory of a pod, of all
// pods, of a class of them or of the machine is told by the recording: since when, by how much, and which process.
func TestRecordingAlone(t *testing.T) {
	const command = "python3 /app/import.py --file customers.csv"
	sidecar := func() *incident {
		return unscraped(investigations.BoundaryPod, "/kubepods/burstable/pod1111", 512).running("api-h1-x", "api", steady(300*mib)).
			running("api-h1-x", "shipper", jump(10*mib, 210*mib)).grows("api-h1-x", "shipper", "python3", command, 77, 205*mib)
	}
	neighbour := func(boundary investigations.Boundary, memcg string) *incident {
		return unscraped(boundary, memcg, 2048).running("api-h1-x", "api", steady(500*mib)).running("calm-0", "calm", steady(600*mib)).
			running("batch-0", "import", jump(100*mib, 900*mib)).running("batch-0", "proxy", steady(20*mib)).grows("batch-0", "import", "python3", command, 77, 880*mib)
	}
	pods := func() *incident { return neighbour(investigations.BoundaryNodeAllocatable, "/kubepods") }
	machine := func() *incident { return neighbour(investigations.BoundaryNode, "") }
	tests := []struct {
		name           string
		in             *incident
		cause          investigations.Cause
		pod, container string
		fact, says     string
	}{
		{
			"a pod's limit", sidecar(), investigations.CauseSidecar, "api-h1-x", "shipper", "share/shipper",
			"by the flight recorder it rose from 2026-03-04 02:16:51Z on, by 200 MiB (39 % of the 512 MiB that ran out)",
		},
		{
			"a pod's limit, cgroups only", sidecar().cgroupsOnly(), investigations.CauseSidecar, "api-h1-x", "shipper", "share/shipper",
			"what it requests is not known; by the flight recorder it rose from 2026-03-04 02:16:51Z on, by 200 MiB (39 % of the 512 MiB that ran out)",
		},
		{
			"all pods' limit", pods(), investigations.CauseNoisyNeighbour, "batch-0", "import", "holder/shop/batch-0",
			"it rose from 2026-03-04 02:16:51Z on, by 800 MiB (39 % of the 2 GiB that ran out)",
		},
		{
			"all pods' limit, cgroups only", pods().cgroupsOnly(), investigations.CauseNoisyNeighbour, "batch-0", "import", "holder/shop/batch-0",
			"it rose from 2026-03-04 02:16:51Z on, by 800 MiB (39 % of the 2 GiB that ran out)",
		},
		{"the machine", machine(), investigations.CauseNoisyNeighbour, "batch-0", "import", "holder/shop/batch-0", "it rose from 2026-03-04 02:16:51Z on, by 800 MiB (39 % of the 2 GiB that ran out)"},
		{"the machine, cgroups only", machine().cgroupsOnly(), investigations.CauseNoisyNeighbour, "batch-0", "import", "holder/shop/batch-0", "(39 % of the 2 GiB that ran out)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, led := tt.in.diagnose()
			checkSound(t, d, led)
			v, f := d.Verdict, factOf(t, led, tt.fact)
			if v.Cause != tt.cause || v.Culprit == nil || v.Culprit.Pod != tt.pod || v.Culprit.Container != tt.container {
				t.Fatalf("%s by %+v\n%s", v.Cause, v.Culprit, v.Explanation)
			}
			if !strings.Contains(f.Says, tt.says) || f.Source != "recorder/n1.json" || f.Tool != investigations.ToolMetrics {
				t.Errorf("%+v, want in it %q", f, tt.says)
			}
			if want := `the process that grew most was python3 (pid 77, started as "` + command + `"), from 4 MiB to`; !strings.Contains(f.Says, want) {
				t.Errorf("%s, want in it %q", f.Says, want)
			}
			if v.Confidence > ceilingRecording || v.Confidence < 0.5 {
				t.Errorf("confidence %v", v.Confidence)
			}
			if !slices.ContainsFunc(d.BlindSpots, func(b investigations.BlindSpot) bool {
				return b.Tool == investigations.ToolMetrics && strings.Contains(b.Why, "recorder/n1.json") && strings.Contains(b.Why, "the last 10 min before the kill")
			}) {
				t.Errorf("blind spots %+v", d.BlindSpots)
			}
		})
	}
}

// TestRecordingNamesTheVictim: by the cgroup's ids the recording says whose the report is, and whose it is not.
func TestRecordingNamesTheVictim(t *testing.T) {
	made := func() *incident {
		return unscraped(investigations.BoundaryNode, "", 2048).running("api-h1-x", "api", steady(500*mib)).running("batch-0", "import", jump(100*mib, 900*mib)).cgroupsOnly()
	}
	ofNode := made()
	ofNode.req.Target = investigations.Target{Node: "n1"}
	ofWorkload := made()
	ofWorkload.req.Target = investigations.Target{Namespace: "shop", Workload: "deployment/api"}
	for name, i := range map[string]*incident{"pod": made(), "node": ofNode, "workload": ofWorkload} {
		d, led := i.diagnose()
		checkSound(t, d, led)
		if v := d.Verdict.Victim; v == nil || v.Namespace != "shop" || v.Pod != "api-h1-x" || v.Container != "api" || factOf(t, led, "kernel/bytime").Says != "" {
			t.Errorf("%s: victim %+v, %s", name, v, factOf(t, led, "kernel/bytime").Says)
		}
	}
	other := made()
	other.req.Target = investigations.Target{Namespace: "shop", Pod: "batch-0"}
	if d, _ := other.diagnose(); d.Verdict.Mechanism != investigations.MechanismUnknown {
		t.Errorf("a kill of another pod is taken for the target's: %s", d.Verdict.Explanation)
	}
	foreign := made()
	foreign.req.Target = investigations.Target{Namespace: "shop", Workload: "deployment/api-gateway"}
	if d, _ := foreign.diagnose(); d.Verdict.Victim != nil && d.Verdict.Victim.Pod == "api-h1-x" {
		t.Errorf("a pod of another workload is the victim: %+v", d.Verdict.Victim)
	}
}

// TestRecordingOfTheVictim: the victim itself took the memory, within the recording, faster than any value shows, or slowly.
func TestRecordingOfTheVictim(t *testing.T) {
	creeping := func(ago time.Duration) float64 { return (1500 - 15*ago.Minutes()) * mib }
	made := func(anon func(time.Duration) float64) *incident {
		return unscraped(investigations.BoundaryNode, "", 2048).running("api-h1-x", "api", anon).running("calm-0", "calm", steady(100*mib))
	}
	unseen := made(steady(20*mib)).row(42, "api", 1600<<8, 985)
	for _, tt := range []struct {
		name  string
		in    *incident
		cause investigations.Cause
		says  string
	}{
		{"within the recording", made(jump(200*mib, 1700*mib)), investigations.CauseLoadSpike, "it rose from 2026-03-04 02:16:51Z on, by 1.46 GiB"},
		{"between its last value and the kill", unseen, investigations.CauseLoadSpike, "between the recording's last value, 19.8 MiB, and the kill: it held 1.56 GiB then"},
		{"all the time", made(creeping), investigations.CauseLeak, "which begins at 2026-03-04 02:07:09Z, it rose all the time, by 14"},
	} {
		d, led := tt.in.diagnose()
		checkSound(t, d, led)
		f := factOf(t, led, "own/recorded")
		if c := d.Verdict.Culprit; d.Verdict.Cause != tt.cause || c == nil || c.Pod != "api-h1-x" || !strings.Contains(f.Says, tt.says) {
			t.Errorf("%s: %s by %+v: %s", tt.name, d.Verdict.Cause, c, f.Says)
		}
		if d.Verdict.Confidence > 0.6 {
			t.Errorf("%s: confidence %v", tt.name, d.Verdict.Confidence)
		}
	}
}

// TestRecordingBurst: what a neighbour took since the recording's last value stands in the kernel's table alone.
func TestRecordingBurst(t *testing.T) {
	made := func() *incident {
		i := unscraped(investigations.BoundaryNodeAllocatable, "/kubepods", 184).running("api-h1-x", "api", steady(88*mib)).running("etl-0", "etl", steady(0)).
			row(42, "api", 88<<8, 936).row(43, "etl", 94<<8, 936)
		i.ev.Pods.Nodes[0].CapacityBytes, i.ev.Pods.Nodes[0].AllocatableBytes = 512*mib, 184*mib
		return i
	}
	for name, in := range map[string]*incident{"pods": made(), "cgroups only": made().cgroupsOnly()} {
		d, led := in.diagnose()
		checkSound(t, d, led)
		if c := d.Verdict.Culprit; d.Verdict.Cause != investigations.CauseNoisyNeighbour || c == nil || c.Pod != "etl-0" || c.PID != 43 {
			t.Errorf("%s: %s by %+v\n%s", name, d.Verdict.Cause, c, d.Verdict.Explanation)
		}
	}
}

// TestRecordingOfNobody: where nobody rose, and what pods ask for is not known, nobody is named; a program outside of the
// pods that holds far more than they gained is.
func TestRecordingOfNobody(t *testing.T) {
	level := func() *incident {
		return unscraped(investigations.BoundaryNode, "", 2048).running("api-h1-x", "api", steady(200*mib)).running("db-0", "db", steady(900*mib)).cgroupsOnly()
	}
	d, led := level().diagnose()
	checkSound(t, d, led)
	if c := d.Verdict.Culprit; c != nil && c.Pod != "" || d.Verdict.Cause == investigations.CauseNoisyNeighbour {
		t.Errorf("%s by %+v", d.Verdict.Cause, c)
	}
	out := level().row(9, "backup-agent", 1100<<8, 0)
	out.ev.Metrics.Recorder[0].Series[1].Series.V[0] = 0
	d, led = out.diagnose()
	checkSound(t, d, led)
	if c := d.Verdict.Culprit; d.Verdict.Cause != investigations.CauseNoisyNeighbour || c == nil || c.Comm != "backup-agent" {
		t.Errorf("%s by %+v", d.Verdict.Cause, c)
	}
}

// TestAskedByScore: what pods request stands in the oom_score_adj of their processes, so that who holds far beyond it can be
// named where nobody rose.
func TestAskedByScore(t *testing.T) {
	made := func(adj int64) *incident {
		return unscraped(investigations.BoundaryNode, "", 2048).running("api-h1-x", "api", steady(200*mib)).running("db-0", "db", steady(1400*mib)).
			grows("db-0", "db", "mongod", "", 50, 1400*mib).row(42, "api", 200<<8, 900).row(50, "mongod", 1400<<8, adj).cgroupsOnly()
	}
	d, led := made(990).diagnose()
	checkSound(t, d, led)
	f := factOf(t, led, "holder/shop/db-0")
	if c := d.Verdict.Culprit; d.Verdict.Cause != investigations.CauseNoisyNeighbour || c == nil || c.Pod != "db-0" || !strings.Contains(f.Says, "by the oom_score_adj of its processes it requests about 20.5 MiB") {
		t.Errorf("%s by %+v: %s", d.Verdict.Cause, c, f.Says)
	}
	for _, adj := range []int64{300, -997} { // requested; not known
		if d, _ := made(adj).diagnose(); d.Verdict.Culprit != nil && d.Verdict.Culprit.Pod == "db-0" {
			t.Errorf("oom_score_adj %d: %s by %+v", adj, d.Verdict.Cause, d.Verdict.Culprit)
		}
	}
}

// TestShortRecording: a recording of a minute carries less than one of ten.
func TestShortRecording(t *testing.T) {
	made := func() *incident {
		return unscraped(investigations.BoundaryNode, "", 2048).running("api-h1-x", "api", steady(500*mib)).running("batch-0", "import", jump(100*mib, 900*mib))
	}
	long, _ := made().diagnose()
	i := made()
	for j := range i.ev.Metrics.Recorder[0].Series {
		s := &i.ev.Metrics.Recorder[0].Series[j].Series
		s.T, s.V = s.T[len(s.T)-60:], s.V[len(s.V)-60:]
	}
	short, led := i.diagnose()
	checkSound(t, short, led)
	if short.Verdict.Cause != investigations.CauseNoisyNeighbour || short.Verdict.Confidence > ceilingShortRecording || short.Verdict.Confidence >= long.Verdict.Confidence {
		t.Errorf("%s with %v, where ten minutes give %v", short.Verdict.Cause, short.Verdict.Confidence, long.Verdict.Confidence)
	}
}

// TestFreshNeighbour: a pod that was not there before brought all that it holds, and says since when.
func TestFreshNeighbour(t *testing.T) {
	i := unscraped(investigations.BoundaryNodeAllocatable, "/kubepods", 2048).running("api-h1-x", "api", steady(500*mib)).running("batch-0", "import", steady(900*mib))
	r := &i.ev.Metrics.Recorder[0]
	for j := range r.Series {
		if s := &r.Series[j].Series; r.Series[j].Pod == "batch-0" {
			s.T, s.V = s.T[len(s.T)-5:], s.V[len(s.V)-5:]
		}
	}
	d, led := i.diagnose()
	checkSound(t, d, led)
	f := factOf(t, led, "holder/shop/batch-0")
	if c := d.Verdict.Culprit; d.Verdict.Cause != investigations.CauseNoisyNeighbour || c == nil || c.Pod != "batch-0" || !strings.Contains(f.Says, "it was not there before 2026-03-04 02:17:05Z, and brought 893 MiB") {
		t.Errorf("%s by %+v: %s", d.Verdict.Cause, c, f.Says)
	}
}

// lasting has a recording know a container for its last moments only.
func (i *incident) lasting(pod, container string, values ...float64) *incident {
	r := &i.ev.Metrics.Recorder[0]
	for j := range r.Series {
		if x := &r.Series[j]; x.Pod == pod && x.Container == container {
			n := len(values)
			x.Series.T, x.Series.V = slices.Clone(x.Series.T[len(x.Series.T)-n:]), nil
			for _, v := range values {
				x.Series.V = append(x.Series.V, v*mib)
			}
		}
	}
	return i
}

// TestRecordingOfMoments: of two that came within the recording, the one that was cut off while it rose took what the other
// one, which had been level for longer than its own rise took, had left.
func TestRecordingOfMoments(t *testing.T) {
	level := []float64{88, 88, 88, 88, 88, 88, 88}
	made := func(etl ...float64) *incident {
		return unscraped(investigations.BoundaryNodeAllocatable, "/kubepods", 184).running("tank-0", "tank", steady(8*mib)).running("api-h1-x", "api", steady(88*mib)).running("etl-0", "etl", steady(0)).
			lasting("api-h1-x", "api", level...).lasting("etl-0", "etl", etl...).row(42, "api", 94<<8, 936).row(43, "etl", 80<<8, 936).row(44, "tank", 16<<8, 936)
	}
	for _, tt := range []struct {
		name    string
		in      *incident
		culprit string
	}{
		{"still rising", made(30), "etl-0"},
		{"risen by less than half of it", func() *incident {
			i := made(30)
			i.ev.Kernel.Logs[0].Reports[0].Tasks[1].RSSPages = 40 << 8
			return i
		}(), "api-h1-x"},
		{"level as long", made(80, 80, 80, 80, 80, 80), "api-h1-x"},
	} {
		for _, cgroups := range []bool{false, true} {
			if cgroups {
				tt.in.cgroupsOnly()
			}
			d, led := tt.in.diagnose()
			checkSound(t, d, led)
			if c := d.Verdict.Culprit; c == nil || c.Pod != tt.culprit {
				t.Errorf("%s: %s by %+v\n%s", tt.name, d.Verdict.Cause, c, d.Verdict.Explanation)
			}
		}
	}
	// What the recording's last values are too early for stands in the kernel's table alone.
	late := func() *incident {
		i := unscraped(investigations.BoundaryNodeAllocatable, "/kubepods", 184).running("api-h1-x", "api", steady(88*mib)).lasting("api-h1-x", "api", level...)
		for _, pod := range []string{"tank-0", "tank-1", "tank-2"} {
			i.running(pod, "tank", steady(4*mib))
		}
		return i.neighbour("etl-0", "etl", 8*mib, steady(0)).row(42, "api", 94<<8, 936).row(43, "etl", 80<<8, 936)
	}
	withoutNodePods := late()
	delete(withoutNodePods.ev.Metrics.Queries, investigations.QueryNodePods)
	d, led := withoutNodePods.diagnose()
	checkSound(t, d, led)
	if c := d.Verdict.Culprit; c == nil || c.Pod != "etl-0" || !strings.Contains(factOf(t, led, "holder/shop/etl-0").Says, "are not of it: it held 3.97 MiB then at the most") {
		t.Errorf("%s by %+v\n%s", d.Verdict.Cause, c, factOf(t, led, "holder/shop/etl-0").Says)
	}
	i := unscraped(investigations.BoundaryPod, "/kubepods/burstable/pod1111", 96).running("tank-0", "tank", steady(8*mib)).running("api-h1-x", "api", steady(0)).running("api-h1-x", "shipper", steady(0)).
		lasting("api-h1-x", "api", 62, 62, 62, 62, 62, 62).row(42, "api", 66<<8, 936).row(43, "shipper", 38<<8, 936)
	r := &i.ev.Metrics.Recorder[0]
	r.Series = slices.DeleteFunc(r.Series, func(x investigations.RecorderSeries) bool { return x.Container == "shipper" })
	d, led = i.diagnose()
	checkSound(t, d, led)
	if c := d.Verdict.Culprit; d.Verdict.Cause != investigations.CauseSidecar || c == nil || c.Container != "shipper" {
		t.Errorf("%s by %+v\n%s", d.Verdict.Cause, c, d.Verdict.Explanation)
	}
	i = unscraped(investigations.BoundaryPod, "/kubepods/burstable/pod1111", 96).running("tank-0", "tank", steady(8*mib)).running("api-h1-x", "api", steady(0)).running("api-h1-x", "shipper", steady(0)).
		lasting("api-h1-x", "api", 62, 62, 62, 62, 62, 62, 0).lasting("api-h1-x", "shipper", 44)
	d, led = i.diagnose()
	checkSound(t, d, led)
	if c := d.Verdict.Culprit; d.Verdict.Cause != investigations.CauseSidecar || c == nil || c.Container != "shipper" || !strings.Contains(factOf(t, led, "culprit/pod").Says, "shipper is the one that still grew") {
		t.Errorf("%s by %+v\n%s", d.Verdict.Cause, c, d.Verdict.Explanation)
	}
}

// TestRecordedUntilItEnded: what ended some time before the kill had given its memory back, though its last values are of the
// minute before.
func TestRecordedUntilItEnded(t *testing.T) {
	for gone, held := range map[int]bool{0: true, 5: true, 20: false} {
		i := newIncident().ends("OOMKilled", 137).report(nil).running("api-h1-x", "api", steady(100*mib)).running("batch-0", "batch", steady(80*mib))
		r := &i.ev.Metrics.Recorder[0]
		for j := range r.Series {
			if x := &r.Series[j]; x.Pod == "batch-0" {
				x.Series.T, x.Series.V = x.Series.T[:len(x.Series.T)-gone], x.Series.V[:len(x.Series.V)-gone]
			}
		}
		s := newScene(i.req, i.ev, investigations.NewLedger(nil))
		s.at = testAt
		if p, _ := s.recordedHeld("shop", "batch-0", "batch"); (p.len() > 0) != held {
			t.Errorf("gone %d s before the kill: %d values, held %t", gone, p.len(), held)
		}
		if p, _ := s.recordedHeld("shop", "api-h1-x", "api"); p.len() == 0 {
			t.Error("the other one is not known")
		}
	}
}
