package node

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/oombot"
)

// TestManyAtOnce has the kernel kill in several containers in the same second, again and again, when it prints no full reports
// any more: each kill is told of once, with the container that it was in, which only the flight recorder knows.
func TestManyAtOnce(t *testing.T) {
	cgroup.Need(t)
	const containers, rounds = 6, 5
	c := newCollector(t)
	pods := cgroup.Pods()
	other := newWard(t, pods, 3)
	var wards []*ward
	for range containers {
		wards = append(wards, newWard(t, pods, 40))
	}
	a := oombot.Agent{Bot: c.url, Node: "n1", State: t.TempDir()}.Run(t)
	of := map[int64]string{}
	for range rounds {
		trigger := filepath.Join(t.TempDir(), "now")
		var hogs []*cgroup.Process
		for _, w := range wards {
			hogs = append(hogs, w.group.StartUntil(t, "java", 500, 30, trigger))
		}
		for _, w := range wards {
			w.group.WaitForUsage(t, 30*cgroup.MiB)
		}
		time.Sleep(2500 * time.Millisecond) // the recorder looks once a second at who is near the limit
		other.burn(t, 12)                   // of what follows in the next seconds the kernel prints a line only
		if err := os.WriteFile(trigger, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for i, h := range hogs {
			cgroup.FirstKilled(t, h)
			wards[i].burnt = append(wards[i].burnt, cgroup.Burnt{PID: h.PID, At: h.At})
			of[h.PID] = wards[i].id
		}
	}
	all := func() bool { return len(placed(c.told(t), of)) == len(of) }
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && !all(); time.Sleep(50 * time.Millisecond) {
	}
	time.Sleep(4 * time.Second) // what is told twice, or counted, is told by now
	posts := c.told(t)
	n := take(posts, wards)
	lacking, repeated := n.lacking(wards)
	if len(lacking)+len(repeated) > 0 {
		t.Errorf("of %d kills nothing was told: %v; of %d more than once: %v", len(lacking), lacking, len(repeated), repeated)
	}
	for pid, id := range of {
		switch at := placed(posts, of)[pid]; {
		case len(at) != 1:
			t.Errorf("process %d of %.8s is told as of the containers %.8s", pid, id, at)
		case at[0] != id:
			t.Errorf("process %d of %.8s is told as of %.8s", pid, id, at[0])
		}
	}
	for _, w := range append(wards, other) {
		n := take(posts, []*ward{w})
		if told, counted := n.reports[w.id]+n.counted[w.id], w.group.Kills(t); told != counted || counted != int64(len(w.burnt)) {
			t.Errorf("%d kills are told of in %.8s, %d were counted, and %d seen", told, w.id, counted, len(w.burnt))
		}
	}
	if n.bare < len(of)/2 {
		t.Errorf("of %d kills %d are told by a bare line: this is not what is to be seen here", len(of), n.bare)
	}
	t.Logf("%d kills in %d containers: %d with a full report, %d by a bare line of which %d have their container", len(of), containers, n.named, n.bare, n.placed)
	a.Stop(t)
}

// placed are the containers in which processes were told of.
func placed(posts []post, of map[int64]string) map[int64][]string {
	out := map[int64][]string{}
	add := func(pid int64, id string) {
		if of[pid] != "" && id != "" {
			out[pid] = append(out[pid], id)
		}
	}
	for _, p := range posts {
		for _, r := range p.Reports {
			for _, k := range r.Killed {
				add(k.PID, r.ContainerID)
			}
		}
		for _, k := range p.Counted {
			for _, pid := range k.PIDs {
				add(pid, k.ContainerID)
			}
		}
	}
	return out
}
