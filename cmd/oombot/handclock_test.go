package main

import (
	"sync"
	"time"
)

// handClock goes on only when it is told to.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time.
func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
