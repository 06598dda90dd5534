package follow

import "time"

// clock reckons the wall clock's time of records from the kernel's stamps.
//
// The kernel stamps with its own clock since boot (local_clock of kernel/sched/clock.c), which nobody corrects:
// it runs away from CLOCK_MONOTONIC by some parts in a million. A record that was not there at the last look must have
// come after it, so what is reckoned is held between the two looks.
type clock struct {
	now    func() time.Time
	uptime func() time.Duration

	wall   time.Time
	since  time.Duration
	before time.Time
}

// look reads the clocks. What is asked from here on came before this moment.
func (c *clock) look() { c.wall, c.since = c.now(), c.uptime() }

// empty says that at the last look nothing was left to read, so that what follows came after it.
func (c *clock) empty() { c.before = c.wall }

// at is the time of a record that was read at the last look.
func (c *clock) at(uptime time.Duration) time.Time {
	if uptime < 0 {
		// Without a stamp there is no more to say of a live record than that it has just come, and nothing of others.
		if c.before.IsZero() {
			return time.Time{}
		}
		return c.wall
	}
	t := c.wall.Add(uptime - c.since)
	if t.Before(c.before) {
		t = c.before
	}
	// Last, so that a wall clock that was set back leaves no record in the future.
	if t.After(c.wall) {
		t = c.wall
	}
	return t
}
