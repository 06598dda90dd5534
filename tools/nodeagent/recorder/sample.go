package recorder

import (
	"time"

	"github.com/oombot/oombot/investigations"
)

// Sample takes one sample of all cgroups. Run calls it; tests and benchmarks may in its place. Two samples in one step
// count as one, but their counters of kills are looked at.
func (r *Recorder) Sample(now time.Time) {
	var heard heard
	r.sampling.Lock()
	r.sample(now, &heard)
	r.sampling.Unlock()
	for _, k := range heard.kills {
		r.o.OnKill(k)
	}
	r.mu.Lock()
	copy(r.begun[:], r.begun[1:])
	r.begun[killTicks-1] = now
	r.mu.Unlock()
	for _, c := range heard.near {
		r.o.OnNear(c)
	}
}

// heard is what a sample found that others want to know at once.
type heard struct {
	kills []investigations.CountedKill
	near  []Container
}

func (r *Recorder) sample(now time.Time, h *heard) {
	if r.tree.root == nil {
		return // closed
	}
	begun := time.Now()
	tick := max(r.tickOf(now), 0)
	r.discover(now)
	r.sweep()
	gone := 0
	for _, c := range r.live {
		if !r.look(c, tick, h) {
			gone++
			c.node.parent.dirty = true
			r.remove(c.node, now)
		}
	}
	if gone > 0 { // a container that was restarted has its next cgroup beside the last one
		known := len(r.live)
		r.discover(now)
		for _, c := range r.live[known:] {
			r.look(c, tick, h)
		}
		r.sweep()
	}
	r.lookAtTasks(tick)
	r.trim(tick)

	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last >= 0 && tick > r.last {
		r.count.Missed += tick - r.last - 1
	}
	r.last = max(r.last, tick)
	r.count.Ticks++
	r.count.LastTick = time.Since(begun)
	r.count.OpenFiles = r.held
}

// look samples one cgroup. It returns false where it is gone.
func (r *Recorder) look(c *cgroup, tick int64, h *heard) bool {
	if c.gone {
		return true // its end is noted
	}
	begun := r.o.Now() // a sample of many containers takes its time: that of the counters is each cgroup's own
	// The turns of a cgroup go by samples: where some are missed, those at even ticks may be all there are.
	if !r.observe(c, r.count.Ticks) {
		return false
	}
	r.mu.Lock()
	for i, v := range c.now.values {
		r.arena.Append(&c.ring[i], tick, v)
	}
	c.shown.Current, c.shown.Limit, c.shown.WorkingSet = known(c.now.values[current]), known(c.now.values[limit]), known(c.now.workingSet())
	shown := c.shown
	r.mu.Unlock()
	if c.isPod() {
		return true
	}
	if kill := r.kills(c, begun); kill != nil {
		h.kills = append(h.kills, *kill)
	}
	if c.comesNear() {
		h.near = append(h.near, shown)
	}
	return true
}

func known(v int64) int64 {
	if v == missing {
		return Unknown
	}
	return v
}
