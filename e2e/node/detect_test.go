package node

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/oombot"
	"github.com/oombot/oombot/investigations"
)

// number is a number of the environment.
func number(t testing.TB, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no number of kills", name, text)
	}
	return n
}

// ward is a container in which processes are killed.
type ward struct {
	uid, id string
	group   cgroup.Group
	burnt   []cgroup.Burnt
}

// newWard makes a container with a limit of some MiB.
func newWard(t testing.TB, pods string, mib int64) *ward {
	t.Helper()
	w := &ward{uid: cgroup.NewPodUID(), id: cgroup.NewContainerID()}
	w.group = cgroup.New(t, pods+"/burstable/pod"+w.uid+"/"+w.id)
	w.group.Limit(t, mib*cgroup.MiB)
	return w
}

func (w *ward) burn(t testing.TB, times int) {
	t.Helper()
	for range times {
		w.burnt = append(w.burnt, w.group.Burn(t))
	}
}

// census is what was told of kills of some containers.
type census struct {
	// told says how often each process was told of by the kernel log.
	told map[int64]int
	// named are those kills of them whose cgroup the kernel log tells, bare those whose it does not, and placed those of
	// these that a counter names.
	named, bare, placed int
	// counted are kills that a counter tells of and no report that names its cgroup, by container.
	counted map[string]int64
	// reports are the kills of reports that name their cgroup, by container.
	reports map[string]int64
}

// take counts what was told of the wards. A bare kill line is of them where its process is.
func take(posts []post, wards []*ward) census {
	mine := map[int64]bool{}
	ids := map[string]bool{}
	for _, w := range wards {
		ids[w.id] = true
		for _, b := range w.burnt {
			mine[b.PID] = true
		}
	}
	c := census{told: map[int64]int{}, counted: map[string]int64{}, reports: map[string]int64{}}
	for _, p := range posts {
		for _, r := range p.Reports {
			c.report(&r, mine, ids)
		}
		for _, k := range p.Counted {
			if !ids[k.ContainerID] {
				continue
			}
			c.counted[k.ContainerID] += k.Kills
			c.placed += len(k.PIDs)
		}
	}
	return c
}

func (c *census) report(r *investigations.KernelReport, mine map[int64]bool, ids map[string]bool) {
	bare := r.TaskMemcg == "" && r.OOMMemcg == ""
	for _, k := range r.Killed {
		switch {
		case !bare && ids[r.ContainerID]:
			c.named++
			c.reports[r.ContainerID]++
		case bare && mine[k.PID]:
			c.bare++
		default:
			continue
		}
		c.told[k.PID]++
	}
}

// lacking are the processes of which nobody told, and repeated those of which was told more than once.
func (c *census) lacking(wards []*ward) (lacking, repeated []int64) {
	for _, w := range wards {
		for _, b := range w.burnt {
			switch n := c.told[b.PID]; {
			case n == 0:
				lacking = append(lacking, b.PID)
			case n > 1:
				repeated = append(repeated, b.PID)
			}
		}
	}
	return lacking, repeated
}

// TestEveryKill has the kernel kill as fast as it can, one process after the other, in one container and in many: of each the
// agent tells once, of those too for which the kernel prints no more than a line.
func TestEveryKill(t *testing.T) {
	cgroup.Need(t)
	kills := number(t, "OOMBOT_E2E_KILLS", 200)
	t.Run("one container", func(t *testing.T) { everyKill(t, "kmsg", kills/2, 1) })
	t.Run("many containers", func(t *testing.T) { everyKill(t, "kmsg", kills/2, 20) })
	t.Run("syslog", func(t *testing.T) { everyKill(t, "syslog", kills/4, 5) })
}

func everyKill(t *testing.T, log string, kills, containers int) {
	c := newCollector(t)
	pods := cgroup.Pods()
	var wards []*ward
	for range containers {
		wards = append(wards, newWard(t, pods, 3))
	}
	a := oombot.Agent{Bot: c.url, Node: "n1", State: t.TempDir(), Log: log}.Run(t)
	time.Sleep(1500 * time.Millisecond) // the recorder has seen the containers
	began := time.Now()
	for i := range kills {
		wards[i%containers].burn(t, 1)
	}
	took := time.Since(began)
	all := func() bool {
		n := take(c.told(t), wards)
		lacking, _ := n.lacking(wards)
		return len(lacking) == 0
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && !all(); time.Sleep(50 * time.Millisecond) {
	}
	late := time.Since(began) - took
	time.Sleep(4 * time.Second) // what is told twice, or counted, is told by now
	n := take(c.told(t), wards)
	lacking, repeated := n.lacking(wards)
	if len(lacking) > 0 {
		t.Errorf("of %d of %d kills nothing was told: %v", len(lacking), kills, lacking)
	}
	if len(repeated) > 0 {
		t.Errorf("%d kills were told of more than once: %v", len(repeated), repeated)
	}
	for _, w := range wards {
		counted := w.group.Kills(t)
		if counted != int64(len(w.burnt)) {
			t.Errorf("the kernel counts %d kills, and %d were seen", counted, len(w.burnt))
		}
		if told := n.reports[w.id] + n.counted[w.id]; told != counted {
			t.Errorf("%d kills of %d in %s are told of with their cgroup: %d by reports, %d by its counter",
				told, counted, w.id[:8], n.reports[w.id], n.counted[w.id])
		}
	}
	t.Logf("%d kills in %d containers in %s (%s): %d with a full report, %d by a bare line, of which %d have their container by its counter; all told %s later; %d posts; lost records %v",
		kills, containers, took.Round(time.Millisecond), log, n.named, n.bare, n.placed, late.Round(time.Millisecond), len(c.told(t)),
		a.Metric(t, "oombot_agent_kernel_losses_total"))
	var size []int
	for _, p := range c.told(t) {
		size = append(size, len(p.Reports))
	}
	slices.Sort(size)
	t.Log(fmt.Sprint("reports per post: ", size))
	a.Stop(t)
}
