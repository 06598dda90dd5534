package main

import (
	"context"
	"runtime/debug"
	"time"
)

const (
	// agentGCPercent is how much garbage an agent's heap may hold, in percent of what is in use. It makes so little garbage
	// that collecting it twice as often as usual costs nothing worth naming, and the heap is a quarter smaller.
	agentGCPercent = 50
	// agentSettled is when an agent has opened what it watches and sent its first heartbeat, which takes more code and
	// makes more garbage than all that follows.
	agentSettled = 15 * time.Second
	// agentShrinks is how often memory is given back from then on: the code and the garbage of reports, and the pages of
	// code that the kernel maps around each page that is used (fault_around_bytes, 64 KiB). It takes some 13 ms.
	agentShrinks = time.Minute
)

// collectOften has garbage collected early, where GOGC doesn't say when.
func (a *app) collectOften() {
	if a.env["GOGC"] == "" {
		debug.SetGCPercent(agentGCPercent)
	}
}

// staySmall calls shrink when the agent has settled, and now and then from there on, until ctx ends.
func staySmall(ctx context.Context, shrink func()) {
	timer := time.NewTimer(agentSettled)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			shrink()
			timer.Reset(agentShrinks)
		}
	}
}
