package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/oombot/oombot/investigations"
)

const (
	mib = 1 << 20
	// score is a Burstable container's oom_score_adj.
	score = 900
)

// kubepods returns the path of a tree of pods of its own, as a kubelet with --cgroup-root makes it.
func kubepods() string { return fmt.Sprintf("/oombot-e2e-%s/kubepods", newContainerID()[:8]) }

// TestContainerLimit lets a container run into its own limit.
func TestContainerLimit(t *testing.T) {
	needKernel(t)
	uid, id := newPodUID(), newContainerID()
	container := newCgroup(t, kubepods()+"/burstable/pod"+uid+"/"+id)
	container.limit(t, 48*mib)
	log := followKmsg(t)
	hog := container.start(t, "checkout", score, 96)
	firstKilled(t, hog)

	r := onlyReport(t, log, uid)
	checkReport(t, r, want{
		boundary: investigations.BoundaryContainer, oomMemcg: string(container), taskMemcg: string(container),
		uid: uid, id: id, limit: 48 * mib, victim: hog, tasks: []*process{hog},
	})
}

// TestPodLimit lets a sidecar use up what a pod may have, so that the kernel chooses between two containers.
func TestPodLimit(t *testing.T) {
	needKernel(t)
	uid, appID, sidecarID := newPodUID(), newContainerID(), newContainerID()
	pod := newCgroup(t, kubepods()+"/burstable/pod"+uid)
	pod.limit(t, 96*mib)
	app := newCgroup(t, string(pod)+"/"+appID)
	sidecar := newCgroup(t, string(pod)+"/"+sidecarID)
	log := followKmsg(t)
	idle := app.start(t, "app", score, 40)
	app.waitForUsage(t, 40*mib)
	grows := sidecar.start(t, "log-shipper", score, 200)
	victim := firstKilled(t, idle, grows)

	r := onlyReport(t, log, uid)
	w := want{
		boundary: investigations.BoundaryPod, oomMemcg: string(pod), taskMemcg: string(app),
		uid: uid, id: appID, limit: 96 * mib, victim: victim, tasks: []*process{idle, grows},
	}
	if victim == grows {
		w.taskMemcg, w.id = string(sidecar), sidecarID
	}
	checkReport(t, r, w)
}

// TestNodeAllocatable lets all pods together reach what the node sets aside for them, in the cgroup /kubepods.
func TestNodeAllocatable(t *testing.T) {
	needKernel(t)
	if _, err := os.Stat(filepath.Join(memoryController, "kubepods")); !errors.Is(err, fs.ErrNotExist) {
		t.Skipf("there is a cgroup /kubepods: this machine runs pods, or another run is under way (%v)", err)
	}
	all := newCgroup(t, "/kubepods")
	all.limit(t, 96*mib)
	quietUID, quietID, uid, id := newPodUID(), newContainerID(), newPodUID(), newContainerID()
	quietPod := newCgroup(t, "/kubepods/pod"+quietUID+"/"+quietID)
	pod := newCgroup(t, "/kubepods/besteffort/pod"+uid+"/"+id)
	log := followKmsg(t)
	quiet := quietPod.start(t, "quiet", 0, 30)
	quietPod.waitForUsage(t, 30*mib)
	grows := pod.start(t, "batch", 1000, 200)
	firstKilled(t, grows)

	r := onlyReport(t, log, uid)
	checkReport(t, r, want{
		boundary: investigations.BoundaryNodeAllocatable, oomMemcg: "/kubepods", taskMemcg: string(pod),
		uid: uid, id: id, limit: 96 * mib, victim: grows, tasks: []*process{quiet, grows},
	})
	if r.QoS != "BestEffort" {
		t.Errorf("qos %q, want BestEffort", r.QoS)
	}
}

// want is what a test knows about a report.
type want struct {
	boundary            investigations.Boundary
	oomMemcg, taskMemcg string
	uid, id             string
	// limit is in bytes.
	limit  int64
	victim *process
	// tasks are in the table of processes.
	tasks []*process
}

func onlyReport(t *testing.T, log *kmsg, uid string) investigations.KernelReport {
	t.Helper()
	reports := log.reports(t, uid)
	if len(reports) != 1 {
		t.Fatalf("%d reports, want one:\n%s", len(reports), log.text)
	}
	return reports[0]
}

func checkReport(t *testing.T, r investigations.KernelReport, w want) {
	t.Helper()
	check(t, "kind", r.Kind, investigations.KernelMemcg)
	check(t, "boundary", r.Boundary, w.boundary)
	check(t, "oom_memcg", r.OOMMemcg, w.oomMemcg)
	check(t, "task_memcg", r.TaskMemcg, w.taskMemcg)
	check(t, "pod_uid", r.PodUID, w.uid)
	check(t, "container_id", r.ContainerID, w.id)
	check(t, "complete", r.Complete, true)
	check(t, "missing", len(r.Missing), 0)
	check(t, "has uptime_s", r.UptimeS != nil, true)
	if r.Memory == nil || r.Memory.LimitKB == nil {
		t.Fatalf("no memory limit in %+v", r.Memory)
	}
	check(t, "memory.limit_kb", *r.Memory.LimitKB, w.limit/1024)
	if len(r.Killed) != 1 {
		t.Fatalf("%d processes killed, want one: %+v", len(r.Killed), r.Killed)
	}
	check(t, "killed pid", r.Killed[0].PID, w.victim.pid)
	check(t, "killed comm", r.Killed[0].Comm, w.victim.comm)
	if anon := r.Killed[0].AnonRSSKB; anon == nil || *anon < 10<<10 {
		t.Errorf("the victim's anon-rss is %v kB, want at least 10 MiB", anon)
	}
	byPID := map[int64]investigations.KernelTask{}
	for _, task := range r.Tasks {
		byPID[task.PID] = task
	}
	check(t, "tasks", len(r.Tasks), len(w.tasks))
	for _, p := range w.tasks {
		task, ok := byPID[p.pid]
		if !ok {
			t.Errorf("the table lacks %d (%s): %+v", p.pid, p.comm, r.Tasks)
			continue
		}
		check(t, "task comm", task.Comm, p.comm)
		if task.Badness == nil {
			t.Errorf("%s has no badness", p.comm)
		} else if victim := byPID[w.victim.pid].Badness; victim != nil && *task.Badness > *victim {
			t.Errorf("%s scores %d, above the victim's %d", p.comm, *task.Badness, *victim)
		}
	}
}

func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}
