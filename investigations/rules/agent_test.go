package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// recorder adds a series of the flight recorder, every second of the last ten minutes.
func (i *incident) recorder(pod, container, name string, value func(ago time.Duration) float64) *incident {
	if len(i.ev.Metrics.Recorder) == 0 {
		i.ev.Metrics.Recorder = []investigations.Recorder{{Node: "n1", Source: "recorder/n1.json", From: testAt.Add(-10 * time.Minute), To: testAt.Add(time.Minute)}}
	}
	s := investigations.Series{Namespace: "shop", Pod: pod, Container: container, Node: "n1"}
	for ago := 10 * time.Minute; ago >= 0; ago -= time.Second {
		s.T, s.V = append(s.T, testAt.Add(-ago).UnixMilli()), append(s.V, value(ago))
	}
	r := &i.ev.Metrics.Recorder[0]
	r.Series = append(r.Series, investigations.RecorderSeries{Namespace: "shop", Pod: pod, Container: container, Name: name, Unit: "bytes", Series: s})
	return i
}

// jump is level but for the last twenty seconds, in which it rises to the peak.
func jump(level, peak float64) func(time.Duration) float64 {
	return func(ago time.Duration) float64 {
		if ago > 20*time.Second {
			return level
		}
		return level + (peak-level)*(1-ago.Seconds()/20)
	}
}

// lossless has the agent follow the kernel log, of which nothing was recorded.
func (i *incident) lossless() *incident {
	i.ev.Kernel = nil
	i.ev.Metrics.Recorder = []investigations.Recorder{{
		Node: "n1", Source: "recorder/n1.json", From: testAt.Add(-time.Hour), To: testAt.Add(time.Minute), LosslessSince: testAt.Add(-72 * time.Hour),
	}}
	return i
}

// factOf returns the fact of a key, without the package's name.
func factOf(t *testing.T, led *investigations.Ledger, key string) investigations.Fact {
	t.Helper()
	for _, f := range led.Facts() {
		if f.Key == "rules/"+key {
			return f
		}
	}
	return investigations.Fact{}
}

// TestAgentFollowed: that the agent followed the kernel log and told of no kill is as good as a log without one.
func TestAgentFollowed(t *testing.T) {
	ended := func() *incident {
		return newIncident().ends("Error", 137).memory("api-h1-x", "api", 6, steady(200*mib))
	}
	plain, _ := ended().diagnose()
	blind := ended()
	blind.ev.Kernel = nil
	unsure, _ := blind.diagnose()
	d, led := ended().lossless().diagnose()
	checkSound(t, d, led)
	f := factOf(t, led, "kernel/covers")
	if want := "The node agent followed the kernel log of n1 without loss from"; !strings.HasPrefix(f.Says, want) || !strings.HasSuffix(f.Says, "and no OOM kill of that moment is in it.") ||
		f.Tool != investigations.ToolMetrics || f.Source != "recorder/n1.json" {
		t.Errorf("%+v", f)
	}
	if d.Verdict.Mechanism != investigations.SigkillNotOOM || d.Verdict.Confidence != plain.Verdict.Confidence || unsure.Verdict.Mechanism == d.Verdict.Mechanism {
		t.Errorf("%s with confidence %v, with a log %v, without either %s", d.Verdict.Mechanism, d.Verdict.Confidence, plain.Verdict.Confidence, unsure.Verdict.Mechanism)
	}
	if !slices.Equal(d.Covered, []string{investigations.ToolKernlog}) || len(plain.Covered)+len(unsure.Covered) > 0 {
		t.Error(d.Covered, plain.Covered, unsure.Covered)
	}
	// Nothing ended, and nothing was killed.
	if d, _ := newIncident().lossless().diagnose(); d.Verdict.Mechanism != investigations.NotKilled || d.Verdict.Confidence < 0.6 {
		t.Errorf("%s %v", d.Verdict.Mechanism, d.Verdict.Confidence)
	}
	// A runtime that counted a kill is right: the log is missing.
	i := newIncident().ends("OOMKilled", 137).memory("api-h1-x", "api", 6, steady(500*mib)).lossless()
	if d, led := i.diagnose(); len(d.Covered) > 0 || factOf(t, led, "kernel/none").Says != "" || d.Verdict.Boundary != investigations.BoundaryContainer {
		t.Errorf("%v %s", d.Covered, d.Verdict.Boundary)
	}
	// What the agent of another time, or of another node, says is no word about this one.
	for _, change := range []func(*investigations.Recorder){
		func(r *investigations.Recorder) { r.To = testAt.Add(-time.Minute) },
		func(r *investigations.Recorder) { r.LosslessSince = testAt.Add(time.Second) },
		func(r *investigations.Recorder) { r.LosslessSince = time.Time{} },
		func(r *investigations.Recorder) { r.Node = "n2" },
	} {
		i := ended().lossless()
		change(&i.ev.Metrics.Recorder[0])
		if d, _ := i.diagnose(); len(d.Covered) > 0 || d.Verdict.Mechanism != unsure.Verdict.Mechanism {
			t.Errorf("%v %v", d.Covered, d.Verdict.Mechanism)
		}
	}
}

// TestFollowedLog: a log that an agent wrote covers what the agent followed, and nothing between two kills.
func TestFollowedLog(t *testing.T) {
	for _, tt := range []struct {
		f      investigations.KernelFollowed
		covers bool
	}{
		{investigations.KernelFollowed{From: testAt.Add(-time.Hour), To: testAt.Add(time.Minute)}, true},
		{investigations.KernelFollowed{From: testAt.Add(-time.Hour), To: testAt.Add(-time.Minute)}, true},
		{investigations.KernelFollowed{From: testAt.Add(-time.Hour), To: testAt.Add(-10 * time.Minute)}, false},
		{investigations.KernelFollowed{From: testAt.Add(time.Second), To: testAt.Add(time.Hour)}, false},
		{investigations.KernelFollowed{}, false},
	} {
		i := newIncident().ends("Error", 137)
		i.ev.Kernel.Logs[0].Followed = &tt.f
		_, led := i.diagnose()
		if f := factOf(t, led, "kernel/covers"); strings.HasPrefix(f.Says, "The node agent followed the kernel log of n1") != tt.covers || (f.Says != "") != tt.covers {
			t.Errorf("%+v: %s", tt.f, f.Says)
		}
	}
	i := killed()
	i.ev.Kernel.Logs[0].Followed = &investigations.KernelFollowed{From: testAt.Add(-time.Hour), To: testAt.Add(time.Minute)}
	if _, led := i.diagnose(); !strings.HasSuffix(factOf(t, led, "kernel/covers").Says, "and this kill is in it.") {
		t.Error(factOf(t, led, "kernel/covers"))
	}
}

// counts has the agent see the counter of the container's cgroup rise.
func (i *incident) counts(change func(*investigations.CountedKill)) *incident {
	c := investigations.CountedKill{At: testAt, WithinMS: 1000, Path: "/kubepods/burstable/pod1111/now1111", PodUID: "1111", ContainerID: "now1111", Kills: 1}
	if change != nil {
		change(&c)
	}
	i.ev.Kernel.Logs[0].UserKills = append(i.ev.Kernel.Logs[0].UserKills, investigations.UserKill{
		At: c.At, Line: 7, Killer: investigations.UserKillCounter, Path: c.Path, PodUID: c.PodUID, ContainerID: c.ContainerID, Text: "counted", Counted: &c,
	})
	return i
}

// bare adds the line that the kernel prints of a kill beyond ten in five seconds.
func (i *incident) bare() *incident {
	return i.report(func(r *investigations.KernelReport) {
		r.Complete, r.Boundary, r.OOMMemcg, r.TaskMemcg, r.PodUID, r.ContainerID = false, investigations.BoundaryUnknown, "", "", "", ""
		r.Missing, r.Memory, r.Stats = []string{"head", "stats", "tasks", "summary"}, nil, nil
	})
}

// TestCounted: a cgroup's counter tells whose a bare kill is, and of kills that nothing else tells of.
func TestCounted(t *testing.T) {
	pids := func(c *investigations.CountedKill) { c.PIDs = []int64{41, 42} }
	own := func(c *investigations.CountedKill) { c.OOM = true }
	tests := []struct {
		name     string
		incident *incident
		mech     investigations.Mechanism
		boundary investigations.Boundary
		victim   string
		says     string
	}{
		{
			"a bare kill of a child", newIncident().bare().counts(pids), investigations.MemcgOOMKill, investigations.BoundaryUnknown, "api",
			"rose by 1, and no other cgroup's did, so that this kill is its.",
		},
		{
			"at its own limit", newIncident().bare().counts(func(c *investigations.CountedKill) { pids(c); own(c) }),
			investigations.MemcgOOMKill, investigations.BoundaryContainer, "api", "the limit that ran out is that cgroup's own.",
		},
		{
			"a bare kill of a process that the recorder knows", newIncident().bare().counts(func(c *investigations.CountedKill) { pids(c); c.Recorded = true }),
			investigations.MemcgOOMKill, investigations.BoundaryUnknown, "api",
			"The kernel's line names no cgroup; the flight recorder had seen the process in the cgroup of container api of pod api-h1-x before it was killed.",
		},
		{
			"of a process that the recorder knows, at its own limit", newIncident().bare().counts(func(c *investigations.CountedKill) { pids(c); own(c); c.Recorded = true }),
			investigations.MemcgOOMKill, investigations.BoundaryContainer, "api", "before it was killed, and the limit that ran out is that cgroup's own.",
		},
		{
			"one of several whose lines name no cgroup", newIncident().counts(func(c *investigations.CountedKill) { c.Among = []int64{42, 43} }),
			investigations.MemcgOOMKill, investigations.BoundaryUnknown, "api", "rose by 1, and of 2 bare kill lines of that moment nothing tells which cgroup each is of.",
		},
		{
			"of another moment", newIncident().bare().counts(func(c *investigations.CountedKill) { pids(c); c.At = testAt.Add(-time.Minute) }),
			investigations.MemcgOOMKill, investigations.BoundaryUnknown, "api", "no report names a process of it.",
		},
		{
			"no report at all", newIncident().counts(own), investigations.MemcgOOMKill, investigations.BoundaryContainer, "api",
			"The kernel's counter of OOM kills of the cgroup of container api of pod api-h1-x rose by 1, and no report names a process of it",
		},
		{
			"the container's end", newIncident().ends("Error", 137).counts(func(c *investigations.CountedKill) { c.ContainerID = "dead1111" }),
			investigations.MemcgOOMKill, investigations.BoundaryUnknown, "api", "no report names a process of it.",
		},
		{
			"long before the container's end", newIncident().ends("Error", 137).counts(func(c *investigations.CountedKill) { c.At = testAt.Add(-40 * time.Minute) }),
			investigations.SigkillNotOOM, investigations.BoundaryNone, "api", "",
		},
		{
			"of another pod", newIncident().counts(func(c *investigations.CountedKill) { c.PodUID, c.ContainerID = "2222", "x" }),
			investigations.NotKilled, investigations.BoundaryNone, "api", "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, led := tt.incident.diagnose()
			checkSound(t, d, led)
			f := factOf(t, led, "kernel/counter")
			if d.Verdict.Mechanism != tt.mech || d.Verdict.Boundary != tt.boundary || d.Verdict.Victim.Container != tt.victim || !strings.Contains(f.Says, tt.says) || (tt.says == "") != (f.Says == "") {
				t.Errorf("%s at %s, victim %+v, %s", d.Verdict.Mechanism, d.Verdict.Boundary, d.Verdict.Victim, f.Says)
			}
			if f.Says != "" && (f.Source != "kernel/n1.log:7" || d.Verdict.Confidence > ceilingCounter) {
				t.Errorf("from %s with confidence %v", f.Source, d.Verdict.Confidence)
			}
		})
	}
}

// TestCountedWithout: of a bare kill whose cgroup no counter tells, a pod whose container goes on is no victim.
func TestCountedWithout(t *testing.T) {
	with, _ := newIncident().bare().counts(func(c *investigations.CountedKill) { c.PIDs = []int64{42} }).diagnose()
	without, _ := newIncident().bare().diagnose()
	if with.Verdict.Victim.Comm != "api" || without.Verdict.Mechanism != investigations.NotKilled {
		t.Errorf("%+v, without %s", with.Verdict.Victim, without.Verdict.Mechanism)
	}
}
