package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// strange is a line about the kill of a process that no container is known to run.
func (i *incident) strange(change func(*investigations.KernelReport)) *incident {
	i.bare()
	r := &i.ev.Kernel.Logs[0].Reports[len(i.ev.Kernel.Logs[0].Reports)-1]
	r.Killed = []investigations.KernelKill{{PID: 4242, Comm: "burns"}}
	if change != nil {
		change(r)
	}
	return i
}

// top has the recorder see a process shortly before the kill.
func (i *incident) top(pod, container string, pid int64, comm string) *incident {
	if len(i.ev.Metrics.Recorder) == 0 {
		i.ev.Metrics.Recorder = []investigations.Recorder{{Node: "n1", Source: "recorder/n1.json", From: testAt.Add(-10 * time.Minute), To: testAt.Add(time.Minute)}}
	}
	r := &i.ev.Metrics.Recorder[0]
	r.Top = append(r.Top, investigations.RecorderTop{At: testAt.Add(-2 * time.Second), Namespace: "shop", Pod: pod, Container: container, PID: pid, Comm: comm, RSSBytes: 90 * mib})
	return i
}

// beside adds a pod of which a container ended by SIGKILL at the same moment.
func (i *incident) beside(name, reason string) *incident {
	p := i.newPod(name+"-0", name, "uid-"+name)
	p.Containers[0].LastState.Terminated = &investigations.Termination{Reason: reason, ExitCode: 137, FinishedAt: testAt, ContainerID: "dead-" + name}
	i.ev.Pods.Pods = append(i.ev.Pods.Pods, p)
	return i
}

// TestBareLine: a line that names no cgroup is the kill of a container that ended at that moment where something says so,
// and not for the moment alone.
func TestBareLine(t *testing.T) {
	global := func(r *investigations.KernelReport) { r.Kind = investigations.KernelGlobal }
	named := func(r *investigations.KernelReport) { r.Killed[0].Comm = "api" }
	full := func(i *incident, ago time.Duration, uid, id, pathOf string) *incident {
		return i.report(func(r *investigations.KernelReport) {
			r.At, r.PodUID, r.ContainerID, r.TaskMemcg = ptr(testAt.Add(-ago)), uid, id, pathOf
			r.OOMMemcg, r.Killed = pathOf, []investigations.KernelKill{{PID: 4200, Comm: "burns"}}
		})
	}
	among := func(c *investigations.CountedKill) {
		c.PodUID, c.ContainerID, c.Path, c.Among = "uid-batch", "now-batch", "/kubepods/x", []int64{4242}
	}
	tests := []struct {
		name     string
		incident *incident
		ours     bool
	}{
		{"a foreign name", newIncident().ends("Error", 137).strange(nil), false},
		{"a foreign name, and the runtime counted a kill", newIncident().ends("OOMKilled", 137).strange(nil), true},
		{"a foreign name, of a global kill", newIncident().ends("Error", 137).strange(global), true},
		{"its own name", newIncident().ends("Error", 137).strange(named), true},
		{"a process that the recorder saw in it", newIncident().ends("Error", 137).strange(nil).top("api-h1-x", "api", 4242, "burns"), true},
		{"a name that the recorder saw in it", newIncident().ends("Error", 137).strange(nil).top("api-h1-x", "api", 7, "burns"), true},
		{"a process that the recorder saw elsewhere", newIncident().ends("OOMKilled", 137).strange(named).top("batch-0", "batch", 4242, "api"), false},
		{"a full report has one like it killed in a life before", full(newIncident().ends("Error", 137).strange(nil), 40*time.Minute, "1111", "old1111", "/kubepods/burstable/pod1111/old1111"), true},
		{"a full report has one like it killed elsewhere", full(newIncident().ends("OOMKilled", 137).strange(nil), 3*time.Second, "2222", "dead2222", "/kubepods/burstable/pod2222/dead2222"), false},
		{"another container of that name ended", newIncident().ends("OOMKilled", 137).beside("burns", "Error").strange(nil), false},
		{"another container of that name was killed for memory", newIncident().ends("Error", 137).beside("api", "OOMKilled").strange(named), false},
		{"a counter has it among those of another", newIncident().ends("OOMKilled", 137).beside("batch", "Error").strange(nil).counts(among), false},
		{"a counter says that it is of a pod that nobody knows", newIncident().ends("Error", 137).strange(named).counts(func(c *investigations.CountedKill) {
			c.PodUID, c.ContainerID, c.PIDs = "9999", "dead9999", []int64{4242}
		}), false},
		{"the metrics' counter rose", newIncident().ends("Error", 137).strange(nil).series(investigations.QueryOOMEvents, "api-h1-x", "api", 1, func(ago time.Duration) float64 {
			if ago > 20*time.Second {
				return 0
			}
			return 1
		}), true},
		{"of half a minute before", newIncident().ends("OOMKilled", 137).strange(func(r *investigations.KernelReport) { r.At = ptr(testAt.Add(-30 * time.Second)) }), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, led := tt.incident.diagnose()
			checkSound(t, d, led)
			if got := factOf(t, led, "kernel/bytime").Says != "" || d.Verdict.Victim != nil && d.Verdict.Victim.PID == 4242; got != tt.ours {
				t.Errorf("it is its kill: %v; %s, %+v", got, d.Verdict.Mechanism, d.Verdict.Victim)
			}
		})
	}
}

// TestStrayKill: a kill of that moment that may be of any cgroup is said, and makes it less sure that this was none; near
// the limit it is not known.
func TestStrayKill(t *testing.T) {
	ended := func(level float64) *incident {
		return newIncident().ends("Error", 137).memory("api-h1-x", "api", 6, steady(level))
	}
	quiet, _ := ended(200 * mib).diagnose()
	d, led := ended(200 * mib).strange(nil).diagnose()
	checkSound(t, d, led)
	if d.Verdict.Mechanism != investigations.SigkillNotOOM || d.Verdict.Confidence >= quiet.Verdict.Confidence {
		t.Errorf("%s with %v, without that line %v", d.Verdict.Mechanism, d.Verdict.Confidence, quiet.Verdict.Confidence)
	}
	if f := factOf(t, led, "kernel/none"); !strings.Contains(f.Says, "It has a kill of burns (pid 4242) that names no cgroup") || f.Source != "kernel/n1.log:10-60" {
		t.Errorf("%+v", f)
	}
	near, led := ended(490 * mib).strange(nil).diagnose()
	checkSound(t, near, led)
	if near.Verdict.Mechanism != investigations.MechanismUnknown || near.Verdict.Confidence > ceilingNeither {
		t.Errorf("%s with %v", near.Verdict.Mechanism, near.Verdict.Confidence)
	}
	i := ended(200 * mib).strange(nil)
	i.ev.Kernel.Logs[0].Followed = &investigations.KernelFollowed{From: testAt.Add(-time.Hour), To: testAt.Add(time.Minute)}
	if _, led := i.diagnose(); !strings.HasSuffix(factOf(t, led, "kernel/covers").Says, "and a kill of that moment is in it that names no cgroup.") {
		t.Error(factOf(t, led, "kernel/covers"))
	}
}
