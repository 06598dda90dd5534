package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/investigations"
)

// score is a Burstable container's oom_score_adj.
const score = 900

// TestContainerLimit lets a container run into its own limit.
func TestContainerLimit(t *testing.T) {
	cgroup.Need(t)
	uid, id := cgroup.NewPodUID(), cgroup.NewContainerID()
	container := cgroup.New(t, cgroup.Pods()+"/burstable/pod"+uid+"/"+id)
	container.Limit(t, 48*cgroup.MiB)
	log := followKmsg(t)
	hog := container.Start(t, "checkout", score, 96)
	cgroup.FirstKilled(t, hog)

	r := onlyReport(t, log, uid)
	checkReport(t, r, want{
		boundary: investigations.BoundaryContainer, oomMemcg: string(container), taskMemcg: string(container),
		uid: uid, id: id, limit: 48 * cgroup.MiB, victim: hog, tasks: []*cgroup.Process{hog},
	})
}

// TestPodLimit lets a sidecar use up what a pod may have, so that the kernel chooses between two containers.
func TestPodLimit(t *testing.T) {
	cgroup.Need(t)
	uid, appID, sidecarID := cgroup.NewPodUID(), cgroup.NewContainerID(), cgroup.NewContainerID()
	pod := cgroup.New(t, cgroup.Pods()+"/burstable/pod"+uid)
	pod.Limit(t, 96*cgroup.MiB)
	app := cgroup.New(t, string(pod)+"/"+appID)
	sidecar := cgroup.New(t, string(pod)+"/"+sidecarID)
	log := followKmsg(t)
	idle := app.Start(t, "app", score, 40)
	app.WaitForUsage(t, 40*cgroup.MiB)
	grows := sidecar.Start(t, "log-shipper", score, 200)
	victim := cgroup.FirstKilled(t, idle, grows)

	r := onlyReport(t, log, uid)
	w := want{
		boundary: investigations.BoundaryPod, oomMemcg: string(pod), taskMemcg: string(app),
		uid: uid, id: appID, limit: 96 * cgroup.MiB, victim: victim, tasks: []*cgroup.Process{idle, grows},
	}
	if victim == grows {
		w.taskMemcg, w.id = string(sidecar), sidecarID
	}
	checkReport(t, r, w)
}

// TestNodeAllocatable lets all pods together reach what the node sets aside for them, in the cgroup /kubepods.
func TestNodeAllocatable(t *testing.T) {
	cgroup.Need(t)
	if _, err := os.Stat(filepath.Join(cgroup.Controller, "kubepods")); !errors.Is(err, fs.ErrNotExist) {
		t.Skipf("there is a cgroup /kubepods: this machine runs pods, or another run is under way (%v)", err)
	}
	all := cgroup.New(t, "/kubepods")
	all.Limit(t, 96*cgroup.MiB)
	quietUID, quietID, uid, id := cgroup.NewPodUID(), cgroup.NewContainerID(), cgroup.NewPodUID(), cgroup.NewContainerID()
	quietPod := cgroup.New(t, "/kubepods/pod"+quietUID+"/"+quietID)
	pod := cgroup.New(t, "/kubepods/besteffort/pod"+uid+"/"+id)
	log := followKmsg(t)
	quiet := quietPod.Start(t, "quiet", 0, 30)
	quietPod.WaitForUsage(t, 30*cgroup.MiB)
	grows := pod.Start(t, "batch", 1000, 200)
	cgroup.FirstKilled(t, grows)

	r := onlyReport(t, log, uid)
	checkReport(t, r, want{
		boundary: investigations.BoundaryNodeAllocatable, oomMemcg: "/kubepods", taskMemcg: string(pod),
		uid: uid, id: id, limit: 96 * cgroup.MiB, victim: grows, tasks: []*cgroup.Process{quiet, grows},
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
	victim *cgroup.Process
	// tasks are in the table of processes.
	tasks []*cgroup.Process
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
	check(t, "killed pid", r.Killed[0].PID, w.victim.PID)
	check(t, "killed comm", r.Killed[0].Comm, w.victim.Comm)
	if anon := r.Killed[0].AnonRSSKB; anon == nil || *anon < 10<<10 {
		t.Errorf("the victim's anon-rss is %v kB, want at least 10 MiB", anon)
	}
	byPID := map[int64]investigations.KernelTask{}
	for _, task := range r.Tasks {
		byPID[task.PID] = task
	}
	check(t, "tasks", len(r.Tasks), len(w.tasks))
	for _, p := range w.tasks {
		task, ok := byPID[p.PID]
		if !ok {
			t.Errorf("the table lacks %d (%s): %+v", p.PID, p.Comm, r.Tasks)
			continue
		}
		check(t, "task comm", task.Comm, p.Comm)
		if task.Badness == nil {
			t.Errorf("%s has no badness", p.Comm)
		} else if victim := byPID[w.victim.PID].Badness; victim != nil && *task.Badness > *victim {
			t.Errorf("%s scores %d, above the victim's %d", p.Comm, *task.Badness, *victim)
		}
	}
}

func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}
