package vm

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/machine"
	"github.com/oombot/oombot/e2e/vm/scene"
	"github.com/oombot/oombot/investigations"
)

// TestAgent plays the scene once for each way to the kernel log that such a machine has.
func TestAgent(t *testing.T) {
	binary(t)
	machine.Need(t)
	for _, reader := range []string{"kmsg", "syslog"} {
		t.Run(reader, func(t *testing.T) {
			p := newPlace(t)
			h := &host{bot: p.bot.URL, onAct: func(f scene.Frame) { p.restart(t, f) }}
			h.run(t, reader)
			t.Logf("from boot to off it took %s; %d posts of %d bytes", h.told.took.Round(time.Second), len(h.told.posts), h.told.bytes())
			for _, v := range verdicts {
				p.verdict(t, v.pod)
			}
			p.bot.Stop(t)
			t.Run("agent", func(t *testing.T) { checkAgent(t, &h.told, reader) })
			t.Run("kills", func(t *testing.T) { checkKills(t, &h.told) })
			t.Run("storm", func(t *testing.T) { checkStorm(t, &h.told) })
			t.Run("recorder", func(t *testing.T) { checkRecorder(t, &h.told) })
			t.Run("verdicts", func(t *testing.T) { checkVerdicts(t, p) })
		})
	}
}

func (s *told) bytes() int {
	n := 0
	for i := range s.posts {
		n += s.posts[i].bytes
	}
	return n
}

// checkAgent wants the agent to have lived through all of it, without a loss, and to have been heard.
func checkAgent(t *testing.T, s *told, reader string) {
	a := s.agent
	check(t, "it runs in the end", a.Running, true)
	check(t, "how it ended by SIGTERM", a.Text, "")
	check(t, "/healthz", strings.TrimSpace(a.Health), `{"status":"ok"}`)
	check(t, "processes of its own container that were killed", counter(a.Files, scene.Agent.Cgroup(), "memory.events", "oom_kill"), 0)
	for _, series := range []string{"kernel_losses_total", "overruns_total", "spool_dropped_total", "spool_waiting", "unsent_total"} {
		if !strings.Contains(a.Metrics, "\noombot_agent_"+series+" 0\n") {
			t.Errorf("oombot_agent_%s is not 0:\n%s", series, a.Metrics)
		}
	}
	t.Logf("its container used %d bytes at most, %d of them now", number(t, a.Files[scene.Agent.Cgroup()+"/memory.peak"]), number(t, a.Files[scene.Agent.Cgroup()+"/memory.current"]))
	boots := map[string]bool{}
	var last *investigations.NodeHeartbeat
	for i := range s.posts {
		p := &s.posts[i]
		check(t, "the bot's answer", p.status, 202)
		check(t, "node", p.Node, scene.Node)
		boots[p.BootID] = true
		if h := p.Heartbeat; h != nil && h.LosslessSince != nil && (h.At.Before(*h.LosslessSince) || h.At.Sub(*h.LosslessSince) > s.took) {
			t.Errorf("nothing was missed from %s to %s, though the machine ran for %s", h.LosslessSince, h.At, s.took)
		}
		if p.Heartbeat != nil && p.Heartbeat.Waiting == 0 { // while something waits, it gives no word
			last = p.Heartbeat
		}
	}
	check(t, "boots", len(boots), 1)
	if last == nil || last.LosslessSince == nil || last.Reader != reader || len(last.Faults) > 0 {
		t.Errorf("the last heartbeat is %+v", last)
	}
}

// want is what is known of the first kill of an act.
var want = []struct {
	act      string
	kind     string
	boundary investigations.Boundary
	oomMemcg string
	victim   scene.Container
	comm     string
	limitKB  int64
	killed   int
}{
	{scene.Steady, investigations.KernelMemcg, investigations.BoundaryContainer, scene.Still.Cgroup(), scene.Still, "still", 16 << 10, 1},
	{scene.ByLimit, investigations.KernelMemcg, investigations.BoundaryContainer, scene.Checkout.Cgroup(), scene.Checkout, "worker-1", 48 << 10, 2},
	{scene.Silent, investigations.KernelMemcg, investigations.BoundaryContainer, scene.Workers.Cgroup(), scene.Workers, "child", 64 << 10, 1},
	{scene.ByPod, investigations.KernelMemcg, investigations.BoundaryPod, scene.Pricing.PodCgroup(), scene.Pricing, "pricing", 96 << 10, 1},
	{scene.ByPods, investigations.KernelMemcg, investigations.BoundaryNodeAllocatable, scene.Pods, scene.API, "api", 184 << 10, 1},
	{scene.ByMachine, investigations.KernelGlobal, investigations.BoundaryNode, "", scene.Leaky, "leaky-app", 0, 1},
	{scene.Storm, investigations.KernelMemcg, investigations.BoundaryContainer, scene.Batch.Cgroup(), scene.Batch, "burns", 32 << 10, 1},
	{scene.Ahead, investigations.KernelMemcg, investigations.BoundaryContainer, scene.Early.Cgroup(), scene.Early, "early", 32 << 10, 1},
	{scene.Behind, investigations.KernelMemcg, investigations.BoundaryContainer, scene.Late.Cgroup(), scene.Late, "late", 32 << 10, 1},
}

// checkKills wants each kill to be told of, as it was, once.
func checkKills(t *testing.T, s *told) {
	for _, w := range want {
		t.Run(w.act, func(t *testing.T) {
			p, r := s.kill(t, w.act, w.comm)
			if r == nil {
				return
			}
			check(t, "kind", r.Kind, w.kind)
			check(t, "boundary", r.Boundary, w.boundary)
			check(t, "oom_memcg", r.OOMMemcg, w.oomMemcg)
			check(t, "task_memcg", r.TaskMemcg, w.victim.Cgroup())
			check(t, "pod_uid", r.PodUID, w.victim.UID)
			check(t, "container_id", r.ContainerID, w.victim.ID)
			check(t, "qos", r.QoS, "Burstable")
			check(t, "complete", r.Complete, true)
			check(t, "killed", len(r.Killed), w.killed)
			check(t, "comm", r.Killed[0].Comm, w.comm)
			if w.limitKB > 0 && (r.Memory == nil || r.Memory.LimitKB == nil || *r.Memory.LimitKB != w.limitKB) {
				t.Errorf("the counter of the limit is %+v, want one of %d kB", r.Memory, w.limitKB)
			}
			if p.Recorder == nil {
				t.Error("there is no recording with it")
			}
			at := s.ended(t, w.act, r.Killed[0].PID)
			if d := at.Sub(*r.At); d < -time.Second || d > 30*time.Second { // a machine without KVM takes its time to end a process
				t.Errorf("the kernel killed at %s, by the clock of the machine, and the process had ended at %s", r.At, at)
			}
			t.Logf("it was posted %s after the kernel's report, %s after the process had ended", p.at.Sub(*r.At).Round(time.Millisecond), p.at.Sub(at).Round(time.Millisecond))
			if w.act == scene.Storm {
				return
			}
			for i := range s.posts {
				for _, c := range s.posts[i].Counted {
					if c.ContainerID == w.victim.ID {
						t.Errorf("its counter tells of it once more: %+v", c)
					}
				}
			}
		})
	}
}

// checkStorm wants all of many kills to be told of with their container, those too of which the kernel prints a line only.
func checkStorm(t *testing.T, s *told) {
	told := map[int64]int{}
	full, bare, counted := 0, 0, int64(0)
	for i := range s.posts {
		for _, r := range s.posts[i].Reports {
			if len(r.Killed) == 0 || r.Killed[0].Comm != "burns" {
				continue
			}
			told[r.Killed[0].PID]++
			if r.ContainerID == scene.Batch.ID {
				full++
			} else {
				bare++
			}
		}
		for _, c := range s.posts[i].Counted {
			check(t, "a counter's container", c.ContainerID, scene.Batch.ID)
			if !c.Recorded { // what the recorder places may be told before its counter is read once more
				check(t, "its own limit ran out", c.OOM, true)
			}
			counted += c.Kills
		}
	}
	act := s.acts[scene.Storm]
	for _, e := range act.Ended {
		if told[e.PID] != 1 {
			t.Errorf("process %d is told of %d times", e.PID, told[e.PID])
		}
	}
	check(t, "kills with their container", full+int(counted), int(counter(act.Files, scene.Batch.Cgroup(), "memory.events", "oom_kill")))
	t.Logf("%d kills: %d with a full report, %d by a line alone; counters tell of %d", len(act.Ended), full, bare, counted)
}

// kill returns the report of the process of that name that the kernel killed in an act, and the post that it came in. A busy
// machine may kill another process as well, before the memory of the first is free.
func (s *told) kill(t *testing.T, act, comm string) (*post, *investigations.KernelReport) {
	t.Helper()
	var found *investigations.KernelReport
	var in *post
	times := 0
	of := func(k investigations.KernelKill) bool {
		return slices.ContainsFunc(s.acts[act].Ended, func(e scene.Ended) bool { return e.PID == k.PID && e.Comm == comm })
	}
	for i := range s.posts {
		for j := range s.posts[i].Reports {
			r := &s.posts[i].Reports[j]
			if len(r.Killed) == 0 || !of(r.Killed[0]) {
				continue
			}
			if times++; found == nil {
				found, in = r, &s.posts[i]
			}
		}
	}
	if found == nil || act != scene.Storm && times != 1 {
		t.Errorf("%d reports of it, want one", times)
	}
	return in, found
}

// ended returns when the guest saw a process to have ended.
func (s *told) ended(t *testing.T, act string, pid int64) time.Time {
	t.Helper()
	for _, e := range s.acts[act].Ended {
		if e.PID == pid {
			check(t, "signal", e.Signal, 9)
			return e.At
		}
	}
	t.Errorf("process %d did not end", pid)
	return time.Time{}
}
