package e2e

import (
	"context"
	"errors"
	"math"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/nodeagent/recorder"
)

// TestRecorder lets the kernel kill a child in a container that goes on: the counter tells of it within a second, the
// container was near its limit before, and what it used and by which process stays when its cgroup is gone.
func TestRecorder(t *testing.T) {
	cgroup.Need(t)
	uid, id := cgroup.NewPodUID(), cgroup.NewContainerID()
	pod := cgroup.New(t, cgroup.Pods()+"/burstable/pod"+uid)
	container := cgroup.New(t, string(pod)+"/"+id)
	container.Limit(t, 64*cgroup.MiB)

	kills, near := make(chan investigations.CountedKill, 10), make(chan recorder.Container, 10)
	r, err := recorder.New(recorder.Options{
		OnKill: func(k investigations.CountedKill) {
			if k.PodUID == uid { // other tests may kill at the same time
				kills <- k
			}
		},
		OnNear: func(c recorder.Container) {
			if c.PodUID == uid {
				near <- c
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	}()

	main := container.Start(t, "main", 0, 30)
	container.WaitForUsage(t, 30*cgroup.MiB)
	time.Sleep(time.Second) // it has all of its memory
	container.Limit(t, container.Usage(t)*100/95)
	if c := heard(t, r, near); c.ContainerID != id || c.WorkingSet < 30*cgroup.MiB || c.WorkingSet > c.Limit {
		t.Errorf("near its limit: %+v", c)
	}
	container.Limit(t, 64*cgroup.MiB)
	child := container.Start(t, "child", 1000, 100)
	if cgroup.FirstKilled(t, main, child) != child {
		t.Fatal("the kernel chose another process than the one with the highest score")
	}
	k := heard(t, r, kills)
	if k.Path != string(container) || k.ContainerID != id || k.Kills != 1 || k.WithinMS < 500 || k.WithinMS > 5000 {
		t.Errorf("%+v", k)
	}
	_ = syscall.Kill(int(main.PID), syscall.SIGKILL)
	<-main.Ended
	container.Remove(t)
	time.Sleep(2 * time.Second)
	checkRecording(t, r, id, main.PID)
}

// checkRecording wants what the container of TestRecorder used, and by which process, to be there after its end.
func checkRecording(t *testing.T, r *recorder.Recorder, id string, pid int64) {
	t.Helper()
	rec := r.Recording(time.Now(), func(c recorder.Container) bool { return c.ContainerID == id && c.Ended }, 0)
	most := map[string]float64{}
	for _, s := range rec.Series {
		if s.ContainerID == id {
			for _, v := range s.Values {
				if !math.IsNaN(v) {
					most[s.Name] = max(most[s.Name], v)
				}
			}
		}
	}
	// The child took 34 MiB within some milliseconds: no sample saw that, but the peak does.
	if most["peak"] < 60*cgroup.MiB || most["limit"] != 64*cgroup.MiB || most["current"] < 30*cgroup.MiB || most["anon"] < 30*cgroup.MiB {
		t.Errorf("the most of each series: %v", most)
	}
	if !slices.ContainsFunc(rec.Top, func(p investigations.NodeRecorderTop) bool {
		return p.PID == pid && p.Comm == "main" && p.RSSBytes > 30*cgroup.MiB && p.Command != ""
	}) {
		t.Errorf("the process is not among %+v", rec.Top)
	}
}

// heard waits for what the recorder tells.
func heard[T any](t *testing.T, r *recorder.Recorder, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing was told within 20 s: %+v", r.Stats())
		panic("unreachable")
	}
}
