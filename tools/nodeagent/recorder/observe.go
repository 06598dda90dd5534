package recorder

import "errors"

const (
	// slowTicks is how often what seldom changes is read: limits, and all else of a cgroup whose use stays the same.
	slowTicks = 10
	// rareTicks is how often v1's counters of the kernel's memory are read: each has to be opened, and closed again.
	rareTicks = 3 * slowTicks
	// someTicks is how often memory.stat is read of a cgroup whose use changes by some percent; noiseBytes is how much a
	// change must be to count for more.
	someTicks  = 3
	noiseBytes = 4 << 20
	// pressureTicks is how often pressure is read: the kernel computes its averages every two seconds (PSI_FREQ in
	// kernel/sched/psi.c).
	pressureTicks = 2
	// killTicks is how often the counters of kills are read of a cgroup whose use stays the same.
	killTicks = 2
	// busyPercent of the limit is from where on all is read every second, processes too.
	busyPercent = 80
)

// observe reads a cgroup into its reading. It returns false where the cgroup is gone. turn counts samples: where those come
// less often than once a second, so does what is said of seconds here.
//
// What is in use is read every second, the peak where it has changed since the last one. So are the counters of kills, and
// else every two seconds: a process that is killed gives back what it had, and that the same second brings just as much
// again, to the page, is rare away from a limit.
//
// memory.stat costs as much as all the rest, since the kernel sums up the counters of all processors for it. It is read
// every second where the use has changed by a tenth since it was last read (and by 4 MiB: less is noise), every third where
// it has changed by a hundredth. Everything is read every second above 80 % of the limit, and else at least every ten
// seconds; until then the values stand that were read last. So what the memory is of may be behind its sum by a tenth for
// two seconds, by a hundredth for nine; and a cgroup in which memory of one kind becomes memory of another without a change
// of the sum, or which grows and shrinks between two samples to the very same page, is seen up to ten seconds late.
func (r *Recorder) observe(c *cgroup, turn int64) bool {
	data, err := r.read(c, fileCurrent)
	if errors.Is(err, errGone) {
		return false
	}
	v := &c.now.values
	if err != nil {
		// v2 without memory among the controllers of the cgroup above, which may come yet; its files come together.
		c.now, c.observed = unknown, false
		return true
	}
	before := v[current]
	v[current] = number(data)
	slow := (turn+c.seq)%slowTicks == 0 || !c.observed
	if slow || v[current] > v[limit] && v[limit] != missing {
		v[limit] = r.value(c, fileLimit)
	}
	all, first := slow || c.busy(), !c.observed
	c.observed = true
	changed := v[current] != before
	if all || changed {
		v[peak] = r.value(c, filePeak)
	}
	if c.isPod() {
		return true
	}
	if all || c.moved((turn+c.seq)%someTicks == 0) {
		r.observeStat(c, c.busy() || first || (turn+c.seq)%rareTicks == 0)
	}
	if all || (turn+c.seq)%pressureTicks == 0 {
		v[pressureSome], v[pressureFull] = missing, missing
		if data, err := r.read(c, filePressure); err == nil {
			v[pressureSome], v[pressureFull] = pressure(data)
		}
	}
	c.now.events = noEvents
	if all || changed || (turn+c.seq)%killTicks == 0 {
		if data, err := r.read(c, fileEvents); err == nil {
			keyed(data, r.layout.events, c.now.events[:])
		}
	}
	return true
}

// moved tells whether the use has changed by much since memory.stat was last read; turn says that a little is enough.
func (c *cgroup) moved(turn bool) bool {
	d := c.now.values[current] - c.statFor
	d = max(d, -d)
	return d >= noiseBytes && d >= c.statFor/10 || turn && d >= c.statFor/100
}

// observeStat reads what the memory is of; kernel says that v1's counters of the kernel's memory are read too, which takes
// opening them.
func (r *Recorder) observeStat(c *cgroup, kernel bool) {
	v := &c.now.values
	data, err := r.read(c, fileStat)
	if err != nil {
		data = nil
	}
	r.layout.takeStat(data, &c.now)
	c.statFor = v[current]
	if r.layout.version == 1 && kernel {
		v[slab] = counted(r.value(c, fileKernel))
		v[sock] = counted(r.value(c, fileSockets))
	}
}

// value reads a file of one number.
func (r *Recorder) value(c *cgroup, f int) int64 {
	data, err := r.read(c, f)
	if err != nil {
		return missing
	}
	return number(data)
}

// busy tells whether a cgroup is above 80 % of its limit.
func (c *cgroup) busy() bool {
	v := &c.now.values
	return v[limit] != missing && v[current] != missing && above(v[current], v[limit], busyPercent)
}

// above tells whether used is at least so many percent of limit, whatever their size.
func above(used, limit, percent int64) bool {
	return float64(used)*100 >= float64(limit)*float64(percent)
}
