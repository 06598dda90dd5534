package recorder

import (
	"errors"
	"slices"
	"time"

	"github.com/oombot/oombot/investigations"
	"github.com/oombot/oombot/tools/kernlog"
)

// newCgroup makes what a directory's cgroup will be recorded as.
func (r *Recorder) newCgroup(n *node, k kernlog.Cgroup) *cgroup {
	c := &cgroup{
		path: r.prefix + n.path, pod: k.PodUID, container: k.ContainerID, seq: r.nextSeq, node: n, dir: notOpen,
	}
	r.nextSeq++
	for i := range c.fds {
		c.fds[i] = notOpen
	}
	c.now = unknown
	c.shown = Container{Path: c.path, PodUID: c.pod, ContainerID: c.container, Current: Unknown, Limit: Unknown, WorkingSet: Unknown}
	return c
}

// record begins to record the cgroup of a directory, if it has one and is not recorded yet. It returns 1 where there is
// no room.
func (r *Recorder) record(n *node) int {
	c := n.cgroup
	if c == nil || c.dir != notOpen || c.gone {
		return 0
	}
	refused := len(r.live) >= r.maxLive
	if !refused {
		var err error
		if c.dir, err = openDirAt(notOpen, n.file); err != nil {
			c.dir = notOpen
			if errors.Is(err, errAbsent) || errors.Is(err, errGone) {
				return 0 // the next scan finds that it is gone
			}
			r.note(faultFiles, err)
			refused = true
		}
	}
	if refused {
		n.since = time.Time{} // it will not be new when there is room
		return 1
	}
	r.held++
	// A cgroup that was not there a moment ago was made with counters of 0; one that was there before the Recorder may have
	// counted kills that are long past.
	c.counted, c.known = n.since, !n.since.IsZero()
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.IndexFunc(r.ended, func(old *cgroup) bool { return old.path == c.path }); i >= 0 {
		// It came back, as a pod's slice may.
		old := r.ended[i]
		c.ring, c.tasks, old.ring, old.tasks = old.ring, old.tasks, c.ring, nil
		r.ended = slices.Delete(r.ended, i, i+1)
	}
	r.live = append(r.live, c)
	return 0
}

// end takes note that a cgroup is gone. What was recorded stays until it is too old.
func (r *Recorder) end(c *cgroup, tick int64) {
	live := c.dir != notOpen
	r.closeAll(c)
	c.gone = true
	if !live {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.ended = max(tick, 1)
	c.shown.Ended = true
	if len(r.ended) >= max(r.maxLive/2, 1) {
		r.dropEnded()
	}
	r.ended = append(r.ended, c)
}

// dropEnded drops the cgroup that ended first, before its time.
func (r *Recorder) dropEnded() {
	r.forget(r.ended[0])
	r.ended = slices.Delete(r.ended, 0, 1)
	r.count.Dropped++
}

// forget frees what was recorded of a cgroup.
func (r *Recorder) forget(c *cgroup) {
	for i := range c.ring {
		r.arena.Free(&c.ring[i])
	}
	for _, t := range c.tasks {
		r.arena.Free(&t.resident)
	}
	c.tasks = nil
}

// sweep takes those that are gone out of the present ones.
func (r *Recorder) sweep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live = slices.DeleteFunc(r.live, func(c *cgroup) bool { return c.gone })
}

// trimTicks is how often a series is freed of what is too old, in samples.
const trimTicks = 32

// trim frees what is too old, of some of the cgroups in each tick; and makes room where the ring is nearly full.
func (r *Recorder) trim(tick int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	oldest := tick - r.depth + 1
	for len(r.ended) > 0 && r.ended[0].ended < oldest {
		r.forget(r.ended[0])
		r.ended = slices.Delete(r.ended, 0, 1)
	}
	for _, list := range [2][]*cgroup{r.live, r.ended} {
		for _, c := range list {
			if (r.count.Ticks+c.seq)%trimTicks == 0 {
				r.trimOne(c, oldest)
			}
		}
	}
	for u := r.arena.Usage(); len(r.ended) > 0 && u.Used > u.Most/10*9; u = r.arena.Usage() {
		r.dropEnded()
	}
	if (r.count.Ticks+1)%forgetTicks == 0 {
		r.fault = [faults]error{}
	}
}

func (r *Recorder) trimOne(c *cgroup, oldest int64) {
	for i := range c.ring {
		r.arena.Trim(&c.ring[i], oldest)
	}
	c.tasks = slices.DeleteFunc(c.tasks, func(t *task) bool {
		r.arena.Trim(&t.resident, oldest)
		return t.resident.Empty()
	})
}

// kills returns what the counters of a container tell since they were last read; nil where nothing was killed. begun is when
// the present look at it began: what happened later, the next look may tell.
func (r *Recorder) kills(c *cgroup, begun time.Time) *investigations.CountedKill {
	e := c.now.events
	if e[eventKill] == missing {
		return nil
	}
	before, since, known := c.before, c.counted, c.known
	c.before, c.counted, c.known = e, begun, true
	if !known || e[eventKill] <= before[eventKill] {
		return nil
	}
	n, read := e[eventKill]-before[eventKill], r.o.Now()
	return &investigations.CountedKill{
		At: read.Round(0).UTC(), WithinMS: max(read.Sub(since).Milliseconds(), 0), Path: c.path, PodUID: c.pod, ContainerID: c.container,
		Kills: max(n-min(r.groups(c, &before), n/2), 1), OOM: e[eventLimit] != missing && e[eventLimit] > before[eventLimit],
	}
}

// groups returns how many of the kills since before are of a process that was counted already, as one of its group.
func (r *Recorder) groups(c *cgroup, before *[events]int64) int64 {
	if now := c.now.events[eventGroup]; now != missing && before[eventGroup] != missing {
		return max(now-before[eventGroup], 0)
	}
	// Before 5.17 nothing counts them. A group that is killed leaves nobody who could be within the same second.
	if r.value(c, fileGroup) == 1 {
		return 1
	}
	return 0
}

const (
	nearPercent  = 90
	aloofPercent = 80
)

// comesNear tells whether the working set has just come to 90 % of the limit.
func (c *cgroup) comesNear() bool {
	used, most := c.now.workingSet(), c.now.values[limit]
	switch {
	case used == missing || most == missing:
		return false
	case !c.near && above(used, most, nearPercent):
		c.near = true
		return true
	case c.near && !above(used, most, aloofPercent):
		c.near = false
	}
	return false
}
